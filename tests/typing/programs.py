"""Typical programs of users, for type checkers: `mypy --strict` and pyright accept them, and no type is Any at the surface.

The programs are checked, not run: what they compute is tested elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, assert_type

import numpy as np
import pandas as pd
from numpy.typing import NDArray

import featurecols as fc
from featurecols import extend, feature_column
from featurecols.models import hooks, layers, losses, metrics, optimizers, schedules

Matrix = NDArray[np.float32]
Numbers = NDArray[np.float32 | np.float64]
Classes = NDArray[np.bool_ | np.int64 | np.float64 | np.str_]


def declare() -> list[fc.Column]:
    """Columns of all kinds in one list."""
    age = fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore())
    bands = fc.Bucketized("age", fc.Quantiles(10))
    job = fc.Vocabulary("job", fc.TopTerms(1000, min_count=5), num_oov_buckets=1)
    city = fc.Hashed(fc.Field("city", missing="?"), 100_000)
    assert_type(age, fc.Numeric)
    assert_type(age.name, str)
    assert_type(city.num_buckets, int)
    assert_type(age.replace(default=0.0), fc.Numeric)
    assert_type(age.to_dict(), dict[str, Any])
    return [
        age,
        fc.Indicator(bands),
        fc.Embedding(city, 8),
        fc.Indicator(fc.Crossed([bands, "job"], 1000)),
        fc.Indicator(fc.Weighted(job, "weight")),
        fc.Sequence(fc.Embedding(fc.Hashed("visited", 100), 4), 10),
        fc.Numeric(fc.Ratio("rooms", "people"), normalizer=fc.RankGauss(100)),
        fc.Numeric(fc.Elapsed("out", fc.Timestamp("2020-01-01"), unit="hours")),
        fc.Embedding(fc.Piecewise(fc.Difference("a", "b"), fc.EqualWidth(8)), 4),
        fc.Cyclic(fc.DatePart("time", "hour", timezone="UTC"), 24),
        fc.Indicator(fc.Hashed(fc.NGrams(fc.Words("title"), (1, 2)), 100)),
        fc.Indicator(fc.Tfidf(fc.Vocabulary(fc.Split("tags", "|"), fc.TopTerms(10)))),
        fc.Indicator(fc.Hashed(fc.Prefix("code", 3), 100, missing_bucket=0)),
        fc.TargetMean(fc.Crossed(["job", "city"], 100), "late", fold_by=["id"]),
        fc.Count("job", log=False),
        fc.Missing("age"),
    ]


def specs(path: Path) -> tuple[fc.Column, ...]:
    """Columns to a file and back."""
    fc.write_columns(declare(), path)
    columns = fc.read_columns(path)
    assert_type(columns, tuple[fc.Column, ...])
    assert_type(fc.columns_from_json([{"type": "Numeric", "source": "age"}]), tuple[fc.Column, ...])
    return columns


def one_plan(people: pd.DataFrame) -> fc.Plan:
    """Fit, look, save, load."""
    plan = fc.fit(declare(), people, threads=2)
    assert_type(plan, fc.Plan)
    assert_type(plan.width, int)
    assert_type(plan.fingerprint, str)
    assert_type(plan.columns, tuple[fc.Column, ...])
    plan.save("plan/", overwrite=True)
    assert_type(fc.load("plan/"), fc.Plan)
    assert_type(fc.Plan.from_bytes(plan.to_bytes()), fc.Plan)
    return plan


def transforms(plan: fc.Plan, people: pd.DataFrame) -> Matrix:
    """Whole tables, batches, single rows."""
    matrix = plan.transform(people)
    assert_type(matrix, Matrix)
    assert_type(plan.transform({"age": [1.0], "job": ["cook"]}), Matrix)
    assert_type(plan.transform_row({"age": 31, "job": None, "city": "Ulm"}), Matrix)
    assert_type(plan.transform_batches("train/*.parquet", 1000), Iterator[Matrix])
    for batch in plan.transform_batches(["a.csv", "b.csv"]):
        assert_type(batch, Matrix)
    return matrix


def encoded(plan: fc.Plan, people: pd.DataFrame) -> int:
    """Ids in place of one-hots."""
    features = plan.encode(people)
    assert_type(features, fc.Features)
    assert_type(features.dense, Matrix)
    assert_type(features.ids, Mapping[str, fc.Ids])
    assert_type(features.ids["city"].values, NDArray[np.signedinteger[Any]])
    assert_type(features.lengths["visited"], NDArray[np.int64])
    assert_type(features.slots, tuple[fc.Slot, ...])
    assert_type(plan.encode_batches(people, 100), Iterator[fc.Features])
    return sum(slot.num_buckets for slot in features.slots)


def meaning(plan: fc.Plan) -> list[str]:
    """What features and ids are."""
    assert_type(plan.describe_id("city", 3).label, str)
    found = plan.explain({"age": 31, "job": "cook", "city": "Ulm"})
    return [str(found), str(plan.describe(0))]


def files(plan: fc.Plan) -> None:
    """Batch jobs over files."""
    fc.transform_parquet(plan, "in/*.parquet", "out/", keep=["id"], threads=4)


def classifier(people: pd.DataFrame, plan: fc.Plan) -> dict[str, float]:
    """A model from columns: train, evaluate, predict, save, load."""
    model = fc.models.LinearClassifier(plan, optimizer=optimizers.Ftrl(0.1, l1=0.01))
    assert_type(model, fc.models.LinearClassifier)
    assert_type(model.train(people, "income", epochs=3), fc.models.LinearClassifier)
    found = model.evaluate(people)
    assert_type(found, dict[str, float])
    assert_type(model.predict_proba(people), Matrix)
    assert_type(model.classes_, Classes)
    assert_type(model.score(people, "income"), float)
    predictions = model.predict(people)
    assert_type(predictions["probabilities"], Matrix)
    assert_type(predictions["class_ids"], NDArray[np.int64])
    assert_type(predictions["classes"], Classes)
    assert_type(model.get_variable_value("linear/bias"), Numbers)
    right = float((predictions["classes"] == people["income"].to_numpy()).mean())
    assert_type(model.predict_files("in/*.parquet", "out/").rows, int)
    assert_type(model.plan, fc.Plan | None)
    for row in predictions:
        assert_type(row, dict[str, Any])
    model.save("model/", overwrite=True)
    return {**found, "right": right}


def loaded(people: pd.DataFrame) -> float:
    """Models that come from files."""
    model = fc.models.load("model/")
    if isinstance(model, fc.models.Sequential):
        return float(model.predict(people).mean())
    same = fc.models.model_from_json({"model": "LinearClassifier", "columns": [{"type": "Numeric", "source": "age"}]})
    model.train(people, "income")
    return model.score(people, "income") + same.score(people)


def wide_and_deep(bands: fc.Column, city: fc.Column) -> fc.models.WideDeepRegressor:
    """Two towers, with hooks."""
    model = fc.models.WideDeepRegressor([bands, city], [fc.Embedding(city, 8)], [100, 50], model_dir="runs/1")
    found = model.predict("test.parquet")["predictions"]
    assert_type(found, Numbers)
    assert_type(np.sqrt(np.mean((found - 1.0) ** 2)).item(), Any)
    return model.train(
        "train/*.parquet",
        "income",
        epochs=10,
        validation="test.parquet",
        hooks=[hooks.EarlyStopping("val_loss", patience=3), hooks.TimeLimit(60)],
    )


def network(people: pd.DataFrame) -> Matrix:
    """Layers one after another."""
    net = fc.models.Sequential([layers.DenseFeatures(declare()), layers.Dense(128, activation="relu"), layers.Dense(1)])
    net.compile(optimizers.Adam(schedules.Cosine(0.01, 1000)), loss="mse", metrics=["mae"])
    history = net.fit(people, label="income", epochs=2)
    assert_type(history, fc.models.History)
    assert_type(history.history["loss"], list[float])
    assert_type(net.predict(people), Matrix)
    assert_type(net.predict_proba(people), Matrix)
    assert_type(net.evaluate(people), float | list[float])
    assert_type(net.evaluate(people, return_dict=True), dict[str, float])
    return net.predict(people)


def pipelines(plan: fc.Plan) -> fc.models.DNNClassifier:
    """Rows as a pipeline."""
    rows = fc.models.from_parquet("train/*.parquet", label="income").shuffle(10_000).batch(256).repeat(3)
    assert_type(rows, fc.models.Pipeline)
    return fc.models.DNNClassifier(plan, [64, 32]).train(rows)


def measures(y: Matrix, scores: Matrix) -> list[float]:
    """Metrics of arrays."""
    assert_type(metrics.auc(y, scores), float)
    assert_type(metrics.roc(y, scores).x, NDArray[np.float64])
    assert_type(metrics.calibration(y, scores).observed, NDArray[np.float64])
    assert_type(losses.get("mse"), losses.Loss)
    return [metrics.auc(y, scores), metrics.accuracy(y, scores > 0.5)]


def errors(people: pd.DataFrame) -> str:
    """Errors with their parts."""
    try:
        return str(fc.fit([fc.Numeric("age")], people).width)
    except fc.DataError as error:
        assert_type(error.field, str | None)
        assert_type(error.row, int | None)
        return error.hint
    except fc.FeatureColumnsError as error:
        return str(error)


def dialect() -> Matrix:
    """TensorFlow's declarations."""
    age = feature_column.numeric_column("age")
    job = feature_column.categorical_column_with_vocabulary_list("job", ["nurse", "pilot"])
    layer = feature_column.DenseFeatures([feature_column.indicator_column(job), age])
    return layer({"age": [30.0, 70.0], "job": ["pilot", ""]})


@extend.frozen
class Doubled(extend.Column):
    """A kind from outside the package."""

    source: extend.Converted[str | fc.Field, fc.Field]


def kinds() -> str:
    """Its declaration."""
    return Doubled("age").source.key
