"""The weights of a linear model whose mean loss plus an L2 penalty is lowest, computed over all rows at once.

Weights of numbers are penalized by the variance of their column, so that units make no difference; those of one-hots as they
are, so that an id of few rows is shrunk more. Rows are turned into the directions in which they vary (principal components),
where the loss has about the same curvature in each, also where columns are nearly copies of each other or the sums of a few.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.blas import matmul
from featurecols.models.autodiff.tape import Value
from featurecols.models.objective.loss import Loss
from featurecols.models.objective.losses import CategoricalCrossentropy, MeanSquaredError

SMALLEST = 1e-11  # of the largest variance: directions below it are rounding errors
GRID = 10.0 ** np.arange(1.0, -8.25, -0.5)  # penalties that are tried, as multiples of the largest variance
MEAN = 1e4  # the penalty that leaves nothing but the intercept, likewise
CHANCE = 0.5
WORSE = 4  # penalties without a gain, after which smaller ones are not tried
PRIOR = 1e-3  # rows that say where an intercept is, beside the data: those of a fold may lack a class
REMEMBERED = 10  # steps that L-BFGS remembers
ROUGH, FINE = 1e-5, 1e-11  # squared slopes at the end, as shares of the loss


@dataclass(frozen=True)
class Table:
    """Encoded rows, with what a model is to say of them.

    x: float64 [n, p], of which the first `numbers` columns are numbers, the others one-hots. labels: as the loss takes them
    for logits [n, units]. weights: float64 [n], their sum above 0.
    """

    x: Array
    numbers: int
    labels: Array
    weights: Array
    loss: Loss
    units: int

    @property
    def factor(self) -> float:
        """What the slope of a row is, by its mean less its label."""
        if isinstance(self.loss, CategoricalCrossentropy):
            return 1.0
        return (2.0 if isinstance(self.loss, MeanSquaredError) else 1.0) / self.units


Losses = Callable[[], Array]  # makes them again each time: those of all penalties are many times the table, where it is narrow


class Weights(NamedTuple):
    """Weights of the columns, float64 [p, units], and intercepts [units]."""

    columns: Array
    intercept: Array


class Found(NamedTuple):
    """What rows held out say.

    penalty: the best one. loss, mean_loss: the mean loss over rows held out, with it, and of predicting the mean of the others;
    of a squared error of each output [units], else [1].
    """

    penalty: float
    loss: Array
    mean_loss: Array


def solve(table: Table, penalty: float) -> Weights:
    """Return the weights for which the mean loss plus half the penalty times their squares is lowest; intercepts are free."""
    turned = _Turned(table)
    amount = turned.total * penalty
    if isinstance(table.loss, MeanSquaredError):
        mean = table.weights @ table.labels / turned.total
        moments = matmul(turned.z.T, table.weights[:, None] * (table.labels - mean))
        return turned.back(moments / (turned.variances + amount / table.factor)[:, None], mean)
    fit = _Fits(turned, [table.weights])
    found = fit.minimize(fit.first, amount, FINE)
    return turned.back(found[1:, 0], found[0, 0])


def choose(table: Table, folds: Sequence[Array], given: float | None = None) -> Found:
    """Return the penalty for which the loss over rows held out is lowest.

    Args:
        table: the rows.
        given: the penalty, where it is not to be chosen.
        folds: which rows are held out together, bool [n] each; not used for squared errors, where each row is, by a formula.
    """
    turned = _Turned(table)
    per_row = turned.most / turned.total * table.factor
    penalties = per_row * np.array([MEAN, *GRID]) if given is None else np.array([given])
    squared = isinstance(table.loss, MeanSquaredError)
    held = np.ones(len(table.x), bool) if squared else np.any(folds, axis=0)
    losses = _leave_one_out(turned, penalties) if squared else _held_out(turned, folds, penalties)
    share = table.weights * held / float(table.weights @ held)
    at = _largest_alike(losses[1:], share)
    return Found(float(penalties[at]), share @ losses[1 + at](), share @ losses[0]())


def _largest_alike(losses: Sequence[Losses], share: Array) -> int:
    """Return the first of losses whose mean is the lowest but for chance: a part of the error of the difference."""
    means = [float(share @ each().sum(axis=1)) for each in losses]
    best = int(np.argmin(means))
    of_best = losses[best]().sum(axis=1)
    for at in range(best):
        difference = means[at] - means[best]
        error = math.sqrt(float(np.square(losses[at]().sum(axis=1) - of_best - difference) @ np.square(share)))
        if difference <= (CHANCE if at else 1.0) * error:
            return at
    return best


class _Turned:
    """A table in the directions in which its rows vary.

    Attributes:
        z: float64 [n, r], of weighted mean 0.
        variances: float64 [r], the weighted sums of their squares, the largest last.
        total: the sum of the weights.
    """

    def __init__(self, table: Table) -> None:
        self.table, w = table, table.weights
        self.total, numbers = float(w.sum()), table.numbers
        self.mean = w @ table.x / self.total
        x = table.x - self.mean
        deviation = np.sqrt(w @ np.square(x[:, :numbers]) / self.total)
        constant = deviation <= 1e-6 * np.abs(self.mean[:numbers])  # but for rounding
        scale = np.ones(x.shape[1])
        scale[:numbers] = np.where(constant, 0.0, 1.0 / np.where(constant, 1.0, deviation))
        x *= scale
        n, p = x.shape
        weighted = x if (w == 1).all() else x * np.sqrt(w)[:, None]
        if p <= n:
            variances, turn = np.linalg.eigh(matmul(weighted.T, weighted))
        else:
            variances, turn = np.linalg.eigh(matmul(weighted, weighted.T))
            turn = matmul(weighted.T, turn)
        kept = variances > max(SMALLEST * float(variances.max(initial=0.0)), 1e-300)
        self.variances, turn = variances[kept], np.ascontiguousarray(turn[:, kept])
        if p > n:
            turn /= np.sqrt(self.variances)
        self.z, self._turn = matmul(x, turn), turn * scale[:, None]

    @property
    def most(self) -> float:
        """The largest variance, or 1 where nothing varies."""
        return float(self.variances[-1]) if len(self.variances) else 1.0

    def back(self, turned: Array, intercept: Array) -> Weights:
        """Return the weights of the columns of those of the directions [r, units], and the intercept of theirs."""
        weights = matmul(self._turn, turned)
        return Weights(weights, intercept - self.mean @ weights)


def _leave_one_out(turned: _Turned, penalties: Array) -> list[Losses]:
    """Return squared errors [n, units] where each row is predicted by all others: by their mean, and with each penalty."""
    table = turned.table
    share = table.weights / turned.total
    residuals = table.labels - share @ table.labels
    moments = matmul(turned.z.T, table.weights[:, None] * residuals)
    squares = np.square(turned.z)

    def losses(fitted: Array | float, influence: Array | float) -> Array:
        left = (residuals - fitted) / np.maximum(1.0 - share - table.weights * influence, 1e-9)[:, None]
        return np.square(left)

    def of(penalty: float) -> Array:
        shrunk = 1.0 / (turned.variances + penalty * turned.total / table.factor)
        return losses(matmul(turned.z, moments * shrunk[:, None]), squares @ shrunk)

    return [lambda: losses(0.0, 0.0), *(partial(of, float(penalty)) for penalty in penalties)]


def _held_out(turned: _Turned, folds: Sequence[Array], penalties: Array) -> list[Losses]:
    """Return the losses [n, 1] over folds, each predicted by the rows outside it: by their mean, and with penalties.

    The largest comes first; the list ends where smaller ones have not been better for a while.
    """
    w = turned.table.weights
    fits, times = _Fits(turned, [w * ~fold for fold in folds]), np.sum(folds, axis=0)
    often = 1.0 / np.maximum(times, 1)

    def losses(weights: Array) -> Array:
        each = zip(folds, fits.points(fits.logits(weights)), strict=True)
        return np.asarray(often * sum(fold * losses for fold, (losses, _) in each))[:, None]

    found, means = [fits.first], list[float]()
    for penalty in penalties:
        found.append(fits.minimize(found[-1], float(penalty) * turned.total, ROUGH))
        means.append(float(w @ losses(found[-1])[:, 0]))
        if len(means) - 1 - int(np.argmin(means)) == WORSE:
            break
    return [partial(losses, weights) for weights in found]


class _Fits:
    """Several fits at once of the same rows, which count other weights in each: weights [1 + r, fits, units].

    Attributes:
        first: weights that predict the means, the intercepts in row 0.
    """

    def __init__(self, turned: _Turned, weights: Sequence[Array]) -> None:
        self.turned, self.table, self.w = turned, turned.table, weights
        self.sums = np.array([float(w.sum()) for w in weights])
        means = np.stack([self._mean(w) for w in (*weights, self.table.weights)])
        means = (means[:-1] * self.sums[:, None] + means[-1]) / (self.sums[:, None] + 1)  # one row more, so that none is 0
        loss = self.table.loss
        self.first = np.zeros((1 + len(turned.variances), len(weights), self.table.units))
        self.first[0] = loss.link(Value(means)).array
        slopes = [np.diag(loss.mean_slopes(mean[None], np.ones(1))) for mean in means]
        self.curvature = self.table.factor * np.maximum(np.stack(slopes), 1e-9)

    def _mean(self, weights: Array) -> Array:
        """Return the mean of the labels, [units]."""
        y, units = self.table.labels, self.table.units
        sums = np.bincount(y, weights, units) if y.ndim == 1 else weights @ y
        return np.asarray(sums / max(float(weights.sum()), 1e-300))

    def logits(self, weights: Array) -> Array:
        """Return the logits of all rows, [n, fits, units]."""
        _, fits, units = weights.shape
        flat = np.ascontiguousarray(weights[1:].reshape(-1, fits * units))
        return matmul(self.turned.z, flat).reshape(-1, fits, units) + weights[0]

    def points(self, logits: Array) -> list[tuple[Array, Array]]:
        """Return the losses of the rows [n] and their slopes [n, units], for each fit."""
        table = self.table
        return [table.loss.point(table.labels, np.ascontiguousarray(logits[:, j])) for j in range(len(self.w))]

    def minimize(self, weights: Array, amount: float, accuracy: float) -> Array:
        """Return the weights of lowest loss, from weights near them on.

        Args:
            weights: where to begin.
            amount: half of it times the squares is added to the sum of the losses.
            accuracy: the squared slope at the end, as a share of the loss.
        """
        part = (self.sums / self.turned.total)[:, None]
        inner = self.turned.variances[:, None, None] * part * self.curvature + amount
        outer = (self.sums[:, None] * self.curvature + PRIOR)[None]
        scale = 1.0 / np.sqrt(np.concatenate([outer, inner]))  # of steps along which the curvature is about 1

        def value(steps: Array) -> tuple[float, Array]:
            weights = steps * scale
            found, moved = np.empty_like(weights), weights[0] - self.first[0]
            points = self.points(self.logits(weights))
            loss = sum(float(w @ losses) for w, (losses, _) in zip(self.w, points, strict=True))
            loss += 0.5 * amount * float(np.square(weights[1:]).sum()) + 0.5 * PRIOR * float(np.square(moved).sum())
            slopes = np.stack([w[:, None] * slope for w, (_, slope) in zip(self.w, points, strict=True)], axis=1)
            found[0] = slopes.sum(axis=0) + PRIOR * moved
            flat = matmul(self.turned.z.T, slopes.reshape(len(slopes), -1))
            found[1:] = flat.reshape(-1, *slopes.shape[1:]) + amount * weights[1:]
            return loss, found * scale

        with np.errstate(over="ignore", invalid="ignore"):  # of steps that are too long, which are shortened
            return np.asarray(lbfgs(value, weights / scale, accuracy) * scale)


def lbfgs(value: Callable[[Array], tuple[float, Array]], first: Array, accuracy: float, most: int = 500) -> Array:
    """Return where a convex function is lowest, by limited-memory BFGS (Liu and Nocedal, 1989).

    Args:
        value: gives the function and its slope, an array; the curvature is about 1.
        first: where to begin.
        accuracy: the squared slope at the end, as a share of the function.
        most: steps.
    """
    x, (f, g) = first, value(first)
    steps: list[tuple[Array, Array, float]] = []
    for _ in range(most):
        square = float(np.square(g).sum())
        if square <= accuracy * abs(f):
            break
        direction = _direction(g, steps)
        slope, length = float((direction * g).sum()), 1.0
        if slope >= 0:
            direction, slope, steps = -g, -square, []
        for _ in range(30):
            new = x + length * direction
            f_new, g_new = value(new)
            if f_new <= f + 1e-4 * length * slope:
                break
            length /= 2
        else:
            break  # nothing but rounding is left
        s, y = new - x, g_new - g
        along = float((s * y).sum())
        if along > 1e-12 * float(np.square(s).sum()):
            steps = [*steps[-(REMEMBERED - 1) :], (s, y, 1.0 / along)]
        x, f, g = new, f_new, g_new
    return x


def _direction(g: Array, steps: Sequence[tuple[Array, Array, float]]) -> Array:
    """Return where to go from a slope g after steps: their lengths, the changes of the slope, and 1 by the products of both."""
    direction, shares = -g, list[float]()
    for s, y, rho in reversed(steps):
        shares.append(rho * float((s * direction).sum()))
        direction = direction - shares[-1] * y
    if steps:
        _, y, rho = steps[-1]
        direction = direction / (rho * float(np.square(y).sum()))
    for (s, y, rho), share in zip(steps, reversed(shares), strict=True):
        direction = direction + (share - rho * float((y * direction).sum())) * s
    return direction
