"""Canonical bytes and numbers."""

from __future__ import annotations

import math
import struct

import mmh3
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from featurecols._core.numbers import rounded_to_float32
from featurecols._core.values import canonical, float32, number
from tests import hashes, reference


@pytest.mark.parametrize(
    ("value", "want"),
    [
        ("é", b"\xc3\xa9"),
        ("", b""),
        ("a\0", b"a\0"),
        (b"\xff", b"\xff"),
        (0, b"0"),
        (-5, b"-5"),
        (2**64 - 1, b"18446744073709551615"),
        (True, b"1"),
        (False, b"0"),
        (5.0, b"5"),
        (-0.0, b"0"),
        (-3.0, b"-3"),
        (2.0**53 - 1, b"9007199254740991"),
        (np.int8(-5), b"-5"),
        (np.uint64(2**64 - 1), b"18446744073709551615"),
        (np.float32(5), b"5"),
        (np.bool_(True), b"1"),
        (np.str_("é"), b"\xc3\xa9"),
        (np.bytes_(b"a"), b"a"),
    ],
)
def test_canonical_bytes(value: object, want: bytes) -> None:
    assert canonical(value, "who", "key") == want


@pytest.mark.parametrize("value", [0.5, 2.0**53, -(2.0**53), math.inf, np.float32(0.5), None, [1], object(), "a\ud800"])
def test_what_has_no_canonical_bytes_is_refused(value: object) -> None:
    with pytest.raises(fc.DataError, match=r"who: .*key"):
        canonical(value, "who", "key")


def test_an_integer_past_pythons_digits_is_refused() -> None:
    with pytest.raises(fc.DataError, match=r"who: .*key"):
        canonical(10**5000, "who", "key")


@given(st.text() | st.binary() | st.integers() | st.booleans() | st.floats())
def test_canonical_bytes_are_those_of_the_reference(value: object) -> None:
    try:
        want = reference.canonical(value)
    except (ValueError, OverflowError):
        with pytest.raises(fc.DataError):
            canonical(value, "who", "key")
    else:
        assert canonical(value, "who", "key") == want
        assert mmh3.hash(want, 0, signed=False) == hashes.murmur3(want)


@given(st.floats())
def test_float32_rounds_to_nearest(x: float) -> None:
    want = reference.float32(x)
    for got in (float32(x), float(rounded_to_float32(np.array([x]))[0])):
        assert struct.pack("<d", got) == struct.pack("<d", want) or (got != got and want != want)


@pytest.mark.parametrize(
    ("value", "want"),
    [
        (3, 3.0),
        (-0.5, -0.5),
        (math.inf, math.inf),
        (True, None),
        ("3", None),
        (None, None),
        (10**400, None),
        (2**53 + 1, 2.0**53),
    ],
)
def test_number_takes_numbers_alone(value: object, want: float | None) -> None:
    assert number(value) == want
    assert type(number(value)) in (float, type(None))
