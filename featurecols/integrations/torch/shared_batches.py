"""Batches on their way from a worker of a DataLoader: the tensors of several batches in one shared memory.

Each tensor that a worker sends takes a file descriptor, which the receiver fetches over a connection of its own, in about a
millisecond. So the tensors of a batch are copied into a block of shared memory, which travels once, with the first batch in it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple, TypeVar

import torch
from torch import Tensor
from torch.utils.data import get_worker_info

T = TypeVar("T")
_ALIGNED = 64  # bytes of which the start of each tensor is a multiple
_LEAST, _BATCHES = 1 << 20, 8  # bytes of a block, and batches as large as the first that it has room for


class _Place(NamedTuple):
    """Where a tensor lies in a block."""

    start: int
    dtype: torch.dtype
    shape: tuple[int, ...]


class _Block(NamedTuple):
    """Shared memory of a worker, uint8 [bytes], and its number among the blocks of this worker."""

    number: int
    memory: Tensor


class _Filler:
    """Where a worker puts its batches."""

    def __init__(self) -> None:
        self.block, self.filled = _Block(0, torch.empty(0, dtype=torch.uint8)), 0

    def reserve(self, size: int) -> bool:
        """Make room for so many bytes; return whether it is in a new block."""
        if self.filled + size <= len(self.block.memory):
            return False
        storage = torch.UntypedStorage._new_shared(max(_LEAST, _BATCHES * size))  # where default_collate writes, too
        memory = torch.empty(0, dtype=torch.uint8).set_(storage)
        self.block, self.filled = _Block(self.block.number + 1, memory), 0
        return True

    def put(self, tensor: Tensor) -> _Place:
        """Copy a tensor to where the last one ended."""
        place = _Place(self.filled, tensor.dtype, tuple(tensor.shape))
        _at(self.block.memory, place).copy_(tensor)
        self.filled += _space(tensor)
        return place


class SharedBatch:
    """A batch whose tensors lie in a block; unpickled, it is the batch."""

    def __init__(self, block: _Block, batch: object, first: bool) -> None:
        """Hold a batch with a _Place for each tensor; first: no other batch in this block was sent before."""
        self._arguments = os.getpid(), block.number, block.memory if first else None, batch

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return _receive, self._arguments


_filler = _Filler()
_received: dict[int, _Block] = {}  # by process that sends: its last block, in which more batches may come


def share(batch: T) -> T | SharedBatch:
    """Return a batch as it travels best: in shared memory from a worker, as it is in the process that reads it."""
    if get_worker_info() is None or os.name != "posix":
        return batch
    sizes: list[int] = []
    _map(batch, Tensor, lambda tensor: sizes.append(_space(tensor)))
    first = _filler.reserve(sum(sizes))
    return SharedBatch(_filler.block, _map(batch, Tensor, _filler.put), first)


def _receive(sender: int, number: int, memory: Tensor | None, batch: object) -> object:
    """Return a batch that another process sent. Those of one sender come in the order in which they were made."""
    if memory is not None:
        for process in [process for process in _received if process == sender or not _runs(process)]:
            del _received[process]
        _received[sender] = _Block(number, memory)
    block = _received[sender]
    if block.number != number:
        raise RuntimeError("batches of a worker were received out of order")
    return _map(batch, _Place, lambda place: _at(block.memory, place))


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _space(tensor: Tensor) -> int:
    return -(-tensor.nbytes // _ALIGNED) * _ALIGNED


def _at(memory: Tensor, place: _Place) -> Tensor:
    """Return the tensor that lies in a block, without copying."""
    count = torch.Size(place.shape).numel()
    return memory[place.start : place.start + count * place.dtype.itemsize].view(place.dtype).view(place.shape)


def _map(value: object, of: type[T], change: Callable[[T], object]) -> object:
    """Return dicts and tuples with each value of a type changed."""
    if isinstance(value, of):
        return change(value)
    if isinstance(value, dict):
        return {key: _map(each, of, change) for key, each in value.items()}
    if type(value) is tuple:
        return tuple(_map(each, of, change) for each in value)
    return value
