"""Labels: a field of the data as class numbers or as numbers, with an error for what is not a label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from featurecols._core.arrays import Array, Tokens
from featurecols.data.batch import Batch
from featurecols.models import errors

MAX_CLASSES = 10_000


def is_text(batch: Batch, key: str) -> bool:
    """Return whether a field holds strings, so that its classes are words."""
    return any(word in str(batch.column(key).type) for word in ("string", "binary"))


def learn(batches: Iterable[Batch], key: str) -> tuple[str, ...] | None:
    """Return the distinct words of a label field, in the order of their bytes; None where labels are numbers."""
    found: set[bytes] = set()
    for batch in batches:
        if not is_text(batch, key):
            return None
        tokens = batch.field(key).tokens()
        found |= {tokens.texts[i] for i in _used_texts(tokens)}
        if len(found) > MAX_CLASSES:
            hint = "is it the right field? A regressor predicts numbers"
            raise errors.labels(key, f"has more than {MAX_CLASSES} different labels", len(found), None, hint)
    return tuple(term.decode("utf-8", "replace") for term in sorted(found))


def classes(batch: Batch, key: str, words: Sequence[str] | None, n_classes: int) -> Array:
    """Return class numbers, int64 [n]: positions in `words`, or the numbers themselves where there are no words.

    Raises DataError at the first row whose label is missing, unknown, or outside 0 ... n_classes - 1.
    """
    if words is None:
        return _class_numbers(batch, key, n_classes)
    tokens = batch.field(key).tokens()
    positions = {str(word).encode(): i for i, word in enumerate(words)}
    number = np.array([positions.get(tokens.texts[i], -1) for i in range(len(tokens.texts))] or [-1], np.int64)
    codes = np.arange(len(tokens.texts)) if tokens.codes is None else tokens.codes
    out = np.where(codes >= 0, number[np.maximum(codes, 0)], -1)
    if tokens.texts.valid is not None and tokens.codes is None:
        out = np.where(tokens.texts.valid, out, -1)
    if (out < 0).any():
        row = int((out < 0).argmax())
        value = batch.field(key).slice(row, row + 1).to_pylist()[0]
        _require_label(key, value is None, row)
        known = ", ".join(errors.show(w, 20) for w in words[:8]) + (" ..." if len(words) > 8 else "")
        raise errors.labels(key, "a label that training did not see", value, row, f"known labels are {known}")
    return out


def _class_numbers(batch: Batch, key: str, n_classes: int) -> Array:
    """Return labels that are class numbers already; raise DataError for what is not."""
    if is_text(batch, key) and not batch.parse:  # the text of a CSV file may stand for numbers
        value = next(iter(batch.field(key).slice(0, 1).to_pylist()), None)
        raise errors.labels(key, "labels are words", value, None, "name them all with label_vocabulary=[...]")
    values = batch.field(key).numbers().values
    wrong = ~((values >= 0) & (values < n_classes) & (values == np.floor(values)))
    if wrong.any():
        row = int(wrong.argmax())
        _require_label(key, bool(np.isnan(values[row])), row)
        hint = f"set n_classes (it is {n_classes}), or map the labels to 0 ... n_classes - 1"
        raise errors.labels(key, f"a label must be a class number from 0 to {n_classes - 1}", values[row].item(), row, hint)
    return values.astype(np.int64)


def numbers(batch: Batch, keys: Sequence[str], dimension: int, dtype: str = "float32") -> Array:
    """Return numbers [n, dimension] of a dtype: one field each, or one field of lists."""
    columns = []
    for key in keys:
        found = batch.field(key).numbers()
        values = found.values
        if found.offsets is not None:
            lengths = np.diff(found.offsets)
            if (lengths != dimension).any():
                row = int((lengths != dimension).argmax())
                what = f"a label must hold {dimension} numbers"
                raise errors.labels(key, what, int(lengths[row]), row, "set label_dimension")
            values = values[found.offsets[0] : found.offsets[-1]]
        columns.append(values.reshape(batch.num_rows, -1))
    out = np.concatenate(columns, axis=1)
    if out.shape[1] != dimension:
        what = f"labels must have {dimension} numbers a row"
        raise errors.labels(", ".join(keys), what, out.shape[1], None, f"set label_dimension={out.shape[1]}")
    if not np.isfinite(out).all():
        row = int((~np.isfinite(out)).any(axis=1).argmax())
        _require_label(", ".join(keys), bool(np.isnan(out[row]).any()), row)
        raise errors.labels(", ".join(keys), "a label must be finite", out[row].tolist(), row, "mend or drop the row")
    return out.astype(dtype, copy=False)


def plain(batch: Batch, keys: Sequence[str]) -> Array:
    """Return labels as they are: int64 where every field holds whole numbers by type, else float32; [n], or [n, fields]."""
    whole = all("int" in (kind := str(batch.column(key).type)) or kind == "bool" for key in keys)
    found = [batch.field(key).numbers() for key in keys]
    if len(keys) == 1 and found[0].offsets is not None:
        return numbers(batch, keys, int(np.diff(found[0].offsets)[0]) if batch.num_rows else 1)
    out = numbers(batch, keys, len(keys))
    out = np.stack([f.values for f in found], axis=1).astype(np.int64) if whole else out
    return out[:, 0] if len(keys) == 1 else out


def weights(batch: Batch, key: str) -> Array:
    """Return sample weights, float32 [n]; raise DataError for one that is negative or not finite."""
    values = batch.field(key).numbers().values
    wrong = ~((values >= 0) & (values < np.inf))
    if wrong.any():
        row = int(wrong.argmax())
        what, hint = "a weight must be a finite number of at least 0", "mend or drop the row"
        raise errors.labels(key, what, values[row].item(), row, hint)
    return values.astype(np.float32)


def _used_texts(tokens: Tokens) -> Array:
    """Return numbers of the texts that some row holds."""
    if tokens.codes is not None:
        used = np.unique(tokens.codes)
        return used[used >= 0]
    every = np.arange(len(tokens.texts))
    return every if tokens.texts.valid is None else every[tokens.texts.valid]


def _require_label(key: str, missing: bool, row: int) -> None:
    """Raise DataError where a label is missing."""
    if missing:
        raise errors.labels(key, "a label is missing", None, row, "drop rows without a label, or predict them")
