"""What surrounds a model: a model_fn of one's own, checkpoints, resuming after a kill, warm start, refusals."""

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_iris

import featurecols as fc
from featurecols.errors import ColumnError, DataError
from featurecols.models import (
    DNNClassifier,
    Estimator,
    EstimatorSpec,
    LinearClassifier,
    LinearRegressor,
    ModeKeys,
    RunConfig,
    WarmStartSettings,
    WideDeepClassifier,
    from_data,
    layers,
)
from featurecols.models.autodiff.variables import KINDS
from featurecols.models.errors import CheckpointError, ModelError
from featurecols.models.objective import losses, metrics
from featurecols.models.optimization import optimizers
from featurecols.models.optimization.optimizers import Adam, Ftrl
from featurecols.models.optimization.schedules import Cosine
from featurecols.models.training import checkpoints
from featurecols.models.training.hooks import Hook
from tests.models.people import AGE, BOTH, CITY, DEEP, JOB, WIDE, people

DATA, TEST = people(800), people(400, seed=1)
IRIS = load_iris()
FLOWERS = {name: IRIS.data[:, i] for i, name in enumerate(("sepal_length", "sepal_width", "petal_length", "petal_width"))}
FLOWERS["species"] = IRIS.target_names[IRIS.target].tolist()
FLOWER_COLUMNS = [fc.Numeric(name, normalizer=fc.ZScore()) for name in list(FLOWERS)[:4]]


def iris_model_fn(features, labels, mode, params):
    """The custom estimator of TensorFlow's tutorial, on our layers."""
    net = layers.Inputs()(features)
    for units in params["hidden_units"]:
        net = layers.Dense(units, activation="relu")(net)
    logits = layers.Dense(params["n_classes"])(net)
    predicted = logits.array.argmax(axis=1)
    if mode == ModeKeys.PREDICT:
        shares = losses.CategoricalCrossentropy(from_logits=True).mean(logits.array)
        return EstimatorSpec(mode, predictions={"class_ids": predicted[:, None], "probabilities": shares})
    loss = losses.CategoricalCrossentropy(from_logits=True)(labels, logits)
    if mode == ModeKeys.EVAL:
        return EstimatorSpec(mode, loss=loss, eval_metric_ops={"accuracy": (metrics.accuracy, labels, predicted)})
    return EstimatorSpec(mode, loss=loss, train_op=optimizers.Adagrad(learning_rate=0.1).minimize(loss))


def iris(**options):
    return Estimator(
        iris_model_fn,
        params={"feature_columns": FLOWER_COLUMNS, "hidden_units": [10, 10], "n_classes": 3},
        **options,
    )


def test_a_model_fn_of_ones_own(tmp_path):
    model = iris(model_dir=tmp_path)
    model.train(lambda: (FLOWERS, FLOWERS["species"]), steps=300, batch_size=32)
    found = model.evaluate(FLOWERS, label="species")
    assert found["accuracy"] > 0.95
    assert set(found) == {"accuracy", "loss", "global_step"}
    assert found["global_step"] == 300
    p = model.predict(FLOWERS)
    assert (p["class_ids"][:, 0] == IRIS.target).mean() == found["accuracy"]
    assert p["probabilities"].shape == (150, 3)
    assert model.head.words == ("setosa", "versicolor", "virginica")
    again = iris(model_dir=tmp_path)
    assert again.predict(FLOWERS)["probabilities"].tolist() == p["probabilities"].tolist()
    assert again.evaluate(FLOWERS, label="species") == found


def test_evaluate_and_predict_before_training_use_first_values():
    columns = [fc.Numeric(name) for name in list(FLOWERS)[:4]]
    model = Estimator(iris_model_fn, params={"columns": columns, "hidden_units": [], "n_classes": 3})
    assert model.predict(FLOWERS)["probabilities"].shape == (150, 3)
    assert model.evaluate(FLOWERS, label="species")["global_step"] == 0
    with pytest.raises(ModelError, match=r"Estimator: its columns still learn, got .*'sepal_length'.*; train it first"):
        iris().predict(FLOWERS)


def test_a_train_op_may_be_a_function_and_arguments_may_be_left_out():
    def model_fn(features, labels, mode):
        bias = layers.Dense(1, use_bias=False, name="only")(np.ones((len(features), 1)))
        if mode == ModeKeys.PREDICT:
            return EstimatorSpec(mode, predictions={"mean": bias.array})
        loss = losses.MeanSquaredError()(labels, bias)

        def step(variables):
            variables.values["only/kernel"][...] = 7.0

        return EstimatorSpec(mode, loss=loss, train_op=step)

    model = Estimator(model_fn, columns=[fc.Numeric("age")]).train(DATA, label="wealth", steps=2)
    assert model.predict(TEST)["mean"][:2].tolist() == [[7.0], [7.0]]
    assert model.variables.step == 2


def test_what_a_model_fn_must_answer():
    with pytest.raises(ModelError, match="model_fn: must return an EstimatorSpec, got 'dict'"):
        Estimator(lambda features, mode: {}, columns=[fc.Numeric("age")]).train(DATA, label="rich")
    with pytest.raises(ModelError, match="EstimatorSpec: mode 'train' needs loss"):
        EstimatorSpec("train")
    with pytest.raises(ModelError, match="EstimatorSpec: mode 'infer' needs predictions"):
        EstimatorSpec("infer")
    with pytest.raises(ModelError, match="EstimatorSpec: unknown mode 'fit'; known are train, eval, infer"):
        EstimatorSpec("fit")
    with pytest.raises(ModelError, match="Estimator: needs columns"):
        Estimator(iris_model_fn)


# Checkpoints ----------------------------------------------------------------------------------------------------------


def bits(model):
    v = model.variables
    return {f"{part}/{k}": a.tobytes() for part in KINDS for k, a in getattr(v, part).items()}


def test_training_goes_on_from_the_last_checkpoint(tmp_path):
    a = LinearClassifier(WIDE, model_dir=tmp_path).train(DATA, label="rich", steps=5, batch_size=100)
    b = LinearClassifier(WIDE, model_dir=tmp_path).train(DATA, label="rich", steps=5, batch_size=100)
    assert (a.variables.step, b.variables.step) == (5, 10)
    c = (
        LinearClassifier(WIDE)
        .train(DATA, label="rich", steps=5, batch_size=100)
        .train(DATA, label="rich", steps=5, batch_size=100)
    )
    assert bits(b) == bits(c)
    assert b.latest_checkpoint() == str(tmp_path / "step-000000010.safetensors")
    assert (tmp_path / "plan" / "plan.json").exists()


def test_steps_and_max_steps_and_epochs(tmp_path):
    model = LinearClassifier(WIDE, model_dir=tmp_path)
    assert model.train(DATA, label="rich", max_steps=7, batch_size=100).variables.step == 7
    assert model.train(DATA, label="rich", max_steps=7, batch_size=100).variables.step == 7
    assert model.train(DATA, label="rich", max_steps=9, batch_size=100).variables.step == 9
    assert model.train(DATA, label="rich", epochs=2, batch_size=100).variables.step == 25
    assert model.train(DATA, label="rich", epochs=2, steps=3, batch_size=100).variables.step == 28
    assert model.train(DATA, label="rich", epochs=1).variables.step == 28 + 4  # one epoch of 256 rows a step
    assert model.train(from_data(DATA, label="rich").batch(400).repeat(3)).variables.step == 32 + 6
    assert model.train(from_data(DATA, label="rich").batch(400).repeat(), steps=9).variables.step == 38 + 9
    for bad in ({"steps": 0}, {"max_steps": -1}, {"epochs": 1.5}, {"steps": 1, "max_steps": 2}):
        with pytest.raises(ColumnError, match="LinearClassifier: "):
            model.train(DATA, label="rich", **bad)


def test_only_the_last_checkpoints_are_kept(tmp_path):
    config = RunConfig(save_checkpoints_steps=2, keep_checkpoint_max=3)
    LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(DATA, label="rich", steps=11, batch_size=100)
    assert [p.name[5:14] for p in checkpoints.found(tmp_path)] == ["000000008", "000000010", "000000011"]


class Break(Hook):
    def __init__(self, step):
        self.step = step

    def after_step(self, run):
        if run.step == self.step:
            raise KeyboardInterrupt


MODELS = {
    "linear": lambda folder, **k: LinearClassifier(WIDE, model_dir=folder, **k),
    "dnn": lambda folder, **k: DNNClassifier(
        DEEP, [16, 8], dropout=0.3, batch_norm=True, optimizer=Adam(Cosine(0.01)), model_dir=folder, **k
    ),
    "wide and deep": lambda folder, **k: WideDeepClassifier(WIDE, DEEP, [8], dropout=0.1, model_dir=folder, **k),
}


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("step", [3, 8, 13])
def test_a_run_that_was_cut_short_ends_as_if_it_had_not_been(tmp_path, kind, step):
    config = RunConfig(save_checkpoints_steps=2, seed=4)
    whole = MODELS[kind](tmp_path / "whole", config=config).train(DATA, label="rich", epochs=2, batch_size=100)
    cut = MODELS[kind](tmp_path / "cut", config=config)
    with pytest.raises(KeyboardInterrupt):
        cut.train(DATA, label="rich", epochs=2, batch_size=100, hooks=[Break(step)])
    again = MODELS[kind](tmp_path / "cut", config=config).train(DATA, label="rich", epochs=2, batch_size=100)
    assert again.variables.step == whole.variables.step == 16
    assert bits(again) == bits(whole)


class BreakAtEnd(Hook):
    def end(self, run):
        raise KeyboardInterrupt


@pytest.mark.parametrize("steps", [6, 8])
def test_a_run_that_was_cut_short_after_its_last_step_has_its_end(tmp_path, steps):
    """Eight steps are a whole pass, which is measured at its end; six are not."""
    asked = {"label": "rich", "steps": steps, "batch_size": 100, "validation": TEST}
    config = RunConfig(save_checkpoints_steps=2, seed=4)
    whole = LinearClassifier(WIDE, model_dir=tmp_path / "whole", config=config).train(DATA, **asked)
    with pytest.raises(KeyboardInterrupt):
        LinearClassifier(WIDE, model_dir=tmp_path / "cut", config=config).train(DATA, **asked, hooks=[BreakAtEnd()])
    again = LinearClassifier(WIDE, model_dir=tmp_path / "cut", config=config).train(DATA, **asked)
    rows = [[{k: v for k, v in row.items() if k != "seconds"} for row in model.history] for model in (again, whole)]
    assert rows[0] == rows[1]
    assert len(rows[0]) == (steps == 8)
    assert bits(again) == bits(whole)
    more = LinearClassifier(WIDE, model_dir=tmp_path / "cut", config=config).train(DATA, **asked)
    assert more.variables.step == 2 * steps  # the end of the run before was saved


def test_another_call_after_a_cut_is_a_run_of_its_own(tmp_path):
    config = RunConfig(save_checkpoints_steps=2)
    with pytest.raises(KeyboardInterrupt):
        LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(
            DATA, label="rich", epochs=2, batch_size=100, hooks=[Break(5)]
        )
    again = LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(DATA, label="rich", epochs=1, batch_size=100)
    assert again.variables.step == 4 + 8


SCRIPT = """
import os, signal, sys, time
from featurecols.models import WideDeepClassifier, RunConfig
from featurecols.models.training.hooks import Hook
from featurecols.models.optimization.schedules import Cosine
from tests.models.people import DEEP, WIDE, people

class Slow(Hook):
    def __init__(self, steps):
        self.steps = steps

    def after_step(self, run):
        os.write(self.steps, b"%d\\n" % run.step)
        time.sleep(0.01)

def train(steps):
    config = RunConfig(save_checkpoints_steps=1, seed=5)
    model = WideDeepClassifier(WIDE, DEEP, [16, 8], dropout=0.2, model_dir=sys.argv[1], config=config)
    model.train(people(800), label="rich", epochs=3, batch_size=50, hooks=[Slow(steps)])

kills, steps, status = 0, 0, None
while status != 0:
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            train(write)
            status = 0
        finally:
            os._exit(status)
    os.close(write)
    with os.fdopen(read) as said:
        for line in said:
            steps = int(line)
            if kills < 3 and steps >= 10 * (kills + 1):
                time.sleep((0.0, 0.005, 0.03)[kills])
                os.kill(child, signal.SIGKILL)
                kills += 1
                break
        said.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert status in (0, -signal.SIGKILL), status
print(kills, steps)
"""


@pytest.mark.slow
def test_kill_9_and_start_again(tmp_path):
    """A checkpoint is written every step, so that kills also hit the writing of one; who trains is a child by fork."""
    root = Path(__file__).parents[3]
    env = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-c", SCRIPT, str(tmp_path / "killed")]
    done = subprocess.run(command, env=env, cwd=root, capture_output=True, text=True, check=False, timeout=300)
    assert (done.stdout, done.returncode) == ("3 48\n", 0), done.stderr
    whole = WideDeepClassifier(WIDE, DEEP, [16, 8], dropout=0.2, config=RunConfig(seed=5))
    whole.train(people(800), label="rich", epochs=3, batch_size=50)
    killed = WideDeepClassifier(WIDE, DEEP, [16, 8], dropout=0.2, model_dir=tmp_path / "killed", config=RunConfig(seed=5))
    killed.get_variable_names()
    assert bits(killed) == bits(whole)


def test_a_checkpoint_of_other_columns_is_refused_with_the_difference(tmp_path):
    LinearClassifier([AGE, JOB], model_dir=tmp_path).train(DATA, label="rich", steps=1)
    with pytest.raises(CheckpointError, match="was trained on other columns: it has job, which this model lacks"):
        LinearClassifier([AGE, CITY], model_dir=tmp_path).train(DATA, label="rich", steps=1)
    with pytest.raises(CheckpointError, match=r"age is declared with normalizer \(.*\) there and \(MinMax\(\),\) here"):
        LinearClassifier([fc.Numeric("age", normalizer=fc.MinMax()), JOB], model_dir=tmp_path).predict(TEST)
    with pytest.raises(CheckpointError, match="the same columns in another order"):
        LinearClassifier([JOB, AGE], model_dir=tmp_path).evaluate(TEST, label="rich")
    plan = fc.fit([AGE, JOB], people(50, seed=9))
    with pytest.raises(CheckpointError, match="but learned other values from other data"):
        LinearClassifier(plan).predict(TEST, checkpoint_path=checkpoints.latest(tmp_path))


def test_an_older_checkpoint_by_path(tmp_path):
    config = RunConfig(save_checkpoints_steps=1)
    model = LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(DATA, label="rich", steps=3)
    first = checkpoints.found(tmp_path)[0]
    assert model.evaluate(TEST, checkpoint_path=first)["global_step"] == 1
    assert model.evaluate(TEST)["global_step"] == 3
    assert model.predict(TEST, checkpoint_path=first)["logits"].tolist() != model.predict(TEST)["logits"].tolist()


# Warm start -----------------------------------------------------------------------------------------------------------


def test_warm_start_takes_all_that_fits(tmp_path):
    old = DNNClassifier(DEEP, [8], model_dir=tmp_path).train(DATA, label="rich", epochs=2)
    new = DNNClassifier(old.plan, [8], warm_start_from=tmp_path)
    assert new.predict(TEST)["logits"].tolist() == old.predict(TEST)["logits"].tolist()
    assert new.variables.step == 0
    assert new.variables.slots == {}
    cold = DNNClassifier(old.plan, [8])
    assert cold.predict(TEST)["logits"].tolist() != old.predict(TEST)["logits"].tolist()


def test_warm_start_by_slot_where_columns_differ(tmp_path):
    old = LinearClassifier([AGE, JOB, CITY], model_dir=tmp_path).train(DATA, label="rich", epochs=2)
    new = LinearClassifier([CITY, BOTH, fc.Vocabulary("job", ["pilot"])], warm_start_from=tmp_path)
    new.predict(TEST)
    weights = new.variables.values["linear/weights"]
    assert weights.shape == (1000 + 5000 + 1, 1)
    np.testing.assert_array_equal(weights[:1000], old.variables.values["linear/weights"][5:])
    assert not weights[1000:6000].any()
    pilot = [old.plan.describe_id("job", i).label for i in range(5)].index("pilot")
    assert weights[6000] == old.variables.values["linear/weights"][pilot]
    np.testing.assert_array_equal(new.variables.values["linear/bias"], old.variables.values["linear/bias"])


def test_warm_start_by_name(tmp_path):
    old = DNNClassifier(DEEP, [8], model_dir=tmp_path).train(DATA, label="rich", epochs=1)
    new = DNNClassifier(old.plan, [8], warm_start_from=WarmStartSettings(str(tmp_path), "dnn/inputs/.*"))
    new.predict(TEST)
    same = {k: (new.variables.values[k] == v).all() for k, v in old.variables.values.items()}
    assert same.pop("dnn/inputs/tables/city_embedding")
    assert not same["dnn/hidden_0/kernel"]
    with pytest.raises(ModelError, match=r"warm start: unknown parameter 'nothing\.\*'; known are"):
        DNNClassifier(old.plan, [8], warm_start_from=WarmStartSettings(str(tmp_path), "nothing.*")).predict(TEST)
    with pytest.raises(CheckpointError, match="holds no checkpoint and no exported model"):
        DNNClassifier(old.plan, [8], warm_start_from=tmp_path / "plan").predict(TEST)


def test_warm_start_into_another_shape_is_an_error(tmp_path):
    old = DNNClassifier(DEEP, [8], model_dir=tmp_path).train(DATA, label="rich", steps=1)
    with pytest.raises(ModelError, match=r"dnn/hidden_0/kernel: the parameter has shape \(10, 8\), .* \(10, 9\)"):
        DNNClassifier(old.plan, [9], warm_start_from=tmp_path).predict(TEST)


# Settings -------------------------------------------------------------------------------------------------------------


def test_summaries_and_logs(tmp_path, capsys):
    config = RunConfig(save_summary_steps=4, log_step_count_steps=4)
    LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(DATA, label="rich", epochs=1, batch_size=100)
    assert len((tmp_path / "summaries.jsonl").read_text().splitlines()) == 3
    assert "step 8: loss = " in capsys.readouterr().out
    LinearClassifier(WIDE, model_dir=tmp_path / "b", config=RunConfig(save_summary_steps=0)).train(DATA, label="rich", steps=1)
    assert not (tmp_path / "b" / "summaries.jsonl").exists()


def test_run_config():
    config = RunConfig(seed=3)
    assert config.replace(seed=4, keep_checkpoint_max=1) == RunConfig(seed=4, keep_checkpoint_max=1)
    with pytest.raises(ColumnError, match="give one of save_checkpoints_steps and save_checkpoints_secs"):
        RunConfig(save_checkpoints_steps=1, save_checkpoints_secs=1)
    with pytest.raises(ColumnError, match="seed must be an integer of at least 0, got -1"):
        RunConfig(seed=-1)
    with pytest.raises(ModelError, match="model_dir is given twice"):
        LinearClassifier(WIDE, model_dir="a", config=RunConfig(model_dir="b"))
    assert LinearClassifier(WIDE, model_dir="a", config=RunConfig(model_dir="a")).model_dir == Path("a")


def test_threads_change_nothing():
    a = LinearClassifier(WIDE, config=RunConfig(threads=1)).train(DATA, label="rich", epochs=2, batch_size=100)
    b = LinearClassifier(WIDE, config=RunConfig(threads=2)).train(DATA, label="rich", epochs=2, batch_size=100)
    assert bits(a) == bits(b)


def test_models_of_the_package_take_several_batches_at_once(monkeypatch):
    """The bits are those of one thread, and errors name the row of the data; a model_fn is called for one after another."""
    started: list[int] = []
    submit = ThreadPoolExecutor.submit
    monkeypatch.setattr(
        ThreadPoolExecutor,
        "submit",
        lambda pool, task, *given: (started.append(pool._max_workers), submit(pool, task, *given))[1],
    )
    model = WideDeepClassifier(WIDE, DEEP, [8]).train(DATA, label="rich", epochs=1)
    found = {}
    for threads in (1, 3):
        started.clear()
        model.config = RunConfig(threads=threads)
        found[threads] = model.predict(TEST, batch_size=50)["logits"].tobytes(), model.evaluate(TEST, batch_size=50)
        assert 3 in started if threads == 3 else started == []
    assert found[1] == found[3]
    huge = {**TEST, "age": [*TEST["age"][:-7], float("inf"), *TEST["age"][-6:]]}
    with pytest.raises(DataError, match="at row 393, got inf"):
        model.predict(huge, batch_size=50)
    own = Estimator(iris_model_fn, columns=FLOWER_COLUMNS, params={"hidden_units": [4], "n_classes": 3})
    own.train(FLOWERS, label="species", epochs=1)
    own.config = RunConfig(threads=3)
    started.clear()
    own.predict(FLOWERS, batch_size=50)
    assert started == []


def test_files_and_tables_train_the_same_model(tmp_path):
    import pyarrow as pa
    import pyarrow.parquet as pq

    pq.write_table(pa.table(DATA), tmp_path / "rows.parquet")
    a = LinearClassifier(WIDE, optimizer=Ftrl(0.1)).train(DATA, label="income", epochs=2)
    b = LinearClassifier(WIDE, optimizer=Ftrl(0.1)).train(tmp_path / "rows.parquet", label="income", epochs=2)
    c = LinearClassifier(WIDE, optimizer=Ftrl(0.1)).train(lambda: (DATA, DATA["income"]), epochs=2)
    assert bits(a) == bits(b)
    assert a.plan == b.plan == c.plan
    assert b.data == {**a.data, "files": ["rows.parquet"]}


def test_evaluate_some_batches():
    model = LinearClassifier(WIDE).train(DATA, label="rich", epochs=1)
    first = model.evaluate(TEST, steps=2, batch_size=50)
    want = model.evaluate({k: v[:100] for k, v in TEST.items()}, batch_size=50)
    assert first == want
    model.evaluate(TEST, name="test")
    assert model.metrics["test"]["auc"] == model.evaluate(TEST)["auc"]


def test_repr():
    assert repr(LinearClassifier(WIDE).train(DATA, label="rich", steps=2)) == "LinearClassifier(4 columns, step 2)"


def test_no_rows(tmp_path):
    model = LinearClassifier(WIDE).train(DATA, label="rich", epochs=1)
    nothing = {k: v[:0] for k, v in TEST.items()}
    p = model.predict(nothing)
    assert len(p) == 0
    assert p["probabilities"].shape == (0, 2)
    with pytest.raises(DataError, match="data: has no rows"):
        model.evaluate(nothing)
    with pytest.raises(DataError, match="data: has no rows"):
        model.train(nothing, label="rich")


def test_a_cut_run_over_other_rows_begins_anew(tmp_path):
    config = RunConfig(save_checkpoints_steps=2)
    with pytest.raises(KeyboardInterrupt):
        LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(
            DATA, label="rich", epochs=2, batch_size=100, hooks=[Break(5)]
        )
    again = LinearClassifier(WIDE, model_dir=tmp_path, config=config).train(people(700), label="rich", epochs=2, batch_size=100)
    assert again.variables.step == 4 + 14


@pytest.mark.parametrize(
    ("make", "label", "message"),
    [
        (
            lambda d: DNNClassifier([AGE, JOB], [3], model_dir=d),
            "rich",
            "holds a LinearClassifier, and this is a DNNClassifier",
        ),
        (
            lambda d: LinearRegressor([AGE, JOB], model_dir=d),
            "wealth",
            "holds a LinearClassifier, and this is a LinearRegressor; give the same arguments, or another model_dir",
        ),
        (
            lambda d: LinearClassifier([AGE, JOB], n_classes=3, model_dir=d),
            "colour",
            r"was trained as ClassHead\(words=\('<=50K', '>50K'\)\), and this model is ClassHead\(n_classes=3",
        ),
        (
            lambda d: LinearClassifier([AGE, JOB], label_vocabulary=[">50K", "<=50K"], model_dir=d),
            "income",
            r"and this model is ClassHead\(words=\('>50K', '<=50K'\)\)",
        ),
    ],
)
def test_a_checkpoint_of_another_model_is_refused_with_the_difference(tmp_path, make, label, message):
    LinearClassifier([AGE, JOB], model_dir=tmp_path).train(DATA, label="income", steps=1)
    with pytest.raises(CheckpointError, match=message):
        make(tmp_path).train(DATA, label=label, steps=1)
    last = checkpoints.latest(tmp_path)
    assert last is not None
    with pytest.raises(CheckpointError, match=message):
        make(None).train(DATA, label=label, steps=1).predict(TEST, checkpoint_path=last)


@pytest.mark.filterwarnings("ignore:.*are alike")
def test_words_of_the_labels_come_from_the_checkpoint(tmp_path):
    LinearClassifier([AGE, JOB], model_dir=tmp_path).train(DATA, label="income", steps=1)
    rich = {k: [v for v, y in zip(DATA[k], DATA["rich"], strict=True) if y] for k in DATA}
    again = LinearClassifier([AGE, JOB], model_dir=tmp_path).train(rich, label="income", steps=1)
    assert again.head.words == ("<=50K", ">50K")
    numbers = {**DATA, "income": DATA["rich"]}
    with pytest.raises(
        DataError, match=r"income: a label that training did not see at row 0, got [01]; known labels are '<=50K'"
    ):
        LinearClassifier([AGE, JOB], model_dir=tmp_path).train(numbers, label="income", steps=1)


def test_places_that_are_not_there(tmp_path):
    with pytest.raises(CheckpointError, match=r"no.safetensors: not a file; give a checkpoint, or the folder of a model"):
        LinearClassifier([AGE]).train(DATA, label="rich", steps=1).predict(TEST, checkpoint_path=tmp_path / "no.safetensors")
    with pytest.raises(CheckpointError, match="nowhere: not a file"):
        LinearClassifier([AGE], warm_start_from=tmp_path / "nowhere").train(DATA, label="rich", steps=1)
    with pytest.raises(ModelError, match="warm start: needs a place, got LinearClassifier"):
        LinearClassifier([AGE], warm_start_from=LinearClassifier([AGE])).train(DATA, label="rich", steps=1)
