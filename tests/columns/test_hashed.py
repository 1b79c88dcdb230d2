"""Hashed: canonical bytes into buckets."""

from __future__ import annotations

import featurecols as fc
from tests import laws
from tests.hashes import bucket_of
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, canonical

CITIES = ("Oslo", "Lima", None, "", "São Paulo", "Oslo", "a\0b", "東京", "x" * 10_000)


class HashedReference(Kind):
    """The hash of the canonical bytes, modulo the number of buckets."""

    def ids(self, row: Row) -> RowIds:
        c = self.column
        return self.map(c.source, row, lambda v: bucket_of(canonical(v), c.num_buckets, c.hash, c.seed))


REFERENCE = {fc.Hashed: HashedReference}


WRONG = [
    Wrong(lambda: fc.Hashed("", 10), ("key", "''")),
    Wrong(lambda: fc.Hashed(5, 10), ("source", "5")),
    Wrong(lambda: fc.Hashed(fc.Numeric("city"), 10), ("source", "Numeric('city')")),
    Wrong(lambda: fc.Hashed("city", 0), ("num_buckets", "got 0")),
    Wrong(lambda: fc.Hashed("city", 2**31), ("num_buckets", "2147483648", "2147483647")),
    Wrong(lambda: fc.Hashed("city", 10.0), ("num_buckets", "10.0")),
    Wrong(lambda: fc.Hashed("city", True), ("num_buckets", "True")),
    Wrong(lambda: fc.Hashed("city", "10"), ("num_buckets", "'10'")),
    Wrong(lambda: fc.Hashed("city", 10, hash="md5"), ("hash", "'md5'", "murmur3")),
    Wrong(lambda: fc.Hashed("city", 10, hash=["murmur3"]), ("hash", "murmur3")),
    Wrong(lambda: fc.Hashed("city", 10, seed=-1), ("seed", "-1")),
    Wrong(lambda: fc.Hashed("city", 10, seed=2**32), ("seed", "4294967296")),
    Wrong(lambda: fc.Hashed("city", 10, seed=0.5), ("seed", "0.5")),
    Wrong(lambda: fc.Hashed("city", 10, hash="farmhash64", seed=5), ("seed", "5", "murmur3")),
    Wrong(lambda: fc.Hashed("city", 2**63, hash="farmhash64"), ("num_buckets", str(2**63))),
    Wrong(lambda: fc.Hashed("city", 10, missing_bucket=11), ("missing_bucket", "11", "10")),
    Wrong(lambda: fc.Hashed("city", 10, missing_bucket=True), ("missing_bucket", "True")),
    Wrong(lambda: fc.Hashed("city", 10, name=""), ("name", "''")),
    Wrong(lambda: fc.Hashed("city", 10, name=3), ("name", "3")),
]

EXAMPLES = [
    Example(
        "missing in a bucket of its own",
        [fc.Hashed("city", 50, missing_bucket=50), fc.Hashed("n", 50, missing_bucket=3, hash="farmhash64")],
        rows=[{"city": c, "n": n} for c, n in zip(CITIES, (1.0, None, 3.0, 1.0, 2.0, None, 4.0, 5.0, 6.0), strict=True)],
        changes={"missing_bucket": 0},
    ),
    Example(
        "missing elements of lists",
        [fc.Hashed(fc.Field("tags", missing="?"), 9, missing_bucket=9), fc.Sequence(fc.Indicator(fc.Hashed("tags", 9)), 2)],
        rows=[{"tags": t} for t in (["a", None], [], None, ["?", "b", "c"])],
        changes={"missing_bucket": 8},
    ),
    Example(
        "text",
        [fc.Hashed("city", 1000)],
        rows=[{"city": c, "country": c} for c in CITIES],
        changes={"source": "country", "num_buckets": 999, "hash": "farmhash64", "seed": 1, "name": "town"},
        wrong=WRONG,
        bad=[
            Bad({"city": [1.0, 2.5, 3.5]}, ("city", "2.5", "Bucketized"), 1),
            Bad({"city": [1.0, 2.0**53]}, ("city", "9007199254740992", "Bucketized"), 1),
            Bad({"city": ["a", "b", "c\ud800"]}, ("city", "surrogate", "errors="), 2),
            Bad({"town": ["a"]}, ("city", "town"), None),
        ],
    ),
    Example(
        "small",
        [fc.Hashed("city", 10, seed=7)],
        rows=[{"city": c} for c in CITIES],
        changes={"seed": 8, "num_buckets": 11},
    ),
    Example(
        "farmhash64",
        [fc.Hashed("city", 1000, hash="farmhash64")],
        rows=[{"city": c} for c in ("", "a", "ab", "hello world", None, "日本語", "-1", "Exec-managerial", "a\0b")],
        expect=[263, 939, 502, 11, -1, 783, 430, 800, 280],  # TensorFlow's
        changes={"hash": "murmur3"},
    ),
    Example(
        "farmhash64 past 2^31 buckets",
        [fc.Hashed("city", 2**40, hash="farmhash64")],
        rows=[{"city": c} for c in CITIES],
        changes={"num_buckets": 2**40 - 1},
    ),
    Example(
        "integers",
        [fc.Hashed(fc.Field("code", missing=-1), 50)],
        rows=[{"code": c} for c in (0, 7, -1, -5, 10**15, 2**31, -(2**40), None, 7)],
        changes={"source": fc.Field("code")},
    ),
    Example(
        "integers of 64 bits",
        [fc.Hashed("code", 50)],
        rows=[{"code": c} for c in (2**63 - 1, -(2**63), 2**53 + 1, 2**53, 0)],
    ),
    Example("booleans", [fc.Hashed("flag", 7)], rows=[{"flag": f} for f in (True, False, None, True)]),
    Example(
        "whole floats", [fc.Hashed("code", 50)], rows=[{"code": c} for c in (5.0, -0.0, float("nan"), None, 2.0**52, -3.0)]
    ),
    Example("bytes", [fc.Hashed("raw", 50)], rows=[{"raw": r} for r in (b"", b"\xff\x00", None, b"Oslo")]),
    Example(
        "lists",
        [fc.Hashed(fc.Field("tags", missing=("?", "")), 20)],
        rows=[{"tags": t} for t in (["a", "b", "a"], [], None, ["?", "c", None], ["d"], [""], ["é" * 40, "a"])],
    ),
    Example(
        "lists of integers",
        [fc.Hashed("codes", 20, hash="farmhash64")],
        rows=[{"codes": t} for t in ([1, 2, 1], [], None, [None, -7], [3], [2**40])],
    ),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Hashed, EXAMPLES)


def test_equal_texts_of_any_type_share_an_id() -> None:
    plan = fc.compile([fc.Hashed("code", 1000)])
    found = {int(plan.encode({"code": [value]}).ids["code"].values[0]) for value in (5, 5.0, "5", b"5")}
    assert len(found) == 1
    assert plan.encode({"code": ["05"]}).ids["code"].values[0] not in found
