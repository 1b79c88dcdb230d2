"""Bytes of a fit that is under way: what they are, a version, a checksum, and parts with their lengths."""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator, Mapping, Sequence

from featurecols import errors

VERSION = 1
_HEAD = struct.Struct("<16sI32s")  # what the bytes are, the version, SHA-256 of all that follows
_LENGTH = struct.Struct("<Q")


def encode(kind: str, about: Mapping[str, object], parts: Sequence[bytes]) -> bytes:
    """Return bytes of one kind: plain data, and parts."""
    text = json.dumps(about, separators=(",", ":")).encode("utf-8", "surrogatepass")
    body = [data for part in (text, *parts) for data in (_length(part), part)]
    digest = hashlib.sha256()
    for data in body:
        digest.update(data)
    return b"".join([_HEAD.pack(_name(kind), VERSION, digest.digest()), *body])


def decode(kind: str, data: bytes) -> tuple[dict[str, object], list[bytes]]:
    """Return the plain data and the parts that encode was given. Raises DataError for anything else."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise errors.DataError(kind, "must be bytes", got=type(data).__name__, hint="give what to_bytes gave")
    view = memoryview(data)
    if len(view) < _HEAD.size:
        raise damaged(kind)
    name, version, checksum = _HEAD.unpack_from(view)
    if name != _name(kind):
        raise damaged(kind)
    if version != VERSION:
        hint = "use the same version of featurecols on all sides"
        raise errors.DataError(kind, f"these bytes have format {version}, and this version reads {VERSION}", hint=hint)
    if hashlib.sha256(view[_HEAD.size :]).digest() != checksum:
        raise damaged(kind)
    parts = [bytes(part) for part in _parts(kind, view[_HEAD.size :])]
    try:
        about = json.loads(parts[0].decode("utf-8", "surrogatepass"))
    except (ValueError, IndexError, RecursionError):
        raise damaged(kind) from None
    if not isinstance(about, dict):
        raise damaged(kind)
    return about, parts[1:]


def count(about: Mapping[str, object], name: str) -> int:
    """Return a number of the plain data; raises DataError where it is not one."""
    found = about.get(name)
    if type(found) is not int or found < 0:
        raise damaged("FitState")
    return found


def damaged(kind: str) -> errors.DataError:
    """Return the error for bytes that are not what encode gave."""
    return errors.DataError(kind, f"these bytes are damaged, or not a {kind}", hint="send what to_bytes gave, whole")


def _length(part: bytes) -> bytes:
    return _LENGTH.pack(len(part))


def _name(kind: str) -> bytes:
    return f"fc.{kind}".encode().ljust(16, b"\0")


def _parts(kind: str, view: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(view):
        if len(view) - at < _LENGTH.size:
            raise damaged(kind)
        (size,) = _LENGTH.unpack_from(view, at)
        at += _LENGTH.size
        if size > len(view) - at:
            raise damaged(kind)
        yield view[at : at + size]
        at += size
