"""Crossed: combinations, hashed."""

from __future__ import annotations

import itertools
from typing import Any

import mmh3
import pandas as pd
import pytest

import featurecols as fc
from tests import laws
from tests.hashes import M64, cross_of, farmhash64
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, RowIds, canonical

ROWS = [
    {"a": "x", "b": "u", "n": 5.0},
    {"a": "y", "b": "v", "n": -3.0},
    {"a": None, "b": "u", "n": 50.0},
    {"a": "", "b": "w\0", "n": None},
    {"a": "x", "b": None, "n": 5.0},
    {"a": "東京", "b": "é" * 50, "n": 0.0},
]
BANDS = fc.Bucketized("n", [0.0, 10.0])


class CrossedReference(Kind):
    """The hash of every combination of one part from each source."""

    def ids(self, row: Row) -> RowIds:
        c, many, parts = self.column, False, []
        for source in c.sources:
            if isinstance(source, fc.Field):
                value = self.raw(source, row)
                many = many or isinstance(value, list)
                part = [None if v is None else part_of(v, c.hash) for v in (value if isinstance(value, list) else [value])]
            else:
                got = self.of(source).ids(row)
                many, part = many or got.many, [None if i < 0 else i for i in got.ids]
            parts.append(part)
        return RowIds([self._id(list(combination)) for combination in itertools.product(*parts)], None, many)

    def _id(self, parts: list[int | None]) -> int:
        c = self.column
        raw_missing = any(p is None and isinstance(source, fc.Field) for p, source in zip(parts, c.sources, strict=True))
        if raw_missing and c.missing_bucket is not None:
            return int(c.missing_bucket)
        return cross_of(parts, c.num_buckets, c.hash, c.seed, c.keep_unseen)


def part_of(value: Any, hash: str) -> int:
    """What the value of a field brings into a cross."""
    if hash == "murmur3":
        return mmh3.hash(canonical(value), 0, signed=False)
    if isinstance(value, (str, bytes)) or value != int(value):  # a decimal that is not whole
        return farmhash64(canonical(value))
    return int(value) & M64


REFERENCE = {fc.Crossed: CrossedReference}


WRONG = [
    Wrong(lambda: fc.Crossed(["a"], 10), ("sources", "two")),
    Wrong(lambda: fc.Crossed("ab", 10), ("sources", "ab")),
    Wrong(lambda: fc.Crossed([], 10), ("sources", "()")),
    Wrong(lambda: fc.Crossed(["a", fc.Numeric("n")], 10), ("source", "Numeric('n')", "bucketize")),
    Wrong(lambda: fc.Crossed(["a", 5], 10), ("source", "5")),
    Wrong(lambda: fc.Crossed(["a", fc.Weighted(fc.Hashed("b", 3), "w")], 10), ("weighted", "Weighted")),
    Wrong(lambda: fc.Crossed(["a", "b"], 0), ("num_buckets", "got 0")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, missing_bucket=11), ("missing_bucket", "11", "10")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, missing_bucket=1, keep_unseen=True), ("missing_bucket", "keep_unseen")),
    Wrong(lambda: fc.Crossed([BANDS, fc.Hashed("b", 3)], 10, missing_bucket=1), ("missing_bucket", "field")),
    Wrong(lambda: fc.Crossed(["a", "b"], 2**31), ("num_buckets", "2147483648")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, hash="md5"), ("hash", "'md5'")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, seed=-1), ("seed", "-1")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, seed=2**32), ("seed", "4294967296")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, hash="farmhash64", seed=2**64), ("seed", str(2**64))),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, keep_unseen=1), ("keep_unseen", "got 1")),
    Wrong(lambda: fc.Crossed(["a", "b"], 10, name=""), ("name", "''")),
]

EXAMPLES = [
    Example(
        "missing in a bucket of its own",
        [
            fc.Crossed(["a", "b", BANDS], 90, missing_bucket=90),
            fc.Crossed(["a", fc.Vocabulary("b", ["u"])], 90, hash="farmhash64", missing_bucket=7, name="farm"),
        ],
        rows=ROWS,
        changes={"missing_bucket": 0},
    ),
    Example(
        "missing elements of lists in a bucket",
        [fc.Crossed(["tags", "a", fc.Vocabulary("tags", ["x", "y"], name="known")], 90, missing_bucket=90)],
        rows=[
            {"tags": tags, "a": a}
            for tags, a in ((["x", None], "p"), ([], "p"), (["y", "z"], None), (None, None), (["z", "x"], "q"))
        ],
        changes={"missing_bucket": 3},
    ),
    Example(
        "texts",
        [fc.Crossed(["a", "b"], 1000)],
        rows=ROWS,
        changes={
            "sources": ("b", "a"),
            "num_buckets": 999,
            "hash": "farmhash64",
            "seed": 9,
            "keep_unseen": True,
            "name": "ab",
        },
        wrong=WRONG,
        bad=[
            Bad({"a": ["x", "y"], "b": [1.0, 0.5]}, ("a_X_b", "b", "0.5"), 1),
            Bad({"a": ["x"], "c": ["y"]}, ("b", "c"), None),
        ],
    ),
    Example(
        "both hashes of one dictionary",
        [fc.Crossed(["a", "b"], 1000), fc.Crossed(["a", "b"], 1000, hash="farmhash64", name="farm"), fc.Hashed("a", 1000)],
        rows=ROWS,
    ),
    Example(
        "ids past 2^32",
        [fc.Crossed([fc.Identity("i", 2, out_of_range="keep"), "a"], 1000)],
        rows=[{"i": i, "a": "x"} for i in (1, 2**32 + 1, -7, None)],
    ),
    Example(
        "keep_unseen",
        [fc.Crossed(["a", "b"], 1000, keep_unseen=True, seed=3)],
        rows=ROWS,
        changes={"keep_unseen": False, "seed": 2},
    ),
    Example(
        "with a column",
        [fc.Crossed([BANDS, "a"], 100), fc.Crossed(["a", BANDS], 100, name="other")],
        rows=ROWS,
        changes={"sources": ("n", "a")},
    ),
    Example("three", [fc.Crossed(["a", BANDS, "b"], 2**31 - 1)], rows=ROWS),
    Example(
        "unseen terms",
        [
            fc.Crossed([fc.Vocabulary("a", ["x", "y"]), "b"], 50),
            fc.Crossed([fc.Vocabulary("a", ["x", "y"]), "b"], 50, keep_unseen=True, name="k"),
        ],
        rows=[*ROWS, {"a": "zzz", "b": "u", "n": 1.0}],
    ),
    Example(
        "nested", [fc.Crossed([fc.Crossed(["a", "b"], 30), fc.Hashed("a", 7)], 77, seed=1)], rows=ROWS, changes={"seed": 0}
    ),
    Example("integers", [fc.Crossed(["i", "j"], 100)], rows=[{"i": i, "j": -i} for i in (0, 5, -7, 2**62, -(2**63) + 1)]),
    Example("integers with nulls", [fc.Crossed(["i", "j"], 100)], rows=[{"i": i, "j": "b"} for i in (0, None, -7, 2**52)]),
    Example("booleans", [fc.Crossed(["f", "j"], 100)], rows=[{"f": f, "j": "b"} for f in (True, None, False)]),
    Example("the same field twice", [fc.Crossed(["a", "a"], 100)], rows=ROWS),
    Example(
        "markers",
        [fc.Crossed([fc.Field("a", missing=("x", "")), fc.Hashed(fc.Field("b", missing="u"), 9)], 100)],
        rows=ROWS,
        changes={"sources": ("a", "b")},
    ),
    Example(
        "lists",
        [fc.Crossed(["s", "t"], 1000)],
        rows=[
            {"s": ["x", "y"], "t": ["u", "v"]},
            {"s": ["x"], "t": []},
            {"s": None, "t": ["u"]},
            {"s": ["x", None, "z"], "t": ["u", None]},
            {"s": [], "t": None},
            {"s": ["z"], "t": ["w", "t"]},
        ],
        changes={"keep_unseen": True, "sources": ("t", "s")},
    ),
    Example(
        "lists and single values",
        [fc.Crossed(["a", "s", fc.Bucketized("x", [0])], 1000, keep_unseen=True)],
        rows=[
            {"a": "p", "s": ["x", "y"], "x": [1.0, -1.0, None]},
            {"a": None, "s": ["x"], "x": [2.0]},
            {"a": "q", "s": [], "x": [1.0]},
            {"a": "r", "s": [None, "y"], "x": [None, 0.0]},
        ],
        changes={"keep_unseen": False},
    ),
    # TensorFlow 2.15 made the literals below.
    Example(
        "farmhash64",
        [fc.Crossed(["a", "b"], 1000, hash="farmhash64")],
        rows=[{"a": "x", "b": "u"}, {"a": "y", "b": "v"}, {"a": "x", "b": "y"}, {"a": "", "b": "z"}, {"a": None, "b": "z"}],
        expect=[989, 134, 624, 787, -1],
        changes={"hash": "murmur3", "seed": 5, "sources": ("b", "a"), "num_buckets": 999, "keep_unseen": True},
    ),
    Example(
        "farmhash64 backwards",
        [fc.Crossed(["b", "a"], 1000, hash="farmhash64")],
        rows=[{"a": "x", "b": "u"}, {"a": "y", "b": "v"}],
        expect=[920, 547],
    ),
    Example(
        "farmhash64 seed",
        [fc.Crossed(["a", "b"], 1000, hash="farmhash64", seed=5)],
        rows=[{"a": "x", "b": "y"}],
        expect=[72],
        changes={"seed": 4},
    ),
    Example(
        "farmhash64 seed -1",
        [fc.Crossed(["a", "b"], 1000, hash="farmhash64", seed=2**64 - 1)],
        rows=[{"a": "x", "b": "y"}],
        expect=[671],
    ),
    Example(
        "farmhash64 integers",
        [fc.Crossed(["i", "j"], 1000, hash="farmhash64")],
        rows=[{"i": -1, "j": 4}, {"i": 3, "j": 5}],
        expect=[958, 412],
    ),
    Example(
        "farmhash64 booleans",
        [fc.Crossed(["i", "j"], 1000, hash="farmhash64")],
        rows=[{"i": True, "j": 4}, {"i": False, "j": 5}],
        expect=[725, 98],
    ),
    Example(
        "farmhash64 integers with nulls",
        [fc.Crossed(["i", "j"], 1000, hash="farmhash64", keep_unseen=True)],
        rows=[{"i": -1, "j": 4}, {"i": None, "j": 5}, {"i": 3, "j": 5}],
        expect=[958, 399, 412],
    ),
    Example(
        "farmhash64 whole floats",
        [fc.Crossed(["i", "j"], 1000, hash="farmhash64")],
        rows=[{"i": -1.0, "j": 4.0}, {"i": 3.0, "j": 5.0}, {"i": None, "j": 5.0}],
        expect=[958, 412, -1],
    ),
    Example(
        "farmhash64 with a column",
        [
            fc.Crossed([fc.Bucketized("n", [0.0, 10.0]), "a"], 1000, hash="farmhash64"),
            fc.Crossed(["a", BANDS], 1000, hash="farmhash64", name="o"),
        ],
        rows=[{"n": 5.0, "a": "x"}],
        expect=[859],
    ),
    Example(
        "farmhash64 unseen",
        [fc.Crossed([fc.Vocabulary("v", ["p", "q", "r"]), "a"], 1000, hash="farmhash64", keep_unseen=True)],
        rows=[{"v": "p", "a": "x"}, {"v": "zzz", "a": "x"}],
        expect=[43, 932],
    ),
    Example(
        "farmhash64 lists",
        [fc.Crossed(["s", "t"], 1000, hash="farmhash64")],
        rows=[{"s": ["x", "y"], "t": ["u", "v"]}, {"s": ["z"], "t": ["w", "t"]}],
        expect=[[989, 431, 132, 134], [659, 993]],
    ),
    Example(
        "farmhash64 three",
        [fc.Crossed(["s", "n", "b"], 5000, hash="farmhash64")],
        rows=[{"s": ["x", "y"], "n": [1, 2], "b": "q"}],
        expect=[[3945, 3718, 1754, 4486]],
    ),
    Example("farmhash64 past 2^31 buckets", [fc.Crossed(["a", "b"], 2**45, hash="farmhash64")], rows=ROWS),
]
test_laws = laws.of(EXAMPLES)


def test_laws_cover_every_argument() -> None:
    laws.covers(fc.Crossed, EXAMPLES)


@pytest.mark.parametrize(
    "values", [["a", 1, None, "1", -3], [2**63, 1, -1], [2**64 - 1, "x"], [[1, "1"], ["2", 2.0], []], [True, 1, "1"]]
)
def test_integers_beside_texts_enter_as_integers_on_both_paths(values):
    plan = fc.compile([fc.Crossed(["x", "y"], 2**40, hash="farmhash64")])
    rows = [{"x": v, "y": 7} for v in values]
    ids = plan.encode({"x": values, "y": [7] * len(values)}).ids["x_X_y"]
    bound = plan._program.outputs[0].bound
    expected = [bound.row(row["x"], row["y"]) for row in rows]
    flat = [i for row in expected for i in (row if isinstance(row, list) else [row])]
    assert ids.values.tolist() == flat
    as_categories = pd.DataFrame({"x": pd.Series(values, dtype="category"), "y": 7}) if type(values[0]) is not list else None
    if as_categories is not None and len(set(map(str, values))) == len(values):
        assert plan.encode(as_categories).ids["x_X_y"].values.tolist() == flat


@pytest.mark.parametrize("hash_", ["murmur3", "farmhash64"])
@pytest.mark.parametrize("keep_unseen", [False, True])
def test_d8_long_lists_of_one_row_are_crossed_as_those_of_a_table(hash_: str, keep_unseen: bool) -> None:
    """D8: long lists of one row are crossed as those of a table."""
    words = fc.Vocabulary("c", ["x", "y"])
    column = fc.Crossed(["a", "b", words], 1000, hash=hash_, seed=3, keep_unseen=keep_unseen)  # type: ignore[arg-type]
    plan = fc.compile([fc.Indicator(column)])
    row = {"a": [f"s{i}" if i % 5 else None for i in range(30)], "b": list(range(-10, 10)), "c": ["x", "q", "y"]}
    found = plan.transform_row(row)
    assert found.sum() == (1800 if keep_unseen else 24 * 20 * 2)
    assert (found == plan.transform({key: [value] for key, value in row.items()})[0]).all()


def test_d8_a_row_with_too_many_combinations_is_refused_at_once() -> None:
    """D8: a row with too many combinations is refused at once."""
    plan = fc.compile([fc.Indicator(fc.Crossed(["a", "b", "c", "d"], 1000))])
    row = {key: [str(i) for i in range(100)] for key in "abcd"}
    with pytest.raises(fc.DataError, match=r"have more than 4,194,304 combinations at row 0, got 100000000; cross fewer lists"):
        plan.transform_row(row)
    with pytest.raises(fc.DataError, match=r"have more than 4,194,304 combinations at row 1, got 100000000; cross fewer lists"):
        plan.transform([{key: ["1"] for key in "abcd"}, row])
