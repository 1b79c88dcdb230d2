import math
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from featurecols._core.numbers import Numbers
from featurecols.analyzers import base
from featurecols.errors import DataError


@given(st.lists(st.floats(allow_nan=False), min_size=2))
def test_sortable_bits_have_the_order_of_the_values(values):
    x = np.array(values) + 0.0
    keys = base.sortable(x)
    assert np.array_equal(base.unsortable(keys), x)
    assert np.array_equal(keys[:-1] < keys[1:], x[:-1] < x[1:])


def test_sortable_bits_of_a_few():
    assert base.sortable([0.0, -0.0, 1.0]).tolist() == [2**63, 2**63 - 1, 2**63 + 0x3FF0000000000000]


def test_elements_are_those_inside_the_rows_rounded():
    numbers = Numbers(np.array([9.0, 0.1, math.nan, 9.0]), np.array([1, 3, 3], np.int64))
    assert base.elements(numbers, "float32")[0] == np.float32(0.1)
    assert len(base.elements(numbers, "float64")) == 2
    assert base.elements(Numbers(np.ones((3, 2))), "float64").shape == (6,)
    strided = Numbers(np.arange(6.0)[::2])
    assert base.elements(strided, "float64").tolist() == [0.0, 2.0, 4.0]


@given(st.lists(st.binary(max_size=30), max_size=4))
def test_parts_come_back_as_they_were_packed(parts):
    data = base.pack("kind", *parts)
    assert [bytes(p) for p in base.unpack("kind", data, len(parts))] == parts
    for wrong in (data[:-1], data + b"\0", b""):
        with pytest.raises(DataError, match="kind: these bytes are not a state of it"):
            base.unpack("kind", wrong, len(parts))
    with pytest.raises(DataError):
        base.unpack("other", data, len(parts))
    with pytest.raises(DataError):
        base.unpack("kind", data, len(parts) + 1)


@pytest.mark.parametrize("size", [-1, 2**62])
def test_a_length_is_not_believed(size):
    with pytest.raises(DataError):
        base.unpack("kind", struct.pack("<q", 4) + b"kind" + struct.pack("<q", size), 1)
