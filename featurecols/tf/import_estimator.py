"""Import a tf.estimator: its model folder and the JSON of its columns give a model that predicts without TensorFlow."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeAlias, TypedDict, cast

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.feature_column.base import DenseColumn, FeatureColumn
from featurecols.feature_column.dense import SharedEmbeddingColumn
from featurecols.feature_column.serialize import Objects
from featurecols.feature_column.tables import table_name
from featurecols.tf.checkpoint.files import open_regular
from featurecols.tf.checkpoint.graph_def import Settings, read_settings
from featurecols.tf.checkpoint.reader import Checkpoint
from featurecols.tf.columns import columns_from_json, from_tensorflow
from featurecols.tf.imported_estimator import ImportedEstimator
from featurecols.tf.variable_names import (
    DNN,
    INPUT,
    LINEAR,
    hidden_layer,
    input_weights,
    is_weight,
    layer_weights,
    linear_weights,
)

_MAX_JSON = 1 << 26
_MAX_LAYERS = 1000
Columns: TypeAlias = list[FeatureColumn]
Declared: TypeAlias = str | os.PathLike[str] | Mapping[str, object] | Sequence[object]  # a path, JSON data, or columns


class _Choices(TypedDict):
    """What neither the checkpoint nor the columns say."""

    activation: str
    sparse_combiner: str
    kind: str | None


def import_tf(
    model_dir: str | os.PathLike[str],
    columns: Declared,
    output: str | os.PathLike[str] | None = None,
    *,
    activation: str | None = None,
    sparse_combiner: str | None = None,
    kind: str | None = None,
    label_vocabulary: Sequence[str] | None = None,
    custom_objects: Objects | None = None,
) -> ImportedEstimator:
    """Return a trained Linear*, DNN* or DNNLinearCombined* estimator as a model that predicts the same logits.

    Args:
        model_dir: the estimator's model folder (its latest checkpoint), or one checkpoint in it.
        columns: what the model was trained with: a path to a JSON file, its data, or columns (of the dialect, or live
            ones of TensorFlow). A list, or {"linear": [...], "dnn": [...]} for a combined model.
        output: a folder to save the model to.
        activation: of the hidden layers; None takes it from graph.pbtxt in the model folder, else "relu".
        sparse_combiner: of the linear part; None takes it from graph.pbtxt, else "sum".
        kind: "classifier" or "regressor"; None takes it from graph.pbtxt.
        label_vocabulary: as the estimator had it; it is in no file.
        custom_objects: name -> function, for every normalizer_fn in JSON.

    Raises:
        SavedPlanError: the checkpoint is missing, damaged or not of such an estimator.
        ColumnError: the columns are not those of the model; what differs is named.
    """
    checkpoint = Checkpoint.open(model_dir)
    linear, dnn = _read_declared(columns, custom_objects, checkpoint)
    settings = _choose_settings(checkpoint, activation, sparse_combiner, kind, bool(dnn))
    units = _units(checkpoint, bool(linear))
    hidden, batch_norm = _hidden(checkpoint) if dnn else ((), False)
    weights = _weights(checkpoint, linear, dnn, units, hidden, batch_norm)
    model = ImportedEstimator(
        linear, dnn, weights, units=units, hidden_units=hidden, batch_norm=batch_norm,
        label_vocabulary=label_vocabulary, **settings,
    )  # fmt: skip
    if output is not None:
        model.save(output, overwrite=True)
    return model


def _read_declared(columns: Declared, custom_objects: Objects | None, checkpoint: Checkpoint) -> tuple[Columns, Columns]:
    """Return the columns of the linear and of the deep part."""
    if isinstance(columns, (str, os.PathLike)):
        columns = cast(Declared, read_json(Path(columns)))
    parts = [part for part, mark in (("linear", f"{LINEAR}bias_weights"), ("dnn", f"{DNN}logits/bias")) if mark in checkpoint]
    if not parts:
        what = "not the checkpoint of a Linear, DNN or DNNLinearCombined estimator"
        raise errors.saved_plan(checkpoint.prefix, what, "read its tensors with Checkpoint")
    if not isinstance(columns, Mapping):
        if len(parts) == 2:
            raise errors.argument(
                "columns", "the model has two parts", type(columns).__name__, 'give {"linear": [...], "dnn": [...]}'
            )
        columns = {parts[0]: columns}
    if set(columns) != set(parts):
        raise errors.argument("columns", f"the model has {' and '.join(parts)}", sorted(map(str, columns)), "give these parts")
    found = {part: read_columns(columns[part], custom_objects) for part in parts}
    for part, listed in found.items():
        if not listed:
            raise errors.argument("columns", f"the model's {part} part has columns", listed, "give them")
    return found.get("linear", []), found.get("dnn", [])


def read_json(path: Path) -> object:
    """Return the data of a JSON file of columns; raises ColumnError where it is not JSON."""
    with open_regular(path) as file:
        text = file.read(_MAX_JSON + 1)
    try:
        if len(text) > _MAX_JSON:
            raise ValueError(f"larger than {_MAX_JSON >> 20} MiB")
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise errors.argument(
            "columns", f"{path} is not JSON ({error})", path, "write serialize_feature_columns to it"
        ) from None


def read_columns(columns: object, custom_objects: Objects | None = None) -> Columns:
    """Return columns of the dialect, from a list of such, of live ones of TensorFlow, or of JSON data; or from one of them."""
    listed = list(columns) if isinstance(columns, (list, tuple)) and not hasattr(columns, "_fields") else [columns]
    if any(isinstance(item, Mapping) for item in listed):
        return columns_from_json(listed, custom_objects)
    return from_tensorflow(listed)


def _choose_settings(
    checkpoint: Checkpoint, activation: str | None, sparse_combiner: str | None, kind: str | None, deep: bool
) -> _Choices:
    """Return what is given, else what the graph says, else the defaults; a contradiction is an error."""
    graph = read_settings(checkpoint.prefix.parent)
    if not deep:
        graph = Settings(None, graph.sparse_combiner, graph.kind)
    if graph.activation == "unknown" and activation is None:
        raise errors.argument("import_tf", "the graph has an activation of another kind", graph.activation, "give activation=")
    known = {"activation": graph.activation, "sparse_combiner": graph.sparse_combiner, "kind": graph.kind}
    given = {"activation": activation, "sparse_combiner": sparse_combiner, "kind": kind}
    for name, value in given.items():
        if None not in (value, known[name]) and known[name] not in ("unknown", value):
            raise errors.argument("import_tf", f"{name} is {known[name]} in the model's graph", value, "leave it out")
    found = {name: given[name] or (known[name] if known[name] != "unknown" else None) for name in given}
    return {
        "activation": found["activation"] or "relu",
        "sparse_combiner": found["sparse_combiner"] or "sum",
        "kind": found["kind"],
    }


def _units(checkpoint: Checkpoint, linear: bool) -> int:
    shape = checkpoint.shape(f"{LINEAR}bias_weights" if linear else f"{DNN}logits/bias")
    if len(shape) != 1 or shape[0] < 1:
        raise errors.saved_plan(checkpoint.prefix, f"a bias of shape {shape}", "read its tensors with Checkpoint")
    return shape[0]


def _hidden(checkpoint: Checkpoint) -> tuple[tuple[int, ...], bool]:
    sizes: list[int] = []
    while (name := f"{hidden_layer(len(sizes))}/bias") in checkpoint and len(sizes) < _MAX_LAYERS:
        sizes.append(checkpoint.shape(name)[0])
    return tuple(sizes), f"{hidden_layer(0)}/batchnorm_0/gamma" in checkpoint


def _weights(
    checkpoint: Checkpoint, linear: Columns, dnn: Columns, units: int, hidden: tuple[int, ...], batch_norm: bool
) -> dict[str, Array]:
    """Read every weight of the model, each looked up and compared in shape before it is read."""
    shapes = {w.name: w.shape for w in linear_weights(linear, units)} if linear else {}
    if dnn:
        shapes |= {w.name: w.shape for w in input_weights(dnn)}
        width = sum(cast(DenseColumn, column).variable_shape.num_elements() for column in dnn)
        shapes |= dict(layer_weights(width, hidden, units, batch_norm))
    roots = {f"{scope}{table}/embedding_weights": table for table in _shared(linear, dnn) for scope in (LINEAR, INPUT)}
    sources = {}
    for name, shape in shapes.items():
        # TensorFlow 2 keeps the table of shared columns outside every scope, TensorFlow 1 inside.
        source = name if name in checkpoint else roots.get(name, name)
        if source not in checkpoint:
            raise errors.argument("columns", "the checkpoint has no weight for a column", name, "give the columns of the model")
        if checkpoint.shape(source) != shape:
            what = f"the columns need {source} of shape {shape}"
            raise errors.argument("columns", what, checkpoint.shape(source), "give the columns of the model")
        sources[name] = source
    for name in checkpoint.names():
        if is_weight(name) and name not in sources.values():
            raise errors.argument(
                "columns", "the checkpoint has a weight that no column uses", name, "give all of the model's columns"
            )
    return {name: checkpoint.read(source) for name, source in sources.items()}


def _shared(*parts: Columns) -> set[str]:
    return {table_name(column) for part in parts for column in part if isinstance(column, SharedEmbeddingColumn)}
