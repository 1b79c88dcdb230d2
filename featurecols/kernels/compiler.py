"""How every kernel is compiled, and the few machine words that plain Python has no spelling for.

A Kernel holds the variants of one function. A variant has one declared signature whose inputs are read-only arrays, so
that writable inputs convert to it and one compilation serves both. It is compiled, or read from the cache, when it is
first asked for; calls then cost what a numba dispatcher costs.

The multi-byte loads are little-endian, as are all hosts that numba supports.
"""

from __future__ import annotations

import ctypes
import math
import os
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import wraps
from typing import Any

import numba
import numpy as np
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core.caching import FunctionCache, NullCache
from numba.extending import intrinsic

from featurecols import errors
from featurecols._core import counters
from featurecols._core.fork_safe import LOADING

types: Any = numba.types
JIT = not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


BOOL, U8, U32, U64 = types.boolean, types.uint8, types.uint32, types.uint64
I32, I64, F32, F64 = types.int32, types.int64, types.float32, types.float64
_WORD = ir.IntType(64)
NO_VALID = np.empty(0, np.bool_)
NO_WEIGHTS = np.empty(0, np.float32)


def read(dtype: Any, ndim: int = 1) -> Any:
    """Type of an input: contiguous, read-only."""
    return types.Array(dtype, ndim, "C", readonly=True)


def write(dtype: Any, ndim: int = 1, layout: str = "C") -> Any:
    """Type of an output; layout "A" takes any strides."""
    return types.Array(dtype, ndim, layout)


def record(dtype: np.dtype[Any]) -> Any:
    """Return the type of the elements of a structured array."""
    return numba.from_dtype(dtype)


class Kernel(dict[Hashable, Callable[..., Any]]):
    """Compiled variants of one function by key: KERNEL[key](*arguments)."""

    def __init__(self, function: Callable[..., Any], signatures: Mapping[Any, tuple[Any, ...]]) -> None:
        self.function, self.signatures = function, dict(signatures)

    def __missing__(self, key: Hashable) -> Callable[..., Any]:
        signature = self.signatures[key]
        if not JIT:
            return self.setdefault(key, _quiet(self.function, signature))
        with LOADING:
            if key not in self:
                dispatcher = _jit()(self.function)
                dispatcher._cache = _cache(self.function)
                dispatcher.compile(signature)
                dispatcher.disable_compile()  # from here on arguments convert to the declared types
                self[key] = dispatcher
                counters.increment("kernel")
        return self[key]


def _jit(**options: bool) -> Any:
    """Return the decorator of kernels and their helpers; nothing calls them from C, so that no wrappers for it are compiled."""
    njit: Any = numba.njit  # its declared types know half of its options
    return njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True, **options)


def kernel(signatures: Mapping[Any, tuple[Any, ...]]) -> Callable[[Callable[..., Any]], Kernel]:
    """Return a decorator that makes a Kernel of a function with its declared signatures by variant."""
    return lambda function: Kernel(function, signatures)


def damaged(bad: int) -> errors.DataError:
    """Return the error of text number `bad`, whose offsets lie outside the data."""
    hint = "the Arrow array is damaged; array.validate(full=True) says more"
    return errors.bad_value("texts", None, bad, "offsets point outside the text data", "a damaged array", hint)


def helper(function: Callable[..., Any]) -> Any:
    """Return a function for kernels to call; it is compiled into each of them."""
    return _jit(forceinline=True)(function) if JIT else function


def _quiet(function: Callable[..., Any], signature: tuple[Any, ...]) -> Callable[..., Any]:
    """Return plain Python that takes scalars of the declared types and does not warn of wrapping integers."""
    scalars = [getattr(np, of.name) if isinstance(of, types.Number) else None for of in signature]

    @wraps(function)
    def run(*arguments: Any) -> Any:
        with np.errstate(all="ignore"), _weak_promotion():
            return function(*(a if of is None else of(a) for of, a in zip(scalars, arguments, strict=True)))

    return run


@contextmanager
def _weak_promotion() -> Iterator[None]:
    """Let an unsigned integer with a Python integer be an unsigned one, as in a kernel; numpy 1 makes a float of them."""
    if not np.__version__.startswith("1."):
        yield
        return
    before = np._get_promotion_state()  # type: ignore[attr-defined]
    np._set_promotion_state("weak")  # type: ignore[attr-defined]
    try:
        yield
    finally:
        np._set_promotion_state(before)  # type: ignore[attr-defined]


class _Cache(FunctionCache):  # type: ignore[misc]
    """numba's cache, whose failures cost a compilation and never an error."""

    def _index_key(self, sig: Any, codegen: Any) -> Any:
        # numba watches a kernel's own file alone; the helpers in it may come from the files beside this one
        return (*super()._index_key(sig, codegen), *_SOURCES)  # type: ignore[no-untyped-call]

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        except Exception:  # damaged, unreadable, written by something else
            with suppress(Exception):
                self.flush()  # type: ignore[no-untyped-call]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        except Exception:  # read-only, removed, full
            self.disable()  # type: ignore[no-untyped-call]


def _sources() -> tuple[tuple[str, int, int], ...]:
    with os.scandir(os.path.dirname(__file__)) as files:
        found = [(f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.name.endswith(".py")]
    return tuple(sorted(found))


try:
    _SOURCES = _sources()
except OSError:  # inside an archive
    _SOURCES = ()


def _cache(function: Callable[..., Any]) -> Any:
    try:
        return _Cache(function)  # type: ignore[no-untyped-call]
    except (RuntimeError, OSError):  # nowhere to write
        return NullCache()


def _loader(bits: int, result: Any) -> Any:
    def load(typingctx: Any, data: Any, i: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            array = context.make_array(signature.args[0])(context, builder, arguments[0])
            pointer = builder.gep(array.data, [arguments[1]])
            return builder.load(builder.bitcast(pointer, ir.IntType(bits).as_pointer()), align=1)

        return result(data, types.int64), codegen

    return intrinsic(load)


def _mulhi(typingctx: Any, a: Any, b: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        wide = ir.IntType(128)
        product = builder.mul(builder.zext(arguments[0], wide), builder.zext(arguments[1], wide))
        return builder.trunc(builder.lshr(product, wide(64)), ir.IntType(64))

    return types.uint64(types.uint64, types.uint64), codegen


def _hide(builder: Any, word: Any) -> Any:
    """Return the same word through empty assembly code, so that the optimizer does not know its value."""
    return builder.asm(ir.FunctionType(_WORD, [_WORD]), "", "=r,0", [word], side_effect=False)


def _opaque(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _hide(builder, arguments[0])

    return types.int64(types.int64), codegen


def _log1p(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        double = ir.DoubleType()
        of = ir.FunctionType(double, [double])
        known: Any = builder.module.globals.get("log1p") or ir.Function(builder.module, of, "log1p")
        # hiding which function it is keeps a vector library's from taking its place
        hidden = _hide(builder, builder.ptrtoint(known, _WORD))
        return builder.call(builder.inttoptr(hidden, of.as_pointer()), arguments)

    return types.float64(types.float64), codegen


def _pointer(dtype: Any) -> Any:
    def at(typingctx: Any, address: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(signature.return_type))

        return types.CPointer(dtype)(types.int64), codegen

    return intrinsic(at)


if JIT:
    _double_at, _single_at, _integer_at, _whole_at = map(_pointer, (F64, F32, I32, I64))
    _word_at, _long_at, _flag_at = map(_pointer, (U32, U64, BOOL))
    carray: Any = numba.carray  # type: ignore[attr-defined]
    doubles: Any = helper(lambda address, n: carray(_double_at(address), (n,)))  # float64 [n] at an address
    singles: Any = helper(lambda address, n: carray(_single_at(address), (n,)))  # float32 [n]
    integers: Any = helper(lambda address, n: carray(_integer_at(address), (n,)))  # int32 [n]
    wholes: Any = helper(lambda address, n: carray(_whole_at(address), (n,)))  # int64 [n]
    words: Any = helper(lambda address, n: carray(_word_at(address), (n,)))  # uint32 [n]
    longs: Any = helper(lambda address, n: carray(_long_at(address), (n,)))  # uint64 [n]
    flags: Any = helper(lambda address, n: carray(_flag_at(address), (n,)))  # bool [n]
    load32: Any = _loader(32, types.uint32)  # load32(data, i): the little-endian word at data[i:i + 4], aligned or not
    load64: Any = _loader(64, types.uint64)
    mulhi: Any = intrinsic(_mulhi)  # high half of the 128-bit product of two uint64
    opaque: Any = intrinsic(_opaque)  # an int64 that the compiler must not turn into a branch
    log1p: Any = intrinsic(_log1p)  # of the C library, as Python's math has it, for x > -1
else:
    _at: Any = lambda c, to: lambda at, n: np.ctypeslib.as_array((c * int(n)).from_address(int(at))).view(to)  # noqa: E731
    doubles, singles = _at(ctypes.c_double, np.float64), _at(ctypes.c_float, np.float32)
    integers, wholes = _at(ctypes.c_int32, np.int32), _at(ctypes.c_int64, np.int64)
    words, longs = _at(ctypes.c_uint32, np.uint32), _at(ctypes.c_uint64, np.uint64)
    flags = _at(ctypes.c_uint8, np.bool_)
    load32 = lambda data, i: data[i : i + 4].view("<u4")[0]  # noqa: E731
    load64 = lambda data, i: data[i : i + 8].view("<u8")[0]  # noqa: E731
    mulhi = lambda a, b: np.uint64(int(a) * int(b) >> 64)  # noqa: E731
    opaque = int
    log1p = math.log1p
