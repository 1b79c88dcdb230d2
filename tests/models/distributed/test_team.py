"""Training by several processes: the model of one process but for rounding, whatever happens to workers."""

import os
import re
import signal
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import ModelError
from featurecols.models.estimators.several_processes import workers_from
from featurecols.models.optimization.clipping import ClipNorm
from featurecols.models.training.hooks import Hook
from tests.models.distributed.in_process import starter

QUIET = models.RunConfig(progress=False)
SAME = 1e-5  # of a weight: how far rounding takes a model of two processes from that of one


def rows(n: int = 600) -> dict[str, Sequence[object]]:
    random = np.random.default_rng(5)
    x, job = random.normal(size=n), random.integers(0, 40, n)
    y = np.where(x + (job % 3) + random.normal(size=n) > 1, "yes", "no")
    tags = [[f"t{i % 7}", f"t{i % 11}"][: i % 3] for i in range(n)]
    return {"x": x.tolist(), "job": [f"j{j}" for j in job], "tags": tags, "y": y.tolist(), "n": (job * x).tolist()}


def network(**given: object) -> models.DNNClassifier:
    columns = [fc.Numeric("x"), fc.Embedding(fc.Hashed("job", 64), 4), fc.Hashed("tags", 16)]
    return models.DNNClassifier(columns, hidden_units=[8, 4], **{"config": QUIET, **given})


def linear(**given: object) -> models.LinearClassifier:
    return models.LinearClassifier([fc.Numeric("x"), fc.Hashed("job", 64)], **{"config": QUIET, **given})


def weights(model: models.Estimator) -> dict[str, np.ndarray]:
    return {name: model.get_variable_value(name) for name in model.get_variable_names()}


def assert_near(a: models.Estimator, b: models.Estimator) -> None:
    for name, array in weights(a).items():
        np.testing.assert_allclose(weights(b)[name], array, atol=SAME, err_msg=name)
    assert [row["loss"] for row in a.history] == pytest.approx([row["loss"] for row in b.history], rel=1e-6)


def assert_equal(a: models.Estimator, b: models.Estimator) -> None:
    assert a.fingerprint == b.fingerprint
    assert [row["loss"] for row in a.history] == [row["loss"] for row in b.history]


MODELS = {
    "linear": linear,
    "dropout": lambda: network(dropout=0.3),
    "clipped": lambda: network(optimizer=models.optimizers.Adam(0.01, clip=ClipNorm(0.5))),
    "wide and deep": lambda: models.WideDeepClassifier(
        linear=[fc.Hashed("job", 64)],
        dnn=[fc.Numeric("x"), fc.Embedding(fc.Hashed("job", 64), 4)],
        hidden_units=[8],
        config=QUIET,
    ),
    "members": lambda: network(members=3),
    "falling rate": lambda: network(optimizer=models.optimizers.SGD(models.schedules.Cosine(0.1), momentum=0.9)),
    "numbers": lambda: models.LinearRegressor([fc.Numeric("x"), fc.Hashed("job", 64)], config=QUIET),
}


@pytest.mark.parametrize("name", MODELS)
def test_three_processes_are_one_but_for_rounding(name: str) -> None:
    data, label = rows(), "n" if name == "numbers" else "y"
    one = MODELS[name]().train(data, label, epochs=2, batch_size=70)  # neither rows nor batches can be divided by 3
    with workers_from(starter()):
        three = MODELS[name]().train(data, label, epochs=2, batch_size=70, processes=3)
    assert_near(one, three)


def test_sample_weights_and_a_batch_of_fewer_rows_than_processes() -> None:
    data = {**rows(41), "w": [1.0 + i % 4 for i in range(41)]}
    one = linear().train(data, "y", "w", epochs=2, batch_size=20)
    with workers_from(starter()):
        three = linear().train(data, "y", "w", epochs=2, batch_size=20, processes=3)
    assert_near(one, three)


def test_a_training_of_open_length_finds_the_same_length() -> None:
    data = rows()
    with workers_from(starter()):
        two = linear().train(data, "y", batch_size=600, processes=2)
    one = linear().train(data, "y", batch_size=600)
    assert one.arguments()["train"] == two.arguments()["train"]
    assert_near(one, two)


def test_workers_that_die_change_no_bit() -> None:
    data = rows()
    with workers_from(starter()):
        calm = network().train(data, "y", steps=9, processes=2)
    with workers_from(starter([0], [1], [8], [3])):  # at the model, at rows, at a step, at rows again
        assert_equal(calm, network().train(data, "y", steps=9, processes=2))


def test_a_worker_that_dies_again_and_again_is_an_error() -> None:
    with workers_from(starter(*[[0]] * 5)), pytest.raises(ModelError, match="worker 1 died 3 times over one step"):
        linear().train(rows(), "y", steps=2, processes=2)


def test_an_error_of_a_worker_has_its_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OverflowError("too much")

    monkeypatch.setattr("featurecols.models.distributed.replica.of_rows", fail)
    with workers_from(starter()), pytest.raises(ModelError, match=re.escape("worker 1 failed, got 'OverflowError: too much'")):
        linear().train(rows(), "y", steps=2, processes=2)


class Scale(Hook):
    """Changes weights behind the back of the workers."""

    def after_step(self, run: object) -> None:
        for array in run.variables.values.values():
            array *= 2


def test_a_hook_that_changes_weights_is_noticed() -> None:
    with workers_from(starter()), pytest.raises(ModelError, match="the weights of worker 1 are not those of the chief"):
        linear().train(rows(), "y", steps=3, processes=2, hooks=[Scale()])


def test_a_loss_that_is_not_finite_names_the_column() -> None:
    data = rows()
    data["x"] = [*data["x"][:-1], 1e30]
    model = models.LinearRegressor([fc.Numeric("x")], normalize=False, config=QUIET)
    with workers_from(starter()), pytest.raises(ModelError, match="the loss is"):
        model.train(data, "n", epochs=3, batch_size=600, processes=2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: network(batch_norm=True), "leave batch_norm out"),
        (lambda: models.BaselineClassifier([fc.Numeric("x")], config=QUIET), "cannot be trained by several processes"),
        (lambda: models.Estimator(lambda features: None, columns=[fc.Numeric("x")]), "cannot be trained by several processes"),
    ],
)
def test_models_that_cannot_be_divided_say_so(make: object, message: str) -> None:
    with workers_from(starter()), pytest.raises(ModelError, match=message):
        make().train(rows(), "y", steps=2, processes=2)


class KillWorker(Hook):
    """Ends the worker before a step, as an operating system short of memory does."""

    def __init__(self, step: int) -> None:
        self.step = step

    def before_step(self, run: object) -> None:
        if run.step == self.step:
            os.kill(run.model._team._links[0]._process.pid, signal.SIGKILL)


def test_a_process_that_is_killed_is_replaced(tmp_path: Path) -> None:
    data = rows()
    with workers_from(starter()):
        calm = network().train(data, "y", epochs=2, processes=2)
    killed = network(model_dir=tmp_path).train(data, "y", epochs=2, processes=2, hooks=[KillWorker(3)])
    assert_equal(calm, killed)


class Cut(Hook):
    """Ends the training as a kill of the chief does: nothing is saved after the step."""

    def after_step(self, run: object) -> None:
        if run.step == 5:
            raise KeyboardInterrupt


def test_a_chief_that_was_cut_short_goes_on_from_its_checkpoint(tmp_path: Path) -> None:
    data, often = rows(), models.RunConfig(progress=False, save_checkpoints_steps=2)
    with workers_from(starter()):
        calm = network().train(data, "y", epochs=2, batch_size=100, processes=2)
        with pytest.raises(KeyboardInterrupt):
            network(model_dir=tmp_path, config=often).train(data, "y", epochs=2, batch_size=100, processes=2, hooks=[Cut()])
        again = network(model_dir=tmp_path, config=often).train(data, "y", epochs=2, batch_size=100, processes=2)
    assert_equal(calm, again)
