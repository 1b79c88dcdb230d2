"""The input pipeline: rows read, encoded, shuffled and cut into batches ahead of the training that consumes them.

Declared like tf.data, `from_parquet("train/").shuffle(100_000).batch(512).cache()`, and run by a Stream. The order of
rows depends on the seed and the number of the epoch alone: not on caches, threads or earlier epochs.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.input import cache, labels
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import Piece, Table, table
from featurecols.models.input.prefetch import ahead
from featurecols.models.objective.heads import PlainHead

_GROUP, _GROUP_BYTES = 8, 1 << 20  # batches that are made ready together, and how much they may hold


class Encoder(NamedTuple):
    """How rows become examples: the function, the fields it reads and how, what it depends on, and what it gives."""

    encode: Callable[[Piece], Examples]
    needs: Sequence[tuple[str, str]]
    key: str
    layout: Layout


@dataclass(frozen=True)
class Pipeline:
    """What to read and how to serve it. Every method gives a changed copy; nothing is read before training asks.

    >>> pipeline = from_data({"x": [1.0, 2.0, 3.0], "y": [0, 1, 0]}, label="y").shuffle(100).batch(2).repeat(5)
    >>> pipeline.batch_size, pipeline.epochs, pipeline.buffer
    (2, 5, 100)
    """

    table: Table
    buffer: int = 0
    batch_size: int | None = None
    epochs: int | None = None
    depth: int = 2
    kept: float | Path | None = None
    seed: int | None = None
    memory: dict[str, Any] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.batch_size is not None:
            _count("batch", self.batch_size)

    def shuffle(self, buffer: int, seed: int | None = None) -> Pipeline:
        """Rows in random order: parts of the source (row groups) are drawn in random order, and `buffer` rows at a time are
        permuted. A buffer of all rows is a perfect shuffle; `seed` is the model's unless it is given."""
        return replace(self, buffer=_count("shuffle", buffer), seed=seed)

    def batch(self, size: int) -> Pipeline:
        """Batches of `size` rows; the last one of an epoch holds what is left."""
        return replace(self, batch_size=_count("batch", size))

    def repeat(self, epochs: int | None = None) -> Pipeline:
        """Train for this many epochs; None is until something else ends it (steps, a hook)."""
        return replace(self, epochs=-1 if epochs is None else _count("repeat", epochs))

    def prefetch(self, depth: int = 2) -> Pipeline:
        """Prepare up to `depth` batches ahead, small ones up to 8 at a time, in a thread of their own; 0 prepares each when it
        is asked for."""
        return replace(self, depth=_count("prefetch", depth, 0))

    def cache(self, path: str | Path | None = None) -> Pipeline:
        """Keep the encoded rows in memory, or in the folder `path`, so that later epochs neither read nor encode."""
        if path is not None and not isinstance(path, (str, Path)):
            raise errors.argument("cache", "needs a folder, or nothing for memory", path, "give cache() or cache('folder')")
        return replace(self, kept=float("inf") if path is None else Path(path))

    def examples(self, plan: Any, *, epoch: int = 0, seed: int = 0) -> Iterator[Examples]:
        """The batches of one epoch, encoded by a plan: for a training loop of one's own.

        They hold the labels and weights that the pipeline names; words are numbered in the order of their bytes. With
        `cache()`, later epochs of this pipeline and plan neither read nor encode.

        >>> import featurecols as fc
        >>> pipeline = from_data({"x": [1.0, 2.0, 3.0], "y": ["no", "yes", "no"]}, label="y").batch(2).cache()
        >>> [(b["x"][:, 0].tolist(), b.labels.tolist()) for b in pipeline.examples(fc.compile([fc.Numeric("x")]))]
        [([1.0, 2.0], [0, 1]), ([3.0], [0])]
        """
        key = json.dumps([plan.fingerprint, plan.tables_digest, self.table.labels, self.table.weight])
        if key not in self.memory:
            encoder = _encoder(plan, self.table, key)
            self.memory[key] = encoder, cache.of(self.kept, key, encoder.layout)
        encoder, kept = self.memory[key]
        return BatchStream(self, encoder, seed, kept).epoch(epoch)


def from_parquet(path: Any, *, label: str | Sequence[str] | None = None, weight: str | None = None) -> Pipeline:
    """Rows of Parquet (or CSV) files, a folder, a glob or a list of paths; `label` and `weight` name fields."""
    return from_data(path, label=label, weight=weight)


def from_data(data: Any, *, label: Any = None, weight: str | None = None) -> Pipeline:
    """Rows of anything that trains a model: tables, paths, pairs (features, labels), functions that give them."""
    return Pipeline(table(data, label, weight))


def needs_of(plan: Any) -> list[tuple[str, str]]:
    """The fields that a plan reads, and how."""
    return [(key, "category" if "category" in kinds else "number") for key, kinds in plan.input_schema.items()]


def _encoder(plan: Any, rows: Table, key: str) -> Encoder:
    """Rows with their labels as they are, and their weights."""
    layout = Layout(plan.feature_slots, plan.all_tables)
    head = PlainHead(labels.learn(rows.label_batches(), rows.labels[0]) if rows.labels else None)

    def encode(piece: Piece) -> Examples:
        y = None if piece.labels is None else head.read(piece.labels, rows.labels)
        w = None if piece.weights is None else labels.weights(*piece.weights)
        return Examples.of(plan.encode(piece.batch), layout, y, w)

    return Encoder(encode, needs_of(plan), key, layout)


class BatchStream:
    """A pipeline that runs.

    Args:
        pipeline: what to serve.
        encoder: makes Examples of pieces of rows; a file cache of another key is refused.
        seed: of the shuffle, where the pipeline has none.
        kept: the cache of an earlier stream, to go on with.
    """

    def __init__(self, pipeline: Pipeline, encoder: Encoder, seed: int, kept: cache.NoCache | None = None) -> None:
        self.pipeline, self.encoder = pipeline, encoder
        self.seed = seed if pipeline.seed is None else pipeline.seed
        self.groups = pipeline.table.groups
        self.batch_size = pipeline.batch_size or 256
        known = [None] if pipeline.table.pairs else [group.num_rows for group in self.groups]
        self.rows = None if None in known else sum(k for k in known if k is not None)
        self.cache = kept or cache.of(pipeline.kept, encoder.key, encoder.layout)
        self.digest: str | None = None  # of the first rows, once they have been read

    @property
    def batches(self) -> int | None:
        """Batches of an epoch, where that is known before it is over."""
        return None if self.rows is None else -(-self.rows // self.batch_size)

    def epoch(self, number: int, skip: int = 0, *, run: int = 0) -> Iterator[Examples]:
        """The batches of one epoch without its first `skip`; `run` sets the shuffles of several runs apart."""
        random = np.random.Generator(np.random.PCG64([self.seed, run, number])) if self.pipeline.buffer else None
        most = 1 if self.rows is None else _GROUP  # who makes rows as they come need not wait for many
        return _batches(_some(self._windows(random)), self.batch_size, random, skip, self.pipeline.depth, most)

    def batches_or_empty(self) -> Iterator[Examples]:
        """One epoch, or a single batch of no rows where there are none: what prediction runs over."""
        found = ahead(_cut(self._pieces(range(len(self.groups))), self.batch_size, None, 0), self.pipeline.depth)
        first = next(found, None)
        if first is None:
            yield from (self.encoder.encode(piece) for piece in self.pipeline.table.pieces(self.encoder.needs))
            return
        yield first
        yield from found

    def _windows(self, random: np.random.Generator | None) -> Iterator[Examples]:
        """Rows that are shuffled together; without a shuffle, pieces as they come.

        Whether all rows are one window must not depend on what an earlier epoch has found out, or a run that was
        killed would go on in another order.
        """
        groups, buffer = range(len(self.groups)), self.pipeline.buffer
        if random is None:
            yield from self._pieces(groups)
        elif self.rows is not None and buffer >= self.rows:
            yield self.cache.whole(groups, self._read)
        else:
            yield from _gathered(self._pieces(random.permutation(len(groups)).tolist()), buffer)

    def _pieces(self, groups: Iterable[int]) -> Iterator[Examples]:
        for group in groups:
            yield from self.cache.pieces(group, len(self.groups), self._read)

    def _read(self, group: int) -> Iterator[Examples]:
        before = [g.num_rows for g in self.groups[:group]]
        row = 0 if None in before else sum(n for n in before if n is not None)
        for piece in self.pipeline.table.pieces(self.encoder.needs, self.groups[group]):
            if piece.batch.num_rows == 0:
                continue
            try:
                examples = self.encoder.encode(piece)
            except errors.DataError as e:
                raise e.shifted(row) from None
            if group == 0 and row == 0:
                self.digest = _digest(examples.slice(0, 1000), self.rows)
            yield examples
            row += piece.batch.num_rows


class InMemoryStream(BatchStream):
    """Examples that are there already, in batches."""

    def __init__(self, examples: Examples, batch_size: int, shuffle: bool, seed: int) -> None:
        self.examples, self.batch_size, self.shuffle, self.seed = examples, _count("batch", batch_size), shuffle, seed
        self.rows, self.digest = len(examples), None

    def batches_or_empty(self) -> Iterator[Examples]:
        return iter([self.examples]) if self.rows == 0 else self.epoch(0)

    def epoch(self, number: int, skip: int = 0, *, run: int = 0) -> Iterator[Examples]:
        random = np.random.Generator(np.random.PCG64([self.seed, run, number])) if self.shuffle else None
        if not self.rows:
            raise no_rows()
        return _batches([self.examples], self.batch_size, random, skip, 2, _GROUP)


def _some(windows: Iterable[Examples]) -> Iterator[Examples]:
    """The same, or an error where there are none."""
    empty = True
    for window in windows:
        empty = False
        yield window
    if empty:
        raise no_rows()


def no_rows() -> errors.DataError:
    return errors.labels("data", "has no rows", 0, None, "check the path or the filter")


def _gathered(pieces: Iterable[Examples], rows: int) -> Iterator[Examples]:
    """Pieces put together and cut to exactly `rows` rows; the last one holds what is left."""
    waiting: list[Examples] = []
    have = 0
    for piece in pieces:
        at = 0
        while at < len(piece):
            part = piece.slice(at, min(at + rows - have, len(piece)))
            at += len(part)
            have += len(part)
            waiting.append(part)
            if have == rows:
                yield Examples.concatenate(waiting)
                waiting, have = [], 0
    if waiting:
        yield Examples.concatenate(waiting)


def _cut(windows: Iterable[Examples], size: int, random: np.random.Generator | None, skip: int) -> Iterator[Examples]:
    """Batches of `size` rows, permuted within each window; the first `skip` are counted, not made."""
    waiting: list[tuple[Examples, Array]] = []
    have = 0
    for window in windows:
        order = np.arange(len(window)) if random is None else random.permutation(len(window))
        for at in _edges(len(order), size, have):
            part = order[at[0] : at[1]]
            waiting.append((window, part))
            have += len(part)
            if have == size:
                if skip <= 0:
                    yield _made(waiting, random is None)
                waiting, have, skip = [], 0, skip - 1
    if waiting and skip <= 0:
        yield _made(waiting, random is None)


def _batches(
    windows: Iterable[Examples], size: int, random: np.random.Generator | None, skip: int, depth: int, most: int = 1
) -> Iterator[Examples]:
    """Batches that were cut and prepared ahead, up to `most` of them at a time: threads wait for each other where they meet.
    An error comes after the batches before it."""
    failed: list[Exception] = []

    def sound() -> Iterator[Examples]:
        try:
            yield from windows
        except Exception as error:
            failed.append(error)

    def groups() -> Iterator[list[Examples]]:
        left = sound()
        first = next(left, None)
        if first is not None:
            many = max(1, min(most if depth else 1, _GROUP_BYTES * len(first) // (size * max(first.nbytes, 1))))
            left, done = chain([first], left), skip % many
            del first
            for part in _cut(left, many * size, random, skip // many):
                rows = len(part) - (len(part) % size if failed else 0)  # a batch that the error has cut short is none
                yield part.slice(0, rows).batches(size)[done:]
                done = 0
        if failed:
            raise failed[0]

    with closing(ahead(groups(), depth)) as ready:
        for group in ready:
            yield from group


def _digest(first: Examples, rows: int | None) -> str:
    """32 hex digits over the first rows and the number of all: enough to tell data sets apart on a model's card."""
    found = hashlib.sha256(f"{rows} {first.single} {sorted(first.lists)}".encode())
    for _, array in cache.arrays(first, sorted(first.lists)):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:32]


def _edges(rows: int, size: int, have: int) -> Iterator[tuple[int, int]]:
    """start, stop of each part of `rows` rows, the first one filling up a batch that has some rows already."""
    at = 0
    while at < rows:
        stop = min(at + size - (have if at == 0 else 0), rows)
        yield at, stop
        at = stop


def _made(parts: Sequence[tuple[Examples, Array]], in_order: bool) -> Examples:
    if in_order:
        return Examples.concatenate([window.slice(int(rows[0]), int(rows[-1]) + 1) for window, rows in parts])
    return Examples.concatenate([window.take(rows) for window, rows in parts])


def _count(subject: str, got: object, least: int = 1) -> int:
    if isinstance(got, bool) or not isinstance(got, int) or got < least:
        raise errors.argument(subject, f"needs an integer of at least {least}", got, f"give {least} or more")
    return got
