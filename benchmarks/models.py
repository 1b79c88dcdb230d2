"""Claim: declared columns and small models reach what tuned trees and hand-written networks reach, in seconds.

python -m benchmarks models           quality: every task and model, 5 seeds, beside scikit-learn and LightGBM
FEATURECOLS_SEEDS=1 ...               fewer seeds
FEATURECOLS_TASKS=adult,speed ...     some tasks, or the examples a second; what is there of the others stays
FEATURECOLS_MODELS=dnn,TabM ...       some models, by parts of their names; what is there of the others of a task stays
FEATURECOLS_SLOW_SEEDS=1 ...          what takes minutes and hours as well (RealMLP, TabM, CatBoost of flights), so many seeds

Times are those of the processor, of all threads together, because wall time depends on what else runs. With OMP_NUM_THREADS=1
the threads of LightGBM do not wait for each other where the processor is shared.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from functools import partial

import pyarrow.parquet as pq

from benchmarks import harness, model_rivals, model_speed, table_rivals
from benchmarks.harness import PeakMemory, Result
from benchmarks.model_tasks import TASKS, Model, Task
from featurecols.models import RunConfig

Scores = dict[str, float]
SOME, MODELS = "FEATURECOLS_TASKS", "FEATURECOLS_MODELS"
PATIENCE = 60.0  # seconds: what takes longer to train once is not trained again with other seeds


def run() -> list[Result]:
    wanted = os.environ.get(SOME, ",".join(TASKS)).split(",")
    if unknown := [name for name in wanted if name not in (*TASKS, "speed")]:
        raise SystemExit(f"{SOME}: unknown task {unknown[0]!r}; known are {', '.join([*TASKS, 'speed'])}")
    results: list[Result] = []
    for name in wanted:
        if name in TASKS:
            results.append(quality(TASKS[name]()))
            harness.save("models", results, keep=True)  # a run that is stopped keeps what it has
    return results + (model_speed.run() if "speed" in wanted or SOME not in os.environ else [])


def quality(task: Task) -> Result:
    """Every model of a task and its rivals, from Parquet: seconds of training, memory, and scores on the held-out rows."""
    seeds = range(int(os.environ.get("FEATURECOLS_SEEDS", "5")))
    result = _stored(task.name) if MODELS in os.environ else None
    if result is None:
        result = Result(task.name, _rows(task), notes={"MiB": {}, "clock": "processor"})
    for name, model in task.models.items():
        if _is_wanted(f"featurecols {name}"):
            model.make(RunConfig()).train(task.train, task.label, steps=1)  # so that nothing is compiled within the time
            _keep(result, f"featurecols {name}", [partial(_train, task, model, seed) for seed in seeds])
    for name, rival in model_rivals.of(task).items():
        if _is_wanted(name):
            chosen = table_rivals.slow_seeds() if rival.slow else seeds if rival.seeded else (0,)
            _keep(result, name, [partial(rival, seed) for seed in chosen])
    return result


def _is_wanted(name: str) -> bool:
    return any(part in name for part in os.environ.get(MODELS, "").split(","))


def _stored(claim: str) -> Result | None:
    """Return what is kept of a task."""
    path = harness.RESULTS / "models.json"
    documents = json.loads(path.read_text())["results"] if path.exists() else []
    return next((Result(**found) for found in documents if found["claim"] == claim), None)


def _train(task: Task, model: Model, seed: int) -> tuple[float, Scores]:
    start = time.process_time()
    made = model.make(RunConfig(seed=seed))
    made.train(task.train, task.label, epochs=model.epochs, batch_size=model.batch_size)
    seconds = time.process_time() - start
    found = made.evaluate(task.test)
    return seconds, {name: found[name] for name in model_rivals.names_of_scores(task)}


def _keep(result: Result, name: str, runs: list[Callable[[], tuple[float, Scores]]]) -> None:
    """Run, and keep seconds and scores of each, and the most memory above what was there before; one run of what is slow."""
    found, peaks = [], []
    for run in runs:
        with PeakMemory() as memory:
            found.append(run())
        peaks.append(memory.mib)
        if found[0][0] > PATIENCE:
            break
    result.seconds[name] = [seconds for seconds, _ in found]
    result.scores[name] = {score: [scores[score] for _, scores in found] for score in found[0][1]}
    result.notes["MiB"][name] = None if None in peaks else round(max(peaks), 1)
    print(f"{result.claim}: {name}: {found[0][1]}", flush=True)


def _rows(task: Task) -> int:
    return int(pq.read_metadata(task.train).num_rows)
