"""A model as bytes, for other processes: what `save` writes into a folder. model_bytes makes it a model again."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np

from featurecols._core import tensor_files
from featurecols.models import export

if TYPE_CHECKING:
    from featurecols.models.estimators.state import Keeper

PLAN = "plan"


def to_bytes(model: Keeper) -> bytes:
    """Return a trained model, with its plan and what its optimizer remembers; raise ModelError before its first training."""
    variables, about, plan = model._open(), model._about(), model._require_plan()
    card = {"head": about["head"], "metrics": model.metrics, "data": model.data}
    state = {"step": variables.step, "start": variables.start, "seed": variables.seed}
    text = json.dumps(export.strict({"spec": model.spec(), "card": card, "state": state}))
    found = tensor_files.encode({**variables.arrays(), PLAN: np.frombuffer(plan.to_bytes(), np.uint8)}, text)
    return hashlib.sha256(found).digest() + found
