"""Labels that are numbers, and sample weights: fields of the data as arrays, with an error for what cannot be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.data.field_types import FieldType
from featurecols.data.fields.base import FieldView
from featurecols.models import errors


def numbers(batch: Batch, keys: Sequence[str], dimension: int, dtype: str = "float32", hint: str | None = None) -> Array:
    """Return numbers [n, dimension] of a dtype: one field each, or one field of lists; hint: where a row has other numbers."""
    columns = []
    for key in keys:
        found = field(batch, key).numbers()
        values = found.values
        if found.offsets is not None:
            lengths = np.diff(found.offsets)
            if (lengths != dimension).any():
                row = int((lengths != dimension).argmax())
                what = f"a label must hold {dimension} numbers"
                raise errors.labels(key, what, int(lengths[row]), row, hint or "set label_dimension")
            values = values[found.offsets[0] : found.offsets[-1]]
        columns.append(values.reshape(batch.num_rows, -1))
    out = np.concatenate(columns, axis=1)
    if out.shape[1] != dimension:
        what = f"labels must have {dimension} numbers a row"
        raise errors.labels(", ".join(keys), what, out.shape[1], None, hint or f"set label_dimension={out.shape[1]}")
    if not np.isfinite(out).all():
        row, output = (int(i) for i in np.argwhere(~np.isfinite(out))[0])
        key = keys[output] if len(keys) == out.shape[1] else ", ".join(keys)
        require_label(key, bool(np.isnan(out[row, output])), row)
        raise errors.labels(key, "a label must be finite", out[row].tolist(), row, "mend or drop the row")
    single = _float32(", ".join(keys), "label", out)  # which predictions are, whatever the labels are read as
    return single if dtype == "float32" else out.astype(dtype, copy=False)


def field(batch: Batch, key: str) -> FieldView:
    """Return a field of numbers: the text of a CSV file as booleans, where all of it spells them, as those of a table are."""
    view = batch.field(key)
    words = view.words()
    if words is None:
        return view
    spelled = words.spelled()
    is_boolean = spelled.is_boolean.any() and spelled.first_bad(spelled.is_boolean) < 0
    return batch.field(key, of=FieldType("boolean")) if is_boolean else view


def plain(batch: Batch, keys: Sequence[str]) -> Array:
    """Return labels as they are: int64 where every field holds integers or booleans, else float32; [n], or [n, fields]."""
    views = [field(batch, key) for key in keys]
    found = [view.numbers() for view in views]
    if len(keys) == 1 and found[0].offsets is not None:
        return numbers(batch, keys, int(np.diff(found[0].offsets)[0]) if batch.num_rows else 1)
    out = numbers(batch, keys, len(keys))
    out = np.stack([f.values for f in found], axis=1).astype(np.int64) if all(map(_is_whole, views)) else out
    return out[:, 0] if len(keys) == 1 else out


def _is_whole(view: FieldView) -> bool:
    """Return whether a field holds integers or booleans, by its type or by what the text of a CSV file spells."""
    words = view.words()
    if words is None:
        return view.value_type().type in ("integer", "boolean")
    spelled = words.spelled()
    return spelled.first_bad(spelled.is_boolean | spelled.is_integer) < 0


def weights(batch: Batch, key: str) -> Array:
    """Return sample weights, float32 [n]; raise DataError for one that is negative or not finite."""
    found = field(batch, key).numbers()
    if found.offsets is not None:
        raise errors.labels(key, "a weight must be one number", "a list", 0 if len(found) else None, "name a field of numbers")
    values = found.values
    wrong = ~((values >= 0) & (values < np.inf))
    if wrong.any():
        row = int(wrong.argmax())
        what, hint = "a weight must be a finite number of at least 0", "mend or drop the row"
        raise errors.labels(key, what, values[row].item(), row, hint)
    return _float32(key, "weight", values)


def _float32(key: str, what: str, values: Array) -> Array:
    """Return finite numbers as float32; raise DataError for one beyond its range."""
    with np.errstate(over="ignore"):
        found = values.astype(np.float32)
    if not np.isfinite(found).all():
        row = int((~np.isfinite(found)).reshape(len(found), -1).any(axis=1).argmax())
        got = values[row].tolist()
        raise errors.labels(
            key, f"a {what} is beyond the range of float32 (3.4e38)", got, row, "scale it, or take its logarithm"
        )
    return found


class Range:
    """The least and the largest label and weight that training saw."""

    def __init__(self) -> None:
        self._labels: tuple[Array, Array] | None = None
        self._weighted: bool | None = None

    def add(self, labels: Array, weights: Array | None) -> None:
        """Take in labels [n] or [n, k] and weights [n] of some rows."""
        if not len(labels):
            return
        low, high = labels.min(axis=0), labels.max(axis=0)
        self._labels = (
            (low, high) if self._labels is None else (np.minimum(low, self._labels[0]), np.maximum(high, self._labels[1]))
        )
        if weights is not None:
            self._weighted = bool(self._weighted) or bool(weights.any())

    def warn_unmeasured(self, subject: str) -> None:
        """Warn where nothing can have been measured: all weights are 0."""
        if self._weighted is False:
            errors.warn(subject, "all weights are 0, so that nothing was measured", "check the field of the weights")

    def warn(self, subject: str, keys: Sequence[str]) -> None:
        """Warn where nothing can have been learned: all labels are alike, or all weights 0."""
        if self._weighted is False:
            errors.warn(subject, "all weights are 0, so that nothing was learned", "check the field of the weights")
        elif self._labels is not None and bool((self._labels[0] == self._labels[1]).all()):
            value = errors.show(np.asarray(self._labels[0]).squeeze().tolist())
            what = f"all labels of {', '.join(keys)} are alike ({value}), so that there is nothing to tell apart"
            errors.warn(subject, what, "check the data, or the field of the labels")


def require_label(key: str, missing: bool, row: int) -> None:
    """Raise DataError where a label is missing."""
    if missing:
        raise errors.labels(key, "a label is missing", None, row, "drop rows without a label, or predict them")
