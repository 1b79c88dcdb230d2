"""Counts and bins of values, against numpy and by hand; the laws of analyzers."""

import math
import random

import numpy as np
import pyarrow as pa
import pytest

from featurecols._core.arrays import Tokens
from featurecols._core.numbers import Numbers
from featurecols.analyzers import base
from featurecols.analyzers.distribution import MOST_BINS, ValueBins, ValueCount
from featurecols.data.fields import convert
from featurecols.errors import DataError
from tests.analyzers.monoid import Words, bits, coded, learn, plain


def numbers(elements):
    return Numbers(np.array(elements, np.float64))


def test_any_order_and_sharding_gives_the_same_bytes():
    values = [*np.random.default_rng(1).normal(size=3 * MOST_BINS).tolist(), math.nan, math.inf, -math.inf, 0.0, -0.0, 1e300]
    found = [learn(ValueBins(), values, numbers, random.Random(seed)) for seed in range(3)]
    assert len({state for _, state in found}) == 1
    assert len({str(bits(learned)) for learned, _ in found}) == 1
    learned = found[0][0]
    assert (learned["values"].item(), learned["infinite"].item()) == (len(values), 2)
    keys, counts = np.unique(
        base.sortable([v + 0.0 for v in values if math.isfinite(v)]) >> np.uint64(learned["drop"]), return_counts=True
    )
    assert learned["keys"].tolist() == keys.tolist()
    assert learned["counts"].tolist() == counts.tolist()
    assert MOST_BINS / 2 < len(keys) <= MOST_BINS
    words = [b"a", None, b"b", b"a"] * 5
    assert {learn(ValueCount(), words, batch, random.Random(3))[0]["values"].item() for batch in (plain, coded)} == {20}


def test_numbers_of_every_exponent_fit_into_the_bins():
    values = [s * math.ldexp(1.0, e) for e in range(-1074, 1024) for s in (1, -1)] + [0.0]
    _, state = learn(ValueBins(), values, numbers, random.Random(1))
    found = ValueBins().from_bytes(state)
    assert found.values == len(values) == int(found.bins.entries()[:, 1].sum())
    assert ValueBins().to_bytes(found) == state


def test_what_is_missing_in_a_dictionary_counts() -> None:
    view = convert.view_of("x", pa.array([1.5, None, 2.5, 1.5]).dictionary_encode())
    state = ValueBins().update(ValueBins().empty(), view)
    assert (state.values, ValueBins().finish(state)["counts"].tolist()) == (4, [2, 1])


def test_an_empty_list_is_one_missing_value():
    state = ValueBins().update(ValueBins().empty(), Numbers(np.array([1.0, math.nan, 2.0]), np.array([0, 2, 2, 3])))
    assert (state.values, ValueBins().finish(state)["counts"].tolist()) == (4, [1, 1])
    inner = coded([b"a", b"b", b"c"]).tokens()
    rows = Words(Tokens(inner.texts, inner.codes, np.array([0, 2, 2, 3], np.int64)))
    assert ValueCount().update(0, rows) == 4


@pytest.mark.parametrize("data", [b"", b"x" * 40, ValueBins().to_bytes(ValueBins().empty())[:-1]])
def test_other_bytes_are_refused(data):
    for analyzer in (ValueBins(), ValueCount()):
        with pytest.raises(DataError, match="not a state"):
            analyzer.from_bytes(data)
