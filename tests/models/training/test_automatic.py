"""Training of open length: what is chosen, which rows are held out, when it stops, and that a cut changes nothing."""

import copy
import math

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import models
from featurecols.errors import ColumnError
from featurecols.models.errors import ModelError
from featurecols.models.input.held_out import drawn
from featurecols.models.training import automatic
from featurecols.models.training.hooks import EarlyStopping, Hook

RANDOM = np.random.default_rng(5)
X = RANDOM.uniform(-1, 1, (600, 2))
ROWS = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "y": 100 * np.sin(3 * X[:, 0]) + 40 * X[:, 1] + RANDOM.normal(0, 5, 600)})
TRAIN, TEST = ROWS[:400], ROWS[400:].reset_index(drop=True)
COLUMNS = [fc.Numeric("a"), fc.Numeric("b")]
POISSON, QUIET = models.losses.Poisson(), models.RunConfig(progress=False)
FAST = models.optimizers.Adam(0.1)  # stops long before the last pass


def make(**more):
    return models.DNNRegressor(COLUMNS, [32], **more)


def test_the_rule():
    assert automatic.choose(331, 0) == automatic.Choice(331, 0.2, 16, 30, 200, 50_000, 0, 3)
    assert automatic.choose(331, 0, linear=True) == automatic.Choice(331, 0.2, 32, 30, 200, 50_000, 0, 1)
    assert automatic.choose(331, 0, share=0.3) == automatic.Choice(331, 0.3, 16, 30, 200, 50_000, 0)
    assert automatic.choose(1_000, 0).searches == automatic.choose(49_999, 0).searches == 1
    assert automatic.choose(499_999, 0, linear=True).searches == 1
    assert automatic.choose(500_000, 0, linear=True).searches == automatic.choose(50_000, 0).searches == 0
    assert automatic.choose(16_512, 7) == automatic.Choice(16_512, 0.1, 256, 18, 200, 50_000, 7, 1)
    assert automatic.choose(10_000_000, 0) == automatic.Choice(10_000_000, 0.01, 512, 3, 200, 50_000, 0)
    assert automatic.choose(49, 0) == automatic.Choice(49, 0.2, 16, 30, 200, 50_000, 0, 9)
    assert automatic.choose(10, 0, linear=True) == automatic.Choice(10, 0.2, 32, 30, 200, 50_000, 0, 9)
    assert automatic.choose(9, 0) == automatic.Choice(9, 0.0, 16, 30, 50, 50_000, 0)
    assert automatic.choose(331, 0, 100, validated=True) == automatic.Choice(331, 0.0, 100, 30, 200, 50_000, 0)


def test_rows_are_drawn_by_their_number_and_the_seed():
    found = drawn(0, 100_000, 0.2, 0)
    assert found.mean() == pytest.approx(0.2, abs=0.005)
    assert found[1000:2000].tolist() == drawn(1000, 1000, 0.2, 0).tolist()
    assert (found != drawn(0, 100_000, 0.2, 1)).any()
    assert np.flatnonzero(drawn(0, 40, 0.2, 0)).tolist() == [i for i in range(40) if _hash(i) < 0.2]
    assert not drawn(0, 1000, 0.0, 0).any()


def _hash(row, seed=0):
    """fmix64 of MurmurHash3, in Python's integers."""
    h = (row + (seed + 1) * 0x9E3779B97F4A7C15) % 2**64
    for factor in (0xFF51AFD7ED558CCD, 0xC4CEB9FE1A85EC53):
        h = ((h ^ (h >> 33)) * factor) % 2**64
    return (h ^ (h >> 33)) / 2**64


SOME, FEW = TRAIN[:160], TRAIN[:80]


@pytest.fixture(scope="module")
def trained():
    """A model trained with default arguments; tests leave it as it is."""
    return make().train(SOME, label="y")


@pytest.fixture(scope="module")
def fast():
    """The same from fewer rows, with the optimizer that soon stops."""
    return make(optimizer=FAST).train(FEW, label="y")


def test_default_arguments_give_a_useful_model(trained):
    model = trained
    assert model.evaluate(TEST)["r2"] > 0.97
    assert model.arguments()["optimizer"]["learning_rate"] == {"type": "models.Cosine.v1", "rate": 0.006}
    found = model.data["automatic"]
    assert (found["batch_size"], found["share"], found["rows"], found["seed"]) == (16, 0.2, 160, 0)
    assert found["best_loss"] < found["first_loss"] / 10
    assert len(model.history) == found["all_passes"] == min(200, math.ceil(1.25 * found["best_pass"]))
    assert (model.data["rows"], model.variables.step) == (160, 10 * found["all_passes"])
    assert not [name for name in model.get_variable_names() if name.startswith("automatic")]


def test_the_learning_rate_falls_to_0_within_the_passes_that_were_found():
    rates = []

    class Rates(Hook):
        def before_step(self, run):
            rates.append(run.model.optimizer.rate(run.variables))

    rows = TRAIN[:60].assign(y=2 * TRAIN["a"][:60] + np.random.default_rng(0).normal(size=60))
    model = make(config=QUIET).train(rows, label="y", batch_size=10, hooks=[Rates()])
    steps = 6 * model.data["automatic"]["all_passes"]
    assert 6 < steps < 6 * automatic.PASSES
    assert rates == pytest.approx([0.003 * (1 + math.cos(math.pi * i / steps)) for i in range(steps)])


def test_the_passes_are_the_median_of_three_searches():
    """What a search finds is what a training that stops by itself finds without the same rows."""
    best = []
    for seed in (0, 1_000_003, 2_000_006):
        rows = SOME.assign(held=drawn(0, 160, 0.2, seed))
        assert 20 < rows["held"].sum() < 45
        model = make(seed=seed, optimizer=FAST)
        model.train(rows[~rows["held"]], "y", validation=rows[rows["held"]], batch_size=16)
        best.append(model.data["automatic"]["best_pass"])
    found = make(optimizer=FAST).train(SOME, label="y").data["automatic"]
    assert min(best) / 2 <= found["best_pass"] <= max(best) * 2  # other initial values, other order


def test_the_weights_are_those_of_the_best_pass_where_a_share_is_given():
    model = make().train(SOME, label="y", validation_share=0.2)
    losses = [row["val_average_loss"] for row in model.history.rows]
    assert model.data["automatic"]["best_loss"] == min(losses)
    assert losses.index(min(losses)) + 1 == model.data["automatic"]["best_pass"]
    held = SOME[drawn(0, 160, 0.2, 0)].reset_index(drop=True)
    assert model.evaluate(held)["average_loss"] == pytest.approx(model.data["automatic"]["best_loss"], rel=1e-6)
    assert not [name for name in model.get_variable_names() if name.startswith("automatic")]


def test_the_same_call_gives_the_same_bits_from_a_frame_a_pair_and_a_file(tmp_path, capsys, fast):
    rows = FEW
    rows.to_parquet(tmp_path / "rows.parquet", row_group_size=30)
    rows.to_csv(tmp_path / "rows.csv", index=False)

    def train(*data, **more):
        return make(optimizer=FAST).train(*data, **more)

    one = train(rows, label="y")
    line = capsys.readouterr().err
    assert "passes of batch_size=16 with Adam(learning_rate=0.1) on all 80 rows; best after pass" in line
    assert "over 20% of them, held out before, 3 times; 2 of 2 columns with a ZScore; the label standardized" in line
    assert fast.fingerprint == one.fingerprint
    pair = train(rows[["a", "b"]], rows["y"])
    assert pair.predict(TEST)["predictions"].tobytes() == one.predict(TEST)["predictions"].tobytes()
    assert train(tmp_path / "rows.parquet", label="y").fingerprint == one.fingerprint
    lines = train(str(tmp_path / "rows.csv"), label="y")
    assert lines.fingerprint == one.fingerprint


def test_what_is_given_is_obeyed():
    assert make().train(TRAIN, label="y", epochs=2).variables.step == 2 * 2
    assert make().train(TRAIN, label="y", steps=5).variables.step == 5
    assert make(optimizer=FAST).train(TRAIN, label="y", batch_size=100).data["automatic"]["batch_size"] == 100
    given = make(optimizer=models.optimizers.Adam(0.01)).train(TRAIN[:50], label="y")
    assert given.arguments()["optimizer"]["learning_rate"] == 0.01
    assert "automatic" not in make().train(TRAIN, label="y", epochs=2).data


def test_pipelines_and_functions_are_read_once():
    pipeline = models.from_data(TRAIN, label="y").batch(100)
    assert make().train(pipeline).variables.step == 4
    assert make().train(lambda: pipeline).variables.step == 4
    assert make().train(lambda: (TRAIN[["a", "b"]], TRAIN["y"])).variables.step == 2


def test_data_to_validate_on_decides_and_nothing_is_held_out():
    model = make(optimizer=FAST).train(TRAIN, label="y", validation=TEST)
    assert (model.data["automatic"]["share"], model.data["rows"]) == (0.0, 400)
    assert model.evaluate(TEST)["average_loss"] == pytest.approx(model.data["automatic"]["best_loss"], rel=1e-6)


@pytest.mark.filterwarnings("ignore:.*are alike")
def test_few_rows_are_all_trained_on():
    model = make().train(TRAIN[:9], label="y")
    assert (model.data["automatic"]["share"], model.variables.step) == (0.0, 50)
    assert np.isfinite(make().train(TRAIN[:1], label="y").predict(TEST)["predictions"]).all()


class Cut(Hook):
    def __init__(self, at):
        self.at = at

    def after_step(self, run):
        if run.step == self.at:
            raise KeyboardInterrupt


def directed(kind, folder):
    """A model that keeps its checkpoints in a folder."""
    config = models.RunConfig(str(folder), save_checkpoints_steps=37)
    if kind == "deep":
        return make(config=config, optimizer=FAST)
    return models.WideDeepRegressor(COLUMNS, COLUMNS, [16], config=config, dnn_optimizer=FAST)


@pytest.mark.parametrize("kind", ["deep", "both"])
def test_a_run_that_was_cut_short_ends_with_the_same_bits(tmp_path, kind):
    whole = directed(kind, tmp_path / "whole").train(FEW, label="y")
    assert 230 < whole.variables.step < 200 * 5
    for at in (40, 230):
        folder = tmp_path / f"cut at {at}"
        with pytest.raises(KeyboardInterrupt):
            directed(kind, folder).train(FEW, label="y", hooks=[Cut(at)])
        again = directed(kind, folder).train(FEW, label="y")
        assert (again.variables.step, again.fingerprint) == (whole.variables.step, whole.fingerprint)
        assert again.data["automatic"] == whole.data["automatic"]
        assert [row["loss"] for row in again.history.rows] == [row["loss"] for row in whole.history.rows]


def test_training_on_never_makes_it_worse(trained):
    model = copy.deepcopy(trained)
    model.train(SOME, label="y", steps=1)
    model.train(SOME, label="y")
    found = model.data["automatic"]
    assert (found["searches"], found["share"]) == (0, 0.2)
    assert found["best_loss"] <= found["first_loss"]
    assert model.arguments()["optimizer"]["learning_rate"] == 0.003
    model.train(models.from_data(lambda: iter([TRAIN]), label="y").batch(100))


def test_a_saved_model_says_what_was_chosen(tmp_path, trained):
    model = trained
    model.save(tmp_path / "saved")
    again = models.load(tmp_path / "saved")
    assert again.data["automatic"] == model.data["automatic"]
    assert again.predict(TEST)["predictions"].tobytes() == model.predict(TEST)["predictions"].tobytes()


def test_names_of_tensorflow_train_as_they_did():
    model = models.DNNLinearCombinedRegressor(dnn_feature_columns=COLUMNS, dnn_hidden_units=[4])
    assert (model.train(TRAIN, label="y").variables.step, model.head.scaling) == (2, None)


@pytest.mark.parametrize(
    "make",
    [
        lambda columns, **more: models.LinearRegressor(columns, **more),
        lambda columns, **more: models.DNNRegressor(columns, **{"hidden_units": [8], **more}),
        lambda columns, **more: models.WideDeepRegressor(columns[:1], columns, **{"hidden_units": [8], **more}),
        lambda columns, **more: models.DNNRegressor(columns, **{"hidden_units": [4], "seed": 3, "loss": POISSON, **more}),
    ],
)
def test_the_arguments_that_were_chosen_give_the_same_bits(make, tmp_path):
    rows = TRAIN.assign(y=TRAIN["y"] - TRAIN["y"].min())[:50]
    chosen = make(COLUMNS, config=QUIET).train(rows, label="y")
    found = models.load(chosen.save(tmp_path / "saved")).arguments()
    assert found == chosen.arguments()
    train = found.pop("train")
    assert set(train) == {"batch_size", "epochs", "validation_share"}
    assert train["epochs"] == chosen.data["automatic"]["all_passes"] > 0
    again = make(COLUMNS, **found).train(rows, label="y", **train)
    assert again.fingerprint == chosen.fingerprint
    assert again.arguments() == chosen.arguments()


def test_a_start_that_is_never_beaten_is_what_the_same_call_gives_again():
    rows = {"a": [0.0] * 80, "y": [1.0, 2.0] * 40}
    fast = models.optimizers.Adam(3.0)
    for share, given in ((0.2, {"batch_size": 32, "validation_share": 0.2}), (None, {"batch_size": 32})):
        chosen = models.LinearRegressor(COLUMNS[:1], config=QUIET, optimizer=fast)
        chosen.train(rows, label="y", validation_share=share)
        assert (chosen.arguments()["train"], chosen.data["automatic"]["best_pass"]) == (given, 0)
        again = models.LinearRegressor(COLUMNS[:1], config=QUIET, optimizer=fast).train(rows, label="y", **given)
        assert again.fingerprint == chosen.fingerprint
        assert again.predict({"a": [0.0]})["predictions"].tolist() == [1.5]
        assert again.variables.step > 0


def test_early_stopping_by_its_own_monitor_in_a_training_of_open_length():
    """Keras' default, val_loss, was not there."""
    stop = EarlyStopping(patience=1)
    model = make(optimizer=FAST).train(SOME, label="y", validation_share=0.2, hooks=[stop])
    assert [row["val_loss"] for row in model.history.rows] == [row["val_average_loss"] for row in model.history.rows]
    assert stop.best == min(row["val_loss"] for row in model.history.rows)
    assert stop.best_epoch < len(model.history.rows) <= stop.best_epoch + 1


@pytest.mark.parametrize("length", [{}, {"epochs": 2}])
def test_early_stopping_without_rows_to_measure_on_says_what_to_give(length):
    with pytest.raises(ModelError, match=r"held-out rows were evaluated after the epoch, got 'val_loss'; give validation= or"):
        make(optimizer=FAST).train(SOME[:30], label="y", hooks=[EarlyStopping()], **length)


def test_shares_that_leave_no_rows_on_one_side():
    with pytest.raises(ColumnError, match=r"all of the 20 rows are held out, and none is left to train on, got 0.9999"):
        make().train(SOME[:20], label="y", epochs=1, validation_share=0.9999)
    with pytest.warns(models.TrainingWarning, match=r"validation_share=1e-06 holds out none of 20 rows, so that nothing is"):
        make().train(SOME[:20], label="y", epochs=1, validation_share=1e-6)


def test_a_share_that_is_held_out_is_evaluated():
    model = make().train(TRAIN, label="y", epochs=2, validation_share=0.2)
    held = TRAIN[drawn(0, 400, 0.2, 0)].reset_index(drop=True)
    assert model.history.rows[-1]["val_rmse"] == pytest.approx(model.evaluate(held)["rmse"])
    assert model.data["rows"] == 400 - len(held)
    assert model.arguments()["train"] == {"batch_size": 256, "epochs": 2, "validation_share": 0.2}
    assert make(optimizer=FAST).train(TRAIN, label="y", validation_share=0.5).data["automatic"]["share"] == 0.5
    assert make().train(TRAIN[:60], label="y", validation_share=0).data["automatic"]["share"] == 0.0
    for wrong in (1, -0.1, True, "a"):
        with pytest.raises(ColumnError, match="validation_share must be at least 0 and below 1"):
            make().train(TRAIN, label="y", validation_share=wrong)
    with pytest.raises(ColumnError, match="give one of validation and validation_share"):
        make().train(TRAIN, label="y", validation=TEST, validation_share=0.1)
    with pytest.raises(ModelError, match="validation_share needs a table or files"):
        make().train(lambda: TRAIN, label="y", epochs=1, validation_share=0.1)


def test_rows_held_out_without_a_weight_do_not_say_when_to_stop():
    """F8: their loss is no number: training went on for 200 passes, and the last one counted as the best."""
    rows = TRAIN.assign(w=[1.0] * 5 + [0.0] * (len(TRAIN) - 5))
    model = models.LinearRegressor(COLUMNS, config=QUIET)
    with pytest.warns(models.TrainingWarning, match="no row that the loss is measured on has a weight.*; give validation="):
        model.train(rows, label="y", weight="w", batch_size=32)
    assert model.history.rows[-1]["epoch"] == 50
    assert model.arguments()["train"]["steps"] == model.variables.step
