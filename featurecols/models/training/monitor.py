"""Monitor: which of two values of a metric is the better one."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from featurecols.models import errors

MODES = ("auto", "min", "max")
RISING = frozenset(
    (
        "acc",
        "accuracy",
        "accuracy_baseline",
        "auc",
        "auc_precision_recall",
        "average_precision",
        "binary_accuracy",
        "categorical_accuracy",
        "f1",
        "f1_score",
        "precision",
        "r2",
        "r2_score",
        "recall",
        "roc_auc",
        "sparse_categorical_accuracy",
        "sparse_top_k_categorical_accuracy",
        "top_k_categorical_accuracy",
    )
)


@dataclass(frozen=True)
class Monitor:
    """A metric and the direction in which it gets better.

    Args:
        metric: its name in the history, with val_ in front or not; of a class, "recall/<class>".
        mode: "min", "max", or "auto": "max" for the metrics named in RISING, "min" for all others, as Keras decides.
        min_delta: by how much at least a better value differs.

    >>> Monitor("val_auc").improved(0.8, 0.7), Monitor("val_mse").improved(0.8, 0.7)
    (True, False)
    """

    metric: str
    mode: str = "auto"
    min_delta: float = 0.0

    def __post_init__(self) -> None:
        if not isinstance(self.metric, str) or not self.metric:
            hint = 'give a name in the history, such as "val_loss"'
            raise errors.argument("monitor", "must be the name of a metric", self.metric, hint)
        if (
            isinstance(self.min_delta, bool)
            or not isinstance(self.min_delta, (int, float))
            or not 0 <= self.min_delta < math.inf
        ):
            what = "min_delta must be a finite number of at least 0"
            raise errors.argument(self.metric, what, self.min_delta, "mode says which direction is better")
        if self.mode not in MODES:
            raise errors.argument(self.metric, "unknown mode", self.mode, f"known are {', '.join(MODES)}")

    @property
    def rises(self) -> bool:
        """Whether a larger value is the better one."""
        if self.mode == "auto":
            name = self.metric.removeprefix("val_").partition("/")[0]
            return name in RISING or (name.startswith("top_") and name.endswith("_accuracy"))
        return self.mode == "max"

    def improved(self, value: float, best: float | None) -> bool:
        """Return whether a value is better than the best one before it (None: the first); NaN never is."""
        if math.isnan(value):
            return False
        if best is None or math.isnan(best):
            return True
        return value > best + self.min_delta if self.rises else value < best - self.min_delta

    def best(self, values: Iterable[float]) -> float | None:
        """Return the best of some values, or None where there is none but NaN."""
        numbers = [value for value in values if not math.isnan(value)]
        return (max if self.rises else min)(numbers) if numbers else None
