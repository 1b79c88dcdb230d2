"""Whole rows of the matrix in one pass: zeros, or what all rows share, then numbers with their normalizers, and one-hots.

A tile of rows is written column by column while it is in cache, without arrays between a number as it was read and the
matrix.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from featurecols._core import arrays
from featurecols._core.arrays import Array
from featurecols._core.resident_memory import is_resident
from featurecols.kernels.compiler import (
    F32,
    F64,
    I64,
    doubles,
    end_stream,
    helper,
    integers,
    kernel,
    read,
    singles,
    stack,
    stream16,
    wholes,
    write,
)
from featurecols.kernels.numeric import apply

_TILE, _LEAST, _MOST = np.uint64(1 << 14), np.uint64(16), np.uint64(256)  # of a tile: elements, and rows
_0, _1 = np.uint64(0), np.uint64(1)
_block = stack((256,), F64)


@helper
def _load(x: Any, fill: Any, base: Any, n: Any, into: Any) -> Any:
    """Load x[base:base + n] with NaN replaced by fill; returns how many are not finite."""
    left = 0
    for i in range(_0, n):
        value = np.float64(x[base + i])
        value = fill if np.isnan(value) else value
        into[i] = value
        left += value - value != 0.0
    return left


@helper
def _widen(x: Any, base: Any, n: Any, into: Any) -> Any:
    """Load x[base:base + n] of integers, none of which is missing."""
    for i in range(_0, n):
        into[i] = np.float64(x[base + i])
    return 0


_KINDS = {np.dtype(name): kind for kind, name in enumerate(("float64", "float32", "int32", "int64"))}
_NUMBERS = (read(I64), read(I64), read(I64), read(F64), read(I64), read(I64), read(F64), read(F64))
_ONEHOTS = (read(I64), read(I64), read(I64))
_ZEROS = np.empty(0, np.float32)
_FEW = 1024  # rows
_STREAMED = 1 << 25  # bytes: so large a matrix leaves the cache before anyone reads it


@helper
def _write_rows(
    xs: Any, kinds: Any, columns: Any, defaults: Any, first: Any, ops: Any, a: Any, b: Any, ids: Any, starts: Any, widths: Any,
    shared: Any, suspect: Any, rows: Any, base: Any, block: Any, out: Any,
) -> None:  # fmt: skip
    """Write rows from number `base` on, as many as `out` has; `rows`: of the whole matrix, block: memory for a column."""
    n, w = np.uint64(out.shape[0]), np.uint64(out.shape[1])
    if len(shared):
        for i in range(_0, n):
            for c in range(_0, w):
                out[i, c] = shared[c]
    elif np.uint64(len(columns)) < w:
        for i in range(_0, n):
            for c in range(_0, w):
                out[i, c] = 0.0
    for j in range(np.uint64(len(xs))):
        if kinds[j] == 0:
            left = _load(doubles(xs[j], rows), defaults[j], base, n, block)
        elif kinds[j] == 1:
            left = _load(singles(xs[j], rows), defaults[j], base, n, block)
        elif kinds[j] == 2:
            left = _widen(integers(xs[j], rows), base, n, block)
        else:
            left = _widen(wholes(xs[j], rows), base, n, block)
        left += apply(ops, a, b, first[j], first[j + _1], block, n)
        if left and suspect[j] < 0:
            suspect[j] = np.int64(base)
        column = np.uint64(columns[j])
        for i in range(_0, n):
            out[i, column] = block[i]
    for k in range(np.uint64(len(ids))):
        found, start, width = integers(ids[k], rows), starts[k], widths[k]
        for i in range(_0, n):
            id_ = found[base + i]
            if 0 <= id_ < width:
                out[i, np.uint64(start + id_)] = 1.0


_INPUTS = (*_NUMBERS, *_ONEHOTS, read(F32), write(I64))


@kernel({layout: (*_INPUTS, write(F32, 2, layout)) for layout in ("C", "A")})
def _ASSEMBLE(
    xs: Any, kinds: Any, columns: Any, defaults: Any, first: Any, ops: Any, a: Any, b: Any, ids: Any, starts: Any, widths: Any,
    shared: Any, suspect: Any, out: Any,
) -> None:  # fmt: skip
    rows, w = np.uint64(out.shape[0]), np.uint64(out.shape[1])
    tile = min(max(_TILE // max(w, _1), _LEAST), _MOST)
    block = _block()
    for base in range(_0, rows, tile):  # loops count in uint64: numba wraps signed indices around
        some = out[np.int64(base) : np.int64(min(base + tile, rows))]
        _write_rows(
            xs, kinds, columns, defaults, first, ops, a, b, ids, starts, widths, shared, suspect, rows, base, block, some
        )  # fmt: skip


@kernel({0: (*_INPUTS, write(F32, 2), read(F32), I64, I64, write(F32))})
def _STREAM(
    xs: Any, kinds: Any, columns: Any, defaults: Any, first: Any, ops: Any, a: Any, b: Any, ids: Any, starts: Any, widths: Any,
    shared: Any, suspect: Any, tile: Any, flat: Any, rows: Any, lead: Any, out: Any,
) -> None:  # fmt: skip
    """Do what _ASSEMBLE does to a matrix of so many rows, `out` in one dimension; out[lead] begins a line of the cache.

    Rows are written into `tile`, whose memory is `flat`, and go past the cache from there.
    """
    block, size, w = _block(), np.uint64(tile.shape[0]), tile.shape[1]
    for base in range(_0, np.uint64(rows), size):
        n = np.int64(min(size, np.uint64(rows) - base))
        _write_rows(
            xs, kinds, columns, defaults, first, ops, a, b, ids, starts, widths, shared, suspect, np.uint64(rows), base, block,
            tile[:n],
        )  # fmt: skip
        start, j = np.int64(base) * w, np.int64(0)
        while j < n * w and (start + j - lead) % 16 != 0:
            out[start + j] = flat[j]
            j += 1
        while j + 16 <= n * w:
            stream16(out, start + j, flat, j)
            j += 16
        while j < n * w:
            out[start + j] = flat[j]
            j += 1
    end_stream()


def assemble(
    xs: Sequence[Array],
    columns: Array,
    defaults: Array,
    first: Array,
    ops: Array,
    a: Array,
    b: Array,
    ids: Sequence[Array],
    starts: Array,
    widths: Array,
    out: Array,
    shared: Array | None = None,
    streamed_bytes: int = _STREAMED,
) -> Array:
    """Zero `out`, or fill each row with `shared`; write number j into out[:, columns[j]] and out[i, starts[k] + ids[k][i]] = 1.

    Number j is xs[j], float64, float32, int32 or int64 [n], with NaN replaced by defaults[j], through operations
    first[j]:first[j + 1] of ops, a, b (those of numeric.normalize). columns, first, ops, starts, widths int64; defaults, a, b
    float64. ids[k] int32 [n]; an id outside [0, widths[k]) sets nothing. out float32 [n, w] of any strides; shared float32 [w].
    The caller keeps columns, each once, and starts + widths within w. A matrix of streamed_bytes and more that lies in memory
    already is written past the cache, which reads no line of it first; new memory is in the cache when it is written.

    Returns int64 [J]: for each number a row before which all is finite, once defaults are filled in, and in the domain of each
    operation; -1 where all is. All of out is written, whatever is returned.

    >>> import numpy as np
    >>> out = np.empty((2, 3), np.float32)
    >>> none, one = np.empty(0), np.array([1])
    >>> of_x = [np.array([0]), np.array([9.0]), np.array([0, 0]), np.empty(0, int), none, none]
    >>> assemble([np.array([5.0, np.nan])], *of_x, [np.array([1, -1], np.int32)], one, one + 1, out)
    array([-1])
    >>> out
    array([[5., 0., 1.],
           [9., 0., 0.]], dtype=float32)
    """
    suspect = np.empty(len(xs), np.int64)
    suspect.fill(-1)
    of_xs: Sequence[Array] | Array = xs
    of_ids: Sequence[Array] | Array = ids
    if 0 < len(out) <= _FEW:  # the rows of one matrix have one address, and cost less than asking each array for its own
        of_xs = np.concatenate(xs, dtype=np.float64, casting="unsafe").reshape(len(xs), len(out)) if xs else xs
        of_ids = np.concatenate(ids).reshape(len(ids), len(out)) if ids else ids
    kinds = np.zeros(len(xs), np.int64) if of_xs is not xs else np.array([_KINDS[x.dtype] for x in xs], np.int64)
    numbers, codes = arrays.addresses(of_xs, None, len(out)), arrays.addresses(of_ids, np.int32, len(out))
    described = (columns, defaults, first, ops, a, b)
    layout = "C" if out.flags.c_contiguous else "A"
    assert shared is None or shared.shape == out.shape[1:]
    inputs = (numbers, kinds, *described, codes, starts, widths, _ZEROS if shared is None else shared, suspect)
    if layout == "C" and out.nbytes >= streamed_bytes and is_resident(out):
        tile = np.empty((min(max(int(_TILE) // out.shape[1], int(_LEAST)), int(_MOST)), out.shape[1]), np.float32)
        lead = -out.__array_interface__["data"][0] % 64 // 4
        _STREAM[0](*inputs, tile, tile.reshape(-1), len(out), lead, out.reshape(-1))
    else:
        _ASSEMBLE[layout](*inputs, out)
    return suspect
