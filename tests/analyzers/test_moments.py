import math
import random
import statistics
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols._core.numbers import Numbers
from featurecols.analyzers.moments import Moments, square_root
from featurecols.analyzers.placeholders import Mean
from featurecols.columns.normalizers import Clip, Log1p, MinMax, ZScore
from featurecols.errors import DataError
from tests.analyzers.monoid import bits, learn

SPECIAL = [
    0.0,
    -0.0,
    5e-324,
    -5e-324,
    2.2250738585072014e-308,
    1e300,
    -1e300,
    1.7976931348623157e308,
    2.0**53 + 1,
    0.1,
    math.nan,
]
NUMBERS = st.lists(st.one_of(st.sampled_from(SPECIAL), st.floats(allow_infinity=False)), min_size=1, max_size=60)


def batch(elements):
    return Numbers(np.array(elements, np.float64))


def moments_of(values, **arguments):
    moments = Moments(**arguments)
    return {name: a.item() for name, a in moments.finish(moments.update(moments.empty(), batch(values))).items()}


@settings(max_examples=150, deadline=None)
@given(NUMBERS, st.integers(0, 2**32))
def test_moments_equal_exact_fractions_in_any_order_and_sharding(values, seed):
    present = [v for v in values if v == v]
    rng = random.Random(seed)
    if not present:
        with pytest.raises(DataError, match="all are missing"):
            learn(Moments(), values, batch, rng)
        return
    learned, state = learn(Moments(), values, batch, rng)
    again, same_state = learn(Moments(), values, batch, rng)
    assert (bits(learned), state) == (bits(again), same_state)
    mean = float(sum(map(Fraction, present)) / len(present))
    want = {"count": len(present), "mean": mean, "std": statistics.pstdev(map(Fraction, present))}
    assert {name: learned[name].item() for name in want} == want
    assert (learned["min"].item(), learned["max"].item()) == (min(present), max(present))


def test_literal_answers():
    assert moments_of([1.0, 2.0, 6.0, math.nan]) == {"count": 3, "mean": 3.0, "std": math.sqrt(14 / 3), "min": 1.0, "max": 6.0}
    assert moments_of([1e300, 1.0, -1e300])["mean"] == 1 / 3
    assert moments_of([2.0**53 + 2, 1.0, -(2.0**53 + 2)])["mean"] == 1 / 3
    assert moments_of([5e-324] * 3 + [-5e-324])["std"] == 5e-324
    assert moments_of([7.5] * 10)["std"] == 0.0


def test_negative_zero_is_learned_as_zero():
    learned = moments_of([-0.0, -0.0])
    assert [math.copysign(1, learned[name]) for name in ("mean", "min", "max", "std")] == [1, 1, 1, 1]


def test_more_values_than_the_bins_have_room_for():
    x = np.full(2**21 + 7, 1.7976931348623157e308)
    assert moments_of(x) == {"count": len(x), "mean": x[0], "std": 0.0, "min": x[0], "max": x[0]}
    y = np.tile([-(2.0 - 2**-52), 2.0 - 2**-52], 2**20)
    assert moments_of(y)["std"] == 2.0 - 2**-52


def test_float32_rounds_each_value_first():
    assert moments_of([0.1, 0.1], dtype="float32")["mean"] == float(np.float32(0.1))


def test_normalizers_before_are_applied_in_order():
    x = [0.0, 1.0, 5.0, math.nan, 100.0]
    before = (Clip(0, 10), Log1p())
    want = [math.log1p(min(v, 10.0)) for v in x if v == v]
    assert moments_of(x, before=before)["mean"] == float(sum(map(Fraction, want)) / 4)
    with pytest.raises(ValueError, match="must be learned"):
        Moments(before=(ZScore(),))


def test_only_elements_inside_the_rows_count():
    numbers = Numbers(np.array([99.0, 1.0, 3.0, math.inf]), np.array([1, 1, 3], np.int64))
    moments = Moments()
    assert moments.finish(moments.update(moments.empty(), numbers))["mean"].item() == 2.0
    shaped = Numbers(np.array([[1.0, 2.0], [3.0, math.nan]]))
    assert moments.finish(moments.update(moments.empty(), shaped))["count"].item() == 3


@pytest.mark.parametrize(
    ("numbers", "row", "got"),
    [
        (Numbers(np.array([1.0, math.nan, math.inf])), 2, "inf"),
        (Numbers(np.array([[1.0, 2.0], [3.0, -math.inf]])), 1, "-inf"),
        (Numbers(np.array([math.inf, 1.0, 2.0, math.inf]), np.array([1, 2, 2, 4], np.int64)), 2, "inf"),
    ],
)
def test_infinity_is_an_error_that_names_the_row(numbers, row, got):
    with pytest.raises(DataError, match="infinity cannot be learned from") as e:
        Moments().update(Moments().empty(), numbers)
    assert (e.value.row, e.value.got) == (row, got)


def test_a_value_that_becomes_infinite_is_shown_as_it_was():
    with pytest.raises(DataError, match="infinite once rounded") as e:
        moments_of([1.0, 1e300], dtype="float32")
    assert (e.value.row, e.value.got) == (1, "1e+300")


def test_zscore_minmax_and_mean_share_one_state():
    assert ZScore().analyzer() == MinMax().analyzer() == Mean().analyzer().collects
    assert ZScore().analyzer((Log1p(),)) != ZScore().analyzer()
    assert Mean().analyzer("float32").collects == Moments("float32")
    mean = Mean().analyzer()
    assert mean.finish(mean.update(mean.empty(), batch([1.0, 2.0])))["value"].item() == 1.5


def test_other_bytes_are_no_state():
    moments = Moments()
    data = moments.to_bytes(moments.update(moments.empty(), batch([1.0, -2.5, 1e-300])))
    for at in range(len(data)):
        with pytest.raises(DataError, match="not a state"):
            moments.from_bytes(data[:at])
        damaged = bytearray(data)
        damaged[at] ^= 0x81
        try:
            learned = moments.finish(moments.from_bytes(bytes(damaged)))
        except DataError:
            continue
        assert learned["std"] >= 0
    with pytest.raises(DataError, match="not a state"):
        moments.from_bytes(data + b"\0" * 8)
    assert moments.from_bytes(moments.to_bytes(moments.empty())).count == 0


@settings(max_examples=100, deadline=None)
@given(st.fractions(min_value=0))
def test_square_root_is_correctly_rounded(x):
    root = Fraction(square_root(x))
    above, below = Fraction(math.nextafter(root, math.inf)), Fraction(math.nextafter(root, 0))
    assert ((root + below) / 2) ** 2 <= x <= ((root + above) / 2) ** 2
