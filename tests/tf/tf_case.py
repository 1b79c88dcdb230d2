"""A table and columns of every kind, which tools/make_tf_exchange.py has asked TensorFlow about."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from featurecols import feature_column as fc
from featurecols.tf.verify.cases import Question, column_question, model_question
from tests.tf.tf_models import DATA, columns_of, features

FOLDER = DATA.parent / "tf_exchange"
ROWS = 48
MODEL = "combined_v2"


def table() -> pa.Table:
    """The features of the estimators, and others: with nulls, lists, empty lists, every length of text."""
    draw = np.random.default_rng(5)
    plain = {key: values.tolist() if values.dtype.kind == "U" else values for key, values in features().items()}
    lengths = draw.integers(0, 4, ROWS)
    return pa.table(
        {
            **plain,
            "number": pa.array([None if x < 0 else int(x) for x in draw.integers(-1, 9, ROWS)]),
            "real": pa.array([None if x < -1 else x for x in draw.normal(size=ROWS)]),
            "text": pa.array([None if x == "" else x for x in draw.choice(["", "a", "Köln", "x" * 80], ROWS)]),
            "tags": pa.array([[str(x) for x in draw.integers(0, 5, n)] for n in lengths]),
            "ids": pa.array([draw.integers(-1, 6, 2).tolist() for _ in range(ROWS)]),
            "loads": pa.array([draw.normal(size=2).tolist() for _ in range(ROWS)]),
        }
    )


def halve(x: Any) -> Any:
    return x / 2


def columns() -> list[Any]:
    real, text = fc.numeric_column("real"), fc.categorical_column_with_hash_bucket("text", 100)
    signs = fc.bucketized_column(real, [0])
    tags = fc.categorical_column_with_vocabulary_list("tags", ["1", "2"], num_oov_buckets=2)
    ids = fc.categorical_column_with_identity("ids", 6)
    weighted = fc.weighted_categorical_column(ids, "loads")
    return [
        fc.categorical_column_with_identity("number", 7, default_value=3),
        fc.bucketized_column(real, [-1, 0, 1]),
        real,
        fc.numeric_column("real", normalizer_fn=halve),
        text,
        fc.indicator_column(tags),
        weighted,
        fc.indicator_column(weighted),
        fc.crossed_column(["text", signs, "tags"], 50),
        fc.embedding_column(fc.crossed_column(["text", "tags"], 50), 3),
        fc.indicator_column(fc.sequence_categorical_column_with_identity("ids", 6)),
        fc.sequence_numeric_column("loads"),
        fc.sequence_categorical_column_with_hash_bucket("tags", 5),
        fc.categorical_column_with_hash_bucket("real", 3),
        fc.numeric_column("text"),
        *fc.shared_embeddings([text, fc.categorical_column_with_hash_bucket("tags", 100)], 2),
    ]


def questions() -> list[Question]:
    """One for each column, and one for a model."""
    from featurecols.tf.checkpoint.reader import Checkpoint
    from featurecols.tf.import_estimator import import_tf

    model = import_tf(DATA / MODEL, columns_of(MODEL))
    return [*map(column_question, columns()), model_question(model, Checkpoint.open(DATA / MODEL).prefix)]
