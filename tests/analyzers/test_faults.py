"""Planted faults in what learns: each one must be noticed by the laws."""

import math
import random
import statistics
from collections import Counter
from fractions import Fraction

import numpy as np
import pytest

from featurecols._core.arrays import Texts, Tokens
from featurecols._core.numbers import Numbers
from featurecols.analyzers import base
from featurecols.analyzers.moments import Moments
from featurecols.analyzers.quantiles import LIMIT, Boundaries, Histogram, MedianValue
from featurecols.analyzers.term_counts import MEMORY
from featurecols.analyzers.top_terms import TermCounts
from tests.analyzers.monoid import Words, bits, coded, learn, plain
from tests.mutation.planting import CAUGHT, Fault, planted


def batch(elements):
    return Numbers(np.array(elements, np.float64))


def moments():
    values = [1.5, -0.0, math.nan, 5e-324, -5e-324, 5e-324, 1e300, -3.0, 2.0**53 + 2] * 3
    present = [Fraction(v) for v in values if v == v]
    learned, state = learn(Moments(), values, batch, random.Random(1))
    want = float(sum(present) / len(present)), statistics.pstdev(present), -3.0, 1e300
    assert tuple(learned[name].item() for name in ("mean", "std", "min", "max")) == want
    assert learn(Moments(), values, batch, random.Random(2))[1] == state
    tiny, _ = learn(Moments(), [5e-324, 1e-310], batch, random.Random(3))
    assert tiny["mean"].item() == float((Fraction(5e-324) + Fraction(1e-310)) / 2)


def quantiles():
    assert Boundaries(n=4).finish(learn_state([0.0, 0.0, 0.0, 1.0, 1.0, 2.0, -0.0]))["boundaries"].tolist() == [1.0, 2.0]
    assert Boundaries(n=2).finish(learn_state([0.0, 0.0, 0.0, 1.0, 2.0]))["boundaries"].tolist() == [1.0]
    assert MedianValue().finish(learn_state([4.0, 1.0, 3.0, 2.0]))["value"].item() == 2.0
    x = np.random.default_rng(1).normal(size=2 * LIMIT)
    found = {learn(Histogram(), x.tolist(), batch, random.Random(seed))[1] for seed in range(3)}
    assert len(found) == 1
    state = Histogram().from_bytes(found.pop())
    assert LIMIT / 2 < state.used <= LIMIT < len(np.unique(base.sortable(x) >> np.uint64(state.drop - 1)))
    assert int(state.entries()[:, 1].sum()) == len(x)


def learn_state(values):
    return Histogram().update(Histogram().empty(), batch(values))


def terms():
    words = [b"%d" % (i * 7919 % 1000) for i in range(900) for _ in range(2 + (i % 10 == 0))]
    words += [b"", b"\0", None, b"x" * 300, b"x" * 301] * 3
    want = sorted((-c, w) for w, c in Counter(w for w in words if w is not None).items() if c >= 2)
    states = set()
    for seed in range(4):
        learned, state = learn(TermCounts(60, 2), words, plain if seed % 2 else coded, random.Random(seed))
        found = Texts(learned["offsets"], learned["data"])
        assert [(-c, found[i]) for i, c in enumerate(learned["counts"].tolist())] == want[:60]
        states.add((state, str(bits(learned))))
    assert len(states) == 1
    few = TermCounts(2).finish(TermCounts().update(TermCounts().empty(), plain([b"c", b"b", b"a"])))
    assert few["data"].tobytes() == b"ab"
    inner = coded([b"out", b"a", b"b"]).tokens()
    rows = Words(Tokens(inner.texts, inner.codes, np.array([1, 3], np.int64)))
    assert TermCounts().finish(TermCounts().update(TermCounts().empty(), rows))["counts"].tolist() == [1, 1]


A, K = "featurecols.analyzers", "featurecols.kernels"
_SORTED = 'np.argsort(-texts.counts[order], kind="stable")'
FAULTS = [
    (moments, Fault(f"{A}.moments:_fold", "max(e, 1) - 1", "e - 1")),
    (moments, Fault(f"{A}.moments:_fold", "2 * scale", "scale")),
    (moments, Fault(f"{A}.moments:Moments.merge", "min(a.low, b.low)", "a.low")),
    (moments, Fault(f"{A}.moments:Moments.finish", "n * state.squares", "(n - 1) * state.squares")),
    (moments, Fault(f"{K}.accumulate:sums", "e != _0", "True")),
    (
        quantiles,
        Fault(f"{A}.quantiles:Bins.merge", "drop + least_drop(keys, self.limit)", "drop + least_drop(keys, self.limit) + 1"),
    ),
    (quantiles, Fault(f"{A}.quantiles:Bins.make_room", "self.drop + more", "self.drop + more + 1")),
    (quantiles, Fault(f"{A}.quantiles:Histogram.finish", "state.drop", "state.drop + 1")),
    (quantiles, Fault(f"{A}.quantiles:_around_heavy_values", "(at, at + 1)", "(at,)")),
    (quantiles, Fault(f"{A}.quantiles:Bins.rebuild", "np.uint64(drop - had)", "np.uint64(drop)")),
    (quantiles, Fault(f"{K}.accumulate:count", "b == _SIGN", "b == _1")),
    (quantiles, Fault(f"{K}.accumulate:absorb", "table[at, 1] += entries[i, 1]", "table[at, 1] = entries[i, 1]")),
    (terms, Fault(f"{A}.top_terms:TermCounts.update", "tokens.codes[span]", "tokens.codes")),
    (terms, Fault(f"{A}.top_terms:TermCounts.finish", f"{_SORTED}[: self.n]", _SORTED)),
    (terms, Fault(f"{A}.top_terms:_Best.add", "int(best.counts.min()) + 1", "int(best.counts.min()) + 2")),
    (terms, Fault(f"{A}.top_terms:_first", "texts.counts > least", "texts.counts > least + 1")),
    (terms, Fault(f"{A}.term_counts:Table.merge", "self.runs.extend(other.runs)", "other.runs.close()")),
    (terms, Fault(f"{A}.term_counts:Table.settle", "weights", "None")),
    (terms, Fault(f"{A}.term_counts:Table.count", "self._waiting[0] is not texts", "False")),
    (terms, Fault(f"{K}.merge_sorted:merge", "status[COUNT] += window[r, 4]", "status[COUNT] += 1")),
]


@pytest.fixture(autouse=True)
def _little_memory(monkeypatch):
    monkeypatch.setenv(MEMORY, "0.02")
    monkeypatch.setattr("featurecols.analyzers.top_terms._POOL", 50)
    monkeypatch.setattr("featurecols.analyzers.spill._ENTRIES", 40)


@pytest.mark.law
@pytest.mark.parametrize("law", [moments, quantiles, terms])
def test_the_laws_hold(law):
    law()


@pytest.mark.mutation
@pytest.mark.parametrize(("law", "fault"), FAULTS, ids=lambda value: getattr(value, "__name__", None) or str(value))
def test_the_laws_notice(law, fault):
    with planted(fault), pytest.raises((*CAUGHT, KeyError)):
        law()
