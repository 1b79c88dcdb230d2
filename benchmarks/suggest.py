"""Claim: models on the columns of fc.suggest are nearly as good as those on columns that were chosen by hand.

python -m benchmarks suggest          every task, 3 seeds
FEATURECOLS_SEEDS=1 ...               fewer seeds
FEATURECOLS_TASKS=adult,flights ...   some tasks; the results of the others stay as they are

The columns come from the training rows alone. Fields that are not raw columns of the task (the departure delay of a
flight, say) are left out of the suggestion. Models by hand have the settings that model_tasks.py chose for them; those on suggested
columns are trained with default arguments.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from typing import Any

import featurecols as fc
from benchmarks import harness
from benchmarks.harness import Result
from benchmarks.model_tasks import TASKS, Model, Task
from featurecols.data.sources import as_source
from featurecols.models import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    RunConfig,
    WideDeepClassifier,
    WideDeepRegressor,
)

NAME = "suggest"
USED = ("adult", "flights", "california", "diamonds")
UNITS = [64, 32]
Scores = dict[str, float]


def run() -> list[Result]:
    """Return the results of all tasks, those that were not asked for from the last run."""
    found = _stored()
    for name in os.environ.get("FEATURECOLS_TASKS", ",".join(USED)).split(","):
        found[name] = measure(name, TASKS[name](), int(os.environ.get("FEATURECOLS_SEEDS", "3")))
        print(found[name].text(), flush=True)
        harness.save(NAME, [found[task] for task in USED if task in found])
    return [found[task] for task in USED if task in found]


def measure(name: str, task: Task, seeds: int) -> Result:
    """Return scores of the models by hand and of those on suggested columns, and the processor time of the suggestion."""
    start = time.process_time()
    suggested = fc.suggest(task.train, task.label, leave_out=unread(task))
    result = Result(name, suggested.rows)
    result.notes = {
        "seconds": time.process_time() - start,
        "regression": task.regression,
        "columns": list(map(repr, suggested)),
    }
    for kind, model in {**_by_hand(task), **_on(suggested, task)}.items():
        result.scores[kind] = {}
        for seed in range(seeds):
            for score, value in model(seed).items():
                result.scores[kind].setdefault(score, []).append(value)
    return result


def unread(task: Task) -> list[str]:
    """Return the fields that are not among the raw columns of a task, which its rivals read; the label aside."""
    names = as_source(task.train).schema().names
    return [key for key in names if key not in {*task.numbers, *task.categories, task.label}]


def _by_hand(task: Task) -> dict[str, Callable[[int], Scores]]:
    def score(model: Model) -> Callable[[int], Scores]:
        def run(seed: int) -> Scores:
            made = model.make(RunConfig(seed=seed, progress=False))
            made.train(task.train, task.label, epochs=model.epochs, batch_size=model.batch_size)
            return _scores(task, made)

        return run

    return {f"by hand, {kind}": score(model) for kind, model in task.models.items()}


def _on(suggested: fc.Suggestions, task: Task) -> dict[str, Callable[[int], Scores]]:
    r = task.regression
    linear: Any = LinearRegressor if r else LinearClassifier
    deep: Any = DNNRegressor if r else DNNClassifier
    both: Any = WideDeepRegressor if r else WideDeepClassifier
    models: dict[str, Callable[[RunConfig], Any]] = {
        "linear": lambda config: linear(suggested.linear, config=config),
        "dnn": lambda config: deep(suggested.dnn, UNITS, config=config),
        "wide & deep": lambda config: both(suggested.linear, suggested.dnn, UNITS, config=config),
    }

    def score(make: Callable[[RunConfig], Any]) -> Callable[[int], Scores]:
        return lambda seed: _scores(task, make(RunConfig(seed=seed, progress=False)).train(task.train, label=task.label))

    return {f"suggested, {kind}": score(make) for kind, make in models.items()}


def _scores(task: Task, model: Any) -> Scores:
    found = model.evaluate(task.test)
    return {name: float(found[name]) for name in (("rmse", "mae") if task.regression else ("auc", "accuracy"))}


def _stored() -> dict[str, Result]:
    path = harness.RESULTS / f"{NAME}.json"
    documents = json.loads(path.read_text())["results"] if path.exists() else []
    return {found["claim"]: Result(**found) for found in documents}
