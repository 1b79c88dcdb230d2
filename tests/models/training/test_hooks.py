"""Every hook does what it says; each test fails if the hook does nothing."""

from __future__ import annotations

import io
import json
import time

import numpy as np
import pytest

import featurecols as fc
from featurecols.errors import ColumnError
from featurecols.models import History, LinearClassifier, LinearRegressor
from featurecols.models.errors import ModelError
from featurecols.models.optimization.optimizers import SGD
from featurecols.models.training import hooks
from featurecols.models.training.hooks import Hook
from tests.models.people import WIDE, people

DATA, TEST = people(600), people(300, seed=1)


def trained(*given, model=None, **options):
    model = model or LinearClassifier(WIDE)
    options = {"epochs": 3, "batch_size": 100, **options}
    return model.train(DATA, label="rich", hooks=given, **options)


def test_places_and_their_order():
    seen = []

    class Watch(Hook):
        def begin(self, run):
            seen.append(("begin", run.step))

        def before_step(self, run):
            seen.append(("before", run.step, run.epoch, run.batch, len(run.examples)))

        def after_step(self, run):
            seen.append(("after", run.step, run.epoch, run.batch))
            assert 0 < run.loss < 2

        def after_epoch(self, run):
            seen.append(("epoch", run.step, run.epoch, sorted(run.logs)))

        def end(self, run):
            seen.append(("end", run.step, run.done))

    trained(Watch(), epochs=2, batch_size=400)
    assert seen == [
        ("begin", 0),
        ("before", 0, 0, 0, 400),
        ("after", 1, 0, 1),
        ("before", 1, 0, 1, 200),
        ("after", 2, 0, 2),
        ("epoch", 2, 1, ["epoch", "loss", "seconds", "step"]),
        ("before", 2, 1, 0, 400),
        ("after", 3, 1, 1),
        ("before", 3, 1, 1, 200),
        ("after", 4, 1, 2),
        ("epoch", 4, 2, ["epoch", "loss", "seconds", "step"]),
        ("end", 4, True),
    ]


def test_a_hook_can_stop_the_run_and_write_into_the_history():
    class Stop(Hook):
        def after_step(self, run):
            if run.step == 8:
                run.request_stop("enough")

        def after_epoch(self, run):
            run.logs["mine"] = 42.0

    model = trained(Stop())
    assert model.variables.step == 8
    assert model.history.history["mine"] == [42.0]
    assert model.history.history["epoch"] == [1]


def test_history_has_the_mean_loss_of_each_epoch():
    losses = []

    class Watch(Hook):
        def after_step(self, run):
            losses.append((run.loss, len(run.examples)))

    model = trained(Watch(), batch_size=250)
    for epoch in range(3):
        part = losses[3 * epoch : 3 * epoch + 3]
        want = sum(loss * n for loss, n in part) / 600
        assert model.history.history["loss"][epoch] == pytest.approx(want, rel=1e-12)
    assert model.history.history["step"] == [3, 6, 9]


def test_stop_at_step():
    assert trained(hooks.StopAtStep(5)).variables.step == 5
    model = trained(hooks.StopAtStep(last_step=5))
    assert model.variables.step == 5
    assert trained(hooks.StopAtStep(last_step=7), model=model).variables.step == 7
    with pytest.raises(ModelError, match="StopAtStep: needs one of steps and last_step"):
        hooks.StopAtStep()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: hooks.StopAtStep(0), r"StopAtStep: a step is an integer of at least 1, got \(0, None\)"),
        (lambda: hooks.StopAtStep(True), r"a step is an integer of at least 1, got \(True, None\)"),
        (lambda: hooks.StopAtStep(last_step=2.5), r"a step is an integer of at least 1, got \(None, 2.5\)"),
        (lambda: hooks.EarlyStopping(patience=-1), "EarlyStopping: patience must be an integer of at least 0, got -1"),
        (lambda: hooks.EarlyStopping(patience="3"), "patience must be an integer of at least 0, got '3'"),
        (lambda: hooks.EarlyStopping(min_delta=-0.1), "val_loss: min_delta must be a finite number of at least 0, got -0.1"),
        (lambda: hooks.EarlyStopping(min_delta=float("nan")), "min_delta must be a finite number of at least 0, got nan"),
        (lambda: hooks.EarlyStopping(None), "monitor: must be the name of a metric, got None"),
        (lambda: hooks.TimeLimit(-1), "TimeLimit: seconds must be above 0, got -1"),
        (lambda: hooks.Logging(0), "Logging: every must be an integer of at least 1, got 0"),
        (lambda: hooks.StepCounter(0), "StepCounter: every must be"),
        (lambda: hooks.Summaries("x", 0.5), "Summaries: every must be an integer of at least 1, got 0.5"),
    ],
)
def test_bad_settings(make, message):
    with pytest.raises(ColumnError, match=message):
        make()


def test_time_limit():
    class Slow(Hook):
        def after_step(self, run):
            time.sleep(0.02)

    model = trained(Slow(), hooks.TimeLimit(0.05), epochs=100)
    assert 1 <= model.variables.step <= 4


def test_step_counter():
    counter = hooks.StepCounter(every=6)
    trained(counter)
    assert [step for step, _, _ in counter.speeds] == [6, 12, 18]
    for _, steps, rows in counter.speeds:
        assert steps > 0
        assert rows == pytest.approx(100 * steps)


def test_logging():
    lines = []
    trained(hooks.Logging(4, lines.append), epochs=1)
    assert len(lines) == 2
    assert lines[0].startswith("step 4: loss = 0.")
    assert lines[1].startswith("epoch 1, step 6: loss = 0.")


def test_nan_stops_with_the_column_at_fault():
    data = {**DATA, "rate": [1.0] * 599 + [float("nan")]}
    model = LinearClassifier([*WIDE, fc.Numeric("rate", default=float("nan"))])
    with pytest.raises(
        ModelError,
        match=r"train: the loss is nan at step \d, batch \d of epoch 0: column rate holds nan, first in row",
    ) as e:
        model.train(data, label="rich", batch_size=100)
    assert "default" in str(e.value)
    assert np.isfinite(model.variables.values["linear/kernel"]).all()


def test_nan_from_weights_that_grew():
    model = LinearRegressor([fc.Numeric("x")], optimizer=SGD(1e6))
    x = np.random.default_rng(0).normal(size=500) * 1000
    with pytest.raises(ModelError, match=r"the loss is (nan|inf) at step .*lower the learning rate"):
        model.train({"x": x, "y": x}, label="y", epochs=50)


def test_nan_guard_stops_instead():
    data = {**DATA, "rate": [1.0] * 599 + [float("nan")]}
    model = LinearClassifier([*WIDE, fc.Numeric("rate", default=float("nan"))])
    model.train(data, label="rich", batch_size=100, epochs=3, hooks=[hooks.NanGuard(fail=False)])
    assert model.variables.step < 6
    with pytest.raises(ModelError, match="the loss is nan"):
        LinearClassifier([*WIDE, fc.Numeric("rate", default=float("nan"))]).train(data, label="rich", hooks=[hooks.NanGuard()])


def test_validation_after_each_epoch():
    model = trained(validation=TEST)
    rows = model.history.rows
    assert len(rows) == 3
    assert {"val_auc", "val_average_loss", "val_accuracy"} <= set(rows[0])
    assert rows[-1]["val_auc"] == model.evaluate(TEST)["auc"]
    assert rows[0]["val_average_loss"] > rows[-1]["val_average_loss"]


class Falling(Hook):
    """A metric that is best at one epoch."""

    def __init__(self, values):
        self.values = values

    def after_epoch(self, run):
        run.logs["val_x"] = self.values[run.epoch - 1]


@pytest.mark.parametrize(
    ("values", "options", "epochs", "best"),
    [
        ([1, 3, 2, 2, 2, 2], {"patience": 2, "mode": "max"}, 4, 2),
        ([1, 2, 3, 4, 5, 6], {"patience": 1, "mode": "max"}, 6, 6),
        ([5, 4, 4.5, 3, 4, 4], {"patience": 2}, 6, 4),
        ([5, 4, 4.5, 3, 4, 4], {"patience": 2, "mode": "min"}, 6, 4),
        ([1, 1.05, 1.1, 1.15, 2, 2], {"patience": 2, "mode": "max", "min_delta": 0.5}, 3, 1),
        ([np.nan, 3, 2, np.nan, np.nan, 1], {"patience": 2}, 5, 3),  # F3: NaN is never best
    ],
)
def test_early_stopping(values, options, epochs, best):
    at = {}

    class Watch(Hook):
        def after_epoch(self, run):
            at[run.epoch] = run.variables.values["linear/weights"].copy()

    stop = hooks.EarlyStopping("val_x", **options)
    model = trained(Watch(), Falling(values), stop, epochs=6)
    assert len(model.history) == epochs
    assert stop.best_epoch == best
    np.testing.assert_array_equal(model.variables.values["linear/weights"], at[best])
    model = trained(Watch(), Falling(values), hooks.EarlyStopping("val_x", **options, restore_best_weights=False), epochs=6)
    np.testing.assert_array_equal(model.variables.values["linear/weights"], at[epochs])


def test_early_stopping_begins_anew_with_each_run():
    stop = hooks.EarlyStopping("val_x", patience=1, mode="max")
    model = trained(Falling([5, 1, 1]), stop)
    assert len(model.history) == 2
    trained(Falling([1, 2, 3]), stop, model=model)
    assert len(model.history) == 2 + 3
    assert stop.best_epoch == 3


def test_f3_early_stopping_on_a_metric_that_falls_keeps_its_least():
    """F3: early stopping on a metric that falls keeps its least."""
    values = [3.0, 1.0, 2.0, 2.5]

    class MeanSquaredError(Hook):
        def after_epoch(self, run):
            run.logs["val_mse"] = values[run.epoch - 1]

    stop = hooks.EarlyStopping("val_mse", patience=2)
    assert len(trained(MeanSquaredError(), stop, epochs=4).history) == 4
    assert (stop.best, stop.best_epoch) == (1.0, 2)


def test_f2_the_best_epoch_comes_back_with_what_the_optimizer_remembered():
    """F2: FTRL makes its weights of its slots, so that later slots would undo the weights that were put back."""
    stop = hooks.EarlyStopping("val_x", patience=2, mode="max")
    model = trained(Falling([9, 1, 1]), stop)
    one = trained(epochs=1)
    assert [k for k, v in one.variables.arrays().items() if not np.array_equal(v, model.variables.arrays()[k])] == []


def test_f3_nothing_but_nan_stops_too():
    """F3: nothing but NaN stops too."""
    stop = hooks.EarlyStopping("val_x", patience=2)
    assert len(trained(Falling([np.nan] * 6), stop, epochs=6).history) == 2
    assert stop.best is None


def test_early_stopping_on_what_is_not_there():
    with pytest.raises(
        ModelError, match="EarlyStopping: no held-out rows were evaluated after the epoch, got 'val_auc'; give validation="
    ):
        trained(hooks.EarlyStopping("val_auc"))
    with pytest.raises(ModelError, match="EarlyStopping: unknown metric 'auc'; known are epoch, step, loss, seconds"):
        trained(hooks.EarlyStopping("auc"))


def test_early_stopping_with_validation_data():
    model = trained(hooks.EarlyStopping("val_auc", patience=1), validation=TEST, epochs=400)
    aucs = model.history.history["val_auc"]
    assert len(aucs) < 400
    assert model.evaluate(TEST)["auc"] == max(aucs)


def test_summaries_are_lines_that_read_back(tmp_path):
    path = tmp_path / "logs" / "summaries.jsonl"
    model = trained(hooks.Summaries(path, every=4), validation=TEST)
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [r["step"] for r in rows] == [4, 6, 8, 12, 12, 16, 18]
    assert rows[0]["steps_per_second"] > 0
    assert rows[1] == pytest.approx(model.history.rows[0])
    with open(path, "a") as f:
        f.write('{"step": 20, "lo')  # a kill in the middle of a line
    assert History.read(path).rows == rows


def test_progress_says_how_far(monkeypatch):
    out = io.StringIO()
    bar = hooks.Progress(out)
    monkeypatch.setattr(hooks, "perf_counter", iter(np.arange(0.0, 1000.0, 0.5)).__next__)
    trained(bar, epochs=1)
    lines = out.getvalue().split("\r")
    assert lines[0] == ""
    assert lines[1].startswith("epoch 1, step 1/6, loss 0.")
    assert lines[2].endswith("2 steps/s, 1 s")
    assert lines[-1].startswith("epoch 1, step 6/6, loss")
    assert out.getvalue().endswith("s\n")


def test_progress_is_for_terminals():
    assert not hooks.Progress._fits(io.StringIO())


def test_best_row():
    history = History([{"epoch": 1, "a": 2.0}, {"epoch": 2, "a": 5.0}, {"epoch": 3}])
    assert history.best("a", mode="max") == {"epoch": 2, "a": 5.0}
    assert history.best("a") == {"epoch": 1, "a": 2.0}
    aucs = History([{"epoch": 1, "val_auc": np.nan}, {"epoch": 2, "val_auc": 0.7}, {"epoch": 3, "val_auc": 0.6}])
    assert aucs.best("val_auc") == {"epoch": 2, "val_auc": 0.7}
    with pytest.raises(ModelError, match="History: unknown metric 'b'; known are epoch, a"):
        history.best("b")
    assert history.best("a", mode="min") == {"epoch": 1, "a": 2.0}
    assert repr(history) == "History(3 rows: epoch=3)"


def test_hooks_that_count_steps_count_batches_where_nothing_is_trained():
    """Steps stay there: StopAtStep never stopped, and Logging wrote of each batch or of none."""
    rows = {"a": np.arange(90.0), "y": np.arange(90) % 2}
    model = LinearClassifier([fc.Numeric("a")]).train(rows, label="y", steps=7, batch_size=30)
    assert len(model.predict(rows, batch_size=20, hooks=[hooks.StopAtStep(2)])["logits"]) == 40
    lines = []
    model.predict(rows, batch_size=20, hooks=[hooks.Logging(2, lines.append)])
    assert lines == ["batch 2", "batch 4"]
    model.evaluate(rows, batch_size=45, hooks=[hooks.Logging(1, lines.append), hooks.StopAtStep(1)])
    assert [line.partition(" = ")[0] for line in lines[2:]] == ["batch 1: loss"]
    model.train(rows, label="y", steps=5, batch_size=30, hooks=[hooks.Logging(4, lines.append), hooks.StopAtStep(2)])
    assert [line.partition(":")[0] for line in lines[3:] if line.startswith("step")] == ["step 8"]
    assert model.variables.step == 9
