"""Ratio, Difference and Product of two numbers."""

from __future__ import annotations

import math
from typing import Any

import pytest

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, float32

NAN, INF = math.nan, math.inf


class ArithmeticReference(Kind):
    """Python's own arithmetic; a denominator of 0 is missing."""

    def width(self) -> int:
        return 1

    def numbers(self, row: Row) -> list[float]:
        a, b = (self._of(source, row) for source in (self.column.a, self.column.b))
        if isinstance(self.column, fc.Ratio):
            found = NAN if b == 0 else a / b
        else:
            found = a - b if isinstance(self.column, fc.Difference) else a * b
        return [self.column.default if math.isnan(found) and self.column.default is not None else found]

    def _of(self, source: Any, row: Row) -> float:
        if not isinstance(source, fc.Field):
            return float(self.of(source).numbers(row)[0])  # type: ignore[attr-defined]
        value = self.raw(source, row)
        return NAN if value is None else float(value)

    def features(self, row: Row) -> list[float]:
        found = self.numbers(row)[0]
        if not math.isfinite(found) and (self.column.default is None or not math.isnan(self.column.default)):
            raise ValueError(f"{self.column.name}: {found}")
        return [float32(found)]


REFERENCE = dict.fromkeys((fc.Ratio, fc.Difference, fc.Product), ArithmeticReference)

EXAMPLES = [
    Example(
        "without a default",
        [fc.Ratio("a", "b"), fc.Difference("a", "b"), fc.Product("a", "b")],
        rows=[
            {"a": a, "b": b, "c": a} for a, b in ((6.0, 4.0), (0.1, 3.0), (-0.0, 2.0), (1e-310, 0.3), (7.0, -1e-3), (-5.5, 1e9))
        ],
        changes={"a": "c", "b": "a", "name": "share"},
        wrong=[
            Wrong(lambda: fc.Ratio("", "b"), ("key", "''")),
            Wrong(lambda: fc.Ratio("a", fc.Hashed("x", 3)), ("Ratio", "b must be", "Hashed('x', 3)")),
            Wrong(lambda: fc.Product(fc.Numeric("x", shape=2), "b"), ("Product", "a must be", "shape=(2,)")),
            Wrong(lambda: fc.Difference("a", "b", default="0"), ("Difference", "default", "'0'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Ratio("a", "b", name=""), ("name", "''")),
        ],
        bad=[
            Bad({"a": [1.0, None], "b": [1.0, 1.0]}, ("'a'", "missing", "default"), 1),
            Bad({"a": [1.0, 1.0], "b": [1.0, None]}, ("'b'", "missing", "default"), 1),
            Bad({"a": [1.0, 1.0], "b": [1.0, 0.0]}, ("'b'", "denominator", "0", "default"), 1),
            Bad({"a": [INF], "b": [1.0]}, ("a", "infinite"), 0),
            Bad({"a": ["x"], "b": [1.0]}, ("a", "number", "x"), 0),
            Bad({"a": [1.0], "b": [[1.0]]}, ("b", "one number"), 0),
            Bad({"a": [1.0]}, ("b",), None),
        ],
    ),
    Example(
        "defaults, and columns of columns",
        [
            fc.Ratio("n", fc.Field("m", missing=-1), default=2.5),
            fc.Difference("n", "m", default=NAN),
            fc.Numeric(fc.Product("n", "m"), default=0.5, normalizer=fc.ZScore()),
            fc.Bucketized(fc.Ratio(fc.Numeric("n", default=1), fc.Difference("m", "n")), [0, 0.5]),
            fc.Piecewise(fc.Ratio("n", "m"), [0, 1, 2]),
        ],
        rows=[{"n": n, "m": m} for n, m in ((3, 4), (None, 2), (5, 0), (2**53 + 1, -1), (0, 0), (7, None), (-2, 8))],
        changes={"default": 3.0, "b": "m"},
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.Ratio, EXAMPLES)


@pytest.mark.parametrize("column", [fc.Ratio("a", "b"), fc.Elapsed("a", "b")])
def test_missing_ones_are_refused_where_another_column_reads_them_too(column: Any) -> None:
    plan = fc.compile([column, fc.Numeric(column, default=0, name="filled")])
    for run in (plan.transform, lambda data: plan.transform_row({key: values[0] for key, values in data.items()})):
        with pytest.raises(fc.DataError, match="missing and there is no default"):
            run({"a": [None], "b": [None]})
