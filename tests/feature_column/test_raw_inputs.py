"""What language columns are handed: numbers, integers, texts, in rows."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from featurecols.feature_column.raw_inputs import Fed, rows_of


def test_numbers_and_integers() -> None:
    fed = Fed(np.array([1, 2, 3], np.uint64), np.array([0, 2, 3]))
    assert (len(fed), fed.numbers().values.tolist(), fed.integers().values.dtype) == (2, [1.0, 2.0, 3.0], np.uint64)
    flat, offsets = fed.elements()
    assert (len(flat), offsets.tolist()) == (3, [0, 2, 3])
    assert Fed(np.zeros(2)).elements()[1].tolist() == [0, 1, 2]


def test_texts() -> None:
    tokens = Fed(pa.array([b"a", b"", b"\xff"], pa.large_binary())).tokens()
    assert [tokens.texts[i] for i in range(3)] == [b"a", b"", b"\xff"]


def test_integers_are_texts_of_their_digits() -> None:
    for values, digits in (
        (np.array([-2, 7], np.int8), [b"-2", b"7"]),
        (np.array([2**64 - 1], np.uint64), [b"18446744073709551615"]),
    ):
        tokens = Fed(values).tokens()
        assert [tokens.texts[i] for i in range(len(values))] == digits
        assert tokens.kind == "integer"


def test_rows_of_a_width() -> None:
    fed = rows_of(np.array([[1.0, 2.0], [3.0, 4.0]], np.float32), 2)
    assert (len(fed), fed.numbers().offsets.tolist()) == (2, [0, 2, 4])
    assert len(rows_of(np.zeros((0, 3), np.float32), 3)) == 0
