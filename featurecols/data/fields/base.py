"""One field over some rows, seen as numbers, as integers, as times or as canonical bytes.

A FieldView is the memory of a field, in one physical form, and the rows of it that are looked at. Slicing moves two
integers; the memory, dictionaries, and what columns compute per distinct text stay shared by all slices.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable
from typing import Protocol, Self

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Ids, Memo, T, Texts, Tokens
from featurecols._core.numbers import Integers, Numbers
from featurecols._core.times import Times
from featurecols._core.ways_out import way_out
from featurecols.data import arrow_buffers
from featurecols.data.field_types import FieldType
from featurecols.data.fields.cleaning import Cleaning
from featurecols.data.fields.spelled import Spelled
from featurecols.data.missing import NONE, Markers
from featurecols.errors import DataError


class Words(Protocol):
    """The text of a CSV file."""

    def spelled(self) -> Spelled: ...


class FieldView(ABC):
    """One field over n rows; each form of its values is made when it is asked for, and kept.

    Missing values (null, None, NaN, markers of the Field) are NaN in numbers, not valid in integers, code -1 or not
    valid in tokens, None in lists. A null list is an empty one; a null element keeps its place. Row numbers in errors
    count from the first row of the view.

    A subclass holds one physical form in attributes that all slices share, and reads rows start:stop of it. What it
    computes once for all slices it keeps in an object that they share, never in an attribute of its own. Data comes in
    as views without markers; `with_markers` gives those of a Field.

    Attributes:
        key: name of the field.
        start: the first row of the memory that is seen.
        stop: the row after the last.
        markers: what counts as missing beside null and NaN.
        parse: whether the text came from a CSV file, so that it may be read as numbers.
        depth: 0 for one value a row, 1 for lists, 2 for lists of lists.
        type_name: the type of the field, where texts are values that they spell ("boolean", "integer", "float", "decimal"), and
            where the text of a CSV file is of a type that no column reads; None elsewhere.
        light: whether a row is a code into a small dictionary, which costs about a nanosecond to convert.
        loose: the error of a field that is not known to hold lists, where some rows hold lists and others do not.
    """

    depth: int = 0
    light: bool = False
    loose: DataError | None = None
    type_name: str | None = None
    _numbers: Numbers | None = None
    _integers: Integers | None = None
    _tokens: Tokens | None = None
    _times: Times | None = None
    _counts: tuple[Array, Array] | None = None
    _memo: Memo | None = None
    _outer: FieldView | None = None  # the lists whose elements these rows are

    def __init__(self, key: str, length: int, markers: Markers = NONE, parse: bool = False) -> None:
        self.key, self.markers, self.parse = key, markers, parse
        self.start, self.stop = 0, length

    @property
    def textual(self) -> bool:
        """Whether it may hold text that spells values."""
        return False

    def __len__(self) -> int:
        return self.stop - self.start

    @abstractmethod
    def _read_numbers(self) -> Numbers:
        """Return what `numbers` gives; rows in errors count from `start`."""

    @abstractmethod
    def _read_integers(self) -> Integers:
        """Return what `integers` gives; rows in errors count from `start`."""

    @abstractmethod
    def _read_tokens(self) -> Tokens:
        """Return what `tokens` gives; rows in errors count from `start`."""

    def _read_times(self) -> Times:
        """Return what `times` gives; rows in errors count from `start`. A form that holds no times refuses its first value."""
        for row, value in enumerate(self.to_pylist()):
            if value is not None:
                hint = 'convert it to a timestamp where it comes from, such as pandas.to_datetime(column, unit="s")'
                raise errors.bad_value(self.key, self.key, row, "needs a time", value, way_out(value, hint))
        return Times.missing(len(self))

    @abstractmethod
    def to_pylist(self) -> list[object]:
        """Return every row as a plain Python value, for the row path: None where missing, a list for a list.

        A text that came from a CSV file is a str here, also in a field that is read as a number.
        """

    def _as_arrow(self) -> pa.Array | None:
        """Return what `to_arrow` gives, or None where the values are Python's or lists of them."""
        return None

    @abstractmethod
    def _take(self, rows: Array) -> FieldView:
        """Return these rows, int64 [k], in this order, as a field of their own."""

    def _memory(self) -> Hashable:
        """Return a key that another view has only if it sees the same values in the same memory; None where unknown."""
        return None

    def with_markers(self, markers: Markers) -> FieldView:
        """Return the same rows with the missing markers of a Field; only for a view that has none yet."""
        view = self._view(0, len(self))
        view.markers = markers
        return view

    def value_type(self) -> FieldType:
        """Return the logical type of the values, and how deep their lists are. The text of a CSV file is text."""
        return FieldType()

    def words(self) -> Words | None:
        """Return the texts behind the values, where they are the text of a CSV file; each distinct one at least once."""
        return None

    def as_type(self, name: str) -> FieldView:
        """Return the same rows as values of a field of a type: what text spells is the value; other values stay."""
        return self

    def clean(self, cleaning: Cleaning) -> FieldView:
        """Return the same rows with their texts changed as a Field declares, and missing where they are afterwards."""
        return self

    def to_arrow(self) -> pa.Array:
        """Return the rows as one Arrow array, as they came; DataError where no Arrow type holds them."""
        found = self._as_arrow()
        if found is not None:
            return found
        try:
            return arrow_buffers.one_array(pa.array(self.to_pylist(), from_pandas=True))
        except arrow_buffers.REFUSED:
            hint = "convert the field to one type"
            raise DataError(self.key, "holds values of several types", field=self.key, hint=hint) from None

    def numbers(self) -> Numbers:
        """Return every value as float64, NaN where missing; lists come with offsets and inner lengths.

        Raises DataError at the first row that does not hold a number. No string is parsed, except text from a CSV file.
        """
        if self._numbers is None:
            try:
                self._numbers = self._read_numbers()
            except DataError as error:
                raise self._at_outer_row(error) from None
        return self._numbers

    def integers(self) -> Integers:
        """Return every value as an exact int64 or uint64; whole floats below 2^53 are accepted.

        Raises DataError at the first row that holds anything else.
        """
        if self._integers is None:
            try:
                self._integers = self._read_integers()
            except DataError as error:
                raise self._at_outer_row(error) from None
        return self._integers

    def exact_integers(self) -> list[int | None]:
        """Return integers of any size, None where missing, where one of them may be past 64 bits.

        Raises DataError at the first row that holds anything else, as `integers` does.
        """
        found = self.integers()
        there = np.ones(len(found.values), np.bool_) if found.valid is None else found.valid
        return [value if here else None for value, here in zip(found.values.tolist(), there.tolist(), strict=True)]

    def tokens(self) -> Tokens:
        """Return every value as canonical bytes (docs/ids.md), dictionary first.

        Raises DataError at the first row whose value has none: a float that is not whole, a date, a lone surrogate.
        """
        if self._tokens is None:
            try:
                self._tokens = self._read_tokens()
            except DataError as error:
                raise self._at_outer_row(error) from None
        return self._tokens

    def times(self) -> Times:
        """Return every value as a time: a timestamp, a date, a time of day, a duration, or text that writes one.

        Raises DataError at the first row that holds anything else, or a time outside the years 1 to 9999.
        """
        if self._times is None:
            try:
                self._times = self._read_times()
            except DataError as error:
                raise self._at_outer_row(error) from None
        return self._times

    def once(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return make(), computed once for this key and these rows, for all columns that share the view."""
        if self._memo is None:
            self._memo = Memo()
        return self._memo.once(key, make)

    def missing(self) -> Array:
        """Return which rows have no value, bool [n]: of a list, rows without an element that is there."""
        return np.array([value is None for value in self.to_pylist()], np.bool_)

    def map_texts(self, key: Hashable, ids_of: Callable[[Texts], Array]) -> Ids:
        """Return an id for each value: ids_of gives those of texts, -1 where missing.

        It runs once over the distinct texts, and each value costs one gather. `key` names the computation within the
        dictionary, so that all blocks and threads share one result.
        """
        tokens = self.tokens()
        if tokens.codes is None:
            found = ids_of(tokens.texts)
        else:
            found = kernels.texts.gather(tokens.texts.once(key, ids_of), tokens.codes)
        return Ids(found, tokens.offsets)

    def plain(self) -> Array | None:
        """Return the numbers where they lie, float64, float32, int32 or int64 [n] and contiguous; NaN is missing.

        None where others are missing, where they are widened already, and for anything else.
        """
        return None

    def counted(self) -> tuple[Array, Array] | None:
        """Return the numbers of a dictionary as float64 [k], NaN where missing, and int64 [k], how many rows hold each.

        None where there is no dictionary of numbers. A number may be in it twice.
        """
        if self._counts is None:
            self._counts = self._read_counts()
        return self._counts

    def _read_counts(self) -> tuple[Array, Array] | None:
        """Return what `counted` gives, which several analyzers ask of a batch."""
        return None

    def distinct(self) -> tuple[Array, Array] | None:
        """Return the numbers of a dictionary as float64 [k], NaN where missing, and int32 codes [n], -1 where missing.

        None where there is no dictionary of numbers with fewer entries than rows.
        """
        return None

    def elements(self) -> tuple[FieldView, Array]:
        """Return each list element as a row of its own, and int64 offsets [n + 1], from 0, that group them into rows."""
        return self, np.arange(len(self) + 1, dtype=np.int64)

    def slice(self, start: int, stop: int) -> Self:
        """Return rows start:stop, without copying; dictionaries stay shared."""
        return self if start == 0 and stop == self.stop - self.start else self._view(start, stop)

    def take(self, rows: Array) -> FieldView:
        """Return these rows, int64 [k], in this order, as a field of their own."""
        return self._take(rows)

    def repeat(self, count: int) -> FieldView:
        """Return the first row so many times, as a field of its own."""
        return self._take(np.zeros(count, np.int64))

    def _view(self, start: int, stop: int) -> Self:
        """Return another view, of rows start:stop of this one."""
        view = object.__new__(type(self))
        view.__dict__.update(self.__dict__)
        view.start, view.stop = self.start + start, self.start + stop
        view._numbers = view._integers = view._tokens = view._times = view._counts = view._memo = None
        return view

    def _row_of(self, element: int) -> int:
        """Return the row, counted from `start`, of an element of the memory; without lists each row is its own."""
        return element - self.start

    def _at_outer_row(self, error: DataError) -> DataError:
        """Return the error with its row counted in the outermost lists that this view came from by `elements`."""
        if error.row is None or self._outer is None:
            return error
        row, view = error.row, self
        while view._outer is not None:
            row, view = view._outer._row_of(view.start + row), view._outer
        return error.shifted(row - error.row)
