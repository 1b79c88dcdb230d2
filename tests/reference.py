"""What columns mean, one row at a time in plain Python: the values of fields, and the form of a kind's reference.

The reference of a kind is a class over `Kind` in that kind's test file (that of Hashed is in tests/columns/test_hashed.py),
where REFERENCE names it. It reads a column by its public arguments only; nothing is computed by the package. Ids are lists; a
float is what a C double holds. docs/ids.md is the same in words; tests/hashes.py holds the hashes, tests/ids_golden.json
values made by both.
"""

from __future__ import annotations

import functools
import importlib
import math
import pkgutil
import re
import struct
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, NamedTuple

import tests.columns
from tests.hashes import murmur3

Row = dict[str, Any]


class RowIds(NamedTuple):
    """Ids of one row, their weights, and whether the field holds lists."""

    ids: list[int]
    weights: list[float] | None = None
    many: bool = False


# ------------------------------------------------------------------------------------------------ values


def float32(x: float) -> float:
    """x rounded to the nearest float32, ties to even; overflow is inf."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)


def quantiles(values: Iterable[float], n: int) -> list[float]:
    """The rule of placeholders.Quantiles, on all values; NaN is missing."""
    x = sorted(v + 0.0 for v in values if v == v)
    counts = Counter(x)
    heavy = [v for v in sorted(counts, key=lambda v: (-counts[v], v)) if counts[v] > Fraction(len(x), n)]
    cuts: set[float] = set()
    for value in heavy:
        larger = [v for v in x if v > value][:1]
        for cut in (value, *larger):
            if cut != x[0] and len(cuts) < n - 1:
                cuts.add(cut)
    rest, others = n - len(cuts), [v for v in x if v not in heavy]
    cuts |= {others[math.floor(Fraction(i * len(others), rest))] for i in range(1, rest) if others}
    return sorted(cuts - {x[0]})


def canonical(value: Any) -> bytes:
    """Canonical bytes of a category."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (bool, int)):
        return str(int(value)).encode("ascii")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value)).encode("ascii")
    if isinstance(value, Decimal) and value.is_finite():
        text = format(value, "f")
        text = text.rstrip("0").rstrip(".") if "." in text else text
        return b"0" if text == "-0" else text.encode("ascii")
    raise ValueError(f"{value!r} is not a category")


def is_missing(value: Any, markers: tuple[Any, ...] = ()) -> bool:
    """None, NaN, or equal to a marker: as numbers, or by canonical bytes."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return any(_equal(value, marker) for marker in markers)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    try:
        return canonical(a) == canonical(b)
    except ValueError:
        return False


def part_of(value: Any) -> int:
    """The hash of one value that a fold is made of: of a list, of the hashes of its values, unless there is only one."""
    if isinstance(value, list):
        parts = [part_of(element) for element in value]
        return parts[0] if len(parts) == 1 else murmur3(struct.pack(f"<{len(parts)}I", *parts)) if parts else 0xFFFFFFFF
    if is_missing(value):
        return 0xFFFFFFFF
    if isinstance(value, float) and not (value.is_integer() and abs(value) < 2**53):
        return murmur3(struct.pack("<d", value))
    return murmur3(canonical(value))


def fold_of(values: list[Any], folds: int) -> int:
    """The fold of a row, by the values that it is made of."""
    parts = [part_of(value) for value in values]
    return (parts[0] if len(parts) == 1 else murmur3(struct.pack(f"<{len(parts)}I", *parts))) % folds


def leaves(value: Any) -> list[Any]:
    """Every scalar inside nested lists, in order; a scalar is its own only leaf."""
    if not isinstance(value, (list, tuple)):
        return [value]
    return [leaf for v in value for leaf in leaves(v)]


# ------------------------------------------------------------------------------------------------ rows


class Reference:
    """Evaluates columns over rows. `train` is what learned arguments learn from; `tables` replace embedding tables.

    `columns` are all columns of the plan, which some leave an argument to.

    `kinds` are the references of kinds that are not the package's own. A field holds lists when any of its values (in train or
    rows) is a list; its nulls are then empty lists.
    """

    def __init__(
        self,
        train: list[Row],
        rows: list[Row],
        tables: dict[str, Any] | None = None,
        kinds: Mapping[type, type[Kind]] | None = None,
    ) -> None:
        self.train, self.rows, self.tables = train, rows, tables or {}
        self.columns: tuple[Any, ...] = ()
        self._kinds = kinds or {}
        self._made: dict[Any, Kind] = {}
        everything = [*train, *rows]
        self.lists = {k for row in everything for k, v in row.items() if isinstance(v, (list, tuple))}

    def of(self, column: Any) -> Kind:
        """What one column means."""
        found = self._made.get(column)
        if found is None:
            kind = self._kinds.get(type(column)) or own_kinds()[type(column)]
            found = self._made[column] = kind(column, self)
        return found

    def raw(self, field: Any, row: Row) -> Any:
        """A value with None where it is missing; a list where the field holds lists."""

        def one(v: Any) -> Any:
            if isinstance(v, (list, tuple)):
                return [one(e) for e in v]
            return None if is_missing(v, field.missing) else v

        value = row.get(field.key)
        if type(field).__name__ == "NGrams":
            return grams(field, self.raw(field.source, row))
        if type(field).__name__ == "Prefix":
            return first_characters(field, cleaned(field, one(value)))
        if type(field).__name__ in ("Split", "Words"):
            return tokens(field, one(value))
        if value is None and field.key in self.lists:
            return []
        return cleaned(field, one(value)) if field.strip or field.lowercase or field.invalid == "missing" else one(value)

    def known(self, field: Any) -> list[Any]:
        """Every value of a field, or of a column of numbers, over the training rows that is not missing."""
        if not hasattr(field, "key"):
            kind: Any = self.of(field)
            numbers = getattr(kind, "training_numbers", kind.numbers)
            return [x for row in self.train for x in numbers(row) if not math.isnan(x)]
        return [v for row in self.train for v in leaves(self.raw(field, row)) if v is not None]


@functools.cache
def own_kinds() -> dict[type, type[Kind]]:
    """The references of the package's kinds by class of column: each test file in tests/columns may have one."""
    found = {}
    for module in pkgutil.iter_modules(tests.columns.__path__, "tests.columns."):
        reference = getattr(importlib.import_module(module.name), "REFERENCE", None)
        if reference is not None:
            found.update(reference)
    return found


def cleaned(field: Any, value: Any) -> Any:
    """What a Field that trims, lower-cases or reads numbers makes of a value."""
    if isinstance(value, list):
        return [cleaned(field, v) for v in value]
    if not isinstance(value, str):
        return value
    value = value.lower() if field.lowercase else value
    value = value.strip(" \t\n\r\v\f") if field.strip else value
    if field.invalid == "missing":
        try:
            value = value if value.isascii() and "_" not in value else "none"
            value = (int(value) if value.strip().lstrip("+-").isdigit() else 0) or float(value)
        except ValueError:
            value = None
    return None if is_missing(value, field.missing) else value


def grams(field: Any, value: Any) -> list[str]:
    """What NGrams makes of what its source gives."""
    listed = [] if value is None else value if isinstance(value, list) else [value]
    texts = [canonical(v).decode() for v in listed if v is not None]
    low, high = field.n
    if field.characters:
        return [text[i:][:n] for text in texts for n in range(low, high + 1) for i in range(len(text) + 1 - n)]
    return [" ".join(texts[i:][:n]) for n in range(low, high + 1) for i in range(len(texts) + 1 - n)]


def first_characters(field: Any, value: Any) -> Any:
    """What Prefix makes of a value."""
    if isinstance(value, list):
        return [first_characters(field, v) for v in value]
    return None if value is None else canonical(value).decode()[: field.n]


def tokens(field: Any, text: str | None) -> list[str]:
    """What a Split or a Words makes of a text."""
    if text is None:
        return []
    if type(field).__name__ == "Words":
        return re.findall(r"\w+", text.lower())[: field.max_tokens]
    found = [token.lower() if field.lowercase else token for token in text.split(field.separator)]
    found = [token.strip(" \t\n\r\v\f") if field.strip else token for token in found]
    return [token for token in found if token][: field.max_tokens]


class Kind:
    """What one column of a kind means over the rows of a Reference. A kind overrides what it has.

    A categorical kind has `ids`, and `num_buckets` where it is not an argument; a dense kind has `width` and `features`.
    """

    def __init__(self, column: Any, reference: Reference) -> None:
        self.column, self.reference = column, reference

    # a categorical kind

    def ids(self, row: Row) -> RowIds:
        """The ids of one row."""
        raise NotImplementedError(type(self).__name__)

    def num_buckets(self) -> int:
        """How many ids there are."""
        return max(int(self.column.num_buckets), self.missing_id() + 1)

    def missing_id(self) -> int:
        """The id of a missing value."""
        own = getattr(self.column, "missing_bucket", None)
        return -1 if own is None else int(own)

    def wide(self) -> bool:
        """Whether ids are int64."""
        return self.num_buckets() > 2**31 - 1

    # a dense kind

    def width(self) -> int:
        """How many features a row has."""
        raise NotImplementedError(type(self).__name__)

    def features(self, row: Row) -> list[float]:
        """The features of one row, rounded to float32."""
        raise NotImplementedError(type(self).__name__)

    def training(self, row: Row) -> list[float]:
        """The features of one training row: those of any row, where nothing was learned from a label."""
        return self.features(row)

    def encoded(self, row: Row) -> RowIds | None:
        """The ids that `encode` gives in place of the features; None for a column of numbers."""
        return None

    def steps(self, row: Row) -> list[list[float]]:
        """The features of each element of a list, which a Sequence reads."""
        raise NotImplementedError(type(self).__name__)

    def length(self, row: Row) -> int | None:
        """How many steps a Sequence keeps of one row; None for any other column."""
        return None

    # what is learned

    def learned(self, slot: str) -> dict[str, Any]:
        """What is learned for a slot, exactly: numbers, lists of numbers or bytes by the name of the array."""
        raise NotImplementedError(type(self).__name__)

    def tables(self) -> dict[str, tuple[int, int]]:
        """The shapes of its embedding tables by name."""
        return {}

    # what most kinds share

    def of(self, column: Any) -> Kind:
        """What another column means over the same rows."""
        return self.reference.of(column)

    def raw(self, field: Any, row: Row) -> Any:
        """A value of a field: None where it is missing, a list where the field holds lists."""
        return self.reference.raw(field, row)

    def map(self, field: Any, row: Row, one: Callable[[Any], int]) -> RowIds:
        """One id for each value of a field; where it is missing, that of missing values."""
        value = self.raw(field, row)
        many = isinstance(value, list)
        return RowIds([self.missing_id() if v is None else one(v) for v in (value if many else [value])], None, many)
