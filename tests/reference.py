"""What every column means, one row at a time in plain Python. Independent: nothing comes from the package.

Columns are read by their public arguments only. Ids are lists; a float is what a C double holds. docs/ids.md is the
same in words; tests/hashes.py holds the hashes, tests/ids_golden.json values made by both.
"""

from __future__ import annotations

import itertools
import math
import statistics
import struct
from collections import Counter
from fractions import Fraction
from typing import Any, NamedTuple

import mmh3

from tests.hashes import CROSS_SEED as CROSS_SEED
from tests.hashes import M64, bucket_of, cross_of, farmhash64
from tests.hashes import combine as combine
from tests.hashes import murmur3 as murmur3

Row = dict[str, Any]


class RowIds(NamedTuple):
    """Ids of one row, their weights, and whether the field holds lists."""

    ids: list[int]
    weights: list[float] | None = None
    many: bool = False


# ------------------------------------------------------------------------------------------------ values


def float32(x: float) -> float:
    """x rounded to the nearest float32, ties to even; overflow is inf."""
    try:
        return float(struct.unpack("<f", struct.pack("<f", x))[0])
    except OverflowError:
        return math.copysign(math.inf, x)


def canonical(value: Any) -> bytes:
    """Canonical bytes of a category."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, str):
        return value.encode("utf-8")
    if isinstance(value, (bool, int)):
        return str(int(value)).encode("ascii")
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value)).encode("ascii")
    raise ValueError(f"{value!r} is no category")


def is_missing(value: Any, markers: tuple[Any, ...] = ()) -> bool:
    """None, NaN, or equal to a marker: as numbers, or by canonical bytes."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return True
    return any(_equal(value, marker) for marker in markers)


def _equal(a: Any, b: Any) -> bool:
    if isinstance(a, (int, float)) and isinstance(b, (int, float)):
        return a == b
    try:
        return canonical(a) == canonical(b)
    except ValueError:
        return False


# ------------------------------------------------------------------------------------------------ learning, exactly


def top_terms(values: list[Any], n: int, min_count: int = 1) -> list[bytes]:
    """The n most frequent canonical texts, ties by bytes ascending."""
    counts = Counter(canonical(v) for v in values)
    ranked = sorted((-c, t) for t, c in counts.items() if c >= min_count)
    return [t for _, t in ranked[:n]]


def mean(values: list[float]) -> float:
    """Exact, then rounded once."""
    return float(statistics.mean(map(Fraction, values)))


def std(values: list[float]) -> float:
    """Population standard deviation: exact, then rounded once."""
    return statistics.pstdev(values)


def median(values: list[float]) -> float:
    """The lower median."""
    return sorted(values)[(len(values) - 1) // 2]


def quantiles(values: list[float], n: int) -> tuple[float, ...]:
    """The values at places i * N // n of the sorted ones, for i from 1 to n - 1: distinct, and above the least."""
    ranked = sorted(values)
    return tuple(sorted({ranked[i * len(ranked) // n] for i in range(1, n)} - {ranked[0]}))


# ------------------------------------------------------------------------------------------------ arithmetic of a value


def bucket(x: float, boundaries: tuple[float, ...]) -> int:
    """How many boundaries are <= x."""
    return sum(b <= x for b in boundaries)


def log1p(x: float) -> float:
    return math.log1p(x) if x > -1 else (-math.inf if x == -1 else math.nan)


def normalize(x: float, step: Any, given: dict[str, float]) -> float:
    """One normalizer over one value; `given` holds what was learned or declared."""
    kind = type(step).__name__
    if math.isnan(x):
        return x
    if kind == "ZScore":
        return 0.0 if given["std"] == 0 else (x - given["mean"]) / given["std"]
    if kind == "MinMax":
        return 0.0 if given["max"] == given["min"] else (x - given["min"]) / (given["max"] - given["min"])
    if kind == "Log1p":
        return log1p(x)
    return step.min if x < step.min else step.max if x > step.max else x


def pool(ids: list[int], weights: list[float] | None, table: Any, combiner: str, max_norm: float | None) -> list[float]:
    """Combined rows of an embedding table; float64 in order, rounded to float32 at the end."""
    width = len(table[0])
    total, weight_sum, square_sum = [0.0] * width, 0.0, 0.0
    for i, w in zip(ids, weights or [1.0] * len(ids), strict=True):
        if i < 0 or (combiner in ("mean", "sqrtn") and not w > 0):
            continue
        cells = [float(c) for c in table[i]]
        if max_norm is not None:
            square = 0.0
            for c in cells:
                square += c * c
            norm = math.sqrt(square)
            cells = [c * (max_norm / norm) for c in cells] if norm > max_norm else cells
        for j in range(width):
            total[j] += w * cells[j]
        weight_sum, square_sum = weight_sum + w, square_sum + w * w
    divisor = {"sum": 1.0, "mean": weight_sum, "sqrtn": math.sqrt(square_sum)}[combiner.removesuffix("_all")]
    return [float32(t / divisor) if divisor else 0.0 for t in total]


def default_dimension(num_buckets: int) -> int:
    """The fourth root, rounded up, without floating point."""
    return next(d for d in itertools.count(1) if d**4 >= num_buckets)


# ------------------------------------------------------------------------------------------------ columns


class Reference:
    """Evaluates columns over rows. `train` is what learned arguments learn from; `tables` replace embedding tables.

    A field holds lists when any of its values (in train or rows) is a list; its nulls are then empty lists.
    """

    def __init__(self, train: list[Row], rows: list[Row], tables: dict[str, Any] | None = None) -> None:
        self.train, self.rows, self.tables = train, rows, tables or {}
        everything = [*train, *rows]
        self.lists = {k for row in everything for k, v in row.items() if isinstance(v, (list, tuple))}

    # -------------------------------------------------------------------------------------------- fields

    def raw(self, field: Any, row: Row) -> Any:
        """A value with None where it is missing; a list where the field holds lists."""

        def one(v: Any) -> Any:
            if isinstance(v, (list, tuple)):
                return [one(e) for e in v]
            return None if is_missing(v, field.missing) else v

        value = row.get(field.key)
        return [] if value is None and field.key in self.lists else one(value)

    def present(self, field: Any) -> list[Any]:
        """Every present value of a field over the training rows."""
        return [v for row in self.train for v in _leaves(self.raw(field, row)) if v is not None]

    # -------------------------------------------------------------------------------------------- numbers

    def number(self, column: Any, x: float | None, element: int, stop: int | None = None) -> float:
        """One element through default and normalizers; `stop` leaves out the later normalizers."""
        num_passes = float32 if column.dtype == "float32" else float
        if x is None:
            x = self.default(column, element)
            if x is None:
                raise ValueError(f"{column.name}: missing without default")
        x = num_passes(float(x))
        for i, step in enumerate(column.normalizer[:stop]):
            x = normalize(x, step, self.given(column, i))
        return x

    def default(self, column: Any, element: int) -> float | None:
        kind = type(column.default).__name__
        if kind in ("Mean", "Median"):
            num_passes = float32 if column.dtype == "float32" else float
            values = [num_passes(float(v)) for v in self.present(column.key)]
            return mean(values) if kind == "Mean" else median(values)
        if isinstance(column.default, tuple):
            return float(_leaves(column.default)[element])
        return column.default

    def given(self, column: Any, i: int) -> dict[str, float]:
        """What normalizer i was given, or learns from the present values that the normalizers before it let through."""
        step = column.normalizer[i]
        kind = type(step).__name__
        names = {"ZScore": ("mean", "std"), "MinMax": ("min", "max")}.get(kind, ())
        if not names or getattr(step, names[0]) is not None:
            return {n: getattr(step, n) for n in names}
        seen = [self.number(column, v, 0, i) for v in self.present(column.key)]
        return {"mean": mean(seen), "std": std(seen)} if kind == "ZScore" else {"min": min(seen), "max": max(seen)}

    def numbers(self, column: Any, row: Row) -> list[float]:
        """A Numeric's cells in full precision: as many as its shape holds."""
        width = math.prod(column.shape)
        value = self.raw(column.key, row)
        flat = _leaves(value) if value not in (None, []) else [None] * width
        if len(flat) != width:
            raise ValueError(f"{column.name}: {len(flat)} values")
        return [self.number(column, x, j) for j, x in enumerate(flat)]

    # -------------------------------------------------------------------------------------------- ids

    def ids(self, column: Any, row: Row) -> RowIds:
        return getattr(self, f"_{type(column).__name__.lower()}")(column, row)

    def _map(self, field: Any, row: Row, one: Any) -> RowIds:
        value = self.raw(field, row)
        many = isinstance(value, list)
        return RowIds([-1 if v is None else one(v) for v in (value if many else [value])], None, many)

    def _hashed(self, c: Any, row: Row) -> RowIds:
        return self._map(c.key, row, lambda v: bucket_of(canonical(v), c.num_buckets, c.hash, c.seed))

    def terms(self, c: Any) -> list[bytes]:
        if type(c.terms).__name__ == "TopTerms":
            return top_terms(self.present(c.key), c.terms.n, c.terms.min_count)
        return [canonical(t) for t in c.terms]

    def _vocabulary(self, c: Any, row: Row) -> RowIds:
        terms = self.terms(c)

        def one(v: Any) -> int:
            text = canonical(v)
            if text in terms:
                return terms.index(text)
            if c.num_oov_buckets:
                return len(terms) + bucket_of(text, c.num_oov_buckets, c.hash, c.seed)
            return -1 if c.unseen is None else c.unseen

        return self._map(c.key, row, one)

    def _identity(self, c: Any, row: Row) -> RowIds:
        def one(v: Any) -> int:
            if v != int(v):
                raise ValueError(f"{c.name}: {v} is no integer")
            if 0 <= v < c.num_buckets or c.out_of_range == "keep":
                return int(v)
            if c.out_of_range == "error":
                raise ValueError(f"{c.name}: {v} is out of range")
            return -1 if c.out_of_range == "drop" else c.out_of_range

        return self._map(c.key, row, one)

    def _bucketized(self, c: Any, row: Row) -> RowIds:
        is_field = not hasattr(c.source, "normalizer")
        num_passes = float if is_field or c.source.dtype == "float64" else float32
        cuts = tuple(num_passes(float(b)) for b in self.boundaries(c))
        stride = max(len(cuts), -1 if c.missing_bucket is None else c.missing_bucket) + 1

        def one(x: float | None, j: int) -> int:
            if x is not None and not math.isnan(x):
                return bucket(x, cuts) + stride * j
            return -1 if c.missing_bucket is None else c.missing_bucket + stride * j

        if is_field:
            value = self.raw(c.source, row)
            many = isinstance(value, list)
            return RowIds([one(x, 0) for x in (value if many else [value])], None, many)
        return RowIds([one(x, j) for j, x in enumerate(self.numbers(c.source, row))], None, bool(c.source.shape))

    def boundaries(self, c: Any) -> tuple[float, ...]:
        if type(c.boundaries).__name__ != "Quantiles":
            return tuple(c.boundaries)
        if hasattr(c.source, "normalizer"):
            seen = [x for row in self.train for x in self.numbers(c.source, row) if not math.isnan(x)]
        else:
            seen = [float(v) for v in self.present(c.source)]
        return quantiles(seen, c.boundaries.n)

    def _crossed(self, c: Any, row: Row) -> RowIds:
        many, parts = False, []
        for source in c.sources:
            if type(source).__name__ != "Field":
                got = self.ids(source, row)
                many, part = many or got.many, [None if i < 0 else i for i in got.ids]
            else:
                value = self.raw(source, row)
                many = many or isinstance(value, list)
                part = [None if v is None else _part(v, c.hash) for v in (value if isinstance(value, list) else [value])]
            parts.append(part)
        combos = itertools.product(*parts)
        return RowIds([cross_of(list(p), c.num_buckets, c.hash, c.seed, c.keep_unseen) for p in combos], None, many)

    def _weighted(self, c: Any, row: Row) -> RowIds:
        got, weights = self.ids(c.source, row), _leaves(self.raw(c.weight, row))
        if len(weights) != len(got.ids):
            raise ValueError(f"{c.name}: {len(weights)} weights for {len(got.ids)} ids")
        if c.default is None and any(w is None and i >= 0 for i, w in zip(got.ids, weights, strict=True)):
            raise ValueError(f"{c.name}: a weight is missing")
        return got._replace(weights=[float32(float((c.default or 0) if w is None else w)) for w in weights])

    # -------------------------------------------------------------------------------------------- dense cells

    def num_buckets(self, c: Any) -> int:
        kind = type(c).__name__
        if kind == "Weighted":
            return self.num_buckets(c.source)
        if kind == "Vocabulary":
            return max(len(self.terms(c)) + c.num_oov_buckets, 0 if c.unseen is None else c.unseen + 1)
        if kind == "Bucketized":
            own = -1 if c.missing_bucket is None else c.missing_bucket
            return (max(len(self.boundaries(c)), own) + 1) * math.prod(getattr(c.source, "shape", ()))
        return c.num_buckets

    def width(self, c: Any) -> int:
        kind = type(c).__name__
        if kind == "Numeric":
            return math.prod(c.shape)
        if kind == "Indicator":
            return self.num_buckets(c.source)
        if kind == "Embedding":
            return c.dimension or default_dimension(self.num_buckets(c.source))
        return c.max_length * self.width(c.source)

    def cells(self, c: Any, row: Row) -> list[float]:
        """The float32 cells that a dense column writes."""
        kind = type(c).__name__
        if kind == "Numeric":
            return [float32(x) for x in self.numbers(c, row)]
        if kind == "Sequence":
            return self._steps(c, row)
        got = self.ids(c.source, row)
        return self._combined(c, got)

    def _combined(self, c: Any, got: RowIds) -> list[float]:
        if type(c).__name__ == "Embedding":
            return pool(got.ids, got.weights, self.tables[c.table or c.name], c.combiner, c.max_norm)
        out = [0.0] * self.num_buckets(c.source)
        for i, w in zip(got.ids, got.weights or [1.0] * len(got.ids), strict=True):
            if 0 <= i < len(out):
                out[i] = float32(out[i] + w)
        return out

    def _steps(self, c: Any, row: Row) -> list[float]:
        inner = c.source
        if type(inner).__name__ == "Numeric":
            width = math.prod(inner.shape)
            leaves = [_leaves(step or [None] * width if inner.shape else step) for step in self.raw(inner.key, row) or ()]
            steps = [[float32(self.number(inner, x, j)) for j, x in enumerate(step)] for step in leaves]
        else:
            got = self.ids(inner.source, row)
            got = got if got.many else RowIds([])  # one missing value: nothing says that the field holds lists
            weights = got.weights or [None] * len(got.ids)
            steps = [
                self._combined(inner, RowIds([i], None if w is None else [w])) for i, w in zip(got.ids, weights, strict=True)
            ]
        kept = self.kept(c, len(steps))
        flat = [cell for step in steps[kept] for cell in step]
        return flat + [0.0] * (self.width(c) - len(flat))

    def kept(self, c: Any, length: int) -> slice:
        """Which steps of a list survive."""
        return slice(max(0, length - c.max_length), length) if c.keep == "last" else slice(0, c.max_length)

    def matrix(self, columns: Any) -> list[list[float]]:
        return [[cell for c in columns for cell in self.cells(c, row)] for row in self.rows]


def _part(value: Any, hash: str) -> int:
    """What a raw value brings into a cross."""
    if hash == "murmur3":
        return mmh3.hash(canonical(value), 0, signed=False)
    if isinstance(value, (str, bytes)):
        return farmhash64(canonical(value))
    return int(value) & M64


def _leaves(value: Any) -> list[Any]:
    """Every scalar inside nested lists, in order; a scalar is its own only leaf."""
    if not isinstance(value, (list, tuple)):
        return [value]
    return [leaf for v in value for leaf in _leaves(v)]
