"""Batches that workers send in blocks of shared memory: what arrives is what was made, and stays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from featurecols.integrations.torch import shared_batches
from featurecols.integrations.torch.shared_batches import share

BATCHES = 20


def batch(worker: int, number: int) -> tuple[Any, ...]:
    """Tensors of every kind, 300 kB: a block has room for eight of them."""
    random = torch.Generator().manual_seed(100 * worker + number)
    matrix = torch.randn((1_500 - number, 50), generator=random)
    ids = {"values": torch.arange(number), "offsets": torch.zeros(0, dtype=torch.int64), "flags": torch.tensor([True] * 3)}
    kept = {"name": ["a", None, str(number)], "whole": torch.arange(5, dtype=torch.int32)[::2], "one": torch.tensor(number)}
    return matrix, {"dense": matrix[:, :3], "ids": {"slot": ids}, "lengths": {}}, kept


class Batches(IterableDataset):
    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        worker = get_worker_info()
        for number in range(BATCHES):
            yield batch(worker.id, number)


def same(got: Any, want: Any) -> bool:
    if isinstance(want, torch.Tensor):
        return got.dtype == want.dtype and torch.equal(got, want)
    if isinstance(want, dict):
        return list(got) == list(want) and all(same(got[key], value) for key, value in want.items())
    if isinstance(want, tuple):
        return type(got) is tuple and len(got) == len(want) and all(map(same, got, want))
    return got == want


def test_batches_arrive_as_they_were_made_and_stay() -> None:
    loader = DataLoader(Batches(), batch_size=None, collate_fn=share, num_workers=2, persistent_workers=True)
    for number, _ in enumerate(loader):  # an epoch that is left early
        if number == 11:
            break
    found = list(loader)
    assert len(found) == 2 * BATCHES
    for at, got in enumerate(found):
        assert same(got, batch(at % 2, at // 2)), at
    starts = {tensor.untyped_storage().data_ptr() for tensor, _, _ in found}
    assert len(starts) < len(found) // 2  # several share a block
    assert len(shared_batches._received) == 2
    del loader
    again = next(iter(DataLoader(Batches(), batch_size=None, collate_fn=share, num_workers=1)))
    assert same(again, batch(0, 0))
    assert len(shared_batches._received) == 1  # memory of workers that ended is let go
    assert same(found[0], batch(0, 0))


def test_a_batch_of_this_process_is_not_moved() -> None:
    made = batch(0, 1)
    assert share(made) is made
