"""Requests from so many connections for so many seconds: python -m benchmarks.http_load PORT PATH BODIES CONNECTIONS SECONDS

Each connection sends its next request when it has the answer to its last. BODIES is a file with a body a line, which are sent
in turn. Prints JSON: requests, errors, seconds, and the latencies in milliseconds at some percentiles.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: Iterator[bytes], end: float) -> None:
        self.requests, self.end = requests, end
        self.latencies: list[float] = []
        self.errors = 0
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._answer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        self._start = time.perf_counter()
        self._transport.write(next(self.requests))

    def data_received(self, data: bytes) -> None:
        self._answer += data
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        now = time.perf_counter()
        self.latencies.append(now - self._start)
        self.errors += not head.startswith(b"HTTP/1.1 200")
        self._answer = b""
        if now < self.end:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_result(None)


async def load(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> dict[str, float]:
    loop, start = asyncio.get_running_loop(), time.perf_counter()
    clients = [Client(requests, start + seconds) for _ in range(connections)]
    for client in clients:
        await loop.create_connection(lambda client=client: client, "127.0.0.1", port)  # type: ignore[misc]
    await asyncio.gather(*(client.done for client in clients))
    took = time.perf_counter() - start
    latencies = 1000 * np.concatenate([client.latencies for client in clients])
    p50, p99 = np.percentile(latencies, [50, 99]).tolist()
    errors = sum(client.errors for client in clients)
    return {"requests": len(latencies), "errors": errors, "seconds": took, "p50 ms": p50, "p99 ms": p99}


def main() -> None:
    port, path, bodies, connections, seconds = sys.argv[1:]
    head = f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
    lines = Path(bodies).read_bytes().splitlines()
    requests = itertools.cycle([f"{head}{len(line)}\r\n\r\n".encode() + line for line in lines])
    print(json.dumps(asyncio.run(load(int(port), requests, int(connections), float(seconds)))))


if __name__ == "__main__":
    main()
