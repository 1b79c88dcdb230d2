"""How a plan's output looks as Arrow columns: one list, one column per output, ids per slot, or a sparse row."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable
from typing import Protocol, TypeAlias

import numpy as np
import pyarrow as pa

from featurecols import kernels
from featurecols._core import arrays, thread_pool
from featurecols._core.arrays import Array, Features, Ids
from featurecols._core.slots import Slot
from featurecols._core.version import __version__
from featurecols.jobs.batch_transform import Columns, Rows


class AnyPlan(Protocol):
    """What jobs ask of a Plan, whose package is above this one, as Plan.transform_files calls it."""

    @property
    def width(self) -> int: ...
    @property
    def feature_names(self) -> tuple[str, ...]: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def tables_digest(self) -> str: ...
    @property
    def input_uses(self) -> dict[str, frozenset[str]]: ...

    encoded_slots: tuple[Slot, ...]

    def _require_matrix(self, subject: str = "transform") -> None: ...
    def transform(self, data: Rows, *, out: Array | None = None, threads: int | None = None) -> Array: ...
    def encode(self, data: Rows, *, threads: int | None = None) -> Features: ...


def features(plan: AnyPlan, data: Rows, threads: int | None) -> Columns:
    """Return one column `features`: fixed_size_list<float32>[plan.width]."""
    return [("features", fixed_size_lists(plan.transform(data, threads=threads)))]


def columns(plan: AnyPlan, data: Rows, threads: int | None) -> Columns:
    """Return one float32 column per output name; of many rows, a column of zeros and ones as booleans."""
    matrix = plan.transform(data, threads=threads)
    if len(matrix) < _PACKED_ROWS or not matrix.shape[1]:
        return [(name, pa.array(values)) for name, values in zip(plan.feature_names, _transpose(matrix), strict=True)]
    bits, other = _pack(matrix, thread_pool.count(threads))
    kept = np.flatnonzero(other)
    left = iter(_transpose(matrix, kept if len(kept) < len(other) else None))
    found = [pa.array(next(left)) if plain else _booleans(row, len(matrix)) for plain, row in zip(other, bits, strict=True)]
    return list(zip(plan.feature_names, found, strict=True))


def _pack(matrix: Array, threads: int) -> tuple[Array, Array]:
    """Return which values are 1, as bits uint8 [w, ceil(n / 8)], and which columns hold others than 0 and 1, bool [w]."""
    rows, width = matrix.shape
    matrix = np.ascontiguousarray(matrix)
    bits = arrays.empty((width, -(-rows // 8)), np.uint8)
    pack = kernels.pack_ones.pack_ones
    starts = range(0, rows, _TASK_ROWS)
    found = thread_pool.run(lambda start: pack(matrix, start, min(start + _TASK_ROWS, rows), bits), starts, threads)
    return bits, np.logical_or.reduce(list(found))


def _booleans(bits: Array, rows: int) -> pa.BooleanArray:
    return pa.BooleanArray.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(bits)])


def ids(plan: AnyPlan, data: Rows, threads: int | None) -> Columns:
    """Return the dense numbers as `features`, where there are some, and the ids of every slot as a column of its name.

    Ids are int32 or int64, -1 where there is none, or lists of them; `<slot>_weights` is float32 where ids are weighted, and
    `<slot>_length` int64 for sequences.
    """
    encoded = plan.encode(data, threads=threads)
    out: Columns = []
    if encoded.dense.shape[1]:
        out.append(("features", fixed_size_lists(encoded.dense)))
    for name, found in encoded.ids.items():
        rows = found.compact()
        out.append((name, lists_of_rows(pa.array(rows.values), rows)))
        if rows.weights is not None:
            out.append((f"{name}_weights", lists_of_rows(pa.array(rows.weights), rows)))
    out.extend((f"{name}_length", pa.array(length)) for name, length in encoded.lengths.items())
    return out


def sparse(plan: AnyPlan, data: Rows, threads: int | None) -> Columns:
    """Return the rows of `encode(data).to_csr()` as two lists: `indices`, int32 or int64, and `values`, float32."""
    encoded, step = plan.encode(data, threads=threads), _SPARSE_ROWS
    starts = range(0, len(encoded) or 1, step)
    made = thread_pool.run(lambda start: encoded.slice(start, start + step).to_csr(), starts, thread_pool.count(threads))
    parts = list(made)
    offsets = np.cumsum(np.concatenate([[0], *(np.diff(part.indptr) for part in parts)]))
    indices, values = (arrays.concatenate(part) for part in zip(*((part.indices, part.data) for part in parts), strict=True))
    return [("indices", _lists(pa.array(indices), offsets)), ("values", _lists(pa.array(values), offsets))]


_PACKED_ROWS = 1 << 11  # from so many rows on, zeros and ones are packed: before, this would load a kernel for nothing
_TASK_ROWS = 1 << 14  # that one thread packs at a time
_SPARSE_ROWS = 1 << 13  # that one thread makes sparse at a time: what it works on stays in the cache
_TRANSPOSED_ROWS, _TRANSPOSED_VALUES = 256, 1 << 15  # at least, as large as the cache: of the census's 117 columns 120 kB

Layout: TypeAlias = Callable[[AnyPlan, Rows, int | None], Columns]
LAYOUTS: dict[str, Layout] = {"features": features, "columns": columns, "ids": ids, "sparse": sparse}


def _transpose(matrix: Array, chosen: Array | None = None) -> Array:
    """Return a copy [w, n] of a matrix [n, w], or of some of its columns, made in blocks of rows that stay in the cache."""
    rows, width = len(matrix), matrix.shape[1] if chosen is None else len(chosen)
    by_column = arrays.empty((width, rows), matrix.dtype)
    step = max(_TRANSPOSED_ROWS, _TRANSPOSED_VALUES // max(1, width))
    for start in range(0, rows, step):
        block = matrix[start : start + step]
        by_column[:, start : start + step] = (block if chosen is None else block.take(chosen, axis=1)).T
    return by_column


def fixed_size_lists(matrix: Array) -> pa.Array:
    """Return a float32 matrix [n, w] as fixed_size_list<float32>[w], without copying."""
    values = pa.array(np.ascontiguousarray(matrix).reshape(-1))
    return pa.FixedSizeListArray.from_arrays(values, matrix.shape[1])


def variable_lists(columns: Columns) -> Columns:
    """Return columns of lists of one size as plain lists, which every version of Arrow reads and writes where some are null."""
    return [(name, _variable(array) if pa.types.is_fixed_size_list(array.type) else array) for name, array in columns]


def _variable(array: pa.FixedSizeListArray) -> pa.Array:
    offsets = np.arange(len(array) + 1, dtype=np.int64) * array.type.list_size
    return pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), array.flatten())  # of a block: never 2^31 numbers


def lists_of_rows(values: pa.Array, rows: Ids) -> pa.Array:
    """Return values as they are where every row holds one, else as lists."""
    if rows.offsets is None:
        return values
    return _lists(values, rows.offsets)


def _lists(values: pa.Array, offsets: Array) -> pa.Array:
    if len(values) > np.iinfo(np.int32).max:
        return pa.LargeListArray.from_arrays(pa.array(offsets, pa.int64()), values)
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), values)


def metadata(plan: AnyPlan, layout: str) -> dict[bytes, bytes]:
    """Return what a reader needs to know where a file came from: schema metadata under the key `featurecols`, as JSON."""
    about = {
        "fingerprint": plan.fingerprint,
        "tables": plan.tables_digest,
        "version": __version__,
        "layout": layout,
        "slots": [slot.name for slot in plan.encoded_slots],
        **({"starts": _starts(plan)} if layout == "sparse" else {}),
        **({} if layout in ("ids", "sparse") else {"names": list(plan.feature_names)}),
    }
    return {b"featurecols": json.dumps(about).encode()}


def _starts(plan: AnyPlan) -> list[int]:
    """Return the first column of each slot in `encode(data).to_csr()`, and their number."""
    dense = sum(slot.width for slot in plan.encoded_slots)
    ids = [0, *itertools.accumulate(slot.num_buckets for slot in plan.encoded_slots)]
    starts = [slot.start if slot.width else dense + at for slot, at in zip(plan.encoded_slots, ids[:-1], strict=True)]
    return [*starts, dense + ids[-1]]
