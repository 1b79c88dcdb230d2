"""Logical types of fields: what the values of a field mean, whatever they came in."""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from typing import Literal, NamedTuple, get_args

import pyarrow as pa

from featurecols.data import arrow_buffers

TypeName = Literal["boolean", "integer", "float", "decimal", "text", "bytes", "timestamp", "date", "time", "duration"]
TYPE_NAMES: tuple[str, ...] = get_args(TypeName)
SPELLED = frozenset(("boolean", "integer", "float", "decimal"))  # text that spells such a value is the value
UNREAD = frozenset(("timestamp", "date", "time", "duration"))  # neither numbers nor categories: what reads times reads them
MOST_LEVELS = 32  # of lists in lists
_NUMBERS = ("integer", "decimal", "float")  # each holds the values of those before it


class FieldType(NamedTuple):
    """What the values of a field are.

    Attributes:
        type: "boolean", "integer", "float", "decimal", "text", "bytes", "timestamp", "date", "time" or "duration"; None where
            it is not known.
        list_depth: 0 for one value a row, 1 for lists, 2 for lists of lists.

    >>> import featurecols as fc
    >>> fc.compile([fc.Hashed(fc.Field("paid", type="boolean"), 10)]).input_schema
    {'paid': FieldType(type='boolean', list_depth=0)}
    """

    type: str | None = None
    list_depth: int = 0


UNKNOWN = FieldType()


def join_names(a: str | None, b: str | None) -> str | None:
    """Return the type of a field that holds values of two types: text, unless one holds the values of the other."""
    if a == b or b is None:
        return a
    if a is None:
        return b
    return max(a, b, key=_NUMBERS.index) if a in _NUMBERS and b in _NUMBERS else "text"


def join(a: FieldType, b: FieldType) -> FieldType:
    """Return the type of a field that holds values of both types; the order does not matter.

    >>> join(FieldType("integer"), FieldType("float")), join(FieldType("boolean", 1), FieldType("integer"))
    (FieldType(type='float', list_depth=0), FieldType(type='text', list_depth=1))
    """
    return a if a == b else FieldType(join_names(a.type, b.type), max(a.list_depth, b.list_depth))


def join_all(types: Iterable[FieldType]) -> FieldType:
    """Return the type of a field that holds values of all these types."""
    return reduce(join, types, UNKNOWN)


def of_arrow(kind: pa.DataType) -> FieldType:
    """Return the logical type of an Arrow type; without a name for one that is neither a value nor a list of values."""
    depth = 0
    while True:
        if isinstance(kind, pa.BaseExtensionType):  # those that are not read as what they are stored in have no name
            known = kind.extension_name in arrow_buffers.SAME_AS_STORAGE
            kind = pa.bool_() if kind.extension_name == "arrow.bool8" else kind.storage_type if known else pa.null()
        elif arrow_buffers.is_list(kind):
            kind, depth = kind.value_type, depth + 1
        elif pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
            kind = kind.value_type
        else:
            return FieldType(next((name for name, check in _ARROW if check(kind)), None), depth)


def _is_text(kind: pa.DataType) -> bool:
    t = pa.types
    return t.is_string(kind) or t.is_large_string(kind) or (hasattr(t, "is_string_view") and t.is_string_view(kind))


def _is_bytes(kind: pa.DataType) -> bool:
    t = pa.types
    wide = t.is_large_binary(kind) or t.is_fixed_size_binary(kind)
    return t.is_binary(kind) or wide or (hasattr(t, "is_binary_view") and t.is_binary_view(kind))


_ARROW = (
    ("text", _is_text),
    ("integer", pa.types.is_integer),
    ("float", pa.types.is_floating),
    ("boolean", pa.types.is_boolean),
    ("bytes", _is_bytes),
    ("decimal", pa.types.is_decimal),
    ("timestamp", pa.types.is_timestamp),
    ("date", pa.types.is_date),
    ("time", pa.types.is_time),
    ("duration", lambda kind: pa.types.is_duration(kind) or pa.types.is_interval(kind)),
)
