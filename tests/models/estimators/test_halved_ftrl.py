"""The learning rate of FTRL by its name: halved where a linear part is best after a pass or two, and kept with its weights."""

import functools

import numpy as np
import pandas as pd
import pytest

import featurecols as fc
from featurecols import models
from featurecols.models.errors import CheckpointError
from featurecols.models.training import automatic
from featurecols.models.training.hooks import Hook

RANDOM = np.random.default_rng(3)
N = 5200  # from 5,000 rows on the best pass counts
A, B = RANDOM.integers(0, 50, (2, N))
LOGITS = RANDOM.normal(0, 0.5, 50)[A] + RANDOM.normal(0, 0.5, 50)[B]
Y = (RANDOM.random(N) < 1 / (1 + np.exp(-LOGITS))).astype(int)
ROWS = pd.DataFrame({"a": A, "b": B, "x": RANDOM.normal(size=N), "y": Y})
QUIET = models.RunConfig(progress=False)
IDS = [fc.Identity("a", 50), fc.Identity("b", 50)]
COLUMNS = [fc.Numeric("x"), *IDS, *[fc.Crossed(IDS, 10_000, name=f"both {i}") for i in range(4)]]  # learned by heart
KINDS = ["linear", "both"]


def make(kind="linear", config=QUIET, **more):
    if kind == "linear":
        return models.LinearClassifier(COLUMNS, config=config, **more)
    fast = models.optimizers.Adam(0.01)
    return models.WideDeepClassifier(COLUMNS, COLUMNS[:1], [4], config=config, dnn_optimizer=fast, **more)


def train(model, **more):
    return model.train(ROWS, "y", batch_size=100, **more)


@functools.cache
def trained(kind):
    """A model of open length; tests leave it as it is."""
    return train(make(kind))


def argument(kind):
    return "optimizer" if kind == "linear" else "linear_optimizer"


def test_the_rates():
    rates = {}
    for wide in (False, True):
        found, rates[wide] = models.optimizers.Ftrl(), []
        while found is not None:
            rates[wide].append(found.learning_rate)
            found = automatic.halved(found, wide=wide)
    assert rates == {False: [0.1, 0.05, 0.025, 0.0125, 0.00625], True: [0.1, 0.025, 0.00625, 0.0015625, 0.000390625]}
    assert automatic.halved(models.optimizers.Ftrl(0.3)) is automatic.halved(None) is None


@pytest.mark.parametrize("kind", KINDS)
def test_what_overfits_within_two_passes_gets_a_lower_rate_and_a_lower_loss(kind):
    model, fixed = trained(kind), train(make(kind, **{argument(kind): models.optimizers.Ftrl()}))
    assert fixed.data["automatic"]["best_pass"] <= 2
    assert model.arguments()[argument(kind)]["learning_rate"] in (0.05, 0.025, 0.0125, 0.00625)
    assert model.data["automatic"]["best_loss"] < fixed.data["automatic"]["best_loss"]


def test_what_needs_more_passes_keeps_its_rate():
    rows = ROWS[:900].assign(y=(ROWS["x"] > 0).astype(int))
    model = models.LinearClassifier(COLUMNS[:1], config=QUIET).train(rows, "y", batch_size=300)
    assert model.data["automatic"]["best_pass"] > 2
    assert model.optimizer == models.optimizers.Ftrl()


class Cut(Hook):
    def after_step(self, run):
        if run.step == 20:
            raise KeyboardInterrupt


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_that_was_cut_short_and_the_same_arguments_end_with_the_same_bits(kind, tmp_path):
    whole = trained(kind)
    config = models.RunConfig(str(tmp_path / "here"), save_checkpoints_steps=7, progress=False)
    with pytest.raises(KeyboardInterrupt):
        train(make(kind, config), hooks=[Cut()])
    again = train(make(kind, config))
    assert (again.fingerprint, again.arguments()) == (whole.fingerprint, whole.arguments())
    found = models.load(whole.save(tmp_path / "saved")).arguments()
    given = found.pop("train")
    columns = [COLUMNS] if kind == "linear" else [COLUMNS, COLUMNS[:1]]
    assert type(whole)(*columns, **found).train(ROWS, "y", **given).fingerprint == whole.fingerprint
    goes_on_at_the_rate_that_its_weights_have(kind, config, again)


def goes_on_at_the_rate_that_its_weights_have(kind, config, first):
    """What was trained in a folder is trained on from there, and not at another rate."""
    rate = first.arguments()[argument(kind)]["learning_rate"]
    again = make(kind, config).train(ROWS, "y", steps=3, batch_size=100)
    assert again.arguments()[argument(kind)]["learning_rate"] == rate < 0.1
    other = make(kind, config, **{argument(kind): models.optimizers.Ftrl(0.3)})
    with pytest.raises(CheckpointError, match=argument(kind)):
        other.train(ROWS, "y", steps=3, batch_size=100)
