"""Numeric: numbers as they are, with a default for the missing and normalizers in order."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import field
from typing import Any, ClassVar, Literal, Self

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array
from featurecols._core.expressions import LISTS, Expression, Filled, InexpressibleError, as_number, computed
from featurecols._core.fork_safe import cached_property
from featurecols._core.fused_layout import Chain, described
from featurecols._core.numbers import Numbers, rounded_to_float32
from featurecols._core.spec import Converted, frozen, named
from featurecols._core.values import float32, number
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.placeholders import Marker
from featurecols.columns._categorical import require_one_number
from featurecols.columns.base import Column, Field, Learned, LearnedSlots, field_keys
from featurecols.columns.bound import Bound, NumberBound
from featurecols.columns.normalizers import Normalizer, ZScore
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.refused import no_number

MISSING_HINT = "give Numeric(default=...), or default=float('nan') to let NaN through"
INFINITE_HINT = (
    "declare it missing with Field(key, missing=...), put Clip first, or give default=float('nan') to let it through"
)
DOMAIN_HINT = "put Clip first, or give default=float('nan') to let NaN through"
Default = float | Sequence[Any] | Array | Marker | None  # a number, one for each element, or what is learned


@frozen
class Numeric(Column):
    """Numbers of a field, one feature an element.

    Missing: filled with `default` before the normalizers; with none, an error names the first row. An empty or null
    list of a shaped column is missing as a whole.
    Unseen: does not arise.
    Learns: `default` when it is Mean() or Median(), and what its normalizers learn, from the values that are present.

    Args:
        source: the field, or a column of one number a row (Elapsed).
        shape: () for one number a row, else the shape of the list in the field, nested or flat.
        dtype: "float64", or "float32" to round each value to float32 as it is read (what TensorFlow compares).
        default: a number, one per element, Mean(), Median(), or nan to let missing values through as NaN.
        normalizer: a Normalizer or a sequence of them, applied in order in float64; in specs a name ("ZScore") will do. The
            result is rounded to float32 once, when it is written; beyond float32's range it is inf.

    An infinite value, unless a Clip makes it finite, and one of -1 or less in Log1p are errors, here and while learning. With
    default=nan they are let through as NaN is, and left out while learning.

    Raises:
        ColumnError: for a wrong argument.
        DataError: in use, for a value that is not a number, an infinite one, a missing one without default, or a wrong list
            length.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Numeric("age", default=30, normalizer=fc.ZScore(mean=40, std=10))])
    >>> plan.transform({"age": [50, None]})
    array([[ 1.],
           [-1.]], dtype=float32)
    """

    numeric: ClassVar[bool] = True
    old_names: ClassVar[Mapping[str, str]] = {"source": "key"}
    needs: ClassVar[Literal["category", "number"]] = "number"

    source: Converted[str | Field | Column, Field | Column]
    shape: Converted[int | Sequence[int], tuple[int, ...]] = field(default=(), kw_only=True)  # type: ignore[arg-type]
    dtype: Literal["float64", "float32"] = field(default="float64", kw_only=True)
    default: Converted[Default, float | tuple[Any, ...] | Marker | None] = field(
        default=None,  # type: ignore[arg-type]
        kw_only=True,
    )
    normalizer: Converted[Normalizer | Sequence[Normalizer] | None, tuple[Normalizer, ...]] = field(
        default=(),  # type: ignore[arg-type]
        kw_only=True,
    )

    def check(self) -> None:
        over = self.source
        if not isinstance(over, Field) and not (isinstance(over, Column) and over.numeric and not isinstance(over, Numeric)):
            raise errors.argument("Numeric", "source must name a field", over, 'give "age" or Field("age", missing=...)')
        subject = f"Numeric {over.name}"
        if isinstance(self.shape, int) and not isinstance(self.shape, bool):
            object.__setattr__(self, "shape", (self.shape,))
        if not isinstance(self.shape, tuple) or not all(type(d) is int and d >= 1 for d in self.shape):
            raise errors.argument(subject, "shape must be positive integers", self.shape, "give () for one number a row")
        if self.shape and isinstance(over, Column):
            raise errors.argument(subject, "shape must be () over a column", self.shape, "a column gives one number a row")
        if math.prod(self.shape) > 2**20:
            raise errors.argument(subject, f"shape must hold at most {2**20} numbers", self.shape, "split the field")
        if self.dtype not in ("float64", "float32"):
            raise errors.argument(
                subject, 'dtype must be "float64" or "float32"', self.dtype, "the output is float32 in any case"
            )
        given = () if self.normalizer is None else self.normalizer
        given = tuple(named(n, Normalizer) for n in (given if isinstance(given, tuple) else (given,)))
        object.__setattr__(self, "normalizer", given)
        object.__setattr__(self, "default", named(self.default, Marker))
        for n in given:
            if not isinstance(n, Normalizer):
                hint = "give ZScore(), Robust(), Power(), RankGauss(), Log1p() or Clip()"
                raise errors.argument(subject, "normalizer must be a Normalizer or several", n, hint)
        self._check_default(subject)

    def _check_default(self, subject: str) -> None:
        if self.default is None or (isinstance(self.default, Marker) and self.default.gives == "value"):
            return
        flat = _flatten(self.default) if isinstance(self.default, tuple) else [self.default]
        if any(number(v) is None for v in flat):
            raise errors.argument(
                subject, "default must be a number, Mean() or Median()", self.default, "leave it out to refuse missing values"
            )
        if isinstance(self.default, tuple) and len(flat) != math.prod(self.shape):
            raise errors.argument(
                subject, f"default must hold {math.prod(self.shape)} numbers", self.default, "give one number for all elements"
            )

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        wanted: dict[str, Analyzer] = {}
        if isinstance(self.default, Marker) and "default" not in learned:
            wanted["default"] = self.default.analyzer(self.dtype)
        before: list[Normalizer] = []
        leave_out = not isinstance(self.default, Marker) and all(_lets_through(self.default, math.prod(self.shape)))
        for i, normalizer in enumerate(self.normalizer):
            slot = f"normalizer_{i}"
            if slot in learned:
                before.append(normalizer.given(learned[slot]))
                continue
            analyzer = normalizer.analyzer(tuple(before), self.dtype, leave_out)
            if analyzer is not None:
                wanted[slot] = analyzer
                break
            before.append(normalizer)
        return wanted

    def num_passes(self) -> int:
        learning = sum(n.analyzer() is not None for n in self.normalizer)
        return max(learning, int(isinstance(self.default, Marker)))

    def normalizer_names(self) -> list[str]:
        return [type(normalizer).__name__ for normalizer in self.normalizer]

    def with_default_normalizer(self) -> Self:
        """Return the column with a ZScore that is learned, where it has no normalizer."""
        return self if self.normalizer else self.replace(normalizer=ZScore())

    def wants_buckets(self) -> bool:
        """Return whether it is one number a row without a normalizer."""
        return not self.normalizer and not self.shape

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> NumericBound:
        require_one_number(f"Numeric {self.name}", inputs[0])
        default = float(learned["default"]["value"]) if isinstance(self.default, Marker) else self.default
        given = [n.given(learned[s]) if (s := f"normalizer_{i}") in learned else n for i, n in enumerate(self.normalizer)]
        return NumericBound(self, default, tuple(given))


class NumericBound(NumberBound):
    """A Numeric column with what it needs to run."""

    column: Numeric

    def __init__(
        self, column: Numeric, default: float | tuple[object, ...] | None, normalizers: tuple[Normalizer, ...]
    ) -> None:
        self.column, self.shape, self.normalizers, self._size = column, column.shape, normalizers, math.prod(column.shape)
        keys = (column.source.key,) if isinstance(column.source, Field) else field_keys(column)
        self.field = keys[0] if len(keys) == 1 else None  # of several, none is at fault by itself
        self.refuses_missing = default is None
        flat = (
            _flatten(default) if isinstance(default, tuple) else [math.nan if default is None else float(default)] * self.width
        )
        self.defaults = np.array(flat, dtype=np.float64)
        if column.dtype == "float32":
            self.defaults = rounded_to_float32(self.defaults)
        codes, a, b = described(op for n in normalizers for op in n.ops())
        self._lets_through = _lets_through(default, self.width)
        self.chain = Chain(self.defaults, codes, a, b, all(self._lets_through))
        self._row_defaults = self.defaults.tolist()
        self._row_ops = [(n.above, n.of_row()) for n in normalizers]
        self._rounds = column.dtype == "float32"

    def expression(self, *inputs: Expression) -> Expression:
        if self.shape:
            raise InexpressibleError(LISTS)
        x = as_number(inputs[0])
        if self._rounds:
            x = computed("float32", x)
        if self._row_defaults[0] == self._row_defaults[0]:
            x = Filled(x, self._row_defaults[0])
        for normalizer in self.normalizers:
            x = normalizer.expression(x)
        return x

    @property
    def fills(self) -> str:
        if self.refuses_missing or np.isnan(self.defaults).any():
            return ""
        return f"missing counts as {', '.join(dict.fromkeys(f'{x:.6g}' for x in self._row_defaults))}"

    def filled(self, *values: object) -> str:
        return self.fills if _is_missing(values[0]) else ""

    def values(self, view: FieldView | Numbers) -> Numbers:
        out = np.empty(len(view) * self._size)
        self._run(view, out)
        return Numbers(out.reshape(len(view), *((self.width,) if self.shape else ())))

    def write(self, view: FieldView | Numbers, *, out: Array) -> None:
        if self.shape or isinstance(view, Numbers) or not self._of_distinct(view.distinct(), out):
            self._run(view, out)

    def _of_distinct(self, coded: tuple[Array, Array] | None, out: Array) -> bool:
        """Write rows by the distinct numbers that they hold; False, with nothing written, where one of them is not a number."""
        if coded is None or len(out) == 0:
            return False
        x, codes = coded
        if self.refuses_missing and codes.min() < 0:
            return False
        x = np.append(x, x[0] if self.refuses_missing else np.nan)
        table = np.empty((len(x), 1), np.float32)
        if self._normalize(rounded_to_float32(x) if self._rounds else x, table) >= 0 and not self.chain.allow_nan:
            return False
        kernels.numeric.gather_features(table.ravel(), codes, out)
        return True

    def _run(self, view: FieldView | Numbers, out: Array) -> None:
        suspect = self._normalize(self.flat(view).astype(np.float64, copy=False), out)
        if suspect >= 0 and not self.chain.allow_nan and (error := self.refusal(view, start=suspect)) is not None:
            raise error

    def _normalize(self, x: Array, out: Array) -> int:
        chain = self.chain
        return kernels.numeric.normalize(x, chain.defaults, chain.ops, chain.a, chain.b, out)

    def out_of_range(self, view: FieldView) -> Array:
        x = view.numbers().values.reshape(-1)
        return kernels.numeric.out_of_range(
            rounded_to_float32(x) if self._rounds else x, self.chain.ops, self.chain.a, self.chain.b
        )

    def refusal(self, view: FieldView | Numbers, *, start: int) -> errors.DataError | None:
        found = self._exact(view)[start:].astype(np.float64)
        found = np.where(np.isnan(found), np.resize(self.defaults, len(found)), found)
        bad = np.flatnonzero(self._refused(found) & ~np.resize(self._lets_through, len(found)))
        return self._refusal(float(found[bad[0]]), (start + int(bad[0])) // self._size) if len(bad) else None

    def _refused(self, filled: Array) -> Array:
        """Return which numbers are refused, bool [m]; one that is infinite once rounded is not."""
        chain = self.chain
        bad = kernels.numeric.refused(filled, chain.ops, chain.a, chain.b)
        if self._rounds:
            rounded = rounded_to_float32(filled)
            bad |= kernels.numeric.refused(rounded, chain.ops, chain.a, chain.b) & np.isfinite(rounded)
        return bad

    def _refusal(self, value: float, row: int | None) -> errors.DataError:
        """Return what to raise for a number, NaN where it is missing without a default."""
        name, field = self.column.name, self.field
        if value != value:
            return errors.bad_value(name, field, row, "a number is missing and there is no default", None, MISSING_HINT)
        if math.isinf(value):
            return errors.bad_value(name, field, row, "a number is infinite", value, INFINITE_HINT)
        return errors.bad_value(name, field, row, "Log1p needs numbers above -1", value, DOMAIN_HINT)

    def flat(self, view: FieldView | Numbers) -> Array:
        return rounded_to_float32(self._exact(view)) if self._rounds else self._exact(view)

    def _exact(self, view: FieldView | Numbers) -> Array:
        """Return what `flat` gives before it rounds."""
        if isinstance(view, Numbers):
            return view.values
        if not self.shape and not self._rounds and (plain := view.plain()) is not None:
            return plain
        numbers = view.numbers()
        x = numbers.values
        if numbers.offsets is not None:
            x = self._from_lists(numbers)
        elif self._size != 1:
            present = np.flatnonzero(~np.isnan(x))  # a field of nulls alone has no type, so it may be one of lists
            if len(present):
                raise self._wrong_length(int(present[0]), "a single number")
            x = np.full(len(view) * self._size, np.nan)
        return x

    def _from_lists(self, numbers: Numbers) -> Array:
        offsets, width = numbers.offsets, self.width
        assert offsets is not None
        if not self.shape:
            if not len(numbers):
                return np.empty(0)
            raise self._wrong_length(0, "a list")
        lengths = np.diff(offsets)
        wrong = np.flatnonzero((lengths != width) & (lengths != 0))
        if len(wrong):
            raise self._wrong_length(int(wrong[0]), f"{lengths[wrong[0]]} values")
        for depth, inner in enumerate(numbers.nested, start=1):
            uneven = np.flatnonzero(inner != self.shape[depth]) if len(self.shape) == len(numbers.nested) + 1 else [0]
            if len(uneven) and len(inner):
                row = _row_of(numbers, depth, int(uneven[0]))
                raise self._wrong_length(row, f"lists of {inner[uneven[0]]} at depth {depth + 1}")
        if not (lengths == 0).any():
            return numbers.values[offsets[0] : offsets[-1]]
        x = np.full((len(lengths), width), np.nan)
        x[lengths != 0] = numbers.values[offsets[0] : offsets[-1]].reshape(-1, width)
        return x.ravel()

    def _wrong_length(self, row: int | None, got: str) -> errors.DataError:
        want = f"{self.width} numbers a row, shape {self.shape}" if self.shape else "one number a row"
        hint = (
            "give shape=(length,), or Sequence for lists of any length" if not self.shape else "mend the lists, or change shape"
        )
        return errors.DataError(self.column.name, f"needs {want}", field=self.field, row=row, got=got, hint=hint)

    @cached_property
    def row(self) -> Callable[[object], float | list[float]]:  # type: ignore[override]
        """Normalize one row; a plain number without a shape, which most rows hold, takes the shortest path."""
        if self.shape:
            return self._list
        number, (above, op) = self._number, self._row_ops[0] if self._row_ops else (-math.inf, float)
        if self._rounds or len(self._row_ops) > 1 or above > -math.inf:
            return lambda value: number(value, 0)

        def row(value: Any) -> float:
            kind = type(value)
            if kind is int or (kind is float and value - value == 0.0):  # finite
                try:
                    x = float(value)
                except OverflowError:
                    return number(value, 0)
                return op(x)
            return number(value, 0)

        return row

    def _list(self, value: object) -> list[float]:
        if value is None:
            value = ()
        if not isinstance(value, (list, tuple)):
            if self.width != 1:
                raise self._wrong_length(None, "a single number")
            value = (value,)
        flat = self._flat_row(value)
        if len(flat) not in (0, self.width):
            raise self._wrong_length(None, f"{len(flat)} values")
        return [self._number(v, j) for j, v in enumerate(flat or [None] * self.width)]

    def _flat_row(self, value: Sequence[object]) -> list[object]:
        if any(isinstance(v, (list, tuple)) for v in value) and not _has_shape(value, self.shape):
            raise self._wrong_length(None, errors.show(value))
        return _flatten(value)

    def _number(self, value: object, element: int) -> float:
        if type(value) is float or type(value) is int:  # what most rows hold
            x = value
        else:
            x = self._checked(value, element)
        if x != x:
            x = self._default(element)
        try:
            x = float(x)
        except OverflowError:
            raise no_number(self.column.name, self.field, None, value) from None
        exact = x
        if self._rounds:
            x = float32(x)
        outside, y = x - x != 0.0, x
        for above, op in self._row_ops:
            outside = outside or y <= above
            y = op(y)
        if outside and not self._lets_through[element] and self._refused(np.array([exact]))[0]:
            raise self._refusal(exact, None)
        return y

    def _checked(self, value: object, element: int) -> float:
        if value is None:
            return self._default(element)
        if isinstance(value, (int, float)):
            return value
        if isinstance(value, (list, tuple)):
            raise self._wrong_length(None, "a list")
        raise no_number(self.column.name, self.field, None, value)

    def _default(self, element: int) -> float:
        if self.refuses_missing:
            raise self._refusal(math.nan, None)
        return self._row_defaults[element]

    def write_row(self, out: MutableSequence[float], at: int, value: object) -> None:
        if not self.shape:
            out[at] = self.row(value)  # type: ignore[assignment]
            return
        for j, v in enumerate(self._list(value)):
            out[at + j] = v


def _lets_through(default: float | tuple[object, ...] | None, width: int) -> list[bool]:
    """Return for each element whether values that are not finite pass, as its default says."""
    if not isinstance(default, tuple):
        return [default is not None and not math.isfinite(default)] * width
    return [not math.isfinite(float(v)) for v in _flatten(default)]  # type: ignore[arg-type]  # `check` has seen that they are numbers


def _row_of(numbers: Numbers, depth: int, k: int) -> int:
    """Return the row that holds list k of all lists at `depth`."""
    assert numbers.offsets is not None
    side: Literal["left", "right"] = "right" if numbers.nested[depth - 1][k] else "left"
    for inner in numbers.nested[depth - 1 :]:
        k = int(inner[:k].sum())
    row = int(np.searchsorted(numbers.offsets, numbers.offsets[0] + k, side)) - (side == "right")
    return min(row, len(numbers) - 1)


def _has_shape(value: object, shape: tuple[int, ...]) -> bool:
    """Whether lists are nested exactly so."""
    if not isinstance(value, (list, tuple)):
        return not shape
    return bool(shape) and len(value) == shape[0] and all(_has_shape(v, shape[1:]) for v in value)


def _flatten(value: Sequence[object]) -> list[object]:
    """Leaves of nested tuples and lists, in order."""
    flat: list[object] = []
    for v in value:
        if isinstance(v, (list, tuple)):
            flat.extend(_flatten(v))
        else:
            flat.append(v)
    return flat


def _is_missing(value: object) -> bool:
    """Return whether a value is missing, or an element of it is, or it is an empty list."""
    return value is None or value != value or (isinstance(value, list) and (not value or any(map(_is_missing, value))))
