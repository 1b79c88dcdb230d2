"""fc.suggest: literal columns and reasons for a mixed table, whatever the order, the batches and the form of the rows."""

from __future__ import annotations

import datetime
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.data.sources import as_source
from featurecols.plan.suggestions.category_rules import suggest_texts
from featurecols.plan.suggestions.field_profile import FieldCollector
from featurecols.plan.suggestions.text_shape import TextShape

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
    hot, temp = fc.Indicator, fc.Field("temp", missing="NA", invalid="missing")
    assert list(found) == [
        hot(fc.Vocabulary(fc.Words("review"), fc.TopTerms(12, min_count=5))),
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


def reasons(found: fc.Suggestions, model: str | None = None) -> dict[object, object]:
    return {entry["field"]: entry["reason"] for entry in found.reasons(model)}


def test_reasons_say_what_each_column_is() -> None:
    i = np.arange(2400)
    often = ["red fox runs", "red hen sits", "blue fox sits"]
    data = {
        "words": [f"{often[k % 3]} word{k}" for k in i],
        "tags": [f"a|t{k % 60}|u{k % 1000}" for k in i],
        "rare": [f"r{k}" if k % 2 else "r1" if k % 8 else None for k in i],
        "many": [f"m{k}" if k % 2 else f"n{k % 8}" for k in i],
        "rooms": [None if k % 10 == 0 else int(k % 4) + 1 for k in i],
        "x": i * 389 % 2401 + 0.5,
        "y": np.sin(i * 12.9898) * 43758.5453 % 1,
    }
    found = fc.suggest(data, "y")
    words, tags, rare = fc.Words("words"), fc.Split("tags", "|"), fc.Hashed("rare", 512)
    terms = fc.Vocabulary(tags, fc.TopTerms(61, min_count=5))
    many = fc.Vocabulary("many", fc.TopTerms(100_000, min_count=5), num_oov_buckets=1)
    assert found.linear[:5] == [
        fc.Vocabulary(words, fc.TopTerms(6, min_count=5)),
        terms,
        rare,
        fc.Missing("rare"),
        many,
    ]
    assert found.dnn[1:5] == [
        fc.Embedding(terms, 6, combiner="sqrtn"),
        fc.Embedding(rare, 13),
        fc.Missing("rare"),
        fc.Embedding(many, 16),
    ]
    general, linear, dnn = reasons(found), reasons(found, "LinearRegressor"), reasons(found, "DNNRegressor")
    text = "text of 4 words on average: the 6 of its 2,406 words that occur 5 times or more"
    assert {general["words"], linear["words"], dnn["words"]} == {text}
    lists = "lists with '|', 3.0 entries on average: the 61 of its 1,061 entries that occur 5 times or more"
    assert (general["tags"], linear["tags"], dnn["tags"]) == (lists, lists, f"{lists}; an embedding of 6 dimensions")
    top = "the 1,000 most frequent are 90.5 % of all, nearly all of them rare"
    hashed = f"1,200 different terms, {top}: a hash of 512 buckets; 12.5 % missing: an indicator"
    assert (general["rare"], linear["rare"], dnn["rare"]) == (hashed, hashed, f"{hashed}; an embedding of 13 dimensions")
    top = "1,204 different terms, the 1,000 most frequent are 91.5 % of all"
    sparse = f"{top}: a vocabulary of those that occur 5 times or more, others share a bucket"
    assert (general["many"], linear["many"]) == (f"{top}: a hash of 512 buckets", sparse)
    assert dnn["many"] == f"{sparse}; an embedding of 16 dimensions"
    rooms, gaps = "4 different integers from 1 to 4; 10.0 % missing:", "few integers:"
    assert general["rooms"] == dnn["rooms"] == f"{rooms} the median, and an indicator; {gaps} also as categories"
    assert linear["rooms"] == f"{rooms} an indicator; {gaps} as categories"
    number, line = "2,400 different numbers from 0.5 to 2400.5;", "for what a line cannot follow"
    assert general["x"] == linear["x"] == f"{number} up to 32 intervals {line}"
    assert dnn["x"] == f"{number} 8 curves of up to 48 bends {line}"


def test_words_of_a_sample_are_not_counted() -> None:
    """Where the sample has not all rows, the reason does not say how many words there are."""
    i = np.arange(240)
    shape = TextShape(words=True, tokens=314, average=8.0, counts=(9,) * 100 + (1,) * 214)
    field = FieldCollector("t")
    field.add(as_source({"t": [f"w{k}" for k in i]}).batches(None, 240).__iter__().__next__().field("t"))
    found = [suggest_texts(field.profile(), shape, complete=complete) for complete in (True, False)]
    assert [one.reason for one in found if one is not None] == [
        "text of 8 words on average: the 100 of its 314 words that occur 5 times or more",
        "text of 8 words on average: the 314 most frequent of its words that occur 5 times or more",
    ]


def test_a_model_that_there_is_not() -> None:
    with pytest.raises(
        fc.ColumnError, match=r"^suggest: model must be one of LinearClassifier, .*, got 'TreeRegressor'; or leave it out$"
    ):
        fc.suggest({"a": [1, 2]}).to_dict("TreeRegressor")


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


@pytest.mark.parametrize(
    ("texts", "missing"),
    [([f"{k % 40 / 4}" for k in range(120)], ()), (["NA" if k % 7 == 0 else f"{k % 40}" for k in range(120)], ("NA",))],
)
def test_numbers_that_a_table_holds_as_text_are_fitted(texts: list[str], missing: tuple[str, ...]) -> None:
    data = {"x": texts, "y": [float(k * k % 31) for k in range(120)]}
    numbers = {**data, "x": np.array([np.nan if text == "NA" else float(text) for text in texts])}
    for label in (None, "y"):
        found = fc.suggest(data, label)
        x = next(column.source for column in found if isinstance(column, fc.Numeric))
        assert x == fc.Field("x", missing=missing, invalid="missing")
        want = fc.fit(list(fc.suggest(numbers, label)), numbers).transform(numbers)
        assert fc.fit(list(found), data).transform(data).tobytes() == want.tobytes()


def test_infinite_numbers_are_missing_and_the_columns_can_be_fitted(tmp_path: Path) -> None:
    x = [np.inf, 1.0, 2.0, -np.inf, 3.5] * 40
    (tmp_path / "x.csv").write_text("x\n" + "".join(f"{value}\n" for value in x))
    for data in ({"x": x}, tmp_path / "x.csv", pa.table({"x": pa.array(x, pa.float32())})):
        found = fc.suggest(data)
        missing = "80 infinite, which count as missing; 40.0 % missing: the median, and an indicator"
        assert found.fields[0].reason == f"3 different numbers from 1 to 3.5; {missing}"
        found.save(tmp_path / "spec.json")
        columns = fc.read_columns(tmp_path / "spec.json")
        assert list(columns) == list(found)
        scaled, gone = fc.fit(columns, data).transform(data)[:5].T.tolist()
        assert (scaled[0], scaled[3], gone) == (scaled[2], scaled[2], [1, 0, 0, 1, 0])  # the median, 2


def test_labels_that_say_nothing_are_said() -> None:
    x = np.random.default_rng(0).normal(size=400)
    times = pd.date_range("2020", periods=400)
    for y, says in (
        ([None] * 400, "the label has no value at all"),
        ([1.0] * 400, "the label is always 1"),
        (["a"] * 400, "the label is always 'a'"),
        ([[1]] * 400, "a label is a number, a text or a boolean a row, and this one holds lists"),
        (times, "a label is a number, a text or a boolean a row, and this one holds times"),
        (["num"] + ["0", "1", "2"] * 133, "the label is a number but for 'num' and the like, in 1 row"),
        ([f"c{i % 30}" for i in range(400)], "a label of more than 20 classes: fields are not tried against it"),
    ):
        found = fc.suggest({"x": x, "y": y}, "y")
        assert (found.warnings, found.left_out, len(found)) == ({"y": says}, {"y": says}, 1)
    gaps = fc.suggest({"x": x, "y": [None, 1, 0, 1] * 100}, "y")
    assert gaps.warnings == {"y": "25.0 % of the rows have no label: leave them out where a model is trained"}
    for fine in ([1, 0] * 200, ["a", "b"] * 200, x * 2):
        assert "y" not in fc.suggest({"x": x, "y": fine}, "y").warnings


def test_names_that_no_field_can_have(tmp_path: Path) -> None:
    rows = "".join(f'"{i}",{i % 7},{i % 2}\n' for i in range(200))
    (tmp_path / "r.csv").write_text('"","x","y"\n' + rows)  # as write.csv of R writes them
    found = fc.suggest(tmp_path / "r.csv", "y")
    assert [column.term_fields() for column in found] == [["x"], ["x"]]
    assert found.left_out == {"(no name)": "a field without a name, as R writes the numbers of rows: name it to read it"}
    assert fc.fit(found, tmp_path / "r.csv").transform(tmp_path / "r.csv").shape == (200, 8)
    with pytest.raises(fc.DataError, match=r"names of fields must be text, got 0; rename the columns, frame.columns = "):
        fc.suggest(pd.DataFrame({0: [1, 2], "a": [1, 2]}))


def test_values_that_no_column_reads_name_the_way_out() -> None:
    found = fc.suggest({"s": [{"a": 1}, {"a": 2}] * 50, "p": pd.period_range("2020-01", periods=100, freq="M")})
    assert found.warnings["s"] == "no column reads such values: struct<a: int64>; flatten it into fields of their own"
    assert found.warnings["p"].endswith("; read when it begins, column.dt.to_timestamp() in pandas, or cast it to a string")


def test_blanks_around_texts_are_removed_where_they_matter(tmp_path: Path) -> None:
    i = np.arange(600)
    word, few, many = [[f" {x}" for x in column] for column in (np.array(["a", "b", "c"])[i % 3], i % 5, i * 7 % 599)]
    day = [f" 2024-01-{1 + k % 28:02} " for k in i]
    tags = [" x| y" if k % 2 else "y |z" for k in i]
    lines = [",".join(row) for row in zip(word, few, many, day, tags, strict=True)]
    scaled = "default=Median(), normalizer=(ZScore(),)"
    for order in (range(600), reversed(range(600))):
        (tmp_path / "a.csv").write_text("word,few,many,day,tags\n" + "\n".join(lines[k] for k in order) + "\n")
        found = fc.suggest(tmp_path / "a.csv")
        columns = {one.field: repr(one.columns[-1]) for one in found.fields}
        assert columns == {
            "word": "Indicator(Vocabulary(Field('word', strip=True), TopTerms(3)))",
            "few": "Indicator(Vocabulary(Field('few', strip=True), TopTerms(5)))",
            "many": f"Numeric('many', {scaled})",
            "day": f"Numeric(Elapsed(Field('day', strip=True), start=Timestamp('2024-01-01')), {scaled})",
            "tags": "Indicator(Vocabulary(Split('tags'), TopTerms(3, min_count=5)))",
        }
        assert found.fields[0].reason == "3 different terms; blanks around them removed"
    plan = fc.fit(found, tmp_path / "a.csv")
    served = plan.transform_row({"word": "b", "few": 1, "many": 7, "day": "2024-01-02", "tags": "x|y"})
    assert served.tolist() == plan.transform(tmp_path / "a.csv")[598].tolist()  # the second line, of the reversed file
    assert plan.feature_names[:3] == ("word_indicator=a", "word_indicator=b", "word_indicator=c")
    coded = pa.table({"x": pa.DictionaryArray.from_arrays([0, 1] * 300, ["a", "b", " never "])})
    assert repr(fc.suggest(coded)[0]) == "Indicator(Vocabulary('x', TopTerms(2)))"


def test_numbers_that_are_no_categories_and_infinite_texts_can_be_fitted(tmp_path: Path) -> None:
    large = [float(2**60 * (1 + k % 4)) for k in range(300)]
    texts = ["1.5", "inf", "x", "-Infinity", *["2.5", "3.5"] * 148]
    (tmp_path / "a.csv").write_text("large,text\n" + "".join(f"{a},{b}\n" for a, b in zip(large, texts, strict=True)))
    for data in ({"large": large, "text": texts}, tmp_path / "a.csv"):
        found = fc.suggest(data)
        assert [repr(column) for column in found.fields[0].columns] == [
            "Numeric('large', default=Median(), normalizer=(ZScore(),))"
        ]
        said = "2 infinite, which count as missing; 'x' read as missing, not being numbers"
        assert said in found.fields[1].reason
        assert np.isfinite(fc.fit(found, data).transform(data)).all()
    exact = fc.suggest({"large": [2**60 * (1 + k % 4) for k in range(300)]})  # integers, which are
    assert [type(column).__name__ for column in exact] == ["Numeric", "Indicator"]
    near = fc.suggest({"large": [2**60 + k % 4 for k in range(300)]})  # one float, four integers
    assert [repr(column) for column in near] == ["Indicator(Vocabulary('large', TopTerms(4)))"]
