from __future__ import annotations

import mmh3
import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.errors import DataError, PlanError

ROWS = {
    "tags": [["a", "b"], [], None, ["a"], ["c", None]],
    "city": ["Oslo", "Lima", "Oslo", None, "Rome"],
    "age": [10, 20, 30, 70, 80],
}
BAND = fc.Bucketized("age", [18, 65])


def merged(found):
    """Counts over all ids: every combination once, wherever it was hashed to."""
    return {terms: count for held in found.values() for terms, count in held.items()}


def tables():
    plain = pa.table({**ROWS, "city": pa.array(ROWS["city"])})
    return [ROWS, plain, plain.set_column(1, "city", plain["city"].dictionary_encode()), plain.to_pandas()]


@pytest.mark.parametrize("data", tables(), ids=["dict", "arrow", "dictionary", "pandas"])
def test_a_cross_of_lists_columns_and_fields(data):
    cross = fc.Crossed(["tags", BAND, "city"], 10_000, name="cross")
    found = fc.compile([fc.Indicator(cross)]).terms(data, {"cross_indicator": None})["cross_indicator"]
    assert merged(found) == {("a", "< 18", "Oslo"): 1, ("b", "< 18", "Oslo"): 1, ("c", ">= 65", "Rome"): 1}
    one = fc.compile([cross]).encode({"tags": [["b"]], "age": [3], "city": ["Oslo"]}).ids["cross"].values[0]
    assert found[int(one)] == {("b", "< 18", "Oslo"): 1}


def test_a_cross_of_crosses_and_hashes_goes_down_to_the_fields():
    inner = fc.Crossed(["city", "tags"], 7)
    outer = fc.Crossed([fc.Hashed("tags", 5), inner], 100_000, name="outer")
    found = fc.compile([outer]).terms(ROWS, {"outer": None})["outer"]
    expected = {("a", "Oslo", "a"), ("a", "Oslo", "b"), ("b", "Oslo", "a"), ("b", "Oslo", "b"), ("c", "Rome", "c")}
    assert set(merged(found)) == expected
    assert fc.Indicator(outer).term_fields() == ["tags", "city", "tags"]


def test_unseen_parts_that_are_kept_are_called_missing():
    cross = fc.Crossed(["city", fc.Vocabulary("tags", ["a"])], 100_000, keep_unseen=True, name="c")
    found = merged(fc.compile([cross]).terms({"city": ["Oslo", None], "tags": ["a", "z"]}, {"c": None})["c"])
    assert found == {("Oslo", "a"): 1, ("<missing>", "<missing>"): 1}


def test_only_wanted_ids_the_most_frequent_first_over_all_batches():
    plan = fc.compile([fc.Embedding(fc.Hashed("city", 2), 2), fc.Numeric("age")])
    assert [mmh3.hash(city, 0, signed=False) % 2 for city in "abcg"] == [0, 1, 1, 0]
    batches = [{"city": ["a", "b", "c"], "age": [1, 2, 3]}, {"city": ["g", "c", "g"], "age": [1, 2, 3]}]
    assert plan.terms(lambda: iter(batches), {"city_embedding": [1, 0]}) == {
        "city_embedding": {0: {("g",): 2, ("a",): 1}, 1: {("c",): 2, ("b",): 1}}
    }
    first = plan.terms(lambda: iter(batches), {"city_embedding": None})["city_embedding"]
    assert [[*held] for held in first.values()] == [[("g",), ("a",)], [("c",), ("b",)]]
    assert plan.terms(lambda: iter(batches), {"city_embedding": [0]}) == {"city_embedding": {0: {("g",): 2, ("a",): 1}}}
    with pytest.raises(PlanError, match=r"terms: no slot of ids has this name, got 'age'; slots of ids are city_embedding"):
        plan.terms(batches[0], {"age": None})


def test_weighted_and_sequences_are_their_source():
    words = fc.Vocabulary("tags", ["a", "b"])
    weighted = fc.Weighted(words, "score")
    columns = [fc.Indicator(weighted), fc.Sequence(fc.Embedding(words, 2), 1)]
    data = {"tags": [["a", "b"], ["b"]], "score": [[1.0, 2.0], [3.0]]}
    found = fc.compile(columns).terms(data, {column.name: None for column in columns})
    assert [*found.values()] == [{0: {("a",): 1}, 1: {("b",): 2}}] * 2
    assert [column.term_fields() for column in columns] == [["tags"], ["tags"]]


def test_a_bad_row_is_named():
    plan = fc.compile([fc.Hashed("city", 2)])
    with pytest.raises(DataError, match="row 3"):
        plan.terms(lambda: iter([{"city": np.array(x)} for x in ([1.0, 2.0], [1.0, 2.5])]), {"city": None})
