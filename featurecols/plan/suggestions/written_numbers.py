"""Texts that are numbers but for a few that say that there is none, such as NA or ?."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurecols._core.arrays import Array, Texts
from featurecols.analyzers.term_counts import Table
from featurecols.data.fields import spelled
from featurecols.plan.suggestions.unread_texts import is_number

MARKERS = frozenset(("", "?", "-", "--", ".", "na", "n/a", "#n/a", "nan", "null", "nil", "none", "missing", "unknown"))
_INFINITE = ("inf", "infinity")
MOST_MARKERS = 4  # different ones of a field
_INVALID = 0.01  # share of the texts, up to which others count as missing


@dataclass(frozen=True)
class WrittenNumbers:
    """The numbers that texts write.

    Attributes:
        values: float64 [k], distinct and ascending.
        counts: int64 [k], how often each occurs.
        markers: the texts that say that there is none, ascending.
        whole: whether all are written as integers.
        invalid: a text that is neither, and how many of these there are; None where there is none.
        infinite: how many others are infinite.
    """

    values: Array
    counts: Array
    markers: tuple[str, ...]
    whole: bool
    invalid: tuple[str, int] | None = None
    infinite: int = 0


def numbers_in(terms: Table, total: int) -> WrittenNumbers | None:
    """Return the numbers that counted texts write; None where more than a few of them write none.

    Args:
        terms: the texts.
        total: how many there are, repetitions among them.
    """
    values, counts, markers, whole = [np.empty(0)], [np.empty(0, np.int64)], list[str](), True
    invalid: list[str] = []
    count = infinite = 0
    for chunk in terms.chunks():
        texts = Texts(chunk.offsets, chunk.data)
        found = spelled.scan(texts)
        number = found.is_integer | found.is_float
        for i in np.flatnonzero(~number).tolist():
            text = texts[i].decode("utf-8", "replace")
            if text.strip().lower().lstrip("+-") in _INFINITE:
                infinite += int(chunk.counts[i])
                continue
            if text.strip().lower() in MARKERS and len(markers) < MOST_MARKERS:
                markers.append(text)
                continue
            invalid.append(text)
            count += int(chunk.counts[i])
            if count > _INVALID * total or is_number(text):
                return None
        whole = whole and not found.is_float.any()
        values.append(found.floats[number])
        counts.append(np.asarray(chunk.counts)[number])
    x, of = np.unique(np.concatenate(values), return_inverse=True)
    if not len(x) or not np.isfinite(x).all():
        return None
    totals = np.bincount(of.reshape(-1), np.concatenate(counts), len(x)).astype(np.int64)
    return WrittenNumbers(x, totals, tuple(sorted(markers)), whole, (min(invalid), count) if invalid else None, infinite)
