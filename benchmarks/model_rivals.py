"""What people would use instead, on the same rows: LightGBM on raw columns, scikit-learn's linear models on our one-hots."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks.model_tasks import Task
from featurecols.models import RunConfig, losses, metrics

Scores = dict[str, float]
# chosen on a split of the census training rows, as our settings were
TREES = {
    "n_estimators": 600,
    "learning_rate": 0.03,
    "num_leaves": 20,
    "colsample_bytree": 0.5,
    "min_child_samples": 40,
    "reg_lambda": 5.0,
    "subsample": 0.8,
    "subsample_freq": 1,
}


@dataclass(frozen=True)
class Rival:
    """run(seed) -> seconds of training (data prepared beforehand, to the rival's advantage) and scores."""

    run: Callable[[int], tuple[float, Scores]]
    seeded: bool = False

    def __call__(self, seed: int) -> tuple[float, Scores]:
        return self.run(seed)


def of(task: Task) -> dict[str, Rival]:
    """The rivals that are installed."""
    found = {"scikit-learn linear, the same columns": Rival(lambda seed: _linear(task))}
    if importlib.util.find_spec("lightgbm"):
        found["LightGBM, raw columns"] = Rival(lambda seed: _trees(task, seed), seeded=True)
    return found


def _labels(task: Task, table: Any) -> Any:
    y = table[task.label].to_pandas()
    return y.to_numpy() if task.regression or y.dtype.kind in "iu" else (y == sorted(y.unique())[-1]).to_numpy().astype(int)


def _scores(task: Task, y: Any, z: Any) -> Scores:
    if task.regression:
        found = metrics.regression(y, z, np.square(y - z))
        return {name: found[name] for name in ("rmse", "mae", "r2")}
    found = metrics.binary(y, z, losses.Logistic().each(y, np.asarray(z, np.float64)))
    return {name: found[name] for name in ("auc", "accuracy", "average_loss")}


def _linear(task: Task) -> tuple[float, Scores]:
    from sklearn.linear_model import LogisticRegression, Ridge

    train, test = pq.read_table(task.train), pq.read_table(task.test)
    model = task.models["linear"].make(RunConfig())
    model.train(train, task.label, steps=1)
    plan = model.plan
    x, y = plan.encode(train).csr(scipy=True), _labels(task, train)
    start = time.perf_counter()
    if task.regression:
        rival: Any = Ridge(1.0, solver="sparse_cg").fit(x, y)
        z = rival.predict(plan.encode(test).csr(scipy=True))
    else:
        rival = LogisticRegression(C=1.0, solver="liblinear", max_iter=300).fit(x, y)
        z = rival.decision_function(plan.encode(test).csr(scipy=True))
    return time.perf_counter() - start, _scores(task, _labels(task, test), z)


def _trees(task: Task, seed: int) -> tuple[float, Scores]:
    import lightgbm
    import pandas as pd

    frames = [pq.read_table(path).to_pandas() for path in (task.train, task.test)]
    for key in task.categories:
        kinds = pd.CategoricalDtype(sorted(frames[0][key].dropna().unique()))
        for frame in frames:
            frame[key] = frame[key].astype(kinds)
    y, y_test = (_labels(task, pq.read_table(path)) for path in (task.train, task.test))
    keys = [*task.numbers, *task.categories]
    kind = lightgbm.LGBMRegressor if task.regression else lightgbm.LGBMClassifier
    start = time.perf_counter()
    model = kind(random_state=seed, verbose=-1, **TREES)
    model.fit(frames[0][keys], y)
    seconds = time.perf_counter() - start
    z = model.predict(frames[1][keys]) if task.regression else model.predict(frames[1][keys], raw_score=True)
    return seconds, _scores(task, y_test, z)
