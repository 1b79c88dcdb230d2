"""Check gradients against central differences in float64: the reference that every layer and loss answers to."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from featurecols.models.autodiff.tape import IndexedSlices, Value, gradients
from featurecols.models.autodiff.variables import Variables

STEP = 1e-6


def check(
    build: Callable[[], Value], variables: Variables, *, training: bool = True, cells: int = 25, tolerance: float = 2e-7
) -> set[str]:
    """Compare d(build())/d(parameter) with differences for every parameter; returns the names that were checked.

    `build` makes the loss from whatever it closes over; it must give the same loss each time for the same values.
    """
    with variables.scope(training=training):
        found = gradients(build())
    random = np.random.default_rng(0)
    for name, gradient in found.items():
        value = variables.values[name]
        got = gradient.dense() if isinstance(gradient, IndexedSlices) else gradient
        assert got.shape == value.shape, name
        flat = value.reshape(-1)
        assert np.shares_memory(flat, value)
        for i in random.choice(flat.size, min(25, flat.size), replace=False):
            was, losses = flat[i], []
            for step in (STEP, -STEP):
                flat[i] = was + step
                with variables.scope(training=training):
                    losses.append(float(build()))
            flat[i] = was
            want = (losses[0] - losses[1]) / (2 * STEP)
            assert abs(got.reshape(-1)[i] - want) <= tolerance * max(1.0, abs(want)), (name, i, got.reshape(-1)[i], want)
    return set(found)
