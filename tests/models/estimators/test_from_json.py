"""Models from JSON: the same model as in Python, and what a spec that is none should have been."""

import inspect
import json

import pytest
from jsonschema import Draft202012Validator

import featurecols as fc
from featurecols import models
from featurecols.models.errors import ModelError
from featurecols.models.estimators.from_json import RUNNING, TENSORFLOW, WEIGHT
from featurecols.models.estimators.loading import KINDS as KINDS_OF_MODELS
from featurecols.models.estimators.schema import spec_schema
from featurecols.models.objective.losses import Poisson
from featurecols.models.optimization.optimizers import AdamW, Ftrl
from featurecols.models.optimization.schedules import Cosine
from tests.models.people import AGE, DEEP, JOB, WIDE, people

LIST = fc.columns_to_json([AGE, JOB])
WIDE_DEEP = {"model": "WideDeepClassifier", "linear": fc.columns_to_json(WIDE), "dnn": fc.columns_to_json(DEEP)}
RATE = {"type": "AdamW", "learning_rate": {"type": "Cosine", "rate": 0.02}, "weight_decay": 0.1}


def test_a_spec_is_the_model_that_it_names(tmp_path):
    spec = {**WIDE_DEEP, "hidden_units": [8, 4], "dropout": 0.1, "dnn_optimizer": RATE, "linear_optimizer": "Ftrl"}
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    optimizer = AdamW(Cosine(0.02), weight_decay=0.1)
    want = models.WideDeepClassifier(WIDE, DEEP, [8, 4], dropout=0.1, dnn_optimizer=optimizer)
    for source in (spec, tmp_path / "spec.json", str(tmp_path / "spec.json")):
        model = models.model_from_json(source)
        assert (type(model), model.arguments(), model.columns) == (type(want), want.arguments(), want.columns)
    data = people(300)
    trained = [m.train(data, label="income", epochs=2).predict(data)["logits"].tobytes() for m in (model, want)]
    assert trained[0] == trained[1]


def test_a_spec_may_have_a_seed_which_arguments_go_before():
    spec = {"model": "LinearClassifier", "columns": LIST, "seed": 7}
    assert models.model_from_json(spec).config.seed == 7
    assert models.model_from_json(spec, seed=3).config.seed == 3
    assert models.model_from_json(spec, config=models.RunConfig(threads=1)).config == models.RunConfig(seed=7, threads=1)
    specs = Draft202012Validator(spec_schema())
    assert specs.is_valid(spec)
    assert not specs.is_valid({**spec, "seed": "x"})


def test_a_list_is_the_columns_and_arguments_go_before_the_spec():
    model = models.model_from_json(LIST, model="linear-regressor", loss="Poisson", weight_column="weight")
    assert (type(model), model.columns, model.weight_column) == (models.LinearRegressor, (AGE, JOB), "weight")
    assert repr(model.head.loss) == "Poisson(from_logits=True)"
    for loss in ("poisson", Poisson(), Poisson(from_logits=True)):
        assert models.model_from_json(LIST, model="linear-regressor", loss=loss).head == model.head
    spec = {"model": "DNNClassifier", "columns": LIST, "hidden_units": [3], "optimizer": {"type": "Ftrl", "l1": 0.5}}
    config = models.RunConfig(seed=5)
    model = models.model_from_json(spec, hidden_units=[7, 2], n_classes=3, config=config)
    assert (model.network.hidden_units, model.head.n_classes, model.config.seed) == ((7, 2), 3, 5)
    assert model.optimizer == Ftrl(l1=0.5)
    linear_only = models.model_from_json({"model": "wide-deep-regressor", "linear": LIST})
    assert (linear_only.wide, linear_only.deep) == (("age", "job"), ())


KINDS = "LinearClassifier, LinearRegressor, DNNClassifier, DNNRegressor"


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        (LIST, rf'spec: names no model, got None; give "model" \(--model\): one of {KINDS}'),
        ({"model": "Linear", "columns": LIST}, f"spec: unknown model 'Linear'; known are {KINDS}"),
        ({"model": 3, "columns": LIST}, "spec: unknown model 3"),
        ("text", "text: cannot be read"),
        (7, "spec: must be an object, or a list of columns, got 7"),
        ({"model": "LinearClassifier"}, "LinearClassifier needs columns, got \\[\\]"),
        ({"model": "LinearClassifier", "columns": "age"}, "columns must be a list of columns, got 'age'"),
        ({"model": "LinearClassifier", "columns": [3]}, r"columns\[0\]: must be a column, got 3"),
        ({**WIDE_DEEP, "hidden_units": [1], "linear": [{"type": "Hashd"}]}, r"linear\[0\]: unknown type, got 'Hashd'"),
        (
            {"model": "DNNClassifier", "columns": LIST},
            r"needs hidden_units, got .*; give .* \(--hidden-units 100,50\)",
        ),
        (WIDE_DEEP, "WideDeepClassifier needs hidden_units"),
        (
            {"model": "WideDeepClassifier", "columns": LIST},
            "WideDeepClassifier has no argument 'columns'.*; it takes linear, dnn",
        ),
        ({"model": "WideDeepClassifier"}, 'needs dnn, got \\[\\]; give "dnn"'),
        (
            {"model": "LinearClassifier", "columns": LIST, "hiden": 3},
            "has no argument 'hiden', got 3; it takes columns, n_classes",
        ),
        ({"model": "LinearClassifier", "columns": LIST, "seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"model": "LinearClassifier", "columns": LIST, "label": 5}, "label must be a name, or a list of names, got 5"),
        ({"model": "LinearClassifier", "columns": LIST, "validation": []}, "validation must be a name, or a list of names"),
        ({"model": "LinearClassifier", "columns": LIST, "epochs": 0}, "epochs must be a positive integer, got 0"),
        ({"model": "LinearClassifier", "columns": LIST, "batch_size": 0}, "batch_size must be a positive integer, got 0"),
        (
            {"model": "LinearClassifier", "columns": LIST, "validation_share": 1},
            "validation_share must be at least 0 and below 1",
        ),
        (
            {"model": "LinearClassifier", "columns": LIST, "weight": "a", "weight_column": "b"},
            "weight and weight_column are one thing, got 'b'",
        ),
        ({"model": "LinearClassifier", "columns": LIST, "config": {}}, "has no argument 'config'"),
        ({"model": "LinearClassifier", "columns": LIST, "model_dir": "x"}, "has no argument 'model_dir'"),
        ({"model": "LinearClassifier", "columns": LIST, "optimizer": "Adan"}, "unknown name 'Adan'; known are SGD"),
        ({"model": "LinearClassifier", "columns": LIST, "optimizer": 3}, "unknown name 3; known are SGD"),
        ({"model": "LinearClassifier", "columns": LIST, "optimizer": {"type": "Adan"}}, "unknown type 'Adan'; known are .*SGD"),
        ({"model": "LinearClassifier", "columns": LIST, "optimizer": LIST[0]}, "unknown type 'Numeric.v1'; known are .*SGD"),
        (
            {"model": "LinearClassifier", "columns": LIST, "optimizer": {"type": "Adam", "rate": 1}},
            "Adam has no argument 'rate'",
        ),
        ({"model": "LinearRegressor", "columns": LIST, "loss": {"type": "Adam"}}, "unknown type 'Adam'; known are "),
        ({"model": "LinearRegressor", "columns": LIST, "loss": "hing"}, "loss: unknown type 'hing'; known are "),
        ({"model": "LinearRegressor", "columns": LIST, "loss": 3}, "loss: unknown type 3; known are "),
        ({"model": "LinearClassifier", "columns": LIST, "n_classes": "3"}, "n_classes must be an integer"),
        ({"model": "LinearClassifier", "columns": LIST, "label_vocabulary": 5}, "an argument of .* has the wrong type"),
        ({"model": "DNNClassifier", "columns": LIST, "hidden_units": 5}, "hidden_units: must be a list, got 5"),
    ],
)
def test_what_is_no_model_is_told_what_it_should_have_been(spec, says):
    with pytest.raises((ModelError, fc.ColumnError), match=says):
        models.model_from_json(spec)


SAID = {
    "n_classes": 3,
    "label_vocabulary": ["x", "y"],
    "multi_label": True,
    "optimizer": {"type": "models.Ftrl.v1", "l1": 0.5},
    "linear_optimizer": {"type": "models.Ftrl.v1", "l1": 0.5},
    "dnn_optimizer": {"type": "models.Adam.v1", "learning_rate": 0.5},
    "sparse_combiner": "mean",
    "initial_bias": False,
    "weight_column": "weight",
    "label_dimension": 2,
    "loss": {"type": "models.Poisson.v1"},
    "standardize_label": False,
    "label_transform": "log1p",
    "activation": "tanh",
    "dropout": 0.25,
    "batch_norm": True,
    "members": 2,
    "cross_layers": 2,
    "kernel_initializer": "he_normal",
    "kernel_regularizer": {"l1": 0.5},
}
PLACED = {"columns", "linear", "dnn", "hidden_units", "seed", "normalize", *RUNNING, *TENSORFLOW}  # normalize: in columns


@pytest.mark.parametrize("kind", KINDS_OF_MODELS.values(), ids=list(KINDS_OF_MODELS))
def test_every_argument_of_a_model_is_in_its_spec_and_so_in_use(kind):
    """An argument that a class takes and does not hand on would be ignored without a word."""
    takes = list(inspect.signature(kind).parameters)
    columns = {
        name: fc.columns_to_json(WIDE if name == "linear" else DEEP) for name in ("columns", "linear", "dnn") if name in takes
    }
    units = {"hidden_units": [4]} if "hidden_units" in takes else {}
    for name in takes:
        if name not in PLACED:
            given = models.model_from_json({"model": kind.__name__, name: SAID[name], **columns, **units})
            assert models.model_from_json(json.loads(json.dumps(given.spec()))).spec() == given.spec()
            assert given.spec()[WEIGHT if name == "weight_column" else name] == SAID[name], name
