"""TensorFlow's and Keras' times; runs in the scratch environments of scratch.py and prints one line of JSON.

Tensors are ready before the clock starts, under tf.function at batches of 16,384, the form that was fastest. The threads
inside and between operations are arguments: scratch.py tries several, and keeps each contestant's best.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pyarrow.parquet as pq
import tensorflow as tf

BATCH = 16_384
CELLS = 117  # 5 numbers, 10 buckets of age, 102 terms
KERAS_3 = keras.__version__.startswith("3")
CATEGORIES = ["workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country"]
NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]


def frame() -> Any:
    path = os.path.join(os.environ["FEATURECOLS_DATA"], "adult", "adult_data.parquet")
    return pq.read_table(path, columns=NUMBERS + CATEGORIES).to_pandas()


def timed(call: Callable[[], Any], rows: int, repeats: int = 20) -> list[float]:
    """Seconds for `rows` rows, from runs of one batch."""
    call()
    runs = []
    for _ in range(repeats):
        start = time.perf_counter()
        call()
        runs.append((time.perf_counter() - start) * rows / BATCH)
    return runs


def standardizer(mean: float, std: float) -> Callable[[Any], Any]:
    return lambda x: (x - mean) / std


def adult(rows: int) -> dict[str, list[float]]:
    df = frame()
    batch = {k: tf.constant(df[k].to_numpy()[:BATCH].astype(np.float32)) for k in NUMBERS}
    batch |= {k: tf.constant(df[k].to_numpy()[:BATCH].astype(str)) for k in CATEGORIES}
    cuts = sorted({float(v) for v in np.quantile(df["age"], np.arange(1, 10) / 10)})
    found = {} if KERAS_3 else dense_features(df, batch, cuts, rows)
    return found | feature_space(df, batch, rows)


def dense_features(df: Any, batch: dict[str, Any], cuts: list[float], rows: int) -> dict[str, list[float]]:
    fcol = tf.feature_column
    numeric = [fcol.numeric_column(k, normalizer_fn=standardizer(df[k].mean(), df[k].std())) for k in NUMBERS]
    columns = [*numeric, fcol.bucketized_column(fcol.numeric_column("age"), cuts)]
    for k in CATEGORIES:
        terms = sorted(set(df[k]))
        columns.append(fcol.indicator_column(fcol.categorical_column_with_vocabulary_list(k, terms)))
    # A bucketized column is named apart from its source, so both may stand in one layer.
    layer = tf.keras.layers.DenseFeatures(columns)
    dense = tf.function(lambda b: layer(b))
    width(dense(batch))
    return {"TensorFlow DenseFeatures": timed(lambda: dense(batch), rows)}


def feature_space(df: Any, batch: dict[str, Any], rows: int) -> dict[str, list[float]]:
    """The same matrix: the buckets of age are a second feature, which reads the same tensor by another name."""
    feature = tf.keras.utils.FeatureSpace
    features = {k: feature.float_normalized() for k in NUMBERS}
    # Ten learned quantiles: given boundaries, FeatureSpace forgets their number and cannot make one-hots.
    features["age bucket"] = feature.float_discretized(10)
    features |= {k: feature.string_categorical(num_oov_indices=0) for k in CATEGORIES}
    fs = feature(features=features, output_mode="concat")
    whole = {k: df[k].to_numpy().astype(np.float32 if k in NUMBERS else str) for k in NUMBERS + CATEGORIES}
    whole["age bucket"], batch = whole["age"], {**batch, "age bucket": batch["age"]}
    fs.adapt(tf.data.Dataset.from_tensor_slices(whole).batch(4096))
    call = tf.function(lambda b: fs(b))
    width(call(batch))
    return {f"Keras {'3 ' if KERAS_3 else ''}FeatureSpace": timed(lambda: call(batch), rows)}


def width(matrix: Any) -> None:
    """Every contestant writes the same number of features."""
    if tuple(matrix.shape) != (BATCH, CELLS):
        raise SystemExit(f"{matrix.shape} is not {BATCH} x {CELLS}")


def strings(rows: int) -> dict[str, list[float]]:
    words = tf.constant([f"{(i * 2654435761) & 0xFFFFFFFF:08x}" for i in range(BATCH)])
    call = tf.function(lambda x: tf.strings.to_hash_bucket_fast(x, 100_000))
    return {"tf.strings.to_hash_bucket_fast": timed(lambda: call(words), rows)}


def crosses(rows: int) -> dict[str, list[float]]:
    df = frame()
    keys = ["occupation", "education", "native-country"]
    batch = {k: tf.constant(df[k].to_numpy()[:BATCH].astype(str)[:, None]) for k in keys}
    found = {}
    for k in (2, 3):
        cross = tf.feature_column.crossed_column(keys[:k], 1000)
        weight = tf.keras.layers.DenseFeatures([tf.feature_column.embedding_column(cross, 1)])
        call = tf.function(lambda b, layer=weight: layer(b))
        found[f"TensorFlow, {k} keys (with a sum of one weight)"] = timed(lambda call=call: call(batch), rows)
        layer = tf.keras.layers.HashedCrossing(1000)
        hashed = tf.function(lambda b, layer=layer, k=k: layer(tuple(b[key] for key in keys[:k])))
        with contextlib.suppress(ValueError):  # its shape inference takes two inputs only
            found[f"Keras HashedCrossing, {k} keys"] = timed(lambda call=hashed: call(batch), rows)
    return found


if __name__ == "__main__":
    claim, rows, inside, between = sys.argv[1], *map(int, sys.argv[2:])
    tf.config.threading.set_intra_op_parallelism_threads(inside)
    tf.config.threading.set_inter_op_parallelism_threads(between)
    seconds = {"adult": adult, "strings": strings, "crosses": crosses}[claim](rows)
    on = f"{keras.__version__} on tensorflow {tf.__version__}"
    print(json.dumps({"seconds": seconds, "versions": {"keras": on} if KERAS_3 else {"tensorflow": tf.__version__}}))
