"""Cells: one field over some rows, seen as numbers, as integers or as canonical bytes.

A Store holds a field's values in one physical form and converts any window of them; Cells is such a window. Slicing
Cells moves two integers; dictionaries, and what columns compute per distinct text, stay shared by all slices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any

import numpy as np

from featurecols._core.arrays import Array, Integers, Numbers, Tokens
from featurecols.data.missing import NONE, Markers
from featurecols.errors import DataError


class FieldStorage(ABC):
    """All rows of one field in one physical form. Methods take a window [start, stop); errors carry the store's row.

    depth: 0 for one value a row, 1 for lists, 2 for lists of lists.
    parse: the text came from a CSV file, so it may be read as numbers.
    light: a row is a code into a small dictionary, which costs about a nanosecond to convert.
    """

    depth: int = 0
    light: bool = False

    def __init__(self, key: str, length: int, markers: Markers = NONE, parse: bool = False) -> None:
        self.key, self.length, self.markers, self.parse = key, length, markers, parse

    @abstractmethod
    def numbers(self, start: int, stop: int) -> Numbers: ...

    @abstractmethod
    def integers(self, start: int, stop: int) -> Integers: ...

    @abstractmethod
    def tokens(self, start: int, stop: int) -> Tokens: ...

    @abstractmethod
    def pylist(self, start: int, stop: int) -> list[Any]: ...

    def plain(self, start: int, stop: int) -> Array | None:
        """The values where they lie, float32, int32 or int64, if each of them is there."""
        return None

    def counted(self, start: int, stop: int) -> tuple[Array, Array] | None:
        """(distinct numbers, how often each stands in the window), where the store has them at hand."""
        return None

    def distinct(self, start: int, stop: int) -> tuple[Array, Array] | None:
        """(distinct numbers, int32 codes of the window), where the store has them at hand."""
        return None

    def row_of(self, element: int) -> int:
        """The row that owns an element; without lists, each row is its own."""
        return element

    def elements(self, cells: FieldView) -> tuple[FieldView, Array]:
        return cells, np.arange(len(cells) + 1, dtype=np.int64)


class FieldView:
    """One field over n rows; every view is made when it is asked for.

    Missing values (null, None, NaN, markers of the Field) are NaN in numbers, not valid in integers, code -1 or not
    valid in tokens, None in lists. A null list is an empty one; a null element keeps its place. Row numbers in errors
    count from the first row of these cells.
    """

    __slots__ = ("_counted", "_integers", "_numbers", "_outer", "_tokens", "start", "stop", "store")

    def __init__(self, store: FieldStorage, start: int = 0, stop: int | None = None, outer: FieldView | None = None) -> None:
        self.store, self.start = store, start
        self.stop = store.length if stop is None else stop
        self._outer = outer
        self._numbers: Numbers | None = None
        self._counted: tuple[tuple[Array, Array] | None] | None = None
        self._integers: Integers | None = None
        self._tokens: Tokens | None = None

    def __len__(self) -> int:
        return self.stop - self.start

    @property
    def key(self) -> str:
        """Name of the field."""
        return self.store.key

    @property
    def depth(self) -> int:
        """0 for one value a row, 1 for lists, 2 for lists of lists."""
        return self.store.depth

    @property
    def light(self) -> bool:
        """Whether a row is a code into a small dictionary, which costs about a nanosecond to convert."""
        return self.store.light

    def numbers(self) -> Numbers:
        """Every value as float64, NaN where missing; lists come with offsets and inner lengths.

        Raises DataError at the first row that holds no number. No string is parsed, except text from a CSV file.
        """
        if self._numbers is None:
            try:
                self._numbers = self.store.numbers(self.start, self.stop)
            except DataError as error:
                raise self._seen_from_here(error) from None
        return self._numbers

    def plain(self) -> Array | None:
        """Numbers where they lie, float32, int32 or int64 [n] and contiguous, which `numbers` would widen; None where some
        are missing, where they are widened already, and for anything else."""
        return self.store.plain(self.start, self.stop) if self._numbers is None else None

    def counted(self) -> tuple[Array, Array] | None:
        """The numbers of a dictionary as float64 [k], NaN where missing, and int64 [k], how many rows hold each; None where
        there is no dictionary of numbers. A number may stand in it twice."""
        if self._counted is None:
            self._counted = (self.store.counted(self.start, self.stop),)
        return self._counted[0]

    def distinct(self) -> tuple[Array, Array] | None:
        """The numbers of a dictionary as float64 [k], NaN where missing, and int32 codes [n] into it, -1 where missing; None
        where there is no dictionary of numbers with fewer entries than rows."""
        return self.store.distinct(self.start, self.stop)

    def integers(self) -> Integers:
        """Every value as an exact int64 or uint64; whole floats below 2^53 are accepted.

        Raises DataError at the first row that holds anything else.
        """
        if self._integers is None:
            try:
                self._integers = self.store.integers(self.start, self.stop)
            except DataError as error:
                raise self._seen_from_here(error) from None
        return self._integers

    def tokens(self) -> Tokens:
        """Every value as canonical bytes (docs/ids.md), dictionary first.

        Raises DataError at the first row whose value has none: a float that is no whole number, a date, a lone surrogate.
        """
        if self._tokens is None:
            try:
                self._tokens = self.store.tokens(self.start, self.stop)
            except DataError as error:
                raise self._seen_from_here(error) from None
        return self._tokens

    def elements(self) -> tuple[FieldView, Array]:
        """Each list element as a row of its own, and the int64 offsets [n + 1], from 0, that group them into rows."""
        return self.store.elements(self)

    def slice(self, start: int, stop: int) -> FieldView:
        """Rows start:stop, without copying; dictionaries stay shared."""
        if start == 0 and stop == len(self):
            return self
        return FieldView(self.store, self.start + start, self.start + stop, self._outer)

    def to_pylist(self) -> list[Any]:
        """Every row as a plain Python value, for the row path: None where missing, a list for a list.

        A text that came from a CSV file is a str here, also in a field that is read as a number.
        """
        return self.store.pylist(self.start, self.stop)

    def _seen_from_here(self, error: DataError) -> DataError:
        """The error with its row, a position in the store, counted in rows of the outermost cells."""
        if error.row is None:
            return error
        row, cells = error.row, self
        while cells._outer is not None:
            cells = cells._outer
            row = cells.store.row_of(row)
        return error.shifted(row - cells.start - error.row)
