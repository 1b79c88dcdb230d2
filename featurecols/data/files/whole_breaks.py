"""Text that is read in pieces of which none ends in the middle of a line break."""

from __future__ import annotations

from collections.abc import Callable


class WholeBreaks:
    """A binary text that can be read like a file, and never up to a carriage return that a line feed may follow.

    Arrow's parser of CSV drops a line feed that a piece starts with where the piece before it ended with a carriage return,
    inside quotes too.

    Args:
        read: gives so many bytes at most, nothing at the end.
    """

    closed = False

    def __init__(self, read: Callable[[int], bytes]) -> None:
        self._read, self._kept = read, b""

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, nothing at the end; all that are left where it is negative."""
        if size < 0:
            kept, self._kept = self._kept, b""
            return kept + bytes(self._read(size))
        more = bytes(self._read(size - len(self._kept))) if size > len(self._kept) else b""
        text, self._kept = self._kept + more, b""
        if more and text.endswith(b"\r") and len(text) > 1:
            text, self._kept = text[:-1], b"\r"
        return text

    def close(self) -> None:
        """Note that nothing more is read; what is read from is closed by who opened it."""
        self.closed = True
