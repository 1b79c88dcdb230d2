"""Errors: who, what, the value, what to do; bounded and printable."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from featurecols import errors


def test_every_error_has_the_one_base_and_a_builtin_beside_it() -> None:
    kinds = {
        fc.ColumnError: ValueError,
        fc.DataError: ValueError,
        fc.PlanError: ValueError,
        fc.SavedPlanError: ValueError,
        fc.OutputError: OSError,
        fc.SizeError: MemoryError,
    }
    for kind, builtin in kinds.items():
        assert issubclass(kind, fc.FeatureColumnsError)
        assert issubclass(kind, builtin)


def test_a_data_error_says_who_what_where_and_what_to_do() -> None:
    error = errors.bad_value("age_bucketized", "age", 7, "needs a number", "old", "cast it")
    assert str(error) == "age_bucketized: needs a number in field 'age' at row 7, got 'old'; cast it"
    assert (error.subject, error.field, error.row) == ("age_bucketized", "age", 7)


def test_a_row_moves_with_its_block() -> None:
    error = errors.bad_value("a", "a", 7, "what", 1, "do")
    assert error.shifted(100).row == 107
    assert error.row == 7
    assert errors.bad_value("a", "a", None, "what", 1, "do").shifted(100).row is None


def test_a_column_tells_what_only_a_field_told() -> None:
    assert errors.bad_value("city", "city", 0, "what", 1, "do").seen_by("town").subject == "town"
    assert errors.bad_value("town", "city", 0, "what", 1, "do").seen_by("other").subject == "town"


def test_errors_travel_between_processes() -> None:
    for error in (
        errors.bad_value("a", "f", 7, "what", "x" * 500, "do"),
        errors.argument("a", "what", object, "do"),
        errors.missing_field("a", ["b"]),
        errors.too_big("transform", 2**40, 2**30, errors.DENSE_HINT),
        errors.not_learned(["a"]),
        errors.saved_plan("p", "damaged"),
        errors.output("p", "exists", "choose another"),
    ):
        again = pickle.loads(pickle.dumps(error))
        assert type(again) is type(error)
        assert str(again) == str(error)


@pytest.mark.parametrize(
    ("key", "present", "says"),
    [
        ("age", ["Age", "wage", "city"], "did you mean"),
        ("AGE", ["age", "city"], "did you mean 'age'?"),
        ("age", ["x", "y"], "the data has 'x', 'y'"),
        ("age", [], "the data has no fields"),
        ("age", [f"column_{i}" for i in range(100)], "and 88 more"),
    ],
)
def test_a_missing_field_lists_near_names(key: str, present: list[str], says: str) -> None:
    assert says in str(errors.missing_field(key, present))


def test_a_size_is_told_with_the_ways_out() -> None:
    text = str(errors.too_big("transform", 5 * 2**30, 2**30, errors.DENSE_HINT))
    assert "5.0 GiB" in text
    assert "1.0 GiB" in text
    for way in ("encode", "csr", "Embedding"):
        assert way in text


@given(st.one_of(st.text(), st.binary(), st.lists(st.text()), st.integers(), st.floats()))
def test_a_value_is_shown_bounded_and_printable(value: object) -> None:
    shown = errors.show(value)
    assert shown.isprintable()
    assert len(shown) <= 80 * 10 + 40


@pytest.mark.parametrize(
    "value", ["x" * 10_000, b"x" * 10_000, ["x" * 10_000], "\n\x1b[31m" * 1000, "\ud800" * 100, {"a": "b" * 500}]
)
def test_a_long_value_is_cut(value: object) -> None:
    shown = errors.show(value)
    assert len(shown) < 120
    assert shown.isprintable()


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert errors.show("a\x1b[31m\n\u202eb") == "'a\\x1b[31m\\n\\u202eb'"


def test_a_value_whose_repr_fails_or_is_long_does_not_hide_the_error() -> None:
    text = str(errors.argument("Hashed", "num_buckets must be an integer", 10**5000, "give one"))
    assert text.startswith("Hashed: num_buckets must be an integer, got ")
    assert text.endswith("; give one")
    assert len(text) < 200
