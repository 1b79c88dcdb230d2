"""How kernels are declared, found compiled, or compiled when they are first asked for.

A Kernel holds the variants of one function. A variant has one declared signature, whose inputs are read-only arrays, so
that writable inputs fit it and one compilation serves both. Its object code is read from the cache, or made by numba and
kept there; either way it is linked into the process by `machine_code`, so that numba is imported only to compile.
"""

from __future__ import annotations

import ctypes
import gc
import math
import os
import sys
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import wraps
from typing import TYPE_CHECKING, Any

import numpy as np

from featurecols import errors
from featurecols._core import counters
from featurecols._core.fork_safe import LOADING, cached_property
from featurecols.kernels.signatures import BOOL as BOOL
from featurecols.kernels.signatures import F32 as F32
from featurecols.kernels.signatures import F64 as F64
from featurecols.kernels.signatures import I32 as I32
from featurecols.kernels.signatures import I64 as I64
from featurecols.kernels.signatures import U8 as U8
from featurecols.kernels.signatures import U32 as U32
from featurecols.kernels.signatures import U64 as U64
from featurecols.kernels.signatures import Elements
from featurecols.kernels.signatures import Scalar as Scalar
from featurecols.kernels.signatures import Signature as Signature
from featurecols.kernels.signatures import read as read
from featurecols.kernels.signatures import write as write

if TYPE_CHECKING:
    from featurecols.kernels import machine_code


NO_VALID = np.empty(0, np.bool_)
NO_WEIGHTS = np.empty(0, np.float32)


def _compiles() -> bool:
    """Whether kernels are compiled: NUMBA_DISABLE_JIT=1 runs them as plain Python."""
    numba: Any = sys.modules.get("numba")
    if numba is not None:
        return not numba.config.DISABLE_JIT
    with suppress(ValueError):
        return not int(os.environ.get("NUMBA_DISABLE_JIT") or 0)
    return True


JIT = _compiles()


class Kernel(dict[Hashable, Callable[..., Any]]):
    """Compiled variants of one function by key: KERNEL[key](*arguments)."""

    def __init__(self, function: Callable[..., Any], signatures: Mapping[Any, Signature]) -> None:
        self.function, self.signatures = function, dict(signatures)

    def __missing__(self, key: Hashable) -> Callable[..., Any]:
        signature = self.signatures[key]
        if not JIT:
            return self.setdefault(key, _quiet(self.function, signature))
        with LOADING:
            if key not in self:
                self[key] = _load(self.function, list(self.signatures).index(key), signature)
                counters.increment("kernel")
        return self[key]


def _load(function: Callable[..., Any], number: int, signature: Signature) -> Callable[..., Any]:
    """Return variant `number` of a kernel: from the cache, else compiled and kept there."""
    from featurecols.kernels import code_cache, machine_code

    name = f"{function.__module__.rpartition('.')[2]}.{function.__qualname__}-{number}"
    code = code_cache.read(name)
    if code is None:
        code = _compile(function, signature)
        if code is not None:
            code_cache.write(name, code)
    compiled = machine_code.load(name, code, list(map(_parameter, signature))) if code else None
    if compiled is None:
        from featurecols.kernels import translate

        compiled = translate.dispatcher(function, signature)
    return compiled


def _compile(function: Callable[..., Any], signature: Signature) -> machine_code.Code | None:
    """Compile one variant to object code; None where this numba cannot, as later ones may be built in other ways."""
    from featurecols.kernels import translate

    collects = gc.isenabled()
    gc.disable()  # numba makes millions of objects that live: looking through them takes a tenth of the time
    try:
        with suppress(Exception):  # numba's dispatcher says what is wrong with a kernel
            return translate.code(function, signature)
        return None
    finally:
        if collects:
            gc.enable()


def _parameter(of: Scalar | Elements) -> machine_code.Parameter:
    """Return what a compiled kernel takes for a declared type."""
    from featurecols.kernels import machine_code

    if isinstance(of, Scalar):
        return machine_code.Parameter()
    dtype = np.dtype(of.dtype.numpy) if isinstance(of.dtype, Scalar) else of.dtype
    return machine_code.Parameter(dtype, of.ndim, machine_code.array_flags(of.layout, not of.readonly))


def kernel(signatures: Mapping[Any, Signature]) -> Callable[[Callable[..., Any]], Kernel]:
    """Return a decorator that makes a Kernel of a function with its declared signatures by variant."""
    return lambda function: Kernel(function, signatures)


def damaged(bad: int) -> errors.DataError:
    """Return the error of text number `bad`, whose offsets lie outside the data."""
    hint = "the Arrow array is damaged; array.validate(full=True) says more"
    return errors.bad_value("texts", None, bad, "offsets point outside the text data", "a damaged array", hint)


def helper(function: Callable[..., Any]) -> Any:
    """Return a function for kernels to call; it is compiled into each of them."""
    return _Deferred("helper", function) if JIT else function


class _Deferred:
    """What kernels call by a name of their module, as numba finds it there: made when the first of them is compiled."""

    def __init__(self, make: str, *arguments: Any) -> None:
        self._make, self._arguments = make, arguments

    @cached_property
    def _made(self) -> Any:
        from featurecols.kernels import translate

        return getattr(translate, self._make)(*self._arguments)

    def __call__(self, *arguments: Any) -> Any:
        """Run a helper alone, as tests do."""
        from featurecols.kernels import translate

        return translate.alone(*self._arguments)(*arguments)

    @property
    def _numba_type_(self) -> Any:
        from featurecols.kernels import translate

        return translate.type_of(self._made)


def stack(shape: tuple[int | np.integer[Any], ...], of: Scalar) -> Any:
    """Return a function for kernels that gives a new C-contiguous array on the stack, contents undefined.

    It lasts as long as the function that asks for it (a helper's: as its kernel), and costs no call to an allocator.
    """
    sizes = tuple(map(int, shape))
    return _Deferred("stack", sizes, of) if JIT else lambda: np.empty(sizes, of.numpy)


def _quiet(function: Callable[..., Any], signature: Signature) -> Callable[..., Any]:
    """Return plain Python that takes scalars of the declared types and does not warn of wrapping integers."""
    scalars = [getattr(np, of.name) if isinstance(of, Scalar) and of is not BOOL else None for of in signature]

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


if JIT:
    _intrinsic: Any = lambda name: _Deferred("intrinsic", name)  # noqa: E731
    doubles: Any = _intrinsic("doubles")  # doubles(address, n): float64 [n] at an address
    singles: Any = _intrinsic("singles")  # float32 [n]
    integers: Any = _intrinsic("integers")  # int32 [n]
    wholes: Any = _intrinsic("wholes")  # int64 [n]
    words: Any = _intrinsic("words")  # uint32 [n]
    longs: Any = _intrinsic("longs")  # uint64 [n]
    flags: Any = _intrinsic("flags")  # bool [n]
    load32: Any = _intrinsic("load32")  # load32(data, i): the little-endian word at data[i:i + 4], aligned or not
    load64: Any = _intrinsic("load64")
    mulhi: Any = _intrinsic("mulhi")  # high half of the 128-bit product of two uint64
    funnel32: Any = _intrinsic("funnel32")  # funnel32(low, high, k): the word from bit k < 32 of two words on
    equal64: Any = _intrinsic("equal64")  # bit k of a word: whether data[i + k] is a byte
    stream16: Any = _intrinsic("stream16")  # out[i:i + 16] = data[j:j + 16], float32, past the cache; &out[i] % 64 == 0
    end_stream: Any = _intrinsic("end_stream")  # other threads see what was written so
    trailing_zeros: Any = _intrinsic("trailing_zeros")  # of a word, below its lowest bit
    ones: Any = _intrinsic("ones")  # how many bits of a word are set
    opaque: Any = _intrinsic("opaque")  # an int64 that the compiler must not turn into a branch
    log: Any = _intrinsic("log")  # of the C library, as Python's math has it, for x > 0
    log1p: Any = _intrinsic("log1p")  # for x > -1
    expm1: Any = _intrinsic("expm1")  # inf where it overflows
else:
    _at: Any = lambda c, to: lambda at, n: np.ctypeslib.as_array((c * int(n)).from_address(int(at))).view(to)  # noqa: E731
    doubles, singles = _at(ctypes.c_double, np.float64), _at(ctypes.c_float, np.float32)
    integers, wholes = _at(ctypes.c_int32, np.int32), _at(ctypes.c_int64, np.int64)
    words, longs = _at(ctypes.c_uint32, np.uint32), _at(ctypes.c_uint64, np.uint64)
    flags = _at(ctypes.c_uint8, np.bool_)
    load32 = lambda data, i: data[i : i + 4].view("<u4")[0]  # noqa: E731
    load64 = lambda data, i: data[i : i + 8].view("<u8")[0]  # noqa: E731
    mulhi = lambda a, b: np.uint64(int(a) * int(b) >> 64)  # noqa: E731
    funnel32 = lambda low, high, k: np.uint32((int(high) << 32 | int(low)) >> int(k) & 0xFFFFFFFF)  # noqa: E731
    equal64 = lambda data, i, byte: np.packbits(data[i : i + 64] == byte, bitorder="little").view("<u8")[0]  # noqa: E731
    stream16 = lambda out, i, data, j: out.__setitem__(slice(i, i + 16), data[j : j + 16])  # noqa: E731
    end_stream = lambda: None  # noqa: E731
    trailing_zeros = lambda word: (int(word) & -int(word)).bit_length() - 1  # noqa: E731
    ones = lambda word: int(word).bit_count()  # noqa: E731
    opaque = np.int64
    log, log1p = math.log, math.log1p
    expm1 = lambda x: math.inf if x > 709.78 and np.isinf(np.expm1(x)) else math.expm1(x)  # noqa: E731
