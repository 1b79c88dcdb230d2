"""EmbeddingBag: the pooled table rows that a row's ids name."""

from __future__ import annotations

from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array, Ids
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import IndexedSlices, Value
from featurecols.models.autodiff.variables import Scope, Variables
from featurecols.models.layers.base import Layer, require_positive

COMBINERS = ("sum", "mean", "sqrtn")


@frozen
class EmbeddingBag(Layer):
    """Ids -> [n, dimension]: the sum, mean or sqrt(n)-mean of table rows; a row without ids gives zeros.

    mean divides by the sum of the weights, sqrtn by the root of the sum of their squares; both leave out weights that
    are not above 0. The gradient touches only the rows that were read. The table starts normal, standard deviation
    1 / sqrt(dimension), split at two deviations.

    Args:
        num_buckets: rows of the table.
        dimension: columns of the table.
        combiner: "sum", "mean" or "sqrtn".
        max_norm: a longer row is scaled down to this length when it is read; None leaves rows alone.
    """

    reads: ClassVar[type | None] = Ids

    num_buckets: int
    dimension: int
    combiner: str = field(default="mean", kw_only=True)
    max_norm: float | None = field(default=None, kw_only=True)

    def check(self) -> None:
        super().check()
        require_positive("EmbeddingBag", "num_buckets", self.num_buckets)
        require_positive("EmbeddingBag", "dimension", self.dimension)
        check_combiner("EmbeddingBag", self.combiner)
        if self.max_norm is not None and not self.max_norm > 0:
            raise errors.argument("EmbeddingBag", "max_norm must be above 0", self.max_norm, "leave it out for no bound")

    def forward(self, scope: Scope, x: Ids) -> Value:
        table = scope.parameter("table", (self.num_buckets, self.dimension), truncated_normal)
        return bag(scope.variables, x, table, self.combiner, self.max_norm)


def bag(variables: Variables, ids: Ids, table: Value, combiner: str, max_norm: float | None = None) -> Value:
    """Return rows of the table pooled by ids; its gradient is IndexedSlices."""
    ids = _as_kernels_read(ids.compact())
    how, bound = COMBINERS.index(combiner), max_norm or 0.0
    out = np.zeros((len(ids), table.shape[1]), table.array.dtype)
    bags = ids.values, ids.offsets, ids.weights, table.array, how, bound
    bad = kernels.embedding_bag.pool(*bags, out)
    if bad >= 0:
        raise out_of_table(table, int(ids.values[bad]))

    def backward(d: Array) -> tuple[IndexedSlices]:
        touched, positions = np.empty(len(ids.values) + 2, np.int64), np.empty(len(ids.values), np.int32)
        marks = variables.scratch.of(table.shape[0])
        count = kernels.touched_rows.index_list(ids.values, 0, table.shape[0], marks, touched, positions, 1)
        kernels.touched_rows.clear(marks, touched, count)
        rows = np.zeros((count, table.shape[1]), table.array.dtype)
        d = np.ascontiguousarray(d)
        kernels.embedding_bag.add_pool_gradient(*bags, d, positions, rows)
        return (IndexedSlices(touched[1:count], rows[1:], table.shape),)

    return Value(out, (table,), backward)


def _as_kernels_read(ids: Ids) -> Ids:
    """Return ids of int32 or int64, offsets of int64 and weights of float32, side by side in memory."""
    values = np.ascontiguousarray(ids.values, ids.values.dtype if ids.values.itemsize in (4, 8) else np.int64)
    offsets = None if ids.offsets is None else np.ascontiguousarray(ids.offsets, np.int64)
    return Ids(values, offsets, None if ids.weights is None else np.ascontiguousarray(ids.weights, np.float32))


def out_of_table(table: Value, id_: int) -> errors.ModelError:
    """Return the error of an id that is past the table."""
    return errors.model(
        table.name or "table", f"an id must be below {table.shape[0]}", id_, "raise num_buckets or mend the ids"
    )


def check_combiner(subject: str, combiner: object) -> None:
    """Raise ColumnError for a combiner that is not known."""
    if combiner not in COMBINERS:
        raise errors.argument(subject, "unknown combiner", combiner, f"known are {', '.join(COMBINERS)}")


def truncated_normal(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return normal numbers of deviation 1/sqrt(dimension); what falls beyond two deviations is drawn again."""
    x = random.standard_normal(shape)
    while (far := np.abs(x) > 2).any():
        x[far] = random.standard_normal(int(far.sum()))
    return np.asarray(x / np.sqrt(shape[-1]))
