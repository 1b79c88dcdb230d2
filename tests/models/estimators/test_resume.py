"""F5 and F9: what a model_dir goes on with, what it refuses, and what it does not do twice."""

from __future__ import annotations

import json
import shutil
import warnings
from pathlib import Path

import numpy as np
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    RunConfig,
    WideDeepClassifier,
    from_data,
    hooks,
    layers,
)
from featurecols.models.errors import CheckpointError, TrainingWarning
from featurecols.models.estimators.config import EstimatorSpec, ModeKeys
from featurecols.models.optimization.optimizers import SGD, Adadelta, Adam, Adamax, Lion, Nadam
from featurecols.models.training import checkpoints
from featurecols.models.training.hooks import Hook
from tests.models.people import AGE, CITY, DEEP, WIDE, people

DATA, TEST = people(800), people(100, seed=1)
SMALL = people(80)
CALL = {"label": "rich", "epochs": 2, "batch_size": 100}
ALIKE = Adam(0.01)


class Break(Hook):
    """Ends the training with an error after a step."""

    def __init__(self, step: int) -> None:
        self.step = step

    def after_step(self, run):
        if run.step == self.step:
            raise KeyboardInterrupt


def deep(folder, units=(16,), **options):
    return DNNClassifier(DEEP, list(units), model_dir=folder, **options)


# F5 -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (lambda d: deep(d), lambda d: deep(d, [16, 16]), r"was made with hidden_units \[16\] there and \[16, 16\] here; give"),
        (lambda d: deep(d), lambda d: deep(d, activation="tanh"), "was made with activation 'relu' there and 'tanh' here"),
        (lambda d: deep(d), lambda d: deep(d, batch_norm=True), "was made with batch_norm False there and True here"),
        (
            lambda d: LinearClassifier(WIDE, model_dir=d),
            lambda d: LinearClassifier(WIDE, model_dir=d, sparse_combiner="mean"),
            "was made with sparse_combiner 'sum' there and 'mean' here",
        ),
        (
            lambda d: WideDeepClassifier([CITY], [AGE], [4], model_dir=d),
            lambda d: WideDeepClassifier([CITY, AGE], [AGE], [4], model_dir=d),
            r"was made with linear \['city'\] there and \['city', 'age'\] here",
        ),
    ],
    ids=["hidden units", "activation", "batch norm", "combiner", "parts"],
)
def test_f5_another_model_is_refused_with_what_differs(tmp_path, first, second, message):
    """F5: another model is refused with what differs."""
    first(tmp_path).train(DATA, label="rich", steps=1)
    for use in (
        lambda: second(tmp_path).train(DATA, label="rich", steps=1),
        lambda: second(tmp_path).predict(TEST),
        lambda: second(tmp_path).evaluate(TEST, label="rich"),
    ):
        with pytest.raises(CheckpointError, match=message):
            use()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"optimizer": SGD(0.5)},
            r"was trained with optimizer Adam\(learning_rate=0.01\) there and SGD\(learning_rate=0.5\) here; .*warm_start_from",
        ),
        ({"dropout": 0.5}, "was trained with dropout None there and 0.5 here"),
        ({"config": RunConfig(seed=3)}, "was trained with seed 0 there and 3 here"),
        ({"weight_column": "weight"}, "was trained with weight_column None there and 'weight' here"),
    ],
    ids=["optimizer", "dropout", "seed", "weight"],
)
def test_f5_what_matters_in_training_alone_is_refused_by_training_alone(tmp_path, options, message):
    """F5: what matters in training alone is refused by training alone."""
    old = deep(tmp_path, optimizer=ALIKE).train(DATA, label="rich", steps=1)
    with pytest.raises(CheckpointError, match=message):
        deep(tmp_path, **{"optimizer": ALIKE, **options}).train(DATA, label="rich", steps=1)
    new = deep(tmp_path, **{"optimizer": ALIKE, **options})
    assert new.predict(TEST)["logits"].tobytes() == old.predict(TEST)["logits"].tobytes()


NUMBER = {"label": "wealth", "epochs": 3, "batch_size": 40}
INTERRUPTED = {
    "nadam": {"optimizer": Nadam(0.01)},
    "adamax": {"optimizer": Adamax(0.01)},
    "adadelta": {"optimizer": Adadelta(0.5)},
    "lion": {"optimizer": Lion(0.001)},
    "members of a scaled label": {"members": 3, "label_transform": "log1p"},
    "crosses that are regularized": {"cross_layers": 1, "kernel_regularizer": {"l1": 0.001}, "members": 2},
}


@pytest.mark.parametrize("options", INTERRUPTED.values(), ids=INTERRUPTED)
def test_f5_whatever_a_step_remembers_is_there_after_an_interrupt(tmp_path, options):
    """F5: a training that was cut short between two checkpoints comes to the bits of one that was not."""
    rows = {**SMALL, "wealth": SMALL["wealth"] - SMALL["wealth"].min() if "label_transform" in options else SMALL["wealth"]}
    whole = DNNRegressor(DEEP, [4], **options).train(rows, **NUMBER)

    def parts():
        return DNNRegressor(DEEP, [4], model_dir=tmp_path, config=RunConfig(save_checkpoints_steps=2), **options)

    with pytest.raises(KeyboardInterrupt):
        parts().train(rows, **NUMBER, hooks=[Break(3)])
    done = parts().train(rows, **NUMBER)
    assert done.fingerprint == whole.fingerprint
    slots = whole.variables.arrays("slots")
    assert {k: v.tobytes() for k, v in done.variables.arrays("slots").items()} == {k: v.tobytes() for k, v in slots.items()}
    assert done.predict(rows)["predictions"].tobytes() == whole.predict(rows)["predictions"].tobytes()
    assert done.head == whole.head


@pytest.mark.parametrize(
    ("again", "message"),
    [
        (from_data(DATA, label="rich").shuffle(1000).batch(50), "with batch_size 100 there and 50 here"),
        (from_data(DATA, label="rich").shuffle(10).batch(100), "with buffer 1000 there and 10 here"),
        (from_data(DATA, label="rich").shuffle(1000, seed=1).batch(100), "with shuffle_seed None there and 1 here"),
    ],
    ids=["batch size", "buffer", "seed of the shuffle"],
)
def test_f5_a_call_that_was_cut_short_goes_on_in_the_same_batches_only(tmp_path, again, message):
    """F5: a call that was cut short goes on in the same batches only."""
    config = RunConfig(save_checkpoints_steps=2)
    pipeline = from_data(DATA, label="rich").shuffle(1000).batch(100)
    with pytest.raises(KeyboardInterrupt):
        LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(pipeline, epochs=2, hooks=[Break(5)])
    with pytest.raises(CheckpointError, match=f"holds a call that was cut short, {message}"):
        LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(again, epochs=2)
    done = LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(pipeline, epochs=2)
    whole = LinearClassifier(WIDE).train(pipeline, epochs=2)
    assert done.fingerprint == whole.fingerprint
    LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(again, epochs=2)  # the run is over: another may begin


def test_f5_a_call_that_was_cut_short_goes_on_with_the_same_class_weights_only(tmp_path):
    """F5: class weights are part of a call, whose rest counts the rows as its beginning did."""

    def train(weight, **options):
        config = RunConfig(save_checkpoints_steps=2)
        model = LinearClassifier(WIDE, model_dir=tmp_path, config=config)
        return model.train(DATA, label="rich", epochs=2, batch_size=100, class_weight=weight, **options)

    with pytest.raises(KeyboardInterrupt):
        train({1: 3.0}, hooks=[Break(5)])
    with pytest.raises(CheckpointError, match=r"with class_weight \[1.0, 3.0\] there and None here"):
        train(None)
    assert (
        train({1: 3.0}).fingerprint
        == LinearClassifier(WIDE).train(DATA, label="rich", epochs=2, batch_size=100, class_weight={1: 3.0}).fingerprint
    )


def test_f5_the_label_is_part_of_a_training(tmp_path):
    """F5: a training on other labels, or on the same in another order, is another one; an evaluation may name others."""
    data = {"x": [1.0, 2.0, 3.0, 4.0], "a": [0.0, 1.0, 2.0, 3.0], "b": [5.0, 4.0, 3.0, 2.0]}
    columns = [fc.Numeric("x")]
    one, two = tmp_path / "one", tmp_path / "two"
    models.LinearRegressor(columns, model_dir=one).train(data, label="a", epochs=1)
    with pytest.raises(CheckpointError, match=r"was trained with label \['a'\] there and \['b'\] here; .*warm_start_from"):
        models.LinearRegressor(columns, model_dir=one).train(data, label="b", epochs=2)
    assert models.LinearRegressor(columns, model_dir=one).evaluate(data, label="b")["label/mean"] == 3.5
    models.LinearRegressor(columns, label_dimension=2, model_dir=two).train(data, label=["a", "b"], epochs=1)
    with pytest.raises(CheckpointError, match=r"was trained with label \['a', 'b'\] there and \['b', 'a'\] here"):
        models.LinearRegressor(columns, label_dimension=2, model_dir=two).train(data, label=["b", "a"], epochs=2)


def test_f5_normalize_is_part_of_the_declaration(tmp_path):
    """F5: numbers as they are and numbers with a scale are two models, whichever comes first."""
    plain = LinearClassifier([fc.Numeric("age")], normalize=False, model_dir=tmp_path / "plain")
    plain.train(DATA, label="rich", steps=1)
    again = LinearClassifier([fc.Numeric("age")], normalize=False, model_dir=tmp_path / "plain")
    assert again.predict(TEST)["logits"].tobytes() == plain.predict(TEST)["logits"].tobytes()
    with pytest.raises(CheckpointError, match="was made with normalize False there and 'auto' here"):
        LinearClassifier([fc.Numeric("age")], model_dir=tmp_path / "plain").train(DATA, label="rich", steps=1)
    LinearClassifier([fc.Numeric("age")], model_dir=tmp_path / "scaled").train(DATA, label="rich", steps=1)
    with pytest.raises(CheckpointError, match=r"age is declared with normalizer \(ZScore\(\),\) there and at its default here"):
        LinearClassifier([fc.Numeric("age")], normalize=False, model_dir=tmp_path / "scaled").predict(TEST)
    scaled = [fc.Numeric("age", normalizer=fc.ZScore())]  # which normalize leaves alone
    LinearClassifier(scaled, normalize=False, model_dir=tmp_path / "scaled").train(DATA, label="rich", steps=1)


def test_f5_params_of_a_model_fn(tmp_path):
    """F5: params of a model_fn."""

    def model_fn(features, labels, mode, params):
        logits = layers.Dense(1)(layers.Inputs()(features))
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions={"logits": logits.array})
        loss = models.losses.MeanSquaredError()(labels[:, None].astype(np.float32), logits)
        return EstimatorSpec(mode, loss=loss, train_op=SGD(params["rate"]).minimize(loss))

    def model(**params):
        columns = [fc.Numeric("age")]
        return models.Estimator(model_fn, params={**params, "columns": columns, "code": len}, model_dir=tmp_path)

    model(rate=1e-5).train(DATA, label="rich", steps=1)
    model(rate=1e-5).train(DATA, label="rich", steps=1)
    with pytest.raises(CheckpointError, match=r"params\['rate'\] 1e-05 there and 0.1 here"):
        model(rate=0.1).train(DATA, label="rich", steps=1)


def test_f5_checkpoints_of_version_0_load(tmp_path):
    """F5: checkpoints of version 0 load."""
    saved = Path(__file__).parents[2] / "saved" / "v0_60ad15a" / "checkpoint"
    shutil.copytree(saved, tmp_path / "checkpoint")
    last = next(path for path in (tmp_path / "checkpoint").rglob("step-*.safetensors"))
    _, about = checkpoints.read(last)
    assert "arguments" not in about
    assert set(about["run"]) == {"asked", "rows", "epoch", "batch", "done"}


# F9 -------------------------------------------------------------------------------------------------------------------


def test_f9_a_call_that_is_made_again_does_nothing_and_says_so(tmp_path):
    """F9: a call that is made again does nothing and says so."""
    once = LinearClassifier(WIDE, model_dir=tmp_path).train(DATA, **CALL)
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    message = (
        r"LinearClassifier.train: this call for 2 epochs came to its end before, at step 16, and nothing was done; "
        r"pass more=True, or steps=, to train on"
    )
    with pytest.warns(TrainingWarning, match=message):
        again = LinearClassifier(WIDE, model_dir=tmp_path).train(DATA, **CALL)
    with pytest.warns(TrainingWarning, match=message):
        again.train(DATA, **CALL)
    assert again.variables.step == 16
    assert again.fingerprint == once.fingerprint
    assert again.history.rows == once.history.rows
    assert again.data == once.data
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == files


def test_f9_ways_to_train_on(tmp_path):
    """F9: ways to train on."""

    def model():
        return LinearClassifier(WIDE, model_dir=tmp_path)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        model().train(DATA, **CALL)
        assert model().train(DATA, **CALL, more=True).variables.step == 32
        assert model().train(DATA, label="rich", steps=3, batch_size=100).variables.step == 35
        assert model().train(DATA, label="rich", steps=3, batch_size=100).variables.step == 38
        assert model().train(DATA, label="rich", epochs=1, batch_size=100).variables.step == 46
        assert model().train(people(800, seed=5), label="rich", epochs=1, batch_size=100).variables.step == 54
    in_memory = LinearClassifier(WIDE).train(DATA, **CALL).train(DATA, **CALL)
    assert in_memory.variables.step == 32


def test_f9_data_that_can_be_read_once_is_not_read_for_nothing(tmp_path):
    """F9: data that can be read once is not read for nothing."""

    def batches():
        return iter([(DATA, DATA["rich"])])

    columns = [fc.Hashed("city", 50)]
    models.LinearRegressor(columns, model_dir=tmp_path).train(batches(), batch_size=100)
    read = batches()
    with pytest.warns(TrainingWarning, match="nothing was done"):
        models.LinearRegressor(columns, model_dir=tmp_path).train(read, batch_size=100)


class Jagged(Hook):
    """Adds a number of numpy's to the history."""

    def after_epoch(self, run):
        run.logs["twice"] = np.float32(2 * run.epoch)


@pytest.mark.parametrize("step", [1, 3, 8, 9, 13, 16])
@pytest.mark.parametrize("every", [1, 2, 5])
def test_f9_a_run_that_was_cut_short_neither_loses_nor_repeats_rows(tmp_path, step, every):
    """F9: a run that was cut short neither loses nor repeats rows."""
    config = RunConfig(save_checkpoints_steps=2, save_summary_steps=every)

    def model(name):
        return LinearClassifier(WIDE, model_dir=tmp_path / name, config=config)

    whole = model("whole").train(DATA, **CALL, validation=TEST, hooks=[Jagged()])
    with pytest.raises(KeyboardInterrupt):
        model("cut").train(DATA, **CALL, validation=TEST, hooks=[Jagged(), Break(step)])
    with open(tmp_path / "cut" / "summaries.jsonl", "a") as file:
        file.write('{"step": 99, "lo')  # a line that a kill cut short
    again = model("cut").train(DATA, **CALL, validation=TEST, hooks=[Jagged()])

    def rows(found):
        return [{k: v for k, v in row.items() if k not in ("seconds", "steps_per_second")} for row in found]

    assert rows(again.history) == rows(whole.history)
    read = [models.History.read(tmp_path / name / "summaries.jsonl") for name in ("cut", "whole")]
    assert rows(read[0]) == rows(read[1])
    assert len(read[0]) == 16 // every + 2
    assert again.history.rows[1]["seconds"] >= again.history.rows[0]["seconds"]


def test_f9_summaries_of_a_file_that_others_write_into_stay(tmp_path):
    """F9: summaries of a file that others write into stay."""
    path = tmp_path / "all.jsonl"
    for seed in range(2):
        LinearClassifier(WIDE, config=RunConfig(seed=seed)).train(DATA, **CALL, hooks=[hooks.Summaries(path, 4)])
    steps = [row["step"] for row in map(json.loads, path.read_text().splitlines()) if "epoch" not in row]
    assert steps == [4, 8, 12, 16] * 2


def test_f5_a_model_that_is_opened_again_knows_its_label_and_its_weights(tmp_path):
    """F5: a model of a model_dir evaluates, and is saved, as the one that trained there: by the same label and weights."""
    data = {**DATA, "w": np.linspace(0.1, 3.0, len(DATA["age"])).tolist()}
    model = LinearClassifier(WIDE, model_dir=tmp_path / "dir").train(data, label="income", weight="w", epochs=1)
    expected = model.evaluate(data)
    plain = [1.0] * len(data["w"])
    assert expected["average_loss"] != model.evaluate(data, data["income"], plain)["average_loss"]
    assert LinearClassifier(WIDE, model_dir=tmp_path / "dir").evaluate(data) == expected
    LinearClassifier(WIDE, model_dir=tmp_path / "dir").save(tmp_path / "saved")
    assert models.load(tmp_path / "saved").evaluate(data) == expected
    assert LinearClassifier(WIDE, model_dir=tmp_path / "dir").fingerprint == model.fingerprint


def test_d7_what_a_kill_leaves_in_a_model_dir_is_taken_away(tmp_path):
    """D7: files that a kill cut short are removed by the next run that writes there, whatever step they are of."""
    left = [tmp_path / "plan" / ".plan.json.ab12_xyz", tmp_path / ".step-000000099.safetensors.77"]
    other = tmp_path / "plan" / ".notes"
    other.parent.mkdir()
    for path in [*left, other]:
        path.write_text("half")
    LinearClassifier(WIDE, model_dir=tmp_path).train(DATA, label="income", epochs=1)
    assert [path.exists() for path in left] == [False, False]
    assert other.exists()


@pytest.mark.parametrize("step", [5, 13, 26])
def test_f9_early_stopping_goes_on_with_what_was_best(tmp_path, step):
    """F9: a run with EarlyStopping that was cut short ends with the weights and history of one run; nothing of it is saved."""

    def make(folder=None):
        return LinearClassifier(WIDE, optimizer=SGD(0.9), config=RunConfig(folder and str(folder), save_checkpoints_steps=3))

    def call(*more):
        stop = hooks.EarlyStopping("val_loss", patience=2, min_delta=0.05)
        return {"label": "rich", "epochs": 9, "batch_size": 100, "validation": TEST, "hooks": [stop, *more]}

    whole = make().train(DATA, **call())
    with pytest.raises(KeyboardInterrupt):
        make(tmp_path).train(DATA, **call(Break(step)))
    again = make(tmp_path).train(DATA, **call())
    assert again.fingerprint == whole.fingerprint
    assert again.history.history["val_loss"] == whole.history.history["val_loss"]
    assert len(again.history.rows) < 9
    assert [name for name in again.variables.states if "early" in name] == []


def test_f5_arguments_of_the_first_step_are_compared_too(tmp_path):
    """F5: labels that were standardized, and a bias that was started, are said where training goes on otherwise."""
    data = {**DATA, "pay": np.linspace(1, 9, len(DATA["age"])).tolist()}
    models.LinearRegressor(WIDE, model_dir=tmp_path).train(data, "pay", epochs=1)
    for name in ("standardize_label", "initial_bias"):
        other = models.LinearRegressor(WIDE, model_dir=tmp_path, **{name: False})
        with pytest.raises(CheckpointError, match=f"was trained with {name} True there and False here"):
            other.train(data, "pay", epochs=2)
        other.predict(data)


@pytest.mark.parametrize("length", [{}, {"epochs": 2}])
def test_f9_a_model_that_was_not_saved_is_saved_as_one_run_saves_it(tmp_path, length):
    """F9: a run that was killed between training and saving is saved with the bytes of one run: metrics and what was chosen."""
    call = {"label": "rich", "validation": TEST, **length}
    LinearClassifier(WIDE, model_dir=tmp_path / "a").train(DATA, **call).save(tmp_path / "whole")
    LinearClassifier(WIDE, model_dir=tmp_path / "b").train(DATA, **call)
    with pytest.warns(TrainingWarning, match="came to its end before"):
        LinearClassifier(WIDE, model_dir=tmp_path / "b").train(DATA, **call).save(tmp_path / "again")
    for name in ("card.json", "model.json", "weights.safetensors"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes()
    assert ("automatic" in json.loads((tmp_path / "again" / "card.json").read_text())["data"]) == (not length)
