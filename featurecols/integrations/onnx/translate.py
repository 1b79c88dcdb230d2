"""Expressions as ONNX nodes."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from onnx import TensorProto

from featurecols._core.expressions import (
    Computed,
    CrossOf,
    DatePartOf,
    Expression,
    Filled,
    HashOf,
    IdExpression,
    IdIfMissing,
    InexpressibleError,
    IntegerOf,
    Intervals,
    IsMissing,
    Lookup,
    Number,
    NumberAt,
    NumberOf,
    OneHot,
    Polynomial,
    PositionOf,
    RawField,
    Rounded,
    Search,
    TableRow,
    TextOf,
    WeightedIds,
)
from featurecols.integrations.onnx.builder import MICROSOFT, ML, Builder
from featurecols.integrations.onnx.inputs import Inputs, Masked

_SIMPLE = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "sin": "Sin",
    "cos": "Cos",
    "log": "Log",
    "sqrt": "Sqrt",
    "abs": "Abs",
    "floor": "Floor",
}
_MIX = (0xCC9E2D51, 0x1B873593, 0xE6546B64, 0x85EBCA6B, 0xC2B2AE35)  # of murmur3, docs/ids.md, section 3


class Translator:
    """Writes expressions into a graph; every value is of shape [n], features of [n, width].

    Args:
        builder: the graph.
        inputs: its inputs.

    Raises:
        InexpressibleError: for an expression that ONNX has no operation for.
    """

    def __init__(self, builder: Builder, inputs: Inputs) -> None:
        self._b, self._inputs = builder, inputs
        self._found: dict[Expression, str] = {}
        self._texts: dict[TextOf, Masked] = {}
        self._missing: dict[RawField, str] = {}
        self._write: dict[type[Expression], Callable[..., str]] = {
            NumberOf: self._number_of,
            Filled: self._filled,
            Computed: self._computed,
            IsMissing: self._is_missing,
            Polynomial: self._polynomial,
            NumberAt: self._number_at,
            IdIfMissing: self._id_if_missing,
            PositionOf: self._position_of,
            DatePartOf: self._date_part_of,
            HashOf: self._hash_of,
            Lookup: self._lookup,
            IntegerOf: self._integer_of,
            Search: self._search,
            CrossOf: self._cross_of,
            WeightedIds: self._weighted_ids,
            Rounded: self._rounded,
            Intervals: self._rounded,
            OneHot: self._one_hot,
            TableRow: self._table_row,
        }

    def value(self, expression: Expression) -> str:
        """Return the name of the value of a number (double), ids (int64) or features (float)."""
        if expression not in self._found:
            write = self._write.get(type(expression))
            if write is None:
                raise InexpressibleError(f"it has no operation for {type(expression).__name__}")
            self._found[expression] = write(expression)
        return self._found[expression]

    # Numbers -------------------------------------------------------------------------------------------------------------

    def _number_of(self, e: NumberOf) -> str:
        return self._inputs.number(e.field)

    def _filled(self, e: Filled) -> str:
        x = self.value(e.source)
        return self._b.op("Where", self._b.op("IsNaN", x), self._float(e.value), x)

    def _computed(self, e: Computed) -> str:
        b, arguments = self._b, [self._argument(x) for x in e.arguments]
        if e.function in _SIMPLE:
            return b.op(_SIMPLE[e.function], *arguments)
        x = arguments[0]
        if e.function == "float32":
            return b.op("Cast", b.op("Cast", x, to=TensorProto.FLOAT), to=TensorProto.DOUBLE)
        if e.function == "clip":
            low, high = arguments[1:]
            x = b.op("Where", b.op("Less", x, low), low, x)
            return b.op("Where", b.op("Greater", x, high), high, x)
        if e.function == "choose":
            return b.op("Where", b.op("LessOrEqual", x, self._float(0.0)), *arguments[1:])
        if e.function == "nonzero":
            return b.op("Where", b.op("Equal", x, self._float(0.0)), self._float(math.nan), x)
        if e.function == "log1p":
            return self._log1p(x)
        if e.function == "expm1":
            return self._expm1(x)
        raise InexpressibleError(f"it has no function {e.function}")

    def _argument(self, x: Number | float) -> str:
        return self.value(x) if isinstance(x, Number) else self._float(x)

    def _log1p(self, x: str) -> str:
        """Return log(1 + x) to within two units in the last place: log(u) * x / (u - 1) with u = 1 + x."""
        b, one = self._b, self._float(1.0)
        u = b.op("Add", x, one)
        found = b.op("Div", b.op("Mul", b.op("Log", u), x), b.op("Sub", u, one))
        large = b.op("Greater", u, self._float(1e300))
        return b.op("Where", b.op("Equal", u, one), x, b.op("Where", large, b.op("Log", u), found))

    def _expm1(self, x: str) -> str:
        """Return exp(x) - 1 to within some units in the last place: (u - 1) * x / log(u) with u = exp(x)."""
        b, one = self._b, self._float(1.0)
        u = b.op("Exp", x)
        below = b.op("Sub", u, one)
        found = b.op("Div", b.op("Mul", below, x), b.op("Log", u))
        far = b.op("Greater", b.op("Abs", x), self._float(50.0))
        return b.op("Where", b.op("Equal", u, one), x, b.op("Where", far, below, found))

    def _is_missing(self, e: IsMissing) -> str:
        return self._b.op("Cast", self._absent(e.field), to=TensorProto.DOUBLE)

    def _absent(self, field: RawField) -> str:
        """Return where a field has no value, bool."""
        if field not in self._missing:
            self._missing[field] = self._inputs.missing(field)
        return self._missing[field]

    def _polynomial(self, e: Polynomial) -> str:
        b, x, found = self._b, self.value(e.source), self._float(e.coefficients[0])
        for c in e.coefficients[1:]:
            found = b.op("Add", b.op("Mul", found, x), self._float(c))
        return found

    def _number_at(self, e: NumberAt) -> str:
        b, ids, size = self._b, self.value(e.ids), len(e.table)
        at = b.op("Where", b.op("Less", ids, self._integer(0)), self._integer(size), ids)
        at = b.op("Where", b.op("Less", ids, self._integer(size)), at, self._integer(size + 1))
        return b.op("Gather", b.constant(np.array([*e.table, e.missing, math.nan]), np.float64), at, axis=0)

    def _float(self, value: float) -> str:
        return self._b.constant(value, np.float64)

    # Ids -------------------------------------------------------------------------------------------------------------------

    def _text(self, e: TextOf) -> Masked:
        if e not in self._texts:
            self._texts[e] = self._inputs.text(e.field)
        return self._texts[e]

    def _integer(self, value: int) -> str:
        return self._b.constant(value, np.int64)

    def _where(self, present: str, ids: str, otherwise: int = -1) -> str:
        return self._b.op("Where", present, ids, self._integer(otherwise))

    def _murmur3(self, text: str, seed: int) -> str:
        return self._b.op("MurmurHash3", text, domain=MICROSOFT, seed=seed, positive=1)

    def _modulo(self, hashed: str, num_buckets: int) -> str:
        b = self._b
        return b.op("Cast", b.op("Mod", hashed, b.constant(num_buckets, np.uint32)), to=TensorProto.INT64)

    def _hash_of(self, e: HashOf) -> str:
        _refuse_farmhash64(e.hash)
        text = self._text(e.text)
        found = self._modulo(self._murmur3(text.value, e.seed), e.num_buckets)
        return self._where(text.present, self._b.op("Add", found, self._integer(e.first)) if e.first else found)

    def _lookup(self, e: Lookup) -> str:
        b, text = self._b, self._text(e.text)
        at = list(range(len(e.terms)))
        if not e.terms:
            return self._where(text.present, self._unseen(e))
        found = b.op("LabelEncoder", text.value, domain=ML, keys_strings=e.terms, values_int64s=at, default_int64=-1)
        if e.unseen != -1:
            found = b.op("Where", b.op("Less", found, self._integer(0)), self._unseen(e), found)
        return self._where(text.present, found)

    def _unseen(self, e: Lookup) -> str:
        return self.value(e.unseen) if isinstance(e.unseen, IdExpression) else self._integer(e.unseen)

    def _integer_of(self, e: IntegerOf) -> str:
        b, integer = self._b, self._inputs.integer(e.field)
        if e.otherwise is None:
            return self._where(integer.present, integer.value)
        low = b.op("GreaterOrEqual", integer.value, self._integer(0))
        inside = b.op("And", low, b.op("Less", integer.value, self._integer(e.num_buckets)))
        return self._where(integer.present, self._where(inside, integer.value, e.otherwise))

    def _id_if_missing(self, e: IdIfMissing) -> str:
        b, absent = self._b, self._absent(e.fields[0])
        for field in e.fields[1:]:
            absent = b.op("Or", absent, self._absent(field))
        return b.op("Where", absent, self._integer(e.value), self.value(e.otherwise))

    def _position_of(self, e: PositionOf) -> str:
        b, ids = self._b, self.value(e.ids)
        if e.known:
            at = list(range(len(e.known)))
            found = b.op("LabelEncoder", ids, domain=ML, keys_int64s=e.known, values_int64s=at, default_int64=e.unseen)
        else:
            found = self._integer(e.unseen)
        return b.op("Where", b.op("Less", ids, self._integer(0)), self._integer(e.missing), found)

    def _date_part_of(self, e: DatePartOf) -> str:
        raise InexpressibleError("it has no type for times")

    def _search(self, e: Search) -> str:
        b, x = self._b, self.value(e.source)
        if not e.boundaries:
            at_or_above = b.op("Cast", b.op("IsNaN", x), to=TensorProto.INT64)
            found = b.op("Sub", at_or_above, at_or_above)
        else:
            column = b.op("Unsqueeze", x, b.constant([1], np.int64))
            at_or_above = b.op("GreaterOrEqual", column, b.constant(np.array(e.boundaries), np.float64))
            count = b.op("Cast", at_or_above, to=TensorProto.INT64)
            found = b.op("ReduceSum", count, b.constant([1], np.int64), keepdims=0)
        return b.op("Where", b.op("IsNaN", x), self._integer(e.missing), found)

    def _cross_of(self, e: CrossOf) -> str:
        """Write murmur3 of the parts, each one block of 4 bytes: docs/ids.md, section 9."""
        _refuse_farmhash64(e.hash)
        b, parts = self._b, [self._part(part) for part in e.parts]
        scramble1, scramble2, add, *final = (b.constant(c, np.uint32) for c in _MIX)
        h = b.constant(e.seed, np.uint32)
        for part in parts:
            value = part.value
            if e.keep_unseen:
                value = b.op("Where", part.present, value, b.constant(2**32 - 1, np.uint32))
            k = b.op("Mul", self._rotated(b.op("Mul", value, scramble1), 15), scramble2)
            h = self._rotated(b.op("BitwiseXor", h, k), 13)
            h = b.op("Add", b.op("Mul", h, b.constant(5, np.uint32)), add)
        h = b.op("BitwiseXor", h, b.constant(4 * len(parts), np.uint32))
        for shift, factor in ((16, final[0]), (13, final[1]), (16, None)):
            h = b.op("BitwiseXor", h, self._shifted(h, shift, "RIGHT"))
            h = h if factor is None else b.op("Mul", h, factor)
        found = self._modulo(h, e.num_buckets)
        if e.keep_unseen:
            return found
        present = parts[0].present
        for part in parts[1:]:
            present = b.op("And", present, part.present)
        return self._where(present, found)

    def _part(self, part: TextOf | IdExpression) -> Masked:
        """Return a part of a cross as uint32."""
        b = self._b
        if isinstance(part, TextOf):
            text = self._text(part)
            return Masked(self._murmur3(text.value, 0), text.present)
        ids = self.value(part)
        return Masked(b.op("Cast", ids, to=TensorProto.UINT32), b.op("GreaterOrEqual", ids, self._integer(0)))

    def _rotated(self, x: str, by: int) -> str:
        return self._b.op("BitwiseOr", self._shifted(x, by, "LEFT"), self._shifted(x, 32 - by, "RIGHT"))

    def _shifted(self, x: str, by: int, direction: str) -> str:
        return self._b.op("BitShift", x, self._b.constant([by], np.uint32), direction=direction)

    def _weighted_ids(self, e: WeightedIds) -> str:
        return self.value(e.ids)

    # Features ----------------------------------------------------------------------------------------------------------------

    def _column(self, x: str) -> str:
        return self._b.op("Unsqueeze", x, self._b.constant([1], np.int64))

    def _rounded(self, e: Rounded) -> str:
        b = self._b
        features = [self._column(b.op("Cast", self.value(x), to=TensorProto.FLOAT)) for x in e.numbers]
        return features[0] if len(features) == 1 else b.op("Concat", *features, axis=1)

    def _weight(self, ids: IdExpression) -> str | None:
        """Return the weights of ids, float32 [n, 1]."""
        if not isinstance(ids, WeightedIds):
            return None
        return self._column(self._b.op("Cast", self.value(ids.weight), to=TensorProto.FLOAT))

    def _inside(self, ids: IdExpression, rows: int) -> str:
        """Return ids, and `rows` for those outside 0 ... rows - 1."""
        b, found = self._b, self.value(ids)
        low, high = b.op("Less", found, self._integer(0)), b.op("GreaterOrEqual", found, self._integer(rows))
        return b.op("Where", b.op("Or", low, high), self._integer(rows), found)

    def _one_hot(self, e: OneHot) -> str:
        b = self._b
        off_on = b.constant(np.array([0.0, 1.0]), np.float32)
        hot = b.op("OneHot", self._inside(e.ids, e.num_buckets), self._integer(e.num_buckets), off_on, axis=1)
        weight = self._weight(e.ids)
        if weight is None:
            return hot
        return b.op("Where", b.op("Cast", hot, to=TensorProto.BOOL), weight, b.constant(0.0, np.float32))

    def _table_row(self, e: TableRow) -> str:
        b, table = self._b, e.scaled()
        rows = np.concatenate([table, np.zeros((1, e.width))])
        weight = self._weight(e.ids)
        at = self._inside(e.ids, len(table))
        if weight is None:
            return b.op("Gather", b.constant(rows, np.float32), at, axis=0)
        w, zero = b.op("Cast", weight, to=TensorProto.DOUBLE), self._float(0.0)
        found = b.op("Mul", w, b.op("Gather", b.constant(rows, np.float64), at, axis=0))
        if e.combiner != "sum":
            divisor = b.op("Sqrt", b.op("Mul", w, w)) if e.combiner.startswith("sqrtn") else w
            positive = e.combiner in ("mean", "sqrtn")
            counts = b.op("Greater", w, zero) if positive else b.op("Not", b.op("Equal", divisor, zero))
            found = b.op("Where", counts, b.op("Div", found, divisor), zero)
        there = self._column(b.op("Less", at, self._integer(len(table))))
        return b.op("Cast", b.op("Where", there, found, zero), to=TensorProto.FLOAT)


def _refuse_farmhash64(hash: str) -> None:
    if hash == "farmhash64":
        raise InexpressibleError("it has no farmhash64")
