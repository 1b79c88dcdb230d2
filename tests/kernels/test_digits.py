"""murmur3 of the digits of integers, beside mmh3 of their text."""

from __future__ import annotations

import mmh3
import numpy as np
import pytest

from featurecols import kernels

LITERAL = {
    0: 3530670207,
    9: 613148321,
    -1: 1908024458,
    99_999_999: 3270877329,
    100_000_000: 2654618485,
    9_999_999_999_999_999: 820221883,
    10_000_000_000_000_000: 221181555,
    -(2**63): 868142273,
    2**63 - 1: 177519188,
}
BORDERS = sorted(
    {sign * (10**k + j) for k in range(19) for j in (-2, -1, 0, 1, 7) for sign in (1, -1)}
    | {sign * 2**k + j for k in range(63) for j in (-1, 0, 1) for sign in (1, -1)}
    | set(LITERAL)
)


def _hashes(integers: list[int], modulo: int) -> list[int]:
    out = np.empty(len(integers), np.int32)
    kernels.digits.murmur3[8](np.array(integers, np.int64), modulo, out)
    if all(-(2**31) <= value < 2**31 for value in integers):
        narrow = np.empty(len(integers), np.int32)
        kernels.digits.murmur3[4](np.array(integers, np.int32), modulo, narrow)
        assert narrow.tolist() == out.tolist()
    return out.view(np.uint32).tolist()


def _wanted(integers: list[int], modulo: int) -> list[int]:
    hashes = [mmh3.hash(str(value).encode(), 0, signed=False) for value in integers]
    return [h % modulo for h in hashes] if modulo else hashes


def test_hashes_have_literal_answers() -> None:
    assert _hashes(list(LITERAL), 0) == list(LITERAL.values())
    for value, found in LITERAL.items():
        assert _hashes([value], 0) == [found]


@pytest.mark.parametrize("modulo", [0, 1, 5, 1000, 2**31 - 1])
def test_digits_are_hashed_as_text_is(modulo: int) -> None:
    """Hashed side by side are 64 numbers, of which all below 10^8 go a shorter way, and a rest of any size."""
    random = np.random.default_rng(1)
    short = [value for value in BORDERS if 0 <= value < 10**8]
    narrow = [value for value in BORDERS if -(2**31) <= value < 2**31]
    drawn = [int(np.sign(x) * 10.0 ** abs(x)) for x in random.uniform(-18.9, 18.9, 2000)]
    for integers in (
        BORDERS,
        BORDERS[::-1],
        narrow,
        short * 3,
        [*short, -1, *short],
        drawn,
        random.permutation(BORDERS).tolist(),
    ):
        assert _hashes(integers, modulo) == _wanted(integers, modulo)


@pytest.mark.parametrize("many", [0, 1, 63, 64, 65, 128])
def test_any_number_of_integers_is_hashed(many: int) -> None:
    for integers in (list(range(many)), [10**12 + i for i in range(many)], [-i for i in range(many)]):
        assert _hashes(integers, 7) == _wanted(integers, 7)
