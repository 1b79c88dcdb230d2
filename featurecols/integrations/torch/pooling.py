"""Ids to numbers with torch: rows of tables combined, and counts; what the kernels of the package do in float64, in float32."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from featurecols.integrations.torch.tensors import IdTensors


class Bags(NamedTuple):
    """Ids of n bags: values int64 [m]; offsets int64 [n + 1], or None for one id a bag; weights float32 [m], or None."""

    values: Tensor
    offsets: Tensor | None
    weights: Tensor | None

    @staticmethod
    def of(ids: IdTensors, steps: int | None = None) -> Bags:
        """Return the ids of one slot, a bag for each row; of a sequence a bag for each of `steps` steps of each row."""
        values, offsets, weights = ids["values"].long(), ids.get("offsets"), ids.get("weights")
        if offsets is None:
            return Bags(values, None, weights)
        offsets = offsets.long()
        if steps is not None:
            starts = offsets[:-1, None] + torch.arange(steps, device=offsets.device)
            offsets = torch.cat([torch.minimum(starts, offsets[1:, None]).flatten(), offsets[-1:]])
        return Bags(values, offsets, weights)

    @property
    def number(self) -> int:
        """How many bags there are."""
        return self.values.shape[0] if self.offsets is None else self.offsets.shape[0] - 1

    def bag_of_each(self) -> Tensor:
        """Return the bag of each value, int64 [m]."""
        positions = torch.arange(self.values.shape[0], device=self.values.device)
        return positions if self.offsets is None else torch.bucketize(positions, self.offsets[1:], right=True)


def pool(
    bags: Bags,
    table: Tensor,
    combiner: str,
    max_norm: float | None = None,
    *,
    sparse: bool = False,
    rows: tuple[int, int] | None = None,
) -> Tensor:
    """Return the table rows of each bag, combined: [n, dimension].

    Args:
        bags: ids below 0, and past the table, add nothing.
        table: [rows, dimension].
        combiner: "sum", "mean", "sqrtn", "mean_all" or "sqrtn_all", as fc.Embedding defines them.
        max_norm: rows of a larger L2 norm are scaled down to it, before weights.
        sparse: whether the gradient of the table is sparse.
        rows: the first row that belongs to these ids, and the one after the last; None is all of the table.
    """
    values, offsets, weights = bags
    first, end = (0, table.shape[0]) if rows is None else rows
    there = (values >= 0) & (values < end - first)
    if weights is not None and combiner in ("mean", "sqrtn"):
        there = there & (weights > 0)
    index = torch.where(there, values + first, 0)
    if offsets is None and weights is None and max_norm is None:
        return torch.where(there[:, None], functional.embedding(index, table, sparse=sparse), 0.0)
    w = there.to(table.dtype) if weights is None else torch.where(there, weights.to(table.dtype), 0.0)
    if combiner != "sum":
        w = _share(w, bags, squared=combiner in ("sqrtn", "sqrtn_all"))
    if max_norm is None and offsets is not None:
        return functional.embedding_bag(
            index, table, offsets, mode="sum", sparse=sparse, per_sample_weights=w, include_last_offset=True
        )
    found = torch.where(there[:, None], functional.embedding(index, table, sparse=sparse), 0.0)
    if max_norm is not None:
        found = found * (max_norm / torch.linalg.vector_norm(found, dim=1, keepdim=True).clamp(min=max_norm))
    found = found * w[:, None]
    if offsets is None:
        return found
    return table.new_zeros(bags.number, table.shape[1]).index_add(0, bags.bag_of_each(), found)


def _share(weights: Tensor, bags: Bags, *, squared: bool) -> Tensor:
    """Return weights divided by their sum in the bag, or by the root of the sum of their squares; 0 where that is 0.

    It is computed in float64, since squares and differences of weights go beyond float32; Apple's devices have float32 alone.
    """
    wide = weights if weights.device.type == "mps" else weights.double()
    total = wide * wide if squared else wide
    if bags.offsets is not None:
        of_each = bags.bag_of_each()
        total = total.new_zeros(bags.number).index_add(0, of_each, total)[of_each]
    there = total != 0
    divisor = torch.where(there, total, 1.0)
    return torch.where(there, wide / (divisor.sqrt() if squared else divisor), 0.0).to(weights.dtype)


def count(bags: Bags, size: int) -> Tensor:
    """Return how often each of the ids below `size` occurs in each bag, or the sum of its weights: float32 [n, size]."""
    values, weights = bags.values, bags.weights
    there = (values >= 0) & (values < size)
    ones = torch.ones_like(values, dtype=torch.float32) if weights is None else weights
    w = torch.where(there, ones, 0.0)
    at = bags.bag_of_each() * size + torch.where(there, values, 0)
    return w.new_zeros(bags.number * size).index_add(0, at, w).view(bags.number, size)
