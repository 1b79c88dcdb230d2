"""A field whose rows are codes into a dictionary: each distinct value is converted once, each row costs one gather."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Integers, Numbers, Texts, Tokens
from featurecols.data import arrow_buffers
from featurecols.data.fields.base import FieldView
from featurecols.data.missing import Markers

T = TypeVar("T")


@dataclass(slots=True)
class DictionaryCodes:
    """Codes of any integer type (negative: missing) and what they stand for: an Arrow array or a list of values.

    Attributes:
        codes: one for each row.
        values: the dictionary.
        valid: which codes are valid; None for all.
        checked: the codes are int32 from -1 to len(values) - 1, and no others are valid or not.
        inside: no code is known to lie outside the dictionary: found out once for all slices.
    """

    codes: Array
    values: pa.Array | list[object]
    valid: arrow_buffers.Valid | None = None
    checked: bool = False
    inside: bool = False

    def __len__(self) -> int:
        return len(self.codes)


class SharedDictionary:
    """The distinct values of a dictionary and what was made of them, for all batches that share it."""

    def __init__(self, values: pa.Array | list[object], view: FieldView) -> None:
        self.values, self.view = values, view
        self._lock = threading.RLock()
        self._done: dict[Callable[[FieldView], object], object] = {}

    def once(self, make: Callable[[FieldView], T]) -> T | None:
        """Return make(the values), or None where a value cannot be converted; found out once."""
        with self._lock:
            if make not in self._done:
                try:
                    self._done[make] = make(self.view)
                except errors.DataError:
                    self._done[make] = None
            return self._done[make]  # type: ignore[return-value]


KnownDictionaries = dict[tuple[str, Markers], SharedDictionary]


class DictionaryField(FieldView):
    """Codes and a view of the distinct values.

    Nulls, markers and equal integers among the distinct values are taken care of by a second table of codes.

    Args:
        key: name of the field.
        coded: the codes and the dictionary.
        markers: the missing markers of the Field.
        make: gives the view of distinct values.
        parse: whether they came from a CSV file.
        known: the dictionary of the batch before; the next batch often has the same one, in the same memory.
    """

    def __init__(
        self,
        key: str,
        coded: DictionaryCodes,
        markers: Markers,
        make: Callable[[pa.Array | list[object]], FieldView],
        parse: bool = False,
        known: KnownDictionaries | None = None,
    ) -> None:
        super().__init__(key, len(coded), markers, parse)
        self._make = make
        if len(coded.values) > 256 + 4 * len(coded):  # a few rows of a big table: not worth its whole dictionary
            coded = _compact(coded)
        shared = None if known is None else known.get((key, markers))
        if shared is None or not _same_memory(shared.values, coded.values):
            shared = SharedDictionary(coded.values, make(coded.values))
            if known is not None:
                known[key, markers] = shared
        self._coded, self._shared = coded, shared
        self.light = 8 * len(coded.values) <= len(coded)

    def _read_tokens(self) -> Tokens:
        codes, (texts, kind, remap) = self._convert(_texts)
        return Tokens(texts, codes if remap is None else kernels.gather.gather(remap, codes), kind=kind)

    def _read_numbers(self) -> Numbers:
        codes, table = self._convert(_numbers)
        return Numbers(kernels.gather.gather_numbers(table, codes))

    def counted(self) -> tuple[Array, Array] | None:
        table = self._shared.once(_numbers) if self._coded.checked else None
        if table is None:
            return None
        counts = np.zeros(len(table), np.int64)
        kernels.count_terms.tally[0](self._codes(), counts)
        return table, counts

    def distinct(self) -> tuple[Array, Array] | None:
        if not self._coded.checked or len(self._coded.values) >= len(self):
            return None
        table = self._shared.once(_numbers)
        return None if table is None else (table, self._codes())

    def _read_integers(self) -> Integers:
        codes, (whole, valid) = self._convert(_integers)
        there = valid[codes]
        return Integers(whole[codes], None if there.all() else there)

    def to_pylist(self) -> list[object]:
        codes, distinct = self._codes().tolist(), self._shared.view
        values = {code: distinct.slice(code, code + 1).to_pylist()[0] for code in set(codes) if code >= 0}
        return [values.get(code) for code in codes]

    def _codes(self) -> Array:
        """Return int32 codes, -1 where missing; a code outside the dictionary is an error, never a wild read."""
        raw, size = self._coded.codes[self.start : self.stop], len(self._coded.values)
        if self._coded.checked:
            return raw
        valid = None if self._coded.valid is None else self._coded.valid.rows(self.start, self.stop)
        if valid is None and raw.dtype == np.int32 and raw.flags.c_contiguous and self._is_inside(raw):
            return raw  # as they are: nothing to convert, nothing to mark
        wild = raw >= size
        if valid is not None:
            wild &= valid
        if wild.any():
            at = int(wild.argmax())
            hint = "write the dictionary anew"
            raise errors.bad_value(self.key, self.key, at, "code is outside the dictionary", int(raw[at]), hint)
        codes = raw.astype(np.int32)
        if valid is not None:
            codes[~valid] = -1
        return codes

    def _is_inside(self, raw: Array) -> bool:
        """Return whether the codes are below the dictionary's size; those of all slices are looked at once."""
        coded = self._coded
        if not coded.inside and len(raw):
            every = coded.codes if len(coded) <= 64 * len(raw) else raw
            if every.max() >= len(coded.values):
                return bool(raw.max() < len(coded.values))
            coded.inside = every is not raw
        return True

    def _convert(self, make: Callable[[FieldView], T]) -> tuple[Array, T]:
        """Return (codes, make(dictionary)).

        A bad value in the dictionary is an error only where a row holds it, and then at that row: such a dictionary is
        cut down to what these rows hold.
        """
        codes = self._codes()
        made = self._shared.once(make)
        if made is not None:
            return codes, made
        used = _compact(DictionaryCodes(codes, self._coded.values))
        view = self._make(used.values)
        try:
            return used.codes, make(view)
        except errors.DataError:
            raise _error_at_row(used.codes, view, make) from None


def _error_at_row(codes: Array, view: FieldView, make: Callable[[FieldView], object]) -> errors.DataError:
    """Return the error of the first row whose value cannot be converted."""
    distinct, first = np.unique(codes, return_index=True)
    for i in np.argsort(first):
        code = int(distinct[i])
        try:
            if code >= 0:
                make(view.slice(code, code + 1))
        except errors.DataError as error:
            return error.shifted(int(first[i]) - (error.row or 0))
    raise AssertionError("no value of the dictionary is bad by itself")


def _same_memory(a: pa.Array | list[object], b: pa.Array | list[object]) -> bool:
    """Return whether two dictionaries are the same values in the same memory."""
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


def _numbers(view: FieldView) -> Array:
    return np.ascontiguousarray(view._read_numbers().values)


def _integers(view: FieldView) -> tuple[Array, Array]:
    found = view._read_integers()
    valid = np.ones(len(found.values), np.bool_) if found.valid is None else found.valid
    return _extend(found.values, 0), _extend(valid, False)


def _texts(view: FieldView) -> tuple[Texts, str, Array | None]:
    """Return distinct texts, what they are, and new codes for old (the last entry is for -1), None where they stay."""
    tokens = view._read_tokens()
    if tokens.codes is not None:
        return tokens.texts, tokens.kind, _extend(tokens.codes, -1)
    texts = tokens.texts
    if (
        texts.integers is not None and texts.integral is None
    ):  # 5 and 5.0 are one term; texts that stand twice in a dictionary do no harm
        encoded = arrow_buffers.arrow_texts(texts.offsets, texts.data, texts.valid).dictionary_encode()
        if len(encoded.dictionary) < len(texts) - encoded.null_count:
            return _merge(texts, encoded, tokens.kind)
    if texts.valid is None:
        return texts, tokens.kind, None
    remap = np.where(texts.valid, np.arange(len(texts), dtype=np.int32), np.int32(-1))
    return texts, tokens.kind, _extend(remap, -1)


def _merge(texts: Texts, encoded: pa.DictionaryArray, kind: str) -> tuple[Texts, str, Array]:
    remap = np.array(encoded.indices.fill_null(-1), np.int32)
    offsets, data = arrow_buffers.texts(encoded.dictionary)
    integers = None
    if texts.integers is not None:
        at = np.zeros(len(encoded.dictionary), np.int64)
        at[remap[remap >= 0]] = np.flatnonzero(remap >= 0)
        integers = texts.integers[at]
    return Texts(offsets, data, None, integers), kind, _extend(remap, -1)


def _compact(coded: DictionaryCodes) -> DictionaryCodes:
    """Return the same rows over a dictionary of the values that they hold."""
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
        values: pa.Array | list[object] = [coded.values[i] for i in used.tolist()]
    else:
        values = coded.values.take(pa.array(used))
    return DictionaryCodes(codes.reshape(-1).astype(np.int32) - np.int32(none), values)


def _extend(table: Array, last: int) -> Array:
    """Return the table with an entry for code -1, which numpy reads from the end."""
    return np.append(table, np.array([last], table.dtype))
