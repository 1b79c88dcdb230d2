"""Encoded rows as tensors: nested dicts, which torch.export, DataLoader and Keras take as they are."""

from __future__ import annotations

from typing import NotRequired, TypedDict, TypeVar

import numpy as np
import torch
from torch import Tensor

from featurecols._core.arrays import Array, Features
from featurecols.models.input.examples import take_ids

T = TypeVar("T")


class IdTensors(TypedDict):
    """The ids of one slot.

    values: int32 or int64 [m], negative where a value has no id. offsets: int64 [n + 1] with row i owning
    values[offsets[i]:offsets[i + 1]]; not there where every row has one id. weights: float32 [m]; not there without weights.
    """

    values: Tensor
    offsets: NotRequired[Tensor]
    weights: NotRequired[Tensor]


class FeatureTensors(TypedDict):
    """n encoded rows: what plan.encode gives, as tensors.

    dense: float32 [n, w], the columns that are numbers. ids: by name of the slot. lengths: int64 [n] by name of the slot, the
    steps of each Sequence.
    """

    dense: Tensor
    ids: dict[str, IdTensors]
    lengths: dict[str, Tensor]


def as_tensors(features: Features) -> FeatureTensors:
    """Return encoded rows as tensors in the same memory; only arrays that are read-only are copied."""
    ids: dict[str, IdTensors] = {}
    for name, found in features.ids.items():
        found = found.compact()
        ids[name] = {"values": tensor(found.values)}
        if found.offsets is not None:
            ids[name]["offsets"] = tensor(found.offsets)
        if found.weights is not None:
            ids[name]["weights"] = tensor(found.weights)
    lengths = {name: tensor(steps) for name, steps in features.lengths.items()}
    return {"dense": tensor(features.dense), "ids": ids, "lengths": lengths}


def tensor(array: Array) -> Tensor:
    """Return an array as a tensor in the same memory, or a copy where it is read-only or not contiguous."""
    return torch.from_numpy(array if array.flags.writeable and array.flags.c_contiguous else np.array(array, order="C"))


def to_device(batch: T, device: torch.device | str, *, non_blocking: bool = False) -> T:
    """Return a batch with all of its tensors on a device: a tensor, or dicts, lists and tuples of tensors and other values."""
    if isinstance(batch, Tensor):
        return batch.to(device, non_blocking=non_blocking)
    if isinstance(batch, dict):
        return {key: to_device(value, device, non_blocking=non_blocking) for key, value in batch.items()}  # type: ignore[return-value]
    if isinstance(batch, tuple):
        return tuple(to_device(value, device, non_blocking=non_blocking) for value in batch)  # type: ignore[return-value]
    return batch


def take(features: Features, rows: Array) -> Features:
    """Return these rows, int64 [k], in this order."""
    ids = {name: take_ids(found, rows) for name, found in features.ids.items()}
    lengths = {name: steps[rows] for name, steps in features.lengths.items()}
    return Features(features.dense[rows], ids, lengths, features.slots)
