"""Regularizers of kernels: what large weights add to the loss of training."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, current
from featurecols.models.component import Component
from featurecols.models.optimization.base import require_nonnegative

KNOWN = {"l1": ("l1",), "l2": ("l2",), "l1_l2": ("l1", "l2"), "l1l2": ("l1", "l2")}  # in Keras, each 0.01
AMOUNT = 0.01

RegularizerLike = Mapping[str, float] | str | None


@frozen
class L1L2(Component):
    """l1 * sum(|w|) + l2 * sum(w^2) over a kernel, added to the loss of each step (keras.regularizers.L1L2).

    Args:
        l1: pulls weights to zero, by the same amount whatever their size.
        l2: pulls weights towards zero, by 2 * l2 * w. AdamW(weight_decay=...) does so apart from the gradient, which is
            what networks are better trained with.

    >>> L1L2(l2=0.01)
    L1L2(l2=0.01)
    """

    l1: float = 0.0
    l2: float = 0.0

    def check(self) -> None:
        require_nonnegative("L1L2", "l1", self.l1)
        require_nonnegative("L1L2", "l2", self.l2)

    def of(self, kernel: Value, members: int = 1) -> Value:
        """Return what a kernel adds to the loss; of several networks side by side the mean, each with its own gradient."""
        w = kernel.array
        amount = (self.l1 * np.abs(w).sum(dtype=np.float64) + self.l2 * np.square(w).sum(dtype=np.float64)) / members

        def backward(d: Array) -> tuple[Array]:
            return (d * (w.dtype.type(self.l1) * np.sign(w) + w.dtype.type(2 * self.l2) * w),)

        return Value(np.asarray(amount, w.dtype), (kernel,), backward)

    def amounts(self) -> dict[str, float]:
        """Return the amounts that are not 0, by name, as estimators take them."""
        return {name: amount for name, amount in (("l1", self.l1), ("l2", self.l2)) if amount}


def as_regularizer(subject: str, given: L1L2 | RegularizerLike) -> L1L2 | None:
    """Return the regularizer of a name in Keras, of amounts by name, or itself; None for none, and for amounts of 0.

    Raises ColumnError for anything else.
    """
    if given is None:
        return None
    if isinstance(given, str) and given in KNOWN:
        return L1L2(**dict.fromkeys(KNOWN[given], AMOUNT))
    if isinstance(given, Mapping) and given and set(given) <= {"l1", "l2"}:
        given = L1L2(**given)
    if isinstance(given, L1L2):
        return given if given.amounts() else None
    hint = 'give {"l2": 0.001}, {"l1": 0.001}, both, or "l1", "l2" or "l1_l2" for 0.01'
    raise errors.argument(subject, "unknown kernel_regularizer", given, hint)


def penalize(scope: Scope, regularizer: L1L2 | None, kernel: Value, members: int = 1) -> None:
    """Note in training what a regularizer says of a kernel; a kernel that is met twice counts once."""
    if regularizer is not None and scope.training:
        scope.penalize(str(kernel.name), regularizer.of(kernel, members))


def penalty() -> Value:
    """Return what the regularizers of the layers that were called in this pass add to the loss, of shape ().

    Estimators and Sequential add it by themselves; a model_fn and a loop of your own add it to their loss.

    >>> from featurecols.models import Variables
    >>> from featurecols.models.layers import Dense
    >>> variables = Variables(dtype="float64")
    >>> with variables.scope(training=True):
    ...     y = Dense(2, kernel_initializer="ones", kernel_regularizer={"l2": 0.1})(np.zeros((4, 3)))
    ...     added = penalty()
    >>> round(float(added), 6)
    0.6
    """
    return current("penalty").penalty()
