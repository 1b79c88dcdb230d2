"""Compiled kernels as functions of Python: object code, linked into this process without numba.

The code of a kernel begins with an entry that the interpreter calls as it calls functions of C. It takes exactly the arrays
that the kernel's signature declares; anything else it hands to `_convert`.
"""

from __future__ import annotations

import ctypes
import sys
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

HEADER = object.__basicsize__  # bytes of an object before its own fields; its type is the last word of them
ALIGNED, CONTIGUOUS, WRITEABLE = 0x100, 0x1, 0x400  # flags of numpy's C interface
CALLBACK, ARRAY_TYPE, NONE, ERROR, FIRST_DTYPE = range(5)  # words of the table that an entry reads
_FASTCALL = 0x80


class Parameter(NamedTuple):
    """What an entry takes in one position: an array, or a scalar where dtype is None."""

    dtype: np.dtype[Any] | None = None
    ndim: int = 0
    flags: int = 0


def array_flags(layout: str, writeable: bool) -> int:
    """Return the flags that an array must have."""
    return ALIGNED | (CONTIGUOUS if layout == "C" else 0) | (WRITEABLE if writeable else 0)


class Code(NamedTuple):
    """The object code of one variant of a kernel."""

    entry: str  # the symbol where it begins; `entry + ".table"` is its table
    needs: tuple[str, ...]  # symbols of other libraries
    image: bytes


class _Method(ctypes.Structure):
    _fields_ = (("name", ctypes.c_char_p), ("address", ctypes.c_void_p), ("flags", ctypes.c_int), ("doc", ctypes.c_char_p))


class _Array(ctypes.Structure):
    """The fields of numpy's arrays, which have been the same since numpy 1.7."""

    _fields_ = (
        ("data", ctypes.c_void_p),
        ("ndim", ctypes.c_int),
        ("shape", ctypes.c_void_p),
        ("strides", ctypes.c_void_p),
        ("base", ctypes.c_void_p),
        ("dtype", ctypes.c_void_p),
        ("flags", ctypes.c_int),
    )


def _supported() -> bool:
    """Whether objects and arrays of this interpreter lie in memory as entries expect."""
    if sys.implementation.name != "cpython" or ctypes.sizeof(ctypes.c_void_p) != 8:
        return False
    some = np.zeros((2, 3), np.float32)
    of_type = ctypes.c_void_p.from_address(id(some) + HEADER - 8).value
    fields = _Array.from_address(id(some) + HEADER)
    shape, strides = ((ctypes.c_ssize_t * 2).from_address(at) for at in (fields.shape, fields.strides))
    known = (fields.data, fields.ndim, (*shape,), (*strides,), fields.dtype, fields.flags)
    expected = (some.ctypes.data, 2, (2, 3), (12, 4), id(some.dtype), some.flags.num)
    return (of_type, *known) == (id(np.ndarray), *expected)


SUPPORTED = _supported()
_kept: list[object] = []  # engines, and what they point to: kernels live as long as the process


def load(name: str, code: Code, parameters: Sequence[Parameter]) -> Callable[..., Any] | None:
    """Link a kernel; returns None where this process lacks a symbol that it needs."""
    if not SUPPORTED:
        return None
    _start()
    machine = llvm.Target.from_triple(llvm.get_process_triple()).create_target_machine()
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)  # one each: names in them may be the same
    if any(llvm.address_of_symbol(symbol) is None for symbol in code.needs):
        return None  # LLVM would end the process
    engine.add_object_file(llvm.ObjectFileRef.from_data(code.image))
    engine.finalize_object()
    table = engine.get_global_value_address(code.entry + ".table")
    method = _Method(name.encode(), engine.get_function_address(code.entry), _FASTCALL, None)
    function = _make_function(ctypes.byref(method), None, None)
    callback = _converter(name, function, parameters)
    dtypes = [p.dtype for p in parameters if p.dtype is not None]
    words = (callback, np.ndarray, None, RuntimeError, *dtypes)
    (ctypes.c_void_p * len(words)).from_address(table)[:] = [id(word) for word in words]
    _kept.append((engine, method, words))
    return function


def _start() -> None:
    if not _kept:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        _make_function.restype = ctypes.py_object
        _make_function.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p)


_make_function = ctypes.pythonapi.PyCFunction_NewEx


def _converter(name: str, function: Callable[..., Any], parameters: Sequence[Parameter]) -> Callable[..., Any]:
    """Return what an entry calls with arguments that are not exactly as declared."""

    def convert(*arguments: Any) -> Any:
        if len(arguments) != len(parameters):
            raise TypeError(f"kernel {name} takes {len(parameters)} arguments, not {len(arguments)}")
        return function(*(_convert(name, i, *pair) for i, pair in enumerate(zip(arguments, parameters, strict=True))))

    return convert


def _convert(name: str, i: int, argument: Any, parameter: Parameter) -> Any:
    """Return an argument as an entry takes it: subclasses as plain arrays, equal dtypes as the very one it knows."""
    dtype, ndim, flags = parameter
    if dtype is None:
        return argument
    fits = isinstance(argument, np.ndarray) and argument.dtype == dtype and argument.ndim == ndim
    if not fits or argument.flags.num & flags != flags:
        got = f"{argument.dtype} {list(argument.shape)}" if isinstance(argument, np.ndarray) else type(argument).__name__
        raise TypeError(f"kernel {name}, argument {i}: not an array of {dtype} with {ndim} dimensions as declared: {got}")
    plain = argument.view(np.ndarray)
    return plain if plain.dtype is dtype else plain.view(dtype)
