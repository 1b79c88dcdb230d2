"""Object code of kernels from their Python source, by numba. Processes that find all their kernels cached never load this.

numba makes a wrapper of each function for the interpreter, which needs numba's own libraries when it runs. Kernels get a
smaller one, the entry that `machine_code` describes, so that their object code runs without them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numba
from llvmlite import ir  # type: ignore[import-untyped]
from numba.core import lowering
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.registry import cpu_target
from numba.core.typed_passes import NativeLowering
from numba.np.arrayobj import populate_array

from featurecols.kernels import intrinsics, machine_code
from featurecols.kernels.machine_code import Code
from featurecols.kernels.signatures import Elements, Scalar

# Passes that find nothing in kernels: their object code is the same bytes without them.
_NEEDLESS = {
    "AnnotateTypes",
    "DumpParforDiagnostics",
    "FindLiterallyCalls",
    "InlineClosureLikes",
    "InlineInlinables",
    "InlineOverloads",
    "LiteralUnroll",
    "NopythonRewrites",
    "RewriteDynamicRaises",
    "WithLifting",
}
types: Any = numba.types
_OBJECT, _INT, _WORD = ir.IntType(8).as_pointer(), ir.IntType(32), ir.IntType(64)


def code(function: Callable[..., Any], signature: Sequence[Scalar | Elements]) -> Code:
    """Compile one variant; raises RuntimeError where its code needs numba when it runs."""
    dispatcher = _jit(pipeline_class=_Compiler, _nrt=False)(function)
    dispatcher.compile(tuple(map(_type, signature)))
    (result,) = dispatcher.overloads.values()
    _, _, (image, _) = result.library.serialize_using_object_code()
    declared = [f.name for f in result.library._final_module.functions if f.is_declaration]
    needs = tuple(name for name in declared if not name.startswith("llvm."))
    if any(name.startswith(("NRT_", "numba_", "_Z")) for name in needs):
        raise RuntimeError(f"{function.__qualname__} needs {needs}")
    return Code(_entry(result.fndesc), needs, image)


def dispatcher(function: Callable[..., Any], signature: Sequence[Scalar | Elements]) -> Callable[..., Any]:
    """Compile one variant as numba does, for this process alone."""
    compiled = _jit()(function)
    compiled.compile(tuple(map(_type, signature)))
    compiled.disable_compile()  # from here on arguments convert to the declared types
    return compiled  # type: ignore[no-any-return]


def helper(function: Callable[..., Any]) -> Any:
    """Return what kernels call; it is compiled into each of them, and nothing else calls it."""
    return _jit(pipeline_class=_HelperCompiler, forceinline=True, no_cpython_wrapper=True, _nrt=False)(function)


@functools.cache
def alone(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a helper as something that Python calls."""
    return _jit()(function)  # type: ignore[no-any-return]


def type_of(value: Any) -> Any:
    """Return numba's type of a helper or an intrinsic."""
    cpu_target.typing_context.refresh()  # intrinsics that were made since then
    return cpu_target.typing_context.resolve_value_type(value)  # type: ignore[no-untyped-call]


def stack(shape: tuple[int, ...], dtype: Scalar) -> Any:
    """Return `intrinsics.stack` for a declared type."""
    return intrinsics.stack(shape, _type(dtype))


def intrinsic(name: str) -> Any:
    """Return an intrinsic by its name."""
    return getattr(intrinsics, name)


def _jit(**options: Any) -> Any:
    njit: Any = numba.njit  # its declared types know half of its options
    return njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True, **options)


def _type(of: Scalar | Elements) -> Any:
    if isinstance(of, Scalar):
        return getattr(types, of.name)
    dtype = _type(of.dtype) if isinstance(of.dtype, Scalar) else numba.from_dtype(of.dtype)
    return types.Array(dtype, of.ndim, of.layout, readonly=of.readonly)


def _entry(fndesc: Any) -> str:
    return "entry." + str(fndesc.mangled_name)


class _Lower(lowering.Lower):  # type: ignore[misc]
    """numba's lowering, with the entry in place of numba's wrapper."""

    def create_cpython_wrapper(self, release_gil: bool = False) -> None:
        _write_entry(self.context, self.library, self.fndesc)


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _Lowering(NativeLowering):  # type: ignore[misc]
    _name = "kernel_lowering"

    @property
    def lowering_class(self) -> Any:
        return _Lower


class _HelperLibrary(JITCodeLibrary):  # type: ignore[misc]
    """The code of a helper, which is linked into kernels: it is optimized there, and never becomes machine code of its own."""

    def _optimize_final_module(self) -> None:
        pass  # most kernels are faster, some twice as fast, where helpers come as they are

    def _finalize_final_module(self) -> None:
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)  # type: ignore[no-untyped-call]
class _HelperLowering(NativeLowering):  # type: ignore[misc]
    _name = "helper_lowering"

    def run_pass(self, state: Any) -> bool:
        """Lower a helper without making it executable."""
        state.library = _HelperLibrary(state.targetctx.codegen(), state.func_id.func_qualname)  # type: ignore[no-untyped-call]
        state.library.enable_object_caching()
        state.flags.no_compile = True
        super().run_pass(state)  # type: ignore[no-untyped-call]
        name: Any = [].append  # helpers are known by functions of C, each by one of its own; nothing calls it
        state["cr"] = state["cr"]._replace(cfunc=name)
        state.targetctx.insert_user_function(name, state["cr"].fndesc, [state.library])
        return True


class _Compiler(CompilerBase):  # type: ignore[misc]
    """numba's compiler with another last step."""

    lowering: type[NativeLowering] = _Lowering

    def define_pipelines(self) -> Any:
        """Return numba's passes that kernels need, with that step in place of its own."""
        passes = DefaultPassBuilder.define_nopython_pipeline(self.state)  # type: ignore[no-untyped-call]
        passes.add_pass_after(self.lowering, NativeLowering)
        passes.passes = [p for p in passes.passes if p[0] is not NativeLowering and p[0].__name__ not in _NEEDLESS]
        passes.finalize()
        return [passes]


class _HelperCompiler(_Compiler):
    lowering = _HelperLowering


def _write_entry(context: Any, library: Any, fndesc: Any) -> None:
    """Add `PyObject *entry(PyObject *self, PyObject **arguments, Py_ssize_t count)` to the library of a kernel."""
    module = context.create_module("entry")
    kernel = ir.Function(module, context.call_conv.get_function_type(fndesc.restype, fndesc.argtypes), fndesc.llvm_func_name)
    entry = ir.Function(module, ir.FunctionType(_OBJECT, [_OBJECT, _OBJECT.as_pointer(), _WORD]), _entry(fndesc))
    builder = ir.IRBuilder(entry.append_basic_block("entry"))
    _Entry(context, builder, fndesc).write(kernel, entry.args[1], entry.args[2])
    library.add_ir_module(module)


class _Entry:
    """The instructions of an entry: checks, conversions, the call without the interpreter lock, the result."""

    def __init__(self, context: Any, builder: Any, fndesc: Any) -> None:
        self.context, self.builder, self.of = context, builder, fndesc
        arrays = sum(isinstance(t, types.Array) for t in fndesc.argtypes)
        words = ir.ArrayType(_OBJECT, machine_code.FIRST_DTYPE + arrays)
        self.table = ir.GlobalVariable(builder.module, words, _entry(fndesc) + ".table")
        self.table.initializer = ir.Constant(words, None)

    def write(self, kernel: Any, arguments: Any, count: Any) -> None:
        """Write the entry that calls the kernel."""
        build, kinds = self.builder, self.of.argtypes
        build.position_at_end(build.function.entry_basic_block)
        failed, converted = build.append_basic_block("failed"), build.append_basic_block("converted")
        self._require(build.icmp_signed("==", count, _WORD(len(kinds))), converted)
        objects = [build.load(build.gep(arguments, [_WORD(i)])) for i in range(len(kinds))]
        fields = [
            self._check(x, t, i, converted) if isinstance(t, types.Array) else None
            for x, t, i in zip(objects, kinds, self._dtype_numbers(), strict=True)
        ]
        values = [
            self._array(t, f) if f else self._scalar(x, t, failed) for x, t, f in zip(objects, kinds, fields, strict=True)
        ]
        thread = self._call("PyEval_SaveThread", _OBJECT)
        status, result = self.context.call_conv.call_function(
            build, kernel, self.of.restype, kinds, values, attrs=("noinline",)
        )
        self._call("PyEval_RestoreThread", ir.VoidType(), thread)
        with build.if_then(status.is_error, likely=False):
            message = ir.Constant(ir.ArrayType(ir.IntType(8), 16), bytearray(b"a kernel failed\0"))
            text = ir.GlobalVariable(build.module, message.type, _entry(self.of) + ".text")
            text.initializer, text.global_constant = message, True
            self._call("PyErr_SetString", ir.VoidType(), self._word(machine_code.ERROR), build.bitcast(text, _OBJECT))
            build.ret(ir.Constant(_OBJECT, None))
        build.ret(self._box(result, self.of.restype))
        build.position_at_end(failed)
        build.ret(ir.Constant(_OBJECT, None))
        build.position_at_end(converted)
        nothing = ir.Constant(_OBJECT, None)
        build.ret(self._call("PyObject_Vectorcall", _OBJECT, self._word(machine_code.CALLBACK), arguments, count, nothing))

    def _dtype_numbers(self) -> list[int]:
        found, number = [], machine_code.FIRST_DTYPE
        for kind in self.of.argtypes:
            found.append(number)
            number += isinstance(kind, types.Array)
        return found

    def _word(self, number: int) -> Any:
        return self.builder.load(self.builder.gep(self.table, [_WORD(0), _WORD(number)]))

    def _call(self, name: str, result: Any, *arguments: Any) -> Any:
        module = self.builder.module
        known = module.globals.get(name) or ir.Function(module, ir.FunctionType(result, [x.type for x in arguments]), name)
        return self.builder.call(known, arguments)

    def _require(self, holds: Any, otherwise: Any) -> None:
        """Go on where it holds."""
        following = self.builder.append_basic_block("next")
        self.builder.cbranch(holds, following, otherwise)
        self.builder.position_at_end(following)

    def _field(self, at: Any, offset: int, kind: Any) -> Any:
        pointer = self.builder.gep(at, [_WORD(offset)])
        return self.builder.load(self.builder.bitcast(pointer, kind.as_pointer()))

    def _check(self, at: Any, kind: Any, number: int, otherwise: Any) -> tuple[Any, Any, Any]:
        """Require an array of exactly the declared kind; returns its data, shape and strides."""
        build, base = self.builder, machine_code.HEADER
        array_type = self._word(machine_code.ARRAY_TYPE)
        self._require(build.icmp_signed("==", self._field(at, base - 8, _OBJECT), array_type), otherwise)
        offset = {name: base + getattr(machine_code._Array, name).offset for name, _ in machine_code._Array._fields_}
        flags = _INT(machine_code.array_flags(kind.layout, kind.mutable))
        same = build.icmp_signed("==", self._field(at, offset["ndim"], _INT), _INT(kind.ndim))
        same = build.and_(same, build.icmp_signed("==", self._field(at, offset["dtype"], _OBJECT), self._word(number)))
        has = build.icmp_signed("==", build.and_(self._field(at, offset["flags"], _INT), flags), flags)
        self._require(build.and_(same, has), otherwise)
        sizes = _WORD.as_pointer()
        return (
            self._field(at, offset["data"], _OBJECT),
            self._field(at, offset["shape"], sizes),
            self._field(at, offset["strides"], sizes),
        )

    def _array(self, kind: Any, fields: tuple[Any, Any, Any]) -> Any:
        build = self.builder
        array = self.context.make_array(kind)(self.context, build)
        data, *sizes = fields
        shape, strides = ([build.load(build.gep(size, [_WORD(axis)])) for axis in range(kind.ndim)] for size in sizes)
        itemsize = _WORD(self.context.get_abi_sizeof(self.context.get_data_type(kind.dtype)))
        data = build.bitcast(data, array.data.type)
        populate_array(array, data=data, shape=shape, strides=strides, itemsize=itemsize, meminfo=None)  # type: ignore[no-untyped-call]
        return array._getvalue()

    def _scalar(self, at: Any, kind: Any, failed: Any) -> Any:
        build, to = self.builder, self.context.get_value_type(kind)
        if isinstance(kind, types.Boolean):
            truth = self._call("PyObject_IsTrue", _INT, at)
            self._require(build.icmp_signed(">=", truth, _INT(0)), failed)
            return build.trunc(truth, to)
        if isinstance(kind, types.Float):
            value = self._call("PyFloat_AsDouble", ir.DoubleType(), at)
            self._refuse(build.fcmp_ordered("==", value, ir.DoubleType()(-1.0)), failed)
            return value if kind.bitwidth == 64 else build.fptrunc(value, to)
        exact = self._call("PyNumber_Index", _OBJECT, at)
        self._require(build.icmp_signed("!=", exact, ir.Constant(_OBJECT, None)), failed)
        value = self._call("PyLong_AsLongLong" if kind.signed else "PyLong_AsUnsignedLongLong", _WORD, exact)
        self._call("Py_DecRef", ir.VoidType(), exact)
        self._refuse(build.icmp_signed("==", value, _WORD(-1)), failed)
        return value if kind.bitwidth == 64 else build.trunc(value, to)

    def _refuse(self, suspect: Any, failed: Any) -> None:
        """Leave with the error that the interpreter has set, if it has: -1 alone does not tell."""
        build = self.builder
        asked, following = build.append_basic_block("asked"), build.append_basic_block("next")
        build.cbranch(suspect, asked, following)
        build.position_at_end(asked)
        error = self._call("PyErr_Occurred", _OBJECT)
        build.cbranch(build.icmp_signed("==", error, ir.Constant(_OBJECT, None)), following, failed)
        build.position_at_end(following)

    def _box(self, value: Any, kind: Any) -> Any:
        build = self.builder
        if isinstance(kind, types.NoneType):
            none = self._word(machine_code.NONE)
            self._call("Py_IncRef", ir.VoidType(), none)
            return none
        if isinstance(kind, types.Boolean):
            return self._call("PyBool_FromLong", _OBJECT, build.zext(value, _WORD))
        if isinstance(kind, types.Float):
            return self._call(
                "PyFloat_FromDouble", _OBJECT, value if kind.bitwidth == 64 else build.fpext(value, ir.DoubleType())
            )
        if not isinstance(kind, types.Integer):
            raise NotImplementedError(f"a kernel that returns {kind}")
        wide = value if kind.bitwidth == 64 else (build.sext if kind.signed else build.zext)(value, _WORD)
        return self._call("PyLong_FromLongLong" if kind.signed else "PyLong_FromUnsignedLongLong", _OBJECT, wide)
