"""Piecewise: the intervals that a number has passed, and the table rows that an Embedding adds up for them."""

from __future__ import annotations

import bisect
import math
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import SplineTransformer

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, float32, quantiles

NAN, INF = math.nan, math.inf


class PiecewiseReference(Kind):
    """(x - b[t]) / (b[t + 1] - b[t]) within 0 and 1, one interval after the other."""

    def __init__(self, column: Any, reference: Any) -> None:
        super().__init__(column, reference)
        self.over_field = isinstance(column.source, fc.Field)

    @cached_property
    def _seen(self) -> list[float]:
        if self.over_field:
            return [float(v) for v in self.reference.known(self.column.source)]
        numbers = self.of(self.column.source).numbers  # type: ignore[attr-defined]
        return [x for row in self.reference.train for x in numbers(row) if x == x]

    @cached_property
    def boundaries(self) -> list[float]:
        given = self.column.boundaries
        if isinstance(given, tuple):
            return list(given)
        return sorted({min(self._seen), *self._inner, max(self._seen)})

    @cached_property
    def _inner(self) -> list[float]:
        given = self.column.boundaries
        if isinstance(given, fc.Quantiles):
            return quantiles(self._seen, given.n)
        low, high = min(self._seen), max(self._seen)
        return [i * ((high - low) / given.n) + low for i in range(1, given.n)]

    def learned(self, slot: str) -> dict[str, Any]:
        ends = {"min": min(self._seen), "max": max(self._seen)}
        return {"boundaries": {"boundaries": self._inner}, "ends": ends}[slot]

    def _number(self, row: Row) -> float | None:
        if self.over_field:
            return self.raw(self.column.source, row)  # type: ignore[no-any-return]
        return self.of(self.column.source).numbers(row)[0]  # type: ignore[attr-defined,no-any-return]

    def width(self) -> int:
        return len(self.boundaries) - 1

    def _of(self, x: float | None) -> list[float]:
        if x is None or math.isnan(x):
            return [0.0] * self.width()
        b = self.boundaries
        x = min(max(float(x), b[0]), b[-1])
        return [float32(min(max((x - b[t]) / (b[t + 1] - b[t]), 0.0), 1.0) + 0.0) for t in range(len(b) - 1)]

    def features(self, row: Row) -> list[float]:
        return self._of(self._number(row))

    def steps(self, row: Row) -> list[list[float]]:
        return [self._of(x) for x in self.raw(self.column.source, row) or ()]

    def num_buckets(self) -> int:
        return len(self.boundaries) + 1

    def ids(self, row: Row) -> RowIds:
        x, b = self._number(row), self.boundaries
        if x is None or math.isnan(x):
            return RowIds([], [], True)
        x = min(max(float(x), b[0]), b[-1])
        t = bisect.bisect_right(b[1:-1], x)
        z = float32((x - b[0]) / (b[-1] - b[0]) + 0.0)
        return RowIds([len(b), *range(t), t, len(b) - 1], [1.0] * (t + 1) + [self._of(x)[t], z], True)


REFERENCE = {fc.Piecewise: PiecewiseReference}

AGES = fc.Piecewise("age", [0, 20, 60])
WRONG = [
    Wrong(lambda: fc.Piecewise("", [0, 1]), ("key", "''")),
    Wrong(lambda: fc.Piecewise(fc.Hashed("x", 3), [0, 1]), ("source", "Hashed('x', 3)")),
    Wrong(lambda: fc.Piecewise(fc.Numeric("x", shape=2), [0, 1]), ("source", "shape=(2,)")),
    Wrong(lambda: fc.Piecewise("x", [1]), ("boundaries", "two or more")),
    Wrong(lambda: fc.Piecewise("x", 5), ("boundaries", "5")),  # type: ignore[arg-type]
    Wrong(lambda: fc.Piecewise("x", [0, INF]), ("finite", "inf")),
    Wrong(lambda: fc.Piecewise("x", [0, "1"]), ("boundaries", "'1'")),  # type: ignore[list-item]
    Wrong(lambda: fc.Piecewise("x", [1, 1]), ("increase", "(1.0, 1.0)")),
    Wrong(lambda: fc.Piecewise("x", fc.TopTerms(3)), ("boundaries", "TopTerms(3)")),
    Wrong(lambda: fc.Piecewise("x", fc.EqualWidth(1)), ("EqualWidth", "got 1")),
    Wrong(lambda: fc.Piecewise("x", [0, 1], name=""), ("name", "''")),
    Wrong(lambda: fc.Embedding(AGES, 2, combiner="mean"), ("Piecewise", "'mean'", "leave out")),
    Wrong(lambda: fc.Embedding(AGES, 2, max_norm=1.0), ("Piecewise", "1.0", "leave out")),
    Wrong(lambda: fc.Indicator(AGES), ("source", "Piecewise")),
    Wrong(lambda: fc.Sequence(fc.Embedding(AGES, 2), 3), ("dense", "Piecewise")),
]

EXAMPLES = [
    Example(
        "given boundaries",
        [AGES, fc.Embedding(AGES, 3), fc.Embedding(fc.Piecewise("height", [-1, 1]), table="t", name="two")],
        rows=[
            {"age": x, "height": -x / 7} for x in (5.0, 50.0, 20.0, 19.999999999999996, -0.0, 60.0, 1e300, -5.0, 33.3, 5e-324)
        ]
        + [{"age": None, "height": 0.5}, {"age": NAN, "height": None}, {"age": INF, "height": -INF}],
        changes={"source": "height", "boundaries": (0, 20, 61), "name": "band"},
        wrong=WRONG,
        bad=[
            Bad({"age": ["old"], "height": [1.0]}, ("age", "number", "old"), 0),
            Bad({"age": [1, 10**400], "height": [1.0, 2.0]}, ("age",), 1),
            Bad({"age": [[1.0], [2.0]], "height": [1.0, 2.0]}, ("age", "one number"), 0),
            Bad({"ages": [1.0], "height": [1.0]}, ("age", "ages"), None),
        ],
    ),
    Example(
        "learned",
        [
            fc.Embedding(fc.Piecewise("x", fc.Quantiles(4)), 2),
            fc.Piecewise(fc.Numeric("x", default=0.25, normalizer=fc.Clip(-3, 3)), fc.EqualWidth(3)),
            fc.Sequence(fc.Piecewise("xs", [0.0, 0.5, 2.0]), 2),
        ],
        rows=[
            {"x": x, "xs": xs}
            for x, xs in ((0.1, [1.0, 3.0, 0.25]), (None, []), (-7.5, None), (1e9, [None]), (0.3, [0.5]), (2.5, [-1.0, 1.1]))
        ],
        changes={"source": fc.Piecewise("x", fc.Quantiles(3)), "dimension": 3},
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.Piecewise, EXAMPLES)


def test_it_spans_the_splines_of_degree_one_of_scikit_learn() -> None:
    random = np.random.default_rng(0)
    x, b = random.uniform(-2, 12, 500), np.array([0.0, 1.0, 4.0, 10.0])
    hats = SplineTransformer(degree=1, knots=b[:, None], extrapolation="constant").fit_transform(x[:, None])
    features = fc.compile([fc.Piecewise("x", b)]).transform({"x": x}).astype(np.float64)
    passed = np.concatenate([np.ones((500, 1)), features], axis=1)
    np.testing.assert_allclose(passed - np.append(features, np.zeros((500, 1)), axis=1), hats, atol=1e-6)


def encoded(x: float, b: list[float]) -> list[float]:
    """Equation 1 of Gorishniy et al. (2022), which rtdl computes: the first and the last interval are not clipped outside."""
    last = len(b) - 2
    return [
        0.0 if x < b[t] and t > 0 else 1.0 if x >= b[t + 1] and t < last else (x - b[t]) / (b[t + 1] - b[t])
        for t in range(last + 1)
    ]


def test_it_is_the_encoding_of_the_paper_within_the_boundaries() -> None:
    """Beyond them the paper goes on in the first and in the last feature, which are clipped here."""
    random = np.random.default_rng(2)
    x = random.lognormal(size=300)
    plan = fc.fit([fc.Piecewise("x", fc.Quantiles(7))], {"x": x})
    b = [float(edge) for edge in (min(x), *quantiles(x, 7), max(x))]
    np.testing.assert_allclose(plan.transform({"x": x}), [encoded(v, b) for v in x], rtol=1e-6, atol=1e-7)
    beyond = [min(x) - 1, max(x) + 1]
    np.testing.assert_allclose(plan.transform({"x": beyond}), np.clip([encoded(v, b) for v in beyond], 0, 1))


def test_its_embedding_is_a_linear_layer_of_the_encoding_and_of_the_number() -> None:
    """As version B of rtdl's PiecewiseLinearEmbeddings, whose line is over x: here it is over x as a share of the range."""
    random = np.random.default_rng(3)
    b, x, table = [-1.0, 0.0, 0.5, 3.0], random.uniform(-1, 3, 200), random.normal(size=(5, 4)).astype(np.float32)
    plan = fc.compile([fc.Embedding(fc.Piecewise("x", b), 4)]).with_tables({"x_piecewise_embedding": table})
    wide = table.astype(np.float64)
    want = np.array([encoded(v, b) for v in x]) @ wide[:3] + ((x + 1) / 4)[:, None] * wide[3] + wide[4]
    np.testing.assert_allclose(plan.transform({"x": x}), want, rtol=1e-5, atol=1e-6)


def test_what_a_network_trains_starts_as_a_line() -> None:
    plan = fc.compile([fc.Embedding(AGES, 2, initializer=fc.Constant(0.5))])
    assert plan.tables["age_piecewise_embedding"].tolist() == [[0, 0], [0, 0], [0.5, 0.5], [0.5, 0.5]]
    assert plan.transform({"age": [0, 30, 60]}).tolist() == [[0.5, 0.5], [0.75, 0.75], [1.0, 1.0]]


def test_rows_of_the_table_have_meanings() -> None:
    plan = fc.compile([fc.Embedding(AGES, 2)])
    meanings = [plan.describe_id("age_piecewise_embedding", i).label for i in range(4)]
    assert meanings == ["[0, 20)", "[20, 60)", "slope", "bias"]
    assert plan.terms({"age": [3, 4, 30, None]}, {"age_piecewise_embedding": [0, 1]}) == {
        "age_piecewise_embedding": {0: {("[0, 20)",): 2}, 1: {("[20, 60)",): 1}}
    }
    other = fc.compile([fc.Embedding(fc.Piecewise("age", [0, 20, 70]), 2)])
    carried = fc.carry_tables(plan.with_tables({"age_piecewise_embedding": [[1, 2], [3, 4], [5, 6], [7, 8]]}), other)
    assert carried.tables["age_piecewise_embedding"].tolist() == [[1, 2], [0, 0], [5, 6], [7, 8]]


def test_equal_values_give_one_step_after_them() -> None:
    with pytest.warns(UserWarning, match="x_piecewise: all values are equal"):
        plan = fc.fit([fc.Piecewise("x", fc.Quantiles(4))], {"x": [2.0, 2.0]})
    assert plan.transform({"x": [2.0, 2.0000001, 1.0]}).tolist() == [[0.0], [1.0], [0.0]]


def test_boundaries_further_apart_than_float64_holds() -> None:
    plan = fc.compile([fc.Piecewise("x", [-1.7e308, 0, 1.7e308])])
    x = [-1.7e308, -0.85e308, 0.85e308, 1.7e308]
    assert plan.transform({"x": x}).tolist() == [[0, 0], [0.5, 0], [1, 0.5], [1, 1]]
    assert [list(plan.transform_row({"x": v})) for v in x] == [[0, 0], [0.5, 0], [1, 0.5], [1, 1]]
