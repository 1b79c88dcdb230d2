"""Which files a path, a folder, a glob or a list of these means, and what kind of file each is."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable
from typing import TypeGuard

import pyarrow as pa

from featurecols import errors
from featurecols._core import regular_files
from featurecols.data.files.base import CSV, PACKED, PARQUET, File
from featurecols.data.files.csv import CsvFile
from featurecols.data.files.parquet import ParquetFile


def is_path(data: object) -> TypeGuard[str | os.PathLike[str]]:
    """Return whether data is a path, rather than rows."""
    return isinstance(data, (str, os.PathLike))


def find(data: str | os.PathLike[str] | Iterable[str | os.PathLike[str]]) -> list[str]:
    """Return the files that a path, a folder, a glob or a list of these means: folders to the bottom, sorted by bytes.

    Raises DataError where there is none.
    """
    given = [data] if isinstance(data, (str, os.PathLike)) else list(data)
    return [path for one in given for path in _expand(os.fsdecode(one))]


def _expand(path: str) -> list[str]:
    if os.path.isdir(path):
        found = _inside(path)
        if not found:
            raise errors.unreadable(path, "folder holds no Parquet or CSV file", None)
        return found
    if os.path.exists(path):
        return [path]
    if not glob.has_magic(path):
        raise errors.unreadable(path, "no such file or folder", None)
    matches = glob.glob(path, recursive=True)
    found = sorted({f for m in matches for f in (_inside(m) if os.path.isdir(m) else [m])}, key=os.fsencode)
    if not found:
        raise errors.unreadable(path, "nothing matches", None)
    return found


def _inside(folder: str) -> list[str]:
    """Return the data files of a folder; names that start with "." or "_" are markers and drafts of other programs."""
    found = []
    for root, folders, names in os.walk(folder):
        folders[:] = [f for f in folders if not f.startswith((".", "_"))]
        found += [os.path.join(root, n) for n in names if not n.startswith((".", "_")) and _kind(n) is not None]
    return sorted(found, key=os.fsencode)


def _kind(name: str) -> str | None:
    lower = name.lower()
    if lower.endswith(PARQUET):
        return "Parquet"
    for ending in PACKED:
        lower = lower.removesuffix(ending)
    return "CSV" if lower.endswith(CSV) else None


def stem(name: str) -> str:
    """Return a data file's name without what says its kind: sales.2024.csv.gz is sales.2024.

    >>> stem("v1.0/sales.2024.csv.gz")
    'v1.0/sales.2024'
    """
    for endings in (PACKED, CSV + PARQUET):
        name = next((name[: -len(e)] for e in endings if name.lower().endswith(e)), name)
    return name


def open_file(path: str) -> File:
    """Return one file as what its name, or else its first bytes, say it is."""
    kind = _kind(path)
    if kind is None:
        kind = "Parquet" if _head(path) == b"PAR1" else None
    if kind is None:
        raise errors.unreadable(path, "is neither Parquet nor CSV by its name", None)
    return ParquetFile(path) if kind == "Parquet" else CsvFile(path)


def _head(path: str) -> bytes:
    """Return the first bytes of a file; none of what is not a regular file."""
    try:
        with regular_files.open_regular(path) as file:
            return file.read(4)
    except OSError as error:
        raise errors.unreadable(path, "is not a readable file", error.strerror or error) from None


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
