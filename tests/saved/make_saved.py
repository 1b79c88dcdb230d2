"""Save small plans, models and specs, and what they give for a fixed table, for later versions to be tested against.

    python tests/saved/make_saved.py tests/saved/<name of the version>

Run it under the commit whose format is to be kept, and commit the folder that it writes; tests/test_saved_files.py reads
every such folder. A folder is never made again by a later commit: a new one is added beside it. v0_60ad15a holds files of
format 1, v1 those of format 2.

    rows.json                 the table, one list for each field
    plans/<name>/plan/        what plan.save wrote
    plans/<name>/plan.bytes   what plan.to_bytes gave
    plans/<name>/columns.json what fc.columns_to_json gave
    plans/<name>/facts.json   fingerprint, tables_digest, names and slots
    plans/<name>/arrays.npz   what transform, transform_row and encode gave
    models/<name>/model/      what model.save wrote
    models/<name>/spec.json   what fc.models.model_from_json made the model of, where a spec can say all of it
    models/<name>/facts.json  class, fingerprint and label
    models/<name>/arrays.npz  what predict gave
    checkpoint/               a model_dir after training, the spec of its model, and the variables as arrays.npz
    functions.npz             exp and tanh of some numbers on the machine that made the files

Models are trained for a few steps; then their parameters are rounded to multiples of 1/16, and the numbers that they read
are multiples of 1/8. So float32 holds every product and sum of a network exactly, and logits do not depend on the order in
which a BLAS library adds. A layer after a batch normalization or tanh has two inputs and powers of two for weights, for
the same reason. What numpy gives for exp and tanh may depend on the processor: functions.npz lets the test find out.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

import featurecols as fc
from featurecols.models import layers, losses, optimizers, schedules

NAN = float("nan")
ROWS = 40


def cycle(*values: Any) -> list[Any]:
    """Return the values again and again, as many as there are rows."""
    return [values[i % len(values)] for i in range(ROWS)]


def scaled(scale: float, *values: int) -> list[float]:
    """Return the values times a scale, again and again."""
    return [value * scale for value in cycle(*values)]


TABLE: dict[str, list[Any]] = {
    # numbers
    "x": cycle(3.14159, None, -2.5, 0.1, 17.0, 1e-3, None, 8.75, -0.0, 42.42, 5.5),
    "y": scaled(0.25, 3, -7, 12, 0, 25, -2, 9, 31, 16, -11, 6, 20, 1),
    "whole": cycle(4, 0, -3, 12, 7, None, 50, -999, 1, 23, 6, 0, 8),
    "extreme": cycle(1e-320, -0.0, 3.5e38, 1e300, -1e300, None, 1.1754942e-38, 16777217, 0.30000001192092896),
    "point": cycle([1.5, 2, -3], None, [0.25, None, 4.125], [], [7, 8, 9.5]),
    "grid": cycle([[1, 2], [3, 4]], [[0.5, -1], [2.25, 8]], None),
    "clicks": cycle([1.5, 2, 3, 4.75], [5], [], None, [0.125, None], [9, 8, 7, 6, 5, 4]),
    # categories
    "city": cycle("Ulm", "Köln", None, "東京", "Oslo", "", "cafe\u0301", "café", " Ulm", "🦉 owl", "Ulm", "Oslo", "Köln"),
    "code": cycle("a1", "?", "b2", None, "a1", "c3", "n/a", "b2", "a1"),
    "flag": cycle(True, False, None, False, True, True, None),
    "floor": cycle(2, 0, None, 4, 1, 3, 0),
    "shaft": cycle(2, -1, 99, None, 0, 4, 5, 1),
    "big": cycle(2**63 - 1, -(2**63), 2**53 + 1, None, 0, -7, 10**15),
    "huge": cycle(2**64 - 1, 2**63, 5, None, 2**53 + 1),
    "tags": cycle(["a", "b", "a"], ["ü"], [], None, ["b", None, "c", "zzz"], ["d", "a"], [None]),
    "floors": cycle([0, 3], [], [1, None, 2, 2], None, [4]),
    # weights of city, of tags and of rows
    "share": cycle(0.5, 2, 1.25, None, 0, -1.5, 3, 0.75),
    "scores": cycle([0.5, 2, 0.25], [1.5], [], None, [1, None, -2, 0.75], [0, 4], [3]),
    "importance": cycle(1, 0.5, 2, 1.5),
    # labels
    "late": cycle(0, 1, 1, 0, 0, 1, 0, 1, 1, 1, 0),
    "answer": cycle("no", "yes", "yes", "no", "no", "no", "yes"),
    "colour": cycle("red", "grün", "blue", "red", "blue", "grün", "grün", "blue", "red"),
    "price": scaled(0.25, 10, 3, 22, 8, 15, 1, 30, 12, 19),
    "cost": scaled(0.5, 2, 9, 4, 13, 0, 7, 5),
    "visits": cycle(0, 3, 1, 5, 2, 2, 7, 0, 1),
}

# Plans --------------------------------------------------------------------------------------------------------------

CITIES = ["Ulm", "Köln", "Oslo", "東京"]
CITY = fc.Vocabulary("city", CITIES, num_oov_buckets=2)
TAGS = fc.Vocabulary("tags", ["a", "b", "c"], num_oov_buckets=1)
BANDS = fc.Bucketized("x", [0.0, 1.5, 10.0])
CODE = fc.Field("code", missing=("?", "n/a"))

PLANS: dict[str, list[fc.Column]] = {
    "numeric": [
        fc.Numeric("y"),
        fc.Numeric("x", default=0.5, name="a number"),
        fc.Numeric("x", default=fc.Mean(), name="mean"),
        fc.Numeric("x", default=fc.Median(), name="median"),
        fc.Numeric("x", default=NAN, name="größe/π \u2028"),
        fc.Numeric("x", default=-1, dtype="float32", normalizer=fc.ZScore(), name="float32"),
        fc.Numeric("extreme", default=NAN),
        fc.Numeric(fc.Field("whole", missing=(-999, 0)), default=2),
        fc.Numeric("flag", default=0.5),
        fc.Numeric("point", shape=3, default=(1, 2, 3)),
        fc.Numeric("point", shape=(3,), default=fc.Mean(), normalizer=fc.ZScore(), name="learned point"),
        fc.Numeric("grid", shape=(2, 2), default=((0.5, 1), (2, 4))),
    ],
    "normalizers": [
        fc.Numeric("y", normalizer=fc.ZScore()),
        fc.Numeric("y", normalizer=fc.ZScore(mean=1.5, std=0.75), name="given zscore"),
        fc.Numeric("y", normalizer=fc.ZScore(mean=1, std=0), name="zscore without spread"),
        fc.Numeric("y", normalizer=fc.MinMax(), name="minmax"),
        fc.Numeric("y", normalizer=fc.MinMax(min=-2, max=6), name="given minmax"),
        fc.Numeric("y", normalizer=fc.Log1p(), name="log1p"),
        fc.Numeric("y", normalizer=fc.Clip(-1, float("inf")), name="clip"),
        fc.Numeric("y", normalizer=[fc.Clip(0, 5), fc.Log1p(), fc.ZScore(), fc.MinMax()], name="chain"),
        fc.Numeric("x", default=fc.Median(), normalizer=[fc.MinMax(), fc.ZScore()], name="learned default and chain"),
    ],
    "bucketized": [
        BANDS,
        fc.Bucketized("x", [1], missing_bucket=2, name="missing bucket of its own"),
        fc.Bucketized("y", fc.Quantiles(5)),
        fc.Bucketized(fc.Numeric("x", default=0.1, normalizer=fc.ZScore()), fc.Quantiles(3), name="of a Numeric"),
        fc.Bucketized(fc.Numeric("x", default=0.1, dtype="float32"), [0.1, 3.14159], name="of float32"),
        fc.Bucketized(fc.Numeric("point", shape=3, default=0), [0, 5], name="of a shape"),
        fc.Bucketized("clicks", [2, 5], missing_bucket=0),
    ],
    "identity": [
        fc.Identity("floor", 5),
        fc.Identity("shaft", 5, out_of_range="drop", name="drop"),
        fc.Identity("shaft", 5, out_of_range="keep", name="keep"),
        fc.Identity("shaft", 5, out_of_range=3, name="an id"),
        fc.Identity("big", 2**40, out_of_range="drop"),
        fc.Identity("floors", 5),
        fc.Identity("flag", 2),
    ],
    "vocabulary": [
        CITY,
        fc.Vocabulary("city", fc.TopTerms(3), name="top terms"),
        fc.Vocabulary("city", fc.TopTerms(None, min_count=4), num_oov_buckets=3, seed=11, name="all frequent terms"),
        fc.Vocabulary("city", CITIES[:2], num_oov_buckets=7, hash="farmhash64", name="farmhash"),
        fc.Vocabulary("city", CITIES[:2], unseen=0, name="unseen is the first"),
        fc.Vocabulary("city", CITIES[:2], unseen=9, name="unseen is beyond"),
        fc.Vocabulary("city", [b"Ulm", b"caf\xc3\xa9", b"\xff"], name="bytes"),
        fc.Vocabulary("big", [2**63 - 1, -7, 0]),
        fc.Vocabulary("flag", [True, False]),
        fc.Vocabulary(CODE, fc.TopTerms(2)),
        TAGS,
        fc.Vocabulary("tags", fc.TopTerms(3, min_count=2), name="top tags"),
    ],
    "hashed": [
        fc.Hashed("city", 1000),
        fc.Hashed("city", 1000, seed=2**32 - 1, name="seed"),
        fc.Hashed("city", 2**40, hash="farmhash64", name="farmhash"),
        fc.Hashed("big", 97),
        fc.Hashed("huge", 97),
        fc.Hashed("flag", 5),
        fc.Hashed(CODE, 50),
        fc.Hashed("tags", 2**31 - 1),
    ],
    "crossed": [
        fc.Crossed(["city", "flag"], 100),
        fc.Crossed(["city", "flag"], 100, seed=3, name="seed"),
        fc.Crossed(["city", CITY], 1000, keep_unseen=True, name="keep unseen"),
        fc.Crossed(["city", "big", CITY], 2**40, hash="farmhash64", name="farmhash"),
        fc.Crossed(["city", "big"], 1000, hash="farmhash64", seed=12345, keep_unseen=True, name="farmhash seed"),
        fc.Crossed([BANDS, CITY, "floor"], 500),
        fc.Crossed(["tags", "city"], 300),
        fc.Crossed([TAGS, "floors", BANDS], 300, keep_unseen=True),
        fc.Crossed([fc.Crossed(["city", "flag"], 50), fc.Hashed("tags", 20)], 400, name="cross of a cross"),
    ],
    "weighted": [
        fc.Weighted(CITY, "share", default=1),
        fc.Weighted(fc.Hashed("tags", 30), "scores", default=0.5),
        fc.Weighted(TAGS, fc.Field("scores", missing=(-2,)), default=0.25, name="missing weights"),
        fc.Weighted(fc.Identity("floor", 5), "importance"),
    ],
    "indicator": [
        fc.Indicator(BANDS),
        fc.Indicator(fc.Bucketized("y", fc.Quantiles(4)), name="quarters"),
        fc.Indicator(fc.Identity("shaft", 5, out_of_range="keep")),
        fc.Indicator(CITY),
        fc.Indicator(TAGS),
        fc.Indicator(fc.Hashed("city", 7), name="hashed"),
        fc.Indicator(fc.Crossed([CITY, "flag"], 9)),
        fc.Indicator(fc.Weighted(TAGS, "scores", default=1)),
        fc.Indicator(fc.Hashed("city", 6, seed=4), name="hashed with a seed"),
        fc.Indicator(fc.Hashed("huge", 6, hash="farmhash64"), name="farmhash"),
        fc.Indicator(fc.Vocabulary("city", CITIES[:2], num_oov_buckets=4, hash="farmhash64"), name="farmhash of unseen"),
        fc.Indicator(fc.Vocabulary("city", fc.TopTerms(2), num_oov_buckets=4, seed=2), name="top terms"),
        fc.Indicator(fc.Vocabulary("flag", [True, False], unseen=2), name="unseen"),
        fc.Indicator(fc.Crossed(["tags", "big", BANDS], 8, hash="farmhash64"), name="farmhash cross"),
        fc.Indicator(fc.Crossed(["floor", CITY], 8, hash="farmhash64", seed=6, keep_unseen=True), name="farmhash cross, kept"),
        fc.Indicator(fc.Crossed(["floors", CODE, "flag"], 8, seed=5, keep_unseen=True), name="cross, kept"),
        fc.Indicator(fc.Identity("shaft", 4, out_of_range=3), name="an id"),
        fc.Indicator(fc.Bucketized("clicks", [2, 5], missing_bucket=3), name="missing bucket"),
    ],
    "sequence": [
        fc.Sequence(fc.Numeric("clicks", default=-1), 3),
        fc.Sequence(fc.Numeric("clicks", default=fc.Mean(), normalizer=fc.ZScore()), 3, keep="first", name="learned"),
        fc.Sequence(fc.Indicator(TAGS), 2),
        fc.Sequence(fc.Indicator(fc.Identity("floors", 5)), 4, keep="first"),
        fc.Sequence(fc.Embedding(fc.Hashed("tags", 10), 2), 3),
    ],
    "embedding": [
        *(fc.Embedding(TAGS, 3, combiner=c, name=c) for c in ("mean", "sum", "sqrtn", "mean_all", "sqrtn_all")),
        fc.Embedding(fc.Weighted(TAGS, "scores", default=1), 2, combiner="mean", name="weighted mean"),
        fc.Embedding(fc.Weighted(TAGS, "scores", default=1), 2, combiner="sqrtn_all", name="weighted sqrtn_all"),
        fc.Embedding(TAGS, 4, max_norm=0.5, combiner="sum", name="max norm"),
        fc.Embedding(fc.Hashed("city", 600), name="derived dimension"),
        fc.Embedding(CITY, 2, initializer=fc.Zeros(), name="zeros"),
        fc.Embedding(CITY, 2, initializer=fc.Constant(0.1), name="constant"),
        fc.Embedding(CITY, 2, initializer=fc.Uniform(-0.5, 2), seed=7, name="uniform"),
        fc.Embedding(CITY, 2, initializer=fc.TruncatedNormal(mean=1, std=0.25), seed=8, name="truncated normal"),
        fc.Embedding(CITY, 3, table="shared", seed=9, name="shared one"),
        fc.Embedding(fc.Hashed("code", 6), 3, table="shared", seed=9, name="shared two"),
    ],
    "trained_tables": [
        fc.Embedding(fc.Hashed("city", 5), 2, table="städte/π"),
        fc.Embedding(fc.Hashed("tags", 5), 2, table="städte/π", combiner="sum"),
        fc.Embedding(fc.Vocabulary(CODE, fc.TopTerms(2), num_oov_buckets=1), 3, name="code"),
        fc.Embedding(CITY, 2, name="not trained"),
    ],
    "mixed": [
        fc.Numeric("x", default=fc.Median(), normalizer=fc.ZScore()),
        fc.Embedding(CITY, 2),
        fc.Indicator(fc.Vocabulary("city", fc.TopTerms(4))),
        fc.Sequence(fc.Numeric("clicks", default=0), 2),
        fc.Indicator(fc.Crossed([BANDS, "city"], 12)),
        fc.Indicator(BANDS),
    ],
}
TABLES: dict[str, dict[str, np.ndarray]] = {
    "trained_tables": {
        "städte/π": (np.arange(10, dtype=np.float32).reshape(5, 2) - 4) / 3,
        "code": np.linspace(-1, 1, 9, dtype=np.float32).reshape(3, 3),
    }
}


def made_plan(name: str, table: dict[str, Any]) -> fc.Plan:
    """Return the plan of this name, with its trained tables where it has some."""
    return fc.fit(PLANS[name], table).with_tables(TABLES.get(name, {}))


def arrays_of_plan(plan: fc.Plan, table: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield all that a plan gives for the table, each array with its name."""
    if all(not column.categorical for column in plan.columns):
        yield "transform", plan.transform(table)
        rows = [dict(zip(table, row, strict=True)) for row in zip(*table.values(), strict=True)]
        yield "transform_row", np.stack([plan.transform_row(row) for row in rows])
    found = plan.encode(table)
    yield "dense", found.dense
    for number, slot in enumerate(found.slots):
        if slot.name in found.ids:
            for part in ("values", "offsets", "weights"):
                array = getattr(found.ids[slot.name], part)
                if array is not None:
                    yield f"ids_{number}_{part}", array
        if slot.name in found.lengths:
            yield f"lengths_{number}", found.lengths[slot.name]


def save_plan(folder: Path, plan: fc.Plan, table: dict[str, Any]) -> None:
    """Write a plan and what it gives."""
    plan.save(folder / "plan")
    (folder / "plan.bytes").write_bytes(plan.to_bytes())
    write_json(folder / "columns.json", fc.columns_to_json(plan.columns))
    dense = all(not column.categorical for column in plan.columns)
    facts = {
        "fingerprint": plan.fingerprint,
        "tables_digest": plan.tables_digest,
        "fields": [field.key for field in plan.fields],
        "names": list(plan.feature_names) if dense else None,
        "feature_slots": [asdict(slot) for slot in plan.encoded_slots],
    }
    write_json(folder / "facts.json", facts)
    np.savez_compressed(folder / "arrays.npz", **dict(arrays_of_plan(plan, table)))


# Models -------------------------------------------------------------------------------------------------------------

PLAIN = fc.Numeric("y")
EIGHTHS = fc.Numeric("y", normalizer=fc.MinMax(min=-4, max=4))
FEW = fc.Vocabulary("city", CITIES, num_oov_buckets=1)
WIDE = [PLAIN, FEW, BANDS, fc.Hashed("tags", 16), fc.Crossed([FEW, "flag"], 12)]
WEIGHTED = [PLAIN, fc.Weighted(TAGS, "scores", default=0.5), fc.Indicator(FEW)]
DEEP = [PLAIN, fc.Indicator(FEW), fc.Embedding(fc.Hashed("tags", 10), 2, combiner="sum"), fc.Identity("floor", 5)]
SEQUENCE = fc.Sequence(fc.Numeric("clicks", default=0), 2)
SHARED = [fc.Embedding(fc.Hashed(key, 8), 2, table="both", combiner="sum") for key in ("city", "code")]
LEARNING = [fc.Numeric("y", normalizer=fc.MinMax()), fc.Vocabulary("city", fc.TopTerms(4)), fc.Bucketized("y", fc.Quantiles(3))]


def declared(*columns: fc.Column) -> list[Any]:
    """Return columns as a model spec holds them."""
    return fc.columns_to_json(columns)


def part(kind: str, **arguments: Any) -> dict[str, Any]:
    """Return a part of a model as a model spec holds it."""
    return {"type": kind, **arguments}


@dataclass(frozen=True)
class Made:
    """A model to save.

    Args:
        make: the spec of an estimator, or a function that gives a model.
        label: the fields of its labels.
        powers_of_two: whether the weights of the last layer become powers of two.
        spec_says_all: whether a model made of the spec predicts the same once it has the saved weights.
    """

    make: dict[str, Any] | Callable[[], Any]
    label: str | list[str]
    powers_of_two: bool = False
    spec_says_all: bool = True


def combined_classifier() -> Any:
    """Return a wide & deep classifier by its name in tf.estimator."""
    return fc.models.DNNLinearCombinedClassifier(
        linear_feature_columns=WIDE,
        dnn_feature_columns=DEEP,
        dnn_hidden_units=[4],
        dnn_optimizer="Adam",
        label_vocabulary=["yes", "no"],
    )


def combined_regressor() -> Any:
    """Return a wide & deep regressor by its name in tf.estimator."""
    return fc.models.DNNLinearCombinedRegressor(
        linear_feature_columns=WIDE, dnn_feature_columns=DEEP, dnn_hidden_units=[4], weight_column="importance"
    )


def sequential() -> Any:
    """Return layers over columns that learn, for one probability."""
    model = fc.models.Sequential(
        [
            layers.DenseFeatures([EIGHTHS, fc.Indicator(LEARNING[1]), *SHARED, fc.Indicator(TAGS)]),
            layers.Dense(2, "relu"),
            layers.Dropout(0.25),
            layers.BatchNorm(momentum=0.9),
            layers.Dense(1, "sigmoid", name="out"),
        ],
        name="with features",
        seed=3,
    )
    rate = schedules.PiecewiseConstant([2, 4], [0.3, 0.2, 0.1])
    model.compile(
        optimizers.RMSProp(rate, momentum=0.5, clip=fc.models.ClipValue(1.0)), "binary_crossentropy", ["accuracy", "auc"]
    )
    return model


def sequential_of_words() -> Any:
    """Return layers over columns, for labels that are words."""
    columns = [PLAIN, SEQUENCE, fc.Embedding(TAGS, 2, combiner="sum")]
    model = fc.models.Sequential([layers.DenseFeatures(columns), layers.Dense(4), layers.Activation("relu"), layers.Dense(3)])
    out = optimizers.SGD(schedules.Warmup(schedules.Steady(0.2), 2), momentum=0.9, nesterov=True)
    model.compile(
        optimizers.Groups((("dense_1/", out), ("", optimizers.Adagrad(0.2)))), losses.CategoricalCrossentropy(from_logits=True)
    )
    return model


def sequential_of_arrays() -> Any:
    """Return layers over a matrix."""
    dense = [layers.Dense(4, "relu", use_bias=False, input_dim=2), layers.Dense(2)]
    model = fc.models.Sequential(dense, name="of arrays", seed=5)
    rate = schedules.LinearDecay(0.1, steps=6, final=0.5)
    model.compile(optimizers.AdamW(rate, weight_decay=0.01, clip=fc.models.ClipNorm(1.0)), losses.MeanSquaredError())
    return model


MODELS: dict[str, Made] = {
    "linear_classifier": Made(
        {
            "model": "LinearClassifier",
            "columns": declared(*WIDE),
            "optimizer": part("Ftrl", learning_rate=0.5, l1=0.01, l2=0.001),
            "weight_column": "importance",
        },
        "late",
    ),
    "linear_classifier_of_learning_columns": Made(
        {
            "model": "LinearClassifier",
            "columns": declared(*LEARNING),
            "n_classes": 3,
            "optimizer": part("SGD", learning_rate=part("Cosine", rate=0.5, steps=10, warmup=2)),
        },
        "colour",
        spec_says_all=False,  # the columns learn, and so do the words of the label
    ),
    "linear_regressor": Made(
        {
            "model": "LinearRegressor",
            "columns": declared(*WEIGHTED),
            "label_dimension": 2,
            "optimizer": part("Adagrad", learning_rate=0.5),
            "sparse_combiner": "mean",
        },
        ["price", "cost"],
    ),
    "linear_regressor_of_counts": Made(
        {
            "model": "LinearRegressor",
            "columns": declared(*WIDE),
            "loss": part("Poisson"),
            "optimizer": part("Adam", learning_rate=part("Exponential", rate=0.1, decay=0.5, every=2, staircase=True)),
            "sparse_combiner": "sqrtn",
        },
        "visits",
    ),
    "dnn_classifier": Made(
        {
            "model": "DNNClassifier",
            "columns": declared(*DEEP),
            "hidden_units": [6, 4],
            "n_classes": 3,
            "label_vocabulary": ["red", "grün", "blue"],
            "dropout": 0.1,
            "weight_column": "importance",
        },
        "colour",
    ),
    "dnn_regressor": Made(
        {"model": "DNNRegressor", "columns": declared(PLAIN, SEQUENCE, *SHARED), "hidden_units": [5], "label_dimension": 2},
        ["price", "cost"],
    ),
    "dnn_regressor_batch_norm": Made(
        {
            "model": "DNNRegressor",
            "columns": declared(*DEEP),
            "hidden_units": [2],
            "activation": "tanh",
            "batch_norm": True,
            "optimizer": part("RMSProp", learning_rate=0.05, centered=True, clip=part("ClipNorm", norm=2.0)),
        },
        "price",
        powers_of_two=True,
    ),
    "wide_deep_classifier": Made(
        {
            "model": "WideDeepClassifier",
            "linear": declared(*WIDE),
            "dnn": declared(fc.Numeric("y", name="city"), *DEEP[1:]),  # a name that a linear column has
            "hidden_units": [4],
            "linear_optimizer": part("Ftrl", learning_rate=0.3),
            "dnn_optimizer": part("AdamW", learning_rate=0.05),
        },
        "late",
    ),
    "wide_deep_regressor": Made(
        {
            "model": "WideDeepRegressor",
            "linear": declared(*WIDE[:3]),
            "dnn": declared(*DEEP),
            "hidden_units": [4, 3],
            "weight_column": "importance",
        },
        "price",
    ),
    "baseline_classifier": Made(
        {
            "model": "BaselineClassifier",
            "columns": declared(PLAIN),
            "n_classes": 3,
            "label_vocabulary": ["red", "grün", "blue"],
        },
        "colour",
    ),
    "baseline_regressor": Made({"model": "BaselineRegressor", "columns": declared(PLAIN)}, "price"),
    "combined_classifier": Made(combined_classifier, "answer"),
    "combined_regressor": Made(combined_regressor, "price"),
    "sequential": Made(sequential, "late", powers_of_two=True),
    "sequential_of_words": Made(sequential_of_words, "colour"),
    "sequential_of_arrays": Made(sequential_of_arrays, ["price", "cost"]),
}
ARRAYS = ("y", "share")  # the fields that the model of arrays reads, with 0 for a missing value


def matrix(table: dict[str, Any], keys: tuple[str, ...] | list[str]) -> np.ndarray:
    """Return fields of the table side by side, float32."""
    return np.array([[value or 0 for value in table[key]] for key in keys], np.float32).T


def trained_model(name: str, table: dict[str, Any]) -> Any:
    """Return a model after a few steps, with rounded parameters."""
    made = MODELS[name]
    quiet = fc.models.RunConfig(seed=1, progress=False)
    model = fc.models.model_from_json(made.make, config=quiet) if isinstance(made.make, dict) else made.make()
    if not isinstance(model, fc.models.Sequential):
        model.train(table, label=made.label, epochs=3, batch_size=20)
    elif name == "sequential_of_arrays":
        model.fit(matrix(table, ARRAYS), matrix(table, list(made.label)), epochs=3, batch_size=20, verbose=0)
    else:
        model.fit(table, label=made.label, epochs=3, batch_size=20, verbose=0)
    for parameter, values in model.variables.values.items():
        last = "logits/" in parameter or parameter.startswith("out/")
        values[...] = rounded(values, powers_of_two=made.powers_of_two and last)
    return model


def rounded(values: np.ndarray, *, powers_of_two: bool) -> np.ndarray:
    """Return the nearest multiples of 1/16, or the powers of two below with the same signs."""
    if powers_of_two:
        return np.sign(values) * 2.0 ** np.floor(np.log2(np.abs(values) + 2.0**-8))
    return np.round(values * 16) / 16


def save_model(folder: Path, name: str, table: dict[str, Any]) -> None:
    """Write a trained model and what it predicts."""
    made, model = MODELS[name], trained_model(name, table)
    model.save(folder / "model")
    if isinstance(made.make, dict) and made.spec_says_all:
        write_json(folder / "spec.json", made.make)
    facts = {"class": type(model).__name__, "fingerprint": model.fingerprint, "label": list(model.label)}
    write_json(folder / "facts.json", facts)
    found = model.predict(matrix(table, ARRAYS) if name == "sequential_of_arrays" else table)
    arrays = {"predictions": found} if isinstance(found, np.ndarray) else {key: found[key] for key in found.keys()}  # noqa: SIM118
    np.savez_compressed(folder / "arrays.npz", **arrays)


def save_checkpoint(folder: Path, table: dict[str, Any]) -> None:
    """Write the model_dir of a model that was trained, and its variables."""
    made = MODELS["dnn_classifier"]
    assert isinstance(made.make, dict)
    quiet = fc.models.RunConfig(seed=1, progress=False, save_summary_steps=0)
    model = fc.models.model_from_json(made.make, config=quiet, model_dir=folder / "model_dir")
    model.train(table, label=made.label, epochs=2, batch_size=20)
    write_json(folder / "spec.json", made.make)
    arrays = {name: model.get_variable_value(name) for name in model.get_variable_names()}
    np.savez_compressed(folder / "arrays.npz", **arrays)


def save_functions(path: Path) -> None:
    """Write what numpy gives here for the functions by which a prediction may depend on the processor."""
    x = np.linspace(-20, 20, 1001, dtype=np.float32)
    np.savez_compressed(path, x=x, exp=np.exp(x), tanh=np.tanh(x))


# What the files cover -----------------------------------------------------------------------------------------------

NOT_IN_FILES = ("EmbeddingBag", "Inputs", "Linear", "SparseLinear")  # layers that only a function of the user calls


def kinds_in(data: Any) -> Iterator[tuple[str, str]]:
    """Yield (kind, argument) for every argument that JSON data give, and (kind, "") for every kind."""
    if isinstance(data, dict):
        if "type" in data:
            kind = data["type"].split(".v")[0].removeprefix("models.")
            yield kind, ""
            yield from ((kind, key) for key in data if key != "type")
        data = list(data.values())
    if isinstance(data, list):
        for item in data:
            yield from kinds_in(item)


def missing_kinds(folder: Path) -> list[str]:
    """Return the public kinds, and the arguments of columns, that no plan or model of a folder holds."""
    files = [path for path in folder.rglob("*.json") if path.name in ("plan.json", "model.json", "card.json", "columns.json")]
    have = {found for path in files for found in kinds_in(json.loads(path.read_text("utf-8")))}
    places = (fc, layers, losses, optimizers, schedules, fc.models)
    public = {found for place in places for name in dir(place) if isinstance(found := getattr(place, name), type)}
    kinds = [cls for cls in public if hasattr(cls, "to_json") and hasattr(cls, "kind") and not cls.__dict__.get("abstract")]
    wanted = {(cls.__name__, "") for cls in kinds if cls.__name__ not in NOT_IN_FILES}
    wanted |= {(cls.__name__, f.name) for cls in kinds if issubclass(cls, fc.Column) for f in fields(cls)}
    return sorted(" ".join(found).strip() for found in wanted - have)


def write_json(path: Path, data: Any) -> None:
    """Write data as a JSON file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n", "utf-8")


def main() -> None:
    """Write all files into the folder that is given, and check that they hold every kind."""
    if len(sys.argv) != 2:
        sys.exit("give the folder to write")
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True)
    lines = [f" {json.dumps(key)}: {json.dumps(values, ensure_ascii=False)}" for key, values in TABLE.items()]
    (folder / "rows.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", "utf-8")
    table = json.loads((folder / "rows.json").read_text("utf-8"))
    for name in PLANS:
        save_plan(folder / "plans" / name, made_plan(name, table), table)
    for name in MODELS:
        save_model(folder / "models" / name, name, table)
    save_checkpoint(folder / "checkpoint", table)
    save_functions(folder / "functions.npz")
    if missing := missing_kinds(folder):
        sys.exit(f"no file holds {', '.join(missing)}")


if __name__ == "__main__":
    main()
