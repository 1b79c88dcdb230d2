"""Pieces of text that do not end in the middle of a line break."""

from __future__ import annotations

import io
import itertools

import pytest

from featurecols.data.files.whole_breaks import WholeBreaks


@pytest.mark.parametrize("text", [b"", b"\r", b"\r\n", b"a\r\nb\r\r\n\r\nc\r", b"\n\n\r\r\r\n"], ids=repr)
@pytest.mark.parametrize("size", [2, 3, 4, 5, 100])
def test_no_piece_starts_with_a_line_feed_after_a_carriage_return(text: bytes, size: int) -> None:
    stream = WholeBreaks(io.BytesIO(text).read)
    pieces = list(iter(lambda: stream.read(size), b""))
    assert b"".join(pieces) == text
    assert all(len(piece) <= size for piece in pieces)
    assert not any(a.endswith(b"\r") and b.startswith(b"\n") for a, b in itertools.pairwise(pieces))
    assert WholeBreaks(io.BytesIO(text).read).read() == text
