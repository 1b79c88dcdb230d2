"""Claim: models on the columns of fc.suggest are nearly as good as those on columns that were chosen by hand.

python -m benchmarks suggest          every task, 3 seeds
FEATURECOLS_SEEDS=1 ...               fewer seeds
FEATURECOLS_TASKS=adult,flights ...   some tasks; the results of the others stay as they are

The columns come from the training rows alone, of the fields that the models by hand or their rivals read. Models on them are
trained with default arguments, four networks in one, those by hand with theirs. No model sees the day of the month of a flight,
which a network would cross with the month and find the date.
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
from benchmarks.model_tasks import SUGGESTED, TASKS, Task
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
from featurecols.plan.graph import Graph

NAME = "suggest"
USED = ("adult", "flights", "california", "diamonds", "clothing")
UNITS, MEMBERS = [128, 64], 4  # as most networks by hand have
Scores = dict[str, float]


def run() -> list[Result]:
    """Return the results of all tasks, those that were not asked for from the last run."""
    found = _stored()
    for name in os.environ.get("FEATURECOLS_TASKS", ",".join(USED)).split(","):
        found[name] = measure(name, {**TASKS, **SUGGESTED}[name](), int(os.environ.get("FEATURECOLS_SEEDS", "3")))
        print(found[name].text(), flush=True)
        harness.save(NAME, [found[task] for task in USED if task in found])
    return [found[task] for task in USED if task in found]


def measure(name: str, task: Task, seeds: int) -> Result:
    """Return scores of the models by hand and of those on suggested columns, and the processor time of the suggestion."""
    start = time.process_time()
    suggested = fc.suggest(task.train, task.label, leave_out=unread(task))
    result = Result(name, suggested.rows)
    result.notes = {"seconds": time.process_time() - start, "regression": task.regression, "columns": len(suggested)}
    result.scores = {f"by hand, {kind}": scores for kind, scores in _by_hand(task, seeds).items()}
    for kind, model in _on(suggested, task).items():
        runs = [model(seed) for seed in range(seeds)]
        result.scores[kind] = {score: [run[score] for run in runs] for score in runs[0]}
    return result


def unread(task: Task) -> list[str]:
    """Return the fields that neither the models by hand nor their rivals read, the label aside."""
    read = {field.key for model in task.models.values() for field in Graph(model.make(RunConfig()).columns).fields()}
    known = {*read, *task.numbers, *task.categories, task.label}
    return [key for key in as_source(task.train).schema().names if key not in known]


def _by_hand(task: Task, seeds: int) -> dict[str, dict[str, list[float]]]:
    """Return the scores of the models by hand."""
    scores: dict[str, dict[str, list[float]]] = {}
    for kind, model in task.models.items():
        runs = []
        for seed in range(seeds):
            made = model.make(RunConfig(seed=seed, progress=False))
            made.train(task.train, label=task.label, epochs=model.epochs, batch_size=model.batch_size)
            runs.append(_scores(task, made))
        scores[kind] = {score: [run[score] for run in runs] for score in runs[0]}
    return scores


def _on(suggested: fc.Suggestions, task: Task) -> dict[str, Callable[[int], Scores]]:
    r = task.regression
    linear: Any = LinearRegressor if r else LinearClassifier
    deep: Any = DNNRegressor if r else DNNClassifier
    both: Any = WideDeepRegressor if r else WideDeepClassifier
    models: dict[str, Callable[[RunConfig], Any]] = {
        "linear": lambda config: linear(suggested.linear, config=config),
        "dnn": lambda config: deep(suggested.dnn, UNITS, members=MEMBERS, config=config),
        "wide & deep": lambda config: both(suggested.linear, suggested.dnn, UNITS, members=MEMBERS, config=config),
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
