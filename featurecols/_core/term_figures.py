"""What a column learned of terms, one number or more of each, as a picture shows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from featurecols._core.arrays import Array


@dataclass(frozen=True, eq=False)
class TermFigures:
    """Terms with how many rows have them, and the mean label of these rows where one was learned.

    Attributes:
        text: gives the text of a term by number.
        counts: rows of each term, int64 [k].
        means: what `transform` gives of each, float64 [k, targets]; None where nothing but counts was learned.
        unseen: the same of a term that was not there, float64 [targets]; none without means.
        targets: what the means are of: classes, or the label.
        ordered: whether the order of the terms means something, as that of intervals.
    """

    text: Callable[[int], str]
    counts: Array
    means: Array | None = None
    unseen: Array | None = None
    targets: tuple[str, ...] = ()
    ordered: bool = False

    @staticmethod
    def of(
        text: Callable[[int], str],
        counts: Array,
        missing: int,
        means: Array | None = None,
        unseen: Array | None = None,
        targets: tuple[str, ...] = (),
        *,
        ordered: bool = False,
    ) -> TermFigures:
        """Return terms with what is missing, `missing` rows, as one more of them; means [k + 1, targets] have it last."""
        k = len(counts)
        if not missing:
            return TermFigures(text, counts, None if means is None else means[:k], unseen, targets, ordered)
        every = np.append(counts, missing)
        return TermFigures(lambda i: "missing" if i == k else text(i), every, means, unseen, targets, ordered)
