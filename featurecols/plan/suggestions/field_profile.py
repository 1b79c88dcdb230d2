"""What one field of some data looks like: its type, how much is missing, its terms, numbers and times, in one pass.

Nothing here depends on the order of rows or on batches, and the memory is bounded: terms are counted up to MOST_TERMS
distinct ones, numbers in at most 4096 bins.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Texts, Tokens
from featurecols._core.times import DAY, Times
from featurecols.analyzers import base
from featurecols.analyzers.distribution import Spread, ValueBins, ValueCount
from featurecols.analyzers.moments import Moments, Sums
from featurecols.analyzers.term_counts import Table
from featurecols.analyzers.top_terms import TermCounts
from featurecols.columns.base import Field
from featurecols.data.field_types import SPELLED, UNKNOWN, UNREAD, FieldType, join
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import SPACES, Cleaning
from featurecols.data.missing import NONE
from featurecols.plan.learned_types import spellings_of, type_of
from featurecols.plan.suggestions.written_numbers import WrittenNumbers, numbers_in

MOST_TERMS = 1 << 20  # distinct terms that are counted; beyond them only that there are more is known
TOP = 1000  # most frequent terms that are looked at
_TRIM = Cleaning(strip=True, lowercase=False, numbers=False)
_IS_BLANK = np.isin(np.arange(256), np.frombuffer(SPACES.encode(), np.uint8))
_BINS, _MOMENTS, _COUNT, _TERMS = ValueBins(), Moments(leave_out=True), ValueCount(), TermCounts()


@dataclass(frozen=True)
class NumberProfile:
    """The finite numbers of a field.

    Attributes:
        low, high, mean, std: of all of them.
        values: float64 [k], ascending, with how often each occurs in `counts`, int64 [k]: exact up to 4096 distinct numbers,
            then the lower edges of bins.
        exact: whether `values` are the distinct numbers.
        infinite: how many others are infinite.
        invalid: a text among them that is not a number, and how many of these there are.
    """

    low: float
    high: float
    mean: float
    std: float
    values: Array
    counts: Array
    exact: bool
    infinite: int
    invalid: tuple[str, int] | None = None

    @property
    def heaviest(self) -> tuple[float, float]:
        """The most frequent number, of equally frequent ones the least, and its share of all numbers."""
        at = int(self.counts.argmax())
        return float(self.values[at]), float(self.counts[at] / self.counts.sum())

    @property
    def whole(self) -> bool:
        """Whether all are known to be integers, as those are that pandas keeps as floats because some are missing."""
        return self.exact and bool((self.values == np.floor(self.values)).all())

    def skewness(self, of: Callable[[Array], Array] = np.asarray) -> float:
        """Return the skewness of the numbers, or of a function of them; 0 where they do not vary."""
        x, share = np.asarray(of(self.values), np.float64), self.counts / self.counts.sum()
        if not np.isfinite(x).all():
            return 0.0
        centred = x - (share * x).sum()
        deviation = np.sqrt((share * centred**2).sum())
        return float((share * (centred / deviation) ** 3).sum()) if deviation > 0 else 0.0

    def farthest(self, of: Callable[[Array], Array] = np.asarray) -> float:
        """Return how many deviations the farthest number, or a function of it, is from the mean."""
        x, share = np.asarray(of(self.values), np.float64), self.counts / self.counts.sum()
        centred = x - (share * x).sum()
        deviation = float(np.sqrt((share * centred**2).sum()))
        return float(np.abs(centred).max()) / deviation if deviation > 0 and np.isfinite(deviation) else 0.0


@dataclass(frozen=True)
class TimeProfile:
    """The times of a field.

    Attributes:
        kinds: which of INSTANT, LOCAL, TIME_OF_DAY and DURATION there are.
        first, last: in seconds.
        clock: whether any is not at midnight.
    """

    kinds: frozenset[int]
    first: int
    last: int
    clock: bool


@dataclass(frozen=True)
class FieldProfile:
    """What a field looks like.

    Attributes:
        key: its name.
        type: the type of its values; None in it where it is not known.
        rows: how many rows there are.
        values: how many values, missing ones among them: rows, or elements of lists.
        missing: how many are missing.
        distinct: how many distinct values there are; None where there are more than are counted.
        top: the most frequent terms with their counts, most frequent first, equally frequent ones in the order of their bytes.
        terms: whether it can be read as categories.
        numbers: where all values are numbers.
        times: where all values are times, or text that writes times.
        lengths: the shortest and the longest list, where it holds lists.
        source: the field as columns read it, with its markers and its type where they must be declared.
    """

    key: str
    type: FieldType
    rows: int
    values: int
    missing: int
    distinct: int | None
    top: tuple[tuple[bytes, int], ...]
    terms: bool
    numbers: NumberProfile | None
    times: TimeProfile | None
    lengths: tuple[int, int] | None
    source: Field

    @property
    def cleaned(self) -> list[str]:
        """What is said of blanks around texts, which `source` removes; nothing without any."""
        return ["blanks around them removed"] * self.source.strip

    @property
    def present(self) -> int:
        """How many values are not missing."""
        return self.values - self.missing


@dataclass(slots=True)
class _Clock:
    """The times that were seen."""

    kinds: frozenset[int] = frozenset()
    first: int | None = None
    last: int | None = None
    clock: bool = False
    present: int = 0

    def add(self, times: Times) -> None:
        there = np.ones(len(times.ticks), np.bool_) if times.valid is None else times.valid
        if not there.any():
            return
        seconds = times.seconds()[there]
        kinds = {times.kinds} if isinstance(times.kinds, int) else set(np.unique(times.kinds[there]).tolist())
        after = times.after(times.seconds())
        self.kinds |= kinds
        self.first = min(int(seconds.min()), self.first if self.first is not None else int(seconds[0]))
        self.last = max(int(seconds.max()), self.last if self.last is not None else int(seconds[0]))
        self.clock = self.clock or bool((seconds % DAY).any()) or (after is not None and bool(after[there].any()))
        self.present += int(there.sum())


def has_blanks(tokens: Tokens) -> bool:
    """Return whether a text that occurs has blanks around it."""
    texts = tokens.texts
    lengths = np.diff(texts.offsets)
    there = lengths > 0 if texts.valid is None else (lengths > 0) & texts.valid
    if tokens.codes is not None:  # others stand in the dictionary alone
        used = np.zeros(len(texts), np.bool_)
        used[tokens.codes[tokens.codes >= 0]] = True
        there &= used
    starts, ends = texts.offsets[:-1][there], texts.offsets[1:][there]
    return bool(_IS_BLANK[texts.data[starts]].any() or _IS_BLANK[texts.data[ends - 1]].any())


class FieldCollector:
    """Collects the profile of one field over batches."""

    def __init__(self, key: str) -> None:
        self.key, self.rows, self.type, self.spellings = key, 0, UNKNOWN, 0
        self.numbers: tuple[Spread, Sums] | None = (_BINS.empty(), _MOMENTS.empty())
        self.terms: Table | None = _TERMS.empty()
        self.times: _Clock | None = _Clock()
        self.counted: int | None = 0  # values that were read as terms
        self.many = False  # there are more terms than are counted
        self.lengths: tuple[int, int] | None = None
        self.blanks = False  # whether a text has blanks around it

    def add(self, view: FieldView) -> None:
        """Look at the rows of one batch."""
        self.rows += len(view)
        words = view.words()
        if words is not None:
            self.spellings |= spellings_of(words.spelled())
        else:
            self.type = join(self.type, view.value_type())
        self._add_numbers(view)
        trimmed = self._trimmed(view)
        self._add_terms(trimmed)
        self._add_times(trimmed)
        if view.depth == 1 and len(view):
            sizes = np.diff(view.elements()[1])
            low, high = self.lengths or (int(sizes[0]), int(sizes[0]))
            self.lengths = min(low, int(sizes.min())), max(high, int(sizes.max()))

    def _trimmed(self, view: FieldView) -> FieldView:
        """Return the rows without blanks around their texts, and remember whether there were any."""
        if not view.textual or view.depth:
            return view
        try:
            tokens = view.tokens()
        except errors.DataError:
            return view
        if not has_blanks(tokens):
            return view
        self.blanks = True
        return view.clean(_TRIM)

    def _add_numbers(self, view: FieldView) -> None:
        if self.numbers is not None:
            try:
                self.numbers = _BINS.update(self.numbers[0], view), _MOMENTS.update(self.numbers[1], view)
            except errors.DataError:
                self.numbers = None

    def _add_terms(self, view: FieldView) -> None:
        if self.counted is None:
            return
        try:
            self.counted = _COUNT.update(self.counted, view)
            if self.terms is not None:
                self.terms = _TERMS.update(self.terms, view)
                self.terms.settle()
                if self.terms.runs or self.terms.used > MOST_TERMS:
                    self._forget_terms()
                    self.many = True
        except errors.DataError:
            self._forget_terms()
            self.counted = None

    def _add_times(self, view: FieldView) -> None:
        if self.times is not None:
            try:
                self.times.add(view.times())
            except errors.DataError:
                self.times = None

    def _forget_terms(self) -> None:
        if self.terms is not None:
            self.terms.close()
            self.terms = None

    def close(self) -> None:
        """Give back what is held outside of memory."""
        self._forget_terms()

    def profile(self) -> FieldProfile:
        """Return what the field looks like."""
        of = join(self.type, FieldType(type_of(self.spellings, self.numbers is None)))
        bins = None if self.numbers is None else _BINS.finish(self.numbers[0])
        numbers = None if bins is None else self._number_profile(bins)
        distinct: int | None = None
        top: tuple[tuple[bytes, int], ...] = ()
        present = 0
        if self.terms is not None:
            self._spell_terms(of.type)
        if self.terms is not None:
            distinct, top, present = _summary(self.terms)
        if bins is not None and not self.many and (self.counted is None or self.terms is None or of.type == "float"):
            distinct = len(bins["keys"]) if int(bins["drop"]) == 0 else None
        if bins is not None:
            values, present = int(bins["values"]), int(bins["counts"].sum()) + int(bins["infinite"])
        elif self.times is not None and self.times.present:
            values, present = self.rows, self.times.present
        else:
            values = self.counted if self.counted is not None else self.rows
            present = present if self.terms is not None else values
        times = self.times if self.times is not None and self.times.kinds else None
        source = Field(self.key, strip=self.blanks)
        if numbers is not None and numbers.infinite:
            source = Field(self.key, missing=(-math.inf, math.inf), strip=self.blanks)
            present -= numbers.infinite
        if of.type == "text" and not of.list_depth and self.terms is not None and times is None:
            written = numbers_in(self.terms, present)
            odd = written is not None and bool(written.markers or written.invalid or written.infinite)
            if written is not None and (self.spellings or odd or not written.whole):
                name: Literal["integer", "float"] = "integer" if written.whole else "float"
                numbers, distinct, top = _of_written(written), len(written.values), ()
                # Of a CSV file all text is parsed, of a table what a field asks for.
                plain = self.spellings and written.invalid is None
                infinite = (-math.inf, math.inf) if written.infinite else ()
                source = Field(
                    self.key, missing=(*written.markers, *infinite), strip=self.blanks, invalid="error" if plain else "missing"
                )
                of, present = FieldType(name), int(written.counts.sum())
        return FieldProfile(
            self.key,
            of if of.type not in UNREAD or times is not None else FieldType(None, of.list_depth),
            self.rows,
            values,
            values - present,
            distinct,
            top,
            self.counted is not None,
            numbers,
            None if times is None else TimeProfile(times.kinds, times.first or 0, times.last or 0, times.clock),
            self.lengths,
            source,
        )

    def _spell_terms(self, name: str | None) -> None:
        """Count the values that the text of CSV files spells: spellings of one value are one."""
        if self.terms is None or not self.spellings or name not in SPELLED:
            return
        try:
            typed = _TERMS.as_type(self.terms, str(name), NONE)
        except errors.DataError:  # numbers that are not whole are not terms
            typed, self.counted = None, None
        self._forget_terms()
        self.terms = typed

    def _number_profile(self, bins: dict[str, Array]) -> NumberProfile | None:
        if self.numbers is None or not len(bins["keys"]):
            return None
        moments = {name: float(value) for name, value in _MOMENTS.finish(self.numbers[1]).items()}
        drop = int(bins["drop"])
        values = np.clip(base.unsortable(bins["keys"] << np.uint64(drop)), moments["min"], moments["max"])
        low, high, mean, std = (moments[name] for name in ("min", "max", "mean", "std"))
        return NumberProfile(low, high, mean, std, values, bins["counts"], drop == 0, int(bins["infinite"]))


def _of_written(found: WrittenNumbers) -> NumberProfile:
    """Return the profile of numbers that are all known."""
    total = int(found.counts.sum())
    mean = float(found.values @ found.counts / total)
    std = float(np.sqrt((found.values - mean) ** 2 @ found.counts / total))
    low, high = float(found.values[0]), float(found.values[-1])
    return NumberProfile(low, high, mean, std, found.values, found.counts, True, found.infinite, found.invalid)


def _summary(terms: Table) -> tuple[int, tuple[tuple[bytes, int], ...], int]:
    """Return the number of distinct terms, the most frequent ones with their counts, and the number of all terms."""
    distinct = present = 0
    for chunk in terms.chunks():
        distinct, present = distinct + len(chunk.counts), present + int(chunk.counts.sum())
    if not distinct:
        return 0, (), 0
    best = TermCounts(TOP).finish(terms)
    texts = Texts(best["offsets"], best["data"])
    return distinct, tuple((texts[i], int(count)) for i, count in enumerate(best["counts"])), present
