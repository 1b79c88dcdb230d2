"""JSON for review: what is on which line, and that it is JSON all the same."""

from __future__ import annotations

import json

import pytest

from featurecols._core.json_layout import Lines, lay_out, lay_out_entries


def test_what_is_short_is_on_one_line() -> None:
    assert lay_out({"type": "Numeric", "source": "ü", "shape": [2, 3]}) == '{"type": "Numeric", "source": "ü", "shape": [2, 3]}'
    assert lay_out([]) == "[]"
    assert lay_out({}) == "{}"
    assert lay_out(1e22) == "1e+22"


def test_many_strings_get_a_line_each_and_begin_with_their_comma() -> None:
    assert lay_out(["a", "b", "c"]) == '["a", "b", "c"]'
    assert lay_out({"terms": ["a", "b", "c", "d"]}) == '{\n "terms": [\n   "a"\n  , "b"\n  , "c"\n  , "d"\n ]\n}'
    assert lay_out(Lines([["term", "count"], ["a", 2]])) == '[\n  ["term", "count"]\n , ["a", 2]\n]'


def test_a_long_list_of_numbers_gets_a_line_for_each() -> None:
    numbers = [i / 7 for i in range(40)]
    text = lay_out(numbers)
    assert text.count("\n") == 41
    assert json.loads(text) == numbers


def test_an_entry_that_is_added_changes_no_line() -> None:
    entries = [(name, {"type": "Hashed", "source": name}) for name in "abc"]
    whole = lay_out_entries(entries).splitlines()
    for left in range(3):
        rest = lay_out_entries(entries[:left] + entries[left + 1 :]).splitlines()
        added = iter(whole)
        assert all(line in added for line in rest), left
    assert json.loads("\n".join(whole)) == dict(entries)
    assert lay_out_entries([]) == "{\n}"


@pytest.mark.parametrize("data", [float("nan"), [1.0, float("inf")], {"a": float("-inf")}])
def test_json_has_no_nan(data: object) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        lay_out(data)
