"""class_weight and validation_split: what they give is what weights of rows, and validation_data, give."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.models import LinearClassifier, RunConfig, Sequential
from featurecols.models.errors import DataError, ModelError
from featurecols.models.input.class_weights import class_table
from featurecols.models.layers import Dense

QUIET = RunConfig(progress=False)
RANDOM = np.random.default_rng(2)
X = RANDOM.normal(size=(200, 2)).astype(np.float32)
RARE = (X[:, 0] + RANDOM.normal(size=200) > 1.5).astype(np.int64)
WORDS = np.where(RARE, "yes", "no").tolist()
DATA = {"a": X[:, 0], "b": X[:, 1], "y": WORDS}
COLUMNS = [fc.Numeric("a"), fc.Numeric("b")]


def trained(**arguments):
    return LinearClassifier(COLUMNS, initial_bias=False, config=QUIET).train(
        {**DATA, "w": np.where(RARE, 7.0, 1.0)}, label="y", epochs=3, **arguments
    )


def test_class_weights_are_weights_of_rows():
    by_class, by_row = trained(class_weight={"yes": 7.0}), trained(weight="w")
    for name, value in by_class.variables.values.items():
        assert value.tobytes() == by_row.variables.values[name].tobytes()
    share = RARE.mean()
    balanced = trained(class_weight="balanced")
    given = trained(class_weight={"no": 0.5 / (1 - share), "yes": 0.5 / share})
    for name, value in balanced.variables.values.items():
        np.testing.assert_allclose(value, given.variables.values[name], rtol=1e-5, atol=1e-7)


def test_another_class_weight_is_another_call(tmp_path):
    model = LinearClassifier(COLUMNS, model_dir=tmp_path, config=QUIET)
    call = {"label": "y", "epochs": 1, "batch_size": 50}
    model.train(DATA, **call, class_weight={"yes": 7.0})
    assert model.variables.step == 4
    with pytest.warns(match="came to its end before"):
        model.train(DATA, **call, class_weight={"yes": 7.0})
    assert model.variables.step == 4
    assert model.train(DATA, **call, class_weight={"yes": 8.0}).variables.step == 8
    assert model.train(DATA, **call).variables.step == 12


def test_classes_are_found_by_their_texts_too():
    assert class_table("train", {"1": 20.0, 0: 0.5}, [0, 1]).tolist() == [0.5, 20.0]
    assert class_table("train", {"true": 3.0}, [False, True]).tolist() == [1.0, 3.0]
    assert class_table("train", {"2.5": 3.0}, [1.0, 2.5]).tolist() == [1.0, 3.0]
    with pytest.raises(ModelError, match="a class that is not there, got 1; the classes are 'a', '1'"):
        class_table("train", {1: 2.0}, ["a", "1"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"maybe": 2.0}, "class_weight names a class that is not there, got 'maybe'; the classes are 'no', 'yes'"),
        ({"yes": -1.0}, "class_weight of 'yes' is not a weight"),
        (3.0, "class_weight must be a dict"),
        (np.array([1.0, 5.0]), "class_weight must be a dict, got 'ndarray'"),
        ({"yes": True}, "class_weight of 'yes' is not a weight"),
        ({"yes": 0, "no": 0}, "class_weight is 0 for all classes, so that nothing would be learned"),
    ],
)
def test_what_is_not_a_weight_of_a_class(given, message):
    with pytest.raises(ModelError, match=message):
        trained(class_weight=given)


def test_numbers_of_numpy_are_weights():
    assert class_table("train", {np.int64(0): np.float32(2.5), np.int64(1): np.int64(3)}, [0, 1]).tolist() == [2.5, 3.0]


@pytest.mark.parametrize("labels", [np.linspace(0, 1, 200), np.where(RARE, 1, -1), np.where(RARE, 2, 0)])
def test_labels_that_are_no_class_numbers_have_no_class_weight(labels):
    """-1 was the last class, as in an index of a list, and 0.9 class 0."""
    model = Sequential([Dense(1)], seed=1)
    model.compile("sgd", "mse")
    with pytest.raises(DataError, match="class_weight needs labels that are class numbers, 0 to 1, got"):
        model.fit(X, labels, verbose=0, class_weight={1: 7.0})


def network(**arguments):
    model = Sequential([Dense(1, "sigmoid")], seed=1)
    model.compile("sgd", "binary_crossentropy")
    model.fit(X, RARE, epochs=2, verbose=0, shuffle=False, **arguments)
    return model


def test_sequential_takes_class_weights_and_a_split():
    weighted = network(class_weight={1: 7.0}).predict(X)
    assert weighted.tobytes() == network(sample_weight=np.where(RARE, 7.0, 1.0).astype(np.float32)).predict(X).tobytes()
    split = network(validation_split=0.25)
    apart = Sequential([Dense(1, "sigmoid")], seed=1)
    apart.compile("sgd", "binary_crossentropy")
    apart.fit(X[:150], RARE[:150], epochs=2, verbose=0, shuffle=False, validation_data=(X[150:], RARE[150:]))
    assert split.history.history["val_loss"] == apart.history.history["val_loss"]
    with pytest.raises(ModelError, match="validation_split needs arrays"):
        split.fit({"a": [1.0]}, label="a", validation_split=0.5)
