"""Indicator: ids as counts."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, float32


class IndicatorReference(Kind):
    """How often each id stands in the row, or the sum of its weights in float32."""

    def width(self) -> int:
        return self.of(self.column.source).num_buckets()

    def encoded(self, row: Row) -> RowIds | None:
        return self.of(self.column.source).ids(row)

    def wide(self) -> bool:
        return self.of(self.column.source).wide()

    def features(self, row: Row) -> list[float]:
        return self._combined(self.of(self.column.source).ids(row))

    def steps(self, row: Row) -> list[list[float]]:
        got = self.of(self.column.source).ids(row)
        if not got.many:  # one missing value: nothing says that the field holds lists
            return []
        weights = got.weights or [None] * len(got.ids)
        return [self._combined(RowIds([i], None if w is None else [w])) for i, w in zip(got.ids, weights, strict=True)]

    def _combined(self, got: RowIds) -> list[float]:
        out = [0.0] * self.width()
        for i, w in zip(got.ids, got.weights or [1.0] * len(got.ids), strict=True):
            if 0 <= i < len(out):
                out[i] = float32(out[i] + w)
        return out


REFERENCE = {fc.Indicator: IndicatorReference}


WRONG = [
    Wrong(lambda: fc.Indicator("x"), ("source", "Vocabulary")),
    Wrong(lambda: fc.Indicator(fc.Numeric("x")), ("source", "Numeric('x')")),
    Wrong(lambda: fc.Indicator(fc.Indicator(fc.Hashed("x", 3))), ("source", "Indicator")),
    Wrong(lambda: fc.Indicator(5), ("source", "5")),
    Wrong(lambda: fc.Indicator(fc.Hashed("x", 3), name=""), ("name", "''")),
]

EXAMPLES = [
    Example(
        "one-hot",
        [fc.Indicator(fc.Vocabulary("v", ["p", "q", "r"]))],
        rows=[{"v": v} for v in ("q", None, "zzz", "p", "r")],
        expect=[[0, 1, 0], [0, 0, 0], [0, 0, 0], [1, 0, 0], [0, 0, 1]],
        changes={"source": fc.Vocabulary("v", ["q", "p", "r"]), "name": "x"},
        wrong=WRONG,
        bad=[Bad({"v": ["p", "\ud800"]}, ("v", "surrogate"), 1)],
    ),
    Example(
        "counts",
        [fc.Indicator(fc.Vocabulary("v", ["p", "q", "r"], num_oov_buckets=1))],
        rows=[{"v": v} for v in (["p", "p", "q"], [], None, [None, "zz", "yy", "r"], ["q"] * 300)],
        expect=[[2, 1, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 1, 2], [0, 300, 0, 0]],
        changes={"source": fc.Vocabulary("v", ["p", "q", "r"], unseen=0)},
    ),
    Example(
        "weights",
        [fc.Indicator(fc.Weighted(fc.Identity("q", 3, out_of_range="keep"), "w"))],
        rows=[
            {"q": [0, 1, 0], "w": [0.5, -2.0, 0.25]},
            {"q": [7, -4, 2, 3], "w": [1.0, 1.0, 0.1, 1.0]},
            {"q": [1, 1, 1], "w": [1e8, 1.0, -1e8]},
            {"q": [], "w": []},
        ],
        expect=[[0.75, -2, 0], [0, 0, np.float32(0.1)], [0, 0, 0], [0, 0, 0]],
    ),
    Example(
        "elements of a shape",
        [fc.Indicator(fc.Bucketized(fc.Numeric("x", shape=(2,), default=float("nan")), [0], missing_bucket=2))],
        rows=[{"x": x} for x in ([1.0, -1.0], [None, 5.0], None)],
        expect=[[0, 1, 0, 1, 0, 0], [0, 0, 1, 0, 1, 0], [0, 0, 1, 0, 0, 1]],
    ),
    Example(
        "unseen id past the terms",
        [fc.Indicator(fc.Vocabulary("v", ["p"], unseen=3))],
        rows=[{"v": v} for v in ("p", "zzz", None)],
        expect=[[1, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]],
    ),
    Example(
        "beside others",
        [
            fc.Numeric("x"),
            fc.Indicator(fc.Hashed("v", 5)),
            fc.Indicator(fc.Crossed(["v", fc.Bucketized("x", [0])], 11)),
            fc.Numeric("x", normalizer=fc.Log1p(), name="log"),
        ],
        rows=[{"v": v, "x": x} for v, x in (("a", 1.0), (None, 0.5), ("b", 0.0), ("", 7.5))],
    ),
    Example(
        "learned",
        [
            fc.Indicator(fc.Vocabulary("v", fc.TopTerms(2), num_oov_buckets=1)),
            fc.Indicator(fc.Bucketized("x", fc.Quantiles(3))),
        ],
        rows=[{"v": v, "x": x} for v, x in (("a", 1.0), (None, 0.5), ("b", 0.0), ("a", None), ("c", 2.0))],
        expect=[[1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 1, 0], [0, 1, 0, 1, 0, 0], [1, 0, 0, 0, 0, 0], [0, 0, 1, 0, 0, 1]],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Indicator, EXAMPLES)


def test_a_result_beyond_memory_is_refused_before_it_is_made() -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed("city", 2**31 - 1))])
    with pytest.raises(fc.SizeError, match=r"GiB.*encode.*csr.*Embedding"):
        plan.transform({"city": ["a"] * 1000})
    assert plan.encode({"city": ["a"] * 1000}).to_csr().shape == (1000, 2**31 - 1)
