"""Whether two processes have the same weights."""

from __future__ import annotations

from featurecols._core import tensor_files
from featurecols.models.autodiff.variables import Variables
from featurecols.models.training.kept_weights import PREFIXES


def own_states(variables: Variables) -> list[str]:
    """Return the names of the states that layers made, without what hooks keep among them."""
    return [name for name in variables.states if not name.startswith(PREFIXES)]


def digest(variables: Variables) -> str:
    """Return 32 hex digits over all weights and all that optimizers remember."""
    return tensor_files.digest(variables.arrays("values", "slots"))
