"""What users see of the components of models."""

from __future__ import annotations

import importlib

import pytest

import featurecols as fc
from featurecols.models import ClipNorm, layers, losses, optimizers, schedules
from tests.models.own_optimizer import Slow

VALUE = ["replace", "to_dict", "to_json"]
SHOWN = {
    layers.Dense(3): [
        "activation",
        "input_dim",
        "kernel_initializer",
        "kernel_regularizer",
        "name",
        *VALUE,
        "units",
        "use_bias",
    ],
    losses.Poisson(): ["each", "from_logits", "mean", "reduction", "replace", "to_dict", "to_json"],
    optimizers.SGD(): ["clip", "learning_rate", "minimize", "momentum", "nesterov", *VALUE, "weight_decay"],
    schedules.Exponential(0.1, 0.5, 9): ["at", "decay", "every", "rate", "replace", "staircase", "to_dict", "to_json"],
    ClipNorm(1.0): ["norm", "replace", "to_dict", "to_json"],
}


@pytest.mark.parametrize("component", SHOWN, ids=repr)
def test_dir_shows_arguments_and_what_users_call(component: object) -> None:
    assert dir(component) == SHOWN[component]  # type: ignore[index]


def test_dir_shows_what_a_subclass_of_a_user_adds() -> None:
    assert "halve" in dir(Slow())
    assert "apply" not in dir(Slow())


@pytest.mark.parametrize("name", ["layers", "losses", "metrics", "hooks", "optimizers", "schedules", "plots", "checkpoints"])
def test_dir_of_a_module_is_its_public_names(name: str) -> None:
    module = getattr(fc.models, name)
    assert dir(module) == sorted(module.__all__)
    assert importlib.import_module(module.__name__) is module
