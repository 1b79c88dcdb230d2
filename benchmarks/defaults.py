"""Claim: models with default arguments, on raw columns, are as good as what people try first elsewhere.

python -m benchmarks defaults         every data set of default_tasks.py, five splits each
FEATURECOLS_SPLITS=1 ...              fewer splits
FEATURECOLS_TASKS=mpg,heart ...       some data sets; the results of the others stay as they are

A run that was stopped goes on where it was when it is started again, as long as neither the package nor this file changes.
Times are those of the processor, of all threads together, because wall time depends on what else runs.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

import featurecols as fc
from benchmarks import data, harness
from benchmarks.default_tasks import TABLES, Table, split
from benchmarks.harness import Result
from featurecols.models import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    RunConfig,
    WideDeepClassifier,
    WideDeepRegressor,
)

NAME = "defaults"
UNITS = [64, 32]
Scores = dict[str, float]
Run = Callable[[Table, int], tuple[float, Scores]]  # seconds of processor time for training, and scores, of a split


def run() -> list[Result]:
    """Return the results of all data sets, those that were not asked for from the last run."""
    found = _stored()
    for name in os.environ.get("FEATURECOLS_TASKS", ",".join(TABLES)).split(","):
        found[name] = measure(name, int(os.environ.get("FEATURECOLS_SPLITS", "5")))
        print(found[name].text("featurecols dnn"), flush=True)
        harness.save(NAME, [found[task] for task in TABLES if task in found])
    return [found[task] for task in TABLES if task in found]


def measure(name: str, splits: int) -> Result:
    """Return seconds of training and scores of every model on the splits of a data set."""
    table = TABLES[name](data.folder())
    result = Result(name, len(split(table, 0)[0]))
    result.notes = {"splits": splits, "regression": table.regression}
    for model, train in {**_ours(table), **_rivals(table)}.items():
        runs = _resumed(table, model, train, splits)
        result.seconds[model] = [seconds for seconds, _ in runs]
        result.scores[model] = {score: [scores[score] for _, scores in runs] for score in runs[0][1]}
    return result


def _ours(table: Table) -> dict[str, Run]:
    """Return our models as a newcomer makes them, of plain columns and of those of fc.suggest.

    The wide part of wide & deep reads what the deep part reads, where columns are plain.
    """
    columns = table.columns()
    classes = {} if table.regression else {"n_classes": table.rows[table.label].nunique()}
    linear: Any = LinearRegressor if table.regression else LinearClassifier
    deep: Any = DNNRegressor if table.regression else DNNClassifier
    both: Any = WideDeepRegressor if table.regression else WideDeepClassifier
    return {
        "featurecols linear": _model(lambda config: linear(columns, config=config, **classes)),
        "featurecols dnn": _model(lambda config: deep(columns, UNITS, config=config, **classes)),
        "featurecols wide & deep": _model(lambda config: both(columns, columns, UNITS, config=config, **classes)),
        "suggested linear": _suggested(lambda found, config: linear(found.linear, config=config, **classes)),
        "suggested dnn": _suggested(lambda found, config: deep(found.dnn, UNITS, config=config, **classes)),
        "suggested wide & deep": _suggested(
            lambda found, config: both(found.linear, found.dnn, UNITS, config=config, **classes)
        ),
    }


def _model(make: Callable[[RunConfig], Any]) -> Run:
    return _trained(lambda rows, label, config: make(config))


def _suggested(make: Callable[[fc.Suggestions, RunConfig], Any]) -> Run:
    """Return how a model on the columns is trained that fc.suggest finds in the training rows, which is part of its time."""
    return _trained(lambda rows, label, config: make(fc.suggest(rows, label), config))


def _trained(make: Callable[[pd.DataFrame, str, RunConfig], Any]) -> Run:
    def train(table: Table, number: int) -> tuple[float, Scores]:
        rows, held = split(table, number)
        start = time.process_time()
        model = make(rows, table.label, RunConfig(seed=number, progress=False)).train(rows, label=table.label)
        seconds = time.process_time() - start
        if table.regression:
            return seconds, _regression(held[table.label], model.predict(held)["predictions"])
        return seconds, _classes(held[table.label], model.predict_proba(held), model.classes_)

    return train


def _rivals(table: Table) -> dict[str, Run]:
    """Return the rivals with their defaults, over numbers and one-hots; those that depend on scales also behind a scaler."""
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    r = table.regression
    linear: Any = Ridge if r else LogisticRegression
    mlp: Any = MLPRegressor if r else MLPClassifier
    trees: Any = LGBMRegressor if r else LGBMClassifier
    boosting: Any = HistGradientBoostingRegressor if r else HistGradientBoostingClassifier
    name = linear.__name__
    catboost = {"CatBoost": _rival(_catboost(regression=r))} if importlib.util.find_spec("catboost") else {}
    return {
        name: _rival(lambda seed: linear()),
        f"{name}, scaled": _rival(lambda seed: linear(), scaled=True),
        "MLP": _rival(lambda seed: mlp(random_state=seed)),
        "MLP, scaled": _rival(lambda seed: mlp(random_state=seed), scaled=True),
        "LightGBM": _rival(lambda seed: trees(random_state=seed, n_jobs=1, verbose=-1)),
        "HistGradientBoosting": _rival(lambda seed: boosting(random_state=seed)),
        **catboost,
    }


def _catboost(*, regression: bool) -> Callable[[int], Any]:
    import catboost

    kind: Any = catboost.CatBoostRegressor if regression else catboost.CatBoostClassifier
    return lambda seed: kind(random_seed=seed, thread_count=1, verbose=False, allow_writing_files=False)


def _rival(make: Callable[[int], Any], *, scaled: bool = False) -> Run:
    """Return how a rival trains, on one thread: several wait for each other where the processor is shared."""
    from threadpoolctl import threadpool_limits

    def train(table: Table, number: int) -> tuple[float, Scores]:
        rows, held = split(table, number)
        x, x_held = _matrices(table, rows, held, scaled=scaled)
        with threadpool_limits(1), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that 100 or 200 passes were not enough: they are the default
            start = time.process_time()
            model = make(number).fit(x, rows[table.label].to_numpy())
            seconds = time.process_time() - start
            if table.regression:
                return seconds, _regression(held[table.label], model.predict(x_held))
            return seconds, _classes(held[table.label], model.predict_proba(x_held), model.classes_)

    return train


def _matrices(table: Table, rows: pd.DataFrame, held: pd.DataFrame, *, scaled: bool) -> tuple[Any, Any]:
    """Return numbers, the median where they are missing, and one-hots of texts; scaled: all of them to deviation 1."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    steps: list[Any] = [
        ColumnTransformer(
            [
                ("numbers", SimpleImputer(strategy="median"), list(table.numbers)),
                ("texts", OneHotEncoder(handle_unknown="ignore", sparse_output=False), list(table.texts)),
            ]
        )
    ]
    made = make_pipeline(*steps, *([StandardScaler()] if scaled else [])).fit(rows)
    return made.transform(rows), made.transform(held)


def _regression(labels: Any, found: Any) -> Scores:
    from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

    y, p = np.asarray(labels, np.float64), np.asarray(found, np.float64)
    return {
        "rmse": float(root_mean_squared_error(y, p)),
        "mae": float(mean_absolute_error(y, p)),
        "r2": float(r2_score(y, p)),
    }


def _classes(labels: Any, probabilities: Any, classes: Any) -> Scores:
    """Return AUC (of more than two classes the mean over each beside the rest), log loss and accuracy."""
    from sklearn.metrics import log_loss, roc_auc_score

    y = np.searchsorted(np.asarray(classes), np.asarray(labels))
    p = np.asarray(probabilities, np.float64)
    p = p / p.sum(axis=1, keepdims=True)
    return {
        "auc": float(roc_auc_score(y, p[:, 1] if p.shape[1] == 2 else p, multi_class="ovr")),
        "log loss": float(log_loss(y, p, labels=np.arange(p.shape[1]))),
        "accuracy": float((p.argmax(axis=1) == y).mean()),
    }


def _resumed(table: Table, model: str, train: Run, splits: int) -> list[tuple[float, Scores]]:
    """Return the runs of a model: those that an earlier call kept where the code is the same, or new ones, which are kept."""
    ours = model.startswith(("featurecols", "suggested"))
    folder = Path(os.environ.get("FEATURECOLS_SCRATCH", "/tmp")) / f"featurecols-defaults-{_digest(ours=ours)}"
    path = folder / f"{table.name}, {model}, {splits}.json"
    if not path.exists():
        if ours:
            train(table, 0)  # once, so that nothing is compiled within the time
        folder.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_text(json.dumps([train(table, number) for number in range(splits)]))
        partial.rename(path)
    return [(seconds, scores) for seconds, scores in json.loads(path.read_text())]


def _digest(*, ours: bool) -> str:
    """Return a digest of the code that results depend on: those of rivals not on the package."""
    root = Path(__file__).parent
    files = [Path(__file__), root / "default_tasks.py", *(sorted((root.parent / "featurecols").rglob("*.py")) if ours else [])]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()[:12]


def _stored() -> dict[str, Result]:
    path = harness.RESULTS / f"{NAME}.json"
    documents = json.loads(path.read_text())["results"] if path.exists() else []
    return {found["claim"]: Result(**found) for found in documents}
