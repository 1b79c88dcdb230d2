from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from featurecols.errors import DataError
from tests.kernels.arrays import frozen, same_bits, texts

WORDS = st.lists(st.one_of(st.binary(max_size=40), st.text("ab\0", max_size=20).map(str.encode)), max_size=20)


def expected(terms: list[bytes], items: list[bytes]) -> list[int]:
    first = {term: i for i, term in reversed(list(enumerate(terms)))}
    return [first.get(item, -1) for item in items]


@pytest.mark.parametrize("width", [np.int32, np.int64])
@given(terms=WORDS, items=WORDS, before=st.binary(max_size=5))
@settings(max_examples=80, deadline=None)
def test_find_is_a_dict(width: type, terms: list[bytes], items: list[bytes], before: bytes) -> None:
    table = kernels.lookup.build(*texts(terms, width, before, b"tail"))
    found = kernels.lookup.find(table, *texts(items + terms, width, b"head", before))
    assert found.dtype == np.int32
    assert found.tolist() == expected(terms, items + terms)


def test_texts_that_differ_in_one_place_only() -> None:
    for n in range(1, 70):
        base = bytes(97 + i % 26 for i in range(n))
        terms = [base] + [base[:i] + b"!" + base[i + 1 :] for i in range(0, n, 3)] + [base[:-1], base + b"z", base + b"\0"]
        table = kernels.lookup.build(*texts(terms))
        others = [base[:i] + b"?" + base[i + 1 :] for i in range(n)]
        assert kernels.lookup.find(table, *texts(terms)).tolist() == expected(terms, terms)
        assert kernels.lookup.find(table, *texts(others)).tolist() == [-1] * n


def test_many_terms() -> None:
    terms = [f"{i * i:x}".encode() for i in range(30_000)]
    items = [f"{i:x}".encode() for i in range(0, 60_000, 7)]
    table = kernels.lookup.build(*texts(terms))
    assert kernels.lookup.find(table, *texts(items)).tolist() == expected(terms, items)


def test_missing_and_empty() -> None:
    table = kernels.lookup.build(*texts([b"", b"a"]))
    offsets, data = texts([b"a", b"a", b"", b"b"])
    valid = frozen([True, False, True, True], bool)
    assert kernels.lookup.find(table, offsets, data, valid).tolist() == [1, -2, 0, -1]
    nothing = kernels.lookup.build(np.empty(0, np.int32), np.empty(0, np.uint8))
    assert kernels.lookup.find(nothing, offsets, data).tolist() == [-1, -1, -1, -1]
    assert kernels.lookup.find(nothing, np.empty(0, np.int32), data).tolist() == []


def test_the_table_keeps_its_own_bytes() -> None:
    offsets, data = np.array([0, 2]), np.frombuffer(b"ab", np.uint8).copy()
    table = kernels.lookup.build(offsets, data)
    before = [part.copy() for part in table]
    data[:] = 0
    offsets[:] = 0
    assert all(same_bits(a, b) for a, b in zip(before, table, strict=True))
    assert kernels.lookup.find(table, *texts([b"ab"])).tolist() == [0]


def test_offsets_outside_the_data_are_an_error() -> None:
    data = np.frombuffer(b"abc", np.uint8)
    table = kernels.lookup.build(*texts([b"ab"]))
    for bad in ([0, 4], [-1, 2], [2, 1]):
        with pytest.raises(DataError, match="offsets point outside the text data"):
            kernels.lookup.find(table, np.array(bad), data)
        with pytest.raises(DataError, match="offsets point outside the text data"):
            kernels.lookup.build(np.array([0, *bad]), data)
