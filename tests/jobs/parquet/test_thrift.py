"""The footers that pyarrow writes, decoded and encoded again."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featurecols.jobs.parquet import thrift
from featurecols.jobs.parquet.thrift import I64, Items, Struct, Typed


def test_a_footer_is_encoded_as_it_was() -> None:
    table = pa.table({"a": [1, None], "b": ["x", "y"], "c": [[1.5], []], "d": pa.array([{"e": True}, None])})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, write_page_index=True, sorting_columns=[pq.SortingColumn(0)])
    data = sink.getvalue().to_pybytes()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") : -8]
    found = thrift.decode(footer)
    assert thrift.encode(found) == footer
    (group,) = found.structs(4)
    assert (found.integer(3), group.integer(3), len(group.structs(1))) == (2, 2, 4)


def test_integers_lists_and_numbers_of_fields_of_any_size() -> None:
    numbers = [0, 1, -1, 63, -64, 64, 127, 128, 16383, 16384, -16385, 2**31, 2**62, -(2**63)]
    given = Struct({1: Typed(9, Items(I64, [*numbers])), 40: Typed(2, 0), 41: Typed(1, 1), 42: Typed(7, b"12345678")})
    encoded = thrift.encode(given)
    assert thrift.decode(encoded) == given
    assert encoded[:3] == bytes([0x19, 0xE6, 0])
    assert thrift.integer(-300) == b"\xd7\x04"


def test_a_field_of_another_type_is_said() -> None:
    given = Struct({1: Typed(I64, 5), 2: Typed(9, Items(I64, [1]))})
    for read in (lambda: given.struct(1), lambda: given.structs(2), lambda: given.structs(1), lambda: given.integer(2)):
        with pytest.raises(ValueError, match="of a footer is of another type"):
            read()
