"""Split and Words: text as lists of tokens, under every column that reads lists."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols.data.fields.cleaning import Cleaning
from tests import laws
from tests.laws import Bad, Example, Wrong

GENRES = (
    "Drama|Crime",
    " Drama | crime ",
    "",
    None,
    "|",
    "Thriller",
    "a||b|",
    "Émile|ÉTÉ\t|İ",
    "Drama|Crime",
    "x" * 300,
    "Crime|Drama",
)
TITLES = ("Rome, by rail!", "by BUS", None, "", "--", "L'été à Paris", "snake_case 42", "by BUS", "Straße ΣΑΣ")

EXAMPLES = [
    Example(
        "split under a vocabulary",
        [fc.Vocabulary(fc.Split("genres"), ["Drama", "Crime", "crime", "a"], num_oov_buckets=2)],
        rows=[{"genres": g} for g in GENRES],
        changes={
            "source": fc.Split("genres", strip=False),
            "num_oov_buckets": 3,
        },
        wrong=[
            Wrong(lambda: fc.Split(""), ("key", "''")),
            Wrong(lambda: fc.Split("g", ""), ("separator", "''")),
            Wrong(lambda: fc.Split("g", 5), ("separator", "got 5")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Split("g", strip=1), ("strip", "got 1")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Split("g", lowercase="yes"), ("lowercase", "'yes'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Split("g", max_tokens=0), ("max_tokens", "got 0")),
            Wrong(lambda: fc.Split("g", type="integer"), ("text", "'integer'")),
            Wrong(lambda: fc.Split("g", list=True), ("text", "True")),
            Wrong(lambda: fc.Words("g", max_tokens=True), ("max_tokens", "True")),
        ],
        bad=[
            Bad({"genres": ["a|b", 5]}, ("genres", "text", "5"), 1),
            Bad({"genres": [["a"], ["b"]]}, ("genres", "one text"), 0),
            Bad({"genre": ["a"]}, ("genres", "genre"), None),
        ],
    ),
    Example(
        "split, lower-cased and short",
        [
            fc.Hashed(fc.Split("genres", "|", lowercase=True, max_tokens=1), 50),
            fc.Crossed([fc.Split("genres"), "n"], 90),
            fc.Hashed("genres", 9, name="whole"),
        ],
        rows=[{"genres": g, "n": n} for n, g in enumerate(GENRES)],
        changes={"source": fc.Split("genres", "|", lowercase=True, max_tokens=2)},
    ),
    Example(
        "split of ASCII, learned and in sequences",
        [
            fc.Vocabulary(fc.Split("tags", ", ", lowercase=True), fc.TopTerms(3)),
            fc.Sequence(fc.Indicator(fc.Hashed(fc.Split("tags", ","), 5)), 2),
            fc.Embedding(fc.Hashed(fc.Split("tags", ",", missing="none"), 7, name="e"), 2),
        ],
        rows=[{"tags": t} for t in ("A, b", "b", None, "none", "C, a, B, d", "a,b", "b")],
        changes={"terms": fc.TopTerms(2)},
    ),
    Example(
        "words",
        [
            fc.Vocabulary(fc.Words("title"), fc.TopTerms(4), num_oov_buckets=1),
            fc.Hashed(fc.Words("title", max_tokens=1), 9, name="first"),
        ],
        rows=[{"title": t} for t in TITLES],
        changes={"source": fc.Words("title", max_tokens=1)},
    ),
    Example(
        "cleaned fields",
        [
            fc.Vocabulary(
                fc.Field("city", strip=True, lowercase=True, missing=("N/A", "-")),
                ["paris", "i\u0307", "", "stra\u00dfe"],
                num_oov_buckets=2,
            ),
            fc.Crossed([fc.Field("city", lowercase=True), fc.Field("size", invalid="missing")], 90),
            fc.Numeric(fc.Field("size", invalid="missing", missing=-9), default=0.5),
            fc.Bucketized(fc.Field("size", invalid="missing"), [1, 5]),
        ],
        rows=[
            {"city": c, "size": s}
            for c, s in zip(
                (" Paris", "paris\t", "\u0130 ", None, "N/A", " - ", "", "Stra\u00dfe"),
                ("1", " +2", "7 m", "-9.0", None, "-0", "12345678901234567", ""),
                strict=True,
            )
        ],
        changes={"source": fc.Field("city", strip=True), "num_oov_buckets": 3},
        wrong=[
            Wrong(lambda: fc.Field("g", strip=1), ("strip", "got 1")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Field("g", lowercase="yes"), ("lowercase", "'yes'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Field("g", invalid="drop"), ("invalid", "'drop'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.Field("g", type="date", invalid="missing"), ("type date", "'missing'")),
            Wrong(lambda: fc.Words("g", lowercase=True), ("lowercase", "True")),
            Wrong(lambda: fc.Split("g", invalid="missing"), ("invalid", "'missing'")),
        ],
    ),
    Example(
        "words of ASCII", [fc.Hashed(fc.Words("title"), 99)], rows=[{"title": t} for t in TITLES if t is None or t.isascii()]
    ),
]

test_laws = laws.of(EXAMPLES)


@pytest.mark.parametrize(
    "field", [fc.Split("t", ",", lowercase=True), fc.Split("t", "ab", strip=False), fc.Words("t", max_tokens=3)]
)
@pytest.mark.parametrize("letters", ["ab, B\t_|9", "ab, É\u2003İß"])
def test_drawn_texts_split_as_python_splits_them(field: fc.Field, letters: str) -> None:
    rng = random.Random(3)
    texts: list[str | None] = ["".join(rng.choices(letters, k=rng.randrange(9))) for _ in range(300)]
    plan = fc.compile([fc.Hashed(field, 1000)])
    found = plan.encode({"t": pd.Series(texts, dtype="string")}).ids["t"]
    coded = plan.encode({"t": pd.Series(texts, dtype="category")}).ids["t"]
    one = field.row_preparer()
    assert one is not None
    lists = [one(text) for text in texts]
    want = fc.compile([fc.Hashed(fc.Field("t", list=True), 1000)]).encode({"t": lists}).ids["t"]
    for ids in (found, coded):
        assert ids.values.tolist() == want.values.tolist()
        assert ids.offsets is not None
        assert want.offsets is not None
        assert ids.offsets.tolist() == want.offsets.tolist()


def test_cleaned_numbers_are_those_of_csv_text() -> None:
    texts: list[str | None] = ["5", "-0", "+7", ".5", "5.", "1e3", " 2\t", "inf", "nan", "", "1_0", "\u0665", "1e999", "0x1"]
    texts += ["9007199254740993", None]
    inf = float("inf")
    want = [5, -0.0, 7, 0.5, 5.0, 1000.0, 2, inf, None, None, None, None, inf, None, 9007199254740993, None]
    cleaning = Cleaning(False, False, True)
    assert list(map(repr, map(cleaning.value, texts))) == list(map(repr, want))
    for rows in (range(0, 3), range(0, 14), range(0, 16)):
        plan = fc.compile([fc.Numeric(fc.Field("x", invalid="missing"), default=float("nan"))])
        some = [texts[i] for i in rows]
        found = plan.transform({"x": pd.Series(some, dtype="string")}).ravel()
        assert np.array_equal(
            found.view(np.uint32),
            np.array([np.nan if want[i] is None else want[i] for i in rows], np.float32).view(np.uint32),
        )
        coded = plan.transform({"x": pd.Series(some, dtype="category")}).ravel()
        assert np.array_equal(found.view(np.uint32), coded.view(np.uint32))


def test_check_counts_what_is_no_number_as_missing(tmp_path: Path) -> None:
    path = tmp_path / "sizes.csv"
    path.write_text("size\n1\n2 m\n\n 4\n")
    plan = fc.fit([fc.Numeric(fc.Field("size", invalid="missing"), default=fc.Mean())], str(path))
    assert plan.transform(str(path)).ravel().tolist() == [1, 2.5, 2.5, 4]
    assert plan.check(str(path)).fields["size"].missing == 0.5
    loaded = fc.Plan.from_bytes(plan.to_bytes())
    assert loaded.transform_row({"size": " 3 "}).tolist() == [3]
    assert loaded.columns == plan.columns


def test_types_are_spelled_by_what_was_cleaned() -> None:
    plan = fc.compile([fc.Hashed(fc.Field("flag", type="boolean", strip=True), 1000)])
    want = fc.compile([fc.Hashed("flag", 1000)]).encode({"flag": [True, False]}).ids["flag"].values.tolist()
    assert plan.encode({"flag": [" True", "False "]}).ids["flag"].values.tolist() == want


def test_other_systems_refuse_it_by_name() -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed(fc.Split("genres"), 5))])
    with pytest.raises(fc.PlanError, match=r"field genres: Split cannot be written as .*SQL.*, it splits text"):
        plan.to_sql(dialect="duckdb")


def test_a_spec_says_it_as_a_field() -> None:
    columns = (fc.Hashed(fc.Split("genres", ",", lowercase=True), 5), fc.Hashed(fc.Words("title"), 5))
    data = fc.columns_to_json(columns)
    assert data[0]["source"] == {"type": "Split.v1", "key": "genres", "separator": ",", "lowercase": True}
    assert fc.columns_from_json(data) == columns
