"""The base of layers: declared values that find their parameters in the scope of the running pass."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from featurecols._core.spec import frozen
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Scope, current, snake
from featurecols.models.component import Component
from featurecols.models.layers.mixed import Mixed


@frozen
class Layer(Component):
    """Base of all layers.

    name: its parameters are called name/...; layers without one are numbered in the order of their calls, and two
    calls under one name share parameters.
    """

    abstract: ClassVar[bool] = True
    takes_mixed: ClassVar[bool] = False  # whether one-hots may come as ids; else they are written out first
    reads: ClassVar[type | None] = None  # what it reads, where that is not what layers give

    name: str | None = field(default=None, kw_only=True)

    def check(self) -> None:
        if self.name is not None and (not isinstance(self.name, str) or not self.name):
            raise errors.argument(
                type(self).__name__, "name must be a non-empty string", self.name, "leave it out to number it"
            )

    def __call__(self, x: Any) -> Value:
        scope = current(type(self).__name__)
        name = self.name or scope.numbered(snake(type(self).__name__))
        if isinstance(x, Mixed) and not self.takes_mixed:
            x = x.value(scope.variables)
        if self.reads is not None and not isinstance(x, self.reads):
            what = f"reads {self.reads.__name__}, which a model_fn is given, and nothing that a layer gives"
            raise errors.model(type(self).__name__, what, type(x).__name__, "use Dense(units) above other layers")
        with scope.inside(name):
            return self.forward(scope, x)

    @abstractmethod
    def forward(self, scope: Scope, x: Any) -> Value:
        """Return the layer's value for x, its parameters found (or made) in the scope."""


def require_positive(subject: str, what: str, got: object) -> int:
    """Return an int of at least 1; raise ColumnError for anything else."""
    if not isinstance(got, int) or isinstance(got, bool) or got < 1:
        raise errors.argument(subject, f"{what} must be an integer of at least 1", got, f"give {what}=1 or more")
    return got


def matrix(subject: str, x: Value | ArrayLike, dtype: DTypeLike) -> Value:
    """Return x as a Value of shape [n, width]; arrays become constants of the model's dtype."""
    value = x if isinstance(x, Value) else Value(np.ascontiguousarray(x, dtype))
    if value.array.ndim != 2:
        raise errors.model(subject, "takes a matrix [rows, width]", value.shape, "reshape the input to two dimensions")
    return value
