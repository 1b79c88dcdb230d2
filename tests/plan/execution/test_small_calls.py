"""Small tables in memory: read column by column, with the ids of dictionaries kept from one call to the next."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import kernels
from tests.example import blocks_of

assert kernels.texts  # a process without kernels takes the row path
JOBS = fc.Vocabulary("job", ["nurse", "pilot"], num_oov_buckets=1, missing_bucket=3)


@pytest.fixture(scope="module")
def plan() -> fc.Plan:
    return fc.compile([fc.Numeric("age"), fc.Indicator(JOBS), fc.Indicator(fc.Bucketized("age", [30]))])


def coded(codes: list[int | None], values: list[str], kind: str = "int32") -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes, kind), pa.array(values))


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "uint8", "int64"])
def test_codes_of_arrow(plan: fc.Plan, kind: str) -> None:
    table = pa.table({"age": [31, 25, 40], "job": coded([1, None, 0], ["pilot", "clown"], kind)})
    want = [[31, 0, 0, 1, 0, 0, 1], [25, 0, 0, 0, 1, 1, 0], [40, 0, 1, 0, 0, 0, 1]]
    for data in (table, table.to_batches()[0], pa.concat_tables([table.slice(0, 1), table.slice(1)])):
        assert plan.transform(data).tolist() == want
        assert plan.transform(data.slice(1)).tolist() == want[1:]
    assert plan.encode(table).ids["job_indicator"].values.tolist() == [2, 3, 1]


@pytest.mark.parametrize("job", [["clown", None, "pilot"], pd.Categorical(["clown", None, "pilot"])], ids=["str", "category"])
def test_frames(plan: fc.Plan, job: object) -> None:
    frame = pd.DataFrame({"x": "?", "age": [31.0, 25.0, 40.0], "job": job})
    want = [[31, 0, 0, 1, 0, 0, 1], [25, 0, 0, 0, 1, 1, 0], [40, 0, 1, 0, 0, 0, 1]]
    assert plan.transform(frame).tolist() == want
    assert plan.transform(frame.iloc[::2]).tolist() == want[::2]  # memory with steps
    assert plan.transform(frame, threads=1, out=np.empty((3, 7), np.float32)).tolist() == want


def test_ids_that_are_outputs_themselves() -> None:
    hashed = fc.Hashed("job", 50, name="hash")
    columns = [JOBS, hashed, fc.Crossed(["job", "age"], 90), fc.Bucketized("age", [30]), fc.Vocabulary("tags", ["a", "b"])]
    plan = fc.compile(columns)
    for values in (["nurse", "clown"], ["clown", "pilot"]):
        rows = {"age": [31, 25, 40], "job": [values[1], None, values[0]], "tags": [["b", "a", "b"], [], ["a"]]}
        table = pa.table({**rows, "job": coded([1, None, 0], values)})
        want = plan.encode(rows)
        assert want.ids["job"].values.tolist() == [{"nurse": 0, "pilot": 1, "clown": 2}.get(job, 3) for job in rows["job"]]
        for data in (table, table, table.to_pandas()):
            found = plan.encode(data)
            assert list(found.ids) == list(want.ids)
            for name, ids in found.ids.items():
                assert ids.values.tolist() == want.ids[name].values.tolist(), name
                assert ids.values.dtype == want.ids[name].values.dtype, name
        assert found.ids["tags"].offsets is not None
        assert found.ids["tags"].offsets.tolist() == [0, 3, 3, 4]


@pytest.mark.filterwarnings("error")
def test_types_of_pandas_that_are_no_numbers() -> None:
    parts = fc.compile([fc.Indicator(fc.DatePart("at", "weekday", timezone="America/New_York")), fc.Missing("of")])
    at = pd.Series(pd.to_datetime(["2024-01-01T03:00Z", "2024-01-02T12:00Z"])).dt.tz_convert("Asia/Tokyo")
    frame = pd.DataFrame({"at": at, "of": pd.Series(["2024Q1", None], dtype="period[Q]")})
    assert parts.transform(frame).nonzero()[1].tolist() == [6, 1, 7]


def test_a_dictionary_that_changes_is_another_one(plan: fc.Plan) -> None:
    numbers = np.array([30, 40])
    ages = pa.DictionaryArray.from_arrays(pa.array([0, 1], pa.int32()), pa.array(numbers))
    bands = fc.compile([fc.Indicator(fc.Bucketized("age", [35])), fc.Indicator(fc.Identity("age", 50))])
    assert bands.transform(pa.table({"age": ages})).nonzero()[1].tolist() == [0, 32, 1, 42]
    numbers[0] = 49  # the same memory
    assert bands.transform(pa.table({"age": ages})).nonzero()[1].tolist() == [1, 51, 1, 42]
    for values in (["pilot", "nurse"], ["nurse", "pilot"], ["nurse", "clown"]):
        got = plan.transform(pa.table({"age": [1, 2], "job": coded([0, 1], values)}))
        assert got.tolist() == plan.transform({"age": [1, 2], "job": values}).tolist()
        frame = pd.DataFrame({"age": [1, 2], "job": pd.Categorical(values, categories=values)})
        assert plan.transform(frame).tolist() == got.tolist()


def test_errors_are_those_of_larger_tables(plan: fc.Plan) -> None:
    outside = pa.DictionaryArray.from_arrays(pa.array([0, 7], pa.int32()), pa.array(["nurse"]), safe=False)
    days = fc.compile([fc.Indicator(fc.Identity("day", 3))])
    cases = [
        (plan, pa.table({"age": [1, 2], "job": outside}), "job: code is outside the dictionary in field 'job' at row 1"),
        (
            plan,
            pa.table({"age": [1, None], "job": coded([0, 0], ["nurse"])}),
            "age: a number is missing",
        ),
        (plan, pa.table({"age": [1]}), "job: field is not in the data"),
        (plan, pa.table([pa.array([1])] * 3, ["age", "job", "job"]), "job"),
        (plan, pd.DataFrame([[1, 2, 3]], columns=["age", "job", "job"]), "job"),
        (plan, [{"age": 1, "job": "nurse"}, {"age": 2}], "job: field is not in the row"),
        (plan, [{"age": 1, "job": "nurse"}, {"age": "2", "job": "nurse"}], "age"),
        (days, pa.table({"day": pa.array([1, 2, 1]).dictionary_encode().take(pa.array([0, 0]))}), None),
        (days, pa.table({"day": pa.array([1, 9]).dictionary_encode()}), "at row 1"),
    ]
    for of, data, says in cases:
        if says is None:
            assert of.transform(data).tolist() == [[0, 1, 0]] * 2
            continue
        with pytest.raises(fc.DataError) as found:
            of.transform(data)
        assert says in str(found.value)
        with blocks_of(100), pytest.raises(fc.DataError) as ordinary:
            of.transform(data)
        assert str(found.value) == str(ordinary.value)


def test_a_bad_value_of_a_dictionary_is_none_of_a_row() -> None:
    days = fc.compile([fc.Indicator(fc.Identity("day", 3))])
    dictionary = pa.DictionaryArray.from_arrays(pa.array([0, 0], pa.int32()), pa.array([1, 9]))
    assert days.transform(pa.table({"day": dictionary})).tolist() == [[0, 1, 0]] * 2


def test_a_hundred_unseen_values_warn() -> None:
    plan = fc.compile([fc.Indicator(fc.Vocabulary("job", ["nurse", "pilot"]))])
    with pytest.warns(fc.CoverageWarning, match="100"):
        plan.transform(pa.table({"job": coded([0] * 100, ["Nurse", "nurse"])}))
    with pytest.warns(fc.CoverageWarning, match="100"):
        plan.encode(pd.DataFrame({"job": pd.Categorical(["Nurse"] * 100)}))


def test_a_few_dicts_are_rows() -> None:
    plan = fc.compile([fc.Numeric("x", default=7), fc.Indicator(fc.Vocabulary("tag", ["a", "b"]))])
    rows = [{"x": 1, "tag": "b", "more": []}, {"x": None, "tag": None}, {"x": 2.5, "tag": ["a", "b", "a"]}]
    assert plan.transform([{"x": 1, "tag": "b"}, {"x": None, "tag": None}]).tolist() == [[1, 0, 1], [7, 0, 0]]
    assert plan.transform(rows[:1]).tolist() == [[1, 0, 1]]
    assert plan.transform([{**row, "tag": row["tag"] if isinstance(row["tag"], list) else []} for row in rows]).tolist() == [
        [1, 0, 0],
        [7, 0, 0],
        [2.5, 2, 1],
    ]


@pytest.mark.parametrize(
    "column",
    [
        fc.Missing("x"),
        fc.Missing(fc.Field("x", missing=("none",))),
        fc.Numeric(fc.Field("x", invalid="missing"), default=0),
        fc.Indicator(fc.Vocabulary(fc.Words("x"), ["a"])),
        fc.Indicator(fc.Hashed("x", 9)),
    ],
)
def test_text_without_bytes_is_refused_by_every_door(column: fc.Column) -> None:
    plan, rows = fc.compile([column]), [{"x": "a"}, {"x": "a\ud800"}]
    says = f"{column.name if isinstance(column, fc.Missing) else 'x'}.*lone surrogate has no UTF-8 bytes in field 'x'"
    for data in (rows, rows * 40, {"x": [row["x"] for row in rows]}):
        with pytest.raises(fc.DataError, match=f"{says} at row 1"):
            plan.transform(data)
    with pytest.raises(fc.DataError, match=says):
        plan.transform_row(rows[1])
    assert plan.transform(rows[:1] * 2).tolist() == [list(plan.transform_row(rows[0]))] * 2
    if isinstance(column, fc.Missing):
        with pytest.raises(fc.DataError, match=says):
            plan.transform_row({"x": ["a", "a\ud800"]})


@pytest.mark.parametrize("dtype", [">f8", ">f4", ">i4", ">i8"])
def test_numbers_of_the_other_byte_order(dtype: str) -> None:
    ages = fc.compile([fc.Numeric("age")])
    for rows in (3, 1500, 4097):
        frame = pd.DataFrame({"age": np.arange(rows).astype(dtype)})
        assert ages.transform(frame)[:, 0].tolist() == list(range(rows))


@pytest.mark.parametrize(
    ("labels", "key"),
    [
        (pd.MultiIndex.from_tuples([("age", ""), ("job", "")]), "age"),
        (pd.DatetimeIndex(["2024-01-01", "2024-01-02"]), "2024-01-01"),
        (pd.PeriodIndex(["2024", "2025"], freq="Y"), "2024"),
        (pd.TimedeltaIndex(["1 days", "2 days"]), "1 days"),
    ],
    ids=["levels", "times", "periods", "durations"],
)
def test_labels_that_are_no_texts_are_no_fields(labels: pd.Index, key: str) -> None:
    with pytest.raises(fc.errors.DataError, match="field is not in the data"):
        fc.compile([fc.Numeric(key)]).transform(pd.DataFrame([[1.0, 2.0]], columns=labels))


@fc.extend.frozen
class Digits(fc.extend.Column):
    """What `int` says of a text, which raises its own error for some."""

    categorical: ClassVar[bool] = True
    kind: ClassVar[str] = "tests.Digits.v1"
    source: fc.extend.Converted[str | fc.Field, fc.Field]

    def bind(self, learned: Any, *inputs: Any) -> "DigitsBound":
        return DigitsBound(self, self.source, 9)


class DigitsBound(fc.extend.TermwiseBound):
    def id_of(self, term: str) -> int:
        return int(term) % 9


def test_values_that_no_row_holds_raise_nothing() -> None:
    digits = fc.compile([fc.Indicator(Digits("x"))])
    values = [*map(str, range(400)), "none"]
    frame = pd.DataFrame({"x": pd.Categorical(["1", "20"], categories=values)})
    assert digits.transform(frame).nonzero()[1].tolist() == [1, 2]
    assert digits.transform(pa.table({"x": coded([1, 20], values)})).nonzero()[1].tolist() == [1, 2]
