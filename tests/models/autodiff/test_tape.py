from __future__ import annotations

import numpy as np
import pytest

from featurecols.models.autodiff.tape import IndexedSlices, Value, add, concat, gradients
from featurecols.models.autodiff.variables import Variables, current
from featurecols.models.errors import ModelError
from tests.models.gradients import check

A = np.array([[1.0, -2.0, 0.5], [0.25, 3.0, -1.0]])

OPERATORS = {
    "add": lambda a, b: a + b,
    "add a number": lambda a, b: 2.0 + a + b * 0 + 1,
    "subtract": lambda a, b: a - b,
    "subtract from a number": lambda a, b: 1.0 - a * b,
    "multiply": lambda a, b: a * b,
    "divide": lambda a, b: a / (b * b + 1.0),
    "divide a number": lambda a, b: 1.0 / (a * a + b * b + 1.0),
    "negate": lambda a, b: -a * b,
    "exp": lambda a, b: a.exp() * b,
    "log": lambda a, b: (a * a + 1.0).log() * b,
    "sum of rows": lambda a, b: a.sum(axis=0) * b,
    "mean of columns": lambda a, b: a.mean(axis=0) * b,
    "mean": lambda a, b: a.mean() * b,
    "concat": lambda a, b: concat([a, a * b, a]),
}


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators(operator):
    variables = Variables(dtype="float64")

    def build():
        a = current("test").parameter("a", (2, 3), lambda shape, random: A)
        b = current("test").parameter("b", (3,), lambda shape, random: np.array([0.5, 2.0, -1.5]))
        y = OPERATORS[operator](a, b)
        return (y * y * 0.5 + y).sum()

    assert {"a"} <= check(build, variables)


def test_matmul():
    variables = Variables(dtype="float64")

    def build():
        a = current("test").parameter("a", (2, 3), lambda shape, random: A)
        b = current("test").parameter("b", (3, 2), lambda shape, random: A.T * 0.5 + 1)
        return (a @ b).exp().sum()

    assert check(build, variables, tolerance=1e-6) == {"a", "b"}


def test_a_closure_runs_once_however_often_its_value_is_used():
    calls = []
    x = Value(np.ones(2), name="x")
    y = Value(x.array * 3, (x,), lambda d: (calls.append(1) or d * 3,))
    for _ in range(40):  # walking every path would take 2**40 calls
        y = y + y
    assert gradients(y.sum())["x"].tolist() == [3 * 2.0**40] * 2
    assert len(calls) == 1


def test_deep_nets_do_not_meet_the_recursion_limit():
    y = Value(np.ones(1), name="x")
    for _ in range(5000):
        y = y + 1.0
    assert gradients(y.sum())["x"].tolist() == [1.0]


def test_rows_add_up_with_rows_and_with_arrays():
    a = IndexedSlices(np.array([3, 0]), np.array([[1.0], [2.0]]), (4, 1))
    b = IndexedSlices(np.array([0, 2]), np.array([[10.0], [20.0]]), (4, 1))
    full = np.arange(4.0)[:, None]
    assert add(a, b).dense().tolist() == [[12.0], [0.0], [20.0], [1.0]]
    assert add(a, full).tolist() == add(full, a).tolist() == [[2.0], [1.0], [2.0], [4.0]]
    assert full.tolist() == [[0.0], [1.0], [2.0], [3.0]]


def test_constants_get_no_gradient():
    x = Value(np.ones(3), name="x")
    assert set(gradients((x * Value(np.ones(3))).sum())) == {"x"}


def test_loss_must_be_one_number():
    with pytest.raises(ModelError, match=r"gradients: the loss must be one number, got \(2,\); take its mean"):
        gradients(Value(np.ones(2), name="x"))


def test_matmul_takes_matrices():
    with pytest.raises(ModelError, match="@ takes two matrices"):
        Value(np.ones(2)) @ Value(np.ones((2, 2)))
