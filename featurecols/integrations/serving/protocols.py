"""uvicorn's protocols with limits on slow and endless clients: headers must come in time, and answers must be taken."""

from __future__ import annotations

import asyncio
from importlib.util import find_spec

from uvicorn.protocols.http.h11_impl import H11Protocol

MOST_HEADERS = 1 << 16  # bytes of a request before its body


class TimedProtocol(asyncio.Protocol):
    """The part that both protocols share: a connection that keeps the server waiting is closed.

    Attributes:
        seconds: for the headers of a request from its first byte (of the first request: from the connection), and for an
            answer that the client does not read.
    """

    seconds: float = 10.0
    _transport: asyncio.Transport
    _timer: asyncio.TimerHandle | None = None
    _stalled: asyncio.TimerHandle | None = None
    _unread: int = 0  # bytes that came while no request was complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Wait for a request."""
        self._transport = transport
        super().connection_made(transport)
        self._timer = asyncio.get_running_loop().call_later(self.seconds, transport.abort)

    def data_received(self, data: bytes) -> None:
        """Take what has come, and go on waiting until the headers of a request are complete."""
        before = getattr(self, "cycle", None)
        waiting = before is None or before.response_complete
        if waiting and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self.seconds, self._transport.abort)
        super().data_received(data)
        if not waiting:
            return
        if getattr(self, "cycle", None) is not before:
            self._stop_timer()
            return
        self._unread += len(data)
        if self._unread > MOST_HEADERS:
            self._transport.abort()

    def pause_writing(self) -> None:
        """Wait for the client to read."""
        super().pause_writing()
        self._stalled = asyncio.get_running_loop().call_later(self.seconds, self._transport.abort)

    def resume_writing(self) -> None:
        """Note that the client reads."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing any more."""
        self._stop_timer()
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)

    def _stop_timer(self) -> None:
        self._unread = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class TimedH11Protocol(TimedProtocol, H11Protocol):  # type: ignore[misc]  # where uvicorn is not installed
    """HTTP in Python."""


def protocol(seconds: float) -> type[asyncio.Protocol]:
    """Return the fastest protocol that is installed: httptools' parser in C, or h11's in Python."""
    base: type[TimedProtocol] = TimedH11Protocol
    if find_spec("httptools") is not None:
        from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

        class TimedHttpToolsProtocol(TimedProtocol, HttpToolsProtocol):  # type: ignore[misc]
            """HTTP in C."""

        base = TimedHttpToolsProtocol
    return type(base.__name__, (base,), {"seconds": seconds})
