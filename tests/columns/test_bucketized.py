"""Bucketized: intervals closed on the left."""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import KBinsDiscretizer

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, float32, quantiles

NAN, INF = math.nan, math.inf
AGES = (17.999999999999996, 18.0, 65.0, -INF, INF, 5e-324, -0.0, 64.99999999999999, 1e300)


class BucketizedReference(Kind):
    """How many boundaries are <= x; each element of a shape has buckets of its own."""

    def __init__(self, column: Any, reference: Any) -> None:
        super().__init__(column, reference)
        self.over_field = isinstance(column.source, fc.Field)
        self.shape = getattr(column.source, "shape", ())

    @cached_property
    def boundaries(self) -> list[float]:
        c = self.column
        if isinstance(c.boundaries, tuple):
            return list(c.boundaries)
        if self.over_field:
            seen = [float(v) for v in self.reference.known(c.source)]
        else:
            numbers = self.of(c.source).numbers  # type: ignore[attr-defined]
            seen = [x for row in self.reference.train for x in numbers(row)]
        if isinstance(c.boundaries, fc.EqualWidth):
            low, step = min(seen), (max(seen) - min(seen)) / c.boundaries.n
            return [i * step + low for i in range(1, c.boundaries.n)]
        return quantiles(seen, c.boundaries.n)

    @cached_property
    def cuts(self) -> list[float]:
        """The boundaries as they are compared."""
        rounds = getattr(self.column.source, "dtype", "") == "float32"
        return [float32(float(b)) if rounds else float(b) for b in self.boundaries]

    def stride(self) -> int:
        own = self.column.missing_bucket
        return max(len(self.boundaries), -1 if own is None else own) + 1

    def _bucket(self, x: float | None, j: int) -> int:
        if x is not None and not math.isnan(x):
            return sum(b <= x for b in self.cuts) + self.stride() * j
        own = self.column.missing_bucket
        return -1 if own is None else int(own) + self.stride() * j

    def ids(self, row: Row) -> RowIds:
        if not self.over_field:
            numbers = self.of(self.column.source).numbers(row)  # type: ignore[attr-defined]
            return RowIds([self._bucket(x, j) for j, x in enumerate(numbers)], None, bool(self.shape))
        value = self.raw(self.column.source, row)
        many = isinstance(value, list)
        return RowIds([self._bucket(x, 0) for x in (value if many else [value])], None, many)

    def num_buckets(self) -> int:
        return self.stride() * math.prod(self.shape)

    def learned(self, slot: str) -> dict[str, Any]:
        return {"boundaries": {"boundaries": self.boundaries}}[slot]


REFERENCE = {fc.Bucketized: BucketizedReference}


WRONG = [
    Wrong(lambda: fc.Bucketized("", [1]), ("key", "''")),
    Wrong(lambda: fc.Bucketized(5, [1]), ("source", "5")),
    Wrong(lambda: fc.Bucketized(fc.Hashed("x", 3), [1]), ("source", "Hashed('x', 3)")),
    Wrong(lambda: fc.Bucketized(fc.Numeric("x", shape=(2, 2)), [1]), ("dimension", "shape=(2, 2)")),
    Wrong(lambda: fc.Bucketized("x", []), ("boundaries", "()")),
    Wrong(lambda: fc.Bucketized("x", 5), ("boundaries", "5")),
    Wrong(lambda: fc.Bucketized("x", [1, "2"]), ("boundaries", "'2'")),
    Wrong(lambda: fc.Bucketized("x", [1, True]), ("boundaries", "True")),
    Wrong(lambda: fc.Bucketized("x", [1, 1]), ("increase", "(1.0, 1.0)")),
    Wrong(lambda: fc.Bucketized("x", [0.0, -0.0]), ("increase", "-0.0")),
    Wrong(lambda: fc.Bucketized("x", [2, 1]), ("increase", "(2.0, 1.0)")),
    Wrong(lambda: fc.Bucketized("x", [NAN]), ("boundary", "nan")),
    Wrong(lambda: fc.Bucketized("x", [1, NAN]), ("nan",)),
    Wrong(lambda: fc.Bucketized("x", [10**400]), ("bound",)),
    Wrong(lambda: fc.Bucketized("x", fc.TopTerms(3)), ("boundaries", "TopTerms(3)")),
    Wrong(lambda: fc.Bucketized("x", [1], missing_bucket=-1), ("missing_bucket", "-1")),
    Wrong(lambda: fc.Bucketized("x", [1], missing_bucket=3), ("missing_bucket", "3", "2")),
    Wrong(lambda: fc.Bucketized("x", fc.Quantiles(4), missing_bucket=5), ("missing_bucket", "5", "4")),
    Wrong(lambda: fc.Bucketized("x", [1], missing_bucket=True), ("missing_bucket", "True")),
    Wrong(lambda: fc.Bucketized("x", [1], name=""), ("name", "''")),
    Wrong(lambda: fc.Quantiles(1), ("n", "got 1")),
]

EXAMPLES = [
    Example(
        "ages",
        [fc.Bucketized("age", [18, 65])],
        rows=[
            *({"age": a, "height": -a} for a in AGES),
            {"age": None, "height": 70.0},
            {"age": NAN, "height": 1.0},
        ],
        expect=[0, 1, 2, 0, 2, 0, 0, 1, 2, -1, -1],
        changes={"source": "height", "boundaries": (18, 64), "missing_bucket": 1, "name": "band"},
        wrong=WRONG,
        bad=[
            Bad({"age": ["old"]}, ("age", "number", "old"), 0),
            Bad({"age": [1, 10**400]}, ("age",), 1),
            Bad({"ages": [1.0]}, ("age", "ages"), None),
        ],
    ),
    Example(
        "missing in a bucket",
        [fc.Bucketized("age", [18, 65], missing_bucket=2)],
        rows=[{"age": a} for a in (3.0, None, 20.0, NAN, 70.0)],
        expect=[0, 2, 1, 2, 2],
        changes={"missing_bucket": 0},
    ),
    Example(
        "missing in its own bucket",
        [fc.Bucketized(fc.Field("age", missing=-1), [18, 65], missing_bucket=3)],
        rows=[{"age": a} for a in (3.0, None, 20.0, -1.0, 70.0)],
        expect=[0, 3, 1, 3, 2],
        changes={"missing_bucket": 2, "source": "age"},
    ),
    Example(
        "integers",
        [fc.Bucketized("n", [0, 2**53])],
        rows=[{"n": n} for n in (-1, 0, 2**53 - 1, 2**53, 2**63 - 1)],
        expect=[0, 1, 1, 2, 2],
    ),
    Example(
        "many boundaries",
        [fc.Bucketized("x", [i / 8 for i in range(-40, 41)])],
        rows=[{"x": x} for x in (-5.0, -5.01, 0.0, -0.0, 0.125, 0.1249999, 4.99, 5.0, 1e9, -INF, None, 2.5, NAN)],
        expect=[1, 0, 41, 41, 42, 41, 80, 81, 81, 0, -1, 61, -1],
    ),
    Example(
        "infinite boundaries",
        [fc.Bucketized("x", [-INF, 0, INF])],
        rows=[{"x": x} for x in (-INF, -1.0, 0.0, INF, None)],
        expect=[1, 1, 2, 3, -1],
    ),
    Example(
        "a filled source",
        [fc.Bucketized(fc.Numeric("age", default=30, normalizer=fc.ZScore(mean=40, std=10)), [-1, 0.1])],
        rows=[{"age": a} for a in (30.0, 29.999999999999996, None, 41.0, 40.99999999999999)],
        expect=[1, 0, 1, 2, 1],
        changes={"source": fc.Numeric("age", default=10)},
        bad=[],
    ),
    Example(
        "a source without default",
        [fc.Bucketized(fc.Numeric("age"), [18])],
        rows=[{"age": 3.0}, {"age": 30.0}],
        expect=[0, 1],
        bad=[Bad({"age": [1.0, None]}, ("age", "missing", "default"), 1)],
    ),
    Example(
        "full precision beside the number itself",
        [fc.Bucketized(fc.Numeric("x", default=NAN), [0.1]), fc.Numeric("x", default=NAN)],
        rows=[{"x": x} for x in (0.1, 0.09999999999999999, 0.10000000149011612, None)],
        expect=[1, 0, 1, -1],
    ),
    Example(
        "float32",
        [fc.Bucketized(fc.Numeric("x", dtype="float32", default=NAN), [0.1, 0.7])],
        rows=[{"x": x} for x in (0.1, 0.09999999999999999, 0.10000000149011612, 0.09, None, 0.7, 0.69999)],
        expect=[1, 1, 1, 0, -1, 2, 1],  # 0.7 is 0.699999988 in float32, and so is the boundary
        changes={"source": fc.Numeric("x", default=NAN)},
    ),
    Example(
        "shaped",
        [fc.Bucketized(fc.Numeric("x", shape=(3,), default=NAN), [0, 10])],
        rows=[{"x": x} for x in ([-1.0, 5.0, 10.0], [None, 0.0, NAN], None)],
        expect=[[0, 4, 8], [-1, 4, -1], [-1, -1, -1]],
        changes={"missing_bucket": 3},
    ),
    Example(
        "shaped, missing in its own bucket",
        [fc.Bucketized(fc.Numeric("x", shape=(2,), default=NAN), [0, 10], missing_bucket=3)],
        rows=[{"x": x} for x in ([-1.0, 5.0], [None, 0.0], None)],
        expect=[[0, 5], [3, 5], [3, 7]],
    ),
    Example(
        "lists",
        [fc.Bucketized("x", [0, 10], missing_bucket=1)],
        rows=[{"x": x} for x in ([-1.0, 5.0, 10.0, 5.0], [], None, [None, NAN, -3.0], [11.0])],
        expect=[[0, 1, 2, 1], [], [], [1, 1, 0], [2]],
        changes={"missing_bucket": 0},
        bad=[Bad({"x": [[[1.0]]]}, ("x",), 0)],
    ),
    Example(
        "learned",
        [fc.Bucketized("x", fc.Quantiles(4))],
        rows=[{"x": x} for x in (1.0, 2.0, None, 3.0, 5.0, 100.0)],
        train=[{"x": x} for x in (5.0, 1.0, 2.0, None, 2.0, 3.0, NAN, 8.0, 7.0, 2.0)],
        expect=[
            0,
            1,
            -1,
            2,
            3,
            3,
        ],  # 2 is heavy: boundaries at 2 and 3; of the others, 1 3 5 7 8, place 2 holds 5
        changes={"boundaries": fc.Quantiles(2), "missing_bucket": 4},
    ),
    Example(
        "learned, of one width",
        [fc.Bucketized("x", fc.EqualWidth(4), missing_bucket=4)],
        rows=[{"x": x} for x in (-9.0, 1.0, 2.9, None, 3.0, 5.1, 100.0)],
        train=[{"x": x} for x in (1.0, 9.0, None, 2.0, NAN)],
        expect=[0, 0, 0, 4, 1, 2, 3],
        changes={"boundaries": fc.EqualWidth(5), "missing_bucket": 0},
        wrong=[
            Wrong(lambda: fc.EqualWidth(1), ("n", "got 1")),
            Wrong(lambda: fc.Bucketized("x", fc.EqualWidth(4), missing_bucket=5), ("missing_bucket", "5", "4")),
        ],
    ),
    Example(
        "learned from a learned number",
        [fc.Bucketized(fc.Numeric("x", default=fc.Median(), normalizer=fc.ZScore()), fc.Quantiles(3))],
        rows=[{"x": x} for x in (1.0, 2.5, None, 3.0, 50.0)],
        train=[{"x": x} for x in (1.0, 2.0, None, 3.0, 8.0, 7.0, 1 / 3)],
        changes={"boundaries": fc.Quantiles(2)},
    ),
    Example(
        "learned from lists",
        [fc.Bucketized("x", fc.Quantiles(2))],
        rows=[{"x": x} for x in ([1.0, 2.0], [], None, [None, 9.0, 4.0])],
        expect=[[0, 0], [], [], [-1, 1, 1]],  # sorted 1 2 4 9: place 2 holds 4
    ),
    Example(
        "nothing to tell apart",
        [fc.Bucketized("x", fc.Quantiles(4))],
        rows=[{"x": 3.0}] * 4,
        expect=[0, 0, 0, 0],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Bucketized, EXAMPLES)


def test_equal_widths_are_those_of_scikit_learn() -> None:
    x = np.random.default_rng(1).lognormal(size=500)
    theirs = KBinsDiscretizer(7, encode="ordinal", strategy="uniform", subsample=None).fit(x[:, None])
    plan = fc.fit([fc.Bucketized("x", fc.EqualWidth(7))], {"x": x})
    ids = plan.encode({"x": x}).ids["x_bucketized"].values
    np.testing.assert_array_equal(ids, theirs.transform(x[:, None]).ravel())


def test_quantiles_put_different_values_where_those_of_scikit_learn_do() -> None:
    """Where the rows are a multiple of n. Its boundaries lie between two values, ours are the larger ones of these."""
    x = np.random.default_rng(1).lognormal(size=500)
    theirs = KBinsDiscretizer(10, encode="ordinal", strategy="quantile", quantile_method="linear", subsample=None)
    plan = fc.fit([fc.Bucketized("x", fc.Quantiles(10))], {"x": x})
    ids = plan.encode({"x": x}).ids["x_bucketized"].values
    np.testing.assert_array_equal(ids, theirs.fit_transform(x[:, None]).ravel())
    labels = [plan.describe_id("x_bucketized", i).label for i in range(1, 10)]
    assert np.isin([float(label.strip("[>= ").split(",")[0]) for label in labels], x).all()


def test_equal_values_have_no_width() -> None:
    with pytest.warns(UserWarning, match="x_bucketized: all values are equal"):
        fc.fit([fc.Bucketized("x", fc.EqualWidth(3))], {"x": [1.0, 1.0]})
