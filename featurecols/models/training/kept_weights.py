"""Weights of an earlier epoch, and what a hook knows of it, kept among the states of the variables while training runs.

A checkpoint holds them, so that a run that was cut short and is taken up again ends as if it had not been.
"""

from __future__ import annotations

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models.autodiff.variables import KINDS, Variables

PREFIXES = ("automatic/", "early_stopping/")


class KeptWeights:
    """What one hook keeps, under names that begin with `prefix`, which begins with one of PREFIXES."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix

    def keep(self, variables: Variables, *progress: float, weights: bool = True) -> None:
        """Keep these numbers, and copies of all that belongs to the model, in the place of what was kept."""
        kept = {f"{self.prefix}{kind}/{name}": a.copy() for kind, name, a in _own(variables)} if weights else {}
        self.forget(variables)
        variables.states |= {f"{self.prefix}progress": np.array(progress, np.float64), **kept}

    def progress(self, variables: Variables) -> list[float] | None:
        """Return the numbers that are kept; None where there are none."""
        found = variables.states.get(f"{self.prefix}progress")
        return None if found is None else list(found.tolist())

    def restore(self, variables: Variables) -> None:
        """Put back what was kept; what an optimizer began to remember later is forgotten."""
        for kind, name, array in _own(variables):
            kept = variables.states.get(f"{self.prefix}{kind}/{name}")
            if kept is not None:
                array[...] = kept
            elif kind == "slots":
                del variables.of_kind(kind)[name]

    def forget(self, variables: Variables) -> None:
        """Drop what is kept."""
        forget(variables, (self.prefix,))


def forget(variables: Variables, prefixes: tuple[str, ...] = PREFIXES) -> None:
    """Drop what hooks have kept under these prefixes."""
    for name in [name for name in variables.states if name.startswith(prefixes)]:
        del variables.states[name]


def _own(variables: Variables) -> list[tuple[str, str, Array]]:
    """Return kind, name and array of all that belongs to the model."""
    return [(k, name, a) for k in KINDS for name, a in variables.of_kind(k).items() if not name.startswith(PREFIXES)]
