"""Ids for TorchRec: a KeyedJaggedTensor of encoded rows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import torch

from featurecols import errors
from featurecols._core.arrays import Features
from featurecols._core.slots import IdSlot, Slot
from featurecols.integrations.torch.pooling import Bags
from featurecols.integrations.torch.tensors import FeatureTensors, as_tensors

if TYPE_CHECKING:
    from torchrec.sparse.jagged_tensor import KeyedJaggedTensor


def to_keyed_jagged_tensor(features: Features | FeatureTensors, slots: Iterable[Slot] | None = None) -> KeyedJaggedTensor:
    """Return the ids of encoded rows as a KeyedJaggedTensor: the slots of ids are its keys, in order.

    Ids below 0 and past the table are left out, so that a step of a sequence without an id is no step here. Where a slot has
    weights, the ids of the others have the weight 1.

    Args:
        features: what plan.encode gives, or a batch of ParquetDataset(output="ids").
        slots: of the keys, those that are wanted of plan.encoded_slots; None is all of Features, and must be given for tensors.

    Raises:
        PlanError: for tensors without slots, and where TorchRec is not installed.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Hashed("city", 100), fc.Identity("tags", 9)])
    >>> kjt = to_keyed_jagged_tensor(plan.encode({"city": ["Rome", None], "tags": [[1, 2], [3]]}))
    >>> kjt.keys(), kjt.lengths().tolist(), kjt.values().tolist()
    (['city', 'tags'], [1, 0, 2, 1], [6, 1, 2, 3])
    """
    try:
        from torchrec.sparse.jagged_tensor import KeyedJaggedTensor
    except ImportError:
        hint = "pip install torchrec fbgemm-gpu-cpu (or fbgemm-gpu), in the versions for your PyTorch"
        raise errors.PlanError(f"to_keyed_jagged_tensor: TorchRec is not installed; {hint}") from None

    if isinstance(features, Features):
        slots = features.slots if slots is None else slots
        features = as_tensors(features)
    if slots is None:
        raise errors.plan("to_keyed_jagged_tensor", "tensors need slots", None, "give slots=plan.encoded_slots")
    chosen = [slot for slot in slots if isinstance(slot, IdSlot)]
    weighted = any("weights" in features["ids"][slot.name] for slot in chosen)
    rows = features["dense"].shape[0]
    values, lengths, weights = [], [], []
    for slot in chosen:
        bags = Bags.of(features["ids"][slot.name])
        there = (bags.values >= 0) & (bags.values < slot.num_buckets)
        values.append(bags.values[there])
        lengths.append(torch.bincount(bags.bag_of_each()[there], minlength=rows))
        if weighted:
            weights.append(torch.ones_like(values[-1], dtype=torch.float32) if bags.weights is None else bags.weights[there])
    return KeyedJaggedTensor(
        keys=[slot.name for slot in chosen],
        values=torch.cat(values) if values else torch.empty(0, dtype=torch.int64),
        lengths=torch.cat(lengths) if lengths else torch.empty(0, dtype=torch.int64),
        weights=torch.cat(weights) if weighted else None,
    )
