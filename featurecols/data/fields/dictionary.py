"""A field whose rows are codes into a dictionary: each distinct value is converted once, each row costs one gather."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Memo, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.times import Times
from featurecols.data import arrow_buffers
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView, Words
from featurecols.data.fields.cleaning import Cleaning
from featurecols.data.missing import Markers

T = TypeVar("T")


@dataclass(slots=True)
class _Codes:
    """Codes into a dictionary, shared by all slices of a field.

    Attributes:
        raw: of any integer type; negative: missing.
        valid: which are valid; None for all.
        checked: they are int32 from -1 to the last entry, and no others are valid or not.
        inside: none is known to lie outside the dictionary.
    """

    raw: Array
    valid: arrow_buffers.Valid | None
    checked: bool
    inside: bool = False

    def marked(self) -> Array:
        """Return int64 codes, -1 for every one that is missing."""
        codes = self.raw.astype(np.int64)
        valid = None if self.valid is None else self.valid.rows(0, len(codes))
        if valid is not None:
            codes[~valid] = -1
        codes[codes < 0] = -1
        return codes


class SharedDictionary:
    """The distinct values of a dictionary and what was made of them, for all batches that share it."""

    def __init__(self, values: FieldView) -> None:
        self.values = values
        self._memo = Memo()

    def once(self, make: Callable[[FieldView], T]) -> T | None:
        """Return make(the values), or None where a value cannot be converted; found out once."""
        return self._memo.once(make, lambda: self._try(make))

    def cleaned(self, cleaning: Cleaning) -> SharedDictionary:
        """Return the dictionary with its texts changed; made once."""
        return self._memo.once(cleaning, lambda: SharedDictionary(self.values.clean(cleaning)))

    def _try(self, make: Callable[[FieldView], T]) -> T | None:
        try:
            return make(self.values)
        except errors.DataError:
            return None


KnownDictionaries = dict[tuple[str, Markers, str | None], SharedDictionary]


class DictionaryField(FieldView):
    """Codes and their distinct values.

    Nulls, markers and equal integers among the distinct values are taken care of by a second table of codes.

    Args:
        key: name of the field.
        codes: of any integer type [n]; negative: missing.
        values: the dictionary, as a field of its own.
        valid: which codes are valid; None for all.
        checked: the codes are int32 from -1 to len(values) - 1, and no others are valid or not.
        known: dictionaries of the batches before; the next batch often has the same one, in the same memory.
    """

    def __init__(
        self,
        key: str,
        codes: Array,
        values: FieldView,
        valid: arrow_buffers.Valid | None = None,
        checked: bool = False,
        known: KnownDictionaries | None = None,
    ) -> None:
        super().__init__(key, len(codes), values.markers, values.parse)
        self._coded, self._known = _Codes(codes, valid, checked), known
        if len(values) > 256 + 4 * len(codes):  # a few rows of a big table: not worth its whole dictionary
            self._coded, values = _compact(self._coded, values)
        self._shared = self._share(values)
        self.light = 8 * len(values) <= len(codes)

    @property
    def textual(self) -> bool:
        return self._shared.values.textual

    def _share(self, values: FieldView) -> SharedDictionary:
        if self._known is None:
            return SharedDictionary(values)
        key = self.key, values.markers, values.type_name
        shared = self._known.get(key)
        if shared is None or not _same_memory(shared.values, values):
            shared = self._known[key] = SharedDictionary(values)
        return shared

    def with_markers(self, markers: Markers) -> FieldView:
        view = self._view(0, len(self))
        view.markers, view._shared = markers, self._share(self._shared.values.with_markers(markers))
        return view

    def value_type(self) -> FieldType:
        return self._shared.values.value_type()

    def words(self) -> Words | None:
        return self._shared.values.words()

    def as_type(self, name: str) -> FieldView:
        view = self._view(0, len(self))
        view.type_name, view._shared = name, self._share(self._shared.values.as_type(name))
        return view

    def clean(self, cleaning: Cleaning) -> FieldView:
        if not self.textual:
            return self
        view = self._view(0, len(self))
        view.markers, view._known, view._shared = cleaning.markers, None, self._shared.cleaned(cleaning)
        return view

    def _as_arrow(self) -> pa.Array | None:
        values = self._shared.values._as_arrow()
        if values is None:
            return None
        codes = self._codes()
        return pa.DictionaryArray.from_arrays(pa.array(np.maximum(codes, 0), mask=codes < 0), values)

    def _take(self, rows: Array) -> FieldView:
        return DictionaryField(self.key, self._codes()[rows], self._shared.values)

    def _read_tokens(self) -> Tokens:
        codes, (texts, kind, remap) = self._convert(_texts)
        return Tokens(texts, codes if remap is None else kernels.texts.gather(remap, codes), kind=kind)

    def _read_numbers(self) -> Numbers:
        codes, table = self._convert(_numbers)
        return Numbers(kernels.numeric.gather_numbers(table, codes))

    def _read_counts(self) -> tuple[Array, Array] | None:
        table = self._shared.once(_numbers) if self._coded.checked else None
        if table is None:
            return None
        counts = np.zeros(len(table), np.int64)
        kernels.count_terms.tally[0](self._codes(), counts)
        return table, counts

    def distinct(self) -> tuple[Array, Array] | None:
        if not self._coded.checked or len(self._shared.values) >= len(self):
            return None
        table = self._shared.once(_numbers)
        return None if table is None else (table, self._codes())

    def _read_integers(self) -> Integers:
        codes, (whole, valid) = self._convert(_integers)
        there = valid[codes]
        return Integers(whole[codes], None if there.all() else there)

    def missing(self) -> Array:
        codes = self._codes()
        return _extend(self._shared.values.missing(), True)[codes]

    def _read_times(self) -> Times:
        codes, (found, valid) = self._convert(_times)
        kinds = found.kinds if isinstance(found.kinds, int) else found.kinds[codes]
        nanoseconds, there = None if found.nanoseconds is None else found.nanoseconds[codes], valid[codes]
        return Times(found.ticks[codes], found.per_second, kinds, nanoseconds, None if there.all() else there)

    def exact_integers(self) -> list[int | None]:
        used, values = _compact(_Codes(self._codes(), None, checked=True), self._shared.values)
        try:
            found = values.exact_integers()
        except errors.DataError:
            raise _error_at_row(used.raw, values, FieldView.exact_integers) from None
        return [None if code < 0 else found[code] for code in used.raw.tolist()]

    def to_pylist(self) -> list[object]:
        codes, distinct = self._codes().tolist(), self._shared.values
        values = {code: distinct.slice(code, code + 1).to_pylist()[0] for code in set(codes) if code >= 0}
        return [values.get(code) for code in codes]

    def _codes(self) -> Array:
        """Return int32 codes, -1 where missing; a code outside the dictionary is an error, never a wild read."""
        raw, size = self._coded.raw[self.start : self.stop], len(self._shared.values)
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
        """Return whether the codes are below the dictionary's size; those of all slices are checked once."""
        coded = self._coded
        if not coded.inside and len(raw):
            every, size = coded.raw if len(coded.raw) <= 64 * len(raw) else raw, len(self._shared.values)
            if every.max() >= size:
                return bool(raw.max() < size)
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
        used, values = _compact(_Codes(codes, None, checked=True), self._shared.values)
        try:
            return used.raw, make(values)
        except errors.DataError:
            raise _error_at_row(used.raw, values, make) from None


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


def _same_memory(a: FieldView, b: FieldView) -> bool:
    """Return whether two dictionaries are the same values in the same memory."""
    if a is b:
        return True
    memory = a._memory()
    return memory is not None and type(a) is type(b) and memory == b._memory()


def _numbers(view: FieldView) -> Array:
    return np.ascontiguousarray(view._read_numbers().values)


def _integers(view: FieldView) -> tuple[Array, Array]:
    found = view._read_integers()
    valid = np.ones(len(found.values), np.bool_) if found.valid is None else found.valid
    return _extend(found.values, 0), _extend(valid, False)


def _times(view: FieldView) -> tuple[Times, Array]:
    """Return the times of a dictionary and which are valid, each with a missing one at the end."""
    found = view._read_times()
    valid = np.ones(len(found.ticks), np.bool_) if found.valid is None else found.valid
    kinds = found.kinds if isinstance(found.kinds, int) else _extend(found.kinds, 0)
    nanoseconds = None if found.nanoseconds is None else _extend(found.nanoseconds, 0)
    return Times(_extend(found.ticks, 0), found.per_second, kinds, nanoseconds), _extend(valid, False)


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


def _compact(coded: _Codes, values: FieldView) -> tuple[_Codes, FieldView]:
    """Return the same rows over a dictionary of the values that they hold."""
    used, codes = np.unique(coded.marked(), return_inverse=True)
    if len(used) and used[-1] >= len(values):
        return coded, values  # left for _codes to refuse
    none = int(len(used) > 0 and used[0] < 0)
    return _Codes(codes.reshape(-1).astype(np.int32) - np.int32(none), None, checked=True), values._take(used[none:])


def _extend(table: Array, last: int) -> Array:
    """Return the table with an entry for code -1, which numpy reads from the end."""
    return np.append(table, np.array([last], table.dtype))
