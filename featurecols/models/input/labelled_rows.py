"""What is trained on: rows with their labels and weights, however they were handed over, readable again and again.

Data may hold its label as a field, or come apart from it: a pair (features, labels), an iterable of such pairs (batches),
or a function that gives any of these (tf.estimator's input_fn).
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from os import PathLike
from typing import Any, NamedTuple, TypeGuard, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from featurecols.columns._undecided import learned_labels
from featurecols.columns.base import Column
from featurecols.data.batch import Batch, Source
from featurecols.data.sources import as_source
from featurecols.data.tables import as_batch
from featurecols.models import errors
from featurecols.models.types import Data, Label

T = TypeVar("T")
LABEL, WEIGHT = "label", "weight"  # what labels and weights that came apart from the data are called


class LabelledBatch(NamedTuple):
    """Rows, the batch that holds their labels (None without), and the batch and field of their weights."""

    rows: Batch
    labels: Batch | None
    weights: tuple[Batch, str] | None


class LabelledRows:
    """Rows with labels.

    Args:
        data: whatever as_source takes; with `pairs`, a function that gives a fresh iterator of (features, labels) pairs.
        labels: fields that hold the labels; () for data to predict.
        weight: field that holds sample weights.
        pairs: whether `data` is such a function.
        in_memory: whether it gives one pair that is in memory.
        named: whether the labels of pairs are a dict, by the names of the labels.
    """

    def __init__(
        self,
        data: Data,
        labels: Sequence[str] = (),
        weight: str | None = None,
        *,
        pairs: bool = False,
        in_memory: bool = False,
        named: bool = False,
    ) -> None:
        self.data, self.labels, self.weight, self.pairs = data, tuple(labels), weight, pairs
        self.in_memory, self.named = in_memory, named
        self._once: Source | None = as_source(data) if isinstance(data, Iterator) else None  # it knows that it was read

    @property
    def features(self) -> Source:
        """The rows without what came apart from them: what a plan is fitted on."""
        if not self.pairs:
            return self._once or as_source(self.data)
        if self.in_memory:
            return as_source(as_batch(_as_table(next(self._pairs())[0])))
        return as_source(lambda: (as_batch(_as_table(pair[0])) for pair in self._pairs()))  # a dict of lists is a table here

    @property
    def once(self) -> bool:
        """Whether the rows can be read one time only."""
        call = self.data.call if isinstance(self.data, _Calls) else None
        return isinstance(self.data, Iterator) or call is _refuse_second_reading

    def without_labels(self) -> LabelledRows:
        """Return the same rows, whose labels and weights need not be there: what is predicted."""
        return LabelledRows(self.data, pairs=self.pairs)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files behind it."""
        return () if self.pairs else as_source(self.data).paths if not callable(self.data) else ()

    @property
    def fragments(self) -> list[Source]:
        """What can be read in any order, such as row groups; one where the data cannot be divided."""
        source = self.features
        return [source.part([f]) for f in source.fragments()] or [source]

    def batches(self, needs: Sequence[tuple[str, str]], fragment: Source | None = None) -> Iterator[LabelledBatch]:
        """Yield the rows in order, each field of `needs` read as it says."""
        if self.pairs:
            yield from (self._labelled_batch(pair) for pair in self._pairs())
            return
        more = [(key, "category") for key in self.labels] + ([(self.weight, "number")] if self.weight else [])
        have = {key for key, _ in needs}
        wanted = [*needs, *(need for need in more if need[0] not in have)]
        for batch in (fragment or self.features).batches(wanted):
            yield LabelledBatch(batch, batch if self.labels else None, (batch, self.weight) if self.weight else None)

    @property
    def ends(self) -> bool:
        """Whether it is a table or files; what a function or an iterator gives may have no end."""
        if self.pairs:
            return self.in_memory
        return isinstance(self.data, Source) or not (callable(self.data) or isinstance(self.data, Iterator))

    def count(self) -> int:
        """Return how many rows there are; where the source does not know, labels are read for it."""
        known = None if self.pairs else self.features.num_rows
        return sum(batch.num_rows for batch in self.label_batches()) if known is None else known

    def label_batches(self) -> Iterator[Batch]:
        """Yield the labels alone."""
        if self.pairs:
            yield from (batch.labels for batch in self.batches([]) if batch.labels is not None)
        else:
            yield from self.features.batches([(key, "category") for key in self.labels])

    def with_names(self, labels: Label | None, weight: str | None) -> LabelledRows:
        """Return the same rows, with names of their labels and weights where they have none."""
        keys = self.labels or _names(labels)
        weight = self.weight or weight
        return LabelledRows(self.data, keys, weight, pairs=self.pairs, in_memory=self.in_memory, named=self.named)

    def _pairs(self) -> Iterator[Sequence[Any]]:
        """Yield (features, labels) or (features, labels, weights)."""
        return iter(self.data()) if callable(self.data) else iter(())

    def _labelled_batch(self, pair: Sequence[Any]) -> LabelledBatch:
        """Return a pair as batches; raise DataError where they differ in length."""
        batch = as_batch(_as_table(pair[0]))
        given = None if len(pair) < 2 else pair[1]
        labels = None if given is None else as_batch(_named_labels(given))
        if labels is not None and labels.num_rows != batch.num_rows:
            raise errors.labels("labels", f"needs one for each of {batch.num_rows} rows", labels.num_rows, None, "check both")
        weights = (batch, self.weight) if self.weight else None
        if len(pair) > 2 and pair[2] is not None:
            weights = as_batch({WEIGHT: _as_labels(pair[2])}), WEIGHT
            if weights[0].num_rows != batch.num_rows:
                what, got = f"needs one for each of {batch.num_rows} rows", weights[0].num_rows
                raise errors.labels("weights", what, got, None, "check both")
        return LabelledBatch(batch, labels, weights)


def labelled_rows(data: Data | LabelledRows, labels: Label | None, weight: str | None, **arguments: object) -> LabelledRows:
    """Return data of any form as LabelledRows.

    Args:
        data: a table, paths, a pair (features, labels), an iterable of pairs, or a function that gives any of these.
        labels: the field (or fields) that hold labels, or the labels themselves; None where they come with the data, or not.
        weight: the field that holds sample weights.
        arguments: mode, params, config, for an input_fn that asks for them.
    """
    if isinstance(data, LabelledRows):
        return data
    if labels is not None and not _are_names(labels):
        if isinstance(data, (str, PathLike)):
            hint = "give label=, the name of the field that holds them, or a table that the files were read into"
            raise errors.model("labels", "of files are one of their fields", type(labels).__name__, hint)
        return _of_pairs((data, labels), (), lambda: iter([(data, labels)]), weight, in_memory=_is_at_hand(data))
    keys = _names(labels)
    if callable(data) and not isinstance(data, Source):
        call = bind_arguments(data, arguments)
        return rows_of_call(call, call(), labels, weight)
    if _is_pair(data):
        return _of_pairs(data, keys, lambda: iter([data]), weight, in_memory=True)
    if isinstance(data, Iterator) and not hasattr(data, "schema"):
        one, opened = _peek(data)
        if _is_pair(one):
            return _of_pairs(one, keys, _Calls(_refuse_second_reading, opened), weight)
        return LabelledRows(opened, keys, weight)
    if isinstance(data, (list, tuple)) and data and _is_pair(data[0]):
        return _of_pairs(data[0], keys, lambda: iter(data), weight)
    if _is_tensor_dataset(data) or _is_plain_iterable(data):
        first = next(iter(data), None)
        if _is_tensor_dataset(data) or _is_pair(first):
            return _of_pairs(first, keys, lambda: iter(data), weight)
    return LabelledRows(data, keys, weight)


def rows_of_call(call: Callable[[], Any], first: Any, labels: Label | None, weight: str | None) -> LabelledRows:
    """Return what a function gives as LabelledRows; `first` is what it gave when it was called to look at."""
    if isinstance(first, LabelledRows):
        return first
    keys = _names(labels)
    if _is_pair(first):
        return _of_pairs(first, keys, lambda: iter([call()]), weight)
    if isinstance(first, Iterable) and not isinstance(first, (str, Mapping)) and not hasattr(first, "columns"):
        one, opened = _peek(first)
        if _is_pair(one):
            return _of_pairs(one, keys, _Calls(call, opened), weight)
        return LabelledRows(_Calls(call, opened), keys, weight)
    return LabelledRows(call, keys, weight)


def calls_for_rows(data: object, labels: Label | None) -> TypeGuard[Callable[..., Any]]:
    """Return whether data is a function to be called for rows that may hold their labels, as tf.estimator's input_fn."""
    return callable(data) and not isinstance(data, Source) and (labels is None or _are_names(labels))


def explain_label(error: errors.DataError, subject: str, rows: LabelledRows) -> Exception:
    """Return the error to raise for a table without labels, where a model had them apart from the features."""
    missing = error.subject == LABEL and error.problem.startswith("field is not in")
    if not missing or rows.labels != (LABEL,) or rows.pairs:
        return error
    what = "the labels of its training came apart from the features, so that no field of a table is known to hold them"
    hint = "give label=, the field, or a pair (features, labels), or models.from_data(table, label=...)"
    return errors.model(subject, what, type(rows.data).__name__, hint)


def explain_learned_label(
    error: errors.DataError, subject: str, rows: LabelledRows, columns: Iterable[Column]
) -> Exception:  # fmt: skip
    """Return the error to raise where columns learn from a label (TargetMean) that came apart from the features."""
    missing = error.problem.startswith("field is not in") and error.subject in learned_labels(columns)
    if not missing or not rows.pairs:
        return error
    what = "columns learn from the label as a field of the data, and the labels came apart from the features"
    hint = f'give data that holds the field, and label="{error.subject}"'
    return errors.model(subject, what, error.subject, hint)


def _names(labels: Label | None) -> tuple[str, ...]:
    """Return names of fields as a tuple."""
    if isinstance(labels, str):
        return (labels,)
    return tuple(str(key) for key in labels) if isinstance(labels, Iterable) else ()


def _are_names(labels: Label) -> bool:
    """Return whether labels are named by fields; a Series or an array holds the labels themselves, be they words."""
    if isinstance(labels, str):
        return True
    if isinstance(labels, Mapping):
        return False
    if not isinstance(labels, Iterable) or (isinstance(labels, (list, tuple)) and not labels):
        raise errors.model("label", "names a field, or holds a label for every row", labels, 'give label="income"')
    holds = any(hasattr(labels, name) for name in ("dtype", "type", "columns"))  # of arrays, of Arrow, of frames
    return not holds and all(isinstance(key, str) for key in labels)


def _is_at_hand(data: object) -> bool:
    """Return whether data is a table, which can be read again and again."""
    return not callable(data) and not isinstance(data, Iterator)


class _Calls:
    """A function called for every reading; its first result, which was opened to look at, is used first."""

    def __init__(self, call: Callable[[], Any], opened: Iterator[Any]) -> None:
        self.call, self.opened = call, [opened]

    def __call__(self) -> Iterator[Any]:
        return self.opened.pop() if self.opened else iter(self.call())


def _refuse_second_reading() -> Iterator[Any]:
    """Raise the error of an iterator that was read already."""
    hint = "give a function that returns a fresh iterator"
    raise errors.model("data", "an iterator can be read once, and it was", "a second reading", hint)


def bind_arguments(function: Callable[..., Any], arguments: Mapping[str, object]) -> Callable[[], Any]:
    """Return the function with those of the arguments that it names."""
    try:
        names = inspect.signature(function).parameters
    except (TypeError, ValueError):
        return function
    given = {name: value for name, value in arguments.items() if name in names}
    if needs := [p.name for p in names.values() if p.default is p.empty and p.kind not in (2, 4) and p.name not in given]:
        raise errors.model("input_fn", f"may ask for {', '.join(arguments) or 'nothing'}", needs[0], "leave the argument out")
    return lambda: function(**given)


def _peek(items: Iterable[T]) -> tuple[T | None, Iterator[T]]:
    """Return the first item, or None, and an iterator over all of them."""
    iterator = iter(items)
    first = next(iterator, None)
    return first, iterator if first is None else chain([first], iterator)


def _is_tensor_dataset(data: object) -> TypeGuard[Iterable[Any]]:
    """Return whether data is a tf.data.Dataset."""
    return hasattr(data, "as_numpy_iterator")


def _is_plain_iterable(data: object) -> TypeGuard[Iterable[Any]]:
    """Return whether data can be looped over more than once and is not a table, a path or a list of rows."""
    if isinstance(data, (str, Mapping, list, tuple, Source, Iterator)) or not hasattr(data, "__iter__"):
        return False
    return not any(hasattr(data, name) for name in ("columns", "schema", "dtype", "__arrow_c_stream__", "__fspath__"))


def _is_pair(item: object) -> bool:
    """Return whether an item is (features, labels) or (features, labels, weights), features being a table."""
    if not isinstance(item, tuple) or len(item) not in (2, 3):
        return False
    features = item[0]
    return isinstance(features, Mapping) or hasattr(features, "columns") or hasattr(features, "__arrow_c_stream__")


def _as_table(features: Any) -> Any:
    """Return a dict of tensors as a dict of arrays; tables as they are."""
    if isinstance(features, Mapping):
        return {str(k): v.numpy() if hasattr(v, "numpy") else v for k, v in features.items()}
    return features


def _of_pairs(first: object, keys: Sequence[str], pairs: Data, weight: str | None, *, in_memory: bool = False) -> LabelledRows:
    """Return pairs as LabelledRows, named as the dict is that holds the labels of the first one, if it is a dict.

    `keys` are those of its labels that are asked for; () for all.
    """
    given = first[1] if isinstance(first, (tuple, list)) and len(first) > 1 else None
    if not isinstance(given, Mapping):
        return LabelledRows(pairs, (LABEL,), weight, pairs=True, in_memory=in_memory)
    names = [str(name) for name in given]
    wanted = [key for key in keys if key != LABEL or LABEL in names]  # which is what labels without a name were called
    if unknown := [key for key in wanted if key not in names]:
        raise errors.unknown("labels", "label", unknown[0], names)
    return LabelledRows(pairs, wanted or names, weight, pairs=True, in_memory=in_memory, named=True)


def _named_labels(labels: ArrayLike | Mapping[str, ArrayLike]) -> dict[str, ArrayLike]:
    """Return labels as columns of a batch."""
    if isinstance(labels, Mapping):
        return {str(name): _as_labels(values) for name, values in labels.items()}
    return {LABEL: _as_labels(labels)}


def _as_labels(labels: Any) -> Any:
    """Return labels as a column of a batch."""
    if hasattr(labels, "dtype") and hasattr(labels, "to_numpy"):  # pandas: categories and nulls stay what they are
        return labels
    if hasattr(labels, "iloc") and len(labels.columns) == 1:
        return labels.iloc[:, 0]
    array = labels if isinstance(labels, list) else np.asarray(labels)
    if isinstance(array, np.ndarray) and array.ndim == 2:
        return array[:, 0] if array.shape[1] == 1 else list(array)
    return array
