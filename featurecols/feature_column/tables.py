"""First tables of embedding columns: from an initializer, or from a checkpoint."""

from __future__ import annotations

import os

import numpy as np

from featurecols._core.arrays import Array
from featurecols.feature_column import base, dense, errors
from featurecols.feature_column.initializers import call_initializer
from featurecols.feature_column.tensors import numpy_of
from featurecols.tf.checkpoint.reader import Checkpoint

EmbeddingColumn = dense.EmbeddingColumn | dense.SharedEmbeddingColumn


def shared_table(column: EmbeddingColumn) -> dense.SharedTable | None:
    """Return the table that a column shares with others; None for one with a table of its own."""
    return column.shared_embedding_column_creator if isinstance(column, dense.SharedEmbeddingColumn) else None


def table_name(column: EmbeddingColumn) -> str:
    """Return the name of a column's table: that of the column, or of the table that it shares."""
    shared = shared_table(column)
    return column.name if shared is None else shared.name


def first_table(column: EmbeddingColumn) -> Array:
    """Return the first table of an embedding column, float32; columns that share one get the same array.

    Raises:
        ColumnError: (a ValueError) an initializer that gives another shape; a checkpoint without the tensor, or with one of
        another shape. NotFoundError: no checkpoint. InvalidArgumentError: its tensor is not float32. TypeError: a size that
        is not an int.
    """
    if isinstance(column, dense.EmbeddingColumn):
        return _make(column, (base.num_buckets_of(column.categorical_column), column.dimension))
    shared = column.shared_embedding_column_creator
    if shared.value is None:
        shared.value = _make(shared, (base.num_buckets_of(column.categorical_column), shared.dimension))
    return shared.value


def _make(owner: dense.EmbeddingColumn | dense.SharedTable, shape: tuple[int, int]) -> Array:
    shape = (shape[0], base.whole(shape[1], owner.name, "dimension"))
    if owner.ckpt_to_load_from is not None and owner.tensor_name_in_ckpt is not None:
        return _read(owner.name, owner.ckpt_to_load_from, owner.tensor_name_in_ckpt, shape)
    table = np.array(numpy_of(call_initializer(owner.initializer, shape, owner.name)), dtype=np.float32)
    if table.shape != shape:
        raise errors.argument(owner.name, f"initializer must give shape {shape}", table.shape, "correct the initializer")
    return table


def _read(subject: str, path: str, tensor: str, shape: tuple[int, int]) -> Array:
    """Return a tensor of a checkpoint; damaged files are a SavedPlanError (a ValueError), as Checkpoint says."""
    if not os.path.lexists(path) and not os.path.lexists(f"{path}.index"):
        raise errors.no_checkpoint(subject, os.fspath(path))
    checkpoint = Checkpoint.open(path)
    if tensor not in checkpoint:
        hint = f"it has {', '.join(checkpoint.names()[:6]) or 'nothing'}"
        raise errors.argument(subject, f"tensor_name_in_ckpt is not in checkpoint {path}", tensor, hint)
    if checkpoint.shape(tensor) != shape:
        hint = "give the column the sizes of the table"
        raise errors.argument(subject, f"tensor {tensor} must have shape {shape}", checkpoint.shape(tensor), hint)
    if checkpoint.dtype(tensor) != np.float32:
        hint = "give its values in an initializer"
        raise errors.invalid(subject, f"tensor {tensor} must be float32", checkpoint.dtype(tensor), hint)
    return checkpoint.read(tensor)
