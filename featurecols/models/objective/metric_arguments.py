"""Checks of what metrics are called with: labels, predictions and weights that give no number are errors, not a wrong one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.models import errors
from featurecols.models.objective.score_steps import arrays

SUBJECT = "metrics"
DROP = "drop the row, or mend it"


def numbers(what: str, given: ArrayLike, *, infinite: bool = False) -> Array:
    """Return numbers as float64 of any shape; raise DataError for one that is missing, or infinite unless these may be."""
    try:
        found = np.asarray(given, np.float64)
    except (TypeError, ValueError):
        got = next(iter(np.asarray(given, object).reshape(-1)), None)
        raise errors.labels(SUBJECT, f"a {what} must be a number", got, None, "give numbers") from None
    bad = np.isnan(found) if infinite else ~np.isfinite(found)
    if bad.any():
        require(~bad, f"a {what} must {'not be missing' if infinite else 'be a finite number'}", found, DROP)
    return found


def require(good: Array, problem: str, values: Array, hint: str) -> None:
    """Raise DataError at the first row with a value that is not good."""
    if not good.all():
        bad = np.argwhere(~good)[0]
        raise errors.labels(SUBJECT, problem, values[tuple(bad)].item(), int(bad[0]) if len(bad) else None, hint)


def weights(given: ArrayLike | None) -> Array | None:
    """Return weights as float64 [n]; raise DataError for one that is negative or not finite."""
    if given is None:
        return None
    found = numbers("weight", given).reshape(-1)
    require(found >= 0, "a weight must be at least 0", found, DROP)
    return found


def rows(labels: ArrayLike, other: ArrayLike, sample_weight: ArrayLike | None, what: str) -> tuple[Array, Array, Array]:
    """Return labels, predictions (`what` they are called) and weights as float64 [n]; raise DataError for a bad one."""
    y, p = numbers("label", labels), numbers(what, other, infinite=True)
    return arrays(y, p, weights(sample_weight))


def two_classes(
    labels: ArrayLike, other: ArrayLike, sample_weight: ArrayLike | None, what: str = "score"
) -> tuple[Array, Array, Array]:
    """Return the same where labels must be 0 or 1."""
    y, p, w = rows(labels, other, sample_weight, what)
    require((y == 0) | (y == 1), "a label of two classes must be 0 or 1", y, "compare with the class that is positive: y == 2")
    return y, p, w


def chosen_of_two(labels: ArrayLike, other: ArrayLike, sample_weight: ArrayLike | None) -> tuple[Array, Array, Array]:
    """Return the same where predictions are classes, 0 or 1."""
    y, c, w = two_classes(labels, other, sample_weight, "predicted class")
    require((c == 0) | (c == 1), "a predicted class must be 0 or 1", c, "compare with a threshold: y_pred > 0.5")
    return y, c, w


def class_numbers(labels: ArrayLike, k: int) -> Array:
    """Return labels that are class numbers of k classes as float64 [n]; raise DataError for one that is not."""
    y = numbers("label", labels).reshape(-1)
    known = (y >= 0) & (y < k) & (y == np.floor(y))
    require(known, f"a label must be a class number from 0 to {k - 1}", y, "give a logit for each class, and labels from 0")
    return y


def matrix(what: str, given: ArrayLike, *, infinite: bool = False) -> Array:
    """Return numbers as float64 [n, k], those of shape [n] as [n, 1]."""
    found = numbers(what, given, infinite=infinite)
    return found.reshape(len(found), -1) if found.ndim != 1 else found[:, None]


def require_equal(problem: str, *shapes: object) -> None:
    """Raise DataError unless all shapes or lengths are equal."""
    if len(set(shapes)) > 1:
        got = ", ".join(map(str, shapes))
        raise errors.DataError(SUBJECT, problem, got=got, hint="give as many as there are rows")
