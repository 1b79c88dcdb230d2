"""Cross layers against their formula, written out, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables, current
from featurecols.models.errors import ModelError
from featurecols.models.layers.cross import Cross
from featurecols.models.layers.member_dense import MemberDense
from tests.models.gradients import check

X = np.random.default_rng(3).normal(size=(5, 6))


def fill(variables):
    """Give every parameter values other than 0, so that nothing vanishes by chance."""
    random = np.random.default_rng(4)
    for name, array in variables.values.items():
        if not name.startswith("input"):
            array[...] = random.normal(size=array.shape)


def test_two_layers_by_hand():
    variables = Variables(dtype="float64")
    with variables.scope():
        assert Cross(2)(Value(np.array([[2.0, 3.0]]))).array.tolist() == [[2.0, 3.0]]  # kernels and biases begin at 0
    variables.values["cross/kernel_0"][...] = [[1.0, 0.0], [2.0, -1.0]]
    variables.values["cross/bias_0"][...] = [0.5, 1.0]
    variables.values["cross/kernel_1"][...] = [[0.0, 1.0], [1.0, 0.0]]
    with variables.scope():
        found = Cross(2)(Value(np.array([[2.0, 3.0]])))
    # x_1 = x_0 * (x_0 @ kernel_0 + bias_0) + x_0 = [2 * 8.5 + 2, 3 * -2 + 3] = [19, -3]
    # x_2 = x_0 * (x_1 @ kernel_1) + x_1 = [2 * -3 + 19, 3 * 19 - 3]
    assert found.array.tolist() == [[13.0, 54.0]]


@pytest.mark.parametrize("members", [1, 2])
def test_gradients(members):
    variables, layer = Variables(dtype="float64"), Cross(2, members)

    def build():
        x = current("input").parameter("input", X.shape, lambda shape, random: X.copy())
        y = layer(x)
        return (y * y).mean() if members == 1 else (MemberDense(members, 2, "tanh")(y) * Value(X[:, :4])).sum()

    with variables.scope():
        build()
    fill(variables)
    found = check(build, variables)
    assert {"input", "cross/kernel_0", "cross/bias_0", "cross/kernel_1", "cross/bias_1"} <= found


def test_members_are_layers_side_by_side():
    variables, layer = Variables(dtype="float64"), Cross(2, 2)
    with variables.scope():
        layer(Value(X))
    fill(variables)
    with variables.scope():
        both = layer(Value(X)).array
    for member, columns in enumerate((slice(0, 3), slice(3, 6))):
        alone = Variables(dtype="float64")
        alone.values = {name: np.ascontiguousarray(array[..., columns]) for name, array in variables.values.items()}
        with alone.scope():
            np.testing.assert_allclose(Cross(2)(Value(X[:, columns])).array, both[:, columns], rtol=1e-14, err_msg=str(member))


def test_too_many_inputs_are_told_before_their_kernel_is_made():
    variables = Variables()
    with variables.scope(), pytest.raises(ModelError, match=r"need at most 8,192 inputs.*got 9000; embed columns"):
        Cross(1)(Value(np.zeros((1, 9000), np.float32)))
    assert not variables.values
