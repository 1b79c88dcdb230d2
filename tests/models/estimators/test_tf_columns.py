"""Columns of the TensorFlow dialect in models: the ids and cells that the dialect itself gives."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import feature_column as tf
from featurecols.errors import ColumnError
from featurecols.feature_column.lower import sparse_tensors
from featurecols.models import (
    DNNClassifier,
    DNNLinearCombinedClassifier,
    DNNLinearCombinedRegressor,
    LinearClassifier,
    Sequential,
    WideDeepClassifier,
    WideDeepRegressor,
    layers,
    losses,
)
from featurecols.models.errors import ModelError
from featurecols.models.estimators.tf_columns import translate_all
from featurecols.models.optimization.optimizers import Adagrad, Ftrl
from tests.models.people import people

DATA, TEST = people(1500), people(500, seed=1)
SMALL = {
    "age": np.array([18.0, 25.5, 64.999999999, 99.0], np.float32),
    "job": np.array(["cook", "", "sailor", "judge"], object),
    "day": np.array([0, 6, -1, 3]),
    "pair": np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0], [7.0, 8.0]], np.float32),
    "w": np.array([1.0, 0.5, 2.0, 3.0], np.float32),
}
AGE = tf.numeric_column("age")
BANDS = tf.bucketized_column(AGE, [25, 40, 65])
JOB = tf.categorical_column_with_vocabulary_list("job", ["cook", "judge", "pilot"], num_oov_buckets=2)
PLAIN = tf.categorical_column_with_vocabulary_list("job", ["cook", "judge"], default_value=1)
DAY = tf.categorical_column_with_identity("day", 7)
HASH = tf.categorical_column_with_hash_bucket("job", 100)
NUMBER = tf.categorical_column_with_hash_bucket("day", 50, tf.int64) if hasattr(tf, "int64") else DAY
CROSS = tf.crossed_column(["job", BANDS], 1000)
KEYED = tf.crossed_column(["job", "day", BANDS], 1000, hash_key=7)
CATEGORICAL = {
    "bands": BANDS,
    "oov": JOB,
    "plain": PLAIN,
    "day": DAY,
    "hash": HASH,
    "number": NUMBER,
    "cross": CROSS,
    "keyed": KEYED,
}


@pytest.mark.parametrize("kind", CATEGORICAL)
def test_ids_are_tensorflows(kind):
    column = CATEGORICAL[kind]
    plan = fc.compile(translate_all([column]))
    got = plan.encode(SMALL).ids[column.name]
    assert plan.encoded_slots[0].num_buckets == column.num_buckets
    tensor = sparse_tensors(column, SMALL).id_tensor
    want: list[list[int]] = [[] for _ in range(4)]
    for (row, _), i in zip(tensor.indices, tensor.values, strict=True):
        want[row].append(int(i))
    flat, offsets = got.elements()
    mine = [[i for i in flat.values[a:b].tolist() if i >= 0] for a, b in itertools.pairwise(offsets)]
    assert mine == want


@pytest.mark.parametrize(
    "columns",
    [
        [AGE],
        [tf.numeric_column("pair", shape=(2,))],
        [BANDS],
        [tf.indicator_column(JOB)],
        [tf.indicator_column(tf.weighted_categorical_column(JOB, "w"))],
        [tf.indicator_column(CROSS), AGE],
    ],
)
def test_cells_are_tensorflows(columns):
    ours = [fc.Indicator(c) if isinstance(c, fc.Bucketized) else c for c in translate_all(columns)]
    ours.sort(key=lambda c: c.name)
    data = {**SMALL, "job": np.array(["cook", "pilot", "sailor", "judge"], object)}  # TensorFlow pairs each id with a weight
    assert fc.compile(ours).transform(data).tolist() == tf.DenseFeatures(columns)(data).tolist()


def test_embeddings_keep_their_settings():
    column = translate_all([tf.embedding_column(HASH, 6, combiner="sqrtn", max_norm=2.0)])[0]
    assert (column.dimension, column.combiner, column.max_norm, column.name) == (6, "sqrtn", 2.0, "job_embedding")
    other = tf.categorical_column_with_hash_bucket("other", 100)
    shared = translate_all(tf.shared_embeddings([HASH, other], 4))
    assert len({c.table for c in shared}) == 1
    assert [c.name for c in shared] == ["job_shared_embedding", "other_shared_embedding"]


def test_what_has_no_translation():
    with pytest.raises(ModelError, match=r"age: a normalizer_fn is code, and a plan holds none.*use fc.Numeric"):
        translate_all([tf.numeric_column("age", normalizer_fn=lambda x: x / 10)])
    with pytest.raises(ModelError, match="columns: not a column that a model reads, got 3; give a column of featurecols"):
        LinearClassifier([3])


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_the_wide_and_deep_tutorial():
    """The census tutorial of tensorflow/models, with its imports changed."""
    education = tf.categorical_column_with_vocabulary_list("job", ["cook", "nurse", "pilot", "judge", "clerk"])
    occupation = tf.categorical_column_with_hash_bucket("city", hash_bucket_size=1000)
    age = tf.numeric_column("age")
    age_buckets = tf.bucketized_column(age, boundaries=[18, 25, 30, 35, 40, 45, 50, 55, 60, 65])
    base_columns = [education, occupation, age_buckets]
    crossed_columns = [
        tf.crossed_column(["job", "city"], hash_bucket_size=1000),
        tf.crossed_column([age_buckets, "job", "city"], hash_bucket_size=1000),
    ]
    deep_columns = [age, tf.indicator_column(education), tf.embedding_column(occupation, dimension=8)]

    model = DNNLinearCombinedClassifier(
        linear_feature_columns=base_columns + crossed_columns,
        dnn_feature_columns=deep_columns,
        dnn_hidden_units=[100, 75, 50, 25],
    )
    frame = pd.DataFrame(DATA)

    def input_fn():
        return frame[["age", "job", "city"]], frame["income"]

    model.train(input_fn=input_fn, epochs=6, batch_size=40)
    results = model.evaluate(input_fn=lambda: (pd.DataFrame(TEST), TEST["income"]))
    assert results["auc"] > 0.93
    assert isinstance(model, WideDeepClassifier)
    assert model.optimizers == (Ftrl(), Adagrad())


def test_tensorflows_names_take_its_arguments():
    model = DNNLinearCombinedRegressor(
        linear_feature_columns=[BANDS],
        dnn_feature_columns=[AGE],
        dnn_hidden_units=[4],
        label_dimension=2,
        dnn_activation_fn="tanh",
    )
    assert isinstance(model, WideDeepRegressor)
    assert model.head.units == 2
    assert model.network.activation == "tanh"

    def relu(x):
        return x

    assert (
        DNNLinearCombinedClassifier(dnn_feature_columns=[AGE], dnn_hidden_units=[4], dnn_activation_fn=relu).network[1]
        == "relu"
    )
    with pytest.raises(ModelError, match="dnn columns need dnn_hidden_units"):
        DNNLinearCombinedClassifier(dnn_feature_columns=[AGE])
    with pytest.raises(ColumnError, match="activation: unknown activation, got 'mish'"):
        DNNLinearCombinedClassifier(dnn_feature_columns=[AGE], dnn_hidden_units=[4], dnn_activation_fn="mish")


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_dense_features_of_the_dialect():
    feature_columns = [AGE, tf.indicator_column(JOB), tf.embedding_column(HASH, dimension=8)]
    model = Sequential([layers.DenseFeatures(feature_columns), layers.Dense(16, activation="relu"), layers.Dense(1)])
    model.compile("adam", losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    history = model.fit(DATA, label="rich", epochs=3)
    assert history.history["loss"][-1] < history.history["loss"][0]


@pytest.mark.filterwarnings("ignore:.*far from one")
def test_canned_estimators_take_tensorflows_arguments():
    def tanh(x):
        return x

    frame = pd.DataFrame(DATA)
    deep = DNNClassifier(hidden_units=[8], feature_columns=[AGE], activation_fn=tanh, optimizer="Adagrad")
    assert deep.train(input_fn=lambda: (dict(frame[["age"]]), frame["rich"]), steps=3) is deep
    assert (deep.network.activation, deep.columns, deep.optimizer) == ("tanh", tuple(translate_all([AGE])), Adagrad())
    assert LinearClassifier(feature_columns=[AGE]).columns == deep.columns
    with pytest.raises(ModelError, match="LinearClassifier: columns and feature_columns are one thing"):
        LinearClassifier([AGE], feature_columns=[AGE])
    with pytest.raises(ModelError, match="LinearClassifier: needs columns"):
        LinearClassifier()
    with pytest.raises(ColumnError, match="hidden_units: must be given"):
        DNNClassifier(feature_columns=[AGE])
