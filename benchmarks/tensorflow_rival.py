"""TensorFlow's and Keras' times; runs in the scratch environment of scratch.py and prints one line of JSON.

Tensors are ready before the clock starts, under tf.function at batches of 16,384, the form that was fastest.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import tensorflow as tf

BATCH = 16_384
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
    fcol = tf.feature_column
    numeric = [fcol.numeric_column(k, normalizer_fn=standardizer(df[k].mean(), df[k].std())) for k in NUMBERS]
    cuts = sorted({float(v) for v in np.quantile(df["age"], np.arange(1, 10) / 10)})
    columns = [*numeric, fcol.bucketized_column(fcol.numeric_column("age"), cuts)]
    for k in CATEGORIES:
        terms = sorted(set(df[k]))
        columns.append(fcol.indicator_column(fcol.categorical_column_with_vocabulary_list(k, terms)))
    # A bucketized column is named apart from its source, so both may stand in one layer.
    layer = tf.keras.layers.DenseFeatures(columns)
    dense = tf.function(lambda b: layer(b))
    return {"TensorFlow DenseFeatures": timed(lambda: dense(batch), rows)} | space(df, batch, rows)


def space(df: Any, batch: dict[str, Any], rows: int) -> dict[str, list[float]]:
    feature = tf.keras.utils.FeatureSpace
    features = {k: feature.float_normalized() for k in NUMBERS} | {
        k: feature.string_categorical(num_oov_indices=1) for k in CATEGORIES
    }
    fs = feature(features=features, output_mode="concat")
    sample = {
        k: (df[k].to_numpy()[:2000].astype(np.float32) if k in NUMBERS else df[k].to_numpy()[:2000].astype(str))
        for k in features
    }
    fs.adapt(tf.data.Dataset.from_tensor_slices(sample).batch(500))
    call = tf.function(lambda b: fs(b))
    return {"Keras FeatureSpace": timed(lambda: call(batch), rows)}


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
    tf.config.threading.set_intra_op_parallelism_threads(2)
    rows = int(sys.argv[2])
    print(json.dumps({"adult": adult, "strings": strings, "crosses": crosses}[sys.argv[1]](rows)))
