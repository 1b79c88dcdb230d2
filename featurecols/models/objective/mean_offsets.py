"""How far logits must be moved, all rows alike, so that the mean prediction is the mean of the labels."""

from __future__ import annotations

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.blas import one_thread
from featurecols.models.objective.losses import Loss

ROUNDS = 60  # steps of Newton's method at most
CLOSE = 1e-6  # share of the mean label by which the mean prediction may differ
FAR = 2.0  # by which one step moves a logit at most
LARGE = 50.0  # a logit that gives the highest mean that there is, its negative the lowest
HALVES = 30  # times that a step is halved at most


def mean_offsets(objective: Loss, logits: Array, means: Array, weights: Array | None) -> Array | None:
    """Return what is to be added to the logits of every row, float64 [k].

    It is the intercept of maximum likelihood for these logits: a generalized linear model that is trained to the end has 0
    here. Newton's method, whose steps are halved until they come closer.

    Args:
        objective: a loss whose slope in the logits is prediction - label.
        logits: [n, k].
        means: the weighted mean of the labels (of classes, their rates), float64 [k].
        weights: of the rows, [n], or None.

    Returns:
        None where no offset does it: means that are 0 (of probabilities, 1), logits that are not finite, no weight at all.
    """
    share = np.full(len(logits), 1 / max(len(logits), 1)) if weights is None else weights.astype(np.float64)
    total = float(share.sum())
    lowest, highest = (objective.mean(np.full((1, logits.shape[1]), z)) for z in (-LARGE, LARGE))
    outside = ((means <= 0) & (lowest >= 0)) | ((means >= 1) & (highest <= 1))
    if not total > 0 or not np.isfinite(logits).all() or outside.any():
        return None
    share /= total
    z, offsets = logits.astype(np.float64), np.zeros(logits.shape[1])
    with one_thread:  # whose sums have the same bits for any number of threads
        found = objective.mean(z)
        error = share @ found - means
        for _ in range(ROUNDS):
            if (np.abs(error) <= CLOSE * np.abs(means)).all():
                break
            step = -np.linalg.lstsq(objective.mean_slopes(found, share), error, rcond=1e-12)[0]
            step *= min(1.0, FAR / max(float(np.abs(step).max()), FAR))
            for _ in range(HALVES):
                found = objective.mean(z + (offsets + step))
                closer = share @ found - means
                if np.abs(closer).sum() < np.abs(error).sum():
                    break
                step /= 2
            else:
                break
            offsets, error = offsets + step, closer
    return offsets
