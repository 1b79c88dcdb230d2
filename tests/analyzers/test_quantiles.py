import bisect
import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols._core.numbers import Numbers
from featurecols.analyzers import base
from featurecols.analyzers.placeholders import Median, Quantiles
from featurecols.analyzers.quantiles import LIMIT, Boundaries, Histogram, MedianValue
from featurecols.errors import DataError
from tests.analyzers.monoid import bits, learn
from tests.reference import quantiles

SPECIAL = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    1e300,
    -1e300,
    1.7976931348623157e308,
    -1.7976931348623157e308,
    2.0**53 + 1,
    0.1,
    math.nan,
]
NUMBERS = st.lists(st.one_of(st.sampled_from(SPECIAL), st.floats(allow_infinity=False)), min_size=1, max_size=60)


def batch(elements):
    return Numbers(np.array(elements, np.float64))


def state_of(analyzer, values, step=10**9):
    state = analyzer.empty()
    for i in range(0, len(values), step):
        state = analyzer.update(state, batch(values[i : i + step]))
    return state


@settings(max_examples=150, deadline=None)
@given(NUMBERS, st.integers(2, 12), st.integers(0, 2**32))
def test_few_distinct_values_give_exact_quantiles_in_any_order_and_sharding(values, n, seed):
    rng = random.Random(seed)
    present = sorted(v for v in values if v == v)
    boundaries, median = Quantiles(n).analyzer(), Median().analyzer()
    if not present:
        with pytest.raises(DataError, match="all are missing"):
            learn(boundaries, values, batch, rng)
        return
    learned, state = learn(boundaries, values, batch, rng)
    assert learned["boundaries"].tolist() == quantiles(values, n)
    assert learned["rank_error"].item() == 0.0
    middle, same_state = learn(median, values, batch, rng)
    assert middle["value"].item() == present[(len(present) - 1) // 2]
    assert state == same_state


def test_the_rank_rule_by_hand():
    def boundaries(values, n):
        analyzer = Boundaries(n=n)
        return analyzer.finish(state_of(analyzer, values))["boundaries"].tolist()

    assert boundaries(list(range(10)), 2) == [5.0]
    assert boundaries(list(range(10)), 4) == [2.0, 5.0, 7.0]
    assert boundaries([1.0] * 9 + [2.0], 10) == [2.0]
    assert boundaries([3.0] * 5, 10) == []
    assert boundaries([1.0, 2.0], 10) == [2.0]


def test_e2_heavy_values_get_buckets_of_their_own():
    """E2: literal answers; the reference `quantiles` is tested on all values above."""

    def boundaries(values, n):
        analyzer = Boundaries(n=n)
        found = analyzer.finish(state_of(analyzer, values))["boundaries"].tolist()
        assert found == quantiles(values, n)
        return found

    mostly_zero = [0.0] * 95 + [1.0, 2.0, 3.0, 4.0, 5.0]
    assert boundaries(mostly_zero, 2) == [1.0]
    assert boundaries(mostly_zero, 4) == [1.0, 2.0, 4.0]  # 1 beside zero, then x[5 // 3] and x[2 * 5 // 3] of 1 ... 5
    assert boundaries(mostly_zero, 10) == [1.0, 2.0, 3.0, 4.0, 5.0]
    in_the_middle = [-2.0, -1.0] + [0.0] * 6 + [1.0, 2.0]
    assert boundaries(in_the_middle, 2) == [0.0]
    assert boundaries(in_the_middle, 3) == [0.0, 1.0]
    assert boundaries(in_the_middle, 5) == [-1.0, 0.0, 1.0]  # of -2, -1, 1, 2: x[4 // 3] and x[2 * 4 // 3]
    two = [0.0] * 4 + [1.0] * 5 + [2.0]
    assert boundaries(two, 3) == [1.0, 2.0]  # the heavier one first: its two boundaries
    assert boundaries([0.0] * 5 + [1.0] * 4 + [2.0], 2) == [1.0]
    assert boundaries([7.0] * 10, 5) == []


def test_the_lower_median_by_hand():
    assert MedianValue().finish(state_of(MedianValue(), [4.0, 1.0, 3.0, 2.0]))["value"].item() == 2.0


def wide(kind, n=150_000):
    rng = np.random.default_rng(7)
    if kind == "normal":
        return rng.normal(size=n)
    if kind == "integers":
        return rng.integers(-(10**6), 10**6, n).astype(float)
    if kind == "float32":
        return rng.normal(size=n).astype(np.float32).astype(float)
    return np.concatenate([rng.lognormal(sigma=200, size=n // 2), np.zeros(n // 4), -rng.lognormal(sigma=2, size=n // 4)])


def distinct(ranked):
    """How many values there are in an array in order."""
    return 1 + int(np.count_nonzero(ranked[1:] != ranked[:-1]))


@pytest.mark.parametrize("kind", ["normal", "integers", "float32", "huge range"])
def test_many_distinct_values_drop_the_least_bits_that_suffice(kind):
    x = wide(kind)
    x = x[np.isfinite(x)]
    histogram = Histogram()
    state = state_of(histogram, x, 9999)
    keys = np.unique(base.sortable(x + 0.0))
    least = bisect.bisect_left(range(64), True, key=lambda drop: distinct(keys >> np.uint64(drop)) <= LIMIT)
    assert state.drop == least > 0
    want, counts = np.unique(base.sortable(x + 0.0) >> np.uint64(least), return_counts=True)
    assert np.array_equal(state.entries(), np.stack([want, counts.astype(np.uint64)], axis=1))


@pytest.mark.parametrize("kind", ["normal", "integers", "float32", "huge range"])
def test_many_distinct_values_in_any_order_and_sharding(kind):
    x, rng = wide(kind).tolist(), random.Random(3)
    first, second = (learn(Histogram(), [v for v in x if math.isfinite(v)], batch, rng) for _ in range(2))
    assert (bits(first[0]), first[1]) == (bits(second[0]), second[1])


def test_a_boundary_is_off_by_no_more_than_the_rank_error():
    x, n = wide("normal"), 50
    analyzer = Boundaries(n=n)
    learned = analyzer.finish(state_of(analyzer, x))
    error = learned["rank_error"].item()
    assert 0 < error < 0.001
    assert len(learned["boundaries"]) == n - 1
    below = np.searchsorted(np.sort(x), learned["boundaries"])
    wanted = np.arange(1, n) * len(x) // n
    assert ((wanted - below >= 0) & (wanted - below < error * len(x))).all()
    median = MedianValue().finish(state_of(MedianValue(), x))["value"].item()
    assert 0 <= np.sort(x)[(len(x) - 1) // 2] - median < 0.002


def test_exactly_as_many_distinct_values_as_the_bound_stay_exact():
    x = np.arange(LIMIT) + 0.5
    assert state_of(Histogram(), np.concatenate([x, x[::-1]]), 1000).drop == 0
    assert state_of(Histogram(), np.append(x, -1.25), 1000).drop > 0


def test_float32_rounds_each_value_first():
    analyzer = Quantiles(2).analyzer("float32")
    assert analyzer.finish(state_of(analyzer, [0.0, 0.1]))["boundaries"].tolist() == [float(np.float32(0.1))]


def test_infinity_is_an_error_that_names_the_row():
    with pytest.raises(DataError, match="infinity cannot be learned from") as e:
        state_of(Histogram(), [1.0, math.nan, -math.inf])
    assert (e.value.row, e.value.got) == (2, "-inf")


def test_quantiles_and_median_of_one_dtype_share_one_state():
    assert Quantiles(3).analyzer().collects == Quantiles(4).analyzer().collects == Median().analyzer().collects == Histogram()
    assert Median().analyzer("float32").collects == Histogram("float32")


def test_other_bytes_are_no_state():
    histogram = Histogram()
    data = histogram.to_bytes(state_of(histogram, [1.0, -2.5, 1e-300, 0.0, 1.0]))
    for at in range(len(data)):
        with pytest.raises(DataError, match="not a state"):
            histogram.from_bytes(data[:at])
        damaged = bytearray(data)
        damaged[at] ^= 0x81
        try:
            learned = histogram.finish(histogram.from_bytes(bytes(damaged)))
        except DataError:
            continue
        assert np.isfinite(learned["edges"]).all()
        assert (np.diff(learned["edges"]) > 0).all()
    with pytest.raises(DataError, match="not a state"):
        histogram.from_bytes(base.pack("Histogram.v1", bytes(8), bytes(16 * (LIMIT + 1))))
