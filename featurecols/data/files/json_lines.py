"""JSON lines: one object a row. Numbers and lists are typed as they are written; text is text, a date too."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.fork_safe import import_module
from featurecols._core.limits import LIMITS, exceeded
from featurecols.data import arrow_compute as pc
from featurecols.data.batch import Batch, Fragment, Needs
from featurecols.data.files import streams
from featurecols.data.files.base import File, State
from featurecols.data.tables import as_batch

_BLOCK_BYTES = 1 << 23
_DEEPEST = 200  # brackets within each other that Arrow's parser is given: it has a stack


class JsonLinesFile(File):
    """One file of JSON lines.

    The fields are those of the first 8 MiB; one that a later row lacks is missing there.
    """

    kind = "JSON lines"

    def __init__(self, path: str, state: State) -> None:
        self.path, self.state = path, state
        self._texts: set[str] = set()  # fields that look like times to Arrow
        first = next(self._blocks(), (b"", 0))
        batch = self._parse(*first)
        self.schema = pa.schema([] if batch is None else [(name, _type_in(batch, name)) for name in batch.names])
        self.fragments = [Fragment(path, None, None)]

    def read(self, fragment: Fragment, needs: Needs) -> Iterator[Batch]:
        row = 0
        for block, start in self._blocks():
            batch = self._parse(block, start, row)
            if batch is not None:
                row += batch.num_rows
                absent = [key for key, _ in needs if key not in batch.names]
                yield batch.add({key: pa.nulls(batch.num_rows) for key in absent}, parse=False) if absent else batch

    def _stream(self) -> pa.NativeFile:
        return streams.open_stream(self.path, self.state[0])

    def _blocks(self) -> Iterator[tuple[bytes, int]]:
        """Yield whole lines, and the number of the line that they begin with."""
        try:
            with self._stream() as stream:
                rest, line = b"", 0
                while block := bytes(stream.read(_BLOCK_BYTES)):
                    data = (rest + block) if line or rest else block.removeprefix(b"\xef\xbb\xbf")
                    end = data.rfind(b"\n") + 1
                    rest = data[end:]
                    if len(rest) > LIMITS.text:
                        raise exceeded("text", self.path, "a line is too long, in bytes", len(rest))
                    if end:
                        yield data[:end], line
                        line += data.count(b"\n", 0, end)
                if rest.strip():
                    yield rest, line
        except (pa.ArrowException, OSError, *streams.DAMAGED) as error:
            raise errors.unreadable(self.path, "is not a readable file of JSON lines", error) from None

    def _parse(self, block: bytes, line: int, row: int = 0) -> Batch | None:
        """Return the rows of a block; None where it has none."""
        if not block.strip():
            return None
        if _depth(block) <= _DEEPEST:
            try:
                return Batch.arrow(self._parse_typed(block))
            except (pa.ArrowException, UnicodeDecodeError):
                pass  # values of several types, or an error, which Python's parser tells with its line
        return as_batch(self._parse_rows(block, line))

    def _parse_typed(self, block: bytes) -> pa.Table:
        reader = import_module("pyarrow.json")
        while True:
            texts = pa.schema([(name, pa.string()) for name in sorted(self._texts)])
            options = reader.ParseOptions(explicit_schema=texts) if self._texts else None
            read = reader.ReadOptions(block_size=len(block) + 1)
            table = reader.read_json(pa.BufferReader(block), read_options=read, parse_options=options)
            found = {field.name for field in table.schema if pa.types.is_timestamp(field.type)}
            nested = any(_holds_times(field.type) for field in table.schema)
            if nested:
                raise pa.ArrowInvalid("lists of text that looks like times")
            if not found:
                table.validate(full=True)  # the parser takes text that is not UTF-8
                if any(map(_has_long_integers, table.columns)):
                    raise pa.ArrowInvalid("integers past 64 bits")
                return table
            self._texts |= found

    def _parse_rows(self, block: bytes, line: int) -> list[dict[str, object]]:
        rows: list[dict[str, object]] = []
        for number, text in enumerate(block.split(b"\n"), line):
            if not text.strip():
                continue
            try:
                row = json.loads(text)
            except RecursionError:
                raise errors.nested_too_deep() from None
            except ValueError as error:  # UnicodeDecodeError too
                raise self._wrong_line(number, error) from None
            if not isinstance(row, dict):
                raise self._wrong_line(number, f"a line must be an object, and it is {type(row).__name__}")
            rows.append(row)
        names = dict.fromkeys(name for row in rows for name in row)
        return [{name: row.get(name) for name in names} for row in rows]

    def _wrong_line(self, number: int, cause: object) -> errors.DataError:
        problem = f"line {number + 1} is not JSON"
        return errors.DataError(self.path, problem, got=errors.printable(str(cause))[:200], hint="mend the file")


def _type_in(batch: Batch, name: str) -> pa.DataType:
    """Return the type of a field; null where it holds values of several types."""
    try:
        return batch.slice(0, min(batch.num_rows, 1000)).column(name).type
    except errors.DataError:
        return pa.null()


def _has_long_integers(column: pa.ChunkedArray) -> bool:
    """Return whether floats may have been integers past 64 bits, which lose digits."""
    return pa.types.is_float64(column.type) and (pc.max(pc.abs(column)).as_py() or 0) >= 2.0**63


def _holds_times(kind: pa.DataType) -> bool:
    return bool(pa.types.is_list(kind)) and (pa.types.is_timestamp(kind.value_type) or _holds_times(kind.value_type))


def _depth(block: bytes) -> int:
    """Return how many brackets stand within each other at most; those of texts count, so that it is never too small.

    >>> _depth(b'{"a": [[1], 2]}'), _depth(b'{"a": 1}')
    (3, 1)
    """
    data = np.frombuffer(block, np.uint8)
    low = data | 0x20  # [ and {, ] and } differ by this bit
    opens = low == 0x7B
    where = np.flatnonzero(opens | (low == 0x7D))
    steps = np.where(opens[where], 1, -1)
    total = np.cumsum(steps)
    return int((total - np.minimum(np.minimum.accumulate(total), 0)).max(initial=0))
