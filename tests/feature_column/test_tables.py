"""First tables of embedding columns."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc
from tests.tf import tf_writer

A = fc.categorical_column_with_identity("a", 3)
TABLE = np.arange(100, 106, dtype=np.float32).reshape(3, 2)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    tensors = {"emb/w": TABLE, "emb/d": TABLE.astype(np.float64), "emb/b": np.zeros((4, 2), np.float32)}
    tf_writer.write(tmp_path, tensors)
    return tmp_path


def embedding(folder: Path, name: str, **arguments: Any) -> Any:
    return fc.embedding_column(A, 2, ckpt_to_load_from=str(folder), tensor_name_in_ckpt=name, **arguments)


def test_tables_from_checkpoints(folder: Path) -> None:
    """G12: the tensor of a model folder or of one checkpoint is the first table, whatever the initializer."""
    zeros = fc.initializers.Zeros()
    for column in (embedding(folder, "emb/w"), embedding(folder / "model", "emb/w", initializer=zeros)):
        assert fc.DenseFeatures(column)({"a": [0, 1]}).tolist() == [[100, 101], [102, 103]]
        assert fc.input_layer({"a": [0, 1]}, column).tolist() == [[100, 101], [102, 103]]
    b = fc.categorical_column_with_identity("b", 3)
    for make in (fc.shared_embeddings, fc.v1.shared_embedding_columns):
        columns = make([A, b], 2, ckpt_to_load_from=str(folder), tensor_name_in_ckpt="emb/w")
        assert fc.DenseFeatures(columns)({"a": [0], "b": [2]}).tolist() == [[100, 101, 104, 105]]


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("nope", ValueError, "tensor_name_in_ckpt is not in checkpoint"),
        ("emb/b", ValueError, r"must have shape \(3, 2\), got \(4, 2\)"),
        ("emb/d", fc.InvalidArgumentError, "must be float32"),
    ],
)
def test_tensors_that_do_not_fit(folder: Path, name: str, error: type[Exception], message: str) -> None:
    """G12: the errors of TensorFlow."""
    with pytest.raises(error, match=f"a_embedding: .*{message}"):
        fc.DenseFeatures(embedding(folder, name))({"a": [0]})


def test_checkpoints_that_are_not_there(tmp_path: Path) -> None:
    """G12."""
    with pytest.raises(fc.NotFoundError, match="ckpt_to_load_from does not exist"):
        fc.DenseFeatures(embedding(tmp_path / "none", "emb/w"))({"a": [0]})
    with pytest.raises(ValueError, match="one checkpoint is needed"):
        fc.DenseFeatures(embedding(tmp_path, "emb/w"))({"a": [0]})
