"""Numeric: numbers, defaults, normalizers."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn.preprocessing import PowerTransformer

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, float32, leaves

NAN, INF = math.nan, math.inf
AWKWARD = (0.0, -0.0, 5e-324, -5e-324, 1e300, -1e300, 2.0**53 + 2, 1e-46, 3.4028235677973366e38, 1.1754943e-38, 0.1, INF, -INF)


class NumericReference(Kind):
    """Numbers through default and normalizers in float64, rounded to float32 at the end."""

    def read(self, x: float) -> float:
        """A number as it is read."""
        return float32(float(x)) if self.column.dtype == "float32" else float(x)

    def number(self, x: float | None, element: int, stop: int | None = None) -> float:
        """One element through default and normalizers; `stop` leaves out the later normalizers."""
        if x is None:
            x = self.default(element)
            if x is None:
                raise ValueError(f"{self.column.name}: missing without default")
        infinite, passes = math.isinf(float(x)), self.passes(element)  # one that is infinite once it is rounded is let through
        x = self.read(x)
        for i, step in enumerate(self.column.normalizer[:stop]):
            if type(step) is fc.Log1p and x <= -1 and not passes:
                raise ValueError(f"{self.column.name}: no logarithm")
            x = x if math.isnan(x) else NORMALIZERS[type(step)](x, step, **self.given(i))
            infinite = infinite and (math.isinf(x) or type(step) in STATISTICS)
        if infinite and not passes:
            raise ValueError(f"{self.column.name}: infinite")
        return x

    def passes(self, element: int) -> bool:
        """Whether what is not finite is let through."""
        default = self.default(element)
        return default is not None and not math.isfinite(default)

    def default(self, element: int) -> float | None:
        default = self.column.default
        if type(default) in AVERAGES:
            return self._learned_default
        return float(leaves(default)[element]) if isinstance(default, tuple) else default

    @cached_property
    def _learned_default(self) -> float:
        return AVERAGES[type(self.column.default)]([self.read(v) for v in self.reference.known(self.column.source)])

    def given(self, i: int) -> dict[str, float]:
        """What normalizer i was given, or learns from the known values that the normalizers before it let through."""
        if i not in self._given:
            step = self.column.normalizer[i]
            names = STATISTICS.get(type(step), {})
            if any(getattr(step, name) is None for name in names):
                seen = [self.number(v, 0, i) for v in self.reference.known(self.column.source)]
                of = (seen, step.n) if type(step) is fc.RankGauss else (seen,)
                self._given[i] = {name: statistic(*of) for name, statistic in names.items()}
            else:
                self._given[i] = {name: getattr(step, name) for name in names}
        return self._given[i]

    @cached_property
    def _given(self) -> dict[int, dict[str, float]]:
        return {}

    def numbers(self, row: Row) -> list[float]:
        """The features in full precision: as many as the shape holds."""
        source = self.column.source
        if not isinstance(source, fc.Field):
            return self._of_numbers(self.of(source).numbers(row))  # type: ignore[attr-defined]
        value = self.raw(source, row)
        flat = leaves(value) if value not in (None, []) else [None] * self.width()
        if len(flat) != self.width():
            raise ValueError(f"{self.column.name}: {len(flat)} values")
        return [self.number(x, j) for j, x in enumerate(flat)]

    def _of_numbers(self, numbers: list[float]) -> list[float]:
        return [self.number(None if math.isnan(x) else x, 0) for x in numbers]

    def training(self, row: Row) -> list[float]:
        source = self.column.source
        if not hasattr(source, "label"):
            return self.features(row)
        return [float32(x) for x in self._of_numbers(self.of(source).training_numbers(row))]  # type: ignore[attr-defined]

    def width(self) -> int:
        return math.prod(self.column.shape)

    def features(self, row: Row) -> list[float]:
        return [float32(x) for x in self.numbers(row)]

    def steps(self, row: Row) -> list[list[float]]:
        absent = [None] * self.width()
        found = [leaves((step or absent) if self.column.shape else step) for step in self.raw(self.column.source, row) or ()]
        return [[float32(self.number(x, j)) for j, x in enumerate(step)] for step in found]

    def learned(self, slot: str) -> dict[str, Any]:
        return {"value": self.default(0)} if slot == "default" else self.given(int(slot.removeprefix("normalizer_")))


def mean(values: list[float]) -> float:
    """Exact, then rounded once."""
    return float(statistics.mean(map(Fraction, values)))


def median(values: list[float]) -> float:
    """The lower median."""
    return sorted(values)[(len(values) - 1) // 2]


def zscore(x: float, step: Any, mean: float, std: float) -> float:
    return 0.0 if std == 0 else (x - mean) / std


def minmax(x: float, step: Any, min: float, max: float) -> float:
    if math.isinf(max - min):
        x, min, max = x / 2, min / 2, max / 2
    return 0.0 if max == min else (x - min) / (max - min)


def percentile(q: float) -> Callable[[list[float]], float]:
    return lambda values: float(np.percentile(values, 100 * q))


def spread(values: list[float]) -> float:
    """The distance between the quartiles, 1 where they are equal."""
    return percentile(0.75)(values) - percentile(0.25)(values) or 1.0


def robust(x: float, step: Any, center: float, scale: float) -> float:
    return (x - center) / scale


def signed_log1p(x: float, step: Any) -> float:
    return -math.log1p(-x) if x < 0 else math.log1p(x)


def likeliest(values: list[float]) -> float:
    """scikit-learn's exponent, as a multiple of 1 / 1024; 1 where there is one value."""
    if len(set(values)) == 1:
        return 1.0
    return round(float(PowerTransformer().fit(np.array(values)[:, None]).lambdas_[0]) * 1024) / 1024


def power(x: float, step: Any, exponent: float) -> float:
    if x < 0:
        return -power(-x, step, 2 - exponent)
    if exponent == 1:
        return x
    return math.log1p(x) if exponent == 0 else math.expm1(exponent * math.log1p(x)) / exponent


def even_quantiles(values: list[float], n: int) -> list[float]:
    k = max(2, min(n, len(values)))
    found = np.percentile(values, [100 * i / (k - 1) for i in range(k)])
    return np.maximum.accumulate(found).tolist()


def rank_gauss(x: float, step: Any, quantiles: Any) -> float:
    """The rank as numpy interpolates it, of equal quantiles the middle, as Python's normal distribution has it."""
    q, ranks = np.array(quantiles), np.arange(len(quantiles)) / (len(quantiles) - 1)
    equal = ranks[q == x]
    rank = equal.mean() if len(equal) else np.interp(x, q, ranks)
    return statistics.NormalDist().inv_cdf(min(max(float(rank), 1e-7), 1 - 1e-7))


def log1p(x: float, step: Any) -> float:
    return math.log1p(x) if x > -1 else (-math.inf if x == -1 else math.nan)


def clip(x: float, step: Any) -> float:
    return step.min if x < step.min else step.max if x > step.max else x


AVERAGES = {fc.Mean: mean, fc.Median: median}
STATISTICS = {
    fc.ZScore: {"mean": mean, "std": statistics.pstdev},
    fc.MinMax: {"min": min, "max": max},
    fc.Robust: {"center": percentile(0.5), "scale": spread},
    fc.Power: {"exponent": likeliest},
    fc.RankGauss: {"quantiles": even_quantiles},
}  # exact, rounded once
NORMALIZERS: dict[type, Any] = {
    fc.ZScore: zscore,
    fc.MinMax: minmax,
    fc.Log1p: log1p,
    fc.Clip: clip,
    fc.Robust: robust,
    fc.SignedLog1p: signed_log1p,
    fc.Power: power,
    fc.RankGauss: rank_gauss,
}
REFERENCE = {fc.Numeric: NumericReference}


WRONG = [
    Wrong(lambda: fc.Numeric(""), ("key", "''")),
    Wrong(lambda: fc.Numeric(fc.Hashed("x", 3)), ("source", "Hashed('x', 3)")),
    Wrong(lambda: fc.Numeric(["x", "y"]), ("source", "x")),
    Wrong(lambda: fc.Numeric("x", shape=(0,)), ("shape", "(0,)")),
    Wrong(lambda: fc.Numeric("x", shape=(2, -1)), ("shape", "(2, -1)")),
    Wrong(lambda: fc.Numeric("x", shape=(2.0,)), ("shape", "(2.0,)")),
    Wrong(lambda: fc.Numeric("x", shape="2"), ("shape", "'2'")),
    Wrong(lambda: fc.Numeric("x", dtype="int32"), ("dtype", "'int32'", "float32")),
    Wrong(lambda: fc.Numeric("x", default="0"), ("default", "'0'")),
    Wrong(lambda: fc.Numeric("x", default=True), ("default", "True")),
    Wrong(lambda: fc.Numeric("x", default=10**400), ("default",)),
    Wrong(lambda: fc.Numeric("x", default=fc.Quantiles(3)), ("default", "Quantiles(3)")),
    Wrong(lambda: fc.Numeric("x", shape=(3,), default=(1, 2)), ("default", "(1, 2)", "3")),
    Wrong(lambda: fc.Numeric("x", default=(1, 2)), ("default", "(1, 2)")),
    Wrong(lambda: fc.Numeric("x", normalizer=abs), ("normalizer", "abs")),
    Wrong(lambda: fc.Numeric("x", normalizer="zscore"), ("normalizer", "'zscore'")),
    Wrong(lambda: fc.Numeric("x", normalizer=[fc.Log1p(), 3]), ("normalizer", "got 3")),
    Wrong(lambda: fc.Numeric("x", name=""), ("name", "''")),
    Wrong(lambda: fc.ZScore(mean=1), ("std",)),
    Wrong(lambda: fc.ZScore(mean=0, std=-1), ("std", "-1")),
    Wrong(lambda: fc.ZScore(mean=NAN, std=1), ("mean", "nan")),
    Wrong(lambda: fc.MinMax(min=2, max=1), ("min", "(2", "1")),
    Wrong(lambda: fc.MinMax(min=0, max=INF), ("max", "inf")),
    Wrong(lambda: fc.Clip(2, 1), ("min", "2", "1")),
    Wrong(lambda: fc.Clip("a", 1), ("min", "'a'")),
]

EXAMPLES = [
    Example(
        "plain",
        [fc.Numeric("x")],
        rows=[{"x": x, "y": -x} for x in (1.5, -2.0, 0.1, 1e10)],
        expect=[[1.5], [-2.0], [0.1], [1e10]],
        changes={
            "source": "y",
            "shape": (2,),
            "normalizer": fc.Log1p(),
            "name": "z",
        },
        wrong=WRONG,
        bad=[
            Bad({"x": [1.0, None, NAN]}, ("x", "missing", "default"), 1),
            Bad({"x": [1.0, 2.0, NAN]}, ("x", "missing", "default"), 2),
            Bad({"x": ["1", "2"]}, ("x", "number"), 0),
            Bad({"x": [[1.0], [2.0]]}, ("x", "one number", "shape"), 0),
            Bad({"x": [1, 10**400]}, ("x", "float64"), 1),
            Bad({"y": [1.0]}, ("x", "y"), None),
            Bad(pa.table({"x": pa.array([1, 2], pa.date32())}), ("x", "date"), 0),
        ],
    ),
    Example(
        "awkward",
        [fc.Numeric("x", default=NAN)],
        rows=[{"x": x} for x in (*AWKWARD, NAN, None)],
        changes={"default": 1.0},
    ),
    Example(
        "awkward in float32",
        [fc.Numeric("x", dtype="float32", default=0.1, normalizer=[fc.ZScore(mean=0.1, std=3), fc.Log1p()])],
        rows=[{"x": x} for x in (0.0, -0.0, 5e-324, 2.0**53 + 2, 1e-46, 3.4028234e38, 1.1754943e-38, 0.1, NAN, None)],
        changes={"dtype": "float64", "default": 0.2, "normalizer": fc.ZScore(mean=0.1, std=3)},
    ),
    Example(
        "integers",
        [fc.Numeric(fc.Field("x", missing=(-999, "?")), default=-1)],
        rows=[{"x": x} for x in (0, 7, -999, None, -5, 2**24 + 1)],
        expect=[[0], [7], [-1], [-1], [-5], [2**24]],
        changes={"source": fc.Field("x"), "default": -2},
    ),
    Example("integers of 64 bits", [fc.Numeric("x")], rows=[{"x": x} for x in (2**53 + 1, 2**63 - 1, -(2**63), 0)]),
    Example("booleans", [fc.Numeric("x", default=0.5)], rows=[{"x": x} for x in (True, False, None)], expect=[[1], [0], [0.5]]),
    Example(
        "normalizers in order",
        [
            fc.Numeric(
                "x",
                default=3,
                normalizer=[fc.Clip(-0.5, 1e6), fc.Log1p(), fc.MinMax(min=1, max=3), fc.ZScore(mean=0.5, std=0.25)],
            )
        ],
        rows=[{"x": x} for x in (*AWKWARD, None, 7.25, 1e5)],
        changes={"normalizer": [fc.Log1p(), fc.Clip(-0.5, 1e6)]},
    ),
    Example(
        "robust",
        [
            fc.Numeric("x", default=fc.Median(), normalizer=[fc.SignedLog1p(), fc.Robust()]),
            fc.Numeric("x", default=0, normalizer=fc.Robust(), name="plain"),
        ],
        rows=[{"x": x} for x in (-7.5, 0.0, -0.0, None, 1e9, 0.1, 3.0, 12.0)],
        changes={"normalizer": [fc.Robust(), fc.SignedLog1p()]},
    ),
    Example(
        "power",
        [
            fc.Numeric("x", default=fc.Median(), normalizer=[fc.Power(), fc.ZScore()]),
            fc.Numeric("x", default=0, normalizer=fc.Power(exponent=-0.5), name="given"),
        ],
        rows=[{"x": x} for x in (-7.5, 0.0, -0.0, None, 40.0, 0.1, 3.0, 12.0)],
        changes={"normalizer": [fc.ZScore(), fc.Power()]},
    ),
    Example(
        "ranks",
        [
            fc.Numeric("x", normalizer=fc.RankGauss(5), default=1),
            fc.Numeric("x", default=0, normalizer=[fc.RankGauss(quantiles=[0, 0, 1, 8]), fc.Clip(-2, 2)], name="given"),
        ],
        rows=[{"x": x} for x in (-7.5, 0.0, -0.0, None, 1e9, 0.1, 3.0, 0.0, 12.0)],
        changes={"normalizer": fc.RankGauss(4)},
    ),
    Example(
        "no spread",
        [fc.Numeric("x", normalizer=[fc.ZScore(mean=2, std=0)]), fc.Numeric("y", normalizer=fc.MinMax(min=2, max=2))],
        rows=[{"x": 5.0, "y": 5.0}, {"x": 2.0, "y": 2.0}],
        expect=[[0, 0], [0, 0]],
    ),
    Example(
        "log of nothing",
        [fc.Numeric("x", default=NAN, normalizer=fc.Log1p())],
        rows=[{"x": x} for x in (-1.0, -2.0, 0.0, -0.0, 1e-20, INF, -INF, None)],
        expect=[[-INF], [NAN], [0], [-0.0], [1e-20], [INF], [NAN], [NAN]],
    ),
    Example(
        "E1: no log of nothing",
        [fc.Numeric("x", default=0, normalizer=fc.Log1p())],
        rows=[{"x": x} for x in (0.0, None, -0.0, 1e-20)],
        expect=[[0], [0], [-0.0], [1e-20]],
        bad=[
            Bad({"x": [0.0, -1.0, -2.0]}, ("x", "Log1p", "-1.0", "Clip"), 1),
            Bad({"x": [0.0, None, -2.0]}, ("x", "Log1p", "-2.0", "nan"), 2),
            Bad({"x": [0, 1, -1]}, ("x", "Log1p", "-1.0"), 2),
            Bad({"x": [1.0, -INF]}, ("x", "infinite", "-inf"), 1),
        ],
    ),
    Example(
        "F12: no infinite number",
        [fc.Numeric("x", shape=(2,), default=(0, NAN)), fc.Numeric("y", normalizer=fc.ZScore(mean=1, std=0))],
        rows=[{"x": [1.0, INF], "y": 5.0}, {"x": [None, -INF], "y": -0.0}],
        expect=[[1, INF, 0], [0, -INF, 0]],
        bad=[
            Bad({"x": [[1.0, 2.0], [INF, INF]], "y": [1.0, 1.0]}, ("x", "infinite", "got inf", "nan"), 1),
            Bad({"x": [[1.0, 2.0]] * 3, "y": [1.0, 1.0, -INF]}, ("y", "infinite", "got -inf"), 2),
        ],
    ),
    Example(
        "F12: a clip holds infinite numbers",
        [fc.Numeric("x", normalizer=[fc.ZScore(mean=1, std=2), fc.Clip(-3, 3)])],
        rows=[{"x": x} for x in (INF, -INF, 2.0)],
        expect=[[3], [-3], [0.5]],
    ),
    Example(
        "finite numbers beyond float32",
        [
            fc.Numeric("x", dtype="float32", default=0.0),
            fc.Indicator(fc.Bucketized(fc.Numeric("x", dtype="float32", default=0.0), [1.0])),
        ],
        rows=[{"x": x} for x in (1e300, 3.4028235677973366e38, -1e300, None)],
        expect=[[INF, 0, 1], [INF, 0, 1], [-INF, 1, 0], [0, 1, 0]],
    ),
    Example(
        "shaped",
        [fc.Numeric("x", shape=(3,), default=(7, 8, 9))],
        rows=[{"x": x} for x in ([1.0, 2.0, 3.0], None, [4.0, None, 6.0], [], [NAN, 0.5, -1.0])],
        expect=[[1, 2, 3], [7, 8, 9], [4, 8, 6], [7, 8, 9], [7, 0.5, -1]],
        changes={"default": (7, 8, 10), "shape": (1, 3)},
        bad=[
            Bad({"x": [[1.0, 2.0, 3.0], [1.0, 2.0]]}, ("x", "3 numbers", "2 values"), 1),
            Bad({"x": [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]]}, ("x", "3 numbers", "6 values"), 0),
            Bad({"x": [1.0, 2.0]}, ("x", "3 numbers", "single"), 0),
        ],
    ),
    Example(
        "nested",
        [fc.Numeric("x", shape=(2, 2), default=NAN)],
        rows=[{"x": x} for x in ([[1.0, 2.0], [3.0, 4.0]], None, [[5.0, None], [NAN, 8.0]])],
        changes={"default": 0.0},
        bad=[
            Bad({"x": [[[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0, 3.0], [4.0]]]}, ("x", "4 numbers"), 1),
            Bad({"x": [[[1.0, 2.0, 3.0, 4.0]]]}, ("x", "4 numbers"), 0),
        ],
    ),
    Example(
        "shaped, without default",
        [fc.Numeric("x", shape=(2,))],
        rows=[{"x": [1.0, 2.0]}, {"x": [3.0, 4.0]}],
        expect=[[1, 2], [3, 4]],
        bad=[
            Bad({"x": [[1.0, 2.0], [3.0, 4.0], [5.0, None]]}, ("x", "missing"), 2),
            Bad({"x": [[1.0, 2.0], None]}, ("x", "missing"), 1),
        ],
    ),
    Example("flat", [fc.Numeric("x", shape=(2, 2))], rows=[{"x": [1.0, 2.0, 3.0, 4.0]}], expect=[[1, 2, 3, 4]]),
    Example("one in a list", [fc.Numeric("x", shape=(1,))], rows=[{"x": [1.0]}, {"x": [2.0]}], expect=[[1], [2]]),
    Example(
        "learned",
        [
            fc.Numeric("x", default=fc.Median(), normalizer=fc.ZScore()),
            fc.Numeric("x", default=fc.Mean(), normalizer=[fc.Clip(-10, 10), fc.MinMax()], name="x2"),
            fc.Numeric("x", default=0, normalizer=[fc.Log1p(), fc.ZScore()], name="x3"),
        ],
        rows=[{"x": x} for x in (0.1, None, 5.0, NAN, -0.3, 1000.0)],
        train=[{"x": x} for x in (0.1, 0.2, None, 7.7, 1e8 / 3, -0.5, NAN, 3.0, 0.1)],
        changes={"default": fc.Mean(), "normalizer": fc.MinMax()},
    ),
    Example(
        "learned in float32",
        [fc.Numeric("x", dtype="float32", default=fc.Mean(), normalizer=fc.ZScore())],
        rows=[{"x": x} for x in (0.1, None, 5.0)],
        train=[{"x": x} for x in (0.1, 0.2, None, 7.7, 1 / 3)],
        changes={"dtype": "float64"},
    ),
    Example(
        "learned from lists",
        [fc.Numeric("x", shape=(2,), default=fc.Median(), normalizer=fc.MinMax())],
        rows=[{"x": x} for x in ([1.0, 9.0], [None, 4.0], None, [3.0, 3.0])],
        expect=[[0, 1], [0.25, 0.375], [0.25, 0.25], [0.25, 0.25]],
    ),
    Example(
        "learned integers",
        [fc.Numeric(fc.Field("x", missing=-1), default=fc.Median(), normalizer=fc.MinMax())],
        rows=[{"x": x} for x in (3, -1, 7, 1, None, 5)],
        expect=[[1 / 3], [1 / 3], [1], [0], [1 / 3], [2 / 3]],
    ),
    Example(
        "all the same",
        [fc.Numeric("x", normalizer=fc.ZScore()), fc.Numeric("x", normalizer=fc.MinMax(), name="m")],
        rows=[{"x": 0.1}] * 3,
        expect=[[0, 0]] * 3,
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Numeric, EXAMPLES)
