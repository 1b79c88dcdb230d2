"""Hooks as tf.estimator calls them, in training, evaluation and prediction; and what they cannot have."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import (
    Estimator,
    EstimatorSpec,
    EvalSpec,
    RunConfig,
    Sequential,
    TrainSpec,
    hooks,
    layers,
    losses,
    optimizers,
    train_and_evaluate,
)
from featurecols.models.errors import ModelError
from featurecols.models.estimators.linear import LinearClassifier
from featurecols.models.training.classic_hooks import ClassicHook, as_hooks

DATA = {"x": [float(i % 7) for i in range(40)], "y": [i % 2 for i in range(40)]}
QUIET = RunConfig(progress=False)


class Recorder:
    """A hook that derives from nothing."""

    def __init__(self, asks=None, stop_at: int | None = None) -> None:
        self.asks, self.stop_at = asks, stop_at
        self.seen: list[object] = []

    def begin(self) -> None:
        self.seen.append("begin")

    def before_run(self, run_context):
        return self.asks

    def after_run(self, run_context, run_values) -> None:
        self.seen.append(run_values.results)
        if run_context.run.batch == self.stop_at:
            assert not run_context.stop_requested
            run_context.request_stop()
            assert run_context.stop_requested

    def end(self, session) -> None:
        self.seen.append("end")


@pytest.fixture(scope="module")
def model() -> LinearClassifier:
    return LinearClassifier([fc.Numeric("x")], config=QUIET).train(DATA, label="y", epochs=1)


def test_a_classic_hook_sees_training() -> None:
    hook = Recorder()
    trained = LinearClassifier([fc.Numeric("x")], config=QUIET).train(DATA, label="y", batch_size=16, epochs=1, hooks=[hook])
    assert [hook.seen[0], hook.seen[-1]] == ["begin", "end"]
    assert [found["global_step"] for found in hook.seen[1:-1]] == [1, 2, 3]
    assert all(np.isfinite(found["loss"]) for found in hook.seen[1:-1])
    stopped = Recorder(SimpleNamespace(fetches={"l": "loss", "more": ["global_step"]}), stop_at=2)  # as SessionRunArgs has them
    LinearClassifier([fc.Numeric("x")], config=QUIET).train(DATA, label="y", batch_size=16, epochs=5, hooks=stopped)
    assert [set(found) for found in stopped.seen[1:-1]] == [{"l", "more"}] * 2
    assert stopped.seen[2]["more"] == [2]
    assert trained.variables.step == 3


def test_hooks_see_evaluation_and_prediction(model) -> None:
    class Watch(hooks.Hook):
        def __init__(self) -> None:
            self.seen: list[tuple[object, ...]] = []

        def before_step(self, run) -> None:
            self.seen.append((run.mode, "before", len(run.examples)))

        def after_step(self, run) -> None:
            self.seen.append((run.mode, run.batch, run.step, sorted(run.predictions)))

    watch, classic = Watch(), Recorder()
    assert model.evaluate(DATA, batch_size=16, hooks=[watch, classic]) == model.evaluate(DATA, batch_size=16)
    step = model.variables.step
    assert watch.seen == [
        *[("eval", "before", 16), ("eval", 1, step, []), ("eval", "before", 16), ("eval", 2, step, [])],
        *[("eval", "before", 8), ("eval", 3, step, [])],
    ]
    assert classic.seen[1]["loss"] == pytest.approx(model.evaluate(DATA, batch_size=16, steps=1)["loss"])
    watch.seen.clear()
    found = model.predict(DATA, batch_size=16, hooks=[watch, Recorder(stop_at=2)])
    assert found["logits"].tolist() == model.predict(DATA)["logits"][:32].tolist()  # the hook ended it
    assert watch.seen[-1] == ("infer", 2, step, ["class_ids", "classes", "logits", "probabilities"])
    assert model.evaluate(DATA, batch_size=16, hooks=Recorder(stop_at=1))["loss"] == classic.seen[1]["loss"]


def test_hooks_of_specs_and_of_sequential(tmp_path) -> None:
    model = LinearClassifier([fc.Numeric("x")], model_dir=tmp_path, config=QUIET)
    train, watch = Recorder(), Recorder()
    spec = EvalSpec(DATA, "y", hooks=[watch])
    train_and_evaluate(model, TrainSpec(DATA, "y", epochs=1, hooks=[train]), spec)
    assert train.seen.count("end") == 1
    assert watch.seen.count("begin") == watch.seen.count("end") >= 1
    with pytest.raises(ModelError, match="hooks of an EvalSpec"):
        train_and_evaluate(model, TrainSpec(DATA, "y", epochs=1), spec, evaluator=True)
    stack = Sequential([layers.Dense(1)])
    stack.compile("sgd", "mse")
    seen = Recorder()
    stack.fit(np.ones((4, 1)), np.arange(4.0), callbacks=[seen], verbose=0)
    assert seen.seen[0] == "begin"


def test_a_hook_of_ours_may_have_classic_methods() -> None:
    class Both(hooks.Hook):
        def __init__(self) -> None:
            self.seen: list[str] = []

        def begin(self) -> None:
            self.seen.append("begin")

        def after_run(self, run_context, run_values) -> None:
            self.seen.append("after_run")

        def after_epoch(self, run) -> None:
            self.seen.append("after_epoch")

    hook = Both()
    LinearClassifier([fc.Numeric("x")], config=QUIET).train(DATA, label="y", epochs=1, hooks=[hook])
    assert hook.seen == ["begin", "after_run", "after_epoch"]


def test_what_there_is_not_is_said() -> None:
    class Session:
        def after_create_session(self, session, coord) -> None:
            """Do what needs a session."""

    with pytest.raises(ModelError, match=r"Session: after_create_session is not called, .*there is no session here"):
        as_hooks("train", [Session()])
    Session.after_create_session.__module__ = "tensorflow.python.training.session_run_hook"  # as a class there inherits it
    assert isinstance(as_hooks("train", Session())[0], ClassicHook)
    for wrong in (Recorder, 3, SimpleNamespace(after=1)):
        with pytest.raises(ModelError, match="train: this is not a hook"):
            as_hooks("train", [wrong])
    with pytest.raises(ModelError, match="Recorder: unknown value asked for in before_run 'logits'"):
        LinearClassifier([fc.Numeric("x")], config=QUIET).train(DATA, label="y", epochs=1, hooks=Recorder(["logits"]))

    class Reads(Recorder):
        def after_run(self, run_context, run_values) -> None:
            run_context.session.run("loss")

    with pytest.raises(ModelError, match="run_context: has no session"):
        LinearClassifier([fc.Numeric("x")], config=QUIET).train(DATA, label="y", epochs=1, hooks=Reads())


def model_fn(features, labels, mode):
    outputs = layers.Dense(1)(layers.Inputs()(features))
    if mode == "infer":
        return EstimatorSpec(mode, predictions={"x": outputs.array})
    y = labels["y"] if isinstance(labels, dict) else labels
    loss = losses.MeanSquaredError()(y, outputs)
    scalars = {"largest": outputs.array.max(), "twice": loss * 2}
    metrics = {"labels": (lambda *arrays: float(sum(a.sum() for a in arrays)), *labels.values())} if labels is not y else {}
    return EstimatorSpec(
        mode, loss=loss, train_op=optimizers.SGD(0.01).minimize(loss), scalars=scalars, eval_metric_ops=metrics
    )


def test_scalars_of_a_model_fn_are_in_summaries_and_hooks(tmp_path) -> None:
    config = RunConfig(progress=False, save_summary_steps=2)
    hook = Recorder(["twice", "loss"])
    model = Estimator(model_fn, tmp_path, config, columns=[fc.Numeric("x")])
    model.train(DATA, "y", batch_size=10, epochs=1, hooks=hook)
    assert [found[0] for found in hook.seen[1:-1]] == pytest.approx([2 * found[1] for found in hook.seen[1:-1]])
    rows = [row for row in fc.models.History.read(tmp_path / "summaries.jsonl") if "epoch" not in row]
    assert [sorted(row) for row in rows] == [["largest", "loss", "step", "steps_per_second", "twice"]] * 2
    assert [row["twice"] for row in rows] == pytest.approx([2 * row["loss"] for row in rows])
    with pytest.raises(ModelError, match="a summary has this name already"):
        EstimatorSpec("infer", predictions={"x": np.ones(1)}, scalars={"loss": 1.0})
    with pytest.raises(ModelError, match="scalar 'a' must be one number"):
        EstimatorSpec("infer", predictions={"x": np.ones(1)}, scalars={"a": np.ones(2)})


def test_labels_may_be_a_dict() -> None:
    features, y, z = {"x": DATA["x"]}, DATA["y"], [2 * v for v in DATA["x"]]
    given = {"y": y, "z": z}
    model = Estimator(model_fn, columns=[fc.Numeric("x")], config=QUIET).train((features, given), epochs=1)
    alone = Estimator(model_fn, columns=[fc.Numeric("x")], config=QUIET).train((features, y), epochs=1)
    assert model.predict(features)["x"].tobytes() == alone.predict(features)["x"].tobytes()
    assert model.label == ("y", "z")
    assert model.evaluate((features, given))["labels"] == sum(y) + sum(z)
    assert model.evaluate(lambda: iter([(features, given)]))["labels"] == sum(y) + sum(z)
    assert model.evaluate({**features, **given})["labels"] == sum(y) + sum(z)
    classic = LinearClassifier([fc.Numeric("x")], config=QUIET).train((features, given), label="y", epochs=1)
    want = LinearClassifier([fc.Numeric("x")], config=QUIET).train((features, y), epochs=1)
    assert classic.predict(features)["logits"].tobytes() == want.predict(features)["logits"].tobytes()
    one = LinearClassifier([fc.Numeric("x")], config=QUIET).train(features, label={"y": y}, epochs=1)
    assert one.predict(features)["logits"].tobytes() == want.predict(features)["logits"].tobytes()
    both = fc.models.LinearRegressor([fc.Numeric("x")], label_dimension=2, config=QUIET)
    assert both.train([(features, given), (features, given)], epochs=1).predict(features)["predictions"].shape == (40, 2)
    with pytest.raises(ModelError, match="labels: unknown label 'q'"):
        both.train((features, given), label="q")
    with pytest.raises(ModelError, match="classifier: needs one label"):
        LinearClassifier([fc.Numeric("x")], config=QUIET).train((features, given), epochs=1)
    with pytest.raises(fc.DataError, match="labels: needs one for each of 40 rows"):
        both.train((features, {"y": y[:3], "z": z[:3]}), epochs=1)
