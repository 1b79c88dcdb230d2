"""Labels that are numbers, and sample weights: fields of the data as arrays, with an error for what cannot be one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.models import errors


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
        require_label(", ".join(keys), bool(np.isnan(out[row]).any()), row)
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


def require_label(key: str, missing: bool, row: int) -> None:
    """Raise DataError where a label is missing."""
    if missing:
        raise errors.labels(key, "a label is missing", None, row, "drop rows without a label, or predict them")
