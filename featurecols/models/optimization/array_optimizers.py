"""Optimizers whose steps are a few passes of numpy over a parameter: Nadam, Adamax, Adadelta and Lion."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.spec import frozen
from featurecols.models.optimization.base import Optimizer, require_fraction, require_nonnegative
from featurecols.models.optimization.schedules import Schedule


@frozen
class ArrayOptimizer(Optimizer):
    """Base of optimizers that give new arrays for those of a step."""

    abstract: ClassVar[bool] = True

    @abstractmethod
    def moved(self, p: Array, g: Array, slots: Sequence[Array], rate: float, step: int) -> Sequence[Array]:
        """Return the parameter after a step, and then its slots."""

    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        kept = [p, *slots]
        rows = kept if ids is None else [array[ids] for array in kept]
        for array, found in zip(kept, self.moved(rows[0], g, rows[1:], rate, step), strict=True):
            array[... if ids is None else ids] = found


@frozen
class Nadam(ArrayOptimizer):
    """Adam with Nesterov momentum (Dozat, 2016; torch.optim.NAdam).

    Args:
        beta_1, beta_2: decay of the averages of g and g^2.
        momentum_decay: how fast beta_1 comes to its value: beta_1 * (1 - 0.5 * 0.96 ** (step * momentum_decay)); 1 in Keras.
        weight_decay: added to the gradient as weight_decay * p.
    """

    remembers: ClassVar[tuple[str, ...]] = ("m", "v", "product")
    counts: ClassVar[bool] = True

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = field(default=1e-8, kw_only=True)
    momentum_decay: float = field(default=0.004, kw_only=True)
    weight_decay: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        super().check()
        require_fraction("Nadam", "beta_1", self.beta_1)
        require_fraction("Nadam", "beta_2", self.beta_2)
        for what in ("epsilon", "momentum_decay", "weight_decay"):
            require_nonnegative("Nadam", what, getattr(self, what))

    def first(self, slot: str) -> float:
        return 1.0 if slot == "product" else 0.0

    def moved(self, p: Array, g: Array, slots: Sequence[Array], rate: float, step: int) -> Sequence[Array]:
        m, v, product = slots  # the product of all momenta so far, which rows that rest have apart
        d = g + self.weight_decay * p
        now, coming = (self.beta_1 * (1 - 0.5 * 0.96 ** (t * self.momentum_decay)) for t in (step, step + 1))
        product = product * now
        m = m + (1 - self.beta_1) * (d - m)
        v = self.beta_2 * v + (1 - self.beta_2) * d * d
        root = np.sqrt(v / (1 - self.beta_2**step)) + self.epsilon
        ahead = (1 - now) / (1 - product) * d + coming / (1 - product * coming) * m
        return p - rate * ahead / root, m, v, product


@frozen
class Adamax(ArrayOptimizer):
    """Adam by the largest gradient in place of the average of squares (Kingma and Ba, 2015; torch.optim.Adamax)."""

    remembers: ClassVar[tuple[str, ...]] = ("m", "u")
    counts: ClassVar[bool] = True

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = field(default=1e-8, kw_only=True)
    weight_decay: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        super().check()
        require_fraction("Adamax", "beta_1", self.beta_1)
        require_fraction("Adamax", "beta_2", self.beta_2)
        require_nonnegative("Adamax", "epsilon", self.epsilon)
        require_nonnegative("Adamax", "weight_decay", self.weight_decay)

    def moved(self, p: Array, g: Array, slots: Sequence[Array], rate: float, step: int) -> Sequence[Array]:
        m, u = slots
        d = g + self.weight_decay * p
        m = m + (1 - self.beta_1) * (d - m)
        u = np.maximum(self.beta_2 * u, np.abs(d) + self.epsilon)
        return p - rate / (1 - self.beta_1**step) * m / u, m, u


@frozen
class Adadelta(ArrayOptimizer):
    """Steps as long as the last ones were, against the average of squares (Zeiler, 2012; torch.optim.Adadelta).

    Args:
        learning_rate: 1 as in the paper and PyTorch (Keras: 0.001).
        rho: decay of both averages.
    """

    remembers: ClassVar[tuple[str, ...]] = ("square", "moved")

    learning_rate: float | Schedule = 1.0
    rho: float = 0.95
    epsilon: float = field(default=1e-6, kw_only=True)
    weight_decay: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        super().check()
        require_fraction("Adadelta", "rho", self.rho)
        require_nonnegative("Adadelta", "epsilon", self.epsilon)
        require_nonnegative("Adadelta", "weight_decay", self.weight_decay)

    def moved(self, p: Array, g: Array, slots: Sequence[Array], rate: float, step: int) -> Sequence[Array]:
        square, past = slots
        d = g + self.weight_decay * p
        square = self.rho * square + (1 - self.rho) * d * d
        by = np.sqrt(past + self.epsilon) / np.sqrt(square + self.epsilon) * d
        return p - rate * by, square, self.rho * past + (1 - self.rho) * by * by


@frozen
class Lion(ArrayOptimizer):
    """p -= rate * sign(beta_1 * m + (1 - beta_1) * g), with one slot (Chen et al., 2023; keras.optimizers.Lion).

    Args:
        learning_rate: a third to a tenth of that of Adam, since every number moves by it.
        beta_1: how much of the average counts in a step. beta_2: its decay.
        weight_decay: p is shrunk by rate * weight_decay apart from the gradient.
    """

    remembers: ClassVar[tuple[str, ...]] = ("m",)

    learning_rate: float | Schedule = 0.0001
    beta_1: float = 0.9
    beta_2: float = 0.99
    weight_decay: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        super().check()
        require_fraction("Lion", "beta_1", self.beta_1)
        require_fraction("Lion", "beta_2", self.beta_2)
        require_nonnegative("Lion", "weight_decay", self.weight_decay)

    def moved(self, p: Array, g: Array, slots: Sequence[Array], rate: float, step: int) -> Sequence[Array]:
        (m,) = slots
        shrunk = p if not self.weight_decay else p * (1 - rate * self.weight_decay)
        return shrunk - rate * np.sign(self.beta_1 * m + (1 - self.beta_1) * g), self.beta_2 * m + (1 - self.beta_2) * g
