"""fc.suggest over texts with commas, and over texts that write dates, numbers or lists in a way that no column reads."""

from __future__ import annotations

import datetime
import random

import numpy as np
import pytest

import featurecols as fc
from featurecols.data.sources import as_source
from featurecols.plan.suggestions.category_rules import suggest_texts
from featurecols.plan.suggestions.field_profile import FieldCollector, FieldProfile
from featurecols.plan.suggestions.text_shape import TextShape

N = 300
DAYS = [datetime.date(2019, 1, 1) + datetime.timedelta(days=k * 37 % 701) for k in range(N)]
ISO = "which are not written as ISO 8601 has them (2020-12-31): parse them first, in pandas by to_datetime"
NUMBERS = "numbers with separators of thousands, currencies or percent, such as"
UNREAD = {
    "american": ([f" {day:%B} {day.day}, {day.year}" for day in DAYS], f"dates such as 'April 1, 2019', {ISO}"),
    "short": ([f"{day:%d-%b-%y}" for day in DAYS], f"dates such as '01-Apr-19', {ISO}"),
    "mail": ([f"{day:%a, %d %b %Y} 10:00:00 GMT" for day in DAYS], f"dates such as 'Fri, 01 Mar 2019 10:00:00 GMT', {ISO}"),
    "german": ([f"{day:%d.%m.%Y}" for day in DAYS], f"dates such as '01.01.2019', {ISO}"),
    "slashes": ([f"{day:%m/%d/%y} 9:05 PM" for day in DAYS], f"dates such as '01/01/19 9:05 PM', {ISO}"),
    "few": ([f"May {k % 5 + 1}, 2020" for k in range(N)], f"dates such as 'May 1, 2020', {ISO}"),
    "gaps": (
        ["unknown" if k % 30 == 0 else str(day) for k, day in enumerate(DAYS)],
        "dates, but for texts such as 'unknown': make them missing, by Field(key, missing=['unknown'])",
    ),
    "thousands": ([f"{k * 7919 % 10007:,}" for k in range(N)], f"{NUMBERS} '1,039': make them numbers first"),
    "rarely": ([f"{1001 if k == 5 else k:,}" for k in range(N)], f"{NUMBERS} '1,001': make them numbers first"),
    "money": ([f"${k * 7919 / 7:,.2f}" for k in range(N)], f"{NUMBERS} '$0.00': make them numbers first"),
    "percent": ([f"{k * 31 % 97} %" for k in range(N)], f"{NUMBERS} '0 %': make them numbers first"),
    "decimal": (
        [f"{k * 7919 % 1009},{k % 100:02}" for k in range(N)],
        """numbers with a decimal comma, such as '0,00': fc.csv(path, decimal=","), or make them numbers first""",
    ),
    "json": (
        [f'{{"a": {k * 31 % 97}, "b": {k % 9}}}' for k in range(N)],
        """lists or dicts that are written as text, such as '{"a": 0, "b": 0}': """
        "parse them into lists, or into fields of their own",
    ),
    "python": (
        [f"['{k * 31 % 211}', 'b']" for k in range(N)],
        """lists or dicts that are written as text, such as "['0', 'b']": parse them into lists, or into fields of their own""",
    ),
    "places": (
        [f"{k * 31 % 97 / 2}, {k % 7}" for k in range(N)],
        "several numbers in one text, such as '0.0, 0': make them fields, or lists, of numbers",
    ),
}


@pytest.fixture(scope="module")
def unread() -> fc.Suggestions:
    return fc.suggest({name: texts for name, (texts, _) in UNREAD.items()})


@pytest.mark.parametrize("name", UNREAD)
def test_texts_that_no_column_reads_are_left_out_with_the_way_out(unread: fc.Suggestions, name: str) -> None:
    assert unread.left_out[name] == unread.warnings[name] == UNREAD[name][1]


def test_commas_inside_names_and_addresses_make_no_lists() -> None:
    first, last, city = ["John", "Mary", "Ann"], ["Doe", "Smith", "Jones"], ["Rome", "Paris", "Lima"]
    k, pick = range(N), random.Random(7)
    data = {
        "name": [f"{last[i % 3]}{i % 41}, {first[i * 7 % 3]}" for i in k],
        "own": [f"{last[i % 3]}{i}, {first[i * 7 % 3]}" for i in k],
        "address": [f"{i} Main St, {city[i % 3]}, {['IL', 'NY'][i % 2]} {60000 + i % 20}" for i in k],
        "genres": [", ".join(sorted(pick.sample(["Drama", "Crime", "War", "Action"], pick.randint(1, 3)))) for i in k],
        "two": [", ".join(sorted(pick.sample("ABCDEFGH", 2))) for i in k],
        "ids": [",".join(str(pick.randint(0, 20)) for _ in range(pick.randint(1, 4))) for i in k],
        "now and then": [f"{city[i % 3]}, {city[i * 5 % 7 % 3]}, C{i % 11}" if i % 10 == 0 else city[i % 3] for i in k],
    }
    found = fc.suggest(data)
    columns = {field.field: field.linear for field in found.fields}
    assert columns["name"] == (fc.Hashed("name", 512),)
    assert columns["own"] == ()
    assert found.left_out["own"].startswith("another value in nearly every row")
    assert _source(columns["address"]) == fc.Words("address")
    for name in ("genres", "two", "ids", "now and then"):
        assert _source(columns[name]) == fc.Split(name, ",")


def _source(columns: tuple[fc.Column, ...]) -> object:
    assert isinstance(columns[0], fc.Vocabulary)
    return columns[0].source


def test_numbers_among_which_a_few_texts_are_none() -> None:
    data = {
        "age": [str(k * 31 % 97) if k else "Age" for k in range(N)],
        "dose": ["NA" if k % 9 == 0 else ("none given", "twice")[k % 2] if k % 150 == 1 else str(k % 7) for k in range(N)],
        "code": [str(k % 50) if k % 50 else "x" for k in range(N)],
    }
    found = fc.suggest(data)
    age, dose = fc.Field("age", invalid="missing"), fc.Field("dose", missing="NA", invalid="missing")
    assert list(found)[:5] == [
        fc.Numeric(age, default=fc.Median(), normalizer=fc.ZScore()),
        fc.Missing(age),
        fc.Numeric(dose, default=fc.Median(), normalizer=fc.ZScore()),
        fc.Indicator(fc.Vocabulary(dose, fc.TopTerms(7))),
        fc.Missing(dose),
    ]
    assert found.fields[0].reason.startswith("97 different integers from 0 to 96; 'Age' read as missing, not being numbers; ")
    assert "'NA' for missing ones; 'twice' and 1 other text read as missing, not being numbers; " in found.fields[1].reason
    assert found.fields[2].columns == (fc.Indicator(fc.Vocabulary("code", fc.TopTerms(50))),)  # 2 % are not numbers
    rows = fc.fit(found, data).transform({"age": ["Age", "48"], "dose": ["twice", "NA"], "code": ["x", "3"]})
    np.testing.assert_array_equal(rows[:, 1], [1, 0])
    assert rows[0, 0] == pytest.approx(0, abs=0.05)


def test_models_read_words_and_pairs_of_prose() -> None:
    words = ["light", "grey", "silk", "wool", "fits", "well", "runs", "small"]
    texts = [" ".join(words[(i + k * k) % 8] for k in range(9)) for i in range(2000)]
    pairs = fc.Tfidf(fc.Vocabulary(fc.NGrams(fc.Words("review"), (1, 2)), fc.TopTerms(5000, min_count=5)))
    alone = fc.Vocabulary(fc.Words("review"), fc.TopTerms(8, min_count=5))
    found = suggest_texts(profile_of(texts), TextShape(words=True, tokens=8, average=9.0, counts=(2250,) * 8), complete=True)
    assert found is not None
    assert found.linear == (alone,)  # one-hots of so few are enough
    shape = TextShape(words=True, tokens=90, average=9.0, counts=(200,) * 90)
    found = suggest_texts(profile_of(texts), shape, complete=True)
    assert found is not None
    assert (found.linear, found.dnn) == ((pairs,), (fc.Embedding(pairs, 7, combiner="sqrtn"),))
    assert found.of("linear")[1] == (
        "text of 9 words on average: at most 5,000 of its words and pairs of words that occur 5 times or more, "
        "weighed by how few texts have them"
    )
    fewer = suggest_texts(profile_of(texts[1:]), shape, complete=True)
    assert fewer is not None
    assert fewer.linear == (fc.Vocabulary(fc.Words("review"), fc.TopTerms(90, min_count=5)),)


def profile_of(texts: list[str]) -> FieldProfile:
    collector = FieldCollector("review")
    collector.add(next(iter(as_source({"review": texts}).batches(None, len(texts)))).field("review"))
    return collector.profile()
