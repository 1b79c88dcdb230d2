"""Models as bytes: what `save` writes into a folder, for other processes. Nothing in them is code, and none is run."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

from featurecols import errors as base_errors
from featurecols._core import tensor_files
from featurecols.models import errors, export
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators.loading import estimator_of_card
from featurecols.models.estimators.model_as_bytes import PLAN, to_bytes
from featurecols.models.training import checkpoints
from featurecols.plan.plan import Plan

if TYPE_CHECKING:
    from featurecols.models.estimators.canned import Canned

WHERE = "these bytes"
AGAIN = "give what to_bytes gave, whole"


def from_bytes(data: bytes) -> Canned:
    """Return the model that to_bytes was given, ready to predict or to train on; raise CheckpointError for other bytes."""
    try:
        if hashlib.sha256(data[32:]).digest() != data[:32]:
            raise tensor_files.DamagedError("damaged (the checksum differs)")
        arrays, text = tensor_files.decode(data[32:])
        plan = Plan.from_bytes(arrays.pop(PLAN).tobytes())
        found = json.loads(text)
        card = {**export.about_spec(WHERE, found["spec"]), **export.numbers_of(found["card"])}
        state = found["state"]
        model = estimator_of_card(WHERE, plan, export.components([card["head"]])[0], card)
    except (base_errors.SavedPlanError, LookupError, ValueError, TypeError, RecursionError) as e:
        raise errors.checkpoint(WHERE, f"are not a model ({base_errors.show(str(e), 200)})", AGAIN) from None
    model.variables, model.label = Variables(), tuple(card["label"])
    checkpoints.restore(model.variables, arrays, state)
    model.metrics, model.data = card["metrics"], card["data"]
    return model


__all__ = ["from_bytes", "to_bytes"]
