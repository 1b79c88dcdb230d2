"""What learning is: an analyzer is a commutative monoid over batches, then one last step.

    state = analyzer.empty()
    state = analyzer.update(state, value)        # for each batch, in any order
    state = analyzer.merge(state, other)         # states of other threads, processes, machines
    learned = analyzer.finish(state)

Laws, tested for every analyzer: any order of values, any batching, any sharding and any tree of merges gives the same
learned bits, and the same `to_bytes`. Nothing is sampled and nothing is pruned.
"""

from __future__ import annotations

import struct
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Tokens
from featurecols._core.numbers import Numbers, rounded_to_float32
from featurecols._core.spec import Spec
from featurecols.data.missing import Markers

State = Any
DTYPES = ("float64", "float32")
LOOK = 2**16  # values examined when bits must be dropped, so that most are dropped in one step
ONCE = np.empty(0, np.int64)  # weights of values that count once each


class HasNumbers(Protocol):
    """The input of numeric analyzers: a FieldView or Numbers."""

    def __len__(self) -> int: ...

    def numbers(self) -> Numbers: ...


class HasTokens(Protocol):
    """The input of TermCounts: a FieldView."""

    def tokens(self) -> Tokens: ...


@dataclass(frozen=True, eq=False, repr=False)
class Analyzer(Spec):
    """Base of all analyzers: a declared value, so that equal requests are learned once. It holds nothing of a run.

    `update` and `merge` may change and return their first argument; `merge` uses its second up. `finish` and `to_bytes`
    leave the state as good as it was.
    """

    abstract: ClassVar[bool] = True
    numeric: ClassVar[bool] = False  # reads numbers alone
    typed: ClassVar[bool] = False  # reads values of known types: of CSV text in the pass after the one that learns them
    learns: ClassVar[Mapping[str, tuple[str, int]]] = {}  # dtype and dimensions of the arrays that finish gives

    @property
    def collects(self) -> Analyzer:
        """Who keeps the state: analyzers with equal `collects` may share one state and finish it each."""
        return self

    @abstractmethod
    def empty(self) -> State:
        """Return the state of no data."""

    @abstractmethod
    def update(self, state: State, value: Any) -> State:
        """Return the state with one more batch; raises DataError with the row, counted from the start of this batch."""

    @abstractmethod
    def merge(self, a: State, b: State) -> State:
        """Return the state of both states' data."""

    @abstractmethod
    def finish(self, state: State) -> dict[str, Array]:
        """Return what was learned, as arrays by name; raises DataError when the data gives no answer."""

    @abstractmethod
    def to_bytes(self, state: State) -> bytes:
        """Return the state for another process; equal data gives equal bytes."""

    @abstractmethod
    def from_bytes(self, data: bytes) -> State:
        """Return the state that to_bytes wrote; raises DataError for anything else, in memory bounded by the length of data."""

    def as_type(self, state: State, name: str, markers: Markers) -> State:
        """Return the state of the values that the text of CSV files spells in a field of a type, which was learned since.

        The given state stays as good as it was, and may be the one that is returned. Raises DataError for text that spells no
        category of the type.
        """
        return state

    def close(self, state: State) -> None:
        """Give back what a state holds outside of memory."""

    def remark(self, learned: Mapping[str, Array]) -> str | None:
        """Return what is to be warned of in what `finish` gave; None when nothing is."""
        return None

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        """Return what makes arrays, read from a file, not such as `finish` gives; None when nothing does."""
        if set(learned) != set(self.learns):
            return f"{', '.join(sorted(set(learned) ^ set(self.learns)))} lacking, or too much"
        for name, a in learned.items():
            if (a.dtype.str, a.ndim) != self.learns[name]:
                return f"{name} is {a.dtype} of {a.ndim} dimensions"
            if a.dtype.kind == "f" and not np.isfinite(a).all():
                return f"{name} is not finite"
        return None


def check_dtype(subject: str, dtype: object) -> None:
    """Raise ColumnError unless dtype is one that numbers are rounded to."""
    if dtype not in DTYPES:
        raise errors.argument(subject, "dtype must be float64 or float32", dtype, "float32 rounds each value first")


def elements(value: HasNumbers, dtype: str) -> Array:
    """Return the elements of a batch as float64 [m], NaN where missing, rounded to dtype.

    Only elements inside the rows count: a sliced list column shares its values with its neighbours.
    """
    numbers = value.numbers()
    flat = np.asarray(numbers.values)
    if numbers.offsets is not None:
        flat = flat[int(numbers.offsets[0]) : int(numbers.offsets[-1])]
    flat = np.ascontiguousarray(flat, dtype=np.float64).reshape(-1)
    if dtype == "float32":
        with np.errstate(over="ignore", invalid="ignore"):
            flat = flat.astype(np.float32).astype(np.float64)
    return flat


def counted(value: HasNumbers, dtype: str, limit: int | None = None) -> tuple[Array, Array]:
    """Return the elements of a batch, rounded to dtype, and how often each stands there.

    (float64 [m], NaN where missing; int64 [m], empty where each stands once). Where the batch holds distinct numbers and
    codes, these are its distinct numbers.

    An infinite number comes without counts, so that its row is known; so do more than `limit` elements.
    """
    found = value.counted() if hasattr(value, "counted") else None
    if found is not None and (limit is None or int(found[1].sum()) <= limit):
        x = rounded_to_float32(found[0]) if dtype == "float32" else found[0]
        if not np.isinf(x).any():
            return x, found[1]
    return elements(value, dtype), ONCE


def not_learnable(value: HasNumbers, position: int, in_domain: bool = True) -> errors.DataError:
    """Return the error for the element at `position` of elements(value).

    It is or became infinite, or (not in_domain) has no logarithm in a Log1p.
    """
    numbers = value.numbers()
    flat, start = np.asarray(numbers.values), 0
    if numbers.offsets is None:
        row = position // max(1, flat[:1].size)
    else:
        start = int(numbers.offsets[0])
        row = int(np.searchsorted(numbers.offsets, position + start, side="right")) - 1
    got = float(flat.reshape(-1)[start + position])
    if np.isinf(got):
        what = "infinity cannot be learned from"
    else:
        what = "a number is infinite once rounded and normalized" if in_domain else "Log1p needs numbers above -1"
    hint = "clean the data, put Clip first, or declare the value missing with Field(key, missing=...)"
    return errors.bad_value("fit", getattr(value, "key", None), row, what, got, hint)


def sortable(x: Any) -> Array:
    """uint64 in the order of float64 values: all bits flipped for negative ones, else the sign bit."""
    bits = np.asarray(x, np.float64).view(np.int64)
    return (bits ^ ((bits >> 63) | np.int64(-(2**63)))).view(np.uint64)


def unsortable(keys: Array) -> Array:
    """Return the float64 values whose sortable bits these are."""
    bits = keys.view(np.int64)
    return (bits ^ (~(bits >> 63) | np.int64(-(2**63)))).view(np.float64)


def pack(kind: str, *parts: bytes) -> bytes:
    """Parts with their lengths, under the kind that wrote them."""
    head = kind.encode()
    return b"".join(struct.pack("<q", len(part)) + part for part in (head, *parts))


def unpack(kind: str, data: bytes, count: int) -> list[memoryview]:
    """Return the parts that pack wrote, without copying; raises DataError unless there are exactly `count` under this kind."""
    parts = list(_parts(kind, memoryview(data)))
    if len(parts) != count + 1 or bytes(parts[0]) != kind.encode():
        raise damaged(kind)
    return parts[1:]


def _parts(kind: str, data: memoryview) -> Iterator[memoryview]:
    at = 0
    while at < len(data):
        if at + 8 > len(data):
            raise damaged(kind)
        (size,) = struct.unpack_from("<q", data, at)
        if size < 0 or size > len(data) - at - 8:
            raise damaged(kind)
        yield data[at + 8 : at + 8 + size]
        at += 8 + size


def damaged(kind: str) -> errors.DataError:
    """Return the error for bytes that are not a state."""
    return errors.DataError(kind, "these bytes are not a state of it", hint="send what to_bytes gave, whole")


def nothing_to_learn() -> errors.DataError:
    """Return the error for data in which all values are missing."""
    hint = "give data with values, or the numbers or terms themselves, or leave the column out"
    return errors.DataError("fit", "no value to learn from, all are missing", hint=hint)
