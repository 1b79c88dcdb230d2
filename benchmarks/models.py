"""Claim: declared columns and small models reach what tuned trees and hand-written networks reach, in seconds.

python -m benchmarks models           quality: every task and model, 5 seeds, beside scikit-learn and LightGBM
FEATURECOLS_SEEDS=1 ...               fewer seeds
FEATURECOLS_TASKS=adult,speed ...     some tasks, or the examples a second
"""

from __future__ import annotations

import os
import time

import pyarrow.parquet as pq

from benchmarks import harness, model_rivals, model_speed
from benchmarks.harness import Result
from benchmarks.model_tasks import TASKS, Model, Task
from featurecols.models import RunConfig

Scores = dict[str, float]


def run() -> list[Result]:
    wanted = os.environ.get("FEATURECOLS_TASKS", ",".join(TASKS)).split(",")
    results: list[Result] = []
    for name in wanted:
        if name in TASKS:
            results.append(quality(TASKS[name]()))
            harness.save("models", results)  # a run that is stopped keeps what it has
    return results + (model_speed.run() if "speed" in wanted or "FEATURECOLS_TASKS" not in os.environ else [])


def quality(task: Task) -> Result:
    """Every model of a task and its rivals, from Parquet: seconds of training, and scores on the held-out rows."""
    seeds = range(int(os.environ.get("FEATURECOLS_SEEDS", "5")))
    result = Result(task.name, _rows(task))
    for name, model in task.models.items():
        _train(task, model, 99)  # once, so that nothing is compiled within the time
        _keep(result, f"featurecols {name}", [_train(task, model, seed) for seed in seeds])
    for name, rival in model_rivals.of(task).items():
        if rival.seeded:
            rival(99)
        _keep(result, name, [rival(seed) for seed in (seeds if rival.seeded else (0,))])
    return result


def _train(task: Task, model: Model, seed: int) -> tuple[float, Scores]:
    start = time.perf_counter()
    made = model.make(RunConfig(seed=seed))
    made.train(task.train, task.label, epochs=model.epochs, batch_size=model.batch_size)
    seconds = time.perf_counter() - start
    found = made.evaluate(task.test)
    names = ("rmse", "mae", "r2") if task.regression else ("auc", "accuracy", "average_loss")
    return seconds, {name: found[name] for name in names}


def _keep(result: Result, name: str, runs: list[tuple[float, Scores]]) -> None:
    result.seconds[name] = [seconds for seconds, _ in runs]
    result.scores[name] = {score: [scores[score] for _, scores in runs] for score in runs[0][1]}


def _rows(task: Task) -> int:
    return int(pq.read_metadata(task.train).num_rows)
