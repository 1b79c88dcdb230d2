from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from tests.kernels.arrays import Array, frame_intact, framed, frozen

SUM, MEAN, SQRTN, MEAN_ALL, SQRTN_ALL = COMBINERS = range(5)
TABLE = frozen(np.random.default_rng(3).normal(size=(7, 5)), np.float32)


def one(found: list[tuple[int, float]], table: list[list[float]], combiner: int, max_norm: float) -> list[float]:
    """The definition, in Python's own floats."""
    sums, total = [0.0] * len(table[0]), 0.0
    for id_, w in found:
        if id_ < 0 or (combiner in (MEAN, SQRTN) and not w > 0.0):
            continue
        squares = 0.0
        for v in table[id_]:
            squares += v * v
        norm = math.sqrt(squares)
        scale = max_norm / norm if max_norm and norm > max_norm else 1.0
        total += w * w if combiner in (SQRTN, SQRTN_ALL) else w
        for d, v in enumerate(table[id_]):
            sums[d] += w * (v * scale)
    divisor = 1.0 if combiner == SUM else total if combiner in (MEAN, MEAN_ALL) else math.sqrt(total)
    return [s / divisor if divisor else 0.0 for s in sums]


CELLS = st.tuples(st.integers(-1, 6), st.sampled_from([1.0, 0.3, -2.5, 0.0, 1e20, math.nan]))
ROWS = st.lists(st.lists(CELLS, max_size=5), max_size=8)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("combiner", COMBINERS)
@given(rows=ROWS, weighted=st.booleans(), max_norm=st.sampled_from([0.0, 0.5, 2.0]), skip=st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_pool_has_the_bits_of_python(
    dtype: type, combiner: int, rows: list[list[tuple[int, float]]], weighted: bool, max_norm: float, skip: int
) -> None:
    flat = [(99, 9.0)] * skip + [cell for row in rows for cell in row]
    offsets = frozen(np.cumsum([skip, *map(len, rows)]), np.int64)
    ids, weights = frozen([c for c, _ in flat], dtype), frozen([w for _, w in flat], np.float32)
    out, matrix = framed(len(rows), 5, 9)
    assert kernels.embedding_bag.pool(ids, offsets, weights if weighted else None, TABLE, combiner, max_norm, out) == -1
    as32 = [[(c, float(np.float32(w)) if weighted else 1.0) for c, w in row] for row in rows]
    want = [one(row, TABLE.tolist(), combiner, max_norm) for row in as32]
    np.testing.assert_array_equal(out, np.array(want, np.float32).reshape(len(rows), 5))
    assert frame_intact(matrix, 5)


@pytest.mark.parametrize("combiner", COMBINERS)
@pytest.mark.parametrize("max_norm", [0.0, 1.5])
@pytest.mark.parametrize("weights", [None, [0.5, 2.0, 0.0, -1.0, 3.0]])
def test_one_id_a_row(combiner: int, max_norm: float, weights: list[float] | None) -> None:
    ids = [3, -1, 0, 6, 6]
    out, matrix = framed(5, 5, 9)
    given_weights: Any = None if weights is None else frozen(weights, np.float32)
    assert kernels.embedding_bag.pool(frozen(ids, np.int32), None, given_weights, TABLE, combiner, max_norm, out) == -1
    want = [one([(c, w)], TABLE.tolist(), combiner, max_norm) for c, w in zip(ids, weights or [1.0] * 5, strict=True)]
    assert out.tobytes() == np.array(want, np.float32).tobytes()
    assert frame_intact(matrix, 5)


def test_literal_results() -> None:
    table = np.array([[3, 4], [6, 8], [-1, 0.0]], np.float32)
    ids, offsets = np.array([0, 1, -1, 2]), np.array([0, 2, 3, 4])

    def pooled(combiner: int, weights: Array | None = None, max_norm: float = 0.0) -> list[list[float]]:
        out = np.full((3, 2), 9, np.float32)
        assert kernels.embedding_bag.pool(ids, offsets, weights, table, combiner, max_norm, out) == -1
        return out.tolist()

    assert pooled(SUM) == [[9, 12], [0, 0], [-1, 0]]
    assert pooled(MEAN) == [[4.5, 6], [0, 0], [-1, 0]]
    signed = np.array([1, -1, 9, -2], np.float32)
    assert pooled(MEAN, signed) == [[3, 4], [0, 0], [0, 0]]
    assert pooled(MEAN_ALL, signed) == [[0, 0], [0, 0], [-1, 0]]  # the weights of the first row cancel out
    assert pooled(SQRTN_ALL, np.array([3, -4, 9, -2], np.float32)) == [[-3, -4], [0, 0], [1, 0]]
    unknown = np.array([np.nan, 1, 9, np.nan], np.float32)
    assert pooled(SQRTN, unknown) == [[6, 8], [0, 0], [0, 0]]
    assert pooled(SUM, np.array([2, -1, 5, 0.5], np.float32)) == [[0, 0], [0, 0], [-0.5, 0]]
    assert pooled(MEAN, np.array([2, -1, 5, 0.5], np.float32)) == [[3, 4], [0, 0], [-1, 0]]
    assert pooled(SQRTN, np.array([3, 4, 5, 2], np.float32)) == [np.float32([6.6, 8.8]).tolist(), [0, 0], [-1, 0]]
    assert pooled(SUM, max_norm=5.0) == [[6, 8], [0, 0], [-1, 0]]


@pytest.mark.parametrize("bad", [7, 2**31 - 1])
def test_an_id_past_the_table_is_named_and_never_read(bad: int) -> None:
    out = np.zeros((3, 5), np.float32)
    assert kernels.embedding_bag.pool(np.array([0, 1, bad], np.int32), None, None, TABLE, SUM, 0.0, out) == 2
    assert kernels.embedding_bag.pool(np.array([0, bad, 1, bad]), np.array([0, 1, 1, 4]), None, TABLE, MEAN, 0.0, out) == 1
    assert kernels.embedding_bag.pool(np.array([2**40]), None, None, TABLE, MEAN, 0.0, out[:1]) == 0


def test_an_empty_table_and_nothing_to_pool() -> None:
    out = np.full((2, 5), 9, np.float32)
    assert kernels.embedding_bag.pool(np.array([-1, -1]), None, None, TABLE[:0], MEAN, 0.0, out) == -1
    assert out.tolist() == [[0] * 5] * 2
    assert kernels.embedding_bag.pool(np.array([0, -1]), None, None, TABLE[:0], MEAN, 0.0, out) == 0
    assert kernels.embedding_bag.pool(np.empty(0, np.int32), None, None, TABLE, MEAN, 0.0, out[:0]) == -1
    assert kernels.embedding_bag.pool(np.empty(0, np.int32), np.array([0, 0, 0]), None, TABLE, SQRTN, 0.0, out) == -1
    assert out.tolist() == [[0] * 5] * 2


def test_products_are_rounded_before_they_are_added() -> None:
    ids, weights = np.zeros(2, np.int32), np.array([0.3, -0.3], np.float32)
    out = np.full((1, 5), 9, np.float32)
    assert kernels.embedding_bag.pool(ids, np.array([0, 2]), weights, TABLE, SUM, 0.7, out) == -1
    assert out.tolist() == [[0.0] * 5]  # a fused multiply-add would leave the rounding error here


def test_negative_zero_is_zero_as_in_a_sum() -> None:
    table = np.array([[-0.0, -1.0]], np.float32)
    for offsets in (None, np.array([0, 1])):
        for combiner in range(5):
            out = np.full((1, 2), 9, np.float32)
            assert kernels.embedding_bag.pool(np.array([0]), offsets, None, table, combiner, 0.0, out) == -1
            assert out.tobytes() == np.array([[0.0, -1.0]], np.float32).tobytes()


def test_offsets_that_go_back_or_outside_pool_nothing_from_there() -> None:
    out = np.full((3, 5), 9, np.float32)
    assert kernels.embedding_bag.pool(np.array([1, 2]), np.array([-4, 1, 0, 99]), None, TABLE, SUM, 0.0, out) == -1
    want = [TABLE[1], np.zeros(5), TABLE[1].astype(float) + TABLE[2]]
    assert out.tobytes() == np.array(want, np.float32).tobytes()
    assert kernels.embedding_bag.pool(np.array([1, 2]), np.array([50, 60, 3, 1]), None, TABLE, SUM, 0.0, out) == -1
    assert out.tolist() == [[0] * 5] * 3
