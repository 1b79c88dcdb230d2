"""Clients of a server under load: some ask for predictions and know the answers, others do what no client should."""

from __future__ import annotations

import http.client
import json
import random
import socket
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
PREDICT = "/v1/models/m:predict"
TOO_LONG, TOO_MANY = 200_000, 600  # bytes and rows that are beyond the limits of the server
LIMITS = ("--max-body", 100_000, "--max-rows", 500, "--max-list", 50, "--read-timeout", 2)


@dataclass
class Seen:
    """What clients saw.

    Attributes:
        outcomes: how many requests ended how.
        faults: what must not be, in words.
        latencies: of right answers, in seconds.
    """

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)

    def fault(self, text: str) -> None:
        self.outcomes["faults"] += 1
        if len(self.faults) < 20:
            self.faults.append(text[:500])


@dataclass(frozen=True)
class Truth:
    """Rows, and what each version of the model says about them; `versions` are those that have been on the disk."""

    rows: Sequence[Row]
    answers: Mapping[int, Sequence[Row]]
    versions: set[int]

    def is_right(self, chosen: Sequence[int], found: Sequence[Row]) -> bool:
        """Whether an answer is that of one version for all its rows."""
        return any(list(found) == [self.answers[version][i] for i in chosen] for version in list(self.versions))


class GoodClient:
    """Asks for predictions of random rows on one connection, until it is told to stop or the server is gone."""

    def __init__(self, address: tuple[str, int], truth: Truth, seed: int) -> None:
        self.address, self.truth, self.draw = address, truth, random.Random(seed)
        self.seen = Seen()
        self.stopping = False  # the server has been told to stop: it may refuse now
        self.stop = False

    def run(self) -> None:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        while not self.stop:
            try:
                self._ask(connection)
            except http.client.IncompleteRead as error:
                self.seen.fault(f"an answer was cut short: {error}")
            except (OSError, http.client.HTTPException) as error:
                connection.close()
                if not self.stopping:
                    self.seen.fault(f"a connection failed: {type(error).__name__}: {error}")
                    continue
                self.seen.outcomes["refused at the end"] += 1
                return
        connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> None:
        chosen = [self.draw.randrange(len(self.truth.rows)) for _ in range(self.draw.choice((1, 1, 1, 1, 2, 5, 40)))]
        start = time.perf_counter()
        connection.request("POST", PREDICT, json.dumps({"instances": [self.truth.rows[i] for i in chosen]}))
        answer = connection.getresponse()
        body = answer.read()
        took = time.perf_counter() - start
        if answer.status == 503 and self.stopping:
            self.seen.outcomes["503 at the end"] += 1
        elif answer.status != 200:
            self.seen.fault(f"status {answer.status}: {body[:200]!r}")
        elif not self.truth.is_right(chosen, json.loads(body)["predictions"]):
            self.seen.fault(f"a wrong answer to rows {chosen[:5]}: {body[:200]!r}")
        else:
            self.seen.outcomes["right answers"] += 1
            self.seen.outcomes["rows"] += len(chosen)
            self.seen.latencies.append(took)


class BadClient:
    """Does one thing after another that is wrong, and looks whether it is told so."""

    def __init__(self, address: tuple[str, int], rows: Sequence[Row], seed: int) -> None:
        self.address, self.rows, self.draw = address, rows, random.Random(seed)
        self.seen = Seen()
        self.stop = False

    def run(self) -> None:
        faults = [*REFUSED, self.slow_body, self.slow_headers, self.gone, self.no_http, self.far_too_long, self.endless_headers]
        while not self.stop:
            one = self.draw.choice(faults)
            try:
                if isinstance(one, Refused):
                    self._refused(one)
                else:
                    one()
                    self.seen.outcomes[one.__name__.replace("_", " ")] += 1
            except OSError as error:
                if not self.stop:
                    self.seen.fault(f"{one}: {type(error).__name__}: {error}")

    def _refused(self, one: Refused) -> None:
        connection = http.client.HTTPConnection(*self.address, timeout=60)
        body = one.body(self.rows[self.draw.randrange(len(self.rows))])
        connection.request(one.method, one.path, body)
        answer = connection.getresponse()
        text = answer.read()
        connection.close()
        found = json.loads(text)
        if answer.status != one.status or "error" not in found or not one.names.items() <= found.items():
            self.seen.fault(f"{one.name}: status {answer.status}, {text[:300]!r}")
        self.seen.outcomes[f"{one.status}: {one.name}"] += 1

    def _send(self, *parts: bytes, pause: float = 0.0) -> bytes:
        """Return what the server says until it closes the connection."""
        found = b""
        with socket.create_connection(self.address, timeout=60) as connection:
            try:
                for part in parts:
                    connection.sendall(part)
                    time.sleep(pause)
                while data := connection.recv(65536):
                    found += data
            except (ConnectionResetError, BrokenPipeError):
                pass
        return found

    def slow_body(self) -> None:
        answer = self._send(_head(100), b'{"inst')
        if not answer.startswith(b"HTTP/1.1 408 "):
            self.seen.fault(f"slow body: {answer[:200]!r}")

    def slow_headers(self) -> None:
        answer = self._send(b"POST / HT", b"TP/1.1\r\nHo", pause=0.1)
        if answer:
            self.seen.fault(f"slow headers: {answer[:200]!r}")

    def gone(self) -> None:
        with socket.create_connection(self.address, timeout=60) as connection:
            connection.sendall(_head(1000) + b'{"instances": [')

    def no_http(self) -> None:
        if b" 200 " in self._send(b"\x00\x01\x02 what\r\n\r\n"):
            self.seen.fault("what is not HTTP was answered")

    def far_too_long(self) -> None:
        answer = self._send(_head(10**10))
        if not answer.startswith(b"HTTP/1.1 413 "):
            self.seen.fault(f"far too long: {answer[:200]!r}")

    def endless_headers(self) -> None:
        lines = (b"X-%d: %s\r\n" % (i, b"y" * 4000) for i in range(40))
        if b" 200 " in self._send(b"GET / HTTP/1.1\r\n", *lines):
            self.seen.fault("endless headers were answered")


@dataclass(frozen=True)
class Refused:
    """A request that is refused: its body, made of a right row, the status, and what the JSON of the error holds."""

    name: str
    status: int
    body: Callable[[Row], bytes | None]
    names: Row = field(default_factory=dict)
    path: str = PREDICT
    method: str = "POST"


def _json(change: Callable[[Row], Any]) -> Callable[[Row], bytes]:
    return lambda row: json.dumps(change(row)).encode()


def _head(length: int) -> bytes:
    return f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n".encode()


REFUSED = (
    Refused("no JSON", 400, lambda row: json.dumps({"instances": [row]}).encode()[:-3]),
    Refused("NaN", 400, lambda row: b'{"instances": [{"age": NaN}]}'),
    Refused("nested", 400, lambda row: b"[" * 50_000),
    Refused("no UTF-8", 400, lambda row: b'{"instances": [{"job": "\xff"}]}'),
    Refused("no rows", 400, _json(lambda row: {"rows": [row]})),
    Refused(
        "absent field",
        400,
        _json(lambda row: {"instances": [row, {k: v for k, v in row.items() if k != "job"}]}),
        {"field": "job", "row": 1},
    ),
    Refused(
        "wrong value", 400, _json(lambda row: {"instances": [row, row, {**row, "age": "old"}]}), {"field": "age", "row": 2}
    ),
    Refused("long list", 400, _json(lambda row: {"instances": [{**row, "tags": ["a"] * 51}]}), {"field": "tags", "row": 0}),
    Refused("many rows", 400, _json(lambda row: {"inputs": {key: [row[key]] * TOO_MANY for key in row}})),
    Refused("too long", 413, lambda row: b" " * TOO_LONG),
    Refused("no such model", 404, _json(lambda row: {"instances": [row]}), path="/v1/models/x:predict"),
    Refused("no such version", 404, _json(lambda row: {"instances": [row]}), path="/v1/models/m/versions/999999:predict"),
    Refused("other method", 405, lambda row: None, method="GET"),
)
