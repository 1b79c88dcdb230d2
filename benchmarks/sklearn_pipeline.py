"""Claim: inside scikit-learn, FeatureColumns give the scores of preprocessing that is written by hand, in less time.

The census, 32,561 rows: five numbers scaled, age in bands, eight categories one-hot, and the same LogisticRegression after it.
Cross-validation fits everything on each of five folds; the search does so for four kinds of columns on three folds.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from threadpoolctl import threadpool_limits

import featurecols as fc
from benchmarks import data
from benchmarks.harness import Result, measure

AGES = [20.0, 25.0, 30.0, 35.0, 40.0, 45.0, 50.0, 55.0, 60.0, 65.0]
COUNTS = [1, 100]  # rows of a category that gets a feature of its own
FOLDS, SEARCH_FOLDS = 5, 3


def census() -> tuple[pd.DataFrame, np.ndarray]:
    """The training file, and who earns above 50,000 dollars."""
    frame = pq.read_table(data.folder() / "adult" / "adult_data.parquet").to_pandas()
    label = frame.columns[-1]
    frame[data.NUMBERS] = frame[data.NUMBERS].astype(np.float64)
    return frame[[*data.NUMBERS, *data.CATEGORIES]], (frame[label] == sorted(frame[label].unique())[-1]).to_numpy().astype(int)


def columns(normalizer: Any = None, count: int = 1) -> list[fc.Column]:
    """What is written by hand below, as columns."""
    numbers = [fc.Numeric(key, normalizer=normalizer or fc.ZScore()) for key in data.NUMBERS]
    bands = fc.Indicator(fc.Bucketized("age", AGES))
    terms = fc.TopTerms(None, min_count=count)
    return [*numbers, bands, *(fc.Indicator(fc.Vocabulary(key, terms, num_oov_buckets=1)) for key in data.CATEGORIES)]


def by_hand() -> Any:
    """The ColumnTransformer of scikit-learn."""
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler

    return ColumnTransformer(
        [
            ("numbers", StandardScaler(), data.NUMBERS),
            ("bands", FunctionTransformer(bands), ["age"]),
            ("categories", OneHotEncoder(handle_unknown="infrequent_if_exist", sparse_output=False), data.CATEGORIES),
        ]
    )


def bands(ages: pd.DataFrame) -> np.ndarray:
    """Ages in the intervals between AGES, one-hot."""
    return np.eye(len(AGES) + 1)[np.searchsorted(AGES, ages.to_numpy().ravel(), side="right")]


def model() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(solver="newton-cholesky")


def pipelines() -> tuple[Any, Any]:
    """Both, with the same model after them."""
    from sklearn.pipeline import Pipeline

    from featurecols.integrations.sklearn import FeatureColumns

    return Pipeline([("features", FeatureColumns(columns())), ("model", model())]), Pipeline(
        [("features", by_hand()), ("model", model())]
    )


def searches() -> tuple[Any, Any]:
    """A search over columns, and the same search over what is written by hand."""
    from sklearn.model_selection import GridSearchCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import FunctionTransformer, StandardScaler

    ours, theirs = pipelines()
    logarithm = make_pipeline(FunctionTransformer(np.log1p), StandardScaler())
    normalizers = [fc.ZScore(), [fc.Log1p(), fc.ZScore()]]
    grid = {"features__columns": [columns(normalizer, count) for normalizer in normalizers for count in COUNTS]}
    hand = {
        "features__numbers": [StandardScaler(), logarithm],
        "features__categories__min_frequency": COUNTS,
    }
    return GridSearchCV(ours, grid, cv=SEARCH_FOLDS), GridSearchCV(theirs, hand, cv=SEARCH_FOLDS)


def run(repeats: int = 7) -> list[Result]:
    from sklearn.model_selection import cross_val_score

    rows, rich = census()
    names = "featurecols", "scikit-learn"
    both = dict(zip(names, pipelines(), strict=True))
    alone = measure(
        "scikit-learn, fit_transform of the census",
        len(rows),
        {name: lambda steps=pipeline: steps["features"].fit_transform(rows) for name, pipeline in both.items()},
        repeats,
    )
    validated = _trained(
        f"scikit-learn, cross_val_score of LogisticRegression on {FOLDS} folds of the census",
        {name: lambda steps=pipeline: cross_val_score(steps, rows, rich, cv=FOLDS) for name, pipeline in both.items()},
        len(rows),
    )
    found = zip(names, searches(), strict=True)
    search = _trained(
        f"scikit-learn, GridSearchCV over 4 kinds of columns on {SEARCH_FOLDS} folds of the census",
        {name: lambda one=one: np.sort(one.fit(rows, rich).cv_results_["mean_test_score"]) for name, one in found},
        len(rows),
    )
    return [alone, validated, search]


def _trained(claim: str, cases: dict[str, Callable[[], Any]], rows: int, repeats: int = 3) -> Result:
    """Seconds of processor time, BLAS on one thread, because wall time of a training depends on what else runs; and scores."""
    result = Result(f"{claim}, processor time", rows, {name: [] for name in cases})
    with threadpool_limits(1):
        for _ in range(repeats):
            for name, work in cases.items():
                start = time.process_time()
                result.scores[name] = {"accuracy": work().tolist()}
                result.seconds[name].append(time.process_time() - start)
    return result
