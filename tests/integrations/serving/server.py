"""A server as a process of its own, and what tests ask it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[3]
PATIENCE = 120.0  # seconds that a loaded machine may take to start a server


class Server:
    """`featurecols serve` with these arguments, on a free port; stopped at the end of the block."""

    def __init__(self, *arguments: object) -> None:
        command = [sys.executable, "-m", "featurecols", "serve", *map(str, arguments), "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        self.process = subprocess.Popen(command, cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.lines.append(line)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def events(self, name: str) -> list[dict[str, Any]]:
        """The events of this name in the log."""
        found = [json.loads(line) for line in list(self.lines) if line.startswith("{")]
        return [event for event in found if event["event"] == name]

    def wait_for(self, name: str, count: int = 1, seconds: float = PATIENCE) -> dict[str, Any]:
        """The event of this name, once the log has so many."""
        end = time.monotonic() + seconds
        while len(found := self.events(name)) < count:
            assert self.process.poll() is None or len(self.events(name)) >= count, "".join(self.lines)
            assert time.monotonic() < end, f"no {name!r} in the log:\n{''.join(self.lines)}"
            time.sleep(0.02)
        return found[count - 1]

    @property
    def address(self) -> tuple[str, int]:
        """Host and port, once the server listens."""
        host, _, port = self.wait_for("listening")["url"].removeprefix("http://").rpartition(":")
        return host, int(port)

    def connect(self, seconds: float = PATIENCE) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(*self.address, timeout=seconds)

    def ask(self, path: str, body: object = None, *, method: str | None = None, raw: bytes | None = None) -> tuple[int, Any]:
        """Status and JSON of an answer; POST where there is a body."""
        status, _, text = self.fetch(path, body, method=method, raw=raw)
        return status, json.loads(text)

    def fetch(
        self, path: str, body: object = None, *, method: str | None = None, raw: bytes | None = None
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Status, headers and body of an answer."""
        connection = self.connect()
        data = raw if raw is not None or body is None else json.dumps(body).encode()
        connection.request(method or ("GET" if data is None else "POST"), path, data)
        answer = connection.getresponse()
        found = answer.status, answer.headers, answer.read()
        connection.close()
        return found

    def predict(self, model: str, rows: list[dict[str, Any]], verb: str = "predict") -> Any:
        """What a verb answers about rows; fails on an error."""
        form = "examples" if verb in ("classify", "regress") else "instances"
        status, found = self.ask(f"/v1/models/{model}:{verb}", {form: rows})
        assert status == 200, found
        return next(iter(found.values()))

    def stop(self, number: int = signal.SIGTERM, seconds: float = 60) -> int:
        """The exit status after a signal."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise
        self._reader.join(10)
        return status
