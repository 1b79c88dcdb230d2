"""Embedding: ids as rows of a table, combined."""

from __future__ import annotations

import math
from collections.abc import Callable, MutableSequence
from dataclasses import field
from typing import Any, Literal, get_args

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.expressions import Expression, TableRow, as_ids
from featurecols._core.slots import IdSlot, Slot
from featurecols._core.spec import Converted, frozen, named
from featurecols._core.values import number
from featurecols.columns._categorical import categorical_bound, check_categorical
from featurecols.columns._embedding_tables import Table
from featurecols.columns._piecewise import PiecewiseBound, PiecewiseEmbeddingBound, flat_start
from featurecols.columns.base import Column, Field, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, DenseBound
from featurecols.columns.initializers import Initializer, TruncatedNormal

Combiner = Literal["sum", "mean", "sqrtn", "mean_all", "sqrtn_all"]
COMBINERS: tuple[Combiner, ...] = get_args(Combiner)  # in the order of the kernel's codes


@frozen
class Embedding(Column):
    """The table rows of the ids of `source`, combined into one vector a row.

    Missing: adds nothing; a row without ids is zeros.
    Unseen: as the source says; what an Identity keeps out of range is skipped.
    Learns: nothing from data; its table starts from `initializer` and a model trains it (plan.with_tables).

    With rows e_i, weights w_i (1 where there are none), in order and in float64: sum = S w_i e_i; mean = sum / S w_i;
    sqrtn = sum / sqrt(S w_i^2). mean and sqrtn leave out weights that are not above 0, as TensorFlow's
    safe lookup does; mean_all and sqrtn_all take all weights, and give 0 where the divisor is 0.

    Of a Piecewise with k boundaries, the table has k + 1 rows: one for each of the k - 1 intervals, a slope and a bias. A
    number in interval t, of which it has passed the fraction e, and z of the whole range from b[0] to b[k - 1], gives, in
    float64 and in this order, bias + row 0 + ... + row t - 1 + e * row t + z * slope: a curve in `dimension` dimensions with a
    bend at each boundary. e and z are rounded to float32, as weights are. A missing number gives zeros. The table starts as a
    straight line: rows of zeros; `initializer` makes slope and bias. Only the combiner "sum" fits, and no max_norm.

    Args:
        source: a categorical column, the table then has num_buckets rows; or a Piecewise.
        dimension: length of a vector; None is the fourth root of num_buckets, rounded up.
        combiner: "mean", "sum", "sqrtn", "mean_all" or "sqrtn_all"; None is "mean", of a Piecewise "sum".
        max_norm: rows whose L2 norm is larger are scaled down to it, before weights.
        table: a name; columns that give the same one share one table. None is the column's own name.
        initializer: how the table starts; TruncatedNormal() by default.
        seed: of the initializer.

    Raises:
        ColumnError: for a wrong argument. PlanError: when columns share a table but not its shape.
        DataError: in use, as the source.

    >>> import featurecols as fc
    >>> e = fc.Embedding(fc.Identity("city", 3), 2, table="cities", combiner="sum")
    >>> plan = fc.compile([e]).with_tables({"cities": [[1, 2], [3, 4], [5, 6]]})
    >>> plan.transform({"city": [[0, 2], []]})
    array([[6., 8.],
           [0., 0.]], dtype=float32)
    """

    source: Column
    dimension: int | None = None
    combiner: Converted[Combiner | None, Combiner] = field(default=None, kw_only=True)  # type: ignore[arg-type]
    max_norm: float | None = field(default=None, kw_only=True)
    table: str | None = field(default=None, kw_only=True)
    initializer: Initializer = field(default=TruncatedNormal(), kw_only=True)
    seed: int = field(default=0, kw_only=True)

    def derived_name(self) -> str:
        return f"{self.source.name}_embedding"

    def default_of(self, name: str) -> Any:
        return self._default_combiner() if name == "combiner" else super().default_of(name)

    def _default_combiner(self) -> Combiner:
        return "sum" if self.source.embeds else "mean"

    @property
    def steps(self) -> bool:
        return not self.source.embeds

    def check(self) -> None:
        if not isinstance(self.source, Column) or not self.source.embeds:
            check_categorical(self.source, "Embedding")
        if self.combiner is None:
            object.__setattr__(self, "combiner", self._default_combiner())
            self._seal()
        subject = f"Embedding {self.source.name}"
        if self.dimension is not None and (type(self.dimension) is not int or not 1 <= self.dimension <= 2**20):
            raise errors.argument(
                subject, "dimension must be a positive integer", self.dimension, "None is the fourth root of the ids"
            )
        if self.combiner not in COMBINERS:
            raise errors.argument(
                subject, "combiner must be one of " + ", ".join(COMBINERS), self.combiner, "mean is the default"
            )
        norm = self.max_norm
        if norm is not None:
            if number(norm) is None or not 0 < norm < math.inf:
                raise errors.argument(
                    subject, "max_norm must be a positive number", norm, "leave it out to keep the rows as they are"
                )
            object.__setattr__(self, "max_norm", float(norm))
        if self.table is not None and (not isinstance(self.table, str) or not self.table):
            raise errors.argument(
                subject, "table must be a non-empty string", self.table, "leave it out for a table of its own"
            )
        object.__setattr__(self, "initializer", named(self.initializer, Initializer))
        if not isinstance(self.initializer, Initializer):
            raise errors.argument(
                subject,
                "initializer must be an Initializer",
                self.initializer,
                "give TruncatedNormal(), Uniform(...) or Zeros()",
            )
        if self.source.embeds and (self.combiner != "sum" or norm is not None):
            got = self.combiner if norm is None else norm
            what = "adds up rows of a Piecewise as they are"
            raise errors.argument(subject, what, got, 'leave out max_norm, and combiner, which is "sum"')
        if type(self.seed) is not int or not 0 <= self.seed < 2**63:
            raise errors.argument(subject, "seed must be an integer from 0", self.seed, "0 is the default")

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> EmbeddingBound | PiecewiseEmbeddingBound:
        if isinstance(inputs[0], PiecewiseBound):
            return self._over_intervals(learned, inputs[0])
        source = categorical_bound(inputs[0])
        dimension = self.dimension or default_dimension(source.num_buckets)
        name, shape = self.table or self.name, (source.num_buckets, dimension)
        table = learned.tables.table(name, shape, self.initializer, self.seed, self.name)
        return EmbeddingBound(self, source, table)

    def _over_intervals(self, learned: LearnedSlots, source: PiecewiseBound) -> PiecewiseEmbeddingBound:
        name, rows = self.table or self.name, source.num_buckets
        shape, start = (rows, self.dimension or default_dimension(rows)), flat_start(self.initializer)
        return PiecewiseEmbeddingBound(self, learned.tables.table(name, shape, start, self.seed, self.name))


def default_dimension(num_buckets: int) -> int:
    """Return the smallest d with d**4 >= num_buckets, at least 1."""
    d = max(1, round(num_buckets**0.25))
    while d**4 < num_buckets:
        d += 1
    while d > 1 and (d - 1) ** 4 >= num_buckets:
        d -= 1
    return d


class EmbeddingBound(DenseBound):
    """An Embedding column with what it needs to run."""

    column: Embedding

    def __init__(self, column: Embedding, source: CategoricalBound, table: Table) -> None:
        self.column, self.ids_from, self.table = column, source, table
        self.shape, self._bounded = (table.shape[1],), source.bounded
        self.max_norm = 0.0 if column.max_norm is None else column.max_norm
        self.combiner = COMBINERS.index(column.combiner)

    def write(self, ids: Ids, *, out: Array) -> None:
        values = ids.values
        if not self._bounded:  # what lies outside is skipped
            values = np.where(values < self.table.shape[0], values, -1)
        bad = kernels.embedding_bag.pool(values, ids.offsets, ids.weights, self.table.array, self.combiner, self.max_norm, out)
        if bad >= 0:
            row = bad if ids.offsets is None else int(np.searchsorted(ids.offsets, bad, side="right")) - 1
            raise self._past(row, int(ids.values[bad]))

    def _past(self, row: int | None, got: int) -> errors.DataError:
        hint = "bound the ids of its source (out_of_range, unseen)"
        return errors.bad_value(self.column.name, None, row, f"id past the table of {self.table.shape[0]} rows", got, hint)

    def write_row(self, out: MutableSequence[float], at: int, ids: Any) -> None:
        if type(ids) is int and not self.max_norm and ids < self.table.shape[0]:
            if ids >= 0:  # every combiner gives the row itself
                for d, v in enumerate(self.table.array[ids].tolist(), at):
                    out[d] = v + 0.0  # -0.0 is 0.0, as in a sum
            return
        found, weights = ids if isinstance(ids, tuple) else (ids if isinstance(ids, list) else [ids], None)
        width = self.shape[0]
        sums, total = [0.0] * width, 0.0
        positive, squared = self.column.combiner in ("mean", "sqrtn"), self.column.combiner.startswith("sqrtn")
        for k, i in enumerate(found):
            w = 1.0 if weights is None else weights[k]
            if i < 0 or (positive and not w > 0):
                continue
            if i >= self.table.shape[0]:
                if not self._bounded:
                    continue
                raise self._past(None, i)
            total += w * w if squared else w
            vector = self.table.array[i].tolist()
            scale = self._scale(vector)
            for d in range(width):
                sums[d] += w * (vector[d] * scale)
        if self.combiner:
            divisor = math.sqrt(total) if squared else total
            sums = [s / divisor for s in sums] if divisor else [0.0] * width
        for d, s in enumerate(sums):
            out[at + d] = s

    def _scale(self, vector: list[float]) -> float:
        if not self.max_norm:
            return 1.0
        squares = 0.0
        for v in vector:
            squares += v * v
        norm = math.sqrt(squares)
        return self.max_norm / norm if norm > self.max_norm else 1.0

    def expression(self, *inputs: Expression) -> Expression:
        return TableRow(as_ids(inputs[0]), self.table.name, self.table.array, self.column.combiner, self.max_norm)

    @property
    def id_source(self) -> Callable[..., Ids]:
        return _same

    def slot(self, at: int) -> Slot:
        (rows, dimension), c = self.table.shape, self.column
        return IdSlot(c.name, rows, self.table.name, dimension, c.combiner, c.max_norm)


def _same(ids: Ids) -> Ids:
    return ids
