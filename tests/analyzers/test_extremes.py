"""The smallest and the largest value: in any order, of any sharding."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols._core.numbers import Numbers
from featurecols.analyzers.extremes import EqualBoundaries, Extremes
from featurecols.errors import DataError
from tests.analyzers.monoid import learn

NUMBERS = st.lists(st.one_of(st.sampled_from([0.0, -0.0, 1.7e308, -1.7e308, math.nan]), st.floats(allow_infinity=False)))


def batch(elements):
    return Numbers(np.array(elements, np.float64))


@settings(max_examples=100, deadline=None)
@given(NUMBERS, st.integers(2, 12), st.integers(0, 2**32))
def test_any_order_and_sharding_learns_the_same(values, n, seed):
    present = [v + 0.0 for v in values if v == v]
    if not present:
        with pytest.raises(DataError, match="all are missing"):
            learn(Extremes(), values, batch, random.Random(seed))
        return
    learned, state = learn(Extremes(), values, batch, random.Random(seed))
    assert (learned["min"].item(), learned["max"].item()) == (min(present), max(present))
    assert math.copysign(1, learned["min"].item() or 1.0) == math.copysign(1, min(present) or 1.0)
    assert learn(EqualBoundaries(n=n), values, batch, random.Random(seed + 1))[1] == state
    inner = EqualBoundaries(n=n).finish(Extremes().from_bytes(state))["boundaries"]
    assert (np.diff(inner) > 0).all()
    assert all(min(present) < b <= max(present) for b in inner.tolist())


def test_boundaries_have_equal_distances():
    state = Extremes().update(Extremes().empty(), batch([2.0, 12.0, 3.0]))
    assert EqualBoundaries(n=4).finish(state)["boundaries"].tolist() == [4.5, 7.0, 9.5]


def test_an_infinite_value_is_named_with_its_row():
    with pytest.raises(DataError, match="infinity cannot be learned from at row 2"):
        Extremes().update(Extremes().empty(), batch([1.0, math.nan, math.inf]))


@pytest.mark.parametrize(
    "data", [b"", Extremes().to_bytes(Extremes().empty())[:-1], EqualBoundaries(n=2).to_bytes(Extremes().empty())[:-9]]
)
def test_damaged_states_are_refused(data):
    with pytest.raises(DataError, match="not a state"):
        Extremes().from_bytes(data)
