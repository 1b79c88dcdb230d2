"""The types of ASGI, the reading of bodies and the sending of answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from typing import NamedTuple, cast

from featurecols.integrations.serving.http_errors import HttpError
from featurecols.integrations.serving.json_text import write
from featurecols.integrations.serving.limits import Limits

Message = MutableMapping[str, object]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Headers = Iterable[tuple[bytes, bytes]]
JSON, TEXT = "application/json", "text/plain; charset=utf-8"
_SAFE = (b"x-content-type-options", b"nosniff")
_DRAINED = (
    4  # bodies up to so many times the limit are read to their end before they are refused, so that the client hears of it
)


class Reply(NamedTuple):
    """An answer: status, body, type of the content and further headers."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: tuple[tuple[bytes, bytes], ...] = ()


class DisconnectedError(Exception):
    """The client has gone before its request was complete."""


def reply_of(error: HttpError) -> Reply:
    """Return the answer that an error is."""
    headers = [(key.encode("ascii"), value.encode("latin-1", "replace")) for key, value in error.headers.items()]
    if error.close:
        headers.append((b"connection", b"close"))
    return Reply(error.status, write(error.body()), JSON, tuple(headers))


async def send_reply(send: Send, reply: Reply) -> None:
    """Send an answer."""
    headers = [
        (b"content-type", reply.content_type.encode()),
        (b"content-length", b"%d" % len(reply.body)),
        _SAFE,
        *reply.headers,
    ]
    await send({"type": "http.response.start", "status": reply.status, "headers": headers})
    await send({"type": "http.response.body", "body": reply.body})


def headers_of(scope: Mapping[str, object]) -> Headers:
    """Return the headers of a request, their names in small letters."""
    return cast(Headers, scope["headers"])


async def read_body(scope: Mapping[str, object], receive: Receive, limits: Limits) -> bytes:
    """Return the body of a request.

    Raises HttpError 413 for one that is too long, 408 for one that takes too long, 415 for one that is compressed, and
    DisconnectedError where the client goes before it is complete.
    """
    length = 0
    for name, value in headers_of(scope):
        if name == b"content-length":
            length = int(value)  # the server has checked it
        elif name == b"content-encoding" and value.lower() not in (b"identity", b""):
            raise HttpError(415, "body: is compressed; send it as it is", close=True)
    if length > _DRAINED * limits.body_bytes:
        raise _too_long(limits, close=True)
    try:
        async with asyncio.timeout(limits.read_seconds):
            return await _read(receive, limits)
    except TimeoutError:
        problem = f"body: was not complete after {limits.read_seconds:g} s"
        raise HttpError(408, f"{problem}; send fewer rows, or try again", close=True) from None


async def _read(receive: Receive, limits: Limits) -> bytes:
    parts: list[bytes] = []
    size, more = 0, True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise DisconnectedError
        part, more = cast(bytes, message.get("body", b"")), bool(message.get("more_body", False))
        size += len(part)
        if size > _DRAINED * limits.body_bytes:
            raise _too_long(limits, close=True)
        if size > limits.body_bytes:
            parts.clear()
        else:
            parts.append(part)
    if size > limits.body_bytes:
        raise _too_long(limits, close=False)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_long(limits: Limits, *, close: bool) -> HttpError:
    return HttpError(413, f"body: is longer than {limits.body_bytes:,} bytes; send fewer rows in a request", close=close)
