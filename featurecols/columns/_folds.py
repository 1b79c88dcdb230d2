"""Folds of rows: a number that is made of some of a row's values, so that no order of rows changes it (docs/ids.md)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from featurecols import kernels
from featurecols._core import arrays
from featurecols._core.arrays import Array, Texts, Tokens
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
    """Return the fold of each row, int32 [n]; views: the fields that it is made of: one is hashed, several are crossed.

    All columns with these fields share one result for a batch.
    """
    if len(views) == 1:
        return views[0].once(("fold", folds), lambda: _hashes(views[0], folds)).view(np.int32)
    parts = [view.once("hash", partial(_hashes, view, 0)) for view in views]  # before a lock is held
    first, *others = views
    return first.once(("fold", folds, *others), lambda: kernels.crossing.cross(parts, None, 0, folds))


def _hashes(view: FieldView, modulo: int) -> Array:
    """Return the hash of each value of a field modulo a number, or the whole hash where that is 0: uint32 [n].

    Of a list, it is what its elements give.
    """
    hashes, offsets = _of_elements(view, modulo)
    if offsets is None:
        return hashes
    found = _of_lists(hashes, offsets)
    return found % np.uint32(modulo) if modulo else found


def _of_lists(hashes: Array, offsets: Array) -> Array:
    """Return the hash of each list: that of its only element, or of the hashes of all; one of none is missing."""
    sizes, firsts = np.diff(offsets), offsets[:-1]
    data = np.ascontiguousarray(hashes, "<u4").view(np.uint8)
    found = kernels.texts.murmur3(np.ascontiguousarray(offsets, np.int64) * 4, data, 0)
    single = sizes == 1
    found[single] = hashes[firsts[single]]
    found[sizes == 0] = _MISSING
    return found


def _of_elements(view: FieldView, modulo: int) -> tuple[Array, Array | None]:
    """Return the hashes of values, and where each list begins; None for single values, the only ones taken modulo a number."""
    found = type_of(view)
    if found in UNREAD:
        times = view.times()
        return _of_times(times, modulo if times.offsets is None else 0), times.offsets
    if found in _FLOATS:
        numbers = view.numbers()
        return _of_numbers(numbers, modulo if numbers.offsets is None else 0), numbers.offsets
    if found == "integer" and (plain := view.plain()) is not None and plain.dtype.kind == "i":
        return _of_digits(plain, modulo), None
    tokens = view.tokens()
    return _of_tokens(tokens, modulo if tokens.offsets is None else 0), tokens.offsets


def _of_tokens(tokens: Tokens, modulo: int) -> Array:
    if tokens.codes is None:
        return _of_texts(tokens.texts, modulo)
    hashes = tokens.texts.once(("fold", modulo), lambda texts: _of_texts(texts, modulo).view(np.int32))
    found = kernels.texts.gather(hashes, np.ascontiguousarray(tokens.codes, np.int32)).view(np.uint32)
    if modulo:
        missing = found == _MISSING  # what is gathered of a negative code
        if missing.any():
            found[missing] = _missing(modulo)
    return found


def _of_texts(texts: Texts, modulo: int) -> Array:
    """Return the hashes of texts, of which some may be missing."""
    integers = texts.integers
    if integers is not None and texts.integral is None and integers.dtype == np.int64:
        hashes = _of_digits(integers, modulo)
    else:
        hashes = kernels.texts.murmur3(texts.offsets, texts.data, 0, modulo)
    return hashes if texts.valid is None else np.where(texts.valid, hashes, _missing(modulo))


def _of_numbers(numbers: Numbers, modulo: int) -> Array:
    """Return the hashes of numbers: of the digits of whole ones, of the 8 bytes of others."""
    x = np.ascontiguousarray(numbers.values, np.float64).reshape(-1)
    whole = (np.trunc(x) == x) & (np.abs(x) < _WHOLE)
    if whole.all():
        return _of_digits(x.astype(np.int64), modulo)
    data = x.astype("<f8").view(np.uint8)
    hashes = kernels.texts.murmur3(np.arange(len(x) + 1, dtype=np.int64) * 8, data, 0, modulo)
    if whole.any():
        hashes[whole] = _of_digits(x[whole].astype(np.int64), modulo)
    hashes[x != x] = _missing(modulo)
    return hashes


def _of_digits(integers: Array, modulo: int) -> Array:
    """Return the hashes of the decimal digits of int32 or int64 [n]."""
    out = arrays.empty(len(integers), np.int32)
    kernels.digits.murmur3[integers.itemsize](np.ascontiguousarray(integers), modulo, out)
    return out.view(np.uint32)


def _of_times(times: Times, modulo: int) -> Array:
    """Return the hashes of times: of their seconds as 8 bytes and the nanoseconds after them as 4."""
    seconds = times.seconds()
    after = times.after(seconds)
    data = np.zeros(len(seconds), np.dtype([("seconds", "<i8"), ("nanoseconds", "<i4")]))
    data["seconds"] = seconds
    data["nanoseconds"] = 0 if after is None else after
    hashes = kernels.texts.murmur3(np.arange(len(seconds) + 1, dtype=np.int64) * 12, data.view(np.uint8), 0, modulo)
    return hashes if times.valid is None else np.where(times.valid, hashes, _missing(modulo))


def _missing(modulo: int) -> np.uint32:
    """Return the hash of a missing value."""
    return _MISSING % np.uint32(modulo) if modulo else _MISSING
