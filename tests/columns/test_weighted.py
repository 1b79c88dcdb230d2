"""Weighted: ids with weights, paired by position."""

from __future__ import annotations

import math

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, float32, leaves

NAN = math.nan
TAGS = fc.Vocabulary("tag", ["a", "b", "c"])


class WeightedReference(Kind):
    """The ids of the source, and one float32 weight for each."""

    def ids(self, row: Row) -> RowIds:
        c = self.column
        got, weights = self.of(c.source).ids(row), leaves(self.raw(c.weight, row))
        if len(weights) != len(got.ids):
            raise ValueError(f"{c.name}: {len(weights)} weights for {len(got.ids)} ids")
        if c.default is None and any(w is None and i >= 0 for i, w in zip(got.ids, weights, strict=True)):
            raise ValueError(f"{c.name}: a weight is missing")
        if any(w is not None and i >= 0 and math.isinf(float32(float(w))) for i, w in zip(got.ids, weights, strict=True)):
            raise ValueError(f"{c.name}: a weight is infinite")
        return got._replace(weights=[float32(float((c.default or 0) if w is None else w)) for w in weights])

    def num_buckets(self) -> int:
        return self.of(self.column.source).num_buckets()

    def wide(self) -> bool:
        return self.of(self.column.source).wide()


REFERENCE = {fc.Weighted: WeightedReference}


WRONG = [
    Wrong(lambda: fc.Weighted("tag", "w"), ("source", "Vocabulary")),
    Wrong(lambda: fc.Weighted(fc.Numeric("tag"), "w"), ("source", "Numeric('tag')")),
    Wrong(lambda: fc.Weighted(fc.Weighted(TAGS, "w"), "w"), ("weighted", "once")),
    Wrong(lambda: fc.Weighted(TAGS, fc.Numeric("w")), ("weight", "Numeric('w')")),
    Wrong(lambda: fc.Weighted(TAGS, ""), ("key", "''")),
    Wrong(lambda: fc.Weighted(TAGS, "w", default="1"), ("default", "'1'")),
    Wrong(lambda: fc.Weighted(TAGS, "w", default=NAN), ("default", "nan")),
    Wrong(lambda: fc.Weighted(TAGS, "w", default=10**400), ("default",)),
    Wrong(lambda: fc.Weighted(TAGS, "w", default=math.inf), ("default", "inf")),
    Wrong(lambda: fc.Weighted(TAGS, "w", default=1e39), ("default", "1e+39")),
    Wrong(lambda: fc.Weighted(TAGS, "w", default=True), ("default", "True")),
    Wrong(lambda: fc.Weighted(TAGS, "w", name=""), ("name", "''")),
]

LISTS = [
    {"tag": ["a", "b", "a"], "w": [0.5, 2.0, 0.1], "v": [1.0, 1.0, 1.0]},
    {"tag": [], "w": [], "v": []},
    {"tag": None, "w": None, "v": None},
    {"tag": ["c"], "w": [-1.5], "v": [1.0]},
    {"tag": ["zzz", "b"], "w": [7.0, 0.0], "v": [0.0, 0.0]},
    {"tag": [None, "c", "c"], "w": [math.inf, 1e-50, 1e38], "v": [2.0, 3.0, 4.0]},
]

EXAMPLES = [
    Example(
        "lists",
        [fc.Weighted(TAGS, "w"), fc.Embedding(fc.Weighted(TAGS, "w"), 3)],
        rows=LISTS,
        expect=[[0, 1, 0], [], [], [2], [-1, 1], [-1, 2, 2]],
        changes={"source": fc.Vocabulary("tag", ["b", "a", "c"]), "weight": "v", "name": "x"},
        wrong=WRONG,
        bad=[
            Bad({"tag": [["a"], ["a", "b"]], "w": [[1.0], [1.0]]}, ("w", "one weight", "got 1"), 1),
            Bad({"tag": [["a"], []], "w": [[1.0], [1.0]]}, ("w", "one weight", "got 1"), 1),
            Bad({"tag": [["a"], ["b"]], "w": [[1.0], [None]]}, ("w", "missing", "default"), 1),
            Bad({"tag": [["a"], ["b"]], "w": [[1.0], [NAN]]}, ("w", "missing", "default"), 1),
            Bad({"tag": [["a"], ["b"]], "w": [[1.0], [-math.inf]]}, ("w", "infinite", "-inf"), 1),
            Bad({"tag": [["a"], ["b"]], "w": [[1.0], [1e39]]}, ("w", "beyond the range of float32", "1e+39"), 1),
            Bad({"tag": [["a"], ["b"]], "w": [["x"], ["y"]]}, ("w", "number"), 0),
            Bad({"tag": ["a", "b"], "w": [1, 10**400]}, ("w",), 1),
            Bad({"tag": [["a"]]}, ("w", "tag"), None),
        ],
    ),
    Example(
        "null weights",
        [fc.Weighted(fc.Hashed("tag", 5), fc.Field("w", missing=-1), default=0.1)],
        rows=[
            {"tag": ["a", "b", None], "w": [None, 2.0, NAN]},
            {"tag": ["a"], "w": [-1.0]},
            {"tag": [], "w": None},
            {"tag": ["é"], "w": [0.3]},
        ],
        changes={"default": 0.2, "weight": "w"},
    ),
    Example(
        "single values",
        [fc.Weighted(TAGS, "w")],
        rows=[{"tag": t, "w": w} for t, w in (("a", 0.1), ("zzz", 2.0), (None, 3.0), ("c", -4.0), ("b", 0.0))],
        expect=[0, -1, -1, 2, 1],
    ),
    Example(
        "integer weights", [fc.Weighted(TAGS, "w")], rows=[{"tag": ["a", "b"], "w": [2**24 + 1, -3]}, {"tag": [], "w": []}]
    ),
    Example(
        "a crossed source",
        [fc.Weighted(fc.Crossed(["tag", "city"], 30), "w", default=1)],
        rows=[{"tag": ["a", "b"], "city": "Oslo", "w": [1.5, None]}, {"tag": ["c"], "city": None, "w": [2.0]}],
    ),
    Example(
        "a bucketized source",
        [fc.Weighted(fc.Bucketized(fc.Numeric("x", shape=(2,)), [0]), "w")],
        rows=[{"x": [1.0, -1.0], "w": [0.5, 0.25]}, {"x": [-1.0, -1.0], "w": [4.0, 8.0]}],
        expect=[[1, 2], [0, 2]],
    ),
    Example(
        "an identity",
        [fc.Weighted(fc.Identity("q", 4, out_of_range="keep"), "w")],
        rows=[{"q": [3, 9, -2], "w": [1.0, 2.0, 3.0]}, {"q": [0, 0], "w": [0.5, 0.25]}],
        expect=[[3, 9, -2], [0, 0]],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Weighted, EXAMPLES)


def test_indicator_sums_weights() -> None:
    plan = fc.compile([fc.Indicator(fc.Weighted(TAGS, "w"))])
    matrix = plan.transform({"tag": [["a", "b", "a", "zzz"]], "w": [[0.5, 2.0, 1.0, 9.0]]})
    assert matrix.tolist() == [[1.5, 2.0, 0.0]]
