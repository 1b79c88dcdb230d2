"""plan.begin: one request against many items. That it gives whole rows, for every kind, is a law (tests/laws.py)."""

from __future__ import annotations

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc

COLUMNS = [
    fc.Numeric("age"),
    fc.Indicator(fc.Vocabulary("city", ["Rome", "Oslo"])),
    fc.Numeric("price"),
    fc.Indicator(fc.Crossed([fc.Vocabulary("city", ["Rome", "Oslo"]), fc.Identity("shop", 2)], 4)),
]
PLAN = fc.compile(COLUMNS)
ASKED = {"age": 31, "city": "Oslo"}


def test_literal_answers():
    request = PLAN.begin(ASKED)
    assert request.fields == ("age", "city")
    whole = PLAN.transform({"age": [31, 31], "city": ["Oslo", "Oslo"], "price": [2.0, 3.0], "shop": [0, 1]})
    got = request.finish({"price": [2.0, 3.0], "shop": [0, 1]})
    assert got[:, :4].tolist() == [[31, 0, 1, 2], [31, 0, 1, 3]]
    np.testing.assert_array_equal(got, whole)
    assert request.finish({"price": [9.0], "shop": [None]}).tolist() == [[31, 0, 1, 9, 0, 0, 0, 0]]
    assert request.finish({"price": [], "shop": []}).shape == (0, 8)


def test_what_a_request_gives_to_columns_of_both():
    """One id, ids in lists, a number, texts with markers: each comes to the crosses as arrays of whole rows do."""
    tags, age = fc.Vocabulary("tags", ["a", "b"]), fc.Bucketized(fc.Numeric("age", default=20.0), [18, 30])
    columns = [
        fc.Indicator(fc.Crossed([tags, "shop"], 50)),
        fc.Indicator(fc.Crossed([age, fc.Field("city", missing="?"), "shop"], 50)),
        fc.Embedding(fc.Vocabulary("city", ["Rome", "Oslo"], num_oov_buckets=1), 3),
        fc.Embedding(tags, 2, combiner="sum"),
        fc.Sequence(fc.Embedding(tags, 2, name="steps"), 2),
        age,
    ]
    plan = fc.compile(columns)
    dense = fc.compile(columns[:-1])
    items = {"shop": ["x", None, "y", "z"]}
    for row in (
        {"tags": ["a", "b", "c"], "age": 44, "city": "Rome"},
        {"tags": [], "age": None, "city": "?"},
        {"tags": ["b"], "age": 7.5, "city": "Bonn"},
        {"tags": ["a"], "age": 18, "city": ""},
    ):
        whole = [{**row, "shop": shop} for shop in items["shop"]]
        np.testing.assert_array_equal(dense.begin(row).finish(items), dense.transform(whole))
        found, want = plan.begin(row).encode(items), plan.encode(whole)
        assert list(found.ids) == list(want.ids)
        for name, ids in want.ids.items():
            got = found.ids[name]
            np.testing.assert_array_equal(got.values, ids.values)
            assert got.values.dtype == ids.values.dtype
            assert (got.offsets is None) == (ids.offsets is None)
            assert ids.offsets is None or got.offsets.tolist() == ids.offsets.tolist()
        assert {name: k.tolist() for name, k in found.lengths.items()} == {name: k.tolist() for name, k in want.lengths.items()}
        assert len(found.lengths) == 1


def test_features_of_items():
    plan = fc.compile([fc.Identity("shop", 9), fc.Identity("day", 7), fc.Numeric("age")])
    found = plan.begin({"day": 3, "age": 1}).encode({"shop": [1, 2, 3]})
    assert {name: ids.values.tolist() for name, ids in found.ids.items()} == {"shop": [1, 2, 3], "day": [3, 3, 3]}
    assert list(found.ids) == ["shop", "day"]
    assert found.dense.tolist() == [[1], [1], [1]]


def test_items_of_any_form(tmp_path):
    items = pa.table({"price": [1.0, 2.0, 3.0, 4.0], "shop": [0, 1, 0, 1]})
    pq.write_table(items, tmp_path / "items.parquet", row_group_size=2)
    want = PLAN.begin(ASKED).finish(items)
    forms = [tmp_path / "items.parquet", items.to_pandas(), items.to_pylist(), (batch for batch in items.to_batches(1))]
    for data in forms:
        np.testing.assert_array_equal(PLAN.begin(ASKED).finish(data), want)
        if not hasattr(data, "send"):
            assert len(PLAN.begin(ASKED).encode(data)) == 4


def test_a_field_on_both_sides_is_an_error(tmp_path):
    items = {"age": [1], "price": [1.0], "shop": [0]}
    message = "request: its items have values of their own in field 'age'; leave it out of the items, or out of the row"
    with pytest.raises(fc.DataError, match=message) as found:
        PLAN.begin(ASKED).finish(items)
    assert found.value.field == "age"
    table = pa.table(items)
    pq.write_table(table, tmp_path / "items.parquet")
    for data in (tmp_path / "items.parquet", table, table.to_batches()[0], table.to_pandas(), pl.from_arrow(table), [table]):
        with pytest.raises(fc.DataError, match=message):
            PLAN.begin(ASKED).encode(data)
    assert PLAN.begin({**ASKED, "other": 1}).finish({"price": [1.0], "shop": [0], "other": [2]}).shape == (1, 8)


def test_errors_come_from_the_side_that_is_wrong():
    with pytest.raises(fc.DataError, match="needs a number in field 'age', got 'x'"):
        PLAN.begin({"age": "x"})
    with pytest.raises(fc.DataError, match="'price' at row 1, got None"):
        PLAN.begin(ASKED).finish({"price": [1.0, None], "shop": [0, 0]})
    with pytest.raises(fc.DataError, match="price"):
        PLAN.begin(ASKED).finish({"shop": [0]})
    with pytest.raises(fc.PlanError, match="begin: needs a dict of raw values"):
        PLAN.begin([1])
    with pytest.raises(fc.PlanError, match="finish: a categorical column gives ids, not features, got 'shop'; use encode"):
        fc.compile([fc.Identity("shop", 9)]).begin({}).finish({"shop": [1]})
