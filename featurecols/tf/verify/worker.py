"""The TensorFlow side of verify-tf: a script of its own, run by another interpreter, which needs TensorFlow 2.15 and numpy.

    python -I worker.py FOLDER

Reads request.json and features.npz from FOLDER, answers every question with TensorFlow, writes response.json and
response.npz. It does not import featurecols, and featurecols does not import it.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
logging.disable(logging.WARNING)


def features(tf: ModuleType, folder: Path, request: dict[str, Any]) -> dict[str, Any]:
    """Return key -> tensor, exactly as the other side has it."""
    found = {}
    with np.load(folder / "features.npz") as arrays:
        for i, about in enumerate(request["features"]):
            if about["text"]:
                offsets, data = arrays[f"{i}/offsets"], arrays[f"{i}/data"].tobytes()
                texts = [data[offsets[n] : offsets[n + 1]] for n in range(len(offsets) - 1)]
                values = np.array([*texts, b""], object)[:-1]
            else:
                values = arrays[f"{i}/values"]
            if about["sparse"]:
                found[about["key"]] = tf.SparseTensor(arrays[f"{i}/indices"], tf.constant(values), about["shape"])
            else:
                dtype = tf.string if about["text"] else None
                found[about["key"]] = tf.constant(values.reshape(about["shape"]), dtype)
    return found


def probe(tf: ModuleType, what: str, column: Any, fed: dict[str, Any]) -> dict[str, Any]:
    """Return ids of a categorical column, the matrix of a dense one, or the steps of a sequence."""
    if what == "dense":
        return {"dense": tf.keras.layers.DenseFeatures([column])(fed).numpy()}
    if what == "sequence":
        values, lengths = tf.keras.experimental.SequenceFeatures([column])(fed)
        return {"dense": values.numpy(), "lengths": lengths.numpy()}
    from tensorflow.python.feature_column.feature_column_v2 import FeatureTransformationCache  # type: ignore[import-untyped]

    ids, weights = column.get_sparse_tensors(FeatureTransformationCache(fed), None)
    found = {"indices": ids.indices.numpy(), "values": ids.values.numpy(), "shape": ids.dense_shape.numpy()}
    if weights is not None:
        found["weights"] = weights.values.numpy()
    return found


def logits(tf: ModuleType, model: dict[str, Any], feed: Any, read: Any, folder: Path) -> dict[str, Any]:
    """Return what the estimator predicts; a regressor's predictions are its logits, and variables have the same names."""
    wide = [read(data) for data in model["linear"]]
    deep = [read(data) for data in model["dnn"]]
    common = {"label_dimension": model["units"], "model_dir": str(folder / "scratch")}
    activation = None if model["activation"] == "linear" else getattr(tf.nn, model["activation"])
    layers = {"hidden_units": model["hidden_units"], "activation_fn": activation, "batch_norm": model["batch_norm"]}
    if wide and deep:
        layers = {f"dnn_{k}" if k != "batch_norm" else k: v for k, v in layers.items()}
        columns = {"linear_feature_columns": wide, "dnn_feature_columns": deep}
        combiner = {"linear_sparse_combiner": model["sparse_combiner"]}
        made = tf.estimator.DNNLinearCombinedRegressor(**columns, **layers, **combiner, **common)
    elif wide:
        made = tf.estimator.LinearRegressor(feature_columns=wide, sparse_combiner=model["sparse_combiner"], **common)
    else:
        made = tf.estimator.DNNRegressor(feature_columns=deep, **layers, **common)

    def rows() -> Any:  # called in a graph of the estimator's own
        return tf.data.Dataset.from_tensors({key: tensor for key, tensor in feed().items() if key in model["keys"]})

    predicted = made.predict(rows, checkpoint_path=model["checkpoint"], yield_single_examples=False)
    return {"logits": np.concatenate([p["predictions"] for p in predicted])}


def main(folder: Path) -> None:
    """Answer the questions of a folder."""
    import tensorflow as tf  # type: ignore[import-untyped]
    from tensorflow.python.feature_column.serialization import deserialize_feature_column  # type: ignore[import-untyped]

    request = json.loads((folder / "request.json").read_text("utf-8"))
    arrays: dict[str, Any] = {}
    answers: list[Any] = []

    def answer(compute: Any) -> None:
        try:
            for name, value in compute().items():
                arrays[f"{len(answers)}/{name}"] = value
            answers.append(None)
        except Exception as error:
            answers.append({"error": type(error).__name__, "message": str(error)[:500]})

    def feed() -> dict[str, Any]:
        return features(tf, folder, request)

    fed = feed()
    for item in request["questions"]:
        if item["what"] == "logits":
            answer(lambda item=item: logits(tf, item, feed, deserialize_feature_column, folder))
        else:
            answer(lambda item=item: probe(tf, item["what"], deserialize_feature_column(item["column"]), fed))
    np.savez(folder / "response.npz", **arrays)
    (folder / "response.json").write_text(json.dumps({"tensorflow": tf.__version__, "answers": answers}), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
