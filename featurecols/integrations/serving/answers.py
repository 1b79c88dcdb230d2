"""Answers in the formats of TensorFlow Serving, as JSON data."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.integrations.serving.servable import CLASSIFY, REGRESS, TRANSFORM, Arrays, Servable

_TYPES = {"f4": "DT_FLOAT", "f8": "DT_DOUBLE", "i8": "DT_INT64", "i4": "DT_INT32", "b1": "DT_BOOL"}
_READS = {"boolean": "DT_BOOL", "integer": "DT_INT64", "float": "DT_DOUBLE", "decimal": "DT_DOUBLE"}


def answer(servable: Servable, verb: str, arrays: Arrays, start: int, stop: int, *, by_column: bool) -> dict[str, object]:
    """Return the answer about rows start:stop of arrays.

    predict: {"predictions": [{"probabilities": [...], ...}, ...]}, by column {"outputs": {"probabilities": [[...], ...], ...}}.
    classify: {"result": [[[label, score], ...], ...]}. regress: {"result": [number, ...]}.
    transform: {"features": [[...], ...]}.
    """
    columns = {name: plain(array[start:stop]) for name, array in arrays.items()}
    if verb == TRANSFORM:
        return {**columns}
    if verb == CLASSIFY:
        scores = arrays["probabilities"][start:stop].tolist()
        return {"result": [[[label, score] for label, score in zip(servable.labels, row, strict=True)] for row in scores]}
    if verb == REGRESS:
        return {"result": next(iter(columns.values()))}
    if by_column:
        return {"outputs": columns.get("", columns)}
    if "" in columns:
        return {"predictions": columns[""]}
    names = tuple(columns)
    return {"predictions": [dict(zip(names, row, strict=True)) for row in zip(*columns.values(), strict=True)]}


def plain(array: Array) -> list[object]:
    """Return an array as lists of Python values; what is not finite is None, since JSON has no number for it."""
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        bad = ~np.isfinite(array)
        array = array.astype(object)
        array[bad] = None
    found: list[object] = array.tolist()
    return found


def metadata(servable: Servable) -> dict[str, object]:
    """Return what TensorFlow Serving says of a model, and under "featurecols" what it is here: kind, fields, types, labels."""
    plan = servable.plan
    uses = plan.input_uses
    inputs = {
        key: _tensor(
            key,
            _READS.get(of.type or "", "DT_DOUBLE" if uses[key] == {"number"} and of.type is None else "DT_STRING"),
            of.list_depth,
        )
        for key, of in servable.reader.schema.items()
    }
    outputs = {
        name or "output": _tensor(name or "output", _type_of(dtype), 0, shape)
        for name, (dtype, shape) in servable.outputs.items()
    }
    signature = {"inputs": inputs, "outputs": outputs, "method_name": "tensorflow/serving/predict"}
    return {
        "model_spec": {"name": servable.name, "signature_name": "", "version": str(servable.version)},
        "metadata": {"signature_def": {"signature_def": {"serving_default": signature}}},
        "featurecols": {
            "kind": servable.kind,
            "fingerprint": servable.fingerprint,
            "plan": plan.fingerprint,
            "verbs": list(servable.verbs),
            "labels": list(servable.labels),
            "fields": {
                key: {"type": of.type, "list_depth": of.list_depth, "read_as": sorted(uses[key])}
                for key, of in servable.reader.schema.items()
            },
            "columns": [repr(column) for column in plan.columns],
        },
    }


def status(version: int, state: str, code: str = "OK", message: str = "") -> dict[str, object]:
    """Return the state of a version: LOADING, AVAILABLE or END."""
    return {"version": str(version), "state": state, "status": {"error_code": code, "error_message": message}}


def _type_of(dtype: np.dtype[np.generic]) -> str:
    return _TYPES.get(f"{dtype.kind}{dtype.itemsize}", "DT_STRING")


def _tensor(name: str, type_: str, depth: int, shape: Sequence[int] = ()) -> dict[str, object]:
    sizes = [-1, *[-1] * depth, *shape]
    dims = [{"size": str(size), "name": ""} for size in sizes]
    return {"dtype": type_, "tensor_shape": {"dim": dims, "unknown_rank": False}, "name": name}
