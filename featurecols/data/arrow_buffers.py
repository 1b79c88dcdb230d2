"""Arrow memory as numpy arrays: no copies where the layout allows, no Python objects for the elements.

Everything here respects offsets of sliced arrays, in the validity bitmap as well as in the values.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols._core.fork_safe import import_module

_PRIMITIVE = {
    pa.int8(): np.int8,
    pa.int16(): np.int16,
    pa.int32(): np.int32,
    pa.int64(): np.int64,
    pa.uint8(): np.uint8,
    pa.uint16(): np.uint16,
    pa.uint32(): np.uint32,
    pa.uint64(): np.uint64,
    pa.float16(): np.float16,
    pa.float32(): np.float32,
    pa.float64(): np.float64,
}

_FEW = 1 << 15  # integers whose digits Python writes, where Arrow would have to import its functions

# What pyarrow raises for Python values that it does not take.
REFUSED = (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError, TypeError, ValueError)


class Valid:
    """The validity bitmap of an array: bool arrays of any rows, made when asked for."""

    __slots__ = ("bits", "offset")

    def __init__(self, array: pa.Array) -> None:
        self.bits: Array | None = None
        self.offset: int = array.offset
        bitmap = array.buffers()[0] if len(array) else None
        if bitmap is not None and array.null_count:
            self.bits = np.frombuffer(bitmap, np.uint8)

    @staticmethod
    def of(valid: Array) -> Valid:
        """Return the bitmap of bool [n]."""
        made = object.__new__(Valid)
        made.bits, made.offset = np.packbits(valid, bitorder="little"), 0
        return made

    def memory(self) -> tuple[int, int]:
        """Return a key that only a bitmap in the same memory has."""
        return (0 if self.bits is None else self.bits.ctypes.data), self.offset

    def rows(self, start: int, stop: int) -> Array | None:
        """Return bool [stop - start], or None where every row is valid."""
        if self.bits is None:
            return None
        first, last = self.offset + start, self.offset + stop
        window = self.bits[first // 8 : (last + 7) // 8]
        flags = np.unpackbits(window, bitorder="little")[first % 8 : first % 8 + stop - start].view(np.bool_)
        return None if flags.all() else flags


def both(a: Array | None, b: Array | None) -> Array | None:
    """Return where both are valid; None means everywhere."""
    if a is None or b is None:
        return b if a is None else a
    return a & b


def primitive(array: pa.Array) -> Array:
    """Return the values of an integer, float or boolean array, as they lie in memory; null slots hold anything."""
    n = len(array)
    if pa.types.is_boolean(array.type):
        if n == 0:
            return np.zeros(0, np.bool_)
        first = array.offset
        window = np.frombuffer(array.buffers()[1], np.uint8)[first // 8 : (first + n + 7) // 8]
        return np.unpackbits(window, bitorder="little")[first % 8 : first % 8 + n].view(np.bool_)
    dtype = np.dtype(_PRIMITIVE[array.type])
    if n == 0:
        return np.zeros(0, dtype)
    return np.frombuffer(array.buffers()[1], dtype, n, array.offset * dtype.itemsize)


def is_primitive(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds integers, floats or booleans."""
    return kind in _PRIMITIVE or pa.types.is_boolean(kind)


def texts(array: pa.Array) -> tuple[Array, Array]:
    """(offsets int32 or int64 [n + 1], data uint8) of a string or binary array of any width."""
    n, kind = len(array), array.type
    if pa.types.is_fixed_size_binary(kind):
        width = kind.byte_width
        data = _bytes(array.buffers()[1])[array.offset * width : (array.offset + n) * width]
        return np.arange(n + 1, dtype=np.int64) * width, data
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    if n == 0:
        return np.zeros(1, np.int64 if wide else np.int32), np.zeros(0, np.uint8)
    dtype = np.dtype(np.int64 if wide else np.int32)
    buffers = array.buffers()
    return np.frombuffer(buffers[1], dtype, n + 1, array.offset * dtype.itemsize), _bytes(buffers[2])


def _bytes(buffer: pa.Buffer | None) -> Array:
    return np.zeros(0, np.uint8) if buffer is None else np.frombuffer(buffer, np.uint8)


def of_python(values: Sequence[object] | Array, kinds: set[type] | None = None) -> pa.Array:
    """Return Python's values as an Arrow array of the type that holds them all; raises UnicodeError, or one of REFUSED.

    kinds: the types of the values, where they are known; str also stands for classes that are made of it.
    """
    kinds = set(map(type, values)) if kinds is None else kinds
    if "pandas" not in sys.modules:  # pa.array imports it, which takes half of the first call in a process
        found = _of_one_kind(values, kinds)
        if found is not None:
            return found
    if kinds == {int}:
        with suppress(OverflowError, pa.ArrowInvalid):  # of integers past 64 bits with a sign
            return one_array(pa.array(values, pa.int64()))
    return one_array(pa.array(values, from_pandas="pandas" in sys.modules))


def _of_one_kind(values: Sequence[object] | Array, kinds: set[type]) -> pa.Array | None:
    """Return what pa.array makes of texts, integers, floats or booleans and None; None for anything else."""
    kind, n = next(iter(kinds - {type(None)})) if len(kinds - {type(None)}) == 1 else None, len(values)
    there = [value is not None for value in values] if kind and type(None) in kinds else []
    valid = None if all(there) else pa.py_buffer(np.packbits(there, bitorder="little"))
    if kinds == {str} and (text := "".join(values)).isascii():  # type: ignore[arg-type]
        ends = np.zeros(n + 1, np.int64)
        np.cumsum(np.fromiter(map(str.__len__, values), np.int64, n), out=ends[1:])  # type: ignore[arg-type]
        if ends[-1] < 2**31:
            return pa.Array.from_buffers(
                pa.string(), n, [None, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(text.encode())]
            )
    if kind is str:
        texts = [b"" if value is None else str.encode(value) for value in values]  # type: ignore[arg-type]  # not __str__ of a class
        ends = np.cumsum([0, *map(len, texts)])
        if ends[-1] < 2**31:
            return pa.Array.from_buffers(
                pa.string(), n, [valid, pa.py_buffer(ends.astype(np.int32)), pa.py_buffer(b"".join(texts))]
            )
    if kind is float or kind is int:
        try:
            numbers = np.array([0 if value is None else value for value in values], np.float64 if kind is float else np.int64)
        except OverflowError:
            return None
        return pa.Array.from_buffers(pa.float64() if kind is float else pa.int64(), n, [valid, pa.py_buffer(numbers)])
    if kind is bool:
        flags = np.packbits([bool(value) for value in values], bitorder="little")
        return pa.Array.from_buffers(pa.bool_(), n, [valid, pa.py_buffer(flags)])
    return None


def is_text(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds texts or bytes with offsets, or of a fixed size."""
    t = pa.types
    wide = t.is_large_string(kind) or t.is_large_binary(kind)
    return bool(wide or t.is_string(kind) or t.is_binary(kind) or t.is_fixed_size_binary(kind))


def is_utf8(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds texts."""
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def arrow_texts(offsets: Array, data: Array, valid: Array | None = None, kind: pa.DataType = None) -> pa.Array:
    """Return an array of a string or binary type (default: large_binary) over these bytes, which are not copied."""
    kind = pa.large_binary() if kind is None else kind
    wide = pa.types.is_large_string(kind) or pa.types.is_large_binary(kind)
    ends = np.ascontiguousarray(offsets, dtype=np.int64 if wide else np.int32)
    bitmap = None if valid is None else pa.py_buffer(np.packbits(valid, bitorder="little"))
    buffers = [bitmap, pa.py_buffer(ends), pa.py_buffer(np.ascontiguousarray(data))]
    return pa.Array.from_buffers(kind, len(ends) - 1, buffers)


def distinct(offsets: Array, data: Array, valid: Array | None = None) -> tuple[list[bytes], Array]:
    """Return the distinct texts, and the position of every text among them: int64 [k], -1 where it is missing."""
    kind = pa.binary() if offsets.dtype.itemsize == 4 else pa.large_binary()
    coded = arrow_texts(offsets, data, valid, kind).dictionary_encode()
    return coded.dictionary.to_pylist(), coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)


def decimals(integers: Array) -> tuple[Array, Array]:
    """Decimal digits of int64 or uint64 [k]: (offsets [k + 1], data uint8)."""
    if len(integers) <= _FEW and "pyarrow.compute" not in sys.modules:  # whose import takes longer than so many
        digits = [b"%d" % number for number in integers.tolist()]
        return np.cumsum([0, *map(len, digits)], dtype=np.int32), np.frombuffer(b"".join(digits), np.uint8)
    kind = pa.int64() if integers.dtype.kind == "i" else pa.uint64()
    array = pa.Array.from_buffers(kind, len(integers), [None, pa.py_buffer(np.ascontiguousarray(integers))])
    return texts(array.cast(pa.large_string() if len(integers) > 2**26 else pa.string()))


def equal_to(offsets: Array, data: Array, text: bytes) -> Array:
    """Return bool [k]: which texts are these bytes."""
    same = (offsets[1:] - offsets[:-1]) == len(text)
    at = np.flatnonzero(same)
    starts = offsets[at]
    for i, byte in enumerate(text):
        if len(at) == 0:
            break
        keep = data[starts + i] == byte
        at, starts = at[keep], starts[keep]
    found = np.zeros(len(offsets) - 1, np.bool_)
    found[at] = True
    return found


def list_parts(array: pa.Array) -> tuple[Array, pa.Array]:
    """Return (offsets int64 [n + 1], elements) of a list array of any layout.

    Null lists are empty; row i owns elements[offsets[i]:offsets[i + 1]]. Elements are copied only when their order or gaps
    ask for it.
    """
    n, kind, t = len(array), array.type, pa.types
    valid = Valid(array).rows(0, n)
    if n == 0:
        return np.zeros(1, np.int64), array.values[:0]
    if t.is_fixed_size_list(kind):
        starts = (np.arange(n, dtype=np.int64) + array.offset) * kind.list_size
        sizes = np.full(n, kind.list_size, np.int64)
    elif t.is_list(kind) or t.is_large_list(kind):
        ends = np.asarray(array.offsets).astype(np.int64)
        starts, sizes = ends[:-1], np.diff(ends)
    else:
        starts, sizes = np.asarray(array.offsets).astype(np.int64), np.asarray(array.sizes).astype(np.int64)
    if valid is not None:
        sizes = np.where(valid, sizes, 0)
    offsets = np.zeros(n + 1, np.int64)
    np.cumsum(sizes, out=offsets[1:])
    shift = starts[sizes > 0] - offsets[:-1][sizes > 0]
    if len(shift) == 0 or (shift == shift[0]).all():  # the elements lie one after another already
        first = int(shift[0]) if len(shift) else 0
        return offsets, array.values.slice(first, int(offsets[-1]))
    at = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
    return offsets, array.values.take(pa.array(at))


def is_list(kind: pa.DataType) -> bool:
    """Return whether an Arrow type holds lists, of any layout."""
    t = pa.types
    views = [check(kind) for check in (getattr(t, "is_list_view", None), getattr(t, "is_large_list_view", None)) if check]
    return bool(t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind) or any(views))


_READ_IN_PLACE = {kind.id for kind in (*_PRIMITIVE, pa.bool_(), pa.string(), pa.large_string(), pa.binary(), pa.large_binary())}
_DICTIONARY = pa.dictionary(pa.int8(), pa.string()).id
SAME_AS_STORAGE = ("arrow.json", "arrow.bool8", "arrow.fixed_shape_tensor")


def _is_read_in_place(kind: pa.DataType) -> bool:
    return kind.id in _READ_IN_PLACE or (kind.id == _DICTIONARY and kind.value_type.id in _READ_IN_PLACE)


def lies_ready(data: pa.Array | pa.ChunkedArray) -> bool:
    """Return whether a column is one array that is read where it lies."""
    return _is_read_in_place(data.type) and getattr(data, "num_chunks", 1) == 1


def settled(array: pa.Array) -> pa.Array:
    """Return the same array in a type that the rest of the package reads in place.

    Views become offsets, extensions their storage, and run-end encoding is undone.
    """
    kind, t = array.type, pa.types
    if _is_read_in_place(kind):
        return array
    if isinstance(kind, pa.BaseExtensionType) and kind.extension_name in SAME_AS_STORAGE:
        storage = array.storage
        return settled(storage.cast(pa.bool_()) if kind.extension_name == "arrow.bool8" else storage)
    if t.is_run_end_encoded(kind):
        pc = import_module("pyarrow.compute")
        return settled(pc.run_end_decode(array))
    if getattr(t, "is_string_view", lambda _: False)(kind):
        return _unviewed(array, pa.large_string())
    if getattr(t, "is_binary_view", lambda _: False)(kind):
        return _unviewed(array, pa.large_binary())
    if t.is_dictionary(kind) and is_list(kind.value_type):
        return array.dictionary_decode()
    return array


def _unviewed(array: pa.Array, kind: pa.DataType) -> pa.Array:
    try:
        return array.cast(kind)
    except pa.ArrowNotImplementedError:  # older Arrow
        return pa.array(array.to_pylist(), type=kind)


def one_array(data: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Return a ChunkedArray as one array, different dictionaries unified; an Array as it is."""
    if not isinstance(data, pa.ChunkedArray):
        return data
    chunks = [settled(c) for c in data.chunks]
    if len(chunks) == 0:
        return settled(pa.nulls(0, data.type))
    return joined(chunks)


def joined(arrays: list[pa.Array]) -> pa.Array:
    """Arrays of one type, one after another; text past 2 GiB gets wide offsets."""
    if len(arrays) == 1:
        return arrays[0]
    kind = arrays[0].type
    if pa.types.is_string(kind) or pa.types.is_binary(kind):
        wide = pa.large_string() if pa.types.is_string(kind) else pa.large_binary()
        if sum(a.nbytes for a in arrays) >= 2**31 - 1:
            arrays = [a.cast(wide) for a in arrays]
    try:
        return pa.concat_arrays(arrays)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):  # dictionaries with nulls, or too many for their codes
        return pa.concat_arrays([_undictionaried(a) for a in arrays])


def _undictionaried(array: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(array.type):
        return array.dictionary_decode()
    if is_list(array.type):
        offsets, elements = list_parts(array)
        return pa.LargeListArray.from_arrays(pa.array(offsets), _undictionaried(settled(elements)))
    return array
