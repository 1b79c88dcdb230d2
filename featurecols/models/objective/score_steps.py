"""The weight of negative and of positive rows at each score: what an area under a curve is computed from.

Up to `most` distinct scores are kept as they are. Of more, scores lose as many of their lowest bits as it takes, so that memory
is bounded; how many depends on the scores alone, not on their order.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from featurecols._core.arrays import Array
from featurecols.models import errors

Steps = tuple[Array, Array, Array]  # scores, weights of negatives, weights of positives
MOST, LEAST = 1 << 19, 1 << 12  # distinct scores that are kept, and of one of many classes at least
_MAGNITUDE, _MAGNITUDE_32 = np.int64(0x7FFF_FFFF_FFFF_FFFF), np.int32(0x7FFF_FFFF)


class ScoreSteps:
    """The weight of negatives and of positives at each distinct score.

    Args:
        most: how many distinct scores are kept, at least 4,096; None for all.
    """

    def __init__(self, most: int | None = None) -> None:
        self.most = most
        self.lost_bits = 0  # of the float64 of each score
        self._steps: Steps = (np.zeros(0), np.zeros(0), np.zeros(0))
        self._rows: list[Steps] = []  # that are not in it yet: weighted ones,
        self._plain: list[tuple[Array, Array]] = []  # and scores and labels of those of weight 1
        self._count = 0

    def add(self, labels: Array, scores: Array, weights: Array) -> None:
        """Take in labels (0 or 1), scores and weights of rows [n], float64; scores may be float32, which are sorted faster."""
        positive = labels == 1
        if (weights == 1).all() and (positive | (labels == 0)).all():
            self.add_plain(positive, scores)
            return
        self._rows.append((_cut(scores, self.lost_bits), weights * (1 - labels), weights * labels))
        self._count_in(len(scores))

    def add_plain(self, positive: Array, scores: Array) -> None:
        """Take in rows of weight 1: whether their label is 1, bool [n], and scores [n], float32 or float64."""
        self._plain.append((_cut(scores, self.lost_bits), positive))
        self._count_in(len(scores))

    def _count_in(self, rows: int) -> None:
        self._count += rows
        if self.most is not None and self._count >= self.most:
            self.steps()

    def steps(self) -> Steps:
        """Return the scores [k], the highest first, and the weights of negatives and of positives [k] at each."""
        if self._count:
            runs = [*([self._steps] if len(self._steps[0]) else []), *_runs(self._plain)]
            found = runs[0] if len(runs) == 1 and not self._rows else _group([*runs, *self._rows])
            if self.most is not None and len(found[0]) > self.most:
                self.lost_bits = _bits_to_lose(found[0], self.most)
                found = _group([(_cut(found[0], self.lost_bits), *found[1:])])
            self._steps, self._rows, self._plain, self._count = found, [], [], 0
        return self._steps

    def auc(self) -> float:
        """Return the area under the ROC curve; rows of one step are ties. NaN for a single class."""
        _, negatives, positives = self.steps()
        total = negatives.sum() * positives.sum()
        if total == 0:
            return float("nan")
        below = np.cumsum(negatives[::-1])[::-1] - negatives  # negatives with a lower score
        return float((positives * (below + 0.5 * negatives)).sum() / total)

    def average_precision(self) -> float:
        """Return the precision at each step, weighted by the recall gained there. NaN without positives."""
        _, negatives, positives = self.steps()
        if positives.sum() == 0:
            return float("nan")
        named = np.cumsum(positives + negatives)
        right = np.cumsum(positives)
        at = np.divide(right, named, out=np.zeros_like(right), where=named > 0)
        return float((at * positives).sum() / positives.sum())


def arrays(labels: ArrayLike, other: ArrayLike, weights: ArrayLike | None) -> tuple[Array, Array, Array]:
    """Return labels, predictions and weights (None: all 1) as float64 [n]; raise DataError where they differ in length."""
    y = np.asarray(labels, np.float64).reshape(-1)
    p = np.asarray(other, np.float64).reshape(-1)
    w = np.ones(len(y)) if weights is None else np.asarray(weights, np.float64).reshape(-1)
    if not len(y) == len(p) == len(w):
        what, got = "labels, predictions and weights must be equally long", f"{len(y)}, {len(p)}, {len(w)}"
        raise errors.DataError("metrics", what, got=got, hint="give one of each for every row")
    return y, p, w


def ratio(a: float, b: float) -> float:
    """Return a / b; 0 where b is 0."""
    return a / b if b else 0.0


def _runs(rows: Sequence[tuple[Array, Array]]) -> list[Steps]:
    """Return the steps of rows of weight 1, sorted, whose weights are counts: of all, or of negative and of positive ones."""
    if not rows:
        return []
    scores, positive = (np.concatenate(arrays) for arrays in zip(*rows, strict=True))
    if scores.dtype == np.float32:
        return [_steps_of_float32(scores, positive)]
    found: list[Steps] = []
    for which in (~positive, positive):
        ascending = np.sort(scores[which])
        s = ascending[::-1]
        last = _last_of_equal(s)
        counts = np.diff(last, prepend=-1).astype(np.float64)
        none = np.zeros(len(last))
        distinct = s[last].astype(np.float64)
        found.append((distinct, none, counts) if which is positive else (distinct, counts, none))
    return found


def _steps_of_float32(scores: Array, positive: Array) -> Steps:
    """Return the steps of rows of weight 1 by one sort of integers: the bits of a score, ordered as it is, and its label."""
    bits = (scores + np.float32(0)).view(np.int32)  # of -0.0 as of 0.0
    keys = ((bits ^ ((bits >> np.int32(31)) & _MAGNITUDE_32)).astype(np.int64) << np.int64(1)) | positive
    keys.sort()
    down = keys[::-1]
    s = (down >> np.int64(1)).astype(np.int32)
    last = _last_of_equal(s)
    distinct = s[last]
    positives = np.diff(np.cumsum(down & np.int64(1))[last], prepend=0)
    negatives = np.diff(last, prepend=-1) - positives
    found = (distinct ^ ((distinct >> np.int32(31)) & _MAGNITUDE_32)).view(np.float32)
    return found.astype(np.float64), negatives.astype(np.float64), positives.astype(np.float64)


def _group(runs: Sequence[Steps]) -> Steps:
    """Return the distinct scores, the highest first, with the sums of both weights at each; sorted runs are cheap."""
    scores, negatives, positives = (np.concatenate(arrays) for arrays in zip(*runs, strict=True))
    order = np.argsort(-scores, kind="stable")
    s = scores[order]
    last = _last_of_equal(s)
    summed = [np.diff(np.cumsum(w[order])[last], prepend=0.0) for w in (negatives, positives)]
    return s[last], summed[0], summed[1]


def _last_of_equal(s: Array) -> Array:
    """Return the positions in sorted scores behind which another one begins."""
    return np.flatnonzero(np.append(s[1:] != s[:-1], True)) if len(s) else np.zeros(0, np.int64)


def _keys(scores: Array) -> Array:
    """Return finite float64 as int64 that are ordered as they are; the same function of int64 gives the floats back."""
    bits = (scores + 0.0).view(np.int64)  # of -0.0 as of 0.0
    return np.asarray(bits ^ ((bits >> np.int64(63)) & _MAGNITUDE))


def _cut(scores: Array, bits: int) -> Array:
    """Return scores, the lowest bits of which are those of the least score that has the others."""
    if not bits:
        return scores
    keys = _keys(scores.astype(np.float64)) >> np.int64(bits) << np.int64(bits)
    return np.asarray((keys ^ ((keys >> np.int64(63)) & _MAGNITUDE)).view(np.float64))


def _bits_to_lose(scores: Array, most: int) -> int:
    """Return how many of their lowest bits so many sorted distinct scores must lose, so that at most `most` are left."""
    keys = _keys(scores)
    differ = (keys[1:] ^ keys[:-1]).view(np.uint64)  # neighbours are one where no bit above those that are lost differs
    return int(np.partition(differ, len(differ) - most)[len(differ) - most]).bit_length()
