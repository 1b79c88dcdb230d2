"""A field whose rows are codes into a dictionary: each distinct value is converted once, each row costs one gather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Integers, Numbers, Texts, Tokens
from featurecols._core.fork_safe import ProcessLock
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldStorage
from featurecols.data.missing import Markers


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes of any integer type (negative: missing) and what they stand for: an Arrow array or a list of values.

    checked: the codes are int32 from -1 to len(values) - 1, and no others are valid or not.
    """

    codes: Array
    values: Any
    valid: arrow_buffers.Valid | None = None
    checked: bool = False

    def __len__(self) -> int:
        return len(self.codes)


class Shared:
    """The distinct values of a dictionary and what was made of them, for all chunks that share it."""

    def __init__(self, values: Any, store: FieldStorage) -> None:
        self.values, self.store = values, store
        self.lock = ProcessLock()
        self.done: dict[str, Any] = {}

    def once(self, name: str, make: Callable[[Shared], Any]) -> Any:
        """make(self), or None where a value cannot be converted; found out once."""
        with self.lock:
            if name not in self.done:
                try:
                    self.done[name] = make(self)
                except errors.DataError:
                    self.done[name] = None
            return self.done[name]


Known = dict[Any, Shared]


class DictStore(FieldStorage):
    """Codes and a store of the distinct values.

    Nulls, markers and equal integers among the distinct values are taken care of by a second table of codes. `known` holds
    the dictionary of the chunk before: the next chunk often has the same one, in the same memory.
    """

    def __init__(
        self,
        key: str,
        coded: Coded,
        markers: Markers,
        make: Callable[[Any], FieldStorage],
        parse: bool = False,
        known: Known | None = None,
    ) -> None:
        super().__init__(key, len(coded), markers, parse)
        self._make = make
        if len(coded.values) > 256 + 4 * len(coded):  # a few rows of a big table: not worth its whole dictionary
            coded = _compact(coded)
        known = {} if known is None else known
        shared = known.get((key, markers))
        if shared is None or not _same_memory(shared.values, coded.values):
            shared = known[key, markers] = Shared(coded.values, make(coded.values))
        self._coded, self._shared = coded, shared
        self._inside = False
        self.light = 8 * len(coded.values) <= len(coded)

    def tokens(self, start: int, stop: int) -> Tokens:
        codes, (texts, kind, remap) = self._converted("tokens", _texts, start, stop)
        return Tokens(texts, codes if remap is None else _gathered(remap, codes), kind=kind)

    def numbers(self, start: int, stop: int) -> Numbers:
        codes, table = self._converted("numbers", _numbers, start, stop)
        return Numbers(kernels.gather.gather_numbers(table, codes))

    def counted(self, start: int, stop: int) -> tuple[Array, Array] | None:
        table = self._shared.once("numbers", _numbers) if self._coded.checked else None
        if table is None:
            return None
        counts = np.zeros(len(table), np.int64)
        kernels.count_terms.tally[0](self._codes(start, stop), counts)
        return table, counts

    def distinct(self, start: int, stop: int) -> tuple[Array, Array] | None:
        if not self._coded.checked or len(self._coded.values) >= stop - start:
            return None
        table = self._shared.once("numbers", _numbers)
        return None if table is None else (table, self._codes(start, stop))

    def integers(self, start: int, stop: int) -> Integers:
        codes, (whole, valid) = self._converted("integers", _integers, start, stop)
        there = valid[codes]
        return Integers(whole[codes], None if there.all() else there)

    def pylist(self, start: int, stop: int) -> list[Any]:
        codes = self._codes(start, stop).tolist()
        store = self._shared.store
        values = {code: store.pylist(code, code + 1)[0] for code in set(codes) if code >= 0}
        return [values.get(code) for code in codes]

    def _codes(self, start: int, stop: int) -> Array:
        """int32 codes of a window, -1 where missing; a code outside the dictionary is an error, never a wild read."""
        raw, size = self._coded.codes[start:stop], len(self._coded.values)
        if self._coded.checked:
            return raw
        valid = None if self._coded.valid is None else self._coded.valid.rows(start, stop)
        if valid is None and raw.dtype == np.int32 and raw.flags.c_contiguous and self._is_inside(raw):
            return raw  # as they are: nothing to convert, nothing to mark
        wild = raw >= size
        if valid is not None:
            wild &= valid
        if wild.any():
            at = int(wild.argmax())
            hint = "write the dictionary anew"
            raise errors.bad_value(self.key, self.key, start + at, "code is outside the dictionary", int(raw[at]), hint)
        codes = raw.astype(np.int32)
        if valid is not None:
            codes[~valid] = -1
        return codes

    def _is_inside(self, raw: Array) -> bool:
        """Whether all codes of a window are below the dictionary's size; those of all windows are looked at once."""
        if not self._inside and len(raw):
            whole = self._coded.codes if self.length <= 64 * len(raw) else raw
            if whole.max() >= len(self._coded.values):
                return bool(raw.max() < len(self._coded.values))
            self._inside = whole is not raw
        return True

    def _converted(self, name: str, make: Callable[[Shared], Any], start: int, stop: int) -> tuple[Array, Any]:
        """(codes of the window, make(dictionary)). A bad value in the dictionary is an error only where a row holds it,
        and then at that row: such a dictionary is cut down to what the window holds."""
        codes = self._codes(start, stop)
        made = self._shared.once(name, make)
        if made is not None:
            return codes, made
        part = _compact(Coded(codes, self._coded.values, None))
        shared = Shared(part.values, self._make(part.values))
        made = shared.once(name, make)
        if made is None:
            raise _error_at_row(part.codes, shared.store, name, start)
        return part.codes, made


def _error_at_row(codes: Array, store: FieldStorage, name: str, start: int) -> errors.DataError:
    """The error of the first row whose value cannot be converted."""
    distinct, first = np.unique(codes, return_index=True)
    for i in np.argsort(first):
        code = int(distinct[i])
        try:
            if code >= 0:
                getattr(store, name)(code, code + 1)
        except errors.DataError as error:
            return error.shifted(start + int(first[i]) - (error.row or 0))
    raise AssertionError("no value of the dictionary is bad by itself")


def _same_memory(a: Any, b: Any) -> bool:
    if a is b:
        return True
    if (
        not (isinstance(a, pa.Array) and isinstance(b, pa.Array))
        or a.type != b.type
        or len(a) != len(b)
        or a.offset != b.offset
    ):
        return False
    both = zip(a.buffers(), b.buffers(), strict=True)
    return all(x is y or (x is not None and y is not None and (x.address, x.size) == (y.address, y.size)) for x, y in both)


def _numbers(shared: Shared) -> Array:
    return np.ascontiguousarray(shared.store.numbers(0, shared.store.length).values)


def _integers(shared: Shared) -> tuple[Array, Array]:
    found = shared.store.integers(0, shared.store.length)
    valid = np.ones(len(found.values), np.bool_) if found.valid is None else found.valid
    return _extended(found.values, 0), _extended(valid, False)


def _texts(shared: Shared) -> tuple[Texts, str, Array | None]:
    """Distinct texts, what they are, and new codes for old (the last entry is for -1), None where they stay."""
    tokens = shared.store.tokens(0, shared.store.length)
    if tokens.codes is not None:
        return tokens.texts, tokens.kind, _extended(tokens.codes, -1)
    texts = tokens.texts
    if (
        texts.integers is not None and texts.integral is None
    ):  # 5 and 5.0 are one term; texts that stand twice in a dictionary do no harm
        encoded = arrow_buffers.arrow_texts(texts.offsets, texts.data, texts.valid).dictionary_encode()
        if len(encoded.dictionary) < len(texts) - encoded.null_count:
            return _merged(texts, encoded, tokens.kind)
    if texts.valid is None:
        return texts, tokens.kind, None
    remap = np.where(texts.valid, np.arange(len(texts), dtype=np.int32), np.int32(-1))
    return texts, tokens.kind, _extended(remap, -1)


def _merged(texts: Texts, encoded: Any, kind: str) -> tuple[Texts, str, Array]:
    remap = np.array(encoded.indices.fill_null(-1), np.int32)
    offsets, data = arrow_buffers.texts(encoded.dictionary)
    integers = None
    if texts.integers is not None:
        at = np.zeros(len(encoded.dictionary), np.int64)
        at[remap[remap >= 0]] = np.flatnonzero(remap >= 0)
        integers = texts.integers[at]
    return Texts(offsets, data, None, integers), kind, _extended(remap, -1)


def _compact(coded: Coded) -> Coded:
    """The same rows over a dictionary of the values that they hold."""
    raw = coded.codes.astype(np.int64)
    valid = None if coded.valid is None else coded.valid.rows(0, len(coded))
    if valid is not None:
        raw[~valid] = -1
    raw[raw < 0] = -1
    used, codes = np.unique(raw, return_inverse=True)
    if len(used) and used[-1] >= len(coded.values):
        return coded  # left for _codes to refuse
    none = int(len(used) > 0 and used[0] < 0)
    used = used[none:]
    if isinstance(coded.values, list):
        values: Any = [coded.values[i] for i in used.tolist()]
    else:
        values = coded.values.take(pa.array(used))
    return Coded(codes.reshape(-1).astype(np.int32) - np.int32(none), values, None)


def _gathered(table: Array, codes: Array) -> Array:
    return kernels.gather.gather(table, codes)  # type: ignore[no-any-return]


def _extended(table: Array, last: Any) -> Array:
    """The table with an entry for code -1, which numpy reads from the end."""
    return np.append(table, np.array([last], table.dtype))
