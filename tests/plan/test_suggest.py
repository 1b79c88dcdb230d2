"""fc.suggest: literal columns and reasons for a mixed table, whatever the order, the batches and the form of the rows."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import featurecols as fc

N = 240


def mixed() -> pa.Table:
    """A table of a field of every shape; paid is the label."""
    i = np.arange(N)
    day = datetime.datetime(2024, 1, 1)
    return pa.table(
        {
            "id": i + 1000,
            "name": [f"u{k:03}" for k in i],
            "age": (i * 37 % 61 + 18).tolist(),
            "income": np.exp((i * 53 % 211) / 25.0).round(2),
            "rooms": [None if k % 10 == 0 else int(k % 4) + 1 for k in i],
            "member": (i % 3 == 0).tolist(),
            "job": [None if k % 20 == 7 else ("cook", "pilot", "nurse")[k % 3] for k in i],
            "genres": ["Drama|Crime", "Drama", "Crime|War|Drama", "War"] * (N // 4),
            "at": [(day + datetime.timedelta(hours=7 * int(k))).isoformat() for k in i],
            "constant": ["x"] * N,
            "copy": (i * 37 % 61 + 18).tolist(),
            "leak": ((i * 7919 % 17 > 8) * 3).tolist(),
            "paid": (i * 7919 % 17 > 8).tolist(),
        }
    )


WANT = [
    fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore()),
    fc.Numeric("income", default=fc.Median(), normalizer=[fc.Log1p(), fc.ZScore()]),
    fc.Numeric("rooms", default=fc.Median(), normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("rooms", fc.TopTerms(4))),
    fc.Missing("rooms"),
    fc.Indicator(fc.Vocabulary("member", fc.TopTerms(2))),
    fc.Indicator(fc.Vocabulary("job", fc.TopTerms(3), missing_bucket=3)),
    fc.Indicator(fc.Vocabulary(fc.Split("genres", "|"), fc.TopTerms(3, min_count=5))),
    fc.Indicator(fc.DatePart("at", "hour")),
    fc.Indicator(fc.DatePart("at", "weekday")),
    fc.Indicator(fc.DatePart("at", "month")),
    fc.Numeric(fc.Elapsed("at", fc.Timestamp("2024-01-01")), default=fc.Median(), normalizer=fc.ZScore()),
]
LEFT_OUT = {
    "id": "another value in nearly every row: it names rows, and says nothing of others",
    "name": "another value in nearly every row: it names rows, and says nothing of others",
    "constant": "always 'x'",
    "copy": "the same values as age",
    "leak": "gives paid away (explains >99.9 % of it): is it known when you predict?",
}


def test_columns_of_a_mixed_table() -> None:
    found = fc.suggest(mixed(), label="paid")
    assert list(found) == WANT
    assert found.left_out == found.warnings == LEFT_OUT
    assert (found.rows, found.label, found.classes) == (N, "paid", 2)
    assert [c.name for c in found.linear if c.name.startswith(("job", "genres", "rooms"))] == [
        "rooms",
        "rooms_missing",
        "job",
        "genres",
    ]
    reasons = {field.field: field.reason for field in found.fields}
    assert reasons["rooms"] == (
        "4 different integers from 1 to 4; 10.0 % missing: the median, and an indicator; few integers: also as categories"
    )
    assert reasons["genres"] == "lists with '|', 1.8 entries on average: all 3 of its entries"
    assert reasons["at"] == "timestamps from 2024-01-01 to 2024-03-10: hour, weekday, month, and days since the first"
    assert repr(found).splitlines()[:2] == [
        "12 columns from 240 rows, to predict paid",
        f"{'field':8}  {'columns':95}  because",
    ]
    assert "<td" in found._repr_html_()


def test_nothing_depends_on_order_batches_or_form(tmp_path: Path) -> None:
    table, order = mixed(), np.random.default_rng(0).permutation(N)
    shuffled = table.take(pa.array(order))
    pq.write_table(shuffled, tmp_path / "a.parquet", row_group_size=7)
    pa_csv.write_csv(shuffled, tmp_path / "a.csv")
    want = repr(fc.suggest(table, label="paid"))
    assert repr(fc.suggest(shuffled.to_pandas(), label="paid")) == want
    assert repr(fc.suggest(tmp_path / "a.parquet", label="paid")) == want
    assert repr(fc.suggest(lambda: (shuffled.slice(k, 11) for k in range(0, N, 11)), label="paid")) == want
    assert repr(fc.suggest(iter([table]), label="paid")) == want
    assert repr(fc.suggest(tmp_path / "a.csv", label="paid")) == want


def test_the_list_is_taken_by_plans_and_models(tmp_path: Path) -> None:
    table = mixed()
    found = fc.suggest(table, label="paid")
    assert fc.fit(found, table).transform(table).shape == (N, 61)
    for columns in (found, found.linear):
        model = fc.models.LinearClassifier(columns).train(table, "paid", epochs=1)
        assert model.predict_proba(table).shape == (N, 2)
    model = fc.models.WideDeepClassifier(found.linear, found.dnn, [4]).train(table, "paid", epochs=1)
    assert model.predict_proba(table).shape == (N, 2)
    for name in ("spec.json", "spec.toml"):
        found.save(tmp_path / name)
        assert fc.read_columns(tmp_path / name) == tuple(WANT)
    assert json.loads((tmp_path / "spec.json").read_text())["reasons"][9] == {
        "field": "constant",
        "columns": [],
        "reason": "always 'x'",
    }


def test_texts_numbers_and_lists() -> None:
    words = ["the red dress fits", "a blue dress is too long", "red shoes", "long blue coat that fits"]
    i = np.arange(2000)
    data = {
        "review": [f"{words[k % 4]} {words[k // 4 % 4]} number{k}" for k in i],
        "tags": [["a", "b"] if k % 2 else ["b"] for k in i],
        "vector": [[float(k), float(k * 7 % 5)] for k in i],
        "city": [f"c{k * k % 1999}" for k in i],
        "gain": [0.0 if k % 10 else float(k) for k in i],
        "lasted": [datetime.timedelta(minutes=int(k % 50)) for k in i],
        "zip code": [10000 + int(k * k % 40) for k in i],
        "far": [float(k % 100) if k else 1e6 for k in i],
        "temp": ["NA" if k % 5 == 0 else f"{k % 50 / 2}" for k in i],
        "countries": [", ".join(sorted({"FR", "UK", f"C{k % 5}", f"C{k % 7}"})) for k in i],
        "nothing": [None] * 2000,
        "only": [None if k % 2 else 5 for k in i],
    }
    found = fc.suggest(data)
    far = [fc.Log1p(), fc.ZScore(), fc.Clip(-5, 5)]
    hot, temp = fc.Indicator, fc.Field("temp", missing="NA", type="float")
    assert list(found) == [
        hot(fc.Vocabulary(fc.Words("review"), fc.TopTerms(1000, min_count=5))),
        hot(fc.Vocabulary("tags", fc.TopTerms(2))),
        fc.Numeric("vector", shape=2),
        hot(fc.Hashed("city", 512)),
        fc.Numeric("gain", default=fc.Median(), normalizer=fc.ZScore()),
        hot(fc.Bucketized("gain", fc.Quantiles(32))),
        fc.Numeric(fc.Elapsed("lasted", unit="minutes"), default=fc.Median(), normalizer=fc.ZScore()),
        hot(fc.Vocabulary("zip code", fc.TopTerms(9))),
        fc.Numeric("far", default=fc.Median(), normalizer=far),
        hot(fc.Bucketized("far", fc.Quantiles(32))),
        fc.Numeric(temp, default=fc.Median(), normalizer=fc.ZScore()),
        hot(fc.Bucketized(temp, fc.Quantiles(10))),
        fc.Missing(temp),
        hot(fc.Vocabulary(fc.Split("countries", ","), fc.TopTerms(9, min_count=5))),
        fc.Missing("only"),
    ]
    assert found.left_out == {"nothing": "no value at all"}


def test_networks_that_predict_a_number_get_curves() -> None:
    x = np.arange(1200.0)
    data = {"x": x, "y": np.sin(x / 90) * 3 + np.cos(x * 7)}
    number, curves = fc.Numeric("x", default=fc.Median(), normalizer=fc.ZScore()), fc.Piecewise("x", fc.Quantiles(48))
    found = fc.suggest(data, label="y")
    assert found.dnn == [number, fc.Embedding(curves, 8)]
    assert found.linear == [number, fc.Bucketized("x", fc.Quantiles(10))]
    assert list(found) == [number, fc.Indicator(fc.Bucketized("x", fc.Quantiles(10)))]


def test_a_number_may_give_a_number_away() -> None:
    x = np.random.default_rng(1).normal(size=400)
    noise = np.random.default_rng(2).normal(size=400)
    data = {"thousands": x * 1000, "near": x + noise, "x": x}
    found = fc.suggest(data, label="x", leave_out="near")
    assert found.left_out == {
        "thousands": "gives x away (explains 100 % of it): is it known when you predict?",
        "near": "left out as asked",
    }
    assert list(fc.suggest(data, label="x")) == [fc.Numeric("near", default=fc.Median(), normalizer=fc.ZScore())]


def test_what_is_wrong() -> None:
    with pytest.raises(fc.DataError, match=r"^suggest: no rows; give data with rows$"):
        fc.suggest({"a": []})
    with pytest.raises(fc.DataError, match=r"b.*not in the data"):
        fc.suggest({"a": [1]}, label="b")
