"""Folds of rows: a number that is made of some of a row's values, so that no order of rows changes it (docs/ids.md)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array, Tokens
from featurecols._core.numbers import Numbers
from featurecols._core.times import Times
from featurecols.data.field_types import UNREAD
from featurecols.data.fields.base import FieldView

_WHOLE = 2.0**53  # floats hold every integer below this
_MISSING = np.uint32(0xFFFFFFFF)
_FLOATS = ("float", "decimal")


def type_of(view: FieldView) -> str | None:
    """Return the type of the values of a field: what their text spells, where that is known."""
    return view.type_name or view.value_type().type


def folds_of(views: Sequence[FieldView], folds: int) -> Array:
    """Return the fold of each row, int32 [n]; views: the fields that it is made of: one is hashed, several are crossed."""
    parts = [_hashes(view) for view in views]
    if len(parts) == 1:
        return (parts[0] % np.uint32(folds)).astype(np.int32)
    return kernels.crossing.cross(parts, None, 0, folds)


def _hashes(view: FieldView) -> Array:
    """Return the hash of each value of a field, uint32 [n]; of a list, what its elements give."""
    hashes, offsets = _of_elements(view)
    return hashes if offsets is None else _of_lists(hashes, offsets)


def _of_lists(hashes: Array, offsets: Array) -> Array:
    """Return the hash of each list: that of its only element, or of the hashes of all; one of none is missing."""
    sizes, firsts = np.diff(offsets), offsets[:-1]
    data = np.ascontiguousarray(hashes, "<u4").view(np.uint8)
    found = kernels.texts.murmur3(np.ascontiguousarray(offsets, np.int64) * 4, data, 0)
    single = sizes == 1
    found[single] = hashes[firsts[single]]
    found[sizes == 0] = _MISSING
    return found


def _of_elements(view: FieldView) -> tuple[Array, Array | None]:
    """Return the hashes of values, and where each list begins; None for single values."""
    found = type_of(view)
    if found in UNREAD:
        times = view.times()
        return _of_times(times), times.offsets
    if found in _FLOATS:
        numbers = view.numbers()
        return _of_numbers(numbers), numbers.offsets
    tokens = view.tokens()
    return _of_tokens(tokens), tokens.offsets


def _of_tokens(tokens: Tokens) -> Array:
    integers = tokens.texts.integers
    if tokens.codes is None and integers is not None and tokens.texts.integral is None and integers.dtype == np.int64:
        hashes = _of_digits(integers)
        return hashes if tokens.texts.valid is None else np.where(tokens.texts.valid, hashes, _MISSING)
    hashes = tokens.texts.once(("part", False), lambda texts: kernels.texts.murmur3(texts.offsets, texts.data, 0))
    hashes = hashes if tokens.texts.valid is None else np.where(tokens.texts.valid, hashes, _MISSING)
    return hashes if tokens.codes is None else np.append(hashes, _MISSING)[tokens.codes]


def _of_numbers(numbers: Numbers) -> Array:
    """Return the hashes of numbers: of the digits of whole ones, of the 8 bytes of others."""
    x = np.ascontiguousarray(numbers.values, np.float64).reshape(-1)
    hashes = kernels.texts.murmur3(np.arange(len(x) + 1, dtype=np.int64) * 8, x.astype("<f8").view(np.uint8), 0)
    whole = (np.trunc(x) == x) & (np.abs(x) < _WHOLE)
    if whole.any():
        hashes[whole] = _of_digits(x[whole].astype(np.int64))
    hashes[x != x] = _MISSING
    return hashes


def _of_digits(integers: Array) -> Array:
    """Return the hashes of the decimal digits of int64 [n]."""
    out = np.empty(len(integers), np.int32)
    kernels.label_sums.hash_digits[0](np.ascontiguousarray(integers), out)
    return out.view(np.uint32)


def _of_times(times: Times) -> Array:
    """Return the hashes of times: of their seconds as 8 bytes and the nanoseconds after them as 4."""
    seconds = times.seconds()
    after = times.after(seconds)
    data = np.zeros(len(seconds), np.dtype([("seconds", "<i8"), ("nanoseconds", "<i4")]))
    data["seconds"] = seconds
    data["nanoseconds"] = 0 if after is None else after
    hashes = kernels.texts.murmur3(np.arange(len(seconds) + 1, dtype=np.int64) * 12, data.view(np.uint8), 0)
    return hashes if times.valid is None else np.where(times.valid, hashes, _MISSING)
