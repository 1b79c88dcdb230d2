"""Kernels at the start: the formulas of Keras' initializers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from featurecols.errors import ColumnError
from featurecols.models.autodiff.variables import Variables
from featurecols.models.layers import Dense
from featurecols.models.layers.first_kernels import KNOWN, first_kernel
from featurecols.models.layers.member_dense import MemberDense

INPUTS, OUTPUTS = 300, 100
# Variance and largest magnitude for 300 inputs and 100 outputs, from the documentation of keras.initializers: uniform within
# sqrt(3 * variance), truncated normal within two deviations of the normal before it was cut, which has 1 / 0.8796 of its own.
FORMULAS = {
    "glorot_uniform": (2 / 400, math.sqrt(6 / 400)),
    "glorot_normal": (2 / 400, 2 * math.sqrt(2 / 400) / 0.87962566),
    "he_uniform": (2 / 300, math.sqrt(6 / 300)),
    "he_normal": (2 / 300, 2 * math.sqrt(2 / 300) / 0.87962566),
    "lecun_uniform": (1 / 300, math.sqrt(3 / 300)),
    "lecun_normal": (1 / 300, 2 * math.sqrt(1 / 300) / 0.87962566),
    "random_normal": (0.05**2, math.inf),
    "random_uniform": (0.05**2 / 3, 0.05),
    "truncated_normal": ((0.05 * 0.87962566) ** 2, 0.1),
    "orthogonal": (1 / 300, 1.0),
    "zeros": (0.0, 0.0),
    "ones": (0.0, 1.0),
}


def test_every_name_is_here():
    assert set(FORMULAS) == set(KNOWN)


@pytest.mark.parametrize("name", FORMULAS)
def test_variance_and_bound(name):
    kernel = first_kernel(name)((INPUTS, OUTPUTS), np.random.default_rng(0))
    variance, bound = FORMULAS[name]
    assert kernel.shape == (INPUTS, OUTPUTS)
    assert kernel.var() == pytest.approx(variance, rel=0.03)
    assert abs(kernel.mean()) < 0.002 or name == "ones"
    assert np.abs(kernel).max() <= bound
    assert np.abs(kernel).max() >= 0.98 * min(bound, 0.15)


def test_orthogonal_columns_and_rows():
    random = np.random.default_rng(0)
    tall, wide = (first_kernel("orthogonal")(shape, random) for shape in ((5, 3), (3, 5)))
    np.testing.assert_allclose(tall.T @ tall, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(wide @ wide.T, np.eye(3), atol=1e-14)


@pytest.mark.parametrize("name", ["he_normal", "orthogonal", "glorot_uniform"])
def test_networks_side_by_side_begin_as_networks_of_their_own(name):
    variables, x = Variables(seed=4), np.zeros((2, 6), np.float32)
    with variables.scope():
        Dense(3, kernel_initializer=name, name="alone")(x)
    random = variables.random("initial", "both/kernel")
    want = np.concatenate([first_kernel(name)((3, 4), random) for _ in range(2)], axis=1)
    with variables.scope():
        MemberDense(2, 4, kernel_initializer=name, name="both")(Dense(6, name="wide")(x))
    np.testing.assert_array_equal(variables.values["both/kernel"], want.astype(np.float32))
    want = first_kernel(name)((6, 3), variables.random("initial", "alone/kernel"))
    np.testing.assert_array_equal(variables.values["alone/kernel"], want.astype(np.float32))


def test_unknown_names_are_told():
    with pytest.raises(ColumnError, match="Dense: unknown kernel_initializer, got 'HeNormal'; known are glorot_uniform"):
        Dense(3, kernel_initializer="HeNormal")
