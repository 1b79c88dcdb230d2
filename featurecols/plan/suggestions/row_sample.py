"""A sample of rows that does not depend on their order: the distinct rows whose hashes are least, with how often each occurs.

A row that is in the sample at the end was in it from the first time that it came, so that its count is exact.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.data.fields import convert
from featurecols.data.fields.base import FieldView

SIZE = 1 << 15  # distinct rows that are kept
_STEP = np.uint64(0x9E3779B97F4A7C15)  # of splitmix64, as are the factors of _mix
_MISSING, _UNKNOWN = np.uint64(0x6D697373), np.uint64(0x756E6B6E)


@dataclass(frozen=True)
class Sample:
    """Distinct rows, ascending by their hash.

    Attributes:
        fields: the fields, by key.
        counts: int64 [m], how often each row occurs.
        hashes: uint64 [m].
    """

    fields: Mapping[str, FieldView]
    counts: Array
    hashes: Array

    def __len__(self) -> int:
        return len(self.counts)


class RowSampler:
    """Collects a Sample over batches.

    Args:
        keys: the fields.
        size: how many distinct rows are kept.
    """

    def __init__(self, keys: Sequence[str], size: int = SIZE) -> None:
        self._keys, self._size = list(keys), size
        self._hashes, self._counts = np.empty(0, np.uint64), np.empty(0, np.int64)
        self._views: dict[str, FieldView] = {}
        self._parse = False
        self._most = np.uint64(2**64 - 1)

    def add(self, batch: Batch, views: Mapping[str, FieldView]) -> None:
        """Look at the rows of one batch, of which `views` are all fields."""
        hashes = np.zeros(batch.num_rows, np.uint64)
        for key in self._keys:
            hashes = _mix(hashes + _STEP ^ _hashes_of(views[key]))
        found, first, counts = np.unique(hashes, return_index=True, return_counts=True)
        near = found <= self._most
        found, first, counts = found[near], first[near], counts[near]
        if not len(found):
            return
        self._parse = self._parse or batch.parse
        known = np.isin(found, self._hashes, assume_unique=True)
        if known.any():
            self._counts[np.searchsorted(self._hashes, found[known])] += counts[known]
        new = ~known
        if new.any():
            self._take(found[new], first[new], counts[new], views)

    def _take(self, hashes: Array, rows: Array, counts: Array, views: Mapping[str, FieldView]) -> None:
        """Add rows of a batch that are not in the sample yet, and keep the least."""
        every, all_counts = np.concatenate([self._hashes, hashes]), np.concatenate([self._counts, counts])
        kept = np.argsort(every, kind="stable")[: self._size]
        for key in self._keys:
            old, new = self._views.get(key), views[key].take(rows.astype(np.int64))
            both = new if old is None else convert.concatenate(key, [old, new], self._parse)
            self._views[key] = both.take(kept)
        self._hashes, self._counts = every[kept], all_counts[kept]
        if len(kept) == self._size:
            self._most = self._hashes[-1]

    def sample(self) -> Sample:
        """Return the sample."""
        return Sample(self._views, self._counts, self._hashes)


def _hashes_of(view: FieldView) -> Array:
    """Return a hash of each value, uint64 [n]: of numbers by their value, of all else by its canonical bytes or its time."""
    readers: tuple[Callable[[FieldView], tuple[Array, Array | None]], ...] = (_of_numbers, _of_tokens, _of_times)
    if view.words() is not None or view.value_type().type in ("text", "bytes", "boolean"):
        readers = (_of_tokens,)
    for read in readers:
        try:
            found, offsets = read(view)
        except errors.DataError:
            continue
        return found if offsets is None else _of_lists(found, offsets)
    return np.full(len(view), _UNKNOWN)


def _of_numbers(view: FieldView) -> tuple[Array, Array | None]:
    numbers = view.numbers()
    values = np.ascontiguousarray(numbers.values, np.float64) + 0.0  # -0.0 is 0.0
    return np.where(np.isnan(values), _MISSING, _mix(values.view(np.uint64))), numbers.offsets


def _of_tokens(view: FieldView) -> tuple[Array, Array | None]:
    tokens = view.tokens()
    texts = tokens.texts
    found = _mix(kernels.texts.farmhash64(np.ascontiguousarray(texts.offsets), texts.data))
    if texts.valid is not None:
        found = np.where(texts.valid, found, _MISSING)
    if tokens.codes is not None:
        found = np.append(found, _MISSING)[tokens.codes]
    return found, tokens.offsets


def _of_times(view: FieldView) -> tuple[Array, Array | None]:
    times = view.times()
    found = _mix(times.seconds().view(np.uint64) + _STEP)
    return found if times.valid is None else np.where(times.valid, found, _MISSING), times.offsets


def _of_lists(found: Array, offsets: Array) -> Array:
    """Return a hash of each list: of its elements with their places, and its length."""
    start, stop = int(offsets[0]), int(offsets[-1])
    sizes = np.diff(offsets)
    places = np.arange(stop - start) - np.repeat(offsets[:-1] - start, sizes)
    mixed = np.append(_mix(found[start:stop] + _mix(places.astype(np.uint64))), np.uint64(0))
    sums = np.add.reduceat(mixed, (offsets[:-1] - start).astype(np.int64)) if len(sizes) else np.empty(0, np.uint64)
    return np.where(sizes > 0, _mix(sums + sizes.astype(np.uint64)), _MISSING)


def _mix(x: Array) -> Array:
    """Return the last steps of splitmix64 on uint64 [n]."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    found: Array = x ^ (x >> np.uint64(31))
    return found
