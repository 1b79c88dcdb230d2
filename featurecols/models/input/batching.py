"""Blocks of encoded rows as batches: permuted, assembled and prepared ahead of the training that consumes them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from itertools import chain

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.input.examples import Examples
from featurecols.models.input.prefetch import prefetch

MAX_BATCHES, MAX_BYTES = 8, 1 << 20  # how many batches are prepared together, and how much they may hold


def require_nonempty(blocks: Iterable[Examples]) -> Iterator[Examples]:
    """Yield the same blocks; raise DataError where there are none."""
    empty = True
    for block in blocks:
        empty = False
        yield block
    if empty:
        raise no_rows()


def no_rows() -> errors.DataError:
    """Return the error of data without rows."""
    return errors.labels("data", "has no rows", 0, None, "check the path or the filter")


def regroup(blocks: Iterable[Examples], rows: int) -> Iterator[Examples]:
    """Yield the rows of all blocks in blocks of exactly `rows` rows; the last one holds what is left."""
    waiting: list[Examples] = []
    have = 0
    for block in blocks:
        at = 0
        while at < len(block):
            taken = block.slice(at, min(at + rows - have, len(block)))
            at += len(taken)
            have += len(taken)
            waiting.append(taken)
            if have == rows:
                yield Examples.concatenate(waiting)
                waiting, have = [], 0
    if waiting:
        yield Examples.concatenate(waiting)


def split(blocks: Iterable[Examples], size: int, random: np.random.Generator | None, skip: int) -> Iterator[Examples]:
    """Yield batches of `size` rows, permuted within each block; the first `skip` are counted, not made."""
    waiting: list[tuple[Examples, Array]] = []
    have = 0
    for block in blocks:
        order = np.arange(len(block)) if random is None else random.permutation(len(block))
        for start, stop in _bounds(len(order), size, have):
            taken = order[start:stop]
            waiting.append((block, taken))
            have += len(taken)
            if have == size:
                if skip <= 0:
                    yield _assemble(waiting, random is None)
                waiting, have, skip = [], 0, skip - 1
    if waiting and skip <= 0:
        yield _assemble(waiting, random is None)


def batches_ahead(
    blocks: Iterable[Examples],
    size: int,
    random: np.random.Generator | None,
    skip: int,
    depth: int,
    max_batches: int = 1,
    rows: int | None = None,
) -> Iterator[Examples]:
    """Yield batches that a thread splits and prepares ahead, up to `max_batches` of them at a time.

    Several at a time, because threads wait for each other where they meet; and no thread where these are all, as each epoch
    would start one and wait for it. An error comes after the batches before it.

    Args:
        blocks: rows that are permuted together.
        size: rows of a batch.
        random: of the permutations; None keeps the order.
        skip: batches that are left out at the beginning.
        depth: how far ahead the thread is; 0 prepares each batch when it is asked for.
        max_batches: how many are prepared together, where they are small.
        rows: in all blocks, where that is known.
    """
    failed: list[Exception] = []
    most = max_batches if depth else 1

    def until_error() -> Iterator[Examples]:
        try:
            yield from blocks
        except Exception as error:
            failed.append(error)

    left = until_error()
    if rows is not None and size < rows <= most * size and (first := next(left, None)) is not None:
        depth = 0 if rows <= _together(first, size, most) * size else depth
        left = chain([first], left)
        del first

    def several(left: Iterator[Examples]) -> Iterator[list[Examples]]:
        first = next(left, None)
        if first is not None:
            many = _together(first, size, most)
            left, done = chain([first], left), skip % many
            del first
            for block in split(left, many * size, random, skip // many):
                rows = len(block) - (len(block) % size if failed else 0)  # a batch that the error has cut short is none
                yield block.slice(0, rows).batches(size)[done:]
                done = 0
        if failed:
            raise failed[0]

    with closing(prefetch(several(left), depth)) as ready:
        for batches in ready:
            yield from batches


def _together(first: Examples, size: int, most: int) -> int:
    """Return how many batches are prepared together, judged by the first block: at most `most`."""
    return max(1, min(most, MAX_BYTES * len(first) // (size * max(first.nbytes, 1))))


def _bounds(rows: int, size: int, have: int) -> Iterator[tuple[int, int]]:
    """Yield (start, stop) of consecutive rows, the first ones filling up a batch that has `have` rows already."""
    at = 0
    while at < rows:
        stop = min(at + size - (have if at == 0 else 0), rows)
        yield at, stop
        at = stop


def _assemble(taken: Sequence[tuple[Examples, Array]], in_order: bool) -> Examples:
    """Return the rows of several blocks as one batch; consecutive ones without copying."""
    if in_order:
        return Examples.concatenate([block.slice(int(rows[0]), int(rows[-1]) + 1) for block, rows in taken])
    return Examples.concatenate([block.take(rows) for block, rows in taken])
