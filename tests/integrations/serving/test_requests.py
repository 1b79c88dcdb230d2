"""The rows of requests: both formats of TensorFlow Serving, and what is wrong with others."""

from typing import Any

import pytest

import featurecols as fc
from featurecols.integrations.serving.http_errors import HttpError
from featurecols.integrations.serving.limits import Limits
from featurecols.integrations.serving.requests import RowReader, Rows, merge

SCHEMA = {
    "age": fc.FieldType("integer"),
    "job": fc.FieldType("text"),
    "tags": fc.FieldType("text", 1),
    "any": fc.FieldType(),
}
READER = RowReader(SCHEMA, Limits(rows=3, elements=4))
ROW = {"age": 39, "job": "nurse", "tags": ["a"], "any": 1.5}


def columns(**changed: Any) -> dict[str, list[Any]]:
    return {key: [value] for key, value in {**ROW, **changed}.items()}


def test_rows_and_columns_are_the_same() -> None:
    by_row = READER.read({"instances": [ROW, {**ROW, "age": None, "more": {}}], "signature_name": "serving_default"}, "predict")
    by_column = READER.read(
        {"inputs": {key: [value, None if key == "age" else value] for key, value in ROW.items()}}, "predict"
    )
    assert by_row.columns == by_column.columns == {**{k: [v, v] for k, v in ROW.items()}, "age": [39, None]}
    assert (by_row.count, by_row.by_column, by_column.count, by_column.by_column) == (2, False, 2, True)


def test_examples_take_fields_of_the_context_and_lists_of_one() -> None:
    body = {"context": {"job": ["cook"]}, "examples": [{"age": [39], "tags": ["a"], "any": [1]}, {**ROW, "job": "pilot"}]}
    found = READER.read(body, "classify")
    assert found.columns == {"age": [39, 39], "job": ["cook", "pilot"], "tags": [["a"], ["a"]], "any": [[1], 1.5]}


def test_a_model_of_one_field_takes_plain_values() -> None:
    reader = RowReader({"age": fc.FieldType("integer")}, Limits())
    assert reader.read({"instances": [1, None]}, "predict").columns == {"age": [1, None]}
    assert reader.read({"inputs": [1, 2]}, "predict").columns == {"age": [1, 2]}
    assert RowReader({}, Limits()).read({"instances": [{}, {"a": 1}]}, "predict").count == 2


def test_requests_share_a_call_unless_others_could_change_what_they_mean() -> None:
    read = READER.read
    assert not read({"instances": [ROW]}, "predict").alone
    assert read({"instances": [{**ROW, "any": [1]}]}, "predict").alone  # None beside it would be an empty list
    assert read({"instances": [{**ROW, "age": [1]}]}, "predict").alone
    both = merge([Rows(columns(), 1), Rows(columns(age=2), 1)])
    assert (both.count, both.columns["age"], both.columns["tags"]) == (2, [39, 2], [["a"], ["a"]])


WRONG: list[tuple[Any, str, str | None, int | None]] = [
    ([ROW], "is not an object", None, None),
    ({"rows": [ROW]}, "needs either instances or inputs, got ['rows']", None, None),
    ({"instances": [ROW], "inputs": {}}, "needs either instances or inputs", None, None),
    ({"instances": ROW}, "instances: is not a list of rows", None, None),
    ({"instances": [ROW, 7]}, "a row is not an object at row 1, got 7", None, 1),
    ({"instances": [ROW], "signature_name": "other"}, "signature_name: is not known, got 'other'", None, None),
    ({"instances": [ROW, {k: v for k, v in ROW.items() if k != "job"}]}, "job: field is not in row 1", "job", 1),
    ({"instances": [{**ROW, "Jobs": 1, "job": {}}]}, "job: an object is not a value at row 0", "job", 0),
    ({"instances": [ROW] * 4}, "holds more than 3 rows, got 4", None, None),
    ({"instances": [ROW, {**ROW, "tags": ["a"] * 5}]}, "tags: a list has more than 4 elements at row 1, got 5", "tags", 1),
    ({"instances": [{**ROW, "tags": [["a", "b"], ["c"]]}]}, "tags: a list has more than 4 elements at row 0", "tags", 0),
    ({"inputs": {**columns(), "age": 3}}, "age: is not a list of values, got 3", "age", None),
    ({"inputs": {**columns(), "job": ["a", "b"]}}, "job: needs 1 values, as 'age' has, got 2", "job", None),
    ({"inputs": {"age": [1]}}, "job: field is not in inputs", "job", None),
    ({"inputs": {k: [v] * 4 for k, v in ROW.items()}}, "holds more than 3 rows", None, None),
    ({"inputs": [1]}, "inputs: is not an object of columns", None, None),
    ({"examples": [7]}, "examples: an example is not an object at row 0", None, 0),
    ({"examples": [ROW], "context": []}, "context: is not an object", None, None),
]


@pytest.mark.parametrize(("body", "text", "field", "row"), WRONG, ids=range(len(WRONG)))
def test_what_is_wrong_is_said_with_field_and_row(body: Any, text: str, field: str | None, row: int | None) -> None:
    with pytest.raises(HttpError) as caught:
        READER.read(body, "predict")
    error = caught.value
    assert (error.status, error.field, error.row) == (400, field, row)
    assert text in error.message


def test_an_absent_field_names_the_nearest() -> None:
    with pytest.raises(HttpError) as caught:
        READER.read({"instances": [{**{k: v for k, v in ROW.items() if k != "job"}, "Job": "nurse"}]}, "predict")
    assert caught.value.message == ("job: field is not in row 0; did you mean 'Job'? Otherwise send null where it is missing")
