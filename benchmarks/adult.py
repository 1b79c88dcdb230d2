"""Claim: a transform costs about what writing its result costs. Census, 1M rows to 117 float32 features, in memory."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pyarrow as pa

import featurecols as fc
from benchmarks import data, lower_bounds, scratch
from benchmarks.harness import Result, measure

BATCH = 16_384  # of TensorFlow's and Keras' runs


def columns() -> list[fc.Column]:
    numbers = [fc.Numeric(key, normalizer=fc.ZScore()) for key in data.NUMBERS]
    bands = [fc.Indicator(fc.Bucketized("age", fc.Quantiles(10)))]
    return numbers + bands + [fc.Indicator(fc.Vocabulary(key, fc.TopTerms(50))) for key in data.CATEGORIES]


def polars_enum(table: pa.Table, plan: fc.Plan) -> dict[str, Callable[[], Any]]:
    """Polars in the forms that were fastest of those in forms.py, in C order."""
    import polars as pl

    frame = pl.from_arrow(table)
    terms = {key: table[key].combine_chunks().dictionary.to_pylist() for key in data.CATEGORIES}
    frame = frame.with_columns(pl.col(key).cast(pl.String).cast(pl.Enum(terms[key])) for key in data.CATEGORIES)
    learned = {s.name: frame[s.name] for s in plan.matrix_slots if s.name in data.NUMBERS}
    expressions = [((pl.col(k).cast(pl.Float32) - float(v.mean())) / float(v.std(ddof=0))).alias(k) for k, v in learned.items()]
    cuts = np.unique(np.quantile(frame["age"].to_numpy(), np.arange(1, 10) / 10))
    bucket = pl.col("age").cut(cuts.tolist(), left_closed=True).to_physical()
    expressions += [(bucket == i).cast(pl.Float32).alias(f"age{i}") for i in range(len(cuts) + 1)]
    for key in data.CATEGORIES:
        codes = pl.col(key).to_physical()
        expressions += [(codes == i).cast(pl.Float32).alias(f"{key}{i}") for i in range(len(terms[key]))]
    lazy = frame.lazy().select(expressions)
    numbers = expressions[: len(learned)]

    def dummies() -> Any:
        made = frame.select([*numbers, bucket.alias("bucket"), *data.CATEGORIES]).to_dummies(["bucket", *data.CATEGORIES])
        return made.cast(pl.Float32).to_numpy(order="c")

    return {
        "Polars, to_dummies of Enum": dummies,
        "Polars, Enum codes compared": lambda: frame.select(expressions).to_numpy(order="c"),
        "Polars, Enum codes compared, streaming engine": lambda: lazy.collect(engine="streaming").to_numpy(order="c"),
    }


def scikit_learn(frame: Any, rows: Any = None) -> Callable[[], Any]:
    """scikit-learn's ColumnTransformer fitted to a pandas frame, on it or on the rows given."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler

    encoder = ColumnTransformer(
        [
            ("numbers", StandardScaler(), data.NUMBERS),
            ("bands", KBinsDiscretizer(10, encode="onehot-dense"), ["age"]),
            ("categories", OneHotEncoder(sparse_output=False, dtype=np.float32, handle_unknown="ignore"), data.CATEGORIES),
        ],
        sparse_threshold=0,
    )
    encoder.fit(frame.head(100_000))
    given = frame if rows is None else rows
    return lambda: encoder.transform(given).astype(np.float32, copy=False)


def last(matrices: Iterable[Any]) -> Any:
    """The last of them: each is let go when the next one is made, as in training."""
    return deque(matrices, maxlen=1)


def run(rows: int = 1_000_000) -> list[Result]:
    table = data.adult(rows)
    plan = fc.fit(columns(), table)
    shape = (rows, plan.width)
    warm = np.empty(shape, np.float32)
    cases: dict[str, Callable[[], Any]] = {
        "featurecols": lambda: plan.transform(table),
        "featurecols, transform_batches of 16,384": lambda: last(plan.transform_batches(table, batch_size=BATCH)),
        "featurecols, 1 thread": lambda: plan.transform(table, threads=1),
        "featurecols, out=": lambda: plan.transform(table, out=warm),
        "lower bound: fill a fresh matrix": lambda: lower_bounds.fill(shape, 2),
        "lower bound: fill a fresh matrix, 1 thread": lambda: lower_bounds.fill(shape, 1),
    }
    result = measure(f"Census to {plan.width} features, dictionaries in memory", rows, cases, repeats=15)
    # measured apart: after gigabytes are freed, new memory costs the next run up to ten times as much
    result.seconds |= measure("the same", rows, polars_enum(table, plan)).seconds
    objects = table.to_pandas().astype(dict.fromkeys(data.CATEGORIES, object))  # its fastest form: see forms.py
    slow = measure("the same", rows, {"scikit-learn": scikit_learn(objects)}, repeats=2)
    result.seconds |= slow.seconds
    scratch.tensorflow(result, "adult")
    scratch.spark(result, "adult", data.adult_path(rows))
    return [result]
