"""The inputs of an ONNX graph: their types, and what they are as numbers, integers and texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, NamedTuple

import numpy as np
from onnx import TensorProto, ValueInfoProto, helper

from featurecols._core.expressions import (
    Expression,
    IdIfMissing,
    InexpressibleError,
    IntegerOf,
    IsMissing,
    NumberOf,
    RawField,
    TextOf,
    walk,
)
from featurecols.data.field_types import UNKNOWN, UNREAD, FieldType
from featurecols.integrations.onnx.builder import ML, Builder
from featurecols.plan.expressions import refused

InputType = Literal["double", "int64", "bool", "string"]
_ELEMENT = {"double": TensorProto.DOUBLE, "int64": TensorProto.INT64, "bool": TensorProto.BOOL, "string": TensorProto.STRING}
_EXACT = 2.0**53  # whole floats below it are categories


class Masked(NamedTuple):
    """A value in the graph, and whether it is there, by the names of both."""

    value: str
    present: str


def input_types(expressions: Iterable[Expression], types: Mapping[str, FieldType]) -> dict[str, InputType]:
    """Return the type of each field that is read, by how it is read and what is known of it; raises PlanError."""
    uses: dict[str, set[str]] = {}
    for expression in walk(expressions):
        if isinstance(expression, NumberOf | TextOf | IntegerOf):
            use = "number" if isinstance(expression, NumberOf) else "text" if isinstance(expression, TextOf) else "integer"
            uses.setdefault(expression.field.key, set()).add(use)
        elif isinstance(expression, IsMissing | IdIfMissing):  # which say nothing of the type
            for field in expression.fields if isinstance(expression, IdIfMissing) else (expression.field,):
                uses.setdefault(field.key, set())
    found = {key: _input_type(key, used, types.get(key, UNKNOWN).type) for key, used in sorted(uses.items())}
    for key in found:
        if key.endswith("_present") and key.removesuffix("_present") in found:
            reason = f"the input of this name says whether {key.removesuffix('_present')} is there"
            raise refused("ONNX", f"field {key}", "a field of this name", reason)
    return found


def _input_type(key: str, uses: set[str], known: str | None) -> InputType:
    if known in UNREAD:
        raise refused("ONNX", f"field {key}", f"a field of type {known}", "it has no type for times")
    if known == "boolean":
        return "bool"
    if known in ("text", "bytes"):
        if uses - {"text"}:
            raise refused("ONNX", f"field {key}", f"a field of type {known}", "it is read as numbers")
        return "string"
    if known == "decimal" and "text" in uses:
        raise refused("ONNX", f"field {key}", "a field of type decimal", "its digits are a category, and ONNX has doubles")
    if "number" in uses or known in ("float", "decimal"):
        return "int64" if known == "integer" and len(uses) > 1 else "double"
    return "int64" if known == "integer" or "integer" in uses else "string"


class Inputs:
    """The inputs of a graph, and the forms in which its expressions read them.

    Args:
        builder: the graph.
        types: of the fields, by key.
    """

    def __init__(self, builder: Builder, types: Mapping[str, InputType]) -> None:
        self._builder, self.types = builder, types

    def declared(self) -> list[ValueInfoProto]:
        """Return the inputs: for each field its value and its `<field>_present`, of shape [n]."""
        found = []
        for key, kind in self.types.items():
            found.append(helper.make_tensor_value_info(key, _ELEMENT[kind], ["n"]))
            found.append(helper.make_tensor_value_info(f"{key}_present", TensorProto.BOOL, ["n"]))
        return found

    def number(self, field: RawField) -> str:
        """Return the numbers of a field, double, NaN where missing."""
        b, kind = self._builder, self.types[field.key]
        present, x = f"{field.key}_present", field.key
        if kind == "int64":
            present = self._without(x, present, [n for n in field.numbers if isinstance(n, int)], np.int64)
        if kind != "double":
            x = b.op("Cast", x, to=TensorProto.DOUBLE)
        if kind != "int64":
            present = self._without(x, present, [float(n) for n in field.numbers if abs(n) < 1e308], np.float64)
        return b.op("Where", present, x, b.constant(np.nan, np.float64))

    def integer(self, field: RawField) -> Masked:
        """Return the integers of a field, int64; a float that is not whole is not there."""
        b, kind = self._builder, self.types[field.key]
        value, present = field.key, f"{field.key}_present"
        if kind == "double":
            value, present = self._whole(value, present, 2.0**63)
        elif kind == "bool":
            value = b.op("Cast", value, to=TensorProto.INT64)
        present = self._without(value, present, [n for n in field.numbers if isinstance(n, int)], np.int64)
        return Masked(value, present)

    def missing(self, field: RawField) -> str:
        """Return where a field has no value, bool."""
        b, kind = self._builder, self.types[field.key]
        if kind == "double":
            return b.op("IsNaN", self.number(field))
        present = self.text(field).present if kind == "string" else self.integer(field).present
        return b.op("Not", present)

    def text(self, field: RawField) -> Masked:
        """Return the canonical texts of a field; a float that is not a whole number below 2^53 is not there."""
        b, kind = self._builder, self.types[field.key]
        value, present = field.key, f"{field.key}_present"
        if field.characters is not None:
            raise InexpressibleError("it cuts text")
        if kind == "double":
            value, present = self._whole(value, present, _EXACT)
        elif kind == "bool":
            value = b.op("Cast", value, to=TensorProto.INT64)
        if kind != "string":
            value = b.op("Cast", value, to=TensorProto.STRING)
        if field.texts:
            ones = [1] * len(field.texts)
            code = b.op("LabelEncoder", value, domain=ML, keys_strings=field.texts, values_int64s=ones, default_int64=0)
            present = b.op("And", present, b.op("Equal", code, b.constant(0, np.int64)))
        return Masked(value, present)

    def _whole(self, x: str, present: str, limit: float) -> Masked:
        """Return floats as int64, those that are whole and below the limit in magnitude."""
        b = self._builder
        below = b.op("Less", b.op("Abs", x), b.constant(limit, np.float64))
        whole = b.op("And", b.op("And", present, below), b.op("Equal", b.op("Floor", x), x))
        value = b.op("Cast", b.op("Where", whole, x, b.constant(0.0, np.float64)), to=TensorProto.INT64)
        return Masked(value, whole)

    def _without(self, x: str, present: str, numbers: Iterable[int | float], dtype: type[np.generic]) -> str:
        """Return where a field is there and is none of these numbers."""
        b = self._builder
        for number in numbers:
            if dtype is np.int64 and not -(2**63) <= number < 2**63:
                continue
            present = b.op("And", present, b.op("Not", b.op("Equal", x, b.constant(number, dtype))))
        return present
