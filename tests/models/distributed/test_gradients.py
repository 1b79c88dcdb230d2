"""Gradients of the rows of several processes."""

import numpy as np

from featurecols._core.scratch_zeros import ScratchZeros
from featurecols.models.autodiff.tape import IndexedSlices
from featurecols.models.distributed.gradients import add_all, divide


def test_rows_are_divided_evenly() -> None:
    assert divide(256, 2) == [(0, 128, 256), (128, 256, 256)]
    assert divide(2, 3) == [(0, 1, 2), (1, 2, 2)]


def test_gradients_are_added_in_order() -> None:
    a = IndexedSlices(np.array([3, 0]), np.array([[1.0, 2], [5, 6]], np.float32), (4, 2))
    b = IndexedSlices(np.array([2, 3]), np.array([[7.0, 8], [1e8, 1]], np.float32), (4, 2))
    c = IndexedSlices(np.array([3]), np.array([[-1e8, 1]], np.float32), (4, 2))
    dense = [np.array([x], np.float32) for x in (1, 1e8, -1e8)]
    parts = [{"t": s, "k": d} for s, d in zip((a, b, c), dense, strict=True)]
    found = add_all(parts, ScratchZeros())
    assert found["t"].dense().tolist() == [[5, 6], [0, 0], [7, 8], [0, 4]]  # (1 + 1e8) - 1e8 is 0 in float32
    assert found["t"].ids.tolist() == [3, 0, 2]
    assert found["k"].tolist() == [0]
    assert add_all(parts[:1], ScratchZeros())["t"] is a
