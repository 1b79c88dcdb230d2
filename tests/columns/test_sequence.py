"""Sequence: list elements as steps."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds

NAN = math.nan
CLICKS = fc.Numeric("clicks")


class SequenceReference(Kind):
    """The elements of a list as steps, the last or the first ones, filled up with zeros."""

    def __init__(self, column: Any, reference: Any) -> None:
        super().__init__(column, reference)
        self.source = self.of(column.source)

    def _kept(self, found: list[Any]) -> list[Any]:
        most = self.column.max_length
        return found[max(0, len(found) - most) :] if self.column.keep == "last" else found[:most]

    def width(self) -> int:
        return int(self.column.max_length) * self.source.width()

    def wide(self) -> bool:
        return self.source.wide()

    def features(self, row: Row) -> list[float]:
        flat = [x for step in self._kept(self.source.steps(row)) for x in step]
        return flat + [0.0] * (self.width() - len(flat))

    def length(self, row: Row) -> int:
        return len(self._kept(self.source.steps(row)))

    def encoded(self, row: Row) -> RowIds | None:
        got = self.source.encoded(row)
        if got is None:
            return None
        weights = None if got.weights is None else self._kept(got.weights)
        return RowIds(self._kept(got.ids), weights, got.many)

    def learned(self, slot: str) -> dict[str, Any]:
        return self.source.learned(slot)


REFERENCE = {fc.Sequence: SequenceReference}


WRONG = [
    Wrong(lambda: fc.Sequence("clicks", 3), ("source", "Numeric")),
    Wrong(lambda: fc.Sequence(fc.Hashed("clicks", 5), 3), ("source", "Hashed('clicks', 5)")),
    Wrong(lambda: fc.Sequence(fc.Sequence(CLICKS, 3), 3), ("source", "Sequence")),
    Wrong(lambda: fc.Sequence(CLICKS, 0), ("max_length", "got 0")),
    Wrong(lambda: fc.Sequence(CLICKS, 2.0), ("max_length", "2.0")),
    Wrong(lambda: fc.Sequence(CLICKS, True), ("max_length", "True")),
    Wrong(lambda: fc.Sequence(CLICKS, 3, keep="middle"), ("keep", "'middle'", "last")),
    Wrong(lambda: fc.Sequence(CLICKS, 3, name=""), ("name", "''")),
]

NUMBERS = [{"clicks": c, "x": c} for c in ([1.0, 2.0, 3.0, 4.0], [5.0], [], None, [0.1, -0.0, 1e300])]
TAGS = [{"tags": t} for t in (["a", "b", "c", "a"], [], None, [None, "zzz"], ["b"], ["c", "a", "b"])]

EXAMPLES = [
    Example(
        "numbers",
        [fc.Sequence(CLICKS, 3)],
        rows=NUMBERS,
        expect=[[2, 3, 4], [5, 0, 0], [0, 0, 0], [0, 0, 0], [0.1, 0, math.inf]],
        changes={"source": fc.Numeric("x", normalizer=fc.Log1p()), "max_length": 4, "keep": "first", "name": "s"},
        wrong=WRONG,
        bad=[
            Bad({"clicks": [[1.0], [2.0, None]]}, ("clicks", "missing", "default"), 1),
            Bad({"clicks": [[1.0], [None, 2.0, 3.0, 4.0]]}, ("clicks", "missing", "default"), 1),
            Bad({"clicks": [[["a"]]]}, ("clicks",), 0),
            Bad({"click": [[1.0]]}, ("clicks", "click"), None),
        ],
    ),
    Example(
        "the first ones",
        [fc.Sequence(CLICKS, 3, keep="first")],
        rows=NUMBERS,
        expect=[[1, 2, 3], [5, 0, 0], [0, 0, 0], [0, 0, 0], [0.1, 0, math.inf]],
        changes={"keep": "last"},
    ),
    Example(
        "filled numbers",
        [fc.Sequence(fc.Numeric(fc.Field("clicks", missing=-1), default=7, normalizer=fc.ZScore(mean=1, std=2)), 2)],
        rows=[{"clicks": c} for c in ([1.0, None], [NAN], [], None, [-1.0, 3.0, 5.0])],
        expect=[[0, 3], [3, 0], [0, 0], [0, 0], [1, 2]],
        changes={"max_length": 1},
    ),
    Example(
        "steps of a shape",
        [fc.Sequence(fc.Numeric("xy", shape=(2,), default=9), 2)],
        rows=[{"xy": v} for v in ([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]], [], None, [[7.0, None]], [None, [1.0, 1.0]])],
        expect=[[3, 4, 5, 6], [0, 0, 0, 0], [0, 0, 0, 0], [7, 9, 0, 0], [9, 9, 1, 1]],
        bad=[Bad({"xy": [[[1.0, 2.0]], [[1.0, 2.0], [1.0]]]}, ("xy", "2 numbers"), 1)],
    ),
    Example(
        "indicators",
        [fc.Sequence(fc.Indicator(fc.Vocabulary("tags", ["a", "b", "c"])), 3)],
        rows=TAGS,
        expect=[
            [0, 1, 0, 0, 0, 1, 1, 0, 0],
            [0] * 9,
            [0] * 9,
            [0] * 9,
            [0, 1, 0, 0, 0, 0, 0, 0, 0],
            [0, 0, 1, 1, 0, 0, 0, 1, 0],
        ],
        changes={"keep": "first"},
    ),
    Example(
        "embeddings",
        [fc.Sequence(fc.Embedding(fc.Hashed("tags", 5), 3, max_norm=1.0), 2)],
        rows=TAGS,
        changes={"max_length": 3},
    ),
    Example(
        "weighted",
        [
            fc.Sequence(fc.Embedding(fc.Weighted(fc.Hashed("tags", 5), "w"), 3, combiner="sum"), 2),
            fc.Sequence(fc.Indicator(fc.Weighted(fc.Hashed("tags", 5), "w")), 2, keep="first"),
        ],
        rows=[{"tags": t, "w": w} for t, w in ((["a", "b", "c"], [0.5, -2.0, 3.0]), ([], []), ([None], [1.0]), (["d"], [0.1]))],
    ),
    Example(
        "crossed",
        [fc.Sequence(fc.Indicator(fc.Crossed(["tags", "city"], 7)), 3)],
        rows=[{"tags": t, "city": c} for t, c in ((["a", "b"], "Oslo"), ([], "Lima"), (["c"], None))],
    ),
    Example(
        "bucketized",
        [fc.Sequence(fc.Indicator(fc.Bucketized("clicks", [2, 4])), 2), fc.Sequence(CLICKS, 2)],
        rows=NUMBERS,
    ),
    Example(
        "learned",
        [
            fc.Sequence(fc.Numeric("clicks", default=fc.Median(), normalizer=fc.MinMax()), 2),
            fc.Sequence(fc.Indicator(fc.Vocabulary("tags", fc.TopTerms(2))), 2),
        ],
        rows=[
            {"clicks": c, "tags": t}
            for c, t in (([1.0, None], ["a"]), ([], []), ([3.0, 9.0, 5.0], ["b", "a", "c"]), (None, None))
        ],
        expect=[[0, 0.25, 1, 0, 0, 0], [0] * 6, [1, 0.5, 1, 0, 0, 0], [0] * 6],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Sequence, EXAMPLES)


def test_a_field_without_lists_is_refused() -> None:
    plan = fc.compile([fc.Sequence(CLICKS, 3)])
    for run in (lambda: plan.transform({"clicks": [1.0, 2.0]}), lambda: plan.transform_row({"clicks": 1.0})):
        with pytest.raises(fc.DataError, match=r"clicks.*lists"):
            run()


def test_a_missing_value_with_a_bucket_of_its_own_has_no_steps():
    plan = fc.compile([fc.Sequence(fc.Indicator(fc.Bucketized("x", [1], missing_bucket=2)), 2)])
    assert not plan.transform_row({"x": None}).any()
    assert not plan.transform({"x": [None, None]}).any()
    assert plan.transform({"x": [[0, None], None]}).tolist() == [[1, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 0]]


@pytest.mark.parametrize("source", [fc.Numeric("x"), fc.Indicator(fc.Identity("x", 9)), fc.Embedding(fc.Hashed("x", 9))])
def test_a_number_is_no_list_whatever_it_is(source):
    plan = fc.compile([fc.Sequence(source, 2)])
    for value in (-1, 3) if isinstance(source, fc.Numeric) else (3,):
        with pytest.raises(fc.DataError, match="needs lists in field 'x', got int"):
            plan.transform_row({"x": value})
        with pytest.raises(fc.DataError, match="needs lists in field 'x' at row 1, got one value a row"):
            plan.transform({"x": np.array([np.nan] + [float(value)] * 2000)})
