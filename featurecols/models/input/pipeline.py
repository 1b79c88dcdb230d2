"""The input pipeline: rows read, encoded, shuffled and served in batches ahead of the training that consumes them.

Declared like tf.data, `from_parquet("train/").shuffle(100_000).batch(512).cache()`, and run by a BatchStream. The order of
rows depends on the seed and the number of the epoch alone: not on caches, threads or earlier epochs.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from featurecols._core.suggestions import explain_arguments
from featurecols.data.sources import FileSource, as_source, state_of
from featurecols.models import errors
from featurecols.models.input import cache, classes, labels
from featurecols.models.input.batching import MAX_BATCHES, batches_ahead, no_rows, regroup, require_nonempty, split
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import (
    LabelledBatch,
    LabelledRows,
    bind_arguments,
    calls_for_rows,
    labelled_rows,
    rows_of_call,
)
from featurecols.models.input.prefetch import prefetch
from featurecols.models.objective.heads import PlainHead
from featurecols.models.types import Data, Label

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan


class Encoder(NamedTuple):
    """How rows become examples: the function, the fields it reads and how, what it depends on, and what it gives."""

    encode: Callable[[LabelledBatch], Examples]
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

    data: LabelledRows
    buffer: int = 0
    batch_size: int | None = None
    epochs: int | None = None
    depth: int = 2
    kept: float | Path | None = None
    seed: int | None = None
    memory: dict[str, tuple[Encoder, cache.NoCache]] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        if self.batch_size is not None:
            _require_count("batch", self.batch_size)

    def shuffle(self, buffer: int, seed: int | None = None) -> Pipeline:
        """Serve rows in random order.

        Fragments of the source (row groups) are drawn in random order, and `buffer` rows at a time are permuted. A buffer of
        all rows is a perfect shuffle; `seed` is the model's unless it is given.
        """
        return replace(self, buffer=_require_count("shuffle", buffer), seed=seed)

    def batch(self, size: int) -> Pipeline:
        """Serve batches of `size` rows; the last one of an epoch holds what is left."""
        return replace(self, batch_size=_require_count("batch", size))

    def repeat(self, epochs: int | None = None) -> Pipeline:
        """Train for this many epochs; None is until something else ends it (steps, a hook)."""
        return replace(self, epochs=-1 if epochs is None else _require_count("repeat", epochs))

    def prefetch(self, depth: int = 2) -> Pipeline:
        """Prepare up to `depth` batches ahead in a thread of their own, small ones up to 8 at a time.

        0 prepares each when it is asked for.
        """
        return replace(self, depth=_require_count("prefetch", depth, 0))

    def cache(self, path: str | Path | None = None) -> Pipeline:
        """Keep the encoded rows in memory, or in the folder `path`, so that later epochs neither read nor encode.

        A folder of other columns or other data is refused: files are told apart by name, size and time, tables by their
        length and first rows. What functions and iterators give is not told apart.
        """
        if path is not None and not isinstance(path, (str, Path)):
            raise errors.argument("cache", "needs a folder, or nothing for memory", path, "give cache() or cache('folder')")
        return replace(self, kept=float("inf") if path is None else Path(path))

    def examples(self, plan: Plan, *, epoch: int = 0, seed: int = 0) -> Iterator[Examples]:
        """Return the batches of one epoch, encoded by a plan: for a training loop of one's own.

        They hold the labels and weights that the pipeline names; words are numbered in the order of their bytes. Rows are
        computed as training rows are (`plan.encode_training`), which differs where columns learned from a label. With
        `cache()`, later epochs of this pipeline and plan neither read nor encode.

        >>> import featurecols as fc
        >>> pipeline = from_data({"x": [1.0, 2.0, 3.0], "y": ["no", "yes", "no"]}, label="y").batch(2).cache()
        >>> [(b["x"][:, 0].tolist(), b.labels.tolist()) for b in pipeline.examples(fc.compile([fc.Numeric("x")]))]
        [([1.0, 2.0], [0, 1]), ([3.0], [0])]
        """
        key = json.dumps([plan.fingerprint, plan.tables_digest, self.data.labels, self.data.weight])
        if key not in self.memory:
            encoder = _encoder(plan, self.data, key)
            self.memory[key] = encoder, _cache_of(self, encoder)
        encoder, kept = self.memory[key]
        return BatchStream(self, encoder, seed, kept).epoch(epoch)


@explain_arguments
def from_parquet(path: Data, *, label: str | Sequence[str] | None = None, weight: str | None = None) -> Pipeline:
    """Read rows of Parquet (or CSV) files, a folder, a glob or a list of paths; `label` and `weight` name fields."""
    return from_data(path, label=label, weight=weight)


@explain_arguments
def from_data(data: Data, *, label: Label | None = None, weight: str | None = None) -> Pipeline:
    """Read rows of anything that trains a model: tables, paths, pairs (features, labels), functions that give them.

    Raises DataError for paths without Parquet or CSV files; nothing else is read before training asks.
    """
    found = rows_or_pipeline(data, label, weight)
    if isinstance(found, LabelledRows) and _are_paths(data):
        as_source(data)  # raises where there are none
    return found if isinstance(found, Pipeline) else Pipeline(found)


def _are_paths(data: object) -> bool:
    """Return whether data is a path, or a list of them."""
    several = isinstance(data, (list, tuple)) and bool(data) and all(isinstance(path, (str, PathLike)) for path in data)
    return several or isinstance(data, (str, PathLike))


def rows_or_pipeline(
    data: Data | Pipeline, label: Label | None, weight: str | None, **arguments: object
) -> LabelledRows | Pipeline:
    """Return a Pipeline as it is, also one that a function gives, and all other data as LabelledRows; a pipeline gets names.

    `arguments` are for a function that asks for them: mode, params, config.
    """
    if calls_for_rows(data, label):
        call = bind_arguments(data, arguments)
        first = call()
        found = first if isinstance(first, Pipeline) else rows_of_call(call, first, label, weight)
    else:
        found = data if isinstance(data, Pipeline) else labelled_rows(data, label, weight, **arguments)
    return replace(found, data=found.data.with_names(label, weight)) if isinstance(found, Pipeline) else found


def needs_of(plan: Plan, *, training: bool = False) -> list[tuple[str, str]]:
    """Return the fields that a plan reads, of the rows that it was fitted on or of others, and how."""
    uses = plan.training_uses if training else plan.input_uses
    return [(key, "category" if "category" in kinds else "number") for key, kinds in uses.items()]


def _encoder(plan: Plan, rows: LabelledRows, key: str) -> Encoder:
    """Return the encoder of rows with their labels as they are, and their weights."""
    layout = Layout(plan.encoded_slots, plan.tables)
    head = PlainHead(classes.learn_words(rows.label_batches(), rows.labels[0]) if rows.labels else None)

    def encode(batch: LabelledBatch) -> Examples:
        y = None if batch.labels is None else head.read(batch.labels, rows.labels)
        w = None if batch.weights is None else labels.weights(*batch.weights)
        return Examples.of(plan.encode_training(batch.rows), layout, y, w)

    return Encoder(encode, needs_of(plan, training=True), key, layout)


def _cache_of(pipeline: Pipeline, encoder: Encoder) -> cache.NoCache:
    """Return the cache of a pipeline whose rows an encoder encodes."""
    return cache.of(pipeline.kept, encoder.key, encoder.layout, partial(_identity, pipeline.data, encoder))


def _identity(rows: LabelledRows, encoder: Encoder) -> object:
    """Return what tells data apart: files by name, size and time (in nanoseconds), tables by their length and first rows.

    What functions and iterators give is not told apart: looking at it would cost a reading.
    """
    if rows.paths:
        source = as_source(rows.data)
        options = source.options.identity if isinstance(source, FileSource) and source.options else {}
        files: list[object] = [[os.path.basename(path), *state_of(path)] for path in rows.paths]
        return [*files, options] if options else files
    if not rows.ends or rows.pairs:
        return None
    first = next((batch for batch in rows.batches(encoder.needs) if batch.rows.num_rows), None)
    return None if first is None else _fingerprint(encoder.encode(first).slice(0, 1000), rows.features.num_rows)


class BatchStream:
    """A pipeline that runs.

    Args:
        pipeline: what to serve.
        encoder: makes Examples of blocks of rows; a file cache of another key is refused.
        seed: of the shuffle, where the pipeline has none.
        kept: the cache of an earlier stream, to go on with.
        digests: whether `digest` is wanted, as for training.
    """

    def __init__(
        self, pipeline: Pipeline, encoder: Encoder, seed: int, kept: cache.NoCache | None = None, *, digests: bool = True
    ) -> None:
        self.pipeline, self.encoder = pipeline, encoder
        self.seed = seed if pipeline.seed is None else pipeline.seed
        self.fragments = pipeline.data.fragments
        self.batch_size = pipeline.batch_size or 256
        known = [None] if pipeline.data.pairs else [fragment.num_rows for fragment in self.fragments]
        self.rows = None if None in known else sum(k for k in known if k is not None)
        self.cache = kept or _cache_of(pipeline, encoder)
        self.digests = digests
        self.digest: str | None = None  # of the first rows, once they have been read

    def read_digest(self) -> str | None:
        """Return the digest of the first rows, read now where they were not; None where they could not be read again."""
        if self.digest is None and not self.pipeline.data.once:
            next(self._read(0), None)
        return self.digest

    @property
    def _depth(self) -> int:
        """How many batches are prepared ahead: none of a single one, for which a thread would have to be waited for."""
        return 0 if self.batches in (0, 1) else self.pipeline.depth

    @property
    def batches(self) -> int | None:
        """The number of batches in an epoch, where that is known before it is over."""
        return None if self.rows is None else -(-self.rows // self.batch_size)

    def epoch(self, number: int, skip: int = 0, *, run: int = 0) -> Iterator[Examples]:
        """Return the batches of one epoch without its first `skip`; `run` sets the shuffles of several runs apart."""
        random = np.random.Generator(np.random.PCG64([self.seed, run, number])) if self.pipeline.buffer else None
        max_batches = 1 if self.rows is None else MAX_BATCHES  # who makes rows as they come need not wait for many
        blocks = require_nonempty(self._blocks(random))
        return batches_ahead(blocks, self.batch_size, random, skip, self._depth, max_batches, self.rows)

    def batches_or_empty(self) -> Iterator[Examples]:
        """Yield one epoch, or a single batch of no rows where there are none: what prediction runs over."""
        found = prefetch(split(self._encode(range(len(self.fragments))), self.batch_size, None, 0), self._depth)
        first = next(found, None)
        if first is None:
            yield from (self.encoder.encode(batch) for batch in self.pipeline.data.batches(self.encoder.needs))
            return
        yield first
        yield from found

    def in_order(self, size: int) -> Iterator[Examples]:
        """Yield all rows in the order of the data, in batches of `size` rows; encoded rows that are kept are not read again."""
        fragments = range(len(self.fragments))
        whole = self.rows is not None and self.pipeline.buffer >= self.rows
        yield from split([self.cache.whole(fragments, self._read)] if whole else self._encode(fragments), size, None, 0)

    def _blocks(self, random: np.random.Generator | None) -> Iterator[Examples]:
        """Yield blocks of rows that are shuffled together; without a shuffle, as they come.

        Whether all rows are one block must not depend on what an earlier epoch has found out, or a run that was
        killed would go on in another order.
        """
        fragments, buffer = range(len(self.fragments)), self.pipeline.buffer
        if random is None:
            yield from self._encode(fragments)
        elif self.rows is not None and buffer >= self.rows:
            yield self.cache.whole(fragments, self._read)
        else:
            yield from regroup(self._encode(random.permutation(len(fragments)).tolist()), buffer)

    def _encode(self, fragments: Iterable[int]) -> Iterator[Examples]:
        for fragment in fragments:
            yield from self.cache.blocks(fragment, len(self.fragments), self._read)

    def _read(self, fragment: int) -> Iterator[Examples]:
        before = [f.num_rows for f in self.fragments[:fragment]]
        row = 0 if None in before else sum(n for n in before if n is not None)
        for batch in self.pipeline.data.batches(self.encoder.needs, self.fragments[fragment]):
            if batch.rows.num_rows == 0:
                continue
            try:
                examples = self.encoder.encode(batch)
            except errors.DataError as e:
                raise e.shifted(row) from None
            if self.digests and fragment == 0 and row == 0:
                self.digest = _fingerprint(examples.slice(0, 1000), self.rows)
            yield examples
            row += batch.rows.num_rows


class InMemoryStream(BatchStream):
    """Examples that are in memory already, in batches."""

    def __init__(self, examples: Examples, batch_size: int, shuffle: bool, seed: int) -> None:
        self.examples, self.batch_size, self.shuffle, self.seed = examples, _require_count("batch", batch_size), shuffle, seed
        self.rows, self.digest = len(examples), None

    def batches_or_empty(self) -> Iterator[Examples]:
        return iter([self.examples]) if self.rows == 0 else self.epoch(0)

    def epoch(self, number: int, skip: int = 0, *, run: int = 0) -> Iterator[Examples]:
        random = np.random.Generator(np.random.PCG64([self.seed, run, number])) if self.shuffle else None
        if not self.rows:
            raise no_rows()
        depth = 2 if self.rows > self.batch_size else 0
        return batches_ahead([self.examples], self.batch_size, random, skip, depth, MAX_BATCHES, self.rows)


def _fingerprint(first: Examples, rows: int | None) -> str:
    """Return 32 hex digits over the first rows and the number of all: enough to tell data sets apart on a model's card."""
    found = hashlib.sha256(f"{rows} {first.single} {sorted(first.lists)}".encode())
    for _, array in cache.arrays(first, sorted(first.lists)):
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()[:32]


def _require_count(subject: str, got: object, least: int = 1) -> int:
    """Return an int of at least `least`; raise ColumnError for anything else."""
    if isinstance(got, bool) or not isinstance(got, int) or got < least:
        raise errors.argument(subject, f"needs an integer of at least {least}", got, f"give {least} or more")
    return got
