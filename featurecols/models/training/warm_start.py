"""Starting from another model's weights, and saying how two models' columns differ."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators.config import WarmStartSettings
from featurecols.models.training import checkpoints

WEIGHTS = "weights.safetensors"  # of an exported model
Rows = Mapping[str, Sequence[tuple[str, int, int]]]


def start(variables: Variables, given: str | Path | WarmStartSettings, rows: Rows) -> None:
    """Put the parameters of another model where this one will look for them.

    A parameter whose rows belong to slots takes the rows of the slots that both models have in the same size, and keeps
    zeros in the others; any other parameter is taken whole.
    """
    if not isinstance(given, (str, Path, WarmStartSettings)):
        raise errors.model(
            "warm start", "needs a place", given, "give a checkpoint, a model_dir, an export, or WarmStartSettings"
        )
    settings = given if isinstance(given, WarmStartSettings) else WarmStartSettings(str(given))
    path = where(Path(settings.ckpt_to_initialize_from))
    arrays, about = checkpoints.read(path)
    wanted = re.compile(settings.vars_to_warm_start)
    taken = 0
    for full, array in arrays.items():
        part, _, name = full.partition("/")
        if part not in ("values", "states") or not wanted.fullmatch(name):
            continue
        if name in rows:
            array = by_slot(array, about.get("rows", {}).get(name, []), rows[name])
        getattr(variables, part)[name] = np.array(array)
        taken += 1
    if not taken:
        raise errors.unknown("warm start", "parameter", settings.vars_to_warm_start, (n.partition("/")[2] for n in arrays))


def where(path: Path) -> Path:
    """Return the file that holds the weights: of an export, the last one of a model_dir, or the path itself."""
    if path.is_dir():
        found = path / WEIGHTS if (path / WEIGHTS).exists() else checkpoints.latest(path)
        if found is None:
            raise errors.checkpoint(path, "holds no checkpoint and no exported model", "train or export one there first")
        return found
    return path


def by_slot(array: Array, old: Sequence[tuple[str, int, int]], new: Sequence[tuple[str, int, int]]) -> Array:
    """Return the rows of the slots that both have, where the new model wants them."""
    have = {name: (start, stop) for name, start, stop in old}
    size = max((stop for _, _, stop in new), default=0)
    out = np.zeros((size, *array.shape[1:]), array.dtype)
    for name, start, stop in new:
        a, b = have.get(name, (0, 0))
        if b - a == stop - start:
            out[start:stop] = array[a:b]
    return out


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Return the differences of two sets of declared columns (JSON by name), in words."""
    parts = []
    if gone := [name for name in old if name not in new]:
        parts.append(f"it has {', '.join(gone)}, which this model lacks")
    if more := [name for name in new if name not in old]:
        parts.append(f"this model has {', '.join(more)}, which it lacks")
    parts += [f"{name} is declared otherwise" for name in old if name in new and old[name] != new[name]]
    return "; ".join(parts) or "the same columns in another order"
