"""Identity: integers that are ids."""

from __future__ import annotations

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds


class IdentityReference(Kind):
    """The integer itself, where it is one of the buckets."""

    def ids(self, row: Row) -> RowIds:
        return self.map(self.column.source, row, self._id)

    def _id(self, v: float) -> int:
        c = self.column
        if v != int(v):
            raise ValueError(f"{c.name}: {v} is not an integer")
        if 0 <= v < c.num_buckets or c.out_of_range == "keep":
            return int(v)
        if c.out_of_range == "error":
            raise ValueError(f"{c.name}: {v} is out of range")
        return -1 if c.out_of_range == "drop" else int(c.out_of_range)

    def wide(self) -> bool:
        return super().wide() or self.column.out_of_range == "keep"


REFERENCE = {fc.Identity: IdentityReference}


WRONG = [
    Wrong(lambda: fc.Identity("", 3), ("key", "''")),
    Wrong(lambda: fc.Identity(fc.Hashed("q", 3), 3), ("source", "Hashed('q', 3)")),
    Wrong(lambda: fc.Identity("q", 0), ("num_buckets", "got 0")),
    Wrong(lambda: fc.Identity("q", -3), ("num_buckets", "-3")),
    Wrong(lambda: fc.Identity("q", 3.0), ("num_buckets", "3.0")),
    Wrong(lambda: fc.Identity("q", 3, out_of_range="ignore"), ("out_of_range", "'ignore'", "drop")),
    Wrong(lambda: fc.Identity("q", 3, out_of_range=3), ("out_of_range", "got 3")),
    Wrong(lambda: fc.Identity("q", 3, out_of_range=-1), ("out_of_range", "-1", "drop")),
    Wrong(lambda: fc.Identity("q", 3, out_of_range=True), ("out_of_range", "True")),
    Wrong(lambda: fc.Identity("q", 3, out_of_range=None), ("out_of_range", "None")),
    Wrong(lambda: fc.Identity("q", 3, missing_bucket=4), ("missing_bucket", "4", "3")),
    Wrong(lambda: fc.Identity("q", 3, out_of_range="keep", missing_bucket=3), ("missing_bucket", "kept")),
    Wrong(lambda: fc.Identity("q", 3, name=""), ("name", "''")),
]

EXAMPLES = [
    Example(
        "missing in a bucket of its own",
        [fc.Identity("q", 4, out_of_range="drop", missing_bucket=4)],
        rows=[{"q": q} for q in (0, None, 3, 4, 2**40)],
        expect=[0, 4, 3, -1, -1],
        changes={"missing_bucket": 1, "out_of_range": 2},
    ),
    Example(
        "inside",
        [fc.Identity("q", 4)],
        rows=[{"q": q, "r": q} for q in (0, 3, None, 2, 0)],
        expect=[0, 3, -1, 2, 0],
        changes={"source": "r", "num_buckets": 3, "name": "other"},
        wrong=WRONG,
        bad=[
            Bad({"q": [0, 1, 4, 9]}, ("q", "got 4", "out_of_range"), 2),
            Bad({"q": [0, -1]}, ("q", "got -1", "out_of_range"), 1),
            Bad({"q": [0.0, 1.5]}, ("q", "1.5"), 1),
            Bad({"q": ["a"]}, ("q", "'a'"), 0),
            Bad({"q": [[0], [1, 7]]}, ("q", "got 7"), 1),
            Bad({"p": [0]}, ("q", "p"), None),
        ],
    ),
    Example(
        "dropped",
        [fc.Identity("q", 4, out_of_range="drop")],
        rows=[{"q": q} for q in (0, 3, 4, -1, None, 2**40, -(2**40), 2)],
        expect=[0, 3, -1, -1, -1, -1, -1, 2],
        changes={"out_of_range": "keep", "num_buckets": 5},
    ),
    Example(
        "replaced",
        [fc.Identity("q", 4, out_of_range=2)],
        rows=[{"q": q} for q in (0, 3, 4, -1, None, 2**40)],
        expect=[0, 3, 2, 2, -1, 2],
        changes={"out_of_range": "drop"},
    ),
    Example(
        "kept",
        [fc.Identity("q", 4, out_of_range="keep")],
        rows=[{"q": q} for q in (0, 3, 4, -7, None, 2**40)],
        expect=[0, 3, 4, -7, -1, 2**40],
        changes={"out_of_range": 1},
        bad=[Bad({"q": [1, 2**63]}, ("q", str(2**63)), 1), Bad({"q": [1, 2**64]}, ("q", str(2**64)), 1)],
    ),
    Example(
        "lists",
        [fc.Identity(fc.Field("q", missing=9), 4, out_of_range="drop")],
        rows=[{"q": q} for q in ([0, 1, 1], [], None, [None, 3], [9, 5, -2], [2])],
        expect=[[0, 1, 1], [], [], [-1, 3], [-1, -1, -1], [2]],
    ),
    Example(
        "whole floats", [fc.Identity("q", 4)], rows=[{"q": q} for q in (0.0, 3.0, float("nan"), -0.0)], expect=[0, 3, -1, 0]
    ),
    Example("booleans", [fc.Identity("q", 2)], rows=[{"q": q} for q in (True, None, False)], expect=[1, -1, 0]),
    Example(
        "past 2^31 buckets",
        [fc.Identity("q", 2**31)],
        rows=[{"q": q} for q in (0, 2**31 - 1, 5)],
        expect=[0, 2**31 - 1, 5],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Identity, EXAMPLES)
