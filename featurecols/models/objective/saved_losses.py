"""Losses of logits by the names that saved models have for them.

Models of earlier versions hold these names, so that they load, compute the same bits and keep their fingerprints; estimators,
which train on logits, are saved with them still. They show themselves as the losses that users give.
"""

from __future__ import annotations

from typing import ClassVar

from featurecols._core.spec import frozen
from featurecols.models.objective.losses import BinaryCrossentropy, CategoricalCrossentropy, Loss, MeanSquaredError, Poisson


@frozen
class SavedLogistic(BinaryCrossentropy):
    """BinaryCrossentropy of logits."""

    kind: ClassVar[str] = "models.Logistic.v1"
    only_saved: ClassVar[bool] = True
    from_logits: bool = True

    def __repr__(self) -> str:
        return repr(BinaryCrossentropy(self.from_logits, reduction=self.reduction))


@frozen
class SavedSoftmax(CategoricalCrossentropy):
    """CategoricalCrossentropy of logits."""

    kind: ClassVar[str] = "models.Softmax.v1"
    only_saved: ClassVar[bool] = True
    from_logits: bool = True

    def __repr__(self) -> str:
        return repr(CategoricalCrossentropy(self.from_logits, reduction=self.reduction))


@frozen
class SavedPoisson(Poisson):
    """Poisson of logarithms of rates."""

    kind: ClassVar[str] = "models.Poisson.v1"
    only_saved: ClassVar[bool] = True
    from_logits: bool = True

    def __repr__(self) -> str:
        return repr(Poisson(self.from_logits, reduction=self.reduction))


NAMES: dict[str, Loss] = {  # that specs of earlier versions give in the place of an object
    "squared": MeanSquaredError(),
    "logistic": BinaryCrossentropy(from_logits=True),
    "softmax": CategoricalCrossentropy(from_logits=True),
}


def on_logits(loss: Loss) -> Loss:
    """Return a loss as one of logits, whatever it was given as; a squared error is the same for both."""
    if type(loss) is BinaryCrossentropy:
        return SavedLogistic(reduction=loss.reduction)
    if type(loss) is CategoricalCrossentropy:
        return SavedSoftmax(reduction=loss.reduction)
    if type(loss) is Poisson:
        return SavedPoisson(reduction=loss.reduction)
    found: Loss = loss if loss.plain or loss.from_logits else loss.replace(from_logits=True)
    return found
