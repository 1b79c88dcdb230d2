"""The few machine words that plain Python has no spelling for, as numba's compiler takes them.

The multi-byte loads are little-endian, as are all hosts that numba supports.
"""

from __future__ import annotations

import math
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

types: Any = numba.types
_WORD = ir.IntType(64)


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


def _equal64(typingctx: Any, data: Any, i: Any, byte: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        array = context.make_array(signature.args[0])(context, builder, arguments[0])
        vector, bits = ir.VectorType(ir.IntType(8), 64), ir.VectorType(ir.IntType(32), 64)
        pointer = builder.bitcast(builder.gep(array.data, [arguments[1]]), vector.as_pointer())
        one = builder.insert_element(ir.Constant(vector, ir.Undefined), arguments[2], ir.IntType(32)(0))
        every = builder.shuffle_vector(one, ir.Constant(vector, ir.Undefined), ir.Constant(bits, None))
        return builder.bitcast(builder.icmp_unsigned("==", builder.load(pointer, align=1), every), _WORD)

    return types.uint64(data, types.int64, types.uint8), codegen


def _stream16(typingctx: Any, out: Any, i: Any, data: Any, j: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        vector = ir.VectorType(ir.FloatType(), 16)
        to, of = (context.make_array(signature.args[k])(context, builder, arguments[k]).data for k in (0, 2))
        to, of = (builder.bitcast(builder.gep(*x), vector.as_pointer()) for x in ((to, arguments[1:2]), (of, arguments[3:4])))
        store = builder.store(builder.load(of, align=4), to, align=64)
        store.set_metadata("nontemporal", builder.module.add_metadata([ir.IntType(32)(1)]))
        return context.get_dummy_value()

    return types.void(out, types.int64, data, types.int64), codegen


def _end_stream(typingctx: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        builder.fence("seq_cst")
        return context.get_dummy_value()

    return types.void(), codegen


def _trailing_zeros(typingctx: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.cttz(arguments[0], ir.IntType(1)(0))

    return types.int64(types.uint64), codegen


def _ones(typingctx: Any, word: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return builder.ctpop(arguments[0])

    return types.int64(types.uint64), codegen


def _funnel32(typingctx: Any, low: Any, high: Any, bits: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        low, high, bits = arguments
        shift = builder.module.declare_intrinsic("llvm.fshr", [word], ir.FunctionType(word, [word] * 3))
        return builder.call(shift, [high, low, bits])

    return types.uint32(types.uint32, types.uint32, types.uint32), codegen


def _opaque(typingctx: Any, x: Any) -> Any:
    def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return _hide(builder, arguments[0])

    return types.int64(types.int64), codegen


def _of_c_library(name: str) -> Any:
    """Return a function of one double of the C library, as Python's math has it."""

    def call(typingctx: Any, x: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            double = ir.DoubleType()
            of = ir.FunctionType(double, [double])
            known: Any = builder.module.globals.get(name) or ir.Function(builder.module, of, name)
            # hiding which function it is keeps a vector library's from taking its place
            hidden = _hide(builder, builder.ptrtoint(known, _WORD))
            return builder.call(builder.inttoptr(hidden, of.as_pointer()), arguments)

        return types.float64(types.float64), codegen

    return intrinsic(call)


def _array(context: Any, builder: Any, kind: Any, data: Any, shape: list[Any]) -> Any:
    """Return a C-contiguous array over memory that something else owns."""
    size = context.get_abi_sizeof(context.get_data_type(kind.dtype))
    word = context.get_value_type(types.intp)
    strides = [word(size)]
    for length in shape[:0:-1]:
        strides.insert(0, builder.mul(strides[0], length))
    array = context.make_array(kind)(context, builder)
    data = builder.bitcast(data, array.data.type)
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=word(size), meminfo=None)  # type: ignore[no-untyped-call]
    return array._getvalue()


def _array_at(dtype: Any) -> Any:
    def at(typingctx: Any, address: Any, n: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = signature.return_type
            data = builder.inttoptr(arguments[0], context.get_data_type(kind.dtype).as_pointer())
            return _array(context, builder, kind, data, [arguments[1]])

        return types.Array(dtype, 1, "C")(types.int64, types.int64), codegen

    return intrinsic(at)


def stack(shape: tuple[int, ...], dtype: Any) -> Any:
    """Return a function for kernels: a C-contiguous array of the shape, on the stack of its caller, contents undefined."""

    def reserve(typingctx: Any) -> Any:
        def codegen(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            kind = signature.return_type
            word = context.get_value_type(types.intp)
            data = cgutils.alloca_once(builder, context.get_data_type(kind.dtype), size=word(math.prod(shape)))  # type: ignore[no-untyped-call]
            data.align = 64
            return _array(context, builder, kind, data, list(map(word, shape)))

        return types.Array(dtype, len(shape), "C")(), codegen

    return intrinsic(reserve)


doubles, singles, integers, wholes, words, longs, flags = map(
    _array_at, (types.float64, types.float32, types.int32, types.int64, types.uint32, types.uint64, types.boolean)
)
load32, load64 = _loader(32, types.uint32), _loader(64, types.uint64)
mulhi, funnel32, opaque = intrinsic(_mulhi), intrinsic(_funnel32), intrinsic(_opaque)
stream16, end_stream = intrinsic(_stream16), intrinsic(_end_stream)
equal64, trailing_zeros, ones = intrinsic(_equal64), intrinsic(_trailing_zeros), intrinsic(_ones)
log, log1p, expm1 = map(_of_c_library, ("log", "log1p", "expm1"))
