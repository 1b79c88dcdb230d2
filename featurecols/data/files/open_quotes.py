"""Quotes of CSV files that are not closed: the parser takes all that follows for one value, and says nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import BinaryIO

_BLOCK = 1 << 20
_BOM = b"\xef\xbb\xbf"


def ends_inside(blocks: Iterable[bytes], delimiter: bytes, *, whole: bool, quote: bytes = b'"') -> bool | None:
    """Return whether CSV text ends inside quotes; None where that depends on what stands before it.

    A quote opens a value where one starts, and nowhere else; two in a value that is quoted are one of its characters. So a
    run of quotes of an odd length changes what follows only where a value can start, and closes quotes elsewhere.

    Args:
        blocks: the text, or the end of it.
        delimiter: of the file.
        whole: whether it is the whole text.
        quote: what stands around values.

    >>> [ends_inside([text], b",", whole=True) for text in (b'a,"b', b'a,"b"', b'a,b"', b'a,"b""', b'a,""')]
    [True, False, False, True, False]
    >>> ends_inside([b',"b'], b",", whole=False) is None, ends_inside([b'x","b'], b",", whole=False)
    (True, True)
    """
    starts = delimiter + b"\r\n"
    state: bool | None = False if whole else None
    rest = b"\n" if whole else b" "
    for number, block in enumerate(blocks):
        if number == 0:  # what a cut run of quotes means is not known
            block = block.removeprefix(_BOM) if whole else block.lstrip(quote)
        data = rest + block
        end = len(data.rstrip(quote))
        state = follow(data, end, starts, state, quote)
        rest = data[end - 1 :]
    return follow(rest, len(rest), starts, state, quote)


def follow(data: bytes, end: int, starts: bytes, state: bool | None, quote: bytes) -> bool | None:
    """Return whether the runs of quotes before `end` leave a value open, given whether one was open before them."""
    for run in re.compile(re.escape(quote) + b"+").finditer(data, 1, end):
        first, last = run.span()
        if (last - first) % 2:
            state = False if data[first - 1] not in starts else None if state is None else not state
    return state


def file_ends_inside(file: BinaryIO, delimiter: bytes, longest: int, quote: bytes = b'"') -> bool:
    """Return whether an open file that is not compressed ends inside quotes, mostly by a look at its end.

    `longest`: bytes within which its last row starts. Raises OSError where it cannot be read.
    """
    size = file.seek(0, 2)
    for length in (1 << 12, longest):
        file.seek(max(size - length, 0))
        end = file.read(length)
        if length == longest and quote not in end:
            return False
        found = ends_inside([end], delimiter, whole=size <= length, quote=quote)
        if found is not None:
            return found
    file.seek(0)
    return stream_ends_inside(file.read, delimiter, quote)


def stream_ends_inside(read: Callable[[int], bytes], delimiter: bytes, quote: bytes = b'"') -> bool:
    """Return whether a whole text ends inside quotes, of which `read` gives so many bytes at a time."""
    return bool(ends_inside(iter(lambda: read(_BLOCK), b""), delimiter, whole=True, quote=quote))
