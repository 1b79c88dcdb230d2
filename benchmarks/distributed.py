"""Claim: several processes train the model of one, and a worker that is killed changes no bit of it.

python -m benchmarks distributed          census and generated click logs: one process, two, and with Ray a process and an actor
FEATURECOLS_TASKS=staleness ...           what old gradients cost: the case against asynchronous parameter servers

Examples a second are from the fourth step to the last. Processor time is of all processes of the run. On a machine of two cores
one process uses more than one already: its input pipeline has a thread of its own.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import resource
import signal
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

import featurecols as fc
from benchmarks import data
from benchmarks.harness import Result
from benchmarks.model_tasks import TASKS
from featurecols.models import DNNClassifier, LinearClassifier, RunConfig
from featurecols.models.autodiff.tape import Gradient, Value, gradients
from featurecols.models.input.examples import Examples
from featurecols.models.optimization.optimizers import Step
from featurecols.models.training.hooks import Hook
from featurecols.models.training.run import Run

FIRST = 3  # steps before the clock starts
CTR_ROWS, TEST_ROWS = 300_000, 50_000
DELAYS = (0, 1, 3, 7, 15, 31)
NUMBERS, STRINGS = [f"I{i}" for i in range(1, 14)], [f"C{i}" for i in range(1, 27)]
QUIET = RunConfig(progress=False)
Model = LinearClassifier | DNNClassifier


class Case(NamedTuple):
    """A model, what it is trained on, for how many passes and in which batches, and rows that it does not see."""

    make: Callable[[], Model]
    train: pa.Table
    label: str
    epochs: int
    batch_size: int
    test: pa.Table


def cases() -> dict[str, Case]:
    """Return the trainings by name."""
    adult = TASKS["adult"]()
    census = [fc.Numeric(key, normalizer=fc.ZScore()) for key in data.NUMBERS]
    census += [fc.Indicator(fc.Vocabulary(key, fc.TopTerms(50))) for key in data.CATEGORIES]
    clicks = click_table(CTR_ROWS + TEST_ROWS)
    train, test = clicks.slice(0, CTR_ROWS), clicks.slice(CTR_ROWS)
    numbers = [fc.Numeric(key, default=0, normalizer=[fc.Log1p(), fc.ZScore()]) for key in NUMBERS]
    hashed = [fc.Hashed(key, 40_000) for key in STRINGS]
    embedded = [fc.Embedding(column, 16) for column in hashed]
    return {
        "census, 1024-512-256": Case(
            lambda: DNNClassifier(census, hidden_units=[1024, 512, 256], config=QUIET),
            _table(adult.train),
            adult.label,
            2,
            2048,
            _table(adult.test),
        ),
        "clicks, embeddings of 16, 512-256": Case(
            lambda: DNNClassifier([*numbers, *embedded], hidden_units=[512, 256], config=QUIET), train, "click", 1, 8192, test
        ),
        "clicks, linear, a million hashed weights": Case(
            lambda: LinearClassifier([*numbers, *hashed], config=QUIET), train, "click", 1, 8192, test
        ),
    }


def _table(source: Any) -> pa.Table:
    import pyarrow.parquet as pq

    return source if isinstance(source, pa.Table) else pq.read_table(source)


def click_table(rows: int) -> pa.Table:
    """Fields in the shape of the Criteo logs, and clicks that depend on them."""
    table, random = data.criteo_table(rows), np.random.default_rng(3)
    logit = np.full(rows, -1.0)
    for key in STRINGS[:12]:
        codes = table[key].combine_chunks().dictionary_encode()
        effect = random.normal(0, 0.5, len(codes.dictionary))
        logit += effect[codes.indices.fill_null(0).to_numpy()]
    for key in NUMBERS[:5]:
        logit += 0.2 * (np.log1p(table[key].fill_null(0).to_numpy()) - 2.5)
    return table.append_column("click", pa.array((random.random(rows) < 1 / (1 + np.exp(-logit))).astype(np.int8)))


class Clock(Hook):
    """Counts rows and seconds after the first steps, and when a worker is killed, how long that step takes."""

    def __init__(self, kill_at: int | None = None) -> None:
        self.kill_at, self.rows, self.start, self.seconds, self.recovery, self.steps = kill_at, 0, 0.0, 0.0, 0.0, list[float]()

    def before_step(self, run: Run) -> None:
        self.begun = time.perf_counter()
        if run.step == self.kill_at:
            link = run.model._team._links[0]
            if hasattr(link, "_process"):
                os.kill(link._process.pid, signal.SIGKILL)
            else:
                link.kill()

    def after_step(self, run: Run) -> None:
        now = time.perf_counter()
        self.steps.append(now - self.begun)
        if run.step == self.kill_at + 1 if self.kill_at is not None else False:
            self.recovery = now - self.begun
        if run.step == FIRST:
            self.start = now
        elif run.step > FIRST:
            self.rows += len(run.examples or ())
            self.seconds = now - self.start


def processor_time() -> float:
    """Seconds of this process and of all that it started and waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(found.ru_utime + found.ru_stime for found in both)


@contextlib.contextmanager
def ray_cluster() -> Iterator[None]:
    """Have actors of a local cluster as workers."""
    import ray

    from featurecols.integrations import ray as fc_ray

    path = os.pathsep.join(filter(None, [os.getcwd(), os.environ.get("PYTHONPATH")]))
    ray.init(num_cpus=1, include_dashboard=False, log_to_driver=False, runtime_env={"env_vars": {"PYTHONPATH": path}})
    try:
        with fc_ray.workers():
            yield
    finally:
        ray.shutdown()


def train(case: Case, processes: int, kill_at: int | None = None) -> tuple[Model, Clock, float]:
    """Return a trained model, its clock, and its processor time."""
    clock, before, model = Clock(kill_at), processor_time(), case.make()
    model.train(case.train, case.label, epochs=case.epochs, batch_size=case.batch_size, processes=processes, hooks=[clock])
    return model, clock, processor_time() - before


def run() -> list[Result]:
    """Train every case by one process, two, and two of which the worker is killed."""
    if os.environ.get("FEATURECOLS_TASKS") == "staleness":
        return [staleness()]
    results = []
    for name, case in cases().items():
        train(case, 1)  # once, so that nothing is compiled within the time
        result = Result(f"Distributed training: {name}", case.train.num_rows * case.epochs)
        found: dict[str, tuple[Model, Clock, float]] = {}
        for _ in range(int(os.environ.get("FEATURECOLS_REPEATS", "3"))):
            found |= {"one process": train(case, 1), "two processes": train(case, 2)}
            for kind, (_, clock, seconds) in found.items():
                result.seconds.setdefault(kind, []).append(clock.seconds * result.rows / clock.rows)
                result.processor.setdefault(kind, []).append(seconds)
        found["two, worker killed"] = train(case, 2, 6)
        if importlib.util.find_spec("ray"):
            with ray_cluster():
                found |= {"two, over Ray": train(case, 2), "two, over Ray, actor killed": train(case, 2, 6)}
        result.notes = _compare(case, found)
        results.append(result)
        print("\n" + result.text("one process"), flush=True)
    return [*results, staleness()]


def _compare(case: Case, found: Mapping[str, tuple[Model, Clock, float]]) -> dict[str, Any]:
    one, two = found["one process"][0], found["two processes"][0]
    losses = {kind: [row["loss"] for row in model.history] for kind, (model, _, _) in found.items()}
    weights = max(float(np.abs(a - two.variables.values[name]).max()) for name, a in one.variables.values.items())
    notes: dict[str, Any] = {
        "processor seconds": {kind: round(seconds, 1) for kind, (_, _, seconds) in found.items() if "Ray" not in kind},
        "examples a second": {kind: round(clock.rows / clock.seconds) for kind, (_, clock, _) in found.items()},
        "losses": losses,
        "test loss": {kind: model.evaluate(case.test)["average_loss"] for kind, (model, _, _) in found.items()},
        "largest difference of a weight, one process and two": weights,
        "equal bits": {
            kind: model.fingerprint == two.fingerprint for kind, (model, _, _) in found.items() if kind != "one process"
        },
        "seconds of the step in which a worker was killed": {
            kind: round(clock.recovery, 2) for kind, (_, clock, _) in found.items() if clock.kill_at is not None
        },
    }
    return notes


class Delayed:
    """Gradients that are computed now and applied some steps later, as those of asynchronous workers are."""

    def __init__(self, model: Model, delay: int) -> None:
        self.model, self.delay, self.waiting = model, delay, deque[Mapping[str, Gradient]]()

    def forward(self, examples: Examples) -> tuple[Value, Step]:
        """Return the loss with the weights of now, and a step by the gradient of `delay` steps ago."""
        loss, op = self.model._forward_here(examples)
        self.waiting.append(gradients(op.loss))
        return loss, self._step

    def _step(self, variables: Any) -> None:
        if len(self.waiting) > self.delay:
            self.model._require_optimizer().apply(variables, self.waiting.popleft())
        variables.step += 1


def staleness() -> Result:
    """Train by gradients of 0, 1, 3, ... steps ago, batches of 256: what 1, 2, 4, ... asynchronous workers do in turn."""
    result = Result("Held-out loss by the age of gradients in steps", CTR_ROWS)
    for name, case in cases().items():
        if "embeddings" in name:  # minutes for each age
            continue
        losses = {}
        for delay in DELAYS:
            model = case.make()
            late = Delayed(model, delay)
            model._forward = late.forward  # type: ignore[method-assign]
            model.train(case.train, case.label, epochs=case.epochs, batch_size=256)
            losses[str(delay)] = round(model.evaluate(case.test)["average_loss"], 5)
        result.notes[name] = losses
        print(name, losses, flush=True)
    return result


__all__: Sequence[str] = ["run"]
