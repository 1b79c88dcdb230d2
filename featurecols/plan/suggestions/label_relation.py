"""How much of a label fields explain, each by itself, on rows of a sample that were held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.data.fields.base import FieldView
from featurecols.plan.suggestions.field_profile import FieldProfile
from featurecols.plan.suggestions.row_sample import Sample

CLASSES = 20  # distinct integers of a label, up to which they are classes
BINS, ROWS_A_BIN = 256, 20  # of numbers at most, and rows that each has at least on average
_SMOOTHING = 1.0  # rows of the mean that are added to each bucket
_LEAST = 20  # rows in either half


@dataclass(frozen=True)
class Target:
    """The label of sampled rows.

    Attributes:
        key: the field.
        classes: how many classes there are; 0 for numbers.
        values: float64 [m, k], one column a class or the number; rows without a label are 0.
        weights: float64 [m], how often each row occurs; 0 for rows without a label.
        learned: bool [m], the rows to learn from; the others are held out.
    """

    key: str
    classes: int
    values: Array
    weights: Array
    learned: Array

    # Sums below are not products of BLAS, whose bits depend on the number of its threads, which wait for each other too.

    @property
    def usable(self) -> bool:
        """Whether both halves have enough rows."""
        return min(int((self.weights[half] > 0).sum()) for half in (self.learned, ~self.learned)) >= _LEAST

    def explained(self, codes: Array) -> float:
        """Return the share of the label's variance on held-out rows that the mean of each code explains: 1 for all.

        Args:
            codes: int64 [m], from 0.
        """
        return 1 - self.error(self.predicted(codes))

    def explained_by_line(self, x: Array) -> float:
        """Return the same for a line through a number, float64 [m]; rows where it is not finite count as its mean."""
        there = np.isfinite(x)
        weights = self.weights * self.learned * there
        total = weights.sum()
        if self.classes or total == 0:
            return 0.0
        with np.errstate(over="ignore", invalid="ignore"):
            centred = np.where(there, x - (weights * np.where(there, x, 0.0)).sum() / total, 0.0)
            spread = (weights * centred**2).sum()
        if not 0 < spread < np.inf:
            return 0.0
        slopes = ((weights * centred)[:, None] * (self.values - self.overall)).sum(axis=0) / spread
        return 1 - self.error(self.overall + centred[:, None] * slopes)

    def predicted(self, codes: Array) -> Array:
        """Return the mean of the label over the learned rows of each code, float64 [m, k], drawn towards the mean of all."""
        return self.overall + self.smoothed(codes, self.values - self.overall)

    def smoothed(self, codes: Array, values: Array, smoothing: float = _SMOOTHING) -> Array:
        """Return the mean of values [m, k] over the learned rows of each code, drawn towards 0."""
        weights = np.where(self.learned, self.weights, 0.0)
        size = int(codes.max(initial=0)) + 1
        total = np.bincount(codes, weights, size) + smoothing
        sums = [np.bincount(codes, weights * column, size) / total for column in values.T]
        found: Array = np.stack(sums, axis=1)[codes]
        return found

    @property
    def overall(self) -> Array:
        """The mean of the label over the learned rows, float64 [k]."""
        weights = np.where(self.learned, self.weights, 0.0)
        found: Array = (weights[:, None] * self.values).sum(axis=0) / max(weights.sum(), 1.0)
        return found

    def error(self, predicted: Array) -> float:
        """Return the squared error of predictions [m, k] on held-out rows, as a share of that of the mean."""
        weights = np.where(self.learned, 0.0, self.weights)
        base = float((weights[:, None] * (self.values - self.overall) ** 2).sum())
        return float((weights[:, None] * (self.values - predicted) ** 2).sum()) / base if base > 0 else 1.0


def target_of(profile: FieldProfile, sample: Sample) -> Target | None:
    """Return the label of sampled rows; None where it holds lists, times or what cannot be read."""
    view = sample.fields[profile.key]
    weights = sample.counts.astype(np.float64)
    learned = _mixed(sample.hashes) % np.uint64(2) == 0
    numbers = profile.numbers is not None and profile.type.type not in ("boolean", "text")
    if profile.type.list_depth or (profile.times is not None and not numbers):
        return None
    if numbers and not (profile.numbers is not None and profile.numbers.whole and len(profile.numbers.values) <= CLASSES):
        x = view.numbers().values
        there = np.isfinite(x)
        return Target(profile.key, 0, _of_size_one(np.where(there, x, 0.0))[:, None], weights * there, learned)
    codes = _codes_of_terms(view)
    if codes is None or not len(codes):
        return None
    count = int(codes.max()) + 1
    if count > CLASSES:
        return None
    table = np.zeros((len(codes), count))
    there = codes >= 0
    table[np.flatnonzero(there), codes[there]] = 1.0
    return Target(profile.key, count, table, weights * there, learned)


def _of_size_one(x: Array) -> Array:
    """Return finite numbers by a power of 2, the largest from 0.5 to 1: no bit is lost, and squares of them are finite."""
    return np.asarray(np.ldexp(x, -int(np.frexp(np.abs(x).max(initial=0.0))[1])))


def explained(target: Target, profile: FieldProfile, view: FieldView) -> float:
    """Return the share of a label's variance that a field explains by itself on held-out rows; 0 where that is not known."""
    codes = codes_of(profile, view)
    if codes is None or not target.usable:
        return 0.0
    line = target.explained_by_line(view.numbers().values) if profile.numbers is not None else 0.0
    return max(target.explained(codes), line)


def codes_of(profile: FieldProfile, view: FieldView) -> Array | None:
    """Return a code of each value, int64 [m], from 0, the last for missing ones: numbers in BINS bins; None for lists."""
    if profile.type.list_depth or (profile.times is None and profile.numbers is None and not profile.terms):
        return None
    if profile.numbers is not None:
        return binned(view.numbers().values)
    if profile.times is not None:
        times = view.times()
        seconds = times.seconds().astype(np.float64)
        return binned(seconds if times.valid is None else np.where(times.valid, seconds, np.nan))
    codes = _codes_of_terms(view)
    return None if codes is None else np.where(codes < 0, codes.max(initial=-1) + 1, codes)


def binned(x: Array, most: int | None = None) -> Array:
    """Return the bin of each number, int64 [m], by quantiles where many are distinct; missing ones the last.

    Args:
        x: float64 [m].
        most: how many bins at most; as many as rows suffice for without it.
    """
    most = int(np.clip(len(x) // ROWS_A_BIN, 10, BINS)) if most is None else most
    there = np.isfinite(x)
    edges = np.unique(x[there])
    if len(edges) > most:
        edges = np.unique(np.quantile(x[there], np.arange(1, most) / most, method="lower"))
    found: Array = np.where(there, np.searchsorted(edges, np.where(there, x, 0.0), side="right"), len(edges) + 1)
    return found


def same_values(profiles: Sequence[FieldProfile], views: Mapping[str, FieldView]) -> dict[str, str]:
    """Return the fields that hold in all rows what an earlier field holds, each with the first such field."""
    found: dict[str, str] = {}
    groups: dict[tuple[object, ...], list[str]] = {}
    for profile in profiles:
        groups.setdefault((profile.type, profile.distinct, profile.missing, profile.top[:1]), []).append(profile.key)
    for keys in groups.values():
        values = {key: views[key].to_pylist() for key in keys} if len(keys) > 1 else {}
        for i, key in enumerate(keys):
            first = next((other for other in keys[:i] if other not in found and values[other] == values[key]), None)
            if first is not None:
                found[key] = first
    return found


def _codes_of_terms(view: FieldView) -> Array | None:
    """Return a code of each term, int64 [m], in the order of their bytes, -1 where missing; None where there are none."""
    try:
        tokens = view.tokens()
    except errors.DataError:
        return None
    texts = [tokens.texts[i] for i in range(len(tokens.texts))]
    valid = tokens.texts.valid
    order = {term: i for i, term in enumerate(sorted({t for i, t in enumerate(texts) if valid is None or valid[i]}))}
    of_text = np.array([order.get(t, -1) if valid is None or valid[i] else -1 for i, t in enumerate(texts)], np.int64)
    return of_text if tokens.codes is None else np.append(of_text, -1)[tokens.codes]


def _mixed(hashes: Array) -> Array:
    """Return other bits of hashes, of which the sample has the least."""
    found: Array = hashes * np.uint64(0x9E3779B97F4A7C15) >> np.uint64(32)
    return found
