"""Examples of columns, what they give as comparable bits, and how laws change the way they are run."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa

import featurecols as fc
from featurecols import kernels
from featurecols.columns.base import Column
from featurecols.data import tables
from featurecols.plan.execution.program import Program
from featurecols.plan.execution.tuning import Tuning
from tests import formats
from tests.reference import Kind, Reference

Row = dict[str, Any]
assert kernels.texts  # small batches run on the kernels too, from here on
WIDEST = 4096  # a categorical column with more buckets is not tried as an indicator


@dataclasses.dataclass(frozen=True)
class Wrong:
    """A call that must fail when the column is made; `says` are parts of the message, the bad value among them."""

    make: Callable[[], Any]
    says: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Bad:
    """Data that must be refused; `says` are parts of the message, `row` is the first bad row.

    encodes: only transform refuses it, because encode gives ids as they are.
    """

    data: Any
    says: tuple[str, ...]
    row: int | None = 0
    encodes: bool = False


@dataclasses.dataclass(frozen=True)
class Example:
    """Columns of one kind and rows for them.

    columns: the first one is the one under test, all are outputs.
    rows: dicts of Python values; every key in every row, one type a key.
    expect: literal answers: the matrix, or a list of ids (or lists of ids) for a categorical first column.
    train: rows to learn from (rows, when anything is learned).
    kinds: the references of kinds that are not the package's own, by class of column.
    changes: for arguments of the first column, another value; every argument must be in some Example of the kind.
    """

    name: str
    columns: list[Any]
    rows: list[Row]
    expect: Any = None
    train: list[Row] | None = None
    schema: pa.Schema | None = None
    kinds: dict[type, type[Kind]] = dataclasses.field(default_factory=dict)
    changes: dict[str, Any] = dataclasses.field(default_factory=dict)
    wrong: list[Wrong] = dataclasses.field(default_factory=list)
    bad: list[Bad] = dataclasses.field(default_factory=list)

    def __str__(self) -> str:
        return self.name

    @property
    def column(self) -> Any:
        return self.columns[0]

    def dense(self) -> list[Any]:
        """The columns as dense outputs; wide categorical ones are left out."""
        return list(self._dense)

    @functools.cached_property
    def _dense(self) -> list[Any]:
        found = []
        for c in self.columns:
            if not c.categorical:
                found.append(c)
            elif self.reference().of(c).num_buckets() <= WIDEST:
                found.append(fc.Indicator(c))
        return found

    def learns(self) -> bool:
        return any(c.num_passes() for column in self.columns for c in walk(column))

    def table(self) -> pa.Table:
        return formats.table_of(self.rows, self.schema)

    def reference(self) -> Reference:
        found = Reference(self.train or self.rows, self.rows, kinds=self.kinds)
        found.columns = tuple(self.columns)
        shapes = [found.of(c).tables() for column in self.columns for c in walk(column)]
        found.tables = {name: _numbers(name, shape) for tables in shapes for name, shape in tables.items()}
        return found

    @functools.cached_property
    def plans(self) -> tuple[Any, Any]:
        """What encodes the columns, and what transforms them where any is dense: made once, as laws leave them as they are."""
        return self.plan(), self.plan(self.dense()) if self.dense() else None

    def plan(self, columns: list[Any] | None = None, train: Any = None) -> Any:
        """A plan of the columns; from `train` it learns the types of fields too, also where columns learn nothing."""
        columns = self.columns if columns is None else columns
        if train is None and self.learns():
            train = formats.table_of(self.train or self.rows, self.schema)
        plan = fc.compile(columns) if train is None else fc.fit(columns, train)
        return plan.with_tables(self.reference().tables) if plan.tables else plan


def walk(column: Any) -> Iterator[Any]:
    """A column and every column that it reads."""
    yield column
    for name in column.reads:
        value = getattr(column, name)
        for source in value if isinstance(value, tuple) else (value,):
            if isinstance(source, Column):
                yield from walk(source)


def _numbers(name: str, shape: tuple[int, int]) -> np.ndarray:
    """A table of numbers that round in float32, the same for every run."""
    return np.random.default_rng(list(name.encode())).normal(size=shape).astype(np.float32)


# ------------------------------------------------------------------------------------------------ comparing


class Results:
    """The plans of an Example, or others that learn from `train`, and what they give, as bits."""

    def __init__(self, example: Example, train: Any = None) -> None:
        self.example = example
        self.encoder, self.dense = example.plans if train is None else (example.plan(train=train), None)
        if train is not None and example.dense():
            self.dense = example.plan(example.dense(), train)

    def of(self, data: Callable[[], Any], threads: int | None = None) -> dict[str, Any]:
        """Everything that transform and encode give for data() (called once for each: a reader reads once)."""
        return {**self.transformed(data, threads), **self.encoded(data, threads)}

    def transformed(self, data: Callable[[], Any], threads: int | None = None) -> dict[str, Any]:
        return {} if self.dense is None else {"matrix": bits(self.dense.transform(data(), threads=threads))}

    def encoded(self, data: Callable[[], Any], threads: int | None = None) -> dict[str, Any]:
        return features_bits(self.encoder.encode(data(), threads=threads))


def features_bits(features: Any) -> dict[str, Any]:
    """Features as comparable bits."""
    found = {"dense": bits(features.dense), **{f"lengths {k}": bits(v) for k, v in features.lengths.items()}}
    for name, ids in features.ids.items():
        plain = ids.compact()
        found[f"ids {name}"] = bits(plain.values)
        found[f"offsets {name}"] = None if plain.offsets is None else bits(plain.offsets)
        found[f"weights {name}"] = None if plain.weights is None else bits(plain.weights)
    return found


def bits(array: np.ndarray) -> tuple[str, tuple[int, ...], bytes]:
    """Type, shape and bits. Every NaN counts as one: which NaN a float64 becomes is up to the processor."""
    if array.dtype.kind == "f" and (missing := np.isnan(array)).any():
        array = np.where(missing, np.array(np.nan, array.dtype), array)
    return str(array.dtype), array.shape, np.ascontiguousarray(array).tobytes()


def same(expected: dict[str, Any], got: dict[str, Any], where: str) -> None:
    """Assert equal bits, and show the first difference as numbers."""
    assert expected.keys() == got.keys(), where
    for key, want in expected.items():
        if want != got[key]:
            shown = [v if v is None else np.frombuffer(v[2], v[0]).reshape(v[1]) for v in (want, got[key])]
            raise AssertionError(f"{where}: {key} differs\nexpected {shown[0]!r}\ngot      {shown[1]!r}")


@contextmanager
def blocks_of(rows: int) -> Iterator[None]:
    """Blocks of so many rows, and every chunk a batch of its own, however short."""
    before = Program.tuning, tables._SMALL
    Program.tuning, tables._SMALL = Tuning.of_blocks(rows), 1
    try:
        yield
    finally:
        Program.tuning, tables._SMALL = before


@contextmanager
def without_kernels() -> Iterator[None]:
    """As in a process that has compiled nothing yet: small batches take the row path."""
    before = kernels.loaded
    kernels.loaded = lambda: False
    try:
        yield
    finally:
        kernels.loaded = before


def tiled(rows: list[Row], at_least: int = 40) -> list[Row]:
    """The rows again and again, so that blocks, chunks and bitmaps have something to split."""
    return [row for _ in range(-(-at_least // max(len(rows), 1))) for row in rows]
