"""The output bias after training: what moves it, that a cut changes nothing, and that training goes on from it."""

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import ModelError
from featurecols.models.training.hooks import Hook

RANDOM = np.random.default_rng(8)
Y = np.zeros(600, int)
Y[RANDOM.choice(600, 12, replace=False)] = 1
ROWS = pd.DataFrame({"x": RANDOM.normal(size=600) + Y, "y": Y})
QUIET = models.RunConfig(progress=False)
FAST = models.optimizers.Adam(0.1)


def make(kind="deep", **more):
    more = {"config": QUIET, **more}
    if kind == "linear":
        return models.LinearClassifier([fc.Numeric("x")], **more)
    if kind == "both":
        return models.WideDeepClassifier([fc.Numeric("x")], [fc.Numeric("x")], [4], dnn_optimizer=FAST, **more)
    return models.DNNClassifier([fc.Numeric("x")], [4], optimizer=FAST, **more)


def train(model, data=ROWS, **more):
    """Train with an open length, in 4 steps a pass."""
    return model.train(data, "y", batch_size=150, **more)


def rate(model):
    return model.predict_proba(ROWS)[:, 1].mean()


def test_the_mean_prediction_is_the_rate_where_it_is_asked_for():
    plain = make().train(ROWS, "y", epochs=2)
    moved = make().train(ROWS, "y", epochs=2, calibrate=True)
    assert rate(moved) == pytest.approx(0.02, rel=1e-5)
    difference = moved.predict(ROWS)["logits"] - plain.predict(ROWS)["logits"]
    np.testing.assert_allclose(difference, difference[0], atol=1e-5)  # all rows alike
    assert rate(plain) != pytest.approx(0.02, rel=1e-2)
    assert moved.arguments()["train"] == {**plain.arguments()["train"], "calibrate": True}


def test_open_length_leaves_out_frequent_classes_and_what_is_measured_by_the_caller():
    frequent = ROWS.assign(y=(ROWS["x"] > 0).astype(int))
    assert "calibrate" not in train(make("linear"), frequent).arguments()["train"]
    assert "calibrate" not in train(make(), validation_share=0.2).arguments()["train"]
    assert "calibrate" not in train(make(), validation=ROWS).arguments()["train"]
    assert "calibrate" not in train(make(), calibrate=False).arguments()["train"]


def test_the_line_says_it(capsys):
    train(make(config=models.RunConfig()))
    assert "; the output bias moved by " in capsys.readouterr().err


@pytest.mark.parametrize("kind", ["linear", "deep", "both"])
def test_the_same_arguments_and_another_source_give_the_same_bits(kind, tmp_path):
    chosen = train(make(kind))
    ROWS.to_parquet(tmp_path / "rows.parquet", row_group_size=170)
    assert train(make(kind), tmp_path / "rows.parquet").fingerprint == chosen.fingerprint
    found = models.load(chosen.save(tmp_path / "saved")).arguments()
    given = found.pop("train")
    columns = [fc.Numeric("x")]
    again = type(chosen)(*([columns, columns] if kind == "both" else [columns]), **found)
    assert again.train(ROWS, "y", **given).fingerprint == chosen.fingerprint


class Cut(Hook):
    def after_step(self, run):
        if run.step == 40:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", ["linear", "deep"])
def test_a_run_that_was_cut_short_ends_with_the_same_bits(kind, tmp_path):
    whole = train(make(kind))
    config = models.RunConfig(str(tmp_path), save_checkpoints_steps=17, progress=False)
    with pytest.raises(KeyboardInterrupt):
        train(make(kind, config=config), hooks=[Cut()])
    assert train(make(kind, config=config)).fingerprint == whole.fingerprint
    assert models.load(make(kind, config=config).save(tmp_path / "saved")).fingerprint == whole.fingerprint


@pytest.mark.parametrize("kind", ["linear", "deep", "both"])
def test_training_goes_on_from_the_bias(kind):
    model = make(kind).train(ROWS, "y", epochs=1)
    name = model._bias_name()
    before = float(model.variables.values[name][0])
    model.train(ROWS, "y", epochs=1, more=True, calibrate=True)
    moved = float(model.variables.values[name][0])
    assert abs(moved - before) > 0.01
    with pytest.warns(models.TrainingWarning, match="all weights are 0"):
        model.train(ROWS.assign(w=0.0), "y", weight="w", steps=1)  # FTRL computes the bias from its slots
    assert float(model.variables.values[name][0]) == pytest.approx(moved, abs=0.05 if kind == "deep" else 1e-5)


def test_models_without_an_output_bias_say_so():
    baseline = models.BaselineClassifier([fc.Numeric("x")], config=QUIET)
    with pytest.raises(ModelError, match=r"has no output bias.*leave calibrate out"):
        baseline.train(ROWS, "y", calibrate=True)
    with pytest.raises(ModelError, match="calibrate needs a table or files"):
        make().train(lambda: iter([ROWS]), "y", calibrate=True)
