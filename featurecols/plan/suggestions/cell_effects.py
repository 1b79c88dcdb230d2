"""How much of what is left of a label cells explain: groups of rows, such as those of a category or of a pair of fields.

The products of what is left of two different rows of one cell are summed. Where cells have no effect, their mean is 0 whatever
the size of the cells, so that many small cells explain nothing by chance: the score test of a random effect (Lin, 1997,
"Variance component testing in generalised linear models with random effects").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.blas import one_thread

_RIDGE = 1.0  # rows without an effect that each code has


@dataclass(frozen=True)
class CellEffect:
    """What cells explain.

    Attributes:
        variance: of the effects of cells, weighted by their pairs of rows; 0 where it is not above that of chance.
        share: of what is left of the label, that the cells would explain if their effects were known.
        deviations: how far that is from what chance gives, in standard deviations.
        gain: the share that is explained by effects that least squares learn of all rows of the data, which lose what one row
            says for each cell; below 0 where cells have too few rows.
    """

    variance: float = 0.0
    share: float = 0.0
    deviations: float = 0.0
    gain: float = 0.0

    @property
    def chance(self) -> float:
        """The standard deviation of the share that chance gives."""
        return self.share / self.deviations if self.deviations > 0 else 0.0


class Remainder:
    """What is left of a label, row by row.

    Args:
        left: float64 [m, k].
        information: float64 [m, k], how much a row says of an effect: 1 for numbers, p (1 - p) for classes.
        weights: float64 [m], how often each row occurs.
    """

    def __init__(self, left: Array, information: Array, weights: Array) -> None:
        self.left, self.information, self._weights = left, information, weights
        self._scores = (weights[:, None] * left).T
        self._squares = self._scores**2
        self._seen = (weights[:, None] * information).T
        # Sums, not products of BLAS, whose bits depend on the number of threads.
        self._total, informed = float(weights.sum()), float(self._seen.sum())
        self._noise = float((self._scores * left.T).sum())
        self._mean_information = informed / (self._total * left.shape[1]) if self._total else 0.0
        self.dispersion = self._noise / informed if informed > 0 else 0.0

    def effect(self, cells: Array, size: int, *, times: float = 1.0) -> CellEffect:
        """Return what cells explain.

        Args:
            cells: int64 [m], the cell of each row.
            size: the number of cells.
            times: rows of the data for each of these.
        """
        products = spread = pairs = 0.0
        for scores, squares, seen in zip(self._scores, self._squares, self._seen, strict=True):
            of_cell = np.bincount(cells, squares, size)
            products += float((np.bincount(cells, scores, size) ** 2 - of_cell).sum())
            spread += 2 * float((of_cell**2).sum() - (squares**2).sum())
            pairs += float((np.bincount(cells, seen, size) ** 2).sum() - (seen**2).sum())
        if pairs <= 0 or spread <= 0 or self.dispersion <= 0:
            return CellEffect()
        deviations = products / np.sqrt(spread * len(self._scores))  # columns may all say the same
        variance = max(products / pairs, 0.0)
        share = variance / self.dispersion * self._mean_information
        filled = int(np.count_nonzero(np.bincount(cells, minlength=size)))
        return CellEffect(variance, share, float(deviations), share - filled / (self._total * times))

    def without_sides(self, a: Array, b: Array, sizes: tuple[int, int]) -> Remainder:
        """Return what the best sum of an effect of each of two fields leaves, at once.

        Fields that nearly say the same, such as length and width, take hundreds of fits in turn.

        Args:
            a: int64 [m], the codes of one field.
            b: int64 [m], the codes of the other.
            sizes: how many codes each has.
        """
        (n, k), left = sizes, self.left.copy()
        for column, (scores, seen) in enumerate(zip(self._scores, self._seen, strict=True)):
            both = np.bincount(a * k + b, seen, n * k).reshape(n, k)
            matrix = np.block([[np.diag(both.sum(axis=1)), both], [both.T, np.diag(both.sum(axis=0))]])
            sums = np.concatenate([np.bincount(a, scores, n), np.bincount(b, scores, k)])
            with one_thread:
                effects = np.linalg.solve(matrix + np.eye(n + k) * _RIDGE * self._mean_information, sums)
            left[:, column] -= self.information[:, column] * (effects[:n][a] + effects[n:][b])
        return Remainder(left, self.information, self._weights)

    def predicted(self, cells: Array, size: int, variance: float) -> Array:
        """Return the effect of each cell, of this variance, drawn to 0, float64 [size, k]."""
        columns = []
        for scores, seen in zip(self._scores, self._seen, strict=True):
            known = np.bincount(cells, seen, size) + self.dispersion / variance
            columns.append(np.bincount(cells, scores, size) / known)
        return np.stack(columns, axis=1)
