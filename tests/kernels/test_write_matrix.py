"""The matrix in one pass against plain numpy, and one look into a table against arithmetic of one row at a time."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from featurecols.kernels import cross_table, write_matrix
from tests.kernels.arrays import frozen

NONE = np.empty(0, np.int64)


def numbers(count: int, dtype: str, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if dtype.startswith("float"):
        x = rng.normal(size=count) * 1000
        x[rng.random(count) < 0.1] = np.nan
        return frozen(x, dtype)
    most = 2**31 - 1 if dtype == "int32" else 2**62
    return frozen(rng.integers(-most, most, count), dtype)


@pytest.mark.parametrize("count", [0, 1, 255, 256, 257, 1000])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_of_every_dtype_and_one_hots(count: int, order: str) -> None:
    xs = [numbers(count, dtype, k) for k, dtype in enumerate(("float64", "float32", "int32", "int64"))]
    ids = [frozen(np.random.default_rng(9).integers(-2, 6, count), np.int32)]
    out = np.full((count, 10), 7, np.float32, order)
    defaults = np.array([np.nan, -3.0, np.nan, np.nan])
    columns = (np.array([1, 0, 9, 8]), defaults, np.zeros(5, np.int64), NONE, NONE * 1.0, NONE * 1.0)
    suspect = write_matrix.assemble(xs, *columns, ids, np.array([2]), np.array([4]), out)
    missing = np.flatnonzero(np.isnan(xs[0]))
    assert suspect.tolist() == [missing[0] // 256 * 256 if len(missing) else -1, -1, -1, -1]
    want = np.zeros((count, 10), np.float32)
    want[:, 1], want[:, 9], want[:, 8] = xs[0], xs[2], xs[3].astype(np.float64)
    want[:, 0] = np.where(np.isnan(xs[1]), -3, xs[1])
    for i, id_ in enumerate(ids[0].tolist()):
        if 0 <= id_ < 4:
            want[i, 2 + id_] = 1
    there = ~np.isnan(xs[0])
    assert (out[there] == want[there]).all()
    shared = np.arange(10, dtype=np.float32)  # of all rows, where nothing else is written
    write_matrix.assemble(xs, *columns, ids, np.array([2]), np.array([4]), out, shared)
    written = want[:, 2:6] == 1
    want[:, 2:6], want[:, 6:8] = np.where(written, 1, shared[2:6]), shared[6:8]
    assert (out[there] == want[there]).all()


@pytest.mark.parametrize("width", [5, 16, 21, 1500])
@pytest.mark.parametrize("offset", [0, 1, 15])
def test_past_the_cache_are_the_same_rows(width: int, offset: int) -> None:
    rows = 700
    xs, ids = [numbers(rows, "int32", 1), numbers(rows, "float32", 2)], [frozen(np.arange(rows) % 4 - 1, np.int32)]
    columns = (np.array([0, 4]), np.array([0.0, -1.0]), np.zeros(3, np.int64), NONE, NONE * 1.0, NONE * 1.0)
    want = np.zeros((rows, width), np.float32)
    want[:, 0], want[:, 4] = xs[0], np.where(np.isnan(xs[1]), -1, xs[1])
    want[np.arange(rows), np.maximum(1 + ids[0], 1)] = ids[0] >= 0
    memory = np.full(rows * width + 64, 7, np.float32)
    start = -memory.ctypes.data % 64 // 4 + offset
    out = memory[start : start + want.size].reshape(want.shape)
    assert write_matrix.assemble(xs, *columns, ids, np.array([1]), np.array([3]), out, streamed_bytes=1).tolist() == [-1, -1]
    assert write_matrix._STREAM
    assert (out == want).all()
    assert (memory[:start] == 7).all()
    assert (memory[start + want.size :] == 7).all()


def test_whole_numbers_pass_through_float64() -> None:
    x = frozen([2**53 + 1, -(2**63), 2**24 + 1, 2**55 + 2**31 + 1], np.int64)
    out = np.empty((4, 1), np.float32)
    one = np.array([0])
    columns = (one, np.array([0.0]), np.zeros(2, np.int64), NONE, NONE * 1.0, NONE * 1.0)
    write_matrix.assemble([x], *columns, [], NONE, NONE, out)
    assert out.ravel().tolist() == [2.0**53, -(2.0**63), 2.0**24, 2.0**55]  # the last one: by way of float64, ties to even


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("sizes", [[3], [2, 3], [0, 4, 1], [1, 1, 1, 7]])
def test_look(dtype: type, sizes: list[int]) -> None:
    rng = np.random.default_rng(3)
    table = frozen(rng.permutation(int(np.prod([s + 1 for s in sizes]))), dtype)
    codes = [frozen(rng.integers(-3, size + 3, 5000), np.int32) for size in sizes]
    out = np.empty(5000, dtype)
    cross_table.look(table, codes, sizes, out)
    places = {key: at for at, key in enumerate(itertools.product(*(range(s + 1) for s in sizes)))}
    want = [
        table[places[tuple(c if 0 <= c < s else s for c, s in zip(row, sizes, strict=True))]]
        for row in zip(*(c.tolist() for c in codes), strict=True)
    ]
    assert out.tolist() == want
