"""Make the TensorFlow checkpoints that tests/tf reads. Runs with TensorFlow 2.15 and numpy 1, not with featurecols.

    python tools/make_tf_fixtures.py            into tests/tf/data/tf

Everything is drawn from a fixed seed; what TensorFlow itself reads back or predicts is stored beside each checkpoint.
"""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import sys
from pathlib import Path
from typing import Any

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
logging.disable(logging.CRITICAL)

import numpy as np  # noqa: E402
import tensorflow as tf  # noqa: E402
from tensorflow.python.feature_column.serialization import serialize_feature_columns  # noqa: E402

FOLDER = Path(__file__).parent.parent / "tests" / "tf" / "data" / "tf"
FLOATS = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")
fc, v1, v2 = tf.feature_column, tf.compat.v1.estimator, tf.estimator


def make_bundle(folder: Path) -> None:
    """One checkpoint of two data files: every dtype, strings, empty and scalar tensors, slices along one and two axes."""
    draw = np.random.RandomState(0)
    named = [(f"all/{d}", tf.cast(draw.randint(0, 2 if d == "bool" else 100, (3, 2)), d), "") for d in (*FLOATS, *INTEGERS)]
    named += [("text", tf.constant([[b"a", b""], [b"\xff\x00", b"x" * 300]]), "")]
    named += [("scalar", tf.constant(7, tf.int64), ""), ("empty", tf.zeros([0, 3]), "")]
    whole = draw.randn(200, 6).astype(np.float32)
    for start, stop in ((0, 67), (67, 134), (134, 200)):
        named.append(("rows", tf.constant(whole[start:stop]), f"200 6 {start},{stop - start}:-"))
    for left, right in ((0, 3), (3, 6)):
        for start, stop in ((0, 100), (100, 200)):
            place = f"200 6 {start},{stop - start}:{left},{right - left}"
            named.append(("tiles", tf.constant(whole[start:stop, left:right]), place))
    parts = [str(folder / "a"), str(folder / "b")]
    with tf.compat.v1.Session() as session:
        for prefix, chosen in zip(parts, (named[:-3], named[-3:]), strict=True):
            names, tensors, places = zip(*chosen, strict=True)
            session.run(tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=places, tensors=list(tensors)))
        session.run(tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(folder / "bundle")))
    reader = tf.train.load_checkpoint(str(folder / "bundle"))
    found = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    found["all/bfloat16"] = found["all/bfloat16"].astype(np.float32)
    texts = [t.hex() for t in found.pop("text").ravel()]
    np.savez_compressed(folder / "bundle.npz", **found)
    (folder / "bundle_text.json").write_text(json.dumps(texts) + "\n")


DRAW = np.random.RandomState(7)
ROWS = 48
FEATURES = {
    "age": np.round(DRAW.uniform(17, 80, ROWS)).astype(np.float32),
    "hours": DRAW.randint(1, 99, ROWS),
    "weight": np.round(DRAW.uniform(0.5, 3, ROWS) * 4).astype(np.float32) / 4,
    "job": DRAW.choice(["clerk", "farmer", "nurse", "pilot", ""], ROWS),
    "city": DRAW.choice(["Ulm", "Köln", "Rom", "Oslo"], ROWS),
    "first": DRAW.choice(["red", "green", "blue"], ROWS),
    "second": DRAW.choice(["red", "green", "grey"], ROWS),
}
LABELS = {
    "two": DRAW.randint(0, 2, ROWS),
    "three": DRAW.randint(0, 3, ROWS),
    "number": DRAW.randn(ROWS, 1).astype(np.float32),
    "pair": DRAW.randn(ROWS, 2).astype(np.float32),
}


def columns() -> dict[str, Any]:
    age = fc.numeric_column("age", normalizer_fn=None)
    job = fc.categorical_column_with_vocabulary_list("job", ["clerk", "farmer", "nurse"], num_oov_buckets=1)
    city = fc.categorical_column_with_hash_bucket("city", 5)
    bands = fc.bucketized_column(age, [25, 40, 60])
    colours = [fc.categorical_column_with_vocabulary_list(k, ["red", "green", "blue"]) for k in ("first", "second")]
    return {
        "hours": fc.numeric_column("hours"),
        "job": job,
        "city": city,
        "bands": bands,
        "cross": fc.crossed_column(["city", bands, "job"], 20),
        "weighted": fc.weighted_categorical_column(
            fc.categorical_column_with_vocabulary_list("second", ["red", "grey"]), "weight"
        ),
        "jobs": fc.indicator_column(job),
        "city_vector": fc.embedding_column(city, 3),
        "cross_vector": fc.embedding_column(fc.crossed_column(["city", "job"], 11), 2, combiner="sum"),
        "weighted_vector": fc.embedding_column(fc.weighted_categorical_column(city, "weight"), 2, max_norm=0.5),
        "colours": colours,
    }


def estimators(folder: Path) -> dict[str, tuple[str, Any, Any]]:
    """Name -> label, the estimator, and the columns for columns.json (None where TensorFlow cannot serialize them)."""
    c = columns()
    deep = [c["hours"], c["jobs"], c["city_vector"], c["cross_vector"], c["weighted_vector"], c["bands"]]
    wide = [c["bands"], c["job"], c["city"], c["cross"]]
    rich = [*wide[:2], c["cross"], c["weighted"], c["hours"], c["city_vector"]]
    partitioner = tf.compat.v1.fixed_size_partitioner(3)

    def run(name: str) -> dict[str, Any]:
        return {"model_dir": str(folder / name), "config": v2.RunConfig(tf_random_seed=3)}

    def both(hidden_units: list[int]) -> dict[str, Any]:
        return {"linear_feature_columns": wide, "dnn_feature_columns": deep, "dnn_hidden_units": hidden_units}

    shared_v1 = tf.compat.v1.feature_column.shared_embedding_columns(c["colours"], 2)
    shared_v2 = fc.shared_embeddings(c["colours"], 2)
    combined = {"linear": wide, "dnn": deep}
    adagrad = tf.keras.optimizers.legacy.Adagrad(0.1)
    tanh = {"batch_norm": True, "activation_fn": tf.nn.tanh, "optimizer": adagrad}
    thirds = {"input_layer_partitioner": partitioner, "batch_norm": True}
    sharing = [[c["hours"], *columns] for columns in (shared_v1, shared_v2)]
    return {
        "linear_v2": ("two", v2.LinearClassifier(rich, sparse_combiner="sqrtn", **run("linear_v2")), rich),
        "linear_v1": ("three", v1.LinearClassifier(wide, n_classes=3, partitioner=partitioner, **run("linear_v1")), wide),
        "linear_reg_v2": ("pair", v2.LinearRegressor(rich, label_dimension=2, **run("linear_reg_v2")), rich),
        "dnn_v2": ("three", v2.DNNClassifier([4, 3], deep, n_classes=3, **tanh, **run("dnn_v2")), deep),
        "dnn_v1": ("two", v1.DNNClassifier([4], deep, **thirds, **run("dnn_v1")), deep),
        "dnn_shared_v1": ("pair", v1.DNNRegressor([4], sharing[0], label_dimension=2, **run("dnn_shared_v1")), None),
        "dnn_shared_v2": ("number", v2.DNNRegressor([4], sharing[1], **run("dnn_shared_v2")), None),
        "combined_v2": ("two", v2.DNNLinearCombinedClassifier(**both([5, 3]), **run("combined_v2")), combined),
        "combined_v1": (
            "number", v1.DNNLinearCombinedRegressor(**both([4]), batch_norm=True, **run("combined_v1")), combined,
        ),
    }  # fmt: skip


def feed(label: str) -> tf.data.Dataset:
    features = {k: v.astype(object) if v.dtype.kind == "U" else v for k, v in FEATURES.items()}
    return tf.data.Dataset.from_tensor_slices((features, LABELS[label])).batch(8)


def make_estimators(folder: Path) -> None:
    """Small canned estimators of both generations, trained for a few steps, with the logits that TensorFlow predicts."""
    (folder / "features.json").write_text(json.dumps({k: v.tolist() for k, v in FEATURES.items()}) + "\n")
    logits = {}
    for name, (label, estimator, declared) in estimators(folder).items():
        estimator.train(lambda label=label: feed(label).repeat(), steps=30)
        predicted = estimator.predict(lambda label=label: feed(label))
        logits[name] = np.stack([p["logits"] if "logits" in p else p["predictions"] for p in predicted])
        tidy(folder / name)
        if declared is not None:
            encode = serialize_feature_columns
            data = {k: encode(c) for k, c in declared.items()} if isinstance(declared, dict) else encode(declared)
            (folder / name / "columns.json").write_text(json.dumps(data) + "\n")
    np.savez(folder / "logits.npz", **logits)


def tidy(folder: Path) -> None:
    """Keep the checkpoint, and of the graph the names, kinds and inputs of the nodes that speak of the model."""
    nodes: list[list[str]] = []
    for line in (folder / "graph.pbtxt").read_text().splitlines():
        if line.startswith("node {"):
            nodes.append([])
        elif line.startswith(('  name: "', '  op: "', '  input: "')):
            nodes[-1].append(line)
    telling = r'  name: "((dnn|linear)/)*(head/predictions|hiddenlayer_\d+/[^/]*"|linear_model/.*embedding_lookup_sparse")'
    kept = [line for node in nodes if re.match(telling, node[0]) for line in ("node {", *node, "}")]
    (folder / "graph.pbtxt").write_text("\n".join(kept) + "\n")
    for path in folder.iterdir():
        if path.suffix == ".meta" or path.name.startswith(("events.", "model.ckpt-0")):
            path.unlink()
        elif path.is_dir():
            shutil.rmtree(path)


def main() -> None:
    tf.compat.v1.disable_eager_execution()  # shared columns need a graph
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    make_bundle(folder)
    make_estimators(folder)


if __name__ == "__main__":
    main()
