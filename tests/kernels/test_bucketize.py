from __future__ import annotations

import bisect
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from tests.kernels.arrays import frozen

SPECIAL = [0.0, -0.0, math.inf, -math.inf, math.nan, 5e-324, -5e-324, 1e308, -1e308, 1.0, 1.0 + 2**-52]
FLOATS = st.one_of(st.sampled_from(SPECIAL), st.floats(width=64), st.integers(-5, 5).map(float))


def expected(x: list[float], boundaries: list[float], missing: int, width: int, stride: int) -> list[int]:
    out = []
    for p, value in enumerate(x):
        bucket = missing if math.isnan(value) else bisect.bisect_right(boundaries, value)
        out.append(bucket if bucket == -1 else bucket + stride * (p % width))
    return out


@given(
    x=st.lists(FLOATS, max_size=30),
    boundaries=st.lists(FLOATS.filter(lambda v: not math.isnan(v)), max_size=40, unique_by=lambda v: v + 0.0).map(sorted),
    missing=st.sampled_from([-1, 0, 41]),
    width=st.integers(1, 4),
)
@settings(max_examples=150, deadline=None)
def test_bucketize(x: list[float], boundaries: list[float], missing: int, width: int) -> None:
    values = x + boundaries  # every boundary itself belongs to the bucket on its right
    found = kernels.bucketize.bucketize(frozen(values, float), frozen(boundaries, float), missing, width, 50)
    assert found.dtype == np.int32
    assert found.tolist() == expected(values, boundaries, missing, width, 50)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 7, 8, 15, 16, 23, 24, 25, 26, 31, 32, 33, 64, 100, 127, 128, 1000, 1001])
def test_every_bucket_of_lists_short_and_long(count: int) -> None:
    boundaries = np.sort(np.random.default_rng(count).normal(size=count) * 10)
    x = np.concatenate(
        [boundaries, np.nextafter(boundaries, -np.inf), np.nextafter(boundaries, np.inf), [np.nan, np.inf, -np.inf]]
    )
    found = kernels.bucketize.bucketize(x, boundaries)
    want = np.searchsorted(boundaries, x, side="right")
    want[np.isnan(x)] = -1
    assert found.tolist() == want.tolist()


def test_literal_buckets() -> None:
    x = frozen([-1.0, 0.0, 9.99, 10.0, math.nan, math.inf], float)
    cuts = frozen([0.0, 10.0], float)
    assert kernels.bucketize.bucketize(x, cuts).tolist() == [0, 1, 1, 2, -1, 2]
    assert kernels.bucketize.bucketize(x, cuts, 3).tolist() == [0, 1, 1, 2, 3, 2]
    assert kernels.bucketize.bucketize(x, cuts, 3, 2, 4).tolist() == [0, 5, 1, 6, 3, 6]
    assert kernels.bucketize.bucketize(x, cuts, -1, 2, 3).tolist() == [0, 4, 1, 5, -1, 5]
    assert kernels.bucketize.bucketize(x[:0], cuts).tolist() == []
