"""Optimizers: declared values that move parameters against their gradients; what they remember is in Variables.slots.

A gradient that is IndexedSlices moves only its rows, and only their slots: momentum and averages of other rows rest until the
row is seen again (torch's SparseAdam does the same). Weight decay likewise.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from featurecols import kernels
from featurecols._core.arrays import Array
from featurecols._core.spec import Converted, frozen
from featurecols._core.suggestions import module_names
from featurecols.models import errors
from featurecols.models.autodiff.tape import Gradient, Value
from featurecols.models.autodiff.variables import Variables
from featurecols.models.component import Component, component_from_json
from featurecols.models.optimization.array_optimizers import Adadelta, Adamax, Lion, Nadam
from featurecols.models.optimization.base import Optimizer, Step, TrainOp, require_fraction, require_nonnegative
from featurecols.models.optimization.schedules import Schedule


@frozen
class SGD(Optimizer):
    """p -= rate * g, with momentum v = momentum * v + g and p -= rate * v (torch.optim.SGD).

    Args:
        momentum: in [0, 1); nesterov looks ahead: p -= rate * (g + momentum * v).
        weight_decay: added to the gradient as weight_decay * p.
    """

    learning_rate: float | Schedule = 0.01
    momentum: float = 0.0
    nesterov: bool = field(default=False, kw_only=True)
    weight_decay: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        super().check()
        require_fraction("SGD", "momentum", self.momentum)
        require_nonnegative("SGD", "weight_decay", self.weight_decay)
        if self.nesterov and not self.momentum:
            raise errors.argument("SGD", "nesterov needs a momentum", self.momentum, "give momentum=0.9")

    def slots(self) -> tuple[str, ...]:
        return ("velocity",) if self.momentum else ()

    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        velocity = slots[0] if slots else None
        kernels.optimizer_steps.sgd(p, g, ids, velocity, rate, self.momentum, self.nesterov, self.weight_decay)


@frozen
class Adagrad(Optimizer):
    """p -= rate * g / (sqrt(sum of g^2) + epsilon) (Duchi et al., 2011; torch.optim.Adagrad).

    Args:
        initial_accumulator: what the sum starts with; 0.1 as in TensorFlow (torch: 0).
    """

    remembers: ClassVar[tuple[str, ...]] = ("total",)

    learning_rate: float | Schedule = 0.05
    initial_accumulator: float = field(default=0.1, kw_only=True)
    epsilon: float = field(default=1e-10, kw_only=True)

    def check(self) -> None:
        super().check()
        require_nonnegative("Adagrad", "initial_accumulator", self.initial_accumulator)
        require_nonnegative("Adagrad", "epsilon", self.epsilon)

    def first(self, slot: str) -> float:
        return self.initial_accumulator

    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        kernels.optimizer_steps.adagrad(p, g, ids, slots[0], rate, self.epsilon)


@frozen
class Adam(Optimizer):
    """Adam (Kingma and Ba, 2015), bias-corrected; weight_decay is added to the gradient (torch.optim.Adam).

    Args:
        beta_1, beta_2: decay of the averages of g and g^2.
        epsilon: added to the root.
    """

    remembers: ClassVar[tuple[str, ...]] = ("m", "v")
    counts: ClassVar[bool] = True
    decoupled: ClassVar[bool] = False

    learning_rate: float | Schedule = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = field(default=1e-8, kw_only=True)
    weight_decay: float = field(default=0.0, kw_only=True)

    def check(self) -> None:
        super().check()
        subject = type(self).__name__
        require_fraction(subject, "beta_1", self.beta_1)
        require_fraction(subject, "beta_2", self.beta_2)
        require_nonnegative(subject, "epsilon", self.epsilon)
        require_nonnegative(subject, "weight_decay", self.weight_decay)

    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        decay, shrink = (0.0, 1.0 - rate * self.weight_decay) if self.decoupled else (self.weight_decay, 1.0)
        size, unbias = rate / (1.0 - self.beta_1**step), math.sqrt(1.0 - self.beta_2**step)
        scalars = size, self.beta_1, self.beta_2, self.epsilon, unbias, decay, shrink
        kernels.optimizer_steps.adam(p, g, ids, *slots, *scalars)


@frozen
class AdamW(Adam):
    """Adam, with p shrunk by rate * weight_decay apart from the gradient (Loshchilov and Hutter, 2019; torch.optim.AdamW)."""

    decoupled: ClassVar[bool] = True

    weight_decay: float = field(default=0.01, kw_only=True)


@frozen
class RMSProp(Optimizer):
    """p -= rate * g / (sqrt(average of g^2) + epsilon) (Tieleman and Hinton, 2012; torch.optim.RMSprop).

    Args:
        rho: decay of the average.
        centered: the average of g is taken off, so that the root is a deviation.
    """

    learning_rate: float | Schedule = 0.001
    rho: float = 0.9
    momentum: float = field(default=0.0, kw_only=True)
    epsilon: float = field(default=1e-7, kw_only=True)
    centered: bool = field(default=False, kw_only=True)

    def check(self) -> None:
        super().check()
        require_fraction("RMSProp", "rho", self.rho)
        require_fraction("RMSProp", "momentum", self.momentum)
        require_nonnegative("RMSProp", "epsilon", self.epsilon)

    def slots(self) -> tuple[str, ...]:
        return ("square", *(("mean",) if self.centered else ()), *(("velocity",) if self.momentum else ()))

    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        have = dict(zip(self.slots(), slots, strict=True))
        scalars = rate, self.rho, self.momentum, self.epsilon
        kernels.optimizer_steps.rmsprop(p, g, ids, have["square"], have.get("mean"), have.get("velocity"), *scalars)


@frozen
class Ftrl(Optimizer):
    """FTRL-proximal (McMahan et al., Ad Click Prediction, KDD 2013): the one for linear models over hashed ids.

    l1 leaves weights at exactly zero until their evidence passes it. The paper's l2 is meant; TensorFlow's
    l2_regularization_strength is half of it. Both are compared with sums of gradients, which are small where the loss is
    a mean over the batch: try 0.001 to 0.01 before 1.

    Args:
        learning_rate: the paper's alpha: a number. Weights are proportional to it, so a schedule would rescale all of them.
        beta: the paper's beta, in effect a softer start.
        initial_accumulator: what the sum of g^2 starts with (TensorFlow: 0.1, which slows a mean loss down a lot; the paper:
            0, with a beta of 1).
    """

    remembers: ClassVar[tuple[str, ...]] = ("z", "n")

    learning_rate: float | Schedule = 0.1
    l1: float = 0.0
    l2: float = 0.0
    beta: float = field(default=0.0, kw_only=True)
    initial_accumulator: float = field(default=1e-6, kw_only=True)

    def check(self) -> None:
        super().check()
        if isinstance(self.learning_rate, Schedule):
            raise errors.argument(
                "Ftrl", "learning_rate must be a number", self.learning_rate, "it scales all weights: keep it"
            )
        for what in ("l1", "l2", "beta", "initial_accumulator"):
            require_nonnegative("Ftrl", what, getattr(self, what))
        if not self.beta and not self.initial_accumulator:
            raise errors.argument(
                "Ftrl", "beta and initial_accumulator are both 0", 0, "one must be above 0, or the first step is 0/0"
            )

    def first(self, slot: str) -> float:
        return self.initial_accumulator if slot == "n" else 0.0

    def resume(self, p: Array, slots: list[Array], rate: float) -> None:
        """Set z to what gives the weights p again: FTRL computes its weights from z, so that z = 0 would forget them."""
        z, n = slots
        w = p.astype(np.float64)
        z[...] = 0.0 - (w * ((self.beta + np.sqrt(n.astype(np.float64))) / rate + self.l2) + np.sign(w) * self.l1)

    def follow(self, variables: Variables, name: str) -> None:
        slots = [variables.slots.get(f"{name}/{type(self).__name__}.{slot}") for slot in self.slots()]
        known = [slot for slot in slots if slot is not None]
        if len(known) == len(slots):
            self.resume(variables.values[name], known, self.rate(variables))

    def update(self, p: Array, g: Array, ids: Array | None, slots: list[Array], rate: float, step: int) -> None:
        kernels.optimizer_steps.ftrl(p, g, ids, *slots, 1.0 / rate, self.beta, self.l1, self.l2)


@frozen
class SolveFirst(Ftrl):
    """FTRL whose first step is the solution: the weights of a linear estimator for which the loss over its batch is lowest.

    Half of `penalty` times the squares of the weights is added to the mean loss, those of numbers times the variance of their
    column. Give one batch of all rows: train(rows, label, epochs=1, batch_size=len(rows)). Later steps are those of FTRL, as
    long as the curvature of the loss lets them be. Other models, batches of more than 8 million numbers and losses
    other than a squared error, a log loss or Poisson's take a step of FTRL first, too.

    Args:
        penalty: a finite number of at least 0.
    """

    penalty: float = field(default=0.001, kw_only=True)

    def check(self) -> None:
        super().check()
        require_nonnegative("SolveFirst", "penalty", self.penalty)

    def settle(self, variables: Variables, name: str, curvature: Array) -> None:
        """Let later steps of a parameter that was set be as long as its curvature allows, in the shape of the parameter."""
        rate = self.rate(variables)
        moved = self._moved(variables, name, type(self).__name__, rate)
        n = variables.slots[f"{name}/{type(self).__name__}.n"]
        n[...] = np.maximum(np.square(rate * curvature), self.initial_accumulator)
        variables.moved[name, type(self).__name__] = moved
        self.follow(variables, name)


@frozen
class Groups(Component):
    """Several optimizers, each moving the parameters whose names begin with its prefix: wide & deep's two.

    Args:
        groups: pairs (prefix, optimizer); every trained parameter belongs to the first prefix that it begins with.
    """

    called: ClassVar[tuple[str, ...]] = ("minimize",)

    groups: Converted[Sequence[tuple[str, Optimizer | Groups]], tuple[tuple[str, Optimizer | Groups], ...]]

    def minimize(self, loss: Value) -> TrainOp:
        """Return the step that lowers this loss."""
        return TrainOp(self, loss)

    def apply(self, variables: Variables, found: Mapping[str, Gradient]) -> None:
        """Give each gradient to the optimizer of its prefix; raise ModelError where none fits."""
        left = dict(found)
        for prefix, optimizer in self.groups:
            own = {name: left.pop(name) for name in list(left) if name.startswith(prefix)}
            optimizer.apply(variables, own)
        if left:
            raise errors.unknown("Groups", "parameter", next(iter(left)), (prefix for prefix, _ in self.groups))

    def follow(self, variables: Variables, name: str) -> None:
        """Let the optimizer of a parameter go on from its value, which was changed elsewhere."""
        for prefix, optimizer in self.groups:
            if name.startswith(prefix):
                optimizer.follow(variables, name)
                return


KNOWN: dict[str, type[Optimizer]] = {
    c.__name__.lower(): c for c in (SGD, Adagrad, Adam, AdamW, RMSProp, Ftrl, Nadam, Adamax, Adadelta, Lion)
}


OptimizerLike = Optimizer | Groups | str | Callable[[], Any] | Mapping[str, object]  # or its name, JSON, or what gives it


def get(optimizer: OptimizerLike, **given: Any) -> Optimizer | Groups:
    """Return an optimizer (or Groups) as it is, by name in any case ("Ftrl", "adam") with its defaults, or of a function.

    The JSON of an optimizer, {"type": "Adam", "learning_rate": 0.01}, is taken too.
    """
    if isinstance(optimizer, (Optimizer, Groups)):
        return optimizer
    if isinstance(optimizer, Mapping):
        return get(component_from_json(optimizer, Optimizer, "optimizer"), **given)
    if callable(optimizer):
        return get(optimizer())
    if isinstance(optimizer, str) and optimizer.lower() in KNOWN:
        return KNOWN[optimizer.lower()](**given)
    raise errors.unknown("optimizer", "name", optimizer, (c.__name__ for c in KNOWN.values()))


__all__ = [
    "SGD",
    "Adadelta",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Groups",
    "Lion",
    "Nadam",
    "Optimizer",
    "RMSProp",
    "SolveFirst",
    "Step",
    "TrainOp",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.optimizers", __all__)
