"""How a plan's output looks as Arrow columns: one list, one column per output, or ids per slot."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array, Ids
from featurecols.jobs.writer import Columns
from featurecols.version import __version__

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan


def features(plan: Plan, data: Any, threads: int | None) -> Columns:
    """One column `features`: fixed_size_list<float32>[plan.width]."""
    return [("features", block(plan.transform(data, threads=threads)))]


def columns(plan: Plan, data: Any, threads: int | None) -> Columns:
    """One float32 column per output name."""
    matrix = plan.transform(data, threads=threads)
    by_output = np.ascontiguousarray(matrix.T)
    return [(name, pa.array(values)) for name, values in zip(plan.names, by_output, strict=True)]


def ids(plan: Plan, data: Any, threads: int | None) -> Columns:
    """The dense block as `features` (when there is one), and per id slot a column of its name: int32 or int64, -1 where
    there is no id, or lists of them; `<slot>_weights` float32 where ids are weighted; `<slot>_length` int64 for sequences.
    """
    encoded = plan.encode(data, threads=threads)
    out: Columns = []
    if encoded.dense.shape[1]:
        out.append(("features", block(encoded.dense)))
    for name, found in encoded.ids.items():
        rows = found.compact()
        out.append((name, listed(pa.array(rows.values), rows)))
        if rows.weights is not None:
            out.append((f"{name}_weights", listed(pa.array(rows.weights), rows)))
    out.extend((f"{name}_length", pa.array(length)) for name, length in encoded.lengths.items())
    return out


LAYOUTS: dict[str, Callable[[Plan, Any, int | None], Columns]] = {"features": features, "columns": columns, "ids": ids}


def block(matrix: Array) -> pa.Array:
    """A float32 matrix [n, w] as fixed_size_list<float32>[w], without copying."""
    values = pa.array(np.ascontiguousarray(matrix).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])


def listed(values: pa.Array, rows: Ids) -> pa.Array:
    """Values as they are where every row holds one, else as lists."""
    if rows.offsets is None:
        return values
    if len(values) > np.iinfo(np.int32).max:
        return pa.LargeListArray.from_arrays(pa.array(rows.offsets, pa.int64()), values)
    return pa.ListArray.from_arrays(pa.array(rows.offsets, pa.int32()), values)


def metadata(plan: Plan, layout: str) -> dict[bytes, bytes]:
    """What a reader needs to know where a file came from: schema metadata under the key `featurecols`, as JSON."""
    about = {
        "fingerprint": plan.fingerprint,
        "tables": plan.tables_digest,
        "version": __version__,
        "layout": layout,
        "slots": [slot.name for slot in plan.feature_slots],
        **({} if layout == "ids" else {"names": list(plan.names)}),
    }
    return {b"featurecols": json.dumps(about).encode()}
