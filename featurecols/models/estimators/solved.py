"""The solution of a linear estimator over rows that fit into memory, in the place of the first step of its training."""

from __future__ import annotations

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.blas import one_thread
from featurecols._core.slots import DenseSlot, Slot
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input.examples import Examples
from featurecols.models.input.held_out import drawn, hashes_of_rows
from featurecols.models.layers.inputs import choose as choose_slots
from featurecols.models.layers.inputs import dense_values, mixed
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.losses import MeanSquaredError, Poisson
from featurecols.models.objective.multi_label import MultiLabelHead
from featurecols.models.optimization import linear_solution
from featurecols.models.optimization.linear_solution import Found, Table
from featurecols.models.optimization.optimizers import SolveFirst
from featurecols.models.training.automatic import LARGE, MANY_SEARCHES, SEARCHES, SEVERAL, SHARE, SMALL, SMALLER

CELLS = 1 << 23  # numbers of a table: 64 MB, of which a few are in memory at once
WORK = 1e10  # multiplications for its principal components: about a second
APART = 1_000_003  # between the seeds of folds
FOLDED = 1_000_000  # multiplications for the logits of all rows, up to which all of many are held out in turn
POWERS = 8  # steps to the largest curvature


def is_solvable(head: Head, rows: int, slots: tuple[Slot, ...]) -> bool:
    """Return whether a linear model over so many rows of these slots is solved: by its loss, and by what that costs."""
    smooth = isinstance(head, (ClassHead, MultiLabelHead)) or (
        isinstance(head, NumberHead) and type(head.loss) in (MeanSquaredError, Poisson)
    )
    width = sum(s.width if isinstance(s, DenseSlot) else s.num_buckets for s in slots) + head.units
    plain = all(s.dimension is None and (isinstance(s, DenseSlot) or s.max_length is None) for s in slots)
    return smooth and plain and rows * width * head.units <= CELLS and rows * width * min(rows, width) <= WORK


def table_of(x: Examples, head: Head, combiner: str) -> Table | None:
    """Return encoded rows as a linear model reads them; None where labels are alike or something is not finite."""
    labels = head.objective.labels(head._targets(np.asarray(x.labels)), (len(x), head.units))
    labels = labels.astype(np.int64 if labels.ndim == 1 else np.float64)
    weights = np.ones(len(x)) if x.weights is None else x.weights.astype(np.float64)
    counted = labels[weights > 0]
    if not len(counted) or (counted == counted[0]).all():
        return None
    chosen = choose_slots(x, None)
    numbers = dense_values(x, chosen, np.float64)
    hots = mixed(x, chosen, None, combiner).value(Variables(dtype="float64")).array
    values = np.concatenate([*numbers, hots], axis=1)
    if not np.isfinite(values).all():
        return None
    return Table(values, values.shape[1] - hots.shape[1], labels, weights, head.objective, head.units)


def find_penalty(table: Table, seed: int, given: float | None) -> Found | None:
    """Return the best penalty, or what is known of a given one, over rows held out: all of them in turn, of many rows a share.

    None where none of them has a weight.
    """
    rows = len(table.x)
    if rows < LARGE or rows * min(table.x.shape) * table.units <= FOLDED:
        number = round(1 / SHARE)
        times = MANY_SEARCHES if rows < SMALL else SEARCHES if rows < SEVERAL else 1
        seeds = [seed + i * APART for i in range(times)]
        places = [(hashes_of_rows(0, rows, seed) >> np.uint64(32)) % np.uint64(number) for seed in seeds]
        folds = [each == i for each in places for i in range(number)]
    else:
        folds = [drawn(0, rows, SMALLER, seed)]
    if not (table.weights @ np.any(folds, axis=0)):
        return None
    with one_thread:
        return linear_solution.choose(table, folds, given)


def take_solution(table: Table, optimizer: SolveFirst, variables: Variables) -> None:
    """Set the parameters of a linear model to the solution over a table."""
    with one_thread:
        found = linear_solution.solve(table, optimizer.penalty)
        curvature = _curvatures(table)
    at = table.numbers
    parts = {
        "linear/kernel": (found.columns[:at], curvature[:at, None]),
        "linear/weights": (found.columns[at:], curvature[at:-1, None]),
        "linear/bias": (found.intercept, curvature[-1:]),
    }
    for name, (values, curvatures) in parts.items():
        if name in variables.values:
            variables.values[name][...] = values
            optimizer.settle(variables, name, np.broadcast_to(curvatures, values.shape))


def _curvatures(table: Table) -> Array:
    """Return for each column, and for the intercept, a curvature that holds where all of them are moved at once."""
    x, share = table.x, table.weights / table.weights.sum()
    size = np.sqrt(share @ np.square(x))
    inverse = np.where(size > 0, 1.0 / np.where(size > 0, size, 1.0), 0.0)
    direction, most = np.ones(x.shape[1] + 1), 1.0
    for _ in range(POWERS):
        direction /= np.sqrt(np.square(direction).sum())
        along = share * (x @ (direction[:-1] * inverse) + direction[-1])
        direction = np.append(inverse * (x.T @ along), along.sum())
        most = float(np.sqrt(np.square(direction).sum()))
    return np.asarray(table.factor * most * np.append(np.square(size), 1.0))
