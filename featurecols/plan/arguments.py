"""Checks of what is given to the methods of a plan beside the data."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array

_BLOCK = 1 << 20  # numbers of a table that are looked at together


def check_out(out: object, rows: int | None, width: int) -> None:
    """Raise PlanError unless out is a writable array, float32 [rows, width]; rows is None where it is not known yet."""
    if not isinstance(out, np.ndarray) or out.dtype != np.float32 or out.ndim != 2 or out.shape[1] != width:
        got = (getattr(out, "dtype", type(out).__name__), getattr(out, "shape", None))
        raise errors.plan("transform", f"out must be float32 [n, {width}]", got, "leave it out for a new array")
    if rows is not None and out.shape[0] != rows:
        raise errors.plan("transform", f"out must have {rows} rows", out.shape[0], "give one row for each row of the data")
    if not out.flags.aligned:
        raise errors.plan("transform", "out does not begin at a multiple of 4 bytes", out.shape, "leave it out for a new array")
    if not out.flags.writeable:
        raise errors.plan("transform", "out is read-only", out.shape, "leave it out for a new array")


def check_finite(name: str, table: Array) -> None:
    """Raise PlanError where a table [rows, dimension] has a number that is not finite."""
    step = max(1, _BLOCK // max(1, table.shape[1]))
    for start in range(0, len(table), step):  # a large table is not doubled
        fine = np.isfinite(table[start : start + step])
        if not fine.all():
            row, at = (int(k) for k in np.argwhere(~fine)[0])
            where, hint = f"is not finite at [{start + row}, {at}]", "mend the table; float32 holds numbers up to 3.4e38"
            raise errors.plan(f"table {errors.show(name)}", where, float(table[start + row, at]), hint)


def as_row(subject: str, row: object) -> Mapping[str, object]:
    """Return one row, a Mapping or a row of a data frame (a Series), as a Mapping; PlanError for anything else."""
    if isinstance(row, Mapping):
        return row
    if type(row).__name__ == "Series" and type(row).__module__.startswith("pandas"):
        return row.to_dict()  # type: ignore[attr-defined,no-any-return]
    raise not_a_row(subject, row)


def not_a_row(subject: str, row: object) -> errors.PlanError:
    """Return the error for something else where a dict of raw values is needed."""
    hint = "a row of a data frame is frame.iloc[i].to_dict(); transform(data) takes whole tables"
    return errors.plan(subject, "needs a dict of raw values", type(row).__name__, hint)
