"""How often each term occurs, and the exact sum of the labels of its rows, for each fold of the rows."""

from __future__ import annotations

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

import numpy as np

from featurecols import errors, kernels
from featurecols._core import arrays
from featurecols._core.arrays import Array, Ids, Texts, Tokens
from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.exact_sums import ExactSums, limbs_of, to_float
from featurecols.analyzers.text_numbers import TextNumbers
from featurecols.data.fields.base import FieldView

MOST_CLASSES = 1000
_AHEAD = 4096  # labels whose size is looked at where one of them does not fit
_HEAD = struct.Struct("<qqqqq?")
_KIND = "LabelSums.v1"
_FEW_CLASSES = 32
NO_FOLDS = np.empty(0, np.int32)
_IN_ORDER = np.empty(0, np.int32)
_NONE = np.zeros(1, np.int64), np.empty(0, np.uint8)


class LabelledTerms(NamedTuple):
    """Terms of n rows with their folds and labels.

    Attributes:
        terms: one a row; a missing one is a term as well.
        folds: int32 [n]; none where all rows are in one.
        numbers: labels as float64 [n], NaN where missing, or int64 [n]; None where they are classes, or where there are none.
        classes: labels as texts; None where they are numbers.
    """

    terms: Tokens
    folds: Array = NO_FOLDS
    numbers: Array | None = None
    classes: Tokens | None = None


class _Rows(NamedTuple):
    """What kernels read of n rows: what LabelTable.places gives, their folds int32 [n], and how many folds there are."""

    codes: Array
    places: Array
    num_codes: int
    folds: Array
    num_folds: int


class LabelTable:
    """Counts and sums by place and fold: place 0 is that of missing terms, place i + 1 that of term i.

    Attributes:
        counts: rows that are not in by_class, int64 by group.
        sums: of the labels that are numbers.
        by_class: rows of each class, int64 [groups, classes], without the limbs of numbers.
    """

    def __init__(self, folds: int) -> None:
        self.folds = folds
        self.terms, self.classes = TextNumbers(), TextNumbers()
        self.counts = np.zeros(64 * folds, np.int64)
        self.sums = ExactSums(0)
        self.by_class = np.zeros((64 * folds, 0), np.int64)
        self.has_numbers = False
        self._known: tuple[Texts, Array, int] | None = None  # a dictionary, the places of its texts and how many they are
        self._cells, self._waiting = np.zeros(0, np.int64), 0  # counts and sums of small labels, and how many these are

    @property
    def groups(self) -> int:
        """How many pairs of a place and a fold there are."""
        return (self.terms.used + 1) * self.folds

    def places(self, terms: Tokens) -> tuple[Array, Array, int]:
        """Return codes int32 [n], the places of codes and of missing terms, and how many codes there are.

        The places are none where the place of a code is code + 1, and that of missing terms 0.
        """
        if terms.codes is None:
            return self.terms.add(terms.texts), _IN_ORDER, self.terms.used
        if self._known is None or self._known[0] is not terms.texts:
            numbers = self.terms.add(terms.texts)
            in_order = np.array_equal(numbers, np.arange(len(numbers)))
            self._known = terms.texts, _IN_ORDER if in_order else np.append(numbers + np.int32(1), np.int32(0)), len(numbers)
        return np.ascontiguousarray(terms.codes, np.int32), *self._known[1:]

    def forget(self) -> None:
        """Forget the dictionary of the last rows."""
        self._known = None

    def make_room(self) -> None:
        """Grow to all places."""
        if self.groups > len(self.counts):
            size = max(self.groups, 2 * len(self.counts))
            self.counts, self.by_class = _grown(self.counts, size), _grown(self.by_class, size)
        if self.classes.used > self.by_class.shape[1]:
            if self.classes.used > MOST_CLASSES:
                hint = "a label of numbers is read as numbers; cast it where it is text"
                problem = f"the label has more than {MOST_CLASSES:,} classes"
                raise errors.DataError("fit", problem, got=f"{self.classes.used:,}", hint=hint)
            wider = np.zeros((len(self.by_class), self.classes.used), np.int64)
            wider[:, : self.by_class.shape[1]] = self.by_class
            self.by_class = wider

    def cells(self, rows: int) -> Array:
        """Return the counts and sums of small labels by group, to which so many rows are to be added."""
        if self._waiting + rows > kernels.label_sums.MOST_ROWS:
            self.settle()
        if len(self._cells) < len(self.counts):
            self._cells = _grown(self._cells, len(self.counts))
        self._waiting += rows
        return self._cells

    def settle(self) -> None:
        """Take the counts and sums of small labels to those of all."""
        if self._waiting:
            n = len(self._cells)
            self.counts[:n] += self._cells >> np.int64(32)
            self.sums.make_room(len(self.counts), self.sums.first, self.sums.last - 1, 1)
            self.sums.limbs[:n, kernels.label_sums.UNITS - self.sums.first] += self._cells & np.int64(2**32 - 1)
            self._cells[:], self._waiting = 0, 0

    def rows(self) -> Array:
        """Return how many rows each group has, once small labels are settled."""
        classes = self.by_class.shape[1]
        if classes > _FEW_CLASSES:
            found: Array = self.counts + self.by_class.sum(axis=1)
            return found
        found = self.counts
        for k in range(classes):  # numpy adds a short axis element by element
            found = found + self.by_class[:, k]
        return found


def _grown(array: Array, size: int) -> Array:
    larger = np.zeros((size, *array.shape[1:]), array.dtype)
    larger[: len(array)] = array
    return larger


@dataclass(frozen=True, eq=False, repr=False)
class LabelSums(Analyzer):
    """Counts and label sums of terms, in all rows and without each of `folds` folds; counts alone where `labelled` is false.

    Rows without a label are left out. Sums are exact, and rounded to float64 once, by finish. It gives, with k terms:

    term_offsets, term_data: the terms, ascending by bytes.
    label_counts: int64 [k + 2, folds + 1]: rows in all, and without each fold; first of all terms, then of missing ones.
    label_sums: float64 [k + 2, (folds + 1) * targets], label by label, in the same order. A label of numbers, or of at most two
        classes, is one target (1 being the second class), one of more classes a target for each.
    class_offsets, class_data: the classes, ascending by bytes; none of a label of numbers.
    """

    typed: ClassVar[bool] = True
    learns: ClassVar[Mapping[str, tuple[str, int]]] = {
        "term_offsets": ("<i8", 1),
        "term_data": ("|u1", 1),
        "label_counts": ("<i8", 2),
        "label_sums": ("<f8", 2),
        "class_offsets": ("<i8", 1),
        "class_data": ("|u1", 1),
    }

    folds: int = 1
    labelled: bool = True

    def empty(self) -> LabelTable:
        return LabelTable(self.folds)

    def update(self, state: LabelTable, value: object) -> LabelTable:
        if not isinstance(value, LabelledTerms):
            value = LabelledTerms(terms_of(value))
        table = state.places(value.terms)
        codes = table[0]
        state.make_room()
        if not self.labelled:
            _check(kernels.label_sums.count[0](*table, state.counts))
            return state
        folds = value.folds if len(value.folds) or not len(codes) else np.zeros(len(codes), np.int32)
        labels = value.numbers if value.classes is None else value.classes.codes
        if len(folds) != len(codes) or (labels is not None and len(labels) != len(codes)):
            raise base.damaged(_KIND)
        rows = _Rows(*table, folds, self.folds)
        if value.numbers is not None:
            self._add_numbers(state, rows, np.ascontiguousarray(value.numbers))
        elif value.classes is not None:
            self._add_classes(state, rows, value.classes)
        return state

    def _add_numbers(self, state: LabelTable, rows: _Rows, labels: Array) -> None:
        """Count rows and add up their labels: small whole ones, then those of few limbs, then any."""
        if not len(labels) or (np.isnan(labels[0]) and np.isnan(labels).all()):
            return
        state.has_numbers = True
        sums, units = state.sums, kernels.label_sums.UNITS
        at = self._add_small(state, rows, labels) if _is_small(labels[0]) else 0
        if at == len(labels):
            return
        near = labels.dtype == np.float64 and _is_near(labels[at : at + _AHEAD])
        limbs: tuple[int, int] = (units - 2, units + 1) if near else (sums.first, sums.last - 1)
        sums.make_room(len(state.counts), *limbs, len(labels) - at)
        if near:
            at = kernels.label_sums.add_near[0](*rows, labels, at, sums.first, state.counts, sums.limbs)
            _check(at)
        labels = labels.astype(np.float64, copy=False)
        add, bits = kernels.label_sums.add[0], labels.view(np.uint64)
        while at < len(labels):
            at = add(*rows, labels, bits, at, sums.first, state.counts, sums.limbs)
            _check(at)
            if at < len(labels):
                if np.isinf(labels[at]):
                    hint = "leave such rows out"
                    raise errors.bad_value("fit", None, at, "a label is infinite", float(labels[at]), hint)
                sums.make_room(len(state.counts), *limbs_of(labels[at : at + _AHEAD]), 0)

    def _add_small(self, state: LabelTable, rows: _Rows, labels: Array) -> int:
        """Count rows and add up their labels while these are small whole numbers, and return where that ended."""
        add = kernels.label_sums.add_small[0] if labels.dtype == np.int64 else kernels.label_sums.add_small_floats[0]
        at = stop = 0
        while at == stop < len(labels):
            stop = min(len(labels), at + kernels.label_sums.MOST_ROWS)
            at = add(*rows, labels, at, stop, state.cells(stop - at))
            _check(at)
        return at

    def _add_classes(self, state: LabelTable, rows: _Rows, labels: Tokens) -> None:
        """Count rows by the class of their label."""
        found = state.classes.add(labels.texts)
        if labels.codes is not None:
            found = kernels.texts.gather(found, np.ascontiguousarray(labels.codes, np.int32))
        if len(found) != len(rows.codes):
            raise base.damaged(_KIND)
        state.make_room()
        by_class = state.by_class
        _check(kernels.label_sums.add_classes[0](*rows, found, by_class.shape[1], by_class.reshape(-1)))

    def merge(self, a: LabelTable, b: LabelTable) -> LabelTable:
        a.settle()
        b.settle()
        folds = np.arange(self.folds)
        places = np.append(0, a.terms.add(Texts(b.terms.offsets, b.terms.data)).astype(np.int64) + 1)
        classes = a.classes.add(Texts(b.classes.offsets, b.classes.data))
        a.make_room()
        a.forget()
        at = (places[:, None] * self.folds + folds).ravel()
        n = len(at)
        a.counts[at] += b.counts[:n]
        a.by_class[at[:, None], classes[None, :]] += b.by_class[:n]
        a.has_numbers |= b.has_numbers
        if b.has_numbers:
            b.sums.carry()
            a.sums.make_room(len(a.counts), b.sums.first, b.sums.last, 2)
            a.sums.add(at, b.sums)
        return a

    def finish(self, state: LabelTable) -> dict[str, Array]:
        if state.has_numbers and state.classes.used:
            hint = "clean the data, or cast the label to one type"
            raise errors.DataError("fit", "the label holds numbers and texts", got=_first(state.classes), hint=hint)
        state.settle()
        order = state.terms.order()
        places = np.append(np.int32(0), order + np.int32(1))
        counts = self._in_folds(state.rows()[: state.groups, None], places)[:, :, 0]
        if not counts[0, 0]:
            hint = "give rows that have one" if self.labelled else "give some rows"
            raise errors.DataError("fit", "no row has a label" if self.labelled else "there are no rows", hint=hint)
        seen = counts[2:, 0] > 0  # of a term that is not, no row has a label
        if not seen.all():
            order, counts = order[seen], counts[np.append([True, True], seen)]
            places = np.append(np.int32(0), order + np.int32(1))
        classes, sums = self._sums(state, places)
        terms = state.terms.taken(order)
        if not np.isfinite(sums).all():
            raise errors.DataError("fit", "a sum of labels is beyond float64", hint="scale the label down")
        return {
            "term_offsets": terms.offsets,
            "term_data": terms.data,
            "label_counts": counts,
            "label_sums": sums,
            "class_offsets": classes.offsets,
            "class_data": classes.data,
        }

    def _in_folds(self, own: Array, places: Array) -> Array:
        """Return int64 [places + 1, folds + 1, k] of [groups, k]: in all and without each fold, first of all places."""
        found = arrays.empty((len(places) + 1, self.folds + 1, own.shape[1]), np.int64)
        kernels.label_sums.fold_totals[0](np.ascontiguousarray(own), places, self.folds, found)
        return found

    def _sums(self, state: LabelTable, places: Array) -> tuple[Texts, Array]:
        """Return the classes, and the sums of labels by place as finish gives them."""
        rows = len(places) + 1
        if state.has_numbers:
            first, limbs = state.sums.filled(state.groups)
            folded = self._in_folds(limbs, places)
            return Texts(*_NONE), to_float(first, folded.reshape(-1, folded.shape[2])).reshape(rows, -1)
        if not self.labelled:
            return Texts(*_NONE), np.zeros((rows, 0))
        order = self._seen_classes(state)
        wanted = order[1:] if len(order) == 2 else order
        by_class = self._in_folds(state.by_class[: state.groups, wanted], places)
        return state.classes.taken(order), by_class.reshape(rows, -1).astype(np.float64)

    def _seen(self, state: LabelTable) -> Array:
        """Return the terms of rows that have a label, by number, in the order of their bytes."""
        order = state.terms.order()
        rows = state.rows()[: state.groups].reshape(-1, self.folds).sum(axis=1)[1:]
        found: Array = order[rows[order] > 0]
        return found

    def _seen_classes(self, state: LabelTable) -> Array:
        """Return the classes of rows, by number, in the order of their bytes."""
        order = state.classes.order()
        found: Array = order[state.by_class[: state.groups, order].any(axis=0)]
        return found

    def problem(self, learned: Mapping[str, Array]) -> str | None:
        problem = super().problem(learned)
        if problem is not None:
            return problem
        for name in ("term", "class"):
            offsets = learned[f"{name}_offsets"]
            if (
                not len(offsets)
                or offsets[0] != 0
                or (np.diff(offsets) < 0).any()
                or offsets[-1] != len(learned[f"{name}_data"])
            ):
                return f"{name}_offsets do not fit the data"
        classes = len(learned["class_offsets"]) - 1
        targets = 0 if not self.labelled else classes if classes not in (0, 2) else 1
        rows = len(learned["term_offsets"]) + 1
        if learned["label_counts"].shape != (rows, self.folds + 1) or (learned["label_counts"] < 0).any():
            return "label_counts do not fit the terms"
        if learned["label_sums"].shape != (rows, (self.folds + 1) * targets):
            return "label_sums do not fit the terms"
        return None

    def to_bytes(self, state: LabelTable) -> bytes:
        state.settle()
        order = self._seen(state)
        at = (np.append(0, order.astype(np.int64) + 1)[:, None] * self.folds + np.arange(self.folds)).ravel()
        terms, classes = state.terms.taken(order), self._seen_classes(state)
        names = state.classes.taken(classes)
        has = state.has_numbers
        first, limbs = state.sums.compact(at) if has else (0, np.zeros((len(at), 0), np.int64))
        head = _HEAD.pack(len(order), len(classes), self.folds, first, limbs.shape[1], has)
        parts = (terms.offsets, terms.data, state.rows()[at], limbs, names.offsets, names.data, state.by_class[at][:, classes])
        return base.pack(_KIND, head, *(np.ascontiguousarray(a).tobytes() for a in parts))

    def from_bytes(self, data: bytes) -> LabelTable:
        head, *parts = base.unpack(_KIND, data, 8)
        if len(head) != _HEAD.size:
            raise base.damaged(_KIND)
        terms, classes, folds, first, width, has = _HEAD.unpack(head)
        groups = (terms + 1) * folds
        sizes = (8 * (terms + 1), None, 8 * groups, 8 * groups * width, 8 * (classes + 1), None, 8 * groups * classes)
        fits = folds == self.folds and terms >= 0 and 0 <= classes <= MOST_CLASSES and width >= 0
        last = first + width
        fits = fits and (first >= 0 and last <= kernels.label_sums.LIMBS + 2 if has else width == 0)
        if not fits or any(size not in (None, len(part)) for size, part in zip(sizes, parts, strict=True)):
            raise base.damaged(_KIND)
        found = [np.frombuffer(bytes(part), np.uint8 if i in (1, 5) else np.int64) for i, part in enumerate(parts)]
        state = LabelTable(self.folds)
        numbers = state.terms.add(_texts(found[0], found[1]))
        names = state.classes.add(_texts(found[4], found[5]))
        if (len(numbers) and (numbers != np.arange(terms)).any()) or (len(names) and (names != np.arange(classes)).any()):
            raise base.damaged(_KIND)
        state.make_room()
        state.by_class[:groups] = found[6].reshape(groups, classes)
        state.counts[:groups] = found[2] - state.by_class[:groups].sum(axis=1)
        state.has_numbers = has
        if has:
            state.sums.make_room(len(state.counts), first, last, 1)
            at = first - state.sums.first
            state.sums.limbs[:groups, at : at + width] = found[3].reshape(groups, width)
        if (state.counts < 0).any() or (state.by_class < 0).any():
            raise base.damaged(_KIND)
        return state


def _check(code: int) -> None:
    """Raise DataError where a kernel saw a place that the table does not have."""
    if code == kernels.label_sums.OUTSIDE:
        raise base.damaged(_KIND)


def _texts(offsets: Array, data: Array) -> Texts:
    if offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != len(data):
        raise base.damaged(_KIND)
    return Texts(offsets, data)


def _first(texts: TextNumbers) -> str:
    return texts.taken(texts.order()[:1])[0].decode("utf-8", "backslashreplace")


def _is_small(label: float) -> bool:
    """Return whether a label is one that add_small takes, or missing."""
    return label != label or (0 <= label < 256 and label == int(label))


def _is_near(labels: Array) -> bool:
    """Return whether add_near takes floats."""
    known = labels[labels == labels]
    if not (np.abs(known) < 2.0**31).all():
        return False
    units = known * 2.0**64
    return bool((np.trunc(units) == units).all())


def terms_of(value: object) -> Tokens:
    """Return one term a row: the values of a field, or ids as terms of 8 bytes that sort as the ids do; -1 is missing.

    Raises DataError for lists.
    """
    if isinstance(value, FieldView):
        tokens = value.tokens()
        if tokens.offsets is not None and len(tokens):
            raise _lists(value.key)
        return tokens
    if not isinstance(value, Ids):
        raise TypeError(f"{type(value).__name__} has no terms")
    ids = value.values
    if value.offsets is not None and len(value):
        raise _lists(None)
    if ids.dtype == np.int32 and len(ids) and int(ids.max()) < len(ids):
        return Tokens(texts_of_ids(np.arange(int(ids.max()) + 1, dtype=np.int32)), ids)
    return Tokens(texts_of_ids(ids))


def _lists(key: str | None) -> errors.DataError:
    hint = "a list has no single term: give a field of one value a row"
    return errors.bad_value("fit", key, 0, "needs one value a row", "a list", hint)


def texts_of_ids(ids: Array) -> Texts:
    """Return ids as texts of 8 bytes, big-endian."""
    offsets = np.arange(len(ids) + 1, dtype=np.int64) * 8
    return Texts(offsets, ids.astype(">i8").view(np.uint8), None if (ids >= 0).all() else ids >= 0)


def ids_of_texts(texts: Texts) -> Array:
    """Return what texts_of_ids was made of, int64."""
    return np.frombuffer(texts.data.tobytes(), ">i8").astype(np.int64)
