"""A JSON Schema of specs of models, made from the signatures of the estimators."""

from __future__ import annotations

from typing import Any

from featurecols.columns import schema
from featurecols.columns.base import Column, Field
from featurecols.models.estimators.canned import OPTIMIZERS
from featurecols.models.estimators.from_json import COLUMNS, RUNNING, TENSORFLOW, WEIGHT, Training
from featurecols.models.estimators.loading import KINDS
from featurecols.models.layers import first_kernels, regularizers
from featurecols.models.objective.losses import Loss
from featurecols.models.optimization.optimizers import Optimizer

CLASS_WEIGHT = {"anyOf": [{"const": "balanced"}, {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}]}


def spec_schema() -> dict[str, Any]:
    """Return the schema of all spec files: a list of columns, an object with "columns", or a model."""
    found = schema.columns_schema()
    listed = found["anyOf"][0]
    amount = {"type": "number", "minimum": 0}
    amounts = {"type": "object", "properties": {"l1": amount, "l2": amount}, "additionalProperties": False, "minProperties": 1}
    columns = {
        **dict.fromkeys(COLUMNS, listed),
        **dict.fromkeys(OPTIMIZERS, schema.of_base(Optimizer)),
        "loss": schema.of_base(Loss),
        "kernel_initializer": {"enum": list(first_kernels.KNOWN)},
        "kernel_regularizer": {"anyOf": [{"enum": [*regularizers.KNOWN, None]}, amounts]},
    }
    models = []
    for name, kind in KINDS.items():
        takes = schema.of_arguments(kind.__init__, ("self", "weight_column", *RUNNING, *TENSORFLOW), columns)
        names = {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "minItems": 1}]}
        beside = {
            "$schema": {"type": "string"},
            "reasons": {"type": "array"},
            "model": {"enum": [name], "description": (kind.__doc__ or "").splitlines()[0]},
            "weight_column": {"type": "string"},
            WEIGHT: {"type": "string", "description": "the field of weights"},
            **dict.fromkeys(Training._fields, names),
            **{key: {"type": "integer", "minimum": 1} for key in ("epochs", "steps", "batch_size")},
            "validation_share": {"type": "number", "minimum": 0, "exclusiveMaximum": 1},
            "class_weight": CLASS_WEIGHT,
        }
        needs = ["columns"] if "columns" in takes else []
        models.append(
            {
                "type": "object",
                "properties": {**beside, **takes},
                "required": ["model", *needs],
                "additionalProperties": False,
            }
        )
    return {
        **found,
        "title": "Specs of featurecols",
        "anyOf": [*found["anyOf"], *models],
        "$defs": schema.definitions(Column, Field, Optimizer, Loss),
    }
