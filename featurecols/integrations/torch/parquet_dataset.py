"""ParquetDataset: Parquet files as an iterable dataset of torch, whose rows are encoded where they are read."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Literal, TypeAlias

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor
from torch.utils.data import DataLoader, IterableDataset, get_worker_info

from featurecols import errors
from featurecols._core import arrays
from featurecols._core.arrays import Array, Features
from featurecols._core.names import names_of
from featurecols.columns._undecided import require_training_rows
from featurecols.data.batch import Batch, Fragment
from featurecols.data.sources import Paths, as_source
from featurecols.integrations.torch import row_ranges
from featurecols.integrations.torch.row_ranges import RankBatches
from featurecols.integrations.torch.shared_batches import share
from featurecols.integrations.torch.tensors import FeatureTensors, as_tensors, take, tensor
from featurecols.models.estimators.head_arguments import words_of
from featurecols.models.input import classes, labels
from featurecols.models.input.classes import Class
from featurecols.plan.plan import Plan

Kept: TypeAlias = dict[str, Tensor | list[object]]  # by field; lists of what is not a number
Item: TypeAlias = Tensor | FeatureTensors | Kept
_OUTPUTS = ("dense", "ids")
_NUMBERS = (pa.types.is_integer, pa.types.is_floating, pa.types.is_boolean)


class ParquetDataset(IterableDataset):
    """The rows of Parquet files in batches, encoded by a plan in the process that reads them.

    Give it to a DataLoader with batch_size=None, since its items are batches already, or call `loader`. Every row comes once
    in an epoch, whatever the number of workers and ranks, and all ranks have equally many batches. A batch is a tuple of the
    features, the labels, the weights and the kept fields, those of them that were asked for; features alone are no tuple.

    - features: float32 [n, plan.width]; with output="ids" FeatureTensors, as FeatureInputs takes them.
    - labels: int64 [n] where the field holds integers or booleans, or `classes` are given; else float32 [n]; [n, fields] of
      several fields.
    - weights: float32 [n].
    - kept fields: a dict of tensors [n] of numbers, or lists of n values of all else.

    The rows of a rank and the batches that they are cut into depend on the files, the arguments and the epoch alone: with
    other numbers of workers the same batches come in another order. Without `shuffle` and without workers they come in the
    order of the files. With `shuffle` the row groups come in random order, and `shuffle_rows` rows that are read one after
    another are mixed; without set_epoch each epoch has the same order.

    Args:
        plan: encodes the rows; workers get it as bytes.
        paths: a Parquet file, a folder, a glob, or a list of these. Footers are read at once.
        label: a field, or several of numbers.
        weight: the field of sample weights.
        keep: fields that come along as they are.
        classes: the values of the label in the order of their class numbers.
        batch_size: rows of a batch.
        output: "dense" for the matrix of plan.transform, "ids" for ids, offsets and weights instead of one-hots and embeddings.
        training: whether these are the rows that the plan was fitted on, to train on: features are those of
            plan.transform_training, which differ where columns learned from a label (TargetMean). Files to evaluate on are not.
        shuffle: whether rows come in random order.
        seed: of that order.
        shuffle_rows: rows that are encoded at once, and mixed.
        drop_last: leave out what does not fill a batch on every rank, so that all batches have batch_size rows.
        rank, world_size: of this process; None asks torch.distributed, where it is initialized.
        threads: for encoding; None is one in a worker, else all. Results do not depend on it.

    Raises:
        ColumnError: for a wrong argument. PlanError: where output is "dense" and a column of the plan is bare.
        DataError: for files that are not Parquet or lack a field; while reading, for values that do not fit the columns and
            for labels that are missing, with the row counted over all files in order. A DataLoader raises what its workers
            raised as a RuntimeError with the same text.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Numeric("hour"), fc.Indicator(fc.Vocabulary("origin", ["EWR", "JFK", "LGA"]))])
    >>> data = ParquetDataset(plan, fc.datasets.flights_path(), label="distance", batch_size=4096, shuffle=True)
    >>> features, label = next(iter(data.loader(num_workers=0)))
    >>> features.shape, label.dtype, len(data)
    (torch.Size([4096, 4]), torch.int64, 15)
    """

    def __init__(
        self,
        plan: Plan,
        paths: Paths,
        *,
        label: str | Sequence[str] | None = None,
        weight: str | None = None,
        keep: str | Sequence[str] = (),
        classes: Sequence[Class] | None = None,
        batch_size: int = 1024,
        output: Literal["dense", "ids"] = "dense",
        training: bool = False,
        shuffle: bool = False,
        seed: int = 0,
        shuffle_rows: int = 16_384,
        drop_last: bool = False,
        rank: int | None = None,
        world_size: int | None = None,
        threads: int | None = None,
    ) -> None:
        super().__init__()
        for name, value, least in (("batch_size", batch_size, 1), ("shuffle_rows", shuffle_rows, 1), ("seed", seed, 0)):
            if type(value) is not int or value < least:
                raise _argument(f"{name} must be an integer of at least {least}", value, f"leave {name} out for the default")
        if output not in _OUTPUTS:
            raise _argument("unknown output", output, f"choose one of {', '.join(_OUTPUTS)}")
        if (rank is None) != (world_size is None):
            raise _argument("rank and world_size belong together", (rank, world_size), "give both, or none of them")
        if rank is not None and world_size is not None and not 0 <= rank < world_size:
            raise _argument(f"rank must be from 0 to {world_size - 1}", rank, "give the rank of this process")
        if type(training) is not bool:
            raise _argument("training must be True or False", training, "True for the rows that the plan was fitted on")
        if training:
            require_training_rows(plan.columns)
        if output == "dense":
            plan._require_matrix("ParquetDataset")
        self.plan, self.batch_size, self.output, self.training = plan, batch_size, output, training
        self.label, self.weight, self.keep = () if label is None else names_of(label), weight, names_of(keep)
        self.classes = words_of(classes)
        if self.classes is not None and len(self.label) != 1:
            raise _argument("classes need one label", self.label, "name the field of the label")
        self.shuffle, self.seed, self.shuffle_rows, self.drop_last = shuffle, seed, shuffle_rows, drop_last
        self.rank, self.world_size, self.threads = rank, world_size, threads
        source = as_source(paths if isinstance(paths, (str, os.PathLike)) else list(paths))
        self._groups = source.fragments()
        if any(group.row_group is None for group in self._groups):
            path = next(group.path for group in self._groups if group.row_group is None)
            raise errors.unreadable(path, "is CSV, and ParquetDataset reads row groups", None)
        read = plan.training_uses if training else plan.input_uses
        needs = [(key, "category" if "category" in uses else "number") for key, uses in read.items()]
        needs += [(key, "category") for key in (*self.label, *self.keep)]
        self._needs = needs if weight is None else [*needs, (weight, "number")]
        source.check([key for key, _ in self._needs])
        self._sizes = np.array([group.num_rows for group in self._groups], np.int64)
        # in shared memory, so that workers that live on see what set_epoch says: the epoch, and the batches to leave out
        self._position = torch.zeros(2, dtype=torch.int64).share_memory_()
        self._given = 0

    def __getstate__(self) -> dict[str, object]:
        """Return what another process needs; the rank is known in this one alone."""
        rank, world_size = self._place()
        return {**self.__dict__, "rank": rank, "world_size": world_size}

    # Length and order ---------------------------------------------------------------------------------------------------

    def set_epoch(self, epoch: int) -> None:
        """Choose the random order of the epochs that begin from now on, in workers too: call it before each epoch."""
        if type(epoch) is not int or epoch < 0:
            raise _argument("epoch must be an integer of at least 0", epoch, "count epochs from 0")
        self._position[0], self._position[1] = epoch, 0

    def __len__(self) -> int:
        """Return the batches of an epoch of this rank."""
        return self._batches().count

    @property
    def num_rows(self) -> int:
        """The rows of all files, those of other ranks included."""
        return int(self._sizes.sum())

    def _place(self) -> tuple[int, int]:
        """Return rank and world size."""
        if self.rank is not None and self.world_size is not None:
            return self.rank, self.world_size
        if torch.distributed.is_available() and torch.distributed.is_initialized():
            return torch.distributed.get_rank(), torch.distributed.get_world_size()
        return 0, 1

    def _batches(self) -> RankBatches:
        return row_ranges.batches_of_rank(self.num_rows, *self._place(), self.batch_size, drop_last=self.drop_last)

    def state_dict(self) -> dict[str, int]:
        """Return the position in this process: the epoch, and how many of its batches were given.

        torchdata's StatefulDataLoader asks each worker for it, and gives it back with load_state_dict.
        """
        return {"epoch": int(self._position[0]), "batches": self._given}

    def load_state_dict(self, state: dict[str, int]) -> None:
        """Let the next epoch in this process be the one of a state_dict, after the batches that were given."""
        self._position[0], self._position[1] = state["epoch"], state["batches"]

    # Batches ------------------------------------------------------------------------------------------------------------

    def loader(self, num_workers: int = 0, **arguments: object) -> DataLoader:
        """Return a DataLoader over this dataset.

        Args:
            num_workers: processes that read and encode.
            arguments: of DataLoader: pin_memory, prefetch_factor, persistent_workers, multiprocessing_context, ...
        """
        return DataLoader(self, batch_size=None, collate_fn=share, num_workers=num_workers, **arguments)

    def __iter__(self) -> Iterator[Item | tuple[Item, ...]]:
        worker = get_worker_info()
        number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
        threads = 1 if self.threads is None and worker is not None else self.threads
        epoch, skip = self._position.tolist()
        self._position[1] = 0
        self._given = skip
        batches, size = self._batches(), max(1, self.shuffle_rows // self.batch_size)
        mine = row_ranges.share_of_worker(-(-batches.count // size), number, workers)
        first, end = mine.start * size + skip, min(mine.stop * size, batches.count)
        if first >= end:
            return
        begin = first // size * size  # the first batch of a buffer
        count = len(self._groups)
        order = row_ranges.order_of_groups(count, self.seed, epoch) if self.shuffle else np.arange(count)
        rows = _Rows(self, order, batches.bound(begin), batches.bound(end), threads)
        for at in range(begin, end, size):
            bounds = [batches.bound(i) for i in range(at, min(at + size, end) + 1)]
            buffer = rows.next(bounds[-1] - bounds[0])
            mixed = row_ranges.order_of_rows(len(buffer), self.seed, epoch, bounds[0]) if self.shuffle else None
            for i, (start, stop) in enumerate(pairwise(bounds)):
                if at + i >= first:
                    self._given += 1
                    yield buffer.batch(start - bounds[0], stop - bounds[0], mixed)


class _Buffer:
    """Rows that were encoded together."""

    def __init__(
        self, features: Array | Features, labels: Array | None, weights: Array | None, kept: dict[str, Array | pa.Array] | None
    ) -> None:
        self._features, self._labels, self._weights, self._kept = features, labels, weights, kept

    def __len__(self) -> int:
        return len(self._features)

    def batch(self, start: int, stop: int, order: Array | None) -> Item | tuple[Item, ...]:
        """Return rows start:stop, of an order where one is given."""
        rows = slice(start, stop) if order is None else order[start:stop]
        features = self._features
        items: list[Item] = []
        if isinstance(features, Features):
            items.append(as_tensors(features.slice(start, stop) if order is None else take(features, order[start:stop])))
        else:
            items.append(tensor(features[rows]))
        items += [tensor(array[rows]) for array in (self._labels, self._weights) if array is not None]
        if self._kept is not None:
            items.append({name: _take_kept(field, rows) for name, field in self._kept.items()})
        return items[0] if len(items) == 1 else tuple(items)


class _Rows:
    """The rows of a range of an epoch, encoded as they are asked for, once from the first to the last."""

    def __init__(self, dataset: ParquetDataset, order: Array, start: int, stop: int, threads: int | None) -> None:
        self._data, self._threads = dataset, threads
        self._files = np.concatenate([[0], np.cumsum(dataset._sizes)])  # the first row of each group, counted over all files
        self._spans = row_ranges.spans(dataset._sizes, order, start, stop)
        self._batches = self._read()
        self._rest: tuple[Batch, int] | None = None  # of a row group, with the row where it begins

    def _read(self) -> Iterator[tuple[Batch, int]]:
        """Yield batches of the row groups, each with the row of the files where it begins."""
        groups = [self._data._groups[span.group] for span in self._spans]
        source = as_source(list(dict.fromkeys(group.path for group in groups)))
        now = set(source.fragments())
        for group in groups:
            if group not in now:
                raise _changed(group)
        coming = source.part(groups).batches(self._data._needs)
        for span, group in zip(self._spans, groups, strict=True):
            at = 0
            while at < (group.num_rows or 0):
                batch = next(coming)
                start, stop = max(span.start - at, 0), min(span.stop - at, batch.num_rows)
                if start < stop:
                    yield batch.slice(start, stop), int(self._files[span.group]) + at + start
                at += batch.num_rows

    def next(self, rows: int) -> _Buffer:
        """Return the next rows, encoded."""
        found: list[tuple[Batch, int]] = []
        while rows:
            batch, first = next(self._batches) if self._rest is None else self._rest
            self._rest = None
            if batch.num_rows > rows:
                self._rest = batch.slice(rows, batch.num_rows), first + rows
                batch = batch.slice(0, rows)
            found.append((batch, first))
            rows -= batch.num_rows
        return self._encode(found)

    def _encode(self, found: list[tuple[Batch, int]]) -> _Buffer:
        data, total = self._data, sum(batch.num_rows for batch, _ in found)
        matrix = arrays.empty((total, data.plan.width), np.float32, "ParquetDataset") if data.output == "dense" else None
        encoded, read, weights = [], [], []
        at = 0
        for batch, first in found:
            try:
                if matrix is None:
                    encode = data.plan.encode_training if data.training else data.plan.encode
                    encoded.append(encode(batch, threads=self._threads))
                elif data.training:
                    matrix[at : at + batch.num_rows] = data.plan.transform_training(batch, threads=self._threads)
                else:
                    data.plan.transform(batch, out=matrix[at : at + batch.num_rows], threads=self._threads)
                if data.label:
                    read.append(self._labels(batch))
                if data.weight is not None:
                    weights.append(labels.weights(batch, data.weight))
            except errors.DataError as error:
                raise error.shifted(first) from None
            at += batch.num_rows
        kept = {name: _read_kept(name, [batch.column(name) for batch, _ in found]) for name in data.keep} or None
        features = Features.concatenate(encoded) if matrix is None else matrix
        return _Buffer(features, _concatenate(read), _concatenate(weights), kept)

    def _labels(self, batch: Batch) -> Array:
        names, keys = self._data.classes, self._data.label
        if names is not None:
            return classes.read(batch, keys[0], names, len(names))
        return labels.plain(batch, keys)


def _concatenate(found: list[Array]) -> Array | None:
    return None if not found else found[0] if len(found) == 1 else np.concatenate(found)


def _read_kept(name: str, found: list[pa.Array]) -> Array | pa.Array:
    """Return a kept field as an array of numpy where it holds numbers, else as it is."""
    found = [array.dictionary_decode() if pa.types.is_dictionary(array.type) else array for array in found]
    whole = found[0] if len(found) == 1 else pa.chunked_array(found).combine_chunks()
    if not any(is_number(whole.type) for is_number in _NUMBERS):
        return whole
    if whole.null_count and not pa.types.is_floating(whole.type):
        hint = "make it a field of floats or texts, or fill it"
        raise errors.DataError(
            "ParquetDataset", "a kept number is missing, and a tensor has no place for it", field=name, hint=hint
        )
    return whole.to_numpy(zero_copy_only=False)


def _take_kept(field: Array | pa.Array, rows: slice | Array) -> Tensor | list[object]:
    """Return rows of a kept field as a tensor, or as a list."""
    if isinstance(field, np.ndarray):
        return tensor(field[rows])
    return (field[rows] if isinstance(rows, slice) else field.take(pa.array(rows))).to_pylist()  # type: ignore[no-any-return]


def _argument(problem: str, got: object, hint: str) -> errors.ColumnError:
    return errors.argument("ParquetDataset", problem, got, hint)


def _changed(group: Fragment) -> errors.DataError:
    return errors.DataError(group.path, "changed after the dataset was made", hint="make the dataset again")
