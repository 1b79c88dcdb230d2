"""All that a model learns, as plain named arrays, and the scope in which layers find theirs.

    values   what optimizers move                        "dense/kernel"
    states   what layers move themselves in training     "batch_norm/moving_mean"
    slots    what optimizers remember                    "dense/kernel/adam.m"

A checkpoint is these three dicts, the step and the seed: nothing else decides what the next step does.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from types import TracebackType

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.scratch_zeros import ScratchZeros
from featurecols.models import errors
from featurecols.models.autodiff.tape import Value

Initial = Callable[[tuple[int, ...], np.random.Generator], Array]

KINDS = ("values", "states", "slots")

_scope: ContextVar[Scope | None] = ContextVar("scope", default=None)


class Moved:
    """A parameter with the slots of the optimizer that moves it, in the shapes in which a step takes them.

    Attributes:
        count: int64 [1], the steps so far, for optimizers that need them.
        whole: the parameter and its slots as one long row where that is possible: the inner loop of a step is then all of it.
        rows: the same as [rows, numbers of a row].
    """

    __slots__ = ("_count_key", "_name", "_p", "_slots", "count", "rows", "whole")

    def __init__(self, name: str, p: Array, slots: dict[str, Array], count: Array | None, count_key: str) -> None:
        self._name, self._p, self._slots = name, p, tuple(slots.items())
        self.count, self._count_key = count, count_key
        first = p.shape[0] if p.ndim else 1
        rows = (first, p.size // max(first, 1))
        long = (1, p.size) if p.flags.c_contiguous else p.shape
        self.rows = p.reshape(rows), [slot.reshape(rows) for slot in slots.values()]
        self.whole = p.reshape(long), [slot.reshape(long) for slot in slots.values()]

    def current(self, variables: Variables) -> bool:
        """Return whether these are still the arrays of the variables, in which others may have been put."""
        kept = variables.slots
        for key, slot in self._slots:
            if kept.get(key) is not slot:
                return False
        return variables.values[self._name] is self._p and (self.count is None or kept.get(self._count_key) is self.count)


class Variables:
    """The named arrays of one model.

    Args:
        seed: decides initial values, dropout and shuffling; equal seeds give equal bits on one machine.
        dtype: "float32", or "float64" for checking gradients.

    >>> from featurecols.models.layers import Dense
    >>> variables = Variables(seed=1)
    >>> with variables.scope(training=True):
    ...     y = Dense(2)(Value(np.ones((4, 3), np.float32)))
    >>> {name: a.shape for name, a in variables.values.items()}
    {'dense/kernel': (3, 2), 'dense/bias': (2,)}
    """

    def __init__(self, seed: int = 0, dtype: str = "float32") -> None:
        self.seed, self.dtype = seed, np.dtype(dtype)
        self.step = self.start = 0
        self.stop: int | None = None
        self.values: dict[str, Array] = {}
        self.states: dict[str, Array] = {}
        self.slots: dict[str, Array] = {}
        self.trained: set[str] = set()  # parameters that an optimizer has moved, here or before they were loaded
        self.given: dict[str, Callable[[Array], Array]] = {}  # what a warm start makes of the initial value of a parameter
        self.moved: dict[tuple[str, str], Moved] = {}  # by names of parameter and optimizer
        self.scratch = ScratchZeros()
        self.rows: tuple[int, int, int] | None = (
            None  # where the rows of a pass are some of a batch: first, last + 1, and of how many
        )
        self._reserved: dict[str, Array] = {}

    def __getstate__(self) -> dict[str, object]:
        """Return what a copy takes: not `moved`, whose views would be copied apart from what they are views of."""
        return self.__dict__ | {"moved": {}}

    def copy(self) -> Variables:
        """Return variables of the same seed, step and values that change apart from these."""
        found = Variables(self.seed, self.dtype.name)
        found.step, found.start, found.stop = self.step, self.start, self.stop
        for kind in KINDS:
            found.of_kind(kind).update({name: array.copy() for name, array in self.of_kind(kind).items()})
        found.trained, found.given = set(self.trained), dict(self.given)
        return found

    def arrays(self, *kinds: str) -> dict[str, Array]:
        """Return the arrays of these kinds ("values", "states", "slots"; all where none is named) as "kind/name"."""
        return {f"{kind}/{name}": array for kind in kinds or KINDS for name, array in self.of_kind(kind).items()}

    def of_kind(self, kind: str) -> dict[str, Array]:
        """Return the arrays of one kind by name."""
        return {"values": self.values, "states": self.states, "slots": self.slots}[kind]

    @contextmanager
    def scope(self, training: bool = False) -> Iterator[Scope]:
        """Open one pass through the model: layers called inside find their parameters here, by name or by order."""
        scope = Scope(self, training)
        token = _scope.set(scope)
        try:
            yield scope
        finally:
            _scope.reset(token)
        scope.require_no_penalty()

    def progress(self) -> tuple[int, int | None]:
        """Return how many steps this run has taken, and how many it will take where that is known; schedules follow it."""
        return self.step - self.start, None if self.stop is None else self.stop - self.start

    def random(self, *keys: int | str) -> np.random.Generator:
        """Return random numbers that depend on the seed and the keys alone, so that nothing of them need be saved."""
        words = [zlib.crc32(k.encode()) if isinstance(k, str) else k for k in keys]
        return np.random.Generator(np.random.PCG64([self.seed, *words]))

    def reserve(self, name: str, shape: tuple[int, ...]) -> None:
        """Lay a parameter [n, 1] whose rows are met at random into an array [n, 4], beside two slots.

        Weight and slots of a row then lie in one cache line: training a hashed model waits for memory most of the time. They
        stay arrays of their own to everybody else. A parameter of another shape is left alone.
        """
        if shape[1:] != (1,):
            return
        if name not in self._reserved or len(self._reserved[name]) != shape[0]:
            self._reserved[name] = np.zeros((shape[0], 4), self.dtype)
        if name in self.values and self.values[name].base is not self._reserved[name]:
            self._reserved[name][:, :1] = self.values[name]
            self.values[name] = self._reserved[name][:, :1]

    def slot(self, name: str, key: str, number: int, first: float) -> Array:
        """Return slot `number` (from 1) of a parameter: an array of its shape that begins as `first` everywhere.

        It lies beside the parameter where `reserve` made space for it.
        """
        reserved = self._reserved.get(name)
        if reserved is None or number > 2 or self.values[name].base is not reserved:
            if key not in self.slots:
                self.slots[key] = np.full(self.values[name].shape, first, self.dtype)
        elif key not in self.slots or self.slots[key].base is not reserved:
            reserved[:, number : number + 1] = self.slots.get(key, first)
            self.slots[key] = reserved[:, number : number + 1]
        return self.slots[key]


class Scope:
    """Where a layer finds its parameters during one pass.

    Unnamed layers are numbered in the order of their calls (dense, dense_1), so the same code finds the same
    parameters in every pass; a layer called twice under one name shares them.
    """

    def __init__(self, variables: Variables, training: bool) -> None:
        self.variables, self.training = variables, training
        self._path: tuple[str, ...] = ()
        self._numbers: dict[str, int] = {}
        self._seen: dict[str, Value] = {}
        self._random: np.random.Generator | None = None
        self._penalties: dict[str, Value] = {}

    def inside(self, name: str) -> Inside:
        """Let names made inside begin with `name/`."""
        return Inside(self, name)

    def numbered(self, name: str) -> str:
        """Return name, name_1, name_2, ... for the calls of unnamed layers in this pass."""
        key = "/".join((*self._path, name))
        number = self._numbers.get(key, 0)
        self._numbers[key] = number + 1
        return name if number == 0 else f"{name}_{number}"

    def full(self, name: str) -> str:
        return "/".join((*self._path, name))

    def parameter(self, name: str, shape: tuple[int, ...], initial: Initial, *, scattered: bool = False) -> Value:
        """Return the parameter of this name, made by initial(shape, random) at its first use.

        `scattered` reserves space beside it: see Variables.reserve.
        """
        full = self.full(name)
        if full not in self._seen:
            found = self._find(self.variables.values, full, shape, initial)
            if scattered:
                self.variables.reserve(full, shape)
                found = self.variables.values[full]
            self._seen[full] = Value(found, name=full)
        value = self._seen[full]
        if value.shape != shape:
            raise errors.shape_changed(full, value.shape, shape)
        return value

    def state(self, name: str, shape: tuple[int, ...], initial: Initial) -> Array:
        """Return an array that the layer itself writes in training (a moving average)."""
        return self._find(self.variables.states, self.full(name), shape, initial)

    def penalize(self, name: str, amount: Value) -> None:
        """Note what a parameter adds to the loss of this pass."""
        self._penalties[name] = amount

    def penalty(self) -> Value:
        """Return what parameters add to the loss of this pass, of shape ()."""
        found, self._penalties = list(self._penalties.values()), {}
        return sum(found[1:], found[0]) if found else Value(np.zeros((), self.variables.dtype))

    @property
    def has_penalty(self) -> bool:
        """Whether parameters add to the loss of this pass."""
        return bool(self._penalties)

    def require_no_penalty(self) -> None:
        """Raise ModelError where regularizers were left out of the loss."""
        if self._penalties:
            name, amount = next(iter(self._penalties.items()))
            what = "what its kernel_regularizer adds is not part of the loss"
            raise errors.model(name, what, float(amount), "add fc.models.layers.penalty() to the loss")

    def random(self) -> np.random.Generator:
        """Return the random numbers of this step; layers draw in the order of their calls."""
        if self._random is None:
            self._random = self.variables.random("step", self.variables.step)
        return self._random

    def _find(self, kept: dict[str, Array], full: str, shape: tuple[int, ...], initial: Initial) -> Array:
        if full not in kept:
            made = initial(shape, self.variables.random("initial", full))
            if (change := self.variables.given.pop(full, None)) is not None:
                made = change(np.array(made, self.variables.dtype))
            kept[full] = np.ascontiguousarray(made, self.variables.dtype)
        if kept[full].shape != shape:
            raise errors.shape_changed(full, kept[full].shape, shape)
        return kept[full]


class Inside(AbstractContextManager[None]):
    """A part of a pass in which names begin with one more name; every call of a layer is one, so it is a class of its own."""

    __slots__ = ("_before", "_name", "_scope")

    def __init__(self, scope: Scope, name: str) -> None:
        self._scope, self._name, self._before = scope, name, scope._path

    def __enter__(self) -> None:
        self._before = self._scope._path
        self._scope._path = (*self._before, self._name)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._scope._path = self._before


def current(subject: str) -> Scope:
    """Return the scope of the running pass; raise ModelError where there is none."""
    scope = _scope.get()
    if scope is None:
        raise errors.no_scope(subject)
    return scope


def snake(name: str) -> str:
    """Return a class name as that of a parameter: BatchNorm as batch_norm."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def zeros(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return zeros."""
    return np.zeros(shape, np.float32)


def ones(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return ones."""
    return np.ones(shape, np.float32)


def glorot(shape: tuple[int, ...], random: np.random.Generator) -> Array:
    """Return numbers uniform in +-sqrt(6 / (inputs + outputs)), as Keras and tf.estimator start kernels.

    Glorot and Bengio, 2010.
    """
    limit = np.sqrt(6.0 / (shape[0] + shape[-1]))
    return random.uniform(-limit, limit, shape)
