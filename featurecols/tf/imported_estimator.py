"""A canned tf.estimator as a plain forward pass over the dialect's layers: the same logits, without TensorFlow.

    model = import_tf("model_dir", "columns.json")
    model.predict({"age": [39, 50], "occupation": ["Sales", ""]})["probabilities"]
    model.save("model/");  model = ImportedEstimator.load("model/")

Linear*, DNN* and DNNLinearCombined*, Classifier and Regressor, of both generations (tf.estimator and
tf.compat.v1.estimator). Weights keep the names that they have in the checkpoint.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias, cast

import numpy as np
import pyarrow as pa
from numpy.typing import ArrayLike

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols.feature_column import DenseFeatures, LinearModel
from featurecols.feature_column.base import DenseColumn, FeatureColumn
from featurecols.feature_column.dense import SharedEmbeddingColumn, SharedTable
from featurecols.feature_column.layers import keys_of
from featurecols.feature_column.serialize import Objects
from featurecols.feature_column.tensors import Features
from featurecols.tf import model_files
from featurecols.tf.activations import ACTIVATIONS, logistic, softmax
from featurecols.tf.variable_names import BATCH_NORM, DNN, hidden_layer, input_weights, layer_weights, linear_weights

Table: TypeAlias = "Features | pa.Table"  # features by key, or a table of Arrow, Polars or pandas
CHOICES: dict[str, tuple[str | None, ...]] = {
    "activation": tuple(ACTIVATIONS),
    "sparse_combiner": ("sum", "mean", "sqrtn"),
    "kind": ("classifier", "regressor", None),
}
_EPSILON = np.float32(1e-3)  # of batch normalization, which canned estimators leave at its default
_SUBJECT = "ImportedEstimator"
_HINT = "give the columns that the model was trained with"


class ImportedEstimator:
    """A trained model: columns, weights, and what to do with the logits.

    Args:
        linear: columns of the linear part; empty when there is none.
        dnn: columns of the deep part; empty when there is none.
        weights: every weight by its name in the checkpoint, float32; `shapes()` says which there must be.
        units: how many logits a row.
        hidden_units: sizes of the hidden layers.
        batch_norm: whether each hidden layer is followed by batch normalization.
        activation: of the hidden layers: "relu", "tanh", ... (`CHOICES`).
        sparse_combiner: of the linear part: "sum", "mean" or "sqrtn".
        kind: "classifier", "regressor", or None where only logits are wanted.
        label_vocabulary: names of a classifier's classes.

    Raises ColumnError for no columns, an unknown name, and weights that are missing, too many or of another shape.

    >>> from featurecols import feature_column
    >>> day = feature_column.categorical_column_with_identity("day", 3)
    >>> weights = {"linear/linear_model/day/weights": [[0], [1], [2]], "linear/linear_model/bias_weights": [0.5]}
    >>> ImportedEstimator([day], [], weights).logits({"day": [2, 1]})
    array([[2.5],
           [1.5]], dtype=float32)
    """

    def __init__(
        self,
        linear: Sequence[FeatureColumn],
        dnn: Sequence[FeatureColumn],
        weights: Mapping[str, ArrayLike],
        *,
        units: int = 1,
        hidden_units: Sequence[int] = (),
        batch_norm: bool = False,
        activation: str = "relu",
        sparse_combiner: str = "sum",
        kind: str | None = None,
        label_vocabulary: Sequence[str] | None = None,
    ) -> None:
        self.linear, self.dnn = tuple(linear), tuple(dnn)
        self.units, self.hidden_units, self.batch_norm = units, tuple(hidden_units), batch_norm
        self.activation, self.sparse_combiner, self.kind = activation, sparse_combiner, kind
        self.label_vocabulary = None if label_vocabulary is None else tuple(label_vocabulary)
        self._check_settings()
        self.weights = {name: np.ascontiguousarray(value, np.float32) for name, value in weights.items()}
        self._check_weights()
        self._linear = LinearModel(_unshare(self.linear), units, sparse_combiner) if linear else None
        if self._linear is not None:
            self._linear.set_weights({w.own: self.weights[w.name] for w in linear_weights(self.linear, units)})
        self._input = DenseFeatures(_unshare(self.dnn)) if dnn else None
        if self._input is not None:
            self._input.set_weights({w.own: self.weights[w.name] for w in input_weights(self.dnn)})

    def _check_settings(self) -> None:
        for name, known in CHOICES.items():
            if getattr(self, name) not in known:
                raise errors.argument(
                    _SUBJECT, f"unknown {name}", getattr(self, name), f"known are {', '.join(map(str, known))}"
                )
        if not self.linear and not self.dnn:
            raise errors.argument(_SUBJECT, "needs columns", [], "give linear columns, dnn columns, or both")
        classes = max(self.units, 2)
        if self.label_vocabulary is not None and len(set(self.label_vocabulary)) != classes:
            raise errors.argument(
                _SUBJECT, f"label_vocabulary needs {classes} different words", self.label_vocabulary, "name each class"
            )

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return name -> shape of every weight that the model has."""
        found: dict[str, tuple[int, ...]] = {}
        if self.linear:
            found |= {w.name: w.shape for w in linear_weights(self.linear, self.units)}
        if self.dnn:
            width = sum(cast(DenseColumn, column).variable_shape.num_elements() for column in self.dnn)
            found |= {w.name: w.shape for w in input_weights(self.dnn)}
            found |= dict(layer_weights(width, self.hidden_units, self.units, self.batch_norm))
        return found

    def _check_weights(self) -> None:
        want = self.shapes()
        for name in sorted(want.keys() ^ self.weights.keys()):
            raise errors.argument(
                _SUBJECT, "a weight is missing" if name in want else "a weight that no column uses", name, _HINT
            )
        for name, shape in want.items():
            if self.weights[name].shape != shape:
                raise errors.argument(_SUBJECT, f"weight {name} must have shape {shape}", self.weights[name].shape, _HINT)

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the features that the model reads, sorted."""
        return tuple(sorted(keys_of([*self.linear, *self.dnn])))

    def logits(self, features: Table) -> Array:
        """Return float32 [batch, units].

        Args:
            features: key -> values, as the dialect's layers take them: arrays, lists, sparse triples; or a table with such
                columns (Arrow, Polars, pandas).

        Raises what the layers raise: DataError, InvalidArgumentError.
        """
        fed = self._features(features)
        parts = []
        if self._input is not None:
            *_, last = self._passes(self._input(fed))
            parts.append(last)
        if self._linear is not None:
            parts.append(self._linear(fed))
        return parts[0] if len(parts) == 1 else parts[0] + parts[1]

    def scale(self, features: Table) -> Array:
        """Return float32 [batch]: the largest sum of absolute terms inside the deep part, which bounds float32 rounding.

        Raw dollars of 99,999 make logits uncertain in the third decimal, here as in TensorFlow. Zeros without a deep part.
        """
        if self._input is None:
            return np.zeros(len(self.logits(features)), np.float32)
        *nets, _ = self._passes(self._input(self._features(features)))
        kernels = [*(f"{hidden_layer(i)}/kernel" for i in range(len(self.hidden_units))), f"{DNN}logits/kernel"]
        sums = [np.abs(net) @ np.abs(self.weights[name]) for net, name in zip(nets, kernels, strict=True)]
        return np.max([total.max(axis=1) for total in sums], axis=0)  # type: ignore[no-any-return]

    def _features(self, features: Table) -> Features:
        return features if isinstance(features, Mapping) else {key: features[key] for key in self.keys}

    def _passes(self, net: Array) -> Iterator[Array]:
        """Yield what goes into each layer, the logits at last."""
        activate = ACTIVATIONS[self.activation]
        yield net
        for i in range(len(self.hidden_units)):
            layer = hidden_layer(i)
            net = activate(matmul(net, self.weights[f"{layer}/kernel"]) + self.weights[f"{layer}/bias"])
            if self.batch_norm:
                gamma, beta, mean, variance = (self.weights[f"{layer}/batchnorm_{i}/{part}"] for part in BATCH_NORM)
                scale = gamma / np.sqrt(variance + _EPSILON)
                net = net * scale + (beta - mean * scale)
            yield net
        yield matmul(net, self.weights[f"{DNN}logits/kernel"]) + self.weights[f"{DNN}logits/bias"]

    def predict(self, features: Table) -> dict[str, Array]:
        """Return what the estimator's predict gives, for a whole batch.

        A classifier: logits, probabilities [batch, classes], class_ids int64 [batch, 1], classes (bytes) [batch, 1],
        all_class_ids int32 and all_classes (bytes) [batch, classes], and with two classes logistic [batch, 1]. A
        regressor: predictions [batch, units]. Without a kind: logits.
        """
        logits = self.logits(features)
        if self.kind == "regressor":
            return {"predictions": logits}
        found = {"logits": logits}
        if self.kind is None:
            return found
        if self.units == 1:
            found["logistic"] = logistic(logits)
            logits = np.concatenate([np.zeros_like(logits), logits], axis=1)
        found["probabilities"] = softmax(logits)
        found["class_ids"] = np.argmax(logits, axis=1)[:, None].astype(np.int64)
        words = self.label_vocabulary or [str(i) for i in range(logits.shape[1])]
        classes = np.array([word.encode() for word in words], object)
        found["classes"] = classes[found["class_ids"]]
        found["all_class_ids"] = np.tile(np.arange(len(words), dtype=np.int32), (len(logits), 1))
        found["all_classes"] = np.tile(classes, (len(logits), 1))
        return found

    def save(self, path: str | os.PathLike[str], *, overwrite: bool = False) -> Path:
        """Write the folder `path`: model.json and weights.safetensors, each complete or not at all; return the path.

        Vocabulary files become lists. A normalizer_fn is saved by its name; `load` then needs it in custom_objects.
        Raises OutputError where it cannot be written, and where something else than an equal model is there, unless
        `overwrite` is true; ColumnError for a column that has no JSON.
        """
        settings = {name: getattr(self, name) for name in model_files.SETTINGS}
        model_files.write(Path(path), self.linear, self.dnn, self.weights, settings, overwrite=overwrite)
        return Path(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str], custom_objects: Objects | None = None) -> ImportedEstimator:
        """Read what `save` wrote; two files are read and nothing else.

        Raises SavedPlanError for a folder that is not a saved model, is damaged, or comes from a newer version.
        """
        linear, dnn, weights, settings = model_files.read(Path(path), custom_objects)
        try:
            return cls(linear, dnn, weights, **settings)  # type: ignore[arg-type]
        except (TypeError, errors.FeatureColumnsError) as error:
            raise errors.saved_plan(path, f"not a model ({error})", model_files.AGAIN) from None


def _unshare(columns: Sequence[FeatureColumn]) -> list[FeatureColumn]:
    """Return the columns with tables of their own between them: weights that are set must not reach another model."""
    tables: dict[SharedTable, SharedTable] = {}
    found: list[FeatureColumn] = []
    for column in columns:
        if isinstance(column, SharedEmbeddingColumn):
            table = column.shared_embedding_column_creator
            column = replace(column, shared_embedding_column_creator=tables.setdefault(table, copy(table)))
        found.append(column)
    return found
