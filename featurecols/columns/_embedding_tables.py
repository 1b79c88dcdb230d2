"""Embedding tables of a plan: named, shared, made on first use, replaced by trained ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from featurecols import errors
from featurecols._core import counters, memory_limit
from featurecols._core.arrays import Array
from featurecols._core.fork_safe import ProcessLock
from featurecols.columns.initializers import Initializer


class Table:
    """One float32 table [rows, dimension], read-only; the array is made when it is first read."""

    def __init__(self, name: str, shape: tuple[int, int], initializer: Initializer, seed: int, array: Array | None) -> None:
        self.name, self.shape, self.initializer, self.seed = name, shape, initializer, seed
        self.trained = array is not None
        self._array, self._lock = array, ProcessLock()

    @property
    def array(self) -> Array:
        if self._array is None:
            with self._lock:
                if self._array is None:
                    memory_limit.check(
                        f"table {errors.show(self.name)}",
                        4 * self.shape[0] * self.shape[1],
                        "hash into fewer ids, or give a smaller dimension",
                    )
                    array = self.initializer.make(*self.shape, self.seed, self.name)
                    array.setflags(write=False)
                    self._array = array
                    counters.increment("embedding")
        return self._array


class Tables(dict[str, Table]):
    """The tables of one plan, by name; `given` are arrays that take the place of initial ones."""

    def __init__(self, given: Mapping[str, ArrayLike] | None = None) -> None:
        super().__init__()
        self.given = {name: _as_table(name, array) for name, array in (given or {}).items()}

    def table(self, name: str, shape: tuple[int, int], initializer: Initializer, seed: int, subject: str) -> Table:
        """Return the table of that name, made for the first column that asks; PlanError when a second one differs."""
        if name not in self:
            array = self.given.get(name)
            if array is not None and array.shape != shape:
                raise errors.plan(
                    f"table {errors.show(name)}", f"must be {shape}", array.shape, f"{subject} has {shape[0]} ids"
                )
            self[name] = Table(name, shape, initializer, seed, array)
        found = self[name]
        if (found.shape, found.initializer, found.seed) != (shape, initializer, seed):
            got = (shape, initializer, seed)
            want = (found.shape, found.initializer, found.seed)
            raise errors.plan(
                subject,
                f"shares table {errors.show(name)} of {want}",
                got,
                "name a table of its own with table=..., or give both one dimension and start",
            )
        return found


def _as_table(name: str, array: ArrayLike) -> Array:
    try:
        given = np.asarray(array)
        if given.dtype.kind not in "fiu":
            raise TypeError(given.dtype)
        with np.errstate(over="ignore"):
            table = np.array(given, np.float32, order="C")  # a copy: a plan is final, whatever becomes of the caller's array
    except (TypeError, ValueError):  # of rows that differ in length, and of what is not a number
        hint = "give float32 [num_buckets, dimension]"
        raise errors.plan(f"table {errors.show(name)}", "must be a matrix of numbers", array, hint) from None
    if table.ndim != 2:
        raise errors.plan(
            f"table {errors.show(name)}", "must have two dimensions", table.shape, "give [num_buckets, dimension]"
        )
    table.setflags(write=False)
    return table
