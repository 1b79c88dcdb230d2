"""What the labels of the training data decide before the first step: the scale of numbers, and where output biases start."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input import labels
from featurecols.models.input.class_weights import balanced, class_table
from featurecols.models.input.labelled_rows import LabelledRows
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.label_scaling import Labels, LabelStatistics, class_counts, log_odds, log_odds_of_each
from featurecols.models.objective.losses import Poisson
from featurecols.models.objective.multi_label import MultiLabelHead

FIRST_ROWS = 10_000  # what is read of data that may have no end
LEAST_RATE = 1e-6
RARE = 0.05  # of the rows that are not of the most frequent class


def learn(head: Head, rows: LabelledRows, keys: Sequence[str], *, scale: bool, bias: bool) -> tuple[Head, Array | None]:
    """Return the head with the scale of the labels, and the logits [units] that predict their mean, None for zeros.

    All rows of tables and files count, and the first 10,000 of what a function gives; an iterator that can be read once is
    left alone. One pass over labels and weights, the same to the bit for any order of the rows.

    Args:
        head: what labels are.
        rows: the training data.
        keys: the label fields.
        scale: whether labels that are numbers get a scale.
        bias: whether logits that predict the mean are wanted.
    """
    if rows.once:
        return head, None
    if isinstance(head, ClassHead) and bias:
        return head, log_odds(*class_counts(_labels(head, rows, keys), head.n_classes))
    if isinstance(head, MultiLabelHead) and bias:
        return head, log_odds_of_each(_labels(head, rows, keys), head.units)
    if not isinstance(head, NumberHead) or not (scale if head.scales else bias and isinstance(head.loss, Poisson)):
        return head, None
    statistics = LabelStatistics(head.dimension)
    for batch in _labels(head, rows, keys):
        statistics.add(batch)
    found = statistics.finish()
    if head.scales:
        return head.with_scaling(found), None
    return head, None if found is None else np.log(np.maximum(found.mean, LEAST_RATE))


def is_rare(head: ClassHead, rows: LabelledRows) -> bool:
    """Return whether fewer than a twentieth of the rows are of other classes than the most frequent one."""
    if not rows.labels:
        return False
    counts = count_classes(head, rows)
    return bool(counts.sum() - counts.max() < RARE * counts.sum())


def count_classes(head: ClassHead, rows: LabelledRows) -> Array:
    """Return how many rows each class has, int64 [n_classes]; of what may have no end, among the first 10,000."""
    known = head.learn(rows.label_batches(), rows.labels[0], ends=rows.ends)
    counts = np.zeros(head.n_classes, np.int64)
    for labels_of_batch, _ in _labels(known, rows, rows.labels):
        counts += np.bincount(labels_of_batch.reshape(-1).astype(np.int64), minlength=head.n_classes)
    return counts


def class_weights(subject: str, given: Mapping[object, float] | str, head: Head, rows: LabelledRows) -> Array:
    """Return the weight of each class, float32 [n_classes], of weights by class or "balanced"; raise ModelError for others."""
    if isinstance(head, MultiLabelHead):
        hint = "give weight=, weights of rows, or train a classifier for each label"
        raise errors.model(subject, "class_weight is of one class a row, and rows have several labels", given, hint)
    if not isinstance(head, ClassHead):
        raise errors.model(subject, "class_weight needs a classifier", type(head).__name__, "give weight=, weights of rows")
    if not isinstance(given, str) or given != "balanced":
        return class_table(subject, given, head.classes.tolist())
    if rows.once:
        raise errors.model(subject, '"balanced" counts rows before training', "rows that are read once", "give a table")
    return balanced(count_classes(head, rows))


def start_bias(variables: Variables, name: str, logits: Array) -> None:
    """Let a bias begin with these logits (those of each member), unless a warm start gives it another value."""
    if name in variables.values:
        bias = variables.values[name]
        bias += np.resize(logits.astype(bias.dtype), bias.shape)
    elif name in variables.given:
        return
    else:
        variables.given[name] = lambda first: first + np.resize(logits, first.shape)
    variables.trained.add(name)  # so that FTRL, which computes its weights, begins there too


def _labels(head: Head, rows: LabelledRows, keys: Sequence[str]) -> Iterator[Labels]:
    """Yield the labels as the head reads them, numbers transformed, and the weights."""
    seen = 0
    for batch in rows.batches([]):
        if batch.labels is None or not batch.labels.num_rows:
            continue
        try:
            weights = None if batch.weights is None else labels.weights(*batch.weights)
            if isinstance(head, NumberHead):
                found = head.transformed(head.read_exact(batch.labels, keys))
            else:
                found = head.read(batch.labels, keys)
        except errors.DataError as e:
            raise e.shifted(seen) from None
        yield Labels(found, weights)
        seen += batch.labels.num_rows
        if seen >= FIRST_ROWS and not rows.ends:
            return
