"""The row path's one function: what it is made of, what it takes, and that it says what the columns say."""

from __future__ import annotations

from collections import UserDict
from typing import Any

import numpy as np
import pytest

import featurecols as fc

NAN = float("nan")
KEY = "v0\"); raise SystemExit('\n#{key}"
COLUMNS = [
    fc.Numeric(fc.Field("x", missing=("?", -999)), default=7.0, normalizer=fc.ZScore(mean=1, std=2)),
    fc.Indicator(fc.Bucketized(fc.Field("x", missing=("?", -999)), [0, 10])),
    fc.Indicator(fc.Vocabulary(fc.Field(KEY, missing=("none",)), ["a", "b"], num_oov_buckets=1)),
]


def row_of(plan: fc.Plan, **row: Any) -> list[float]:
    return plan.transform_row(row).tolist()


def test_a_row_in_numbers() -> None:
    plan = fc.compile(COLUMNS)
    assert plan.transform_row({"x": 5, KEY: "b"}).tolist() == [2, 0, 1, 0, 0, 1, 0]
    assert plan.transform_row({"x": -1.0, KEY: "other"}).tolist() == [-1, 1, 0, 0, 0, 0, 1]
    for missing in (None, NAN, -999, -999.0, "?", np.float32("nan")):
        assert plan.transform_row({"x": missing, KEY: "none"}).tolist() == [3, 0, 0, 0, 0, 0, 0]


def test_no_text_of_a_plan_becomes_code() -> None:
    """Keys and terms are objects in the function's namespace: its code holds positions and numbers only."""
    plan = fc.compile(COLUMNS)
    plan.transform_row({"x": 5, KEY: "b"})
    lines = plan._program._row_compiler
    for run in (lines.of_mapping, lines.of_values):
        code = run.__code__  # type: ignore[attr-defined]
        assert {type(c) for c in code.co_consts} <= {int, float, type(None)}
        words = {"type", "int", "float", "str", "blank", "out", "row"}
        given = set(code.co_names) | set(code.co_varnames)
        assert {n for n in given - words if not (n[0] in "kmprvw" and n[1:].isdigit())} == set()


def test_a_row_may_be_any_mapping() -> None:
    plan = fc.compile(COLUMNS)
    row = {"x": 5, KEY: "b", "unread": object()}
    assert plan.transform_row(UserDict(row)).tobytes() == plan.transform_row(row).tobytes()


def test_the_first_field_that_is_not_there_is_named() -> None:
    plan = fc.compile([fc.Numeric("age"), fc.Numeric("hours")])
    for row, key in (({"hours": 1}, "age"), ({"age": 1}, "hours"), ({}, "age")):
        with pytest.raises(fc.DataError, match=f"{key}: field is not in the data"):
            plan.transform_row(row)


def test_a_key_error_of_the_row_itself_is_its_own() -> None:
    class Locked(UserDict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise KeyError("locked")

    with pytest.raises(KeyError, match="locked"):
        fc.compile([fc.Numeric("x")]).transform_row(Locked(x=1))


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (3, 3.0),
        (2.5, 2.5),
        (True, 1.0),
        (np.int8(4), 4.0),
        (np.float32(0.5), 0.5),
        (2**53 + 1, 2.0**53),
        (10**39, float("inf")),
        (-1e300, float("-inf")),
    ],
)
def test_numbers_of_any_type(value: Any, want: float) -> None:
    plain, clipped = fc.Numeric("x"), fc.Numeric("x", normalizer=[fc.Clip(-1e308, 1e308), fc.MinMax(min=0, max=1)], name="y")
    rounded = fc.Numeric("x", dtype="float32", name="z")
    assert row_of(fc.compile([plain, clipped, rounded]), x=value) == [want] * 3


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (10**400, "x: a number is beyond float64 in field 'x'"),
        ("5", "x: needs a number in field 'x', got '5'; cast it to a number"),
        (None, "x: a number is missing and there is no default in field 'x', got None"),
        (NAN, "x: a number is missing and there is no default in field 'x', got None"),
        ([1.0], "x: needs one number a row in field 'x', got a list"),
    ],
)
def test_what_is_no_number_is_told_with_field_and_column(value: Any, says: str) -> None:
    for normalizer in ((), fc.ZScore(mean=0, std=1), fc.ZScore(mean=0, std=0), (fc.Log1p(), fc.MinMax(min=0, max=1))):
        with pytest.raises(fc.DataError) as caught:
            row_of(fc.compile([fc.Numeric("x", normalizer=normalizer)]), x=value)
        assert str(caught.value).startswith(says)


def test_a_string_is_hashed_as_its_bytes() -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed("v", 5))])
    for value in ("Oslo", "ÿ", "", "日本"):
        assert row_of(plan, v=value) == row_of(plan, v=value.encode()) == plan.transform({"v": [value]})[0].tolist()
        assert sum(row_of(plan, v=value)) == 1
    with pytest.raises(fc.DataError, match="v: text with a lone surrogate has no UTF-8 bytes"):
        row_of(plan, v="\ud800")


def test_a_number_that_others_read_too_is_written_once() -> None:
    x = fc.Numeric("x", normalizer=fc.ZScore(mean=10, std=10))
    plan = fc.compile([fc.Indicator(fc.Bucketized(x, [0])), x])
    assert row_of(plan, x=5) == [1, 0, -0.5]
    assert row_of(plan, x=20) == [0, 1, 1]


def test_one_field_is_read_as_text_and_as_a_number() -> None:
    plan = fc.compile([fc.Numeric("x", default=-1), fc.Indicator(fc.Vocabulary("x", ["5", "?"], name="w"))])
    assert row_of(plan, x=5.0) == [5, 1, 0]
    assert row_of(plan, x=None) == row_of(plan, x=NAN) == [-1, 0, 0]
    with pytest.raises(fc.DataError, match="needs a number"):
        row_of(plan, x="?")


def test_weights_and_lists_add_up() -> None:
    tags = fc.Vocabulary("tags", ["a", "b"])
    plan = fc.compile([fc.Indicator(tags), fc.Indicator(fc.Weighted(tags, "w"))])
    assert row_of(plan, tags=["b", "a", "b"], w=[1.0, 2.0, 0.5]) == [1, 2, 2, 1.5]
    assert row_of(plan, tags="b", w=0.25) == [0, 1, 0, 0.25]


def test_rows_share_nothing() -> None:
    plan = fc.compile(COLUMNS)
    first = plan.transform_row({"x": 5, KEY: "b"})
    kept = first.copy()
    first[:] = 9
    assert plan.transform_row({"x": 5, KEY: "b"}).tobytes() == kept.tobytes()


def test_a_plan_builds_nothing_for_rows_until_one_is_asked_for() -> None:
    plan = fc.compile(COLUMNS)
    words = plan._program.outputs[2].bound.ids_from  # type: ignore[attr-defined]
    assert "row" not in vars(words)
    plan.transform_row({"x": 1, KEY: "a"})
    assert "row" in vars(words)


@pytest.mark.parametrize("value", [3.0, 3, True, np.float32(3), "3"])
def test_a_value_in_a_field_of_lists_is_a_list_of_one_in_a_row_too(value: Any) -> None:
    """A5: what a batch refuses, a row refuses; what it takes, a row takes."""
    field = fc.Field("x", type="float", list=True)
    for column in (fc.Numeric(field), fc.Bucketized(fc.Numeric(field), [0.0])):
        plan = fc.compile([column if isinstance(column, fc.Numeric) else fc.Indicator(column)])
        for run in (plan.transform_row, lambda row, plan=plan: plan.transform([row])):
            with pytest.raises(fc.DataError, match="number"):
                run({"x": value})
    if not isinstance(value, str):
        plan = fc.compile([fc.Numeric(field, shape=(1,))])
        assert plan.transform_row({"x": value}).tolist() == plan.transform([{"x": value}])[0].tolist() == [float(value)]


def test_lists_of_lists_are_as_deep_in_a_row_as_they_were_learned() -> None:
    """A5"""
    plan = fc.fit([fc.Numeric("x", shape=(2, 1), default=0.0)], {"x": [[[1.0], [2.0]], [[3.0], [4.0]]]})
    assert plan.input_schema["x"].list_depth == 2
    for value, want in (([1.0, 2.0], [1, 2]), (None, [0, 0])):
        assert plan.transform_row({"x": value}).tolist() == plan.transform([{"x": value}])[0].tolist() == want
    for run in (plan.transform_row, lambda row: plan.transform([row])):
        for value in ([[5.0], 6.0], [None, [6.0]], [[5.0], [6.0], [7.0]]):
            with pytest.raises(fc.DataError, match="list"):
                run({"x": value})
