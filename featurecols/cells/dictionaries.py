"""A field whose rows are codes into a dictionary: each distinct value is converted once, each row costs one gather."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import buffers, errors
from featurecols.cells.base import Store
from featurecols.present import Markers
from featurecols.values import Array, Integers, Numbers, Texts, Tokens


@dataclass(frozen=True, slots=True)
class Coded:
    """Codes of any integer type (negative: missing) and what they stand for: an Arrow array or a list of values."""

    codes: Array
    values: Any
    valid: buffers.Valid | None = None
    distinct: bool = False  # known to be so; else it is looked at

    def __len__(self) -> int:
        return len(self.codes)


class _Form:
    """Codes, their dictionary, and what was made of it: replaced as a whole, so that threads never mix two."""

    def __init__(self, coded: Coded, store: Store) -> None:
        self.coded, self.store = coded, store
        self.done: dict[str, Any] = {}


class DictStore(Store):
    """Codes and a store of the distinct values.

    Nulls, markers and duplicates among the distinct values are taken care of by a second table of codes.
    """

    def __init__(self, key: str, coded: Coded, markers: Markers, make: Callable[[Any], Store], parse: bool = False) -> None:
        super().__init__(key, len(coded), markers, parse)
        self._lock = threading.RLock()
        self._make = make
        if len(coded.values) > 256 + 4 * len(coded):
            coded = _compact(coded)
        self._form = _Form(coded, make(coded.values))

    def tokens(self, start: int, stop: int) -> Tokens:
        form, (texts, kind, remap) = self._converted("tokens", _texts)
        codes = self._codes(form, start, stop)
        return Tokens(texts, codes if remap is None else remap[codes], kind=kind)

    def numbers(self, start: int, stop: int) -> Numbers:
        form, table = self._converted("numbers", _numbers)
        return Numbers(table[self._codes(form, start, stop)])

    def integers(self, start: int, stop: int) -> Integers:
        form, (whole, valid) = self._converted("integers", _integers)
        codes = self._codes(form, start, stop)
        there = valid[codes]
        return Integers(whole[codes], None if there.all() else there)

    def pylist(self, start: int, stop: int) -> list[Any]:
        form = self._form
        codes = self._codes(form, start, stop).tolist()
        return [None if code < 0 else form.store.pylist(code, code + 1)[0] for code in codes]

    def _codes(self, form: _Form, start: int, stop: int) -> Array:
        """int32 codes of a window, -1 where missing; a code outside the dictionary is an error, never a wild read."""
        raw, size = form.coded.codes[start:stop], len(form.coded.values)
        valid = None if form.coded.valid is None else form.coded.valid.rows(start, stop)
        wild = raw >= size
        if valid is not None:
            wild &= valid
        if wild.any():
            at = int(wild.argmax())
            todo = "write the dictionary anew"
            raise errors.bad_value(self.key, self.key, start + at, "code is outside the dictionary", int(raw[at]), todo)
        codes = raw.astype(np.int32)
        if valid is not None:
            codes[~valid] = -1
        return codes

    def _converted(self, name: str, make: Callable[[_Form], Any]) -> tuple[_Form, Any]:
        """make(form), once; a bad value in the dictionary is an error only where a row holds it, and then at that row."""
        with self._lock:
            form = self._form
            if name in form.done:
                return form, form.done[name]
            try:
                form.done[name] = make(form)
                return form, form.done[name]
            except errors.DataError:
                coded = _compact(form.coded)
            form = _Form(coded, self._make(coded.values))
            try:
                form.done[name] = make(form)
            except errors.DataError:
                self._raise_at_row(form, name)
                raise
            self._form = form
            return form, form.done[name]

    def _raise_at_row(self, form: _Form, name: str) -> None:
        """The error of the first row whose value cannot be converted."""
        distinct, first = np.unique(self._codes(form, 0, self.length), return_index=True)
        for i in np.argsort(first):
            code, row = int(distinct[i]), int(first[i])
            try:
                if code >= 0:
                    getattr(form.store, name)(code, code + 1)
            except errors.DataError as error:
                raise error.shifted(row - (error.row or 0)) from None


def _numbers(form: _Form) -> Array:
    return _extended(form.store.numbers(0, form.store.length).values, np.nan)


def _integers(form: _Form) -> tuple[Array, Array]:
    found = form.store.integers(0, form.store.length)
    valid = np.ones(len(found.values), np.bool_) if found.valid is None else found.valid
    return _extended(found.values, 0), _extended(valid, False)


def _texts(form: _Form) -> tuple[Texts, str, Array | None]:
    """Distinct texts, what they are, and new codes for old (the last entry is for -1), None where they stay."""
    tokens = form.store.tokens(0, form.store.length)
    if tokens.codes is not None:
        return tokens.texts, tokens.kind, _extended(tokens.codes, -1)
    texts = tokens.texts
    if not form.coded.distinct or texts.integers is not None:
        encoded = buffers.arrow_texts(texts.offsets, texts.data, texts.valid).dictionary_encode()
        if len(encoded.dictionary) < len(texts) - encoded.null_count:
            return _merged(texts, encoded, tokens.kind)
    if texts.valid is None:
        return texts, tokens.kind, None
    remap = np.where(texts.valid, np.arange(len(texts), dtype=np.int32), np.int32(-1))
    return texts, tokens.kind, _extended(remap, -1)


def _merged(texts: Texts, encoded: Any, kind: str) -> tuple[Texts, str, Array]:
    remap = np.array(encoded.indices.fill_null(-1), np.int32)
    offsets, data = buffers.texts(encoded.dictionary)
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
    return Coded(codes.reshape(-1).astype(np.int32) - np.int32(none), values, None, coded.distinct)


def _extended(table: Array, last: Any) -> Array:
    """The table with an entry for code -1, which numpy reads from the end."""
    return np.append(table, np.array([last], table.dtype))
