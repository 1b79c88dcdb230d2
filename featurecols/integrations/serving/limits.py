"""What a server takes: sizes, times and numbers beyond which it refuses a request."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits of a server. A request beyond one is refused with the status that stands beside it.

    Attributes:
        body_bytes: of the body of a request: 413.
        rows: of a request: 400.
        elements: of a list in one field of one row: 400.
        seconds: from the complete body of a request to its answer: 504.
        read_seconds: for the headers of a request (the connection is closed), and for its body: 408.
        requests: that are read or answered at once: 429, with Retry-After.
        batch_rows: rows of several requests that one call of the model answers together; larger requests have their own.
        stop_seconds: how long requests that run may take to end after SIGTERM.
    """

    body_bytes: int = 16 << 20
    rows: int = 10_000
    elements: int = 10_000
    seconds: float = 10.0
    read_seconds: float = 10.0
    requests: int = 1024
    batch_rows: int = 256
    stop_seconds: float = 10.0
