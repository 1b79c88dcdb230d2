"""Vocabulary: places in a list of terms, given or learned."""

from __future__ import annotations

import itertools
from collections import Counter
from functools import cached_property
from typing import Any

import featurecols as fc
from tests import laws
from tests.hashes import bucket_of
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, canonical

JOBS = ("nurse", "pilot", None, "clown", "", "pilot", "nurs", "nursë", "nurse\0", "smith")


class VocabularyReference(Kind):
    """The position in the list of terms; the bucket of a hash, one id or none for an unseen value."""

    @cached_property
    def terms(self) -> list[bytes]:
        c = self.column
        if not isinstance(c.terms, fc.TopTerms):
            return [canonical(t) for t in c.terms]
        counts = Counter(canonical(v) for v in self.reference.known(c.source))
        ranked = sorted((-count, term) for term, count in counts.items() if count >= c.terms.min_count)
        return [term for _, term in ranked[: c.terms.n]]

    def ids(self, row: Row) -> RowIds:
        return self.map(self.column.source, row, self._id)

    def _id(self, value: Any) -> int:
        c, text = self.column, canonical(value)
        if text in self.terms:
            return self.terms.index(text)
        if c.num_oov_buckets:
            return len(self.terms) + bucket_of(text, c.num_oov_buckets, c.hash, c.seed)
        return -1 if c.unseen is None else int(c.unseen)

    def num_buckets(self) -> int:
        c = self.column
        return max(len(self.terms) + c.num_oov_buckets, 0 if c.unseen is None else c.unseen + 1, self.missing_id() + 1)

    def learned(self, slot: str) -> dict[str, Any]:
        offsets = [0, *itertools.accumulate(map(len, self.terms))]
        return {"terms": {"data": b"".join(self.terms), "offsets": offsets}}[slot]


REFERENCE = {fc.Vocabulary: VocabularyReference}


WRONG = [
    Wrong(lambda: fc.Vocabulary("", ["a"]), ("key", "''")),
    Wrong(lambda: fc.Vocabulary("v", []), ("terms", "()")),
    Wrong(lambda: fc.Vocabulary("v", "abc"), ("terms", "'abc'")),
    Wrong(lambda: fc.Vocabulary("v", ["a", "b", "a"]), ("'a'", "once")),
    Wrong(lambda: fc.Vocabulary("v", ["a", 5]), ("got 5", "one type")),
    Wrong(lambda: fc.Vocabulary("v", [1, True]), ("got True", "one type")),
    Wrong(lambda: fc.Vocabulary("v", [1.5, 2.5]), ("1.5",)),
    Wrong(lambda: fc.Vocabulary("v", ["a", None]), ("None",)),
    Wrong(lambda: fc.Vocabulary("v", ["a\ud800"]), ("surrogate",)),
    Wrong(lambda: fc.Vocabulary("v", fc.Quantiles(3)), ("terms", "Quantiles(3)")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], num_oov_buckets=-1), ("num_oov_buckets", "-1")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], num_oov_buckets=1.0), ("num_oov_buckets", "1.0")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], unseen=-1), ("unseen", "-1")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], unseen="b"), ("unseen", "'b'")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], unseen=0, num_oov_buckets=2), ("unseen", "num_oov_buckets")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], num_oov_buckets=1, hash="md5"), ("hash", "'md5'")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], num_oov_buckets=1, seed=-4), ("seed", "-4")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], num_oov_buckets=1, hash="farmhash64", seed=4), ("seed", "4")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], seed=4), ("seed", "num_oov_buckets")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], missing_bucket=-1), ("missing_bucket", "-1")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], num_oov_buckets=1, missing_bucket=3), ("missing_bucket", "3", "2")),
    Wrong(lambda: fc.Vocabulary("v", fc.TopTerms(4), missing_bucket=5), ("missing_bucket", "5", "4")),
    Wrong(lambda: fc.Vocabulary("v", fc.TopTerms(None), missing_bucket=5), ("missing_bucket", "TopTerms(None)")),
    Wrong(lambda: fc.Vocabulary("v", ["a"], name=""), ("name", "''")),
    Wrong(lambda: fc.TopTerms(0), ("n", "got 0")),
    Wrong(lambda: fc.TopTerms(5, min_count=0), ("min_count", "got 0")),
]

EXAMPLES = [
    Example(
        "missing in its own bucket",
        [fc.Vocabulary("job", fc.TopTerms(4), num_oov_buckets=1, missing_bucket=5)],
        train=[{"job": job} for job in ("nurse", "nurse", "pilot", None)],
        rows=[{"job": job} for job in JOBS],
        expect=[0, 1, 5, 2, 2, 1, 2, 2, 2, 2],
        changes={"missing_bucket": 0},
    ),
    Example(
        "missing as a term, in lists too",
        [
            fc.Vocabulary("tags", ["a", "b"], missing_bucket=1),
            fc.Vocabulary("tags", ["a"], unseen=3, missing_bucket=4, name="u"),
        ],
        rows=[{"tags": t} for t in (["a", None], [], None, ["b", "c"])],
        changes={"missing_bucket": 2},
    ),
    Example(
        "terms",
        [fc.Vocabulary("job", ["nurse", "pilot", "nursë"])],
        rows=[{"job": j, "work": j} for j in JOBS],
        expect=[0, 1, -1, -1, -1, 1, -1, 2, -1, -1],
        changes={"source": "work", "terms": ("pilot", "nurse", "nursë"), "num_oov_buckets": 2, "unseen": 1, "name": "w"},
        wrong=WRONG,
        bad=[
            Bad({"job": [1.0, 2.5]}, ("job", "2.5"), 1),
            Bad({"job": [True, False]}, ("job", "bool"), None),
            Bad({"job": ["pilot", "\udc00"]}, ("job", "surrogate"), 1),
            Bad({"jobs": ["pilot"]}, ("job", "jobs"), None),
        ],
    ),
    Example(
        "hashed unseen",
        [fc.Vocabulary("job", ["nurse", "pilot"], num_oov_buckets=5, seed=3)],
        rows=[{"job": j} for j in JOBS],
        changes={"hash": "farmhash64", "seed": 4, "num_oov_buckets": 6},
    ),
    Example(
        "farmhash64 unseen",
        [fc.Vocabulary("job", ["nurse", "pilot"], num_oov_buckets=1000, hash="farmhash64")],
        rows=[{"job": j} for j in ("pilot", "abc", "", None, "hello world")],
        expect=[1, 2 + 385, 2 + 263, -1, 2 + 11],  # TensorFlow's fingerprints
        changes={"hash": "murmur3", "num_oov_buckets": 999},
    ),
    Example(
        "unseen is a term",
        [fc.Vocabulary("job", ["nurse", "pilot"], unseen=0)],
        rows=[{"job": j} for j in JOBS],
        expect=[0, 1, -1, 0, 0, 1, 0, 0, 0, 0],
        changes={"unseen": 1},
    ),
    Example(
        "unseen has an id of its own",
        [fc.Vocabulary("job", ["nurse", "pilot"], unseen=4)],
        rows=[{"job": j} for j in JOBS],
        expect=[0, 1, -1, 4, 4, 1, 4, 4, 4, 4],
        changes={"unseen": 3},
    ),
    Example(
        "integers",
        [fc.Vocabulary(fc.Field("code", missing=(-999, "?")), [5, -7, 10**12], num_oov_buckets=2)],
        rows=[{"code": c} for c in (5, -7, 10**12, 6, -999, None, 0)],
    ),
    Example(
        "texts of integers", [fc.Vocabulary("code", ["5", "05"])], rows=[{"code": c} for c in (5, 4, None)], expect=[0, -1, -1]
    ),
    Example(
        "integers of texts", [fc.Vocabulary("code", [5, 7])], rows=[{"code": c} for c in ("7", "05", "5")], expect=[1, -1, 0]
    ),
    Example(
        "whole floats",
        [fc.Vocabulary("code", [5, 0])],
        rows=[{"code": c} for c in (5.0, -0.0, float("nan"))],
        expect=[0, 1, -1],
    ),
    Example("booleans", [fc.Vocabulary("flag", [True])], rows=[{"flag": f} for f in (True, False, None)], expect=[0, -1, -1]),
    Example(
        "bytes",
        [fc.Vocabulary("raw", [b"\xff", b""])],
        rows=[{"raw": r} for r in (b"", b"\xff", b"a", None)],
        expect=[1, 0, -1, -1],
    ),
    Example(
        "lists",
        [fc.Vocabulary(fc.Field("tags", missing="?"), ["a", "b"], num_oov_buckets=1)],
        rows=[{"tags": t} for t in (["b", "a", "b"], [], None, ["?", "c", None], ["a"])],
        expect=[[1, 0, 1], [], [], [-1, 2, -1], [0]],
    ),
    Example(
        "learned",
        [fc.Vocabulary("job", fc.TopTerms(3, min_count=2), num_oov_buckets=1)],
        rows=[{"job": j} for j in ("b", "a", "c", None, "zz")],
        train=[{"job": j} for j in ("c", "b", "a", "c", "b", None, "a", "é", "é", "once", "", "", "c", None)],
        expect=[3, 2, 0, -1, 3],  # c 3; then "", a, b, é have 2 each, and "" < a < b
        changes={"terms": fc.TopTerms(2)},
    ),
    Example(
        "learned from lists",
        [fc.Vocabulary(fc.Field("tags", missing="?"), fc.TopTerms(2))],
        rows=[{"tags": t} for t in (["b", "a", "b"], [], None, ["?", "c", None], ["a", "?"])],
        expect=[[1, 0, 1], [], [], [-1, -1, -1], [0, -1]],
        changes={"source": "tags", "terms": fc.TopTerms(1)},
    ),
    Example(
        "learned integers",
        [fc.Vocabulary("code", fc.TopTerms(10))],
        rows=[{"code": c} for c in (5, 40, 5, None, 300, 40, 5)],
        expect=[0, 1, 0, -1, 2, 1, 0],
        changes={"terms": fc.TopTerms(1)},
    ),
    Example(
        "every term",
        [fc.Vocabulary("job", fc.TopTerms(None))],
        rows=[{"job": j} for j in JOBS],
        changes={"terms": fc.TopTerms(3)},
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Vocabulary, EXAMPLES)
