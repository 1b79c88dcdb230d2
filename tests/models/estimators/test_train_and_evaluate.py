from __future__ import annotations

import json
import math

import pytest

from featurecols.errors import ColumnError
from featurecols.models import (
    BestExporter,
    EvalSpec,
    FinalExporter,
    LatestExporter,
    LinearClassifier,
    RunConfig,
    TrainSpec,
    load,
    stop_if_no_gain,
    train_and_evaluate,
)
from featurecols.models.errors import ModelError
from featurecols.models.training.hooks import Hook
from tests.models.people import WIDE, people

DATA, TEST = people(600), people(300, seed=1)


def model(folder, **options):
    return LinearClassifier(WIDE, model_dir=folder, **options)


def lines(folder, name="eval.jsonl"):
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def test_training_is_measured_after_every_epoch(tmp_path):
    linear = model(tmp_path)
    found, exports = train_and_evaluate(linear, TrainSpec(DATA, "rich", epochs=3, batch_size=100), EvalSpec(TEST))
    assert exports == []
    assert [f["global_step"] for f in lines(tmp_path)] == [6, 12, 18]
    assert found == lines(tmp_path)[-1] == linear.evaluate(TEST)
    assert linear.history.history["val_auc"] == [f["auc"] for f in lines(tmp_path)]


def test_a_process_of_its_own_gives_the_same_metrics_and_exports(tmp_path):
    def run(name, evaluator):
        spec = EvalSpec(TEST, exporters=BestExporter(monitor="loss"), stop=lambda found: len(found) == 3)
        trained = model(tmp_path / name)
        training = TrainSpec(DATA, "rich", epochs=9, batch_size=100)
        return trained, train_and_evaluate(trained, training, spec, evaluator=evaluator)

    (here, (_, exports)), (apart, (found, theirs)) = run("here", False), run("apart", True)
    assert [f["global_step"] for f in lines(tmp_path / "here")] == [6, 12, 18]
    assert lines(tmp_path / "apart")[:3] == lines(tmp_path / "here")
    assert [f["global_step"] for f in lines(tmp_path / "apart")] == [
        6,
        12,
        18,
        24,
    ]  # the third was looked at after the fourth pass
    assert found == apart.metrics["eval"] == apart.evaluate(TEST)
    folder = tmp_path / "apart" / "export" / "best_exporter"
    assert load(folder / "000000012").evaluate(TEST) == lines(tmp_path / "here")[1]
    assert len(exports) == len(theirs) == 1
    assert "val_auc" in here.history.history
    assert "val_auc" not in apart.history.history


def test_data_that_cannot_be_sent_to_an_evaluator(tmp_path):
    with pytest.raises(ModelError, match="the data cannot be sent to an evaluator"):
        train_and_evaluate(model(tmp_path), TrainSpec(DATA, "rich"), EvalSpec(lambda: TEST), evaluator=True)


def test_or_after_so_many_steps_on_some_batches(tmp_path):
    spec = EvalSpec(TEST, steps=1, name="some", throttle_steps=4)
    found, _ = train_and_evaluate(model(tmp_path), TrainSpec(DATA, "rich", max_steps=10, batch_size=100), spec)
    assert [f["global_step"] for f in lines(tmp_path, "eval_some.jsonl")] == [4, 8, 10]
    assert found["global_step"] == 10


def test_or_after_so_many_seconds(tmp_path):
    spec = EvalSpec(TEST, throttle_secs=1e-9)
    train_and_evaluate(model(tmp_path), TrainSpec(DATA, "rich", max_steps=3, batch_size=100), spec)
    assert [f["global_step"] for f in lines(tmp_path)] == [1, 2, 3]


def test_exporters(tmp_path):
    best = BestExporter(monitor="loss", exports_to_keep=2)
    exporters = [best, LatestExporter("latest", exports_to_keep=3), FinalExporter("final")]
    linear = model(tmp_path)
    found, exports = train_and_evaluate(
        linear, TrainSpec(DATA, "rich", epochs=6, batch_size=100), EvalSpec(TEST, exporters=exporters)
    )
    names = {e.name: sorted(int(p.name) for p in (tmp_path / "export" / e.name).iterdir()) for e in exporters}
    assert names == {"best_exporter": [30, 36], "latest": [24, 30, 36], "final": [36]}
    assert [str(p).split("export/")[1] for p in exports] == ["best_exporter/000000036", "latest/000000036", "final/000000036"]
    exported = load(tmp_path / "export" / "final" / "000000036")
    assert exported.evaluate(TEST) == found


def test_the_best_is_exported_alone(tmp_path):
    best = BestExporter(monitor="auc")
    found = [{"auc": v, "global_step": i} for i, v in enumerate([0.5, 0.7, 0.6, 0.7, 0.8])]
    assert [best._wanted(f, found[:i]) for i, f in enumerate(found)] == [True, True, False, False, True]
    assert [BestExporter(monitor="auc", mode="min")._wanted(f, found[:i]) for i, f in enumerate(found)] == [True] + [False] * 4
    nan = [{"auc": v, "mse": v, "global_step": i} for i, v in enumerate([math.nan, 0.7, math.nan, 0.6, 0.8])]
    assert [best._wanted(f, nan[:i]) for i, f in enumerate(nan)] == [False, True, False, False, True]  # F3
    assert [BestExporter(monitor="mse")._wanted(f, nan[:i]) for i, f in enumerate(nan)] == [False, True, False, True, False]
    with pytest.raises(ModelError, match="BestExporter: unknown metric 'f1'"):
        BestExporter(monitor="f1")._wanted(found[0], [])


def test_training_stops_when_evaluations_say_so(tmp_path):
    asked = []

    def stop(found):
        asked.append(len(found))
        return len(found) == 2

    linear = model(tmp_path)
    train_and_evaluate(linear, TrainSpec(DATA, "rich", epochs=50, batch_size=100), EvalSpec(TEST, stop=stop))
    assert asked == [1, 2]
    assert linear.variables.step == 12


def test_stop_if_no_gain():
    stop = stop_if_no_gain("auc", patience=2)
    aucs = [0.5, 0.6, 0.7, 0.69, 0.7, 0.71]
    assert [stop([{"auc": a} for a in aucs[: i + 1]]) for i in range(6)] == [False, False, False, False, True, False]
    nan = [math.nan, 0.6, math.nan, 0.7, math.nan, math.nan]
    assert [stop([{"auc": a} for a in nan[: i + 1]]) for i in range(6)] == [False] * 5 + [True]  # F3
    falls = stop_if_no_gain("mse", patience=1)
    assert [falls([{"mse": a} for a in [3.0, 2.0, 2.5][: i + 1]]) for i in range(3)] == [False, False, True]
    falls = stop_if_no_gain("average_loss", patience=1)
    assert [falls([{"average_loss": a} for a in [3.0, 2.0, 2.5][: i + 1]]) for i in range(3)] == [False, False, True]


class Break(Hook):
    def after_step(self, run):
        if run.step == 9:
            raise KeyboardInterrupt


def test_a_restart_knows_what_was_measured(tmp_path):
    config = RunConfig(save_checkpoints_steps=1)
    train = TrainSpec(DATA, "rich", epochs=3, batch_size=100)
    with pytest.raises(KeyboardInterrupt):
        train_and_evaluate(
            model(tmp_path, config=config), TrainSpec(DATA, "rich", epochs=3, batch_size=100, hooks=[Break()]), EvalSpec(TEST)
        )
    again, _ = train_and_evaluate(model(tmp_path, config=config), train, EvalSpec(TEST))
    whole, _ = train_and_evaluate(model(tmp_path / "whole"), train, EvalSpec(TEST))
    assert again == whole
    assert lines(tmp_path) == lines(tmp_path / "whole")


def test_tensorflows_form_of_the_specs(tmp_path):
    train = TrainSpec(input_fn=lambda: (DATA, DATA["rich"]), max_steps=5)
    spec = EvalSpec(input_fn=lambda: (TEST, TEST["rich"]), steps=10, exporters=FinalExporter("final"), start_delay_secs=120)
    found, exports = train_and_evaluate(model(tmp_path), train, spec)
    assert found["global_step"] == 5
    assert exports == [str(tmp_path / "export" / "final" / "000000005")]


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: TrainSpec(), ModelError, "Estimator: needs data"),
        (lambda: TrainSpec(DATA, max_steps=0), ColumnError, "TrainSpec: max_steps must be an integer of at least 1, got 0"),
        (lambda: EvalSpec(DATA, steps=0), ColumnError, "EvalSpec: steps must be an integer of at least 1, got 0"),
        (
            lambda: stop_if_no_gain("f1", patience=1)([{"auc": 0.5}]),
            ModelError,
            "stop_if_no_gain: unknown metric 'f1'; known are auc",
        ),
    ],
)
def test_specs_that_cannot_work(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_a_place_is_needed():
    with pytest.raises(ModelError, match="train_and_evaluate: needs a place for its evaluations"):
        train_and_evaluate(LinearClassifier(WIDE), TrainSpec(DATA, "rich"), EvalSpec(TEST))
