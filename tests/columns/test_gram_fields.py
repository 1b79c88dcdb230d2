"""NGrams and Prefix: n-grams and beginnings of text, under every column that reads categories."""

from __future__ import annotations

import random

import pandas as pd
import pytest
from sklearn.feature_extraction.text import CountVectorizer

import featurecols as fc
from tests import laws
from tests.laws import Bad, Example, Wrong

TITLES = ("Rome, by rail!", "by BUS", None, "", "L'été à Paris", "by BUS", "none", "a")

EXAMPLES = [
    Example(
        "n-grams of words, of characters and of lists, and prefixes",
        [
            fc.Vocabulary(fc.NGrams(fc.Words("title", missing="none")), ["by", "by bus", "l été à"], num_oov_buckets=4),
            fc.Hashed(fc.NGrams(fc.Field("title", lowercase=True), (2, 3), True), 50, name="characters"),
            fc.Vocabulary(fc.NGrams("tags", 2), fc.TopTerms(3), name="pairs"),
            fc.Crossed([fc.Prefix("title", 1, strip=True), fc.Prefix("zip", 2)], 90),
            fc.Hashed("title", 9, name="whole"),
            fc.Embedding(fc.Hashed(fc.NGrams(fc.Split("title", " "), (1, 2)), 7, name="e"), 2),
        ],
        rows=[
            {"title": t, "tags": tags, "zip": zip_}
            for t, tags, zip_ in zip(
                TITLES,
                (["a", "b", None, "a"], [], ["é", "b"], ["a"], ["a", "b"], ["", ""], ["b", "a", "b"], []),
                (75011, 7, None, 20095, 75001, 0, 75, 12),
                strict=True,
            )
        ],
        changes={"source": fc.NGrams(fc.Words("title"), (1, 2)), "num_oov_buckets": 3},
        wrong=[
            Wrong(lambda: fc.NGrams(""), ("key", "''")),
            Wrong(lambda: fc.NGrams(5), ("source", "got 5")),  # type: ignore[arg-type]
            Wrong(lambda: fc.NGrams(fc.NGrams("g")), ("source", "NGrams")),
            Wrong(lambda: fc.NGrams("g", (2, 1)), ("n must", "(2, 1)")),
            Wrong(lambda: fc.NGrams("g", 0), ("n must", "got 0")),
            Wrong(lambda: fc.NGrams("g", characters="yes"), ("characters", "'yes'")),  # type: ignore[arg-type]
            Wrong(lambda: fc.NGrams(fc.Field("g", type="integer")), ("text", "'integer'")),
            Wrong(lambda: fc.NGrams(fc.Field("g", invalid="missing")), ("invalid", "'missing'")),
            Wrong(lambda: fc.Prefix("g", 0), ("n must", "got 0")),
            Wrong(lambda: fc.Prefix("g", 2, type="date"), ("text", "'date'")),
        ],
        bad=[
            Bad({"title": ["a", b"b"], "tags": [["a"], []], "zip": [1, 2]}, ("title", "text"), 1),
            Bad({"title": ["a", "b"], "tags": [["a"], []], "zip": [1.0, 2.5]}, ("zip", "2.5"), 1),
        ],
    ),
]

test_laws = laws.of(EXAMPLES)


@pytest.mark.parametrize("characters", [False, True])
@pytest.mark.parametrize("n", [(1, 3), (2, 2)])
def test_n_grams_are_those_of_scikit_learn(n: tuple[int, int], characters: bool) -> None:
    rng = random.Random(5)
    texts = ["".join(rng.choices("ab, éß_9", k=rng.randrange(12))).replace("  ", " ") for _ in range(300)]
    words = CountVectorizer(ngram_range=n, analyzer="char" if characters else "word", token_pattern=r"\w+")
    analyze = words.build_analyzer()
    source = fc.Field("t", lowercase=True) if characters else fc.Words("t")
    plan = fc.compile([fc.Hashed(fc.NGrams(source, n, characters), 1000)])
    want = fc.compile([fc.Hashed(fc.Field("t", list=True), 1000)]).encode({"t": list(map(analyze, texts))}).ids["t"]
    for data in (pd.Series(texts, dtype="string"), pd.Series(texts, dtype="category"), pd.Series(texts, dtype=object)):
        found = plan.encode({"t": data}).ids["t"]
        assert found.values.tolist() == want.values.tolist()
        assert found.offsets.tolist() == want.offsets.tolist()  # type: ignore[union-attr]


def test_one_text_is_not_a_list_of_tokens() -> None:
    plan = fc.compile([fc.Hashed(fc.NGrams("t"), 9)])
    with pytest.raises(fc.DataError, match=r"t: needs a list of tokens.*row 1.*'a b'.*Words"):
        plan.encode({"t": [None, "a b"]})
    with pytest.raises(fc.DataError, match="needs a list of tokens"):
        fc.compile([fc.Indicator(fc.Hashed(fc.NGrams("t"), 9))]).transform_row({"t": "a b"})


def test_a_spec_says_its_source() -> None:
    columns = (fc.Hashed(fc.NGrams(fc.Words("t"), 2), 5), fc.Hashed(fc.Prefix("zip", 2, missing="-"), 5))
    data = fc.columns_to_json(columns)
    assert data[0]["source"] == {"type": "NGrams.v1", "source": {"type": "Words.v1", "key": "t"}, "n": [2, 2]}
    assert fc.columns_from_json(data) == columns
    assert repr(columns[0]) == "Hashed(NGrams(Words('t'), n=(2, 2)), 5)"


def test_characters_is_true_or_false() -> None:
    for value in (1, 0, "yes"):
        with pytest.raises(fc.ColumnError, match="characters must be True or False"):
            fc.NGrams("v", 2, characters=value)  # type: ignore[arg-type]
