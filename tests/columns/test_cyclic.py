"""Cyclic: sine and cosine of numbers and of parts of times."""

from __future__ import annotations

import datetime
import math
from typing import Any

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, float32

NAN = math.nan
DateTime = datetime.datetime


class CyclicReference(Kind):
    """Sine and cosine, one number at a time."""

    def width(self) -> int:
        return 2

    def features(self, row: Row) -> list[float]:
        source = self.column.source
        if isinstance(source, fc.Field):
            return self._point(self.raw(source, row))
        of: Any = self.of(source)
        if source.categorical:
            found = of.ids(row).ids[0]
            return self._point(None if found < 0 else found)
        return self._point(of.numbers(row)[0])

    def steps(self, row: Row) -> list[list[float]]:
        return [self._point(x) for x in self.raw(self.column.source, row) or ()]

    def _point(self, x: float | None) -> list[float]:
        x = self.column.default if x is None or math.isnan(x) else x
        if x is None:
            raise ValueError(f"{self.column.name}: missing without default")
        angle = x * (2 * math.pi / self.column.period)
        return [float32(math.sin(angle)), float32(math.cos(angle))] if math.isfinite(angle) else [NAN, NAN]


REFERENCE = {fc.Cyclic: CyclicReference}

EXAMPLES = [
    Example(
        "hours",
        [fc.Cyclic("hour", 24)],
        rows=[{"hour": h, "x": -h} for h in (0.0, 6.0, 12.0, 18.5, -7.25, 1e-310, 23.999, 4.0)],
        changes={"source": "x", "period": 12, "name": "h"},
        wrong=[
            Wrong(lambda: fc.Cyclic("", 24), ("key", "''")),
            Wrong(lambda: fc.Cyclic(fc.Hashed("x", 3), 24), ("source", "Hashed('x', 3)")),
            Wrong(lambda: fc.Cyclic(fc.Numeric("x", shape=2), 24), ("source", "shape=(2,)")),
            Wrong(lambda: fc.Cyclic("hour", 0), ("period", "got 0")),
            Wrong(lambda: fc.Cyclic("hour", "24"), ("period", "'24'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Cyclic("hour", 24, default="0"), ("default", "'0'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Cyclic("hour", 24, name=""), ("name", "''")),
        ],
        bad=[
            Bad({"hour": [1.0, None]}, ("hour", "missing", "default"), 1),
            Bad({"hour": [1.0, float("inf")]}, ("hour", "infinite"), 1),
            Bad({"hour": ["a"]}, ("hour", "number"), 0),
            Bad({"hour": [[1.0], [2.0]]}, ("hour", "one number"), 0),
            Bad({"hours": [1.0]}, ("hour", "hours"), None),
        ],
    ),
    Example(
        "integers with a default",
        [fc.Cyclic(fc.Field("hour", missing=-1), 24, default=6), fc.Numeric("hour", default=0, name="plain")],
        rows=[{"hour": h} for h in (0, None, -1, 23, 12)],
        changes={"default": 7.0, "source": "hour"},
    ),
    Example("with NaN", [fc.Cyclic("hour", 7, default=NAN)], rows=[{"hour": h} for h in (NAN, 1.0, None, math.inf)]),
    Example(
        "a part of a time",
        [fc.Cyclic(fc.DatePart("at", "hour"), 24, default=3), fc.Cyclic(fc.DatePart("at", "weekday"), 7, default=NAN)],
        rows=[{"at": at} for at in (DateTime(2024, 2, 29, 23, 59), None, DateTime(2024, 3, 4), DateTime(1960, 1, 1, 6))],
        changes={"default": 4.0, "period": 12, "source": fc.DatePart("at", "month")},
    ),
    Example(
        "a part without a default",
        [fc.Cyclic(fc.DatePart("at", "month"), 12)],
        rows=[{"at": at} for at in ("2024-01-01", "2024-04-01")],
        expect=[[0, 1], [1, float32(math.cos(math.pi / 2))]],
        bad=[
            Bad({"at": ["2024-01-01", None]}, ("at", "missing", "default"), 1),
            Bad({"at": [["2024-01-01"]]}, ("at", "one time"), 0),
        ],
    ),
    Example(
        "other columns",
        [
            fc.Cyclic(fc.Numeric("x", default=1, normalizer=fc.Clip(0, 5)), 10, name="clipped"),
            fc.Cyclic(fc.Elapsed("at", fc.Timestamp("2024-01-01"), "hours"), 24, default=0),
        ],
        rows=[{"x": x, "at": at} for x, at in ((-3.0, "2024-01-02"), (None, None), (2.5, "2023-12-31T12:00:00.25"))],
    ),
    Example(
        "a sequence",
        [fc.Sequence(fc.Cyclic("hours", 24, default=0), 2)],
        rows=[{"hours": h} for h in ([1.0, 2.0, 3.0], [], None, [None, 4.5])],
        changes={"keep": "first", "max_length": 3},
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.Cyclic, EXAMPLES)
