"""The arrays that pass between fields, columns, plans and models, and their memory: canonical texts, ids, features.

Arrays and checks, without arithmetic or Arrow. A class here describes n rows. `offsets` is None where each row holds
exactly one value, else int64 [n+1] with row i owning values[offsets[i]:offsets[i+1]] (offsets[0] need not be 0: slicing
rows never copies).

`empty` and `concatenate` take the memory of arrays that are no longer referenced. New pages are cleared and mapped by the
operating system, which takes longer than filling them; a loop over batches gets the memory of the batch before, most of
which is still in the cache.
"""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from numpy.typing import DTypeLike, NDArray

from featurecols import errors
from featurecols._core import csr, memory_limit
from featurecols._core.slots import IdSlot, Slot
from featurecols._core.suggestions import attributes_of

Array = np.ndarray[Any, Any]  # of any dtype and shape
Floats = NDArray[np.float32]  # what plans and models give
T = TypeVar("T")

_LEAST, _MOST = 1 << 17, 1 << 26  # bytes: smaller arrays are cheap to make, larger ones are given back
_KEPT = 1 << 26  # bytes of free memory that are kept at most
_ROUND = 1 << 12
_FEW_NUMBERS = 64  # features: so many are looked at value by value, of more most may be zero

_free: list[Array] = []  # in the order in which it was given back
_free_bytes = [0]  # of them together
_lock = threading.Lock()  # tried, never waited for: a child forked while it is held works without kept memory


def _give(
    memory: Array,
    acquire: Callable[[bool], bool] = _lock.acquire,
    release: Callable[[], None] = _lock.release,
    free: list[Array] = _free,
    total: list[int] = _free_bytes,
    most: int = _KEPT,
) -> None:
    """Keep memory, and drop the oldest where there is too much.

    It runs when a last reference ends, also inside `_take` and while the interpreter stops, so that it must not wait or read
    global names.
    """
    if acquire(False):
        try:
            free.append(memory)
            total[0] += memory.nbytes
            while total[0] > most:
                total[0] -= free.pop(0).nbytes
        finally:
            release()


class _Lent:
    """The owner of an array's memory: the `base` of the array and of its views, which gives it back after the last one."""

    __slots__ = ("__array_interface__", "_memory")

    def __init__(self, memory: Array, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._memory = memory
        place = memory.__array_interface__["data"]
        self.__array_interface__ = {"data": place, "shape": shape, "typestr": dtype.str, "version": 3}

    def __del__(self, give: Callable[[Array], None] = _give) -> None:
        give(self._memory)


def empty(shape: int | tuple[int, ...], dtype: DTypeLike, subject: str | None = None, hint: str = errors.DENSE_HINT) -> Array:
    """Return an array like np.empty, of a number type, reusing freed memory when it can. Contents are undefined.

    Raises SizeError with the hint where memory is exhausted, and, with a `subject`, before an array that would not fit.
    """
    shape, dtype = shape if isinstance(shape, tuple) else (shape,), np.dtype(dtype)
    size = math.prod(shape) * dtype.itemsize
    try:
        if not _LEAST <= size <= _MOST:
            if subject is not None and size > _MOST:
                memory_limit.check(subject, size, hint)
            return np.empty(shape, dtype)
        memory = _take(size)
        if memory is None:
            memory = np.empty(-(-size // _ROUND) * _ROUND, np.uint8)
    except MemoryError as error:
        raise memory_limit.exhausted(subject or "an array", error, hint) from None
    return np.asarray(_Lent(memory, shape, dtype))


def concatenate(parts: Sequence[Array]) -> Array:
    """Concatenate arrays along their rows, reusing freed memory when it can."""
    shape = (sum(len(part) for part in parts), *parts[0].shape[1:])
    return np.concatenate(parts, out=empty(shape, np.result_type(*parts)))


def _take(size: int) -> Array | None:
    """Return free memory of at least `size` bytes and not much more, or None; also None while the lock is held."""
    if not _lock.acquire(blocking=False):
        return None
    try:
        for i in range(len(_free) - 1, -1, -1):
            if size <= (kept := _free[i].nbytes) <= size + size // 4 + _ROUND:
                _free_bytes[0] -= kept
                return _free.pop(i)
        return None
    finally:
        _lock.release()


def addresses(arrays: Sequence[Array] | Array, dtype: DTypeLike | None, length: int) -> Array:
    """Return where the values of each array [length] of a dtype (None: any) lie: int64 [k].

    The caller keeps the arrays alive.
    """
    if isinstance(arrays, np.ndarray):  # the rows of a matrix
        assert dtype is None or arrays.dtype == dtype
        assert arrays.shape == (len(arrays), length)
        assert arrays.flags.c_contiguous
        first = arrays.__array_interface__["data"][0]
        return np.arange(first, first + arrays.nbytes, arrays.strides[0], dtype=np.int64)
    for x in arrays:
        assert dtype is None or x.dtype == dtype
        assert x.shape == (length,)
        assert x.flags.c_contiguous
    return np.array([x.__array_interface__["data"][0] for x in arrays], np.int64)


def kept() -> int:
    """Return the bytes of free memory that are kept now."""
    return sum(memory.nbytes for memory in list(_free))


class Memo:
    """Results that are computed once for each key: by the thread that asks first, while others that ask wait for it.

    A forked child waits for no thread of its parent; what was being computed there it computes itself.

    >>> memo = Memo()
    >>> [memo.once("sum", lambda: sum(range(10))), memo.once("sum", lambda: 0)]
    [45, 45]
    """

    __slots__ = ("_done", "_lock", "_process")

    def __init__(self) -> None:
        self._done: dict[Hashable, Any] = {}
        self._lock, self._process = threading.RLock(), os.getpid()

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return make(), or what it gave the first time."""
        if key not in self._done:
            if self._process != os.getpid():
                self._lock, self._process = threading.RLock(), os.getpid()
            with self._lock:
                if key not in self._done:
                    self._done[key] = make()
        found: T = self._done[key]
        return found


@dataclass(frozen=True, slots=True)
class Texts:
    """k byte strings: text i is data[offsets[i]:offsets[i+1]].

    offsets int32 or int64 [k+1], data uint8, valid bool [k] or None. `integers` (int64 or uint64 [k]) is there when the
    raw field holds integers: the texts are then their decimal digits; where only some of its values are integers, `integral`
    (bool [k]) says which. `memo` keeps what was computed per text, for all blocks, threads and columns that share this
    dictionary.
    """

    offsets: Array
    data: Array
    valid: Array | None = None
    integers: Array | None = None
    memo: Memo = field(default_factory=Memo, repr=False, compare=False)
    integral: Array | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def once(self, key: Hashable, make: Callable[[Texts], T]) -> T:
        """Return make(self), computed once for this key."""
        return self.memo.once(key, lambda: make(self))

    def __getitem__(self, i: int) -> bytes:
        return self.data[self.offsets[i] : self.offsets[i + 1]].tobytes()


@dataclass(frozen=True, slots=True)
class Tokens:
    """Categorical values as canonical bytes, dictionary first.

    texts: the distinct texts with codes (int32 [m], -1 is missing), or one text per value and codes None.
    kind: "text", "integer" or "boolean", what the raw field holds.
    """

    texts: Texts
    codes: Array | None = None
    offsets: Array | None = None
    kind: str = "text"

    def __len__(self) -> int:
        if self.offsets is not None:
            return len(self.offsets) - 1
        return len(self.texts) if self.codes is None else len(self.codes)


@dataclass(frozen=True, slots=True)
class Ids:
    """Ids of a categorical column: one for each value, negative where the value has none; consumers skip every negative id.

    values int32 (int64 where a bucket count passes 2^31-1 or ids are kept out of range) [m]; offsets int64 [n+1] or
    None (one id per row); weights float32 [m] or None.
    """

    values: NDArray[np.signedinteger]
    offsets: NDArray[np.int64] | None = None
    weights: Floats | None = None

    def __post_init__(self) -> None:
        if self.values.ndim != 1 or self.values.dtype.kind != "i":
            raise errors.argument("Ids", "values must be a one-dimensional signed integer array", self.values.dtype, "cast it")
        if self.weights is not None and self.weights.shape != self.values.shape:
            raise errors.argument("Ids", "one weight per value", self.weights.shape, f"give {self.values.shape}")

    def __len__(self) -> int:
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    def slice(self, start: int, stop: int) -> Ids:
        """Return rows start:stop without copying them."""
        if self.offsets is None:
            weights = None if self.weights is None else self.weights[start:stop]
            return Ids(self.values[start:stop], None, weights)
        return Ids(self.values, self.offsets[start : stop + 1], self.weights)

    def elements(self) -> tuple[Ids, Array]:
        """Return each value as a row of its own, and the offsets (from 0) that group them back into rows."""
        if self.offsets is None:
            return self, np.arange(len(self) + 1, dtype=np.int64)
        a, b = int(self.offsets[0]), int(self.offsets[-1])
        weights = None if self.weights is None else self.weights[a:b]
        return Ids(self.values[a:b], None, weights), self.offsets - a

    def compact(self) -> Ids:
        """Return the same rows with offsets[0] == 0 and without values outside them."""
        if self.offsets is None:
            return self
        flat, offsets = self.elements()
        return Ids(flat.values, offsets, flat.weights)

    @staticmethod
    def concatenate(parts: list[Ids]) -> Ids:
        """Return the rows of all parts in order, with offsets unless every part has one id a row."""
        given = [p.weights for p in parts if p.weights is not None]
        if all(p.offsets is None for p in parts):
            return Ids(concatenate([p.values for p in parts]), None, np.concatenate(given) if given else None)
        flats = [p.elements() for p in parts]
        values = concatenate([flat.values for flat, _ in flats])
        given = [flat.weights for flat, _ in flats if flat.weights is not None]
        weights = np.concatenate(given) if given else None
        offsets, base = [np.zeros(1, np.int64)], 0
        for flat, starts in flats:
            offsets.append(starts[1:].astype(np.int64) + base)
            base += len(flat.values)
        return Ids(values, np.concatenate(offsets), weights)


@dataclass(frozen=True, slots=True, repr=False)
class Features:
    """n encoded rows.

    dense: float32 [n, w], the columns that are numbers. ids: Ids by slot name. lengths: int64 [n] by slot name, the steps
    of each Sequence. slots: one for each output column, in the order of declaration.
    """

    dense: Floats
    ids: Mapping[str, Ids]
    lengths: Mapping[str, NDArray[np.int64]]
    slots: tuple[Slot, ...]

    if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
        __getattr__ = attributes_of("Features")

    def __len__(self) -> int:
        return len(self.dense)

    def __repr__(self) -> str:
        """Shapes, and for each slot of ids how many there are: arrays of millions are looked at one by one.

        >>> import featurecols as fc
        >>> fc.compile([fc.Numeric("x"), fc.Hashed("c", 4)]).encode({"x": [0.5, 0], "c": ["a", None]})
        Features of 2 rows
        dense float32 (2, 1)
        ids['c'] int32, one a row, of 4
        """
        lines = [
            f"Features of {len(self):,} row{'' if len(self) == 1 else 's'}",
            f"dense {self.dense.dtype} {self.dense.shape}",
        ]
        for slot in self.slots:
            if isinstance(slot, IdSlot):
                ids = self.ids[slot.name]
                many = "one a row" if ids.offsets is None else f"{ids.offsets[-1] - ids.offsets[0]:,} in lists"
                weights = "" if ids.weights is None else ", with weights"
                lines.append(f"ids[{slot.name!r}] {ids.values.dtype}, {many}, of {slot.num_buckets:,}{weights}")
        lines += [f"lengths[{name!r}] {steps.dtype}" for name, steps in self.lengths.items()]
        return "\n".join(lines)

    def slice(self, start: int, stop: int) -> Features:
        """Rows start:stop, without copying."""
        ids = {name: v.slice(start, stop) for name, v in self.ids.items()}
        return Features(self.dense[start:stop], ids, {k: v[start:stop] for k, v in self.lengths.items()}, self.slots)

    @staticmethod
    def concatenate(parts: list[Features]) -> Features:
        """Return the rows of all parts, which share their slots; at least one part."""
        first = parts[0]
        if len(parts) == 1:
            return first
        ids = {name: Ids.concatenate([p.ids[name] for p in parts]) for name in first.ids}
        lengths = {name: np.concatenate([p.lengths[name] for p in parts]) for name in first.lengths}
        return Features(concatenate([p.dense for p in parts]), ids, lengths, first.slots)

    @property
    def csr_width(self) -> int:
        """Columns of to_csr(): the dense part, then num_buckets of each id slot."""
        return self.dense.shape[1] + sum(s.num_buckets for s in self.slots if isinstance(s, IdSlot))

    def to_csr(self) -> csr.SparseRows:
        """Return all features as one sparse matrix [n, csr_width]: the dense part, then the ids of each slot in declared order.

        An id adds 1 or its weight; duplicates in a row are summed, and ids outside 0 ... num_buckets - 1 are left out.
        plan.encoded_feature_names are the names of the columns.

        Returns:
            (data float32, indices int32 or int64, indptr int64, shape), by name too; indices rise within a row.

        >>> import featurecols as fc
        >>> f = fc.compile([fc.Numeric("x"), fc.Hashed("c", 4)]).encode({"x": [0.5, 0], "c": ["a", None]})
        >>> f.to_csr()  # doctest: +NORMALIZE_WHITESPACE
        SparseRows(data=array([0.5, 1. ], dtype=float32), indices=array([0, 3], dtype=int32), indptr=array([0, 2, 2]),
                   shape=(2, 5))
        """
        single = [(self.ids[slot.name], slot.num_buckets) for slot in self.slots if isinstance(slot, IdSlot)]
        if self.dense.shape[1] <= _FEW_NUMBERS and all(ids.offsets is None and ids.weights is None for ids, _ in single):
            return csr.of_single_ids(self.dense, [(ids.values, num_buckets) for ids, num_buckets in single])
        rows, columns = np.nonzero(self.dense)
        blocks: list[csr.Entries] = [(rows, columns, self.dense[rows, columns])]
        base = self.dense.shape[1]
        for slot in self.slots:
            if isinstance(slot, IdSlot):
                ids, starts = self.ids[slot.name].elements()
                blocks.append(csr.entries(ids.values, starts, ids.weights, slot.num_buckets, base))
                base += slot.num_buckets
        return csr.join(blocks, len(self), base)

    def to_scipy(self) -> Any:
        """Return what to_csr returns as a scipy.sparse.csr_matrix.

        Raises:
            PlanError: where SciPy is not installed.
        """
        try:
            from scipy.sparse import csr_matrix
        except ImportError:
            hint = 'pip install "featurecols[sparse]", or use to_csr(), whose arrays any library takes'
            raise errors.PlanError(f"to_scipy: SciPy is not installed; {hint}") from None
        found = self.to_csr()
        return csr_matrix((found.data, found.indices, found.indptr), shape=found.shape)
