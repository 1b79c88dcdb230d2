"""What texts spell, against the rules as regular expressions and Python's float and int."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from featurecols.errors import DataError
from tests.kernels.arrays import texts

INTEGER = re.compile(r"-?(0|[1-9][0-9]*)")
NUMBER = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?")
LITERAL = {
    **dict.fromkeys(("true", "True", "TRUE"), 2),
    **dict.fromkeys(("false", "False", "FALSE"), 1),
    **dict.fromkeys(("0", "-0", "7", "-12", "9007199254740992"), 3),
    **dict.fromkeys(("1.0", "0.1", "-0.0", "1e5", "1E+5", "-1.5e-3", "0.000", "0e999999999999"), 4),
    **dict.fromkeys(("9007199254740993", "-123456789012345678901234567890"), 5),
    **dict.fromkeys(("0.12345678901234567", "1e23", "1e400", "1e-400", "9007199254740993.0"), 6),
    **dict.fromkeys(
        ("", "tRUE", "tru", "Falsey", "yes", "00", "007", "-", "+1", " 1", "1 ", "1.", ".5", "1e", "1e+", "1.5.5"), 7
    ),
    **dict.fromkeys(("nan", "inf", "NA", "-inf", "1e5e5", "0x1", "1_000", "١"), 7),
}


def scanned(words: list[str], width: type = np.int32) -> tuple[list[int], list[int], list[float]]:
    return tuple(found.tolist() for found in kernels.spellings.scan(*texts([w.encode() for w in words], width)))  # type: ignore[return-value]


def test_every_spelling() -> None:
    kinds, _, _ = scanned(list(LITERAL))
    assert dict(zip(LITERAL, kinds, strict=True)) == LITERAL


@pytest.mark.parametrize("width", [np.int32, np.int64])
@given(
    words=st.lists(
        st.one_of(
            st.text("0123456789.eE+-tru", max_size=9),
            st.floats(allow_nan=False, allow_infinity=False).map(repr),
            st.integers(-(10**25), 10**25).map(str),
            st.decimals(-100_000, 100_000, places=3).map(str),
        ),
        max_size=30,
    )
)
@settings(max_examples=200, deadline=None)
def test_numbers_are_those_of_python(width: type, words: list[str]) -> None:
    for word, kind, integer, number in zip(words, *scanned(words, width), strict=True):
        want = 3 if INTEGER.fullmatch(word) else 4 if NUMBER.fullmatch(word) else 7
        assert {5: 3, 6: 4}.get(kind, kind) == want or word in ("true", "TRUE")
        if want == 3:
            assert integer == int(word) % 2**64
        if kind == 3:
            assert repr(number) == repr(float(int(word)))
        elif kind == 4:
            assert repr(number) == repr(float(word))


def test_missing_texts_are_not_looked_at() -> None:
    offsets, data = texts([b"1", b"x", b"true"], np.int32)
    kinds, _, floats = kernels.spellings.scan(offsets, data, np.array([False, True, True]))
    assert kinds.tolist() == [0, 7, 2]
    np.testing.assert_array_equal(floats, [np.nan, np.nan, 1.0])


def test_offsets_outside_the_data_are_an_error() -> None:
    with pytest.raises(DataError, match="offsets point outside"):
        kernels.spellings.scan(np.array([0, 99], np.int32), np.zeros(3, np.uint8))
