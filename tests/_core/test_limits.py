"""Limits: what is beyond them is refused with the number and the way out; the environment sets them."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest

import featurecols as fc
from featurecols._core import limits
from featurecols._core.limits import Limits, parse

WAY_OUT = "if it is meant, set the environment variable FEATURECOLS_LIMITS="
TAGS = fc.Hashed(fc.Field("tags", list=True), 9)
LISTS = pa.table({"tags": [["a"], ["b", "c"], ["d", "e", "f", "g"]]})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: fc.compile([TAGS]).encode(LISTS),
            f"tags: a list has too many elements, at most 3 in field 'tags' at row 2, got 4; {WAY_OUT}list=4 and start again",
        ),
        (
            lambda: fc.compile([fc.Hashed("x", 9)]).encode({"x": ["ab", "abcdef", "abc"]}),
            f"x: a text has too many bytes, at most 5 in field 'x' at row 1, got 6; {WAY_OUT}text=6 and start again",
        ),
        (
            lambda: fc.compile([fc.Hashed("x", 9)]).encode(pa.table({"x": pa.array(["ab", "abcdef"]).dictionary_encode()})),
            f"at most 5 in field 'x' at row 1, got 6; {WAY_OUT}text=6",
        ),
        (
            lambda: fc.fit([fc.Vocabulary("x", fc.TopTerms(99))], {"x": list("abcde")}),
            f"x: a vocabulary has too many terms, at most 4, got 5; {WAY_OUT}terms=5",
        ),
        (
            lambda: fc.compile([fc.Vocabulary("x", list("abcde"))]),
            f"x: a vocabulary has too many terms, at most 4, got 5; {WAY_OUT}terms=5",
        ),
        (
            lambda: fc.compile([fc.Numeric("x")]).transform({"x": [0.0] * 8}),
            f"transform: too many rows for one call, at most 7, got 8; {WAY_OUT}rows=8",
        ),
        (
            lambda: fc.compile([fc.Indicator(fc.Identity("x", 11))]).transform({"x": [0]}),
            f"transform: too many features for a matrix, at most 10, got 11; {WAY_OUT}width=11",
        ),
        (
            lambda: fc.compile([fc.Crossed([fc.Hashed(fc.Field(k, list=True), 9) for k in "ab"], 9)]).encode(
                {"a": [[1, 2, 3]], "b": [[1, 2]]}
            ),
            f"have more than 5 combinations at row 0, got 6; cross fewer lists, or shorter ones; {WAY_OUT}combinations=6",
        ),
    ],
)
def test_what_is_too_much_is_refused(monkeypatch: pytest.MonkeyPatch, make: Callable[[], Any], message: str) -> None:
    monkeypatch.setattr(limits, "LIMITS", Limits(rows=7, list=3, text=5, terms=4, width=10, combinations=5))
    with pytest.raises(fc.DataError) as error:
        make()
    assert message in str(error.value)


def test_what_is_at_the_limit_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LIMITS", Limits(rows=3, list=4, text=6, terms=4, width=10))
    assert fc.compile([TAGS]).encode(LISTS).ids["tags"].offsets.tolist() == [0, 1, 3, 7]  # type: ignore[union-attr]
    assert fc.compile([fc.Indicator(fc.Identity("x", 10))]).transform({"x": [0, 1, 2]}).sum() == 3
    assert fc.fit([fc.Vocabulary("x", fc.TopTerms(99))], {"x": ["a", "b", "c", "abcdef"]}) is not None


def test_the_variable() -> None:
    assert parse(" list = 5,width=1 ") == Limits(list=5, width=1)
    with pytest.raises(
        fc.ColumnError, match=r"FEATURECOLS_LIMITS: unknown limit, got 'lists'; known are rows, list, text, terms"
    ):
        parse("lists=5")
    with pytest.raises(
        fc.ColumnError, match=r"list must be a whole number of 1 or more, got '-1'; give list=1000, for example"
    ):
        parse("list=-1")
    code = "import featurecols as fc; fc.compile([fc.Vocabulary('x', ['a', 'b', 'c'])])"
    environment = {**os.environ, "FEATURECOLS_LIMITS": "terms=2"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].startswith(
        "featurecols.errors.DataError: x: a vocabulary has too many terms, at most 2, got 3;"
    )
