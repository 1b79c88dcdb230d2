from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from tests.kernels.arrays import frozen


@pytest.mark.parametrize("dtype", [np.int32, np.int64])
@given(table=st.lists(st.integers(-(2**31), 2**31 - 1), max_size=9), codes=st.lists(st.integers(-3, 12), max_size=70))
@settings(max_examples=60, deadline=None)
def test_gather(dtype: type, table: list[int], codes: list[int]) -> None:
    found = kernels.gather.gather(frozen(table, dtype), frozen(codes, np.int32))
    assert found.dtype == dtype
    assert found.tolist() == [table[c] if 0 <= c < len(table) else -1 for c in codes]


def test_wide_values_and_extreme_codes() -> None:
    table = frozen([2**62, -(2**63)], np.int64)
    codes = frozen([1, 0, -1, -(2**31), 2**31 - 1], np.int32)
    assert kernels.gather.gather(table, codes).tolist() == [-(2**63), 2**62, -1, -1, -1]
    assert kernels.gather.gather(table[:0], codes).tolist() == [-1] * 5
    assert kernels.gather.gather(table, codes[:0]).tolist() == []


def test_numbers() -> None:
    codes = frozen([1, -1, 0, 7, -(2**31)], np.int32)
    found = kernels.gather.gather_numbers(frozen([0.5, -0.0], np.float64), codes)
    assert str(found.tolist()) == "[-0.0, nan, 0.5, nan, nan]"
    assert np.isnan(kernels.gather.gather_numbers(np.empty(0), codes)).all()
