"""What people would use instead, on the same rows.

LightGBM on raw columns, scikit-learn's linear models and a torch network over our encoded rows, Vowpal Wabbit on words, and
those of `table_rivals` with their default arguments. What each needs is prepared before the clock starts, to the rival's
advantage; the settings of LightGBM and Vowpal Wabbit are chosen on a split of the training rows (a random fifth held out), for
each task, when they are first run: that is not in their time.
"""

from __future__ import annotations

import importlib.util
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from benchmarks import table_rivals, text_rivals, torch_rival
from benchmarks.model_tasks import Task
from featurecols.models import RunConfig
from featurecols.models.objective import metrics

Scores = dict[str, float]
CAREFUL = {
    "n_estimators": 600,
    "learning_rate": 0.03,
    "num_leaves": 20,
    "colsample_bytree": 0.5,
    "min_child_samples": 40,
    "reg_lambda": 5.0,
    "subsample": 0.8,
    "subsample_freq": 1,
}
TREES: list[dict[str, Any]] = [
    {},
    CAREFUL,
    {"n_estimators": 500, "learning_rate": 0.05, "num_leaves": 63},
    {"n_estimators": 500, "learning_rate": 0.05, "num_leaves": 127, "colsample_bytree": 0.7, "min_child_samples": 50},
]
WABBIT = [f"--passes {passes} {pairs}" for passes in (3, 10) for pairs in ("", "--interactions cc")]  # cc: pairs of words


@dataclass(frozen=True)
class Rival:
    """run(seed) -> seconds of training and scores."""

    run: Callable[[int], tuple[float, Scores]]
    seeded: bool = False
    slow: bool = False

    def __call__(self, seed: int) -> tuple[float, Scores]:
        return self.run(seed)


def of(task: Task) -> dict[str, Rival]:
    """The rivals that are installed."""
    if task.text:
        return {name: Rival(partial(_of_text, task, run), seeded) for name, run, seeded in text_rivals.installed()}
    found = {"scikit-learn linear, the same columns": Rival(lambda seed: _linear(task))}
    if importlib.util.find_spec("torch") and task.network:
        found["torch wide & deep, the same columns"] = Rival(lambda seed: _network(task, seed), seeded=True)
    if importlib.util.find_spec("vowpalwabbit") and task.classes == 2:
        found["Vowpal Wabbit, words and numbers"] = wabbit(task)
    if importlib.util.find_spec("lightgbm"):
        found["LightGBM, raw columns"] = trees(task)
        if task.ratios:
            found["LightGBM, raw columns and our ratios"] = trees(task, task.ratios)
    for name, run, slow in table_rivals.installed(large=task.large):
        found[name] = Rival(partial(_of_table, task, run), seeded=True, slow=slow)
    return found


def _of_table(task: Task, run: table_rivals.Run, seed: int) -> tuple[float, Scores]:
    frames, keys = [pq.read_table(path).to_pandas() for path in (task.train, task.test)], [*task.numbers, *task.categories]
    y, y_test = (_labels(task, pq.read_table(path)) for path in (task.train, task.test))
    for frame in frames:
        for key in task.categories:
            frame[key] = frame[key].astype(object).where(frame[key].notna(), "missing").astype(str)
        for key in task.numbers:
            frame[key] = frame[key].astype(float).fillna(frames[0][key].median())
    seconds, z = run(table_rivals.Raw(frames[0][keys], frames[1][keys], y, task.categories, task.regression), seed)
    return seconds, _scores(task, y_test, z)


def _of_text(task: Task, run: text_rivals.Run, seed: int) -> tuple[float, Scores]:
    train, test = (pq.read_table(path) for path in (task.train, task.test))
    y, y_test = _labels(task, train), _labels(task, test)
    seconds, z = run(train[task.text].to_pylist(), y, test[task.text].to_pylist(), seed)
    return seconds, _scores(task, y_test, z)


def _labels(task: Task, table: Any) -> Any:
    y = table[task.label].to_pandas()
    return y.to_numpy() if task.regression or y.dtype.kind in "iu" else (y == sorted(y.unique())[-1]).to_numpy().astype(int)


def names_of_scores(task: Task) -> tuple[str, ...]:
    """The scores of a task, the first of which ranks models."""
    if task.regression:
        return "rmse", "mae", "r2"
    return ("auc", "accuracy", "average_loss") if task.classes == 2 else ("accuracy", "average_loss")


def _scores(task: Task, y: Any, z: Any) -> Scores:
    of = metrics.regression if task.regression else metrics.binary if task.classes == 2 else metrics.multiclass
    found = of(y, z)
    return {name: found[name] for name in names_of_scores(task)}


def _encoded(task: Task, model: str) -> tuple[Any, Any]:
    """The rows as one of our models sees them: training, test."""
    train = pq.read_table(task.train)
    made = task.models[model].make(RunConfig())
    made.train(train, task.label, steps=1)
    return made.plan.encode(train), made.plan.encode(pq.read_table(task.test))


def _linear(task: Task) -> tuple[float, Scores]:
    from sklearn.linear_model import LogisticRegression, Ridge

    train, test = (part.to_scipy() for part in _encoded(task, "linear"))
    y, y_test = (_labels(task, pq.read_table(path)) for path in (task.train, task.test))
    start = time.process_time()
    if task.regression:
        rival: Any = Ridge(1.0, solver="sparse_cg").fit(train, y)
        seconds, z = time.process_time() - start, rival.predict(test)
    else:
        rival = LogisticRegression(C=1.0, solver="liblinear" if task.classes == 2 else "lbfgs", max_iter=300).fit(train, y)
        seconds, z = time.process_time() - start, rival.decision_function(test)
    return seconds, _scores(task, y_test, z)


def _network(task: Task, seed: int) -> tuple[float, Scores]:
    assert task.network is not None
    y, y_test = (_labels(task, pq.read_table(path)) for path in (task.train, task.test))
    seconds, z = torch_rival.wide_deep(*_encoded(task, "wide & deep"), y, task.network, seed)
    return seconds, _scores(task, y_test, z)


def _best(settings: list[Any], loss: Callable[[Any, Any, Any], float], rows: int) -> Any:
    """The settings with the least loss(settings, rows to train on, rows held out)."""
    held = np.random.default_rng(0).permutation(rows) % 5 == 0
    return settings[int(np.argmin([loss(s, np.flatnonzero(~held), np.flatnonzero(held)) for s in settings]))]


def wabbit(task: Task) -> Rival:
    """Every field as a word, and numbers as values too, hashed to 2^22. Parsing is timed: it is part of the first pass."""
    lines = [np.array(_text_lines(task, pq.read_table(path)), object) for path in (task.train, task.test)]
    y, y_test = (_labels(task, pq.read_table(path)) for path in (task.train, task.test))
    chosen: list[str] = []

    def loss(settings: str, rest: Any, held: Any) -> float:
        scores = _scores(task, y[held], _wabbit(task, settings, lines[0][rest], lines[0][held])[1])
        return scores["rmse" if task.regression else "average_loss"]

    def run(seed: int) -> tuple[float, Scores]:
        if not chosen:
            chosen.append(_best(WABBIT, loss, len(y)))
        seconds, z = _wabbit(task, chosen[0], *lines)
        return seconds, _scores(task, y_test, z)

    return Rival(run)


def _wabbit(task: Task, settings: str, train: Any, test: Any) -> tuple[float, Any]:
    """Seconds of training over a cache, and the logits of the test lines."""
    from vowpalwabbit import Workspace

    loss = "squared" if task.regression else "logistic"
    with tempfile.TemporaryDirectory() as folder:
        text, cache, kept = (str(Path(folder) / name) for name in ("train", "cache", "model"))
        Path(text).write_text("\n".join(train) + "\n")
        start = time.process_time()
        files = f"-d {text} --cache_file {cache} -k --holdout_off -f {kept}"
        Workspace(f"{files} {settings} --loss_function {loss} -b 22 --quiet").finish()
        seconds = time.process_time() - start
        model = Workspace(f"-i {kept} -t --quiet")
        z = np.array([model.predict(line) for line in test])
        model.finish()
    return seconds, z


def _text_lines(task: Task, table: Any) -> list[str]:
    """The rows in Vowpal Wabbit's format."""
    y = _labels(task, table)
    y = y if task.regression else 2 * y - 1
    frame = table.to_pandas()
    named = [f"{key}={{}}".replace(" ", "_") for key in (*task.categories, *task.numbers)]
    words = [frame[key].astype(str).str.replace(r"[\s:|]", "_", regex=True) for key in (*task.categories, *task.numbers)]
    values = [(frame[k] - frame[k].mean()).fillna(0) / frame[k].std() for k in task.numbers]
    shape = "{} |c " + " ".join(named) + " |n " + " ".join(f"{i}:{{:.4f}}" for i in range(len(values)))
    return [shape.format(*row) for row in zip(y, *words, *values, strict=True)]


def trees(task: Task, ratios: tuple[tuple[str, str], ...] = ()) -> Rival:
    """LightGBM on numbers and categories as they are, and on ratios of numbers."""
    import lightgbm
    import pandas as pd

    frames = [pq.read_table(path).to_pandas() for path in (task.train, task.test)]
    for key in task.categories:
        kinds = pd.CategoricalDtype(sorted(frames[0][key].dropna().unique()))
        for frame in frames:
            frame[key] = frame[key].astype(kinds)
    y, y_test = (_labels(task, pq.read_table(path)) for path in (task.train, task.test))
    for frame in frames:
        for a, b in ratios:
            frame[f"{a} / {b}"] = frame[a] / frame[b].replace(0, np.nan)
    keys = [*task.numbers, *task.categories, *(f"{a} / {b}" for a, b in ratios)]
    kind = lightgbm.LGBMRegressor if task.regression else lightgbm.LGBMClassifier
    chosen: list[dict[str, Any]] = []

    def fit(settings: dict[str, Any], seed: int, rows: Any) -> Any:
        return kind(random_state=seed, verbose=-1, **settings).fit(frames[0][keys].iloc[rows], y[rows])

    def predict(model: Any, frame: Any) -> Any:
        return model.predict(frame) if task.regression else model.predict(frame, raw_score=True)  # of k classes [n, k]

    def loss(settings: dict[str, Any], rest: Any, held: Any) -> float:
        scores = _scores(task, y[held], predict(fit(settings, 0, rest), frames[0][keys].iloc[held]))
        return scores["rmse" if task.regression else "average_loss"]

    def run(seed: int) -> tuple[float, Scores]:
        if not chosen:
            chosen.append(_best(TREES, loss, len(y)))
        start = time.process_time()
        model = fit(chosen[0], seed, np.arange(len(y)))
        return time.process_time() - start, _scores(task, y_test, predict(model, frames[1][keys]))

    return Rival(run, seeded=True)
