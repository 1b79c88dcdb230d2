"""Text without its first lines and without its comments, which the parser of CSV does not know."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from featurecols.data.files.open_quotes import follow

_BLOCK = 1 << 22
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r(?!\n))")
_BOM = b"\xef\xbb\xbf"


class LeftOut:
    """A binary text that can be read like a file.

    Args:
        read: gives so many bytes of the whole text at most, nothing at its end.
        skip: how many lines are left out before all others.
        comment: what lines begin with that are left out, unless they stand inside quotes; None for none.
        quote: what stands around values; None for nothing.
        delimiter: of the values.
    """

    closed = False

    def __init__(
        self, read: Callable[[int], bytes], skip: int, comment: bytes | None, quote: bytes | None, delimiter: bytes
    ) -> None:
        self._comment, self._quote, self._starts = comment, quote, delimiter + b"\r\n"
        self._blocks = self._without_comments(_skip_lines(_lines(read), skip))
        self._rest = b""

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, nothing at the end; all that are left where it is negative."""
        if size < 0:
            self._rest, found = b"", self._rest + b"".join(self._blocks)
            return found
        while not self._rest:
            block = next(self._blocks, None)
            if block is None:
                return b""
            self._rest = block
        found, self._rest = self._rest[:size], self._rest[size:]
        return found

    def close(self) -> None:
        """Do nothing: what is read from is closed by who opened it."""
        self.closed = True

    def _without_comments(self, blocks: Iterator[bytes]) -> Iterator[bytes]:
        """Yield blocks of whole lines without those that begin with the comment mark."""
        if self._comment is None:
            yield from blocks
            return
        begins = re.compile(rb"(?:\A|(?<=[\r\n]))" + re.escape(self._comment))
        inside: bool | None = False  # quotes
        for block in blocks:
            kept, at = [], 0
            for found in begins.finditer(block):
                start = found.start()
                if start < at:
                    continue  # of the same line
                inside = self._follow(block, at, start, inside)
                kept.append(block[at:start])
                at = start
                if not inside:
                    line = _LINE.match(block, start)
                    at = len(block) if line is None else line.end()
            inside = self._follow(block, at, len(block), inside)
            kept.append(block[at:])
            yield b"".join(kept)

    def _follow(self, block: bytes, start: int, end: int, inside: bool | None) -> bool | None:
        """Return whether quotes are open before `end`, given whether they were before `start`, where a line begins."""
        if self._quote is None or block.find(self._quote, start, end) < 0:
            return inside
        return follow(b"\n" + block[start:end], end - start + 1, self._starts, inside, self._quote)


def _lines(read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Yield the text in blocks that end with a line break, but for the last one."""
    rest = b""
    first = True
    while block := bytes(read(_BLOCK)):
        if first:
            block, first = block.removeprefix(_BOM), False
        data = rest + block
        end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, -1)) + 1  # a last \r may be half of \r\n
        rest = data[end:]
        if end:
            yield data[:end]
    if rest:
        yield rest


def _skip_lines(blocks: Iterator[bytes], skip: int) -> Iterator[bytes]:
    for block in blocks:
        at = 0
        while skip and at < len(block):
            line = _LINE.match(block, at)
            at, skip = (len(block) if line is None else line.end()), skip - 1
        if at < len(block):
            yield block[at:] if at else block
