import math
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from featurecols.analyzers.base import ONCE, sortable, unsortable

FLOATS = st.lists(
    st.one_of(st.floats(allow_infinity=False), st.sampled_from([0.0, -0.0, 5e-324, -1e300, 3.0, -3.0])), max_size=40
)


@settings(max_examples=100, deadline=None)
@given(FLOATS)
def test_bins_hold_exact_sums(values):
    bins, status = np.zeros((2048, 4), np.uint64), np.array([0, 0, 2**64 - 1, 0], np.uint64)
    present = [v for v in values if v == v]
    assert kernels.accumulate.sums[0](np.array(values, np.float64).view(np.uint64), ONCE, bins, status) == len(present)
    used = np.flatnonzero(bins.any(axis=1)).tolist()
    scale = [Fraction(2) ** (max(e, 1) - 1075) for e in used]
    signed = zip(bins[used].view(np.int64).tolist(), scale, strict=True)
    assert sum((low + (high << 32)) * s for (low, high, _, _), s in signed) == sum(map(Fraction, present))
    squares = sum((low + (high << 64)) * s * s for (_, _, low, high), s in zip(bins[used].tolist(), scale, strict=True))
    assert squares == sum(Fraction(v) ** 2 for v in present)
    if present:
        assert unsortable(status[2:]).tolist() == [min(present), max(present)]


@settings(max_examples=100, deadline=None)
@given(FLOATS, st.integers(0, 50))
def test_a_table_counts_sortable_bits(values, drop):
    table, status = np.zeros((128, 2), np.uint64), np.zeros(2, np.int64)
    bits = np.array(values, np.float64).view(np.uint64)
    assert kernels.accumulate.count[0](bits, ONCE, 0, np.uint64(drop), np.uint64(57), table, 64, status) == len(values)
    want = Counter((sortable([v + 0.0]) >> np.uint64(drop)).item() for v in values if v == v)
    assert {k: c for k, c in table.tolist() if k} == want
    assert status.tolist() == [len(want), 0]
    coarse = np.zeros((128, 2), np.uint64)
    new = kernels.accumulate.absorb[0](table, np.uint64(3), np.uint64(57), coarse)
    wanted = Counter()
    for key, count in want.items():
        wanted[key >> 3] += count
    assert ({k: c for k, c in coarse.tolist() if k}, new) == (wanted, len(wanted))


def test_a_full_table_says_where_it_stopped_and_goes_on():
    table, status = np.zeros((8, 2), np.uint64), np.zeros(2, np.int64)
    bits = np.array([1.0, 2.0, 1.0, 3.0, 2.0]).view(np.uint64)
    at = kernels.accumulate.count[0](bits, ONCE, 0, np.uint64(0), np.uint64(61), table, 2, status)
    assert (at, status.tolist()) == (3, [2, kernels.accumulate.FULL])
    at = kernels.accumulate.count[0](bits, ONCE, at, np.uint64(0), np.uint64(61), table, 3, status)
    assert (at, status.tolist()) == (5, [3, 0])
    assert sorted(c for k, c in table.tolist() if k) == [1, 2, 2]


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.floats(allow_infinity=False), st.integers(0, 2**14)), max_size=20))
def test_a_weight_is_so_many_of_the_value(pairs):
    values, weights = np.array([v for v, _ in pairs], np.float64), np.array([w for _, w in pairs], np.int64)
    many = np.repeat(values, weights)
    found = []
    for x, w in ((values, weights), (many, ONCE)):
        bins, status = np.zeros((2048, 4), np.uint64), np.array([0, 0, 2**64 - 1, 0], np.uint64)
        count = kernels.accumulate.sums[0](x.view(np.uint64), w if len(x) else ONCE, bins, status)
        table, used = np.zeros((64, 2), np.uint64), np.zeros(2, np.int64)
        kernels.accumulate.count[0](x.view(np.uint64), w if len(x) else ONCE, 0, np.uint64(0), np.uint64(58), table, 32, used)
        found.append((int(count), bins.tolist(), status.tolist(), sorted(table.tolist()), used.tolist()))
    assert found[0] == found[1]


@pytest.mark.parametrize("infinity", [math.inf, -math.inf])
def test_infinity_stops_both(infinity):
    bits = np.array([1.0, math.nan, infinity, 2.0]).view(np.uint64)
    status = np.array([0, 0, 2**64 - 1, 0], np.uint64)
    assert kernels.accumulate.sums[0](bits, ONCE, np.zeros((2048, 4), np.uint64), status) == 1
    assert status[:2].tolist() == [kernels.accumulate.INFINITE, 2]
    status = np.zeros(2, np.int64)
    assert kernels.accumulate.count[0](bits, ONCE, 0, np.uint64(0), np.uint64(60), np.zeros((16, 2), np.uint64), 8, status) == 2
    assert status.tolist() == [1, kernels.accumulate.INFINITE]
