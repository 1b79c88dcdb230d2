"""Weights of classes: what rows of each class count in training, beside their own weights."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from featurecols._core.arrays import Array
from featurecols.models import errors

ClassWeight = Mapping[object, float]


def class_table(subject: str, given: object, classes: Sequence[object]) -> Array:
    """Return the weight of each class, float32 [n_classes], 1 for one that is not named.

    Args:
        subject: who was called, for errors.
        given: weights by class; where a class is not a word, its text will do, such as "1", which is what JSON has.
        classes: the classes in the order of their numbers, in their own type.

    Raises ModelError for what is not a weight of a class.
    """
    if not isinstance(given, Mapping):
        hint = 'give weights by class, such as {"no": 1.0, "yes": 20.0}'
        raise errors.model(subject, "class_weight must be a dict", type(given).__name__, hint)
    numbers = {name: number for number, name in enumerate(classes)}
    texts = {str(name): number for name, number in numbers.items()}
    texts |= {text.lower(): number for text, number in texts.items() if text in ("False", "True")}
    found = np.ones(len(numbers), np.float32)
    for name, weight in given.items():
        number = numbers.get(name, texts.get(name) if isinstance(name, str) else None)
        if number is None:
            known = ", ".join(repr(known) for known in list(numbers)[:8])
            raise errors.model(subject, "class_weight names a class that is not there", name, f"the classes are {known}")
        if (
            isinstance(weight, (bool, np.bool_))
            or not isinstance(weight, (int, float, np.number))
            or not 0 <= weight < math.inf
        ):
            hint = "give a finite number of at least 0"
            raise errors.model(subject, f"class_weight of {name!r} is not a weight", weight, hint)
        found[number] = weight
    if not found.any():
        hint = "leave it out, or give some class a weight above 0"
        raise errors.model(subject, "class_weight is 0 for all classes, so that nothing would be learned", dict(given), hint)
    return found


def balanced(counts: Array) -> Array:
    """Return weights that let each class count as much as any other, float32: rows / (classes * rows of the class)."""
    there = np.maximum(counts, 1)
    return np.asarray(counts.sum() / (len(counts) * there), np.float32)


def weigh(subject: str, table: Array, labels: Array, weights: Array | None) -> Array:
    """Return the weights of rows times those of their classes, float32 [n].

    labels: class numbers [n] or [n, 1], or one-hots [n, n_classes]. Raises DataError for numbers that are no class numbers.
    """
    if labels.ndim == 2 and labels.shape[1] > 1:
        chosen = labels.argmax(axis=1)
    else:
        flat = labels.reshape(-1)
        wrong = ~((flat >= 0) & (flat < len(table)) & (flat == np.floor(flat)))
        if wrong.any():
            row = int(wrong.argmax())
            what = f"class_weight needs labels that are class numbers, 0 to {len(table) - 1}"
            raise errors.labels(subject, what, flat[row].item(), None, "give weights of rows, sample_weight=, in its place")
        chosen = flat.astype(np.int64)
    found = table[chosen]
    return found if weights is None else found * weights
