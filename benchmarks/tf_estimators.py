"""Train tf.estimator models on the census data, bring them over without TensorFlow, and compare every logit.

    python benchmarks/tf_estimators.py --data ADULT_FOLDER --tensorflow PYTHON_WITH_TENSORFLOW [--keep FOLDER] [--epochs 2]

ADULT_FOLDER holds adult_data.parquet and adult_test.parquet. The other interpreter needs tensorflow-cpu 2.15, numpy below 2;
it trains, predicts the test file, and is gone before the first weight is read here. Columns are those of the
wide & deep tutorial. Its deep part reads raw dollars up to 99,999: float32 then rounds at 1e-3 inside the network, so
TensorFlow's own logits depend on the batch size and on the CPU. "in roundings" is the largest difference in float32
roundings (2^-24) of the largest sum inside the network for the same row. "against itself" is TensorFlow's largest
change when the 1,000 rows with the most capital gain are predicted one by one instead of in batches of 1,024.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

TEXTS = ("workclass", "education", "marital-status", "occupation", "relationship")
NUMBERS = ("age", "education-num", "capital-gain", "capital-loss", "hours-per-week")
AGES = [18, 25, 30, 35, 40, 45, 50, 55, 60, 65]


def read(path: Path) -> dict[str, np.ndarray]:
    """Features (underscores for hyphens) and labels of one file; strings as numpy's fixed-width text."""
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    found = {key.replace("-", "_"): table[key].to_numpy().astype(np.float32) for key in NUMBERS}
    found |= {key.replace("-", "_"): np.array(table[key].to_pylist()) for key in TEXTS}
    found["label income"] = np.array([text.startswith(">") for text in table["income"].to_pylist()], np.int64)
    found["label hours"] = found["hours_per_week"][:, None] / 40
    found["label relation"] = np.unique(found["relationship"], return_inverse=True)[1].astype(np.int64)
    return found


# With TensorFlow ----------------------------------------------------------------------------------------------------


def tutorial_columns(fc: Any, words: dict[str, list[str]], normalizer: Any = None) -> tuple[list[Any], list[Any]]:
    """The wide and the deep columns; the deep one's numbers as they are, or scaled."""
    numbers = [fc.numeric_column(key.replace("-", "_")) for key in NUMBERS]
    known = [fc.categorical_column_with_vocabulary_list(key, words[key]) for key in words]
    job = fc.categorical_column_with_hash_bucket("occupation", 1000)
    bands = fc.bucketized_column(numbers[0], AGES)
    crosses = [
        fc.crossed_column(["education", "occupation"], 1000),
        fc.crossed_column([bands, "education", "occupation"], 1000),
    ]
    numbers = [fc.numeric_column(n.key, normalizer_fn=normalizer) for n in numbers]
    deep = [*numbers, *(fc.indicator_column(column) for column in known), fc.embedding_column(job, 8)]
    return [*known, job, bands, *crosses], deep


def scaled(x: Any) -> Any:
    """Brings dollars, hours and years to about 1; the same IEEE operation on a tensor and on an array."""
    return x / 100.0


def train(folder: Path, epochs: int) -> None:
    """Train all models on `folder`/data.npz, and write model folders, columns and logits beside it."""
    os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
    logging.disable(logging.CRITICAL)
    import tensorflow as tf
    from tensorflow.python.feature_column.serialization import serialize_feature_columns

    tables: dict[str, dict[str, np.ndarray]] = {"train": {}, "test": {}}
    for name, values in np.load(folder / "data.npz").items():
        part, _, key = name.partition("/")
        tables[part][key] = values.astype(object) if values.dtype.kind == "U" else values
    features = {key: values for key, values in tables["train"].items() if not key.startswith("label")}
    keys = ("education", "marital_status", "relationship", "workclass")
    words = {key: sorted(set(features[key])) for key in keys}
    wide, deep = tutorial_columns(tf.feature_column, words)
    _, small = tutorial_columns(tf.feature_column, words, scaled)
    no_hours = [c for c in deep if c.name != "hours_per_week"]
    v1, v2, sizes = tf.compat.v1.estimator, tf.estimator, [100, 75, 50, 25]
    combined = {"linear_feature_columns": wide, "dnn_feature_columns": deep, "dnn_hidden_units": sizes}
    combined_small = combined | {"dnn_feature_columns": small}
    adam = {"optimizer": "Adam"}
    models: dict[str, tuple[Any, dict[str, Any], Any, str]] = {
        "LinearClassifier": (v2.LinearClassifier, {"feature_columns": wide}, wide, "income"),
        "DNNClassifier": (v2.DNNClassifier, {"hidden_units": sizes, "feature_columns": deep}, deep, "income"),
        "DNNLinearCombinedClassifier": (v2.DNNLinearCombinedClassifier, combined, {"linear": wide, "dnn": deep}, "income"),
        "DNNClassifier, numbers / 100": (v2.DNNClassifier, {"hidden_units": sizes, "feature_columns": small}, small, "income"),
        "DNNLinearCombinedClassifier, numbers / 100": (
            v2.DNNLinearCombinedClassifier, combined_small, {"linear": wide, "dnn": small}, "income",
        ),
        "v1 LinearClassifier": (v1.LinearClassifier, {"feature_columns": wide}, wide, "income"),
        "v1 DNNClassifier": (v1.DNNClassifier, {"hidden_units": sizes, "feature_columns": deep}, deep, "income"),
        "v1 DNNLinearCombinedClassifier": (v1.DNNLinearCombinedClassifier, combined, {"linear": wide, "dnn": deep}, "income"),
        "DNNClassifier, Adam, batch norm": (
            v2.DNNClassifier, {"hidden_units": sizes, "feature_columns": deep, "batch_norm": True, **adam}, deep, "income",
        ),
        "LinearClassifier, 6 classes": (v2.LinearClassifier, {"feature_columns": wide, "n_classes": 6}, wide, "relation"),
        "DNNClassifier, 6 classes": (
            v2.DNNClassifier, {"hidden_units": sizes, "feature_columns": deep, "n_classes": 6, **adam}, deep, "relation",
        ),
        "LinearRegressor": (v2.LinearRegressor, {"feature_columns": wide}, wide, "hours"),
        "DNNRegressor": (v2.DNNRegressor, {"hidden_units": sizes, "feature_columns": no_hours, **adam}, no_hours, "hours"),
    }  # fmt: skip

    largest = np.argsort(-tables["test"]["capital_gain"], kind="stable")[:1000]
    tables["alone"] = {key: values[largest] for key, values in tables["test"].items()}

    def feed(part: str, label: str, times: int, batch: int) -> Any:
        table = tables[part]
        rows = tf.data.Dataset.from_tensor_slices(({key: table[key] for key in features}, table[f"label {label}"]))
        return (rows.shuffle(40_000, seed=1) if times else rows).repeat(times or 1).batch(batch)

    def logits(model: Any, part: str, label: str, batch: int) -> np.ndarray:
        predicted = model.predict(lambda: feed(part, label, 0, batch), yield_single_examples=False)
        return np.concatenate([p["logits"] if "logits" in p else p["predictions"] for p in predicted])

    for number, (name, (make, arguments, columns, label)) in enumerate(models.items()):
        place = folder / f"{number:02d}"
        model = make(model_dir=str(place), config=v2.RunConfig(tf_random_seed=1), **arguments)
        started = time.perf_counter()
        model.train(lambda label=label: feed("train", label, epochs, 40))
        trained = time.perf_counter()
        found = logits(model, "test", label, 1024)
        seconds = {"train": trained - started, "predict": time.perf_counter() - trained}
        np.save(place / "logits.npy", found)
        np.save(place / "itself.npy", np.abs(logits(model, "alone", label, 1) - found[largest]).max())
        data_of = {k: serialize_feature_columns(v) for k, v in columns.items()} if isinstance(columns, dict) else None
        (place / "columns.json").write_text(json.dumps(data_of or serialize_feature_columns(columns)))
        (place / "about.json").write_text(json.dumps({"name": name, **seconds}))
        print(f"trained {name}: {seconds['train']:.1f} s", file=sys.stderr, flush=True)


# Without TensorFlow -------------------------------------------------------------------------------------------------


def compare(folder: Path, features: dict[str, np.ndarray]) -> float:
    """Import every model below `folder`, print the largest difference of its logits, and give the largest of all."""
    from featurecols.tf.import_estimator import import_tf

    heads = (
        "model",
        "weights",
        "logits",
        "largest",
        "max abs difference",
        "beyond 1e-5",
        "in roundings",
        "TensorFlow against itself",
        "s",
        "TF s",
    )
    print(f"| {' | '.join(heads)} |\n|{'---|' * len(heads)}")
    worst = 0.0
    for place in sorted(path for path in folder.iterdir() if path.is_dir()):
        about = json.loads((place / "about.json").read_text())
        expected = np.load(place / "logits.npy")
        started = time.perf_counter()
        model = import_tf(place, place / "columns.json", custom_objects={"scaled": scaled})
        imported = time.perf_counter()
        found = model.logits(features)
        done = time.perf_counter()
        if found.shape != expected.shape:
            raise SystemExit(f"{about['name']}: {found.shape} logits, TensorFlow has {expected.shape}")
        difference = float(np.abs(found - expected).max())
        worst = max(worst, difference)
        step = 2.0**-24 * np.maximum(model.scale(features), np.abs(expected).max(axis=1))
        roundings = (np.abs(found - expected).max(axis=1) / step).max()
        cells = [
            about["name"],
            f"{sum(weight.size for weight in model.weights.values()):,}",
            f"{found.size:,}",
            f"{np.abs(expected).max():.3g}",
            f"{difference:.2g}",
            f"{np.mean(np.abs(found - expected) > 1e-5):.2%}",
            f"{roundings:.2g}",
            f"{float(np.load(place / 'itself.npy')):.2g}",
            f"{imported - started:.2f} + {done - imported:.2f}",
            f"{about['predict']:.2f}",
        ]
        print(f"| {' | '.join(cells)} |", flush=True)
    if any(name.split(".")[0] == "tensorflow" for name in sys.modules):
        raise SystemExit("TensorFlow was imported")
    return worst


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="the folder with the two Parquet files")
    parser.add_argument("--tensorflow", help="an interpreter with TensorFlow 2.15; leave it out to compare what is kept")
    parser.add_argument("--keep", type=Path, help="where models go; a temporary folder by default")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--train", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.train:
        return train(given.keep, given.epochs)
    with tempfile.TemporaryDirectory() as made:
        folder = given.keep or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        tables = {part: read(given.data / f"adult_{file}.parquet") for part, file in (("train", "data"), ("test", "test"))}
        if given.tensorflow:
            np.savez(folder / "data.npz", **{f"{part}/{key}": v for part, table in tables.items() for key, v in table.items()})
            command = [given.tensorflow, __file__, "--train", "--keep", str(folder), "--epochs", str(given.epochs)]
            subprocess.run(command, check=True)
        print(f"largest difference: {compare(folder, tables['test']):.2g}")


if __name__ == "__main__":
    main()
