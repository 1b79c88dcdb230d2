from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from tests.kernels.arrays import Array, frame_intact, framed, frozen

WEIGHTS = st.sampled_from([1.0, 0.5, -2.0, 0.0, 1e30, 0.1, np.inf])


def expected(rows: int, width: int, found: list[tuple[int, int, float]]) -> Array:
    out = np.zeros((rows, width), np.float32)
    for i, id_, weight in found:
        if 0 <= id_ < width:
            out[i, id_] += np.float32(weight)
    return out


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(cells=st.lists(st.tuples(st.integers(-2, 9), WEIGHTS), max_size=30), width=st.integers(1, 8), weighted=st.booleans())
@settings(max_examples=60, deadline=None)
def test_onehot(dtype: type, cells: list[tuple[int, float]], width: int, weighted: bool) -> None:
    ids = frozen([c for c, _ in cells], dtype)
    weights = frozen([w for _, w in cells], np.float32) if weighted else None
    out, matrix = framed(len(cells), width)
    kernels.scatter.onehot(ids, weights, out)
    want = expected(len(cells), width, [(i, c, w if weighted else 1.0) for i, (c, w) in enumerate(cells)])
    assert out.tolist() == want.tolist()
    assert frame_intact(matrix, width)


ROWS = st.lists(st.lists(st.tuples(st.integers(-2, 9), st.sampled_from([1.0, 0.1, -2.5, 0.0])), max_size=6), max_size=12)


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(rows=ROWS, width=st.integers(1, 8), weighted=st.booleans(), skip=st.integers(0, 3))
@settings(max_examples=60, deadline=None)
def test_multihot(dtype: type, rows: list[list[tuple[int, float]]], width: int, weighted: bool, skip: int) -> None:
    flat = [(0, 9.0)] * skip + [cell for row in rows for cell in row] + [(0, 9.0)]
    offsets = frozen(np.cumsum([skip, *map(len, rows)]), np.int64)
    ids, weights = frozen([c for c, _ in flat], dtype), frozen([w for _, w in flat], np.float32)
    out, matrix = framed(len(rows), width)
    kernels.scatter.multihot(ids, offsets, weights if weighted else None, out)
    want = expected(len(rows), width, [(i, c, w if weighted else 1.0) for i, row in enumerate(rows) for c, w in row])
    assert out.tolist() == want.tolist()
    assert frame_intact(matrix, width)


def test_what_is_there_is_added_to() -> None:
    out = np.full((2, 2), 3, np.float32)
    kernels.scatter.onehot(np.array([1, 0]), None, out)
    kernels.scatter.multihot(np.array([1, 1, -1, 0]), np.array([0, 2, 4]), None, out)
    assert out.tolist() == [[3, 6], [5, 3]]


def test_ids_beyond_32_bits_add_nothing() -> None:
    out = np.zeros((2, 1), np.float32)
    kernels.scatter.onehot(np.array([2**32, -(2**32)]), None, out)
    kernels.scatter.multihot(np.array([2**32, 2**63 - 1]), np.array([0, 1, 2]), None, out)
    assert out.tolist() == [[0], [0]]


def test_columns_in_any_order_of_memory() -> None:
    out = np.zeros((3, 4), np.float32, order="F")
    kernels.scatter.onehot(np.array([3, 0, 2], np.int32), None, out)
    assert out.tolist() == [[0, 0, 0, 1], [1, 0, 0, 0], [0, 0, 1, 0]]
    back = np.zeros((3, 4), np.float32)
    kernels.scatter.onehot(np.array([3, 0, 2], np.int32), None, back[:, ::-1])
    assert back.tolist() == [[1, 0, 0, 0], [0, 0, 0, 1], [0, 1, 0, 0]]


def test_offsets_outside_the_values_touch_nothing() -> None:
    out = np.zeros((2, 2), np.float32)
    kernels.scatter.multihot(np.array([1]), np.array([-5, 9, 20]), None, out)
    assert out.tolist() == [[0, 1], [0, 0]]
    kernels.scatter.multihot(np.array([1]), np.array([7, 1, 0]), None, out)
    assert out.tolist() == [[0, 1], [0, 0]]
