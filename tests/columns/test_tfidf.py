"""Tfidf: ids weighted by how often they stand in their row, and in how few rows."""

from __future__ import annotations

import math
from collections import Counter
from typing import Any

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

import featurecols as fc
from tests import laws
from tests.laws import Example, Wrong
from tests.reference import Kind, Row, RowIds, float32

TEXTS = ("a b a", "B c", None, "", "z", "a b a", "c c c c b", "a")


class TfidfReference(Kind):
    """The ids of the source, each with idf / norm as a float32 weight."""

    def ids(self, row: Row) -> RowIds:
        got = self.of(self.column.source).ids(row)
        known = [i for i in got.ids if 0 <= i < self.num_buckets()]
        norm = 1.0
        if self.column.norm == "l2":
            norm, total = 0.0, 0.0
            for i, times in sorted(Counter(known).items()):
                total += (times * self.idf(i)) ** 2
            norm = math.sqrt(total)
        return got._replace(weights=[float32(self.idf(i) / norm) if i in known else 0.0 for i in got.ids])

    def learned(self, slot: str) -> dict[str, Any]:
        rows = [set(self.of(self.column.source).ids(row).ids) for row in self.reference.train]
        last = max((i for row in rows for i in row), default=-1)
        return {"counts": [sum(i in row for row in rows) for i in range(last + 1)], "rows": len(rows)}

    def idf(self, i: int) -> float:
        train = self.reference.train
        return math.log((1 + len(train)) / (1 + sum(i in self.of(self.column.source).ids(row).ids for row in train))) + 1

    def num_buckets(self) -> int:
        return self.of(self.column.source).num_buckets()

    def wide(self) -> bool:
        return self.of(self.column.source).wide()


REFERENCE = {fc.Tfidf: TfidfReference}

EXAMPLES = [
    Example(
        "words, hashed words and single values",
        [
            fc.Tfidf(fc.Vocabulary(fc.Words("text"), fc.TopTerms(2), num_oov_buckets=1)),
            fc.Indicator(fc.Tfidf(fc.Hashed(fc.Words("text"), 7, name="h"))),
            fc.Embedding(fc.Tfidf(fc.Vocabulary("tag", ["x", "y"]), norm=None), 2),
            fc.Sequence(fc.Indicator(fc.Tfidf(fc.Vocabulary("tags", ["x", "y"]))), 2),
        ],
        rows=[
            {"text": text, "tag": tag, "tags": tags}
            for text, tag, tags in zip(
                TEXTS,
                ("x", None, "y", "x", "z", "x", "", "x"),
                (["x", None, "x"], [], None, ["y", "z"], ["z"], ["x", "y"], ["y", "y"], [None]),
                strict=True,
            )
        ],
        changes={"source": fc.Vocabulary(fc.Words("text"), fc.TopTerms(1), num_oov_buckets=1), "norm": None},
        wrong=[
            Wrong(lambda: fc.Tfidf("text"), ("source", "ids")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Tfidf(fc.Tfidf(fc.Hashed("t", 5))), ("weighted already",)),
            Wrong(lambda: fc.Weighted(fc.Tfidf(fc.Hashed("t", 5)), "w"), ("weighted already",)),
            Wrong(lambda: fc.Tfidf(fc.Hashed("t", 5), norm="l1"), ("norm", "'l1'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Tfidf(fc.Hashed("t", 2**30)), ("67,108,864", "1073741824")),
        ],
    ),
]

test_laws = laws.of(EXAMPLES)


@pytest.mark.parametrize("norm", ["l2", None])
def test_it_is_what_scikit_learn_computes(norm: str | None) -> None:
    rng = np.random.default_rng(4)
    words = np.array(["red", "blue", "green", "wool", "silk", "coat", "scarf"])
    texts = [" ".join(rng.choice(words, rng.integers(0, 9))) for _ in range(400)]
    rival = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), norm=norm, max_features=20)
    want = rival.fit_transform(texts).toarray()
    terms = list(rival.get_feature_names_out())
    grams = fc.Vocabulary(fc.NGrams(fc.Words("text"), (1, 2)), terms)
    plan = fc.fit([fc.Indicator(fc.Tfidf(grams, norm=norm))], {"text": texts})  # type: ignore[arg-type]
    found = plan.transform({"text": texts})
    # each of the tf weights is rounded to float32, and so is each of their sums
    np.testing.assert_allclose(found, want, rtol=8 * 2.0**-24, atol=0)


def test_other_systems_refuse_it_by_name() -> None:
    plan = fc.fit([fc.Indicator(fc.Tfidf(fc.Hashed("tag", 5)))], {"tag": ["a", "b"]})
    with pytest.raises(fc.PlanError, match=r"Tfidf cannot be written as .*SQL.*, it counts the terms of a row"):
        plan.to_sql(dialect="duckdb")
