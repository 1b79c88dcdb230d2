"""Folds of rows: a number that is made of some of a row's values, so that no order of rows changes it (docs/ids.md)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Texts
from featurecols._core.numbers import Numbers
from featurecols.columns.base import Field
from featurecols.columns.crossed import Crossed, CrossedBound, Part
from featurecols.data import arrow_buffers
from featurecols.data.field_types import UNREAD
from featurecols.data.fields.base import FieldView

_FEW = 256  # integers that are a dictionary
_WHOLE = 2.0**53  # floats hold every integer below this
_MISSING = np.uint32(0xFFFFFFFF)
_FLOATS = ("float", "decimal")


def type_of(view: FieldView) -> str | None:
    """Return the type of the values of a field: what their text spells, where that is known."""
    return view.type_name or view.value_type().type


def folds_of(views: Sequence[FieldView], folds: int) -> Array:
    """Return the fold of each row, int32 [n]; views: the fields that it is made of: one is hashed, several are crossed."""
    parts = [_part(view) for view in views]
    if len(parts) > 1:
        return _crossed(len(parts), folds).of_parts(parts).astype(np.int32, copy=False)
    part = parts[0]
    hashes = part.hashes if part.valid is None else np.where(part.valid, part.hashes, _MISSING)
    found = (hashes % np.uint32(folds)).astype(np.int32)
    return found if part.codes is None else np.append(found, np.int32(_MISSING % np.uint32(folds)))[part.codes]


@lru_cache(maxsize=64)
def _crossed(count: int, folds: int) -> CrossedBound:
    """Return what crosses so many parts; what it computes is kept with their dictionaries."""
    return CrossedBound(Crossed([Field(str(i)) for i in range(count)], folds, keep_unseen=True), [0] * count)


def _part(view: FieldView) -> Part:
    """Return the hashes of the values of a field."""
    found = type_of(view)
    if found in UNREAD:
        return _of_times(view)
    if found in _FLOATS:
        return _of_numbers(view.numbers(), view.key)
    tokens = view.tokens()
    _require_single(tokens.offsets, view.key)
    hashes = tokens.texts.once(("part", False), lambda texts: kernels.texts.murmur3(texts.offsets, texts.data, 0))
    return Part(hashes, tokens.texts.valid, None, tokens.codes, None if tokens.codes is None else tokens.texts)


def _of_numbers(numbers: Numbers, key: str) -> Part:
    """Return the hashes of numbers: of the digits of whole ones, of the 8 bytes of others."""
    _require_single(numbers.offsets, key)
    x = np.ascontiguousarray(numbers.values, np.float64).reshape(-1)
    there = x == x
    whole = (np.trunc(x) == x) & (np.abs(x) < _WHOLE)
    valid = None if there.all() else there
    if (whole | ~there).all() and there.any():
        low, high = int(np.nanmin(x)), int(np.nanmax(x))
        if high - low < _FEW:
            texts, hashes = _digits(low, high)
            return Part(hashes, None, None, np.where(there, x - low, -1).astype(np.int32), texts)
    hashes = kernels.texts.murmur3(np.arange(len(x) + 1, dtype=np.int64) * 8, x.astype("<f8").view(np.uint8), 0)
    if whole.any():
        hashes[whole] = kernels.texts.murmur3(*arrow_buffers.decimals(x[whole].astype(np.int64)), 0)
    return Part(hashes, valid, None)


@lru_cache(maxsize=256)
def _digits(low: int, high: int) -> tuple[Texts, Array]:
    """Return all integers from the lowest to the highest as a dictionary, which batches share, and their hashes."""
    texts = Texts(*arrow_buffers.decimals(np.arange(low, high + 1, dtype=np.int64)))
    return texts, kernels.texts.murmur3(texts.offsets, texts.data, 0)


def _of_times(view: FieldView) -> Part:
    """Return the hashes of times: of their seconds as 8 bytes and the nanoseconds after them as 4."""
    times = view.times()
    _require_single(times.offsets, view.key)
    seconds = times.seconds()
    after = times.after(seconds)
    data = np.zeros(len(seconds), np.dtype([("seconds", "<i8"), ("nanoseconds", "<i4")]))
    data["seconds"] = seconds
    data["nanoseconds"] = 0 if after is None else after
    offsets = np.arange(len(seconds) + 1, dtype=np.int64) * 12
    return Part(kernels.texts.murmur3(offsets, data.view(np.uint8), 0), times.valid, None)


def _require_single(offsets: Array | None, key: str) -> None:
    """Raise DataError for a field of lists."""
    if offsets is not None and len(offsets) > 1:
        what, hint = "a fold needs one value a row", "name other fields in fold_by"
        raise errors.bad_value("fit", key, 0, what, "a list", hint)
