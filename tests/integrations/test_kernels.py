"""Every variant of every kernel compiles, also those that no test needs: workers of the suite compile what they use."""

from __future__ import annotations

import types

import pytest

from featurecols import kernels
from featurecols.kernels import machine_code
from featurecols.kernels.compiler import Kernel

FOUND = {f"{n}.{name}": k for n in kernels.MODULES for name, k in vars(getattr(kernels, n)).items() if isinstance(k, Kernel)}


@pytest.mark.parametrize("name", FOUND)
def test_every_variant_compiles(name: str) -> None:
    assert machine_code.SUPPORTED
    for key in FOUND[name].signatures:
        assert isinstance(FOUND[name][key], types.BuiltinFunctionType), key
