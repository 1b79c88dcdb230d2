"""Models train on rows that leave out what their own fold taught: a category of one row must not tell its label."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import ModelError
from featurecols.models.layers import Dense, DenseFeatures
from featurecols.models.optimization.optimizers import Adam

MEAN = fc.TargetMean("u", "y", smoothing=0, fold_by="u")


def rows(n: int = 400) -> pa.Table:
    random = np.random.default_rng(5)
    return pa.table({"u": [f"u{i}" for i in range(n)], "y": random.integers(0, 2, n), "x": random.normal(size=n)})


def trained(kind: str, data: Any) -> Any:
    if kind == "linear":
        return models.LinearClassifier([MEAN]).train(data, label="y", epochs=20, batch_size=32)
    if kind == "held out":
        return models.LinearClassifier([MEAN]).train(data, label="y", epochs=5, batch_size=32, validation_share=0.2)
    wide = models.WideDeepClassifier([fc.Indicator(fc.Bucketized("x", [0]))], [MEAN], [4], dnn_optimizer="Adam")
    return wide.train(data, label="y", epochs=20, batch_size=32)


def sequential(mean: fc.TargetMean) -> models.Sequential:
    model = models.Sequential([DenseFeatures([mean]), Dense(1)])
    model.compile(Adam(0.1), "binary_crossentropy")
    return model


@pytest.mark.parametrize("kind", ["linear", "held out", "wide & deep"])
def test_no_row_tells_its_label(kind: str, tmp_path: Path) -> None:
    table: Any = rows()
    if kind == "held out":
        pq.write_table(table, tmp_path / "rows.parquet", row_group_size=100)
        table = tmp_path / "rows.parquet"
    model = trained(kind, table)
    assert model.plan.transform(table).max() == 1  # of other rows, where the category is known, this is the label
    found = model.predict(rows().drop(["y"]))["probabilities"][:, 1]  # which needs no label
    assert found.max() - found.min() < 0.3
    assert model.evaluate(table, label="y")["average_loss"] < 0.8


@pytest.mark.parametrize("train", [
    lambda mean: models.LinearClassifier([mean]),  # before a row is read
    lambda mean: models.WideDeepClassifier([fc.Hashed("u", 9)], [mean], [4]),
    lambda mean: models.LinearClassifier(fc.fit([mean], rows())),
    lambda mean: sequential(mean).fit(rows(), label="y"),
])  # fmt: skip
def test_training_without_folds_is_refused(train: Any) -> None:
    with pytest.raises(fc.ColumnError, match=r"TargetMean u: training rows need fold_by: no column .*; fold_by="):
        train(fc.TargetMean("u", "y"))


def test_labels_that_come_apart_from_the_data_are_no_field_of_it() -> None:
    table = rows()
    X, y = table.drop(["y"]), np.asarray(table["y"])
    says = r'columns learn from the label as a field of the data.*, got \'y\'; give data that holds the field, and label="y"'
    for train in (
        lambda: models.LinearClassifier([MEAN]).train(X, label=y),
        lambda: models.LinearClassifier([MEAN]).train((X, {"y": y})),
        lambda: sequential(MEAN).fit(X, y),
    ):
        with pytest.raises(ModelError, match=says):
            train()
    with pytest.raises(fc.DataError, match="u: field is not in the data"):
        models.LinearClassifier([MEAN]).train(table.drop(["u"]), label=y)


def test_a_sequential_trains_so_too() -> None:
    model = sequential(MEAN)
    model.fit(rows(), label="y", epochs=20, batch_size=32)
    assert np.ptp(model.predict(rows().drop(["y"]))) < 3


def test_examples_of_a_pipeline_are_training_rows() -> None:
    table, plan = rows(), fc.fit([MEAN], rows())
    (found,) = models.from_data(table, label="y").batch(len(table)).examples(plan)
    np.testing.assert_array_equal(found.dense, plan.transform_training(table))
