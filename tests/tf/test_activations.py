import math
from collections.abc import Callable

import numpy as np
import pytest

from featurecols.tf.activations import ACTIVATIONS, logistic, softmax

SIGMOID = lambda x: 1 / (1 + math.exp(-x))  # noqa: E731
BY_DEFINITION: dict[str, Callable[[float], float]] = {
    "linear": lambda x: x,
    "relu": lambda x: max(x, 0.0),
    "relu6": lambda x: min(max(x, 0.0), 6.0),
    "leaky_relu": lambda x: x if x > 0 else 0.2 * x,
    "elu": lambda x: x if x > 0 else math.exp(x) - 1,
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * (math.exp(x) - 1)),
    "tanh": math.tanh,
    "sigmoid": SIGMOID,
    "softplus": lambda x: math.log(1 + math.exp(x)),
    "softsign": lambda x: x / (1 + abs(x)),
    "swish": lambda x: x * SIGMOID(x),
    "gelu": lambda x: x * 0.5 * (1 + math.erf(x / math.sqrt(2))),
}
XS = np.float32([[-30, -3, -0.5, -1e-3, 0], [1e-3, 0.5, 3, 7, 30]])


def test_each_has_a_definition() -> None:
    assert BY_DEFINITION.keys() == ACTIVATIONS.keys()


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_values_by_definition(name: str) -> None:
    found = ACTIVATIONS[name](XS)
    assert found.dtype == np.float32
    expected = [[BY_DEFINITION[name](float(x)) for x in row] for row in XS]
    np.testing.assert_allclose(found, expected, rtol=2e-6, atol=1e-7)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_large_numbers_do_not_overflow(name: str) -> None:
    with np.errstate(over="raise", invalid="raise"):
        found = ACTIVATIONS[name](np.float32([-1e4, 1e4]))
    assert np.isfinite(found).all()


def test_probabilities() -> None:
    assert logistic(np.float32([-200, 0, 200])).tolist() == [0.0, 0.5, 1.0]
    assert softmax(np.float32([[1000, 1000, -1000], [0, 0, 0]])).tolist()[0] == [0.5, 0.5, 0.0]
    np.testing.assert_allclose(softmax(np.float32([[1, 2, 3]])), [[0.09003057, 0.24472847, 0.66524096]], rtol=1e-6)
