"""The head of models of several labels, of which a row may have any number, each with a probability of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch
from featurecols.models import errors
from featurecols.models.input import label_sets
from featurecols.models.input.classes import Class, Classes
from featurecols.models.objective.accumulators import Accumulator, MultiLabelMetrics
from featurecols.models.objective.heads import Head
from featurecols.models.objective.losses import BinaryCrossentropy, Loss


@dataclass(frozen=True, eq=False, repr=False)
class MultiLabelHead(Head):
    """Labels that are there or not, each for itself: one logit a label, the loss is the mean of their log losses.

    words: the labels in the order of the logits; None before training learns them.
    """

    words: tuple[str, ...] | None = None
    reduction: str = field(default="mean", kw_only=True)

    def check(self) -> None:
        if self.words is not None and (not self.words or len(set(self.words)) != len(self.words)):
            raise errors.argument("classifier", "label_vocabulary must name different labels", self.words, "name each once")

    @property
    def names(self) -> tuple[str, ...]:
        """The labels; raise ModelError before they are known."""
        if self.words is None:
            hint = "train it, or give label_vocabulary"
            raise errors.model("classifier", "its labels are learned in training", None, hint)
        return self.words

    @property
    def classes(self) -> Array:
        """The labels as an array of strings [labels]."""
        return np.array(self.names)

    @property
    def units(self) -> int:
        return 1 if self.words is None else len(self.words)  # nothing is computed before they are known

    @property
    def objective(self) -> Loss:
        return BinaryCrossentropy(True, reduction=self.reduction)

    @property
    def learns_words(self) -> bool:
        return self.words is None

    def learn_of_fields(self, batches: Iterable[Batch], keys: Sequence[str], *, ends: bool) -> MultiLabelHead:
        return MultiLabelHead(label_sets.learn(batches, keys, ends=ends), reduction=self.reduction)

    def with_words(self, words: Classes | None, key: str) -> MultiLabelHead:
        return MultiLabelHead(None if words is None else tuple(map(str, words)), reduction=self.reduction)

    def read(self, batch: Batch, keys: Sequence[str]) -> Array:
        return label_sets.read(batch, keys, self.names)

    def losses(self, labels: Array | None, logits: object, weights: Array | None) -> tuple[float, Array]:
        return self.objective.of_rows(labels, logits, weights)  # type: ignore[arg-type]

    def probabilities(self, logits: Array) -> Array:
        """Return the probability of each label, float32 [n, labels]; they do not add up to 1."""
        return self.objective.mean(logits)

    def predictions(self, logits: Array) -> dict[str, Array]:
        return {"logits": logits, "probabilities": self.probabilities(logits), "multi_hot": (logits > 0).astype(np.int64)}

    def metrics(self, labels: Array, logits: Array, losses: Array, weights: Array | None) -> dict[str, float]:
        found = MultiLabelMetrics(self.names, most=None)
        found.add_block(labels, logits, losses, weights)
        return found.compute()

    def accumulator(self) -> Accumulator:
        return MultiLabelMetrics(self.names)


def words_of_labels(label_vocabulary: Sequence[Class] | None) -> tuple[str, ...] | None:
    """Return the names of labels as text; raise ColumnError for a single string."""
    if isinstance(label_vocabulary, (str, bytes)):
        raise errors.argument("classifier", "label_vocabulary is a list of labels", label_vocabulary, "give a list of them")
    return None if label_vocabulary is None else tuple(_text(word) for word in label_vocabulary)


def _text(word: Class | bytes) -> str:
    """Return the text of a label, of a class that is made of str its characters."""
    if isinstance(word, bytes):
        return word.decode()
    return str.__str__(word) if isinstance(word, str) else str(word)
