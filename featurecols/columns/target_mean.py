"""TargetMean: the mean label of the rows that share a category, drawn to the mean of all rows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import field
from typing import ClassVar

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids, Texts, Tokens
from featurecols._core.expressions import Expression, NumberAt, Rounded
from featurecols._core.fork_safe import cached_property
from featurecols._core.numbers import Numbers
from featurecols._core.spec import Converted, frozen
from featurecols._core.term_figures import TermFigures
from featurecols._core.values import number
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.label_sums import NO_FOLDS, LabelledTerms, LabelSums, terms_of
from featurecols.columns._categorical import check_field
from featurecols.columns._folds import folds_of, type_of
from featurecols.columns._term_rows import TermRows, check_terms, take_rows, term_rows
from featurecols.columns.base import Column, Field, Learned, LearnedSlots, field_keys
from featurecols.columns.bound import Bound, DenseBound
from featurecols.data.fields.base import FieldView

MOST_FOLDS = 1000
_CLASSES = ("text", "bytes")


@frozen
class TargetMean(Column):
    """The mean of the label over the training rows with the same category, drawn to the mean p of all rows.

    With c rows of a category, s the sum of their labels and m the smoothing, it is (s + m p) / (c + m).

    Missing: a category like others.
    Unseen: p.
    Learns: c, s and p, in all rows and without each fold of them. Rows without a label are left out.

    `plan.transform` uses all training rows. On these rows themselves that tells a model the label of each row: train on
    `plan.transform_training(data)`, which leaves out the row's own fold of c, s and p. Models of this package do so by
    themselves.

    Args:
        source: a field, or a column of one id a row: Vocabulary, Hashed, Crossed, Bucketized, DatePart. Values without an id
            share one category.
        label: the field to be predicted, which `fit` and `plan.transform_training` read, and nothing else. Numbers and booleans
            are numbers; texts, and a Field(key, type="text"), are classes: of two, 1 is the second one in the order of their
            bytes; of more, each has a feature of its own.
        smoothing: how many rows of the mean count as much as p.
        folds: into how many parts the rows are divided in training.
        fold_by: a field or several whose values decide the fold of a row: an id of the row, what makes it one of a kind, or
            what rows that belong together share, such as a user. (): all fields that the columns of the plan read, labels
            aside; the columns of a plan name them. Where they read no other field than the source, a category would be one
            fold: the plan learns and transforms, and has no training rows. The rule is in docs/ids.md.

    Raises:
        ColumnError: for a wrong argument; by `plan.transform_training`, the training of a model, and `fit` of a column that
            learns from this one, without fold_by where no column reads another field than the source.
        DataError: in use, for a source of lists and for a label that is infinite.

    >>> import featurecols as fc
    >>> flights = {"id": [7, 8, 9], "city": ["Rome", "Rome", "Oslo"], "late": [1, 1, 0]}
    >>> plan = fc.fit([fc.TargetMean("city", "late", smoothing=1, fold_by="id")], flights)
    >>> plan.transform({"city": ["Rome", "Oslo", "Bern"]}).round(3).tolist()  # p is 2/3
    [[0.8889999985694885], [0.3330000042915344], [0.6669999957084656]]
    """

    numeric: ClassVar[bool] = True

    source: Converted[str | Field | Column, Field | Column]
    label: Converted[str | Field, Field]
    smoothing: float = field(default=20.0, kw_only=True)
    folds: int = field(default=5, kw_only=True)
    fold_by: Converted[str | Field | Sequence[str | Field], tuple[Field, ...]] = field(default=(), kw_only=True)  # type: ignore[arg-type]

    def derived_name(self) -> str:
        label = self.label.key if isinstance(self.label, Field) else self.label
        return f"{self.source.name}_mean_{label}"

    def check(self) -> None:
        if isinstance(self.label, str):
            object.__setattr__(self, "label", Field(self.label))
        given = self.fold_by if isinstance(self.fold_by, tuple) else (self.fold_by,)
        object.__setattr__(self, "fold_by", tuple(Field(one) if isinstance(one, str) else one for one in given))
        check_terms(self.source, "TargetMean")
        check_field(self.label, "TargetMean", "label")
        subject = f"TargetMean {self.source.name}"
        for one in self.fold_by:
            check_field(one, subject, "fold_by")
        if number(self.smoothing) is None or not 0 <= self.smoothing < float("inf"):
            raise errors.argument(subject, "smoothing must be a number, 0 or more", self.smoothing, "0 takes means as they are")
        object.__setattr__(self, "smoothing", float(self.smoothing))
        if type(self.folds) is not int or not 2 <= self.folds <= MOST_FOLDS:
            raise errors.argument(subject, f"folds must be an integer from 2 to {MOST_FOLDS}", self.folds, "5 is the default")
        if self.label.key in self._source_keys():
            hint = "name the field that is to be predicted"
            raise errors.argument(subject, "label must not be a field of the source", self.label.key, hint)

    def _source_keys(self) -> tuple[str, ...]:
        return field_keys(self.source) if isinstance(self.source, Column) else (self.source.key,)

    @property
    def undecided(self) -> bool:
        return not self.fold_by

    def decide(self, fields: tuple[Field, ...]) -> TargetMean:
        """Return the column with `fields` as fold_by; itself where all rows of a category would be in one fold."""
        keys = self._source_keys()
        return self if all(field.key in keys for field in fields) else self.replace(fold_by=fields)

    def check_training(self) -> None:
        """Raise ColumnError where nothing says which fold a row is in."""
        if not self.fold_by:
            what = "training rows need fold_by: no column reads another field than the source, and a category would be one fold"
            hint = 'fold_by="id", or fields that make a row one of a kind: fold_by=["time", "flight"]'
            raise errors.argument(f"TargetMean {self.source.name}", what, self.fold_by, hint)

    @property
    def label_field(self) -> Field:
        return self.label

    def training_inputs(self) -> tuple[Field | Column, ...]:
        """Return the source, the fields that decide the fold, and the label."""
        return (self.source, *self.fold_by, self.label)

    def learning_values(self, *values: FieldView | Ids | Numbers) -> LabelledTerms:
        """Return terms, folds and labels of rows, given the values of training_inputs()."""
        source, *by, label = values
        views = [view for view in by if isinstance(view, FieldView)]
        folds = folds_of(views, self.folds) if views else NO_FOLDS
        terms = terms_of(source)
        if not isinstance(label, FieldView):
            raise TypeError("the label is a field")
        of = self.label.type or type_of(label)
        if of in _CLASSES:
            return LabelledTerms(terms, folds, None, _single(label, label.tokens()))
        if of is None and all(value is None for value in label.to_pylist()):
            return LabelledTerms(terms, folds)
        if (plain := label.plain()) is not None and plain.dtype == np.int64:
            return LabelledTerms(terms, folds, np.ascontiguousarray(plain))
        numbers = label.numbers()
        if numbers.offsets is not None:
            raise _label_list(label)
        return LabelledTerms(terms, folds, np.ascontiguousarray(numbers.values, np.float64).reshape(-1))

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        return {} if "sums" in learned else {"sums": LabelSums(self.folds if self.fold_by else 1)}

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> TargetMeanBound:
        return TargetMeanBound(self, learned["sums"], inputs[0])


def _single(view: FieldView, tokens: Tokens) -> Tokens:
    if tokens.offsets is not None and len(view):
        raise _label_list(view)
    return tokens


def _label_list(view: FieldView) -> errors.DataError:
    return errors.bad_value(view.key, view.key, 0, "a label is one value a row", "a list", "name another field as the label")


def smoothed(counts: Array, sums: Array, smoothing: float) -> Array:
    """Return means drawn to that of all rows, float64 [k + 2, folds + 1, targets]; the last place is that of unseen terms.

    counts: [k + 2, folds + 1] of all rows, of missing terms and of k terms. sums: the same with targets.
    """
    none = counts[0] == 0
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        means = sums[0] / counts[0][:, None]
        means[none] = means[0]
        below = counts[1:, :, None] + smoothing
        found = np.where(below > 0, (sums[1:] + smoothing * means) / below, means)
    ordered: Array = np.concatenate([found[1:], found[:1], means[None]])
    return ordered


def _as_features(means: Array) -> Array:
    """Return means as float32; those beyond it are infinite, as numbers of other columns are."""
    with np.errstate(over="ignore"):
        return means.astype(np.float32)


class TargetMeanBound(DenseBound):
    """A TargetMean column with what it needs to run."""

    column: TargetMean

    def __init__(self, column: TargetMean, learned: Learned, source: Field | Bound) -> None:
        self.column, self._learned = column, learned
        self.rows: TermRows = term_rows(column, learned, source)
        classes = Texts(learned["class_offsets"], learned["class_data"])
        self.classes = [classes[i].decode("utf-8", "backslashreplace") for i in range(len(classes))]
        self.counts = learned["label_counts"]
        targets = learned["label_sums"].shape[1] // self.counts.shape[1]
        self.shape = () if targets == 1 else (targets,)
        self.sums = learned["label_sums"].reshape(*self.counts.shape, targets)
        means = smoothed(self.counts[:, :1], self.sums[:, :1], column.smoothing)
        self.means = np.ascontiguousarray(means[:, 0, :])
        self._features = _as_features(self.means)

    @cached_property
    def _row_means(self) -> list[float] | list[list[float]]:
        """Means as Python's numbers: made when a row first asks."""
        return self.means[:, 0].tolist() if not self.shape else self.means.tolist()

    def in_training(self) -> TargetMeanTrainingBound:
        """Return what computes the training rows, each without its own fold; raises ColumnError where there are no folds."""
        self.column.check_training()
        return TargetMeanTrainingBound(self)

    @property
    def evaluate(self) -> Callable[..., Numbers]:
        return self.values

    def values(self, source: FieldView | Ids) -> Numbers:
        """Return float64 [n], or [n, targets]."""
        found = self.means[self.rows.of(source)]
        return Numbers(found if self.shape else found[:, 0])

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, source: FieldView | Ids, *, out: Array) -> None:
        take_rows(self._features, self.rows.of(source), out)

    @property
    def row(self) -> Callable[..., float | list[float]]:
        return self._row

    def _row(self, value: object) -> float | list[float]:
        return self._row_means[self.rows.of_one(value)]

    @property
    def write_row(self) -> Callable[..., None]:
        return self._write_row

    def _write_row(self, out: MutableSequence[float], at: int, value: object) -> None:
        found = self._row(value)
        if isinstance(found, list):
            for i, x in enumerate(found):
                out[at + i] = x
        else:
            out[at] = found

    def label(self, i: int) -> str:
        return self.classes[i] if self.shape else ""

    @property
    def separate(self) -> bool:
        return False

    def term_figures(self) -> TermFigures:
        counts, targets = self.counts[:, 0], tuple(self.classes) if self.shape else (self.column.label.key,)
        means, ordered = (self.means[:-1], self.means[-1]), self.rows.ordered
        return TermFigures.of(self.rows.text, counts[2:], int(counts[1]), *means, targets, ordered=ordered)

    def expression(self, *inputs: Expression) -> Expression:
        rows = self.rows.expression(inputs[0])
        means = [NumberAt(rows, tuple(of_class)) for of_class in self.means.T.tolist()]
        return Rounded(tuple(means)) if self.shape else means[0]


class TargetMeanTrainingBound(DenseBound):
    """A TargetMean column over its training rows; it reads what training_inputs() says."""

    column: TargetMean

    def __init__(self, of: TargetMeanBound) -> None:
        self.column, self._of, self.shape = of.column, of, of.shape

    @cached_property
    def _means(self) -> Array:
        """Means by row and fold, float64 [(k + 2) * folds, targets]."""
        of = self._of
        found = smoothed(of.counts, of.sums, self.column.smoothing)[:, 1:]
        return np.ascontiguousarray(found).reshape(-1, found.shape[2])

    @cached_property
    def _features(self) -> Array:
        return _as_features(self._means)

    def _rows(self, source: FieldView | Ids, views: Sequence[FieldView]) -> Array:
        """Return the rows of the table of means."""
        folds = self.column.folds
        rows = self._of.rows.of(source)
        at = np.where(rows < 0, np.int64(len(self._means) // folds - 1), rows) * folds + folds_of(views[:-1], folds)
        return at.astype(np.int32) if len(self._means) < 2**31 else at

    @property
    def evaluate(self) -> Callable[..., Numbers]:
        return self.values

    def values(self, source: FieldView | Ids, *views: FieldView) -> Numbers:
        """Return float64 [n], or [n, targets]."""
        found = self._means[self._rows(source, views)]
        return Numbers(found if self.shape else found[:, 0])

    @property
    def write(self) -> Callable[..., None]:
        return self._write

    def _write(self, source: FieldView | Ids, *views: FieldView, out: Array) -> None:
        take_rows(self._features, self._rows(source, views), out)

    @property
    def write_row(self) -> Callable[..., None]:
        raise TypeError("training rows are computed over arrays")

    def label(self, i: int) -> str:
        return self._of.label(i)
