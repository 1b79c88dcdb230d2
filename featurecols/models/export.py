"""Models as folders: a card (JSON), weights (safetensors), and the plan. Nothing in them is code, and none is run.

model.json           what it is, what it was trained on, how well it did, versions
weights.safetensors  parameters and moving averages
plan/                the plan, where the model reads tables
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featurecols._core import regular_files
from featurecols._core.spec import decode
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.component import Component
from featurecols.models.training import checkpoints
from featurecols.models.training.warm_start import WEIGHTS
from featurecols.plan.fingerprint import digest
from featurecols.version import __version__

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

CARD, PLAN, FORMAT = "model.json", "plan", 1
_LIMIT = 1 << 26


def write(folder: Path, about: Mapping[str, Any], variables: Variables, plan: Plan | None = None) -> None:
    """The folder; the card comes last, so that a folder with a card is complete."""
    arrays = {f"{part}/{name}": a for part in ("values", "states") for name, a in getattr(variables, part).items()}
    if plan is not None:
        plan.save(folder / PLAN, overwrite=True)
    seen = {"step": variables.step, "start": 0, "seed": variables.seed}
    checkpoints.write(folder / WEIGHTS, arrays, {**seen, "rows": about.get("rows", {})})
    card = {
        "format": FORMAT,
        **about,
        "step": variables.step,
        "plan": None if plan is None else plan.fingerprint,
        "fingerprint": fingerprint(about, variables, plan),
        "versions": {"featurecols": __version__, "numpy": np.__version__, "python": platform.python_version()},
    }
    checkpoints.replace(folder / CARD, (json.dumps(card, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass"))


def fingerprint(about: Mapping[str, Any], variables: Variables, plan: Plan | None) -> str:
    """32 hex digits of a SHA-256 over all that predictions depend on: the plan and its tables, the parts, the weights."""
    parts = {name: about.get(name) for name in ("kind", "head", "arguments", "layers", "words")}
    plans = ["", ""] if plan is None else [plan.fingerprint, plan.tables_digest]
    weights = {f"{part}/{name}": a for part in ("values", "states") for name, a in getattr(variables, part).items()}
    return hashlib.sha256(json.dumps([parts, *plans, digest(weights)], sort_keys=True).encode()).hexdigest()[:32]


def card(folder: Path) -> dict[str, Any]:
    """The card of a folder. Raises CheckpointError where there is none that can be read."""
    path = folder / CARD
    try:
        text = regular_files.read_regular(path, _LIMIT)
        if text is None:
            raise errors.checkpoint(path, f"is larger than {_LIMIT >> 20} MiB", "give the folder of an exported model")
        found = json.loads(text)
    except (OSError, ValueError, RecursionError) as e:
        hint = "give the folder of an exported model"
        raise errors.checkpoint(path, f"is no readable card ({type(e).__name__})", hint) from None
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise errors.checkpoint(path, f"needs format {FORMAT}", "use the version of featurecols that wrote it")
    return found


def check_fingerprint(folder: Path, found: Mapping[str, Any], variables: Variables, plan: Plan | None) -> None:
    """Raise CheckpointError where a card, weights and a plan are not those that were exported together."""
    if found.get("fingerprint") != fingerprint(found, variables, plan):
        raise errors.checkpoint(folder, "is damaged, or was changed (its fingerprint differs)", "export the model again")


def weights(folder: Path) -> Variables:
    """The variables of a folder."""
    arrays, about = checkpoints.read(folder / WEIGHTS)
    variables = Variables()
    checkpoints.restore(variables, arrays, about)
    return variables


def components(data: Iterable[object]) -> list[Any]:
    """Parts from their JSON; raises CheckpointError for anything that is none."""
    try:
        found = [decode(item, CARD) for item in data]
    except (ValueError, TypeError, RecursionError) as e:
        raise errors.checkpoint(CARD, f"holds no such part ({errors.show(str(e), 200)})", "export the model again") from None
    if not all(isinstance(part, Component) for part in found):
        raise errors.checkpoint(CARD, "holds something that is no part of a model", "export the model again")
    return found
