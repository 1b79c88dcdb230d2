"""Sparse rows of single ids, beside those that are put together from entries."""

from __future__ import annotations

import numpy as np
import pytest

from featurecols._core import csr


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@pytest.mark.parametrize("rows", [0, 1, 50])
def test_single_ids_give_what_entries_give(dtype: type, rows: int) -> None:
    rng = np.random.default_rng(7)
    dense = rng.choice(np.array([0.0, -0.0, 1.5, np.nan], np.float32), (rows, 3))
    ids = [(rng.integers(-2, size + 2, rows).astype(dtype), size) for size in (1, 4, 2**31 - 20)]
    at, columns = np.nonzero(dense)
    blocks, first = [(at, columns, dense[at, columns])], 3
    for found, size in ids:
        blocks.append(csr.entries(found, np.arange(rows + 1), None, size, first))
        first += size
    want, made = csr.join(blocks, rows, first), csr.of_single_ids(dense, ids)
    assert made.shape == want.shape == (rows, 2**31 - 12)
    for mine, other in zip(made[:3], want[:3], strict=True):
        assert mine.dtype == other.dtype
        assert np.array_equal(mine, other, equal_nan=mine.dtype == np.float32)


def test_ids_of_many_buckets_are_wide() -> None:
    made = csr.of_single_ids(np.zeros((2, 0), np.float32), [(np.array([5, -1]), 2**40), (np.array([1, 7]), 8)])
    assert (made.indices.dtype, made.indices.tolist(), made.indptr.tolist()) == (np.int64, [5, 2**40 + 1, 2**40 + 7], [0, 2, 3])
