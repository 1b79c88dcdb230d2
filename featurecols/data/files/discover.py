"""Parquet and CSV files on disk: which ones a path means, what they hold, and their rows piece by piece.

Only needed fields are read. Parquet comes by row group, with the dictionaries of text fields kept. CSV is read as text,
so that `007` stays `007`; what is needed as a number is parsed by the Cells that are asked for one.
"""

from __future__ import annotations

import glob
import os
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

from featurecols import errors
from featurecols._core.fork_safe import LOADING, import_module
from featurecols.data.batch import Batch, batches
from featurecols.data.files import parquet_decoder

Needs = Sequence[tuple[str, str]]  # (key, "number" | "category")

PARQUET = (".parquet", ".pq", ".parq")
CSV = (".csv", ".tsv")
PACKED = (".gz", ".bz2", ".zst", ".lz4")
_GROUP_BYTES = 1 << 28  # a row group with more than this in the needed fields is read in parts
_PART_BYTES = 1 << 26
_CSV_BYTES = 1 << 23
_SET_UP: set[str] = set()  # modules whose shared state has been made in this process
_FEW = 1000  # rows of a row group below which compiling, or loading, kernels of ours is not worth it


class Fragment(NamedTuple):
    """A piece of a source that can be read alone: one row group of a Parquet file, or one whole file.

    num_rows is None where only reading would tell.
    """

    path: str
    row_group: int | None
    num_rows: int | None


class File(ABC):
    """One file: its path, its schema, the fragments it is made of."""

    kind: str

    def __init__(self, path: str) -> None:
        self.path = path
        self.schema: Any = None
        self.fragments: list[Fragment] = []

    @abstractmethod
    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        """The rows of one fragment, in order."""

    def check(self, keys: Sequence[str]) -> None:
        """Raises DataError where a field is not in the file, or twice."""
        there = Counter(self.schema.names)
        for key in keys:
            if key not in there:
                raise errors.missing_field(key, self.schema.names, self.path)
            if there[key] > 1:
                raise errors.field_twice(key, self.path)


def open_parquet(path: str, footer: Any = None, dictionaries: Sequence[str] = ()) -> Any:
    """Return pyarrow's ParquetFile of a path. The first one sets up what the process shares, which a fork waits for."""
    if "pyarrow.parquet" in _SET_UP:
        return import_module("pyarrow.parquet").ParquetFile(path, metadata=footer, read_dictionary=list(dictionaries))
    with LOADING:
        file = import_module("pyarrow.parquet").ParquetFile(path, metadata=footer, read_dictionary=list(dictionaries))
        pa.array([0]).dictionary_encode().indices.to_numpy()
        _SET_UP.add("pyarrow.parquet")
        return file


class ParquetFile(File):
    kind = "Parquet"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        with self._open() as file:
            self.schema, footer = file.schema_arrow, file.metadata
            groups = [footer.row_group(i).num_rows for i in range(footer.num_row_groups)]
        self.fragments = [Fragment(path, i, rows) for i, rows in enumerate(groups)]
        self._footer = footer if len(groups) > 1 else None  # read anew for one row group, not for each of many

    def _open(self, footer: Any = None, dictionaries: Sequence[str] = ()) -> Any:
        try:
            return open_parquet(self.path, footer, dictionaries)
        except (pa.ArrowException, OSError) as error:
            raise errors.unreadable(self.path, "is no readable Parquet file", error) from None

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        keys = list(dict.fromkeys(key for key, _ in needs))
        assert fragment.row_group is not None
        footer = self._footer
        if footer is None:
            with self._open() as file:
                footer = file.metadata
        group = _Group(self, fragment, footer, {key for key, use in needs if use == "category"})
        try:
            if keys and group.size(keys) > _GROUP_BYTES:
                yield from group.parts(keys)
            else:
                yield from group.whole(keys)
        except (pa.ArrowException, OSError) as error:
            raise self._broken(fragment, error) from None

    def _broken(self, fragment: Fragment, error: Exception) -> errors.DataError:
        return errors.unreadable(self.path, f"row group {fragment.row_group} cannot be read", error)


class _Group:
    """One row group of an open footer: what its columns are, and how they are read."""

    def __init__(self, file: ParquetFile, fragment: Fragment, footer: Any, coded: set[str]) -> None:
        self.file, self.fragment, self.footer, self.coded = file, fragment, footer, coded
        self.group, self.rows = footer.row_group(fragment.row_group), fragment.num_rows or 0
        self.leaves = _leaves(file.schema)

    def size(self, keys: Sequence[str]) -> int:
        """Bytes of these fields once they are unpacked."""
        return sum(self.group.column(i).total_uncompressed_size for key in keys for i in self.leaves[key])

    def whole(self, keys: list[str]) -> Iterator[Batch]:
        """The row group as one batch. Its flat columns come as bytes, which those who ask for a field decode, each in
        its own thread; the others are decoded here."""
        found = {key: chunk for key in keys if (chunk := self._chunk(key)) is not None} if self.rows >= _FEW else {}
        rest = [key for key in keys if key not in found]
        if not found:
            yield from batches(self._table(rest))
            return
        table: Any = self._table(rest) if rest else None
        with open(self.file.path, "rb", buffering=0) as file:
            packed = {key: parquet_decoder.read(file, chunk) for key, chunk in found.items()}

        def load(key: str) -> Any:
            if key not in found:
                return table.column(key)
            data = packed.pop(key, None)  # taken once; whoever asks again after an error asks pyarrow
            form = None if data is None else parquet_decoder.decode(found[key], data)
            return self._alone(key) if form is None else form

        yield Batch.lazy(keys, self.rows, load)

    def parts(self, keys: list[str]) -> Iterator[Batch]:
        """The same rows in several batches."""
        rows = max(1, self.rows * _PART_BYTES // self.size(keys))
        with self._open(keys) as file:
            for part in file.iter_batches(rows, [self.fragment.row_group], columns=keys):
                yield Batch.arrow(part.select(keys))

    def _chunk(self, key: str) -> parquet_decoder.Chunk | None:
        field, (at, *more) = self.file.schema.field(key), self.leaves[key]
        found = None if more else parquet_decoder.chunk(field, self.footer.schema.column(at), self.group.column(at))
        return None if found is None or found.values != self.rows else found

    def _open(self, keys: Sequence[str]) -> Any:
        wanted = sorted(i for key in keys if key in self.coded for i in self.leaves[key])
        leaf: Any = self.footer.schema.column
        return self.file._open(self.footer, [leaf(i).path for i in wanted if _has_dictionary(leaf(i), self.group.column(i))])

    def _table(self, keys: list[str]) -> Any:
        if not keys:  # no field is needed, the number of rows is
            return pa.table({"": pa.nulls(self.rows)})
        with self._open(keys) as file:
            return file.read_row_group(self.fragment.row_group, columns=keys).select(keys)

    def _alone(self, key: str) -> Any:
        """A column that turned out to be none for `chunks`, by pyarrow."""
        try:
            return self._table([key]).column(key)
        except (pa.ArrowException, OSError) as error:
            raise self.file._broken(self.fragment, error) from None


def _leaves(schema: Any) -> dict[str, range]:
    """The columns on disk that hold each field: one for a value or a list, several for a struct."""
    found, at = {}, 0
    for field in schema:
        count = _leaf_count(field.type)
        found[field.name] = range(at, at + count)
        at += count
    return found


def _leaf_count(kind: Any) -> int:
    if isinstance(kind, pa.BaseExtensionType):
        return _leaf_count(kind.storage_type)
    if pa.types.is_dictionary(kind) or kind.num_fields == 0:
        return 1
    return sum(_leaf_count(kind.field(i).type) for i in range(kind.num_fields))


def _has_dictionary(leaf: Any, chunk: Any) -> bool:
    """Whether text on disk is dictionary-encoded throughout.

    A writer gives up on its dictionary when it grows past a limit, 1 MB mostly, and writes plain text from there; making
    a dictionary of that costs more than it saves. No metadata says so, the size does: codes take 2.5 bytes at most.
    """
    if leaf.physical_type != "BYTE_ARRAY" or leaf.logical_type.type not in ("STRING", "NONE", "ENUM", "JSON"):
        return False
    limit = 1.25 * 2**20 + 2.6 * chunk.num_values
    return bool(chunk.has_dictionary_page and chunk.total_uncompressed_size <= limit)


class CsvFile(File):
    kind = "CSV"

    def __init__(self, path: str) -> None:
        super().__init__(path)
        names = self._reader(None).schema.names
        self.schema = pa.schema([(name, pa.string()) for name in names])
        self.fragments = [Fragment(path, None, None)]

    def _reader(self, needs: Needs | None) -> Any:
        csv = import_module("pyarrow.csv")

        plain = self.path.lower()
        for ending in PACKED:
            plain = plain.removesuffix(ending)
        options: dict[str, Any] = {}
        if needs is not None:
            coded = pa.dictionary(pa.int32(), pa.string())
            types = {key: coded if use == "category" else pa.string() for key, use in reversed(list(needs))}
            types.update((key, coded) for key, use in needs if use == "category")
            options = {"include_columns": list(dict.fromkeys(key for key, _ in needs)), "column_types": types}
        try:
            return csv.open_csv(
                pa.input_stream(self.path, compression="detect"),
                read_options=csv.ReadOptions(block_size=_CSV_BYTES),
                parse_options=csv.ParseOptions(delimiter="\t" if plain.endswith(".tsv") else ",", newlines_in_values=True),
                convert_options=csv.ConvertOptions(null_values=[""], strings_can_be_null=True, check_utf8=False, **options),
            )
        except (pa.ArrowException, OSError) as error:
            raise errors.unreadable(self.path, "is no readable CSV file", error) from None

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        needs = needs or [(self.schema.names[0], "number")]
        reader = self._reader(needs)
        while True:
            try:
                piece = reader.read_next_batch()
            except StopIteration:
                return
            except (pa.ArrowException, OSError) as error:
                raise errors.unreadable(self.path, "is no readable CSV file", error) from None
            if piece.num_rows:
                yield Batch.arrow(piece, parse=True)


def is_path(data: Any) -> bool:
    return isinstance(data, (str, os.PathLike))


def find(data: Any) -> list[str]:
    """The files that a path, a folder, a glob or a list of these means: folders to the bottom, sorted by bytes.

    Raises DataError where there is none.
    """
    given = [data] if is_path(data) else list(data)
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
    """Data files of a folder; names that start with "." or "_" are markers and drafts of other programs."""
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
    """A data file's name without what says its kind: sales.2024.csv.gz is sales.2024.

    >>> stem("v1.0/sales.2024.csv.gz")
    'v1.0/sales.2024'
    """
    for endings in (PACKED, CSV + PARQUET):
        name = next((name[: -len(e)] for e in endings if name.lower().endswith(e)), name)
    return name


def open_file(path: str) -> File:
    """One file as what its name, or else its first bytes, say it is."""
    kind = _kind(path)
    if kind is None:
        with open(path, "rb") as file:
            kind = "Parquet" if file.read(4) == b"PAR1" else None
    if kind is None:
        raise errors.unreadable(path, "is neither Parquet nor CSV by its name", None)
    return ParquetFile(path) if kind == "Parquet" else CsvFile(path)


def same_kind(a: Any, b: Any) -> bool:
    """Whether two types of one field mean the same values: integers and floats do, text and numbers do not."""
    return "null" in (kinds := (_class(a), _class(b))) or kinds[0] == kinds[1]


def _class(kind: Any) -> str:
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
