"""What a data file is: its state, its schema, and fragments that can be read alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import pyarrow as pa

from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files.csv_options import CsvOptions

State = tuple[int, int]  # the bytes of a file, and when it was changed last, in nanoseconds


class File(ABC):
    """One file.

    Attributes:
        kind: "Parquet" or "CSV".
        path: where it is.
        state: as it was when it was opened.
        schema: names and types of all fields; the text of a CSV file is string.
        fragments: what it is made of, in order.
        keys: fields that stand in the names of its folders, as text; None where missing.
        options: how a caller said that its text is written; None where nobody did.
    """

    kind: str
    path: str
    state: State
    schema: pa.Schema
    fragments: list[Fragment]
    keys: Mapping[str, str | None] = MappingProxyType({})
    options: CsvOptions | None = None

    @abstractmethod
    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        """Return the rows of one fragment, in order."""

    @property
    def expected_rows(self) -> int | None:
        """About how many rows there are where fragments do not say it; None where that takes reading all of them."""
        return None

    def hint_at_names(self, key: str) -> str | None:
        """Return what to do where a field is missing because the file was read wrongly; None where it does not look so."""
        return None


def same_kind(a: pa.DataType, b: pa.DataType) -> bool:
    """Return whether two types of one field mean the same values: integers and floats do, text and numbers do not."""
    return "null" in (kinds := (_class(a), _class(b))) or kinds[0] == kinds[1]


def _class(kind: pa.DataType) -> str:
    t = pa.types
    if t.is_dictionary(kind):
        return _class(kind.value_type)
    if isinstance(kind, pa.BaseExtensionType):
        return _class(kind.storage_type)
    if t.is_integer(kind) or t.is_floating(kind):
        return "number"
    if t.is_fixed_size_list(kind) or t.is_list(kind) or t.is_large_list(kind):
        inner = _class(kind.value_type)
        return "null" if inner == "null" else f"list of {inner}"
    text = ("string", "large_string", "string_view", "binary", "large_binary", "binary_view", "fixed_size_binary")
    return "text" if str(kind).startswith(text) else str(kind)
