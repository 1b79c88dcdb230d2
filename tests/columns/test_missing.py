"""Missing: 1 where a field has no value."""

from __future__ import annotations

import datetime
import math
from pathlib import Path

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, leaves


class MissingReference(Kind):
    """Whether every value of a row is None."""

    def width(self) -> int:
        return 1

    def features(self, row: Row) -> list[float]:
        return [float(all(value is None for value in leaves(self.raw(self.column.source, row))))]


REFERENCE = {fc.Missing: MissingReference}

EXAMPLES = [
    Example(
        "numbers",
        [fc.Missing("x"), fc.Numeric("x", default=math.nan)],
        rows=[{"x": x, "y": y} for x, y in ((1.5, None), (math.nan, 2.0), (None, 3.0), (0.0, 4.0), (math.inf, 5.0))],
        changes={"source": "y", "name": "none"},
        wrong=[
            Wrong(lambda: fc.Missing(""), ("key", "''")),
            Wrong(lambda: fc.Missing(fc.Numeric("x")), ("source", "Numeric('x')")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Missing("x", name=""), ("name", "''")),
        ],
        bad=[Bad({"y": [1]}, ("x", "y"), None)],
    ),
    Example(
        "markers",
        [fc.Missing(fc.Field("n", missing=(-9, "?"))), fc.Hashed("n", 9), fc.Missing(fc.Field("t", missing="?"))],
        rows=[{"n": n, "t": t} for n, t in ((-9, "?"), (3, ""), (None, None), (0, "é"))],
        changes={"source": "n"},
    ),
    Example(
        "fractions, and as numbers too",
        [fc.Missing(fc.Field("f", missing=-9)), fc.Numeric(fc.Field("f", missing=-9), default=1.5)],
        rows=[{"f": f} for f in (-9.0, 0.25, None)],
    ),
    Example(
        "times",
        [fc.Missing("t"), fc.DatePart("t", "hour")],
        rows=[{"t": t} for t in (datetime.datetime(2024, 1, 1, 5), None)],
    ),
    Example(
        "lists",
        [fc.Missing(fc.Field("tags", missing="?")), fc.Missing("flags")],
        rows=[
            {"tags": tags, "flags": flag}
            for tags, flag in ((["a"], True), ([], None), (None, False), ([None, "?"], True), ([None, "b"], None))
        ],
    ),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.Missing, EXAMPLES)


def test_markers_of_csv_text_are_missing_as_the_number_that_it_is_read_as(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    for text, marker in (("+5", 5), (" 5 ", 5), ("5.", 5.0), ("inf", float("inf")), ("-Infinity", float("-inf")), ("007", 7)):
        path.write_text(f"v,w\n{text},1\n8,1\n")
        field = fc.Field("v", missing=marker)
        columns = [fc.Numeric(field, default=-1), fc.Missing(field)]
        for plan in (fc.compile(columns), fc.fit(columns, path)):
            assert plan.transform(path).tolist() == [[-1, 1], [8, 0]], text
