"""Texts that are numbers but for a few that say that there is none, such as NA or ?."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from featurecols._core.arrays import Array, Texts
from featurecols.analyzers.term_counts import Table
from featurecols.data.fields import spelled

MARKERS = frozenset(("", "?", "-", "--", ".", "na", "n/a", "#n/a", "nan", "null", "nil", "none", "missing", "unknown"))
MOST_MARKERS = 4  # different ones of a field


@dataclass(frozen=True)
class WrittenNumbers:
    """The numbers that texts write.

    Attributes:
        values: float64 [k], distinct and ascending.
        counts: int64 [k], how often each occurs.
        markers: the texts that say that there is none, ascending.
        whole: whether all are written as integers.
    """

    values: Array
    counts: Array
    markers: tuple[str, ...]
    whole: bool


def numbers_in(terms: Table) -> WrittenNumbers | None:
    """Return the numbers that counted texts write; None where another text than a marker is among them."""
    values, counts, markers, whole = [np.empty(0)], [np.empty(0, np.int64)], list[str](), True
    for chunk in terms.chunks():
        texts = Texts(chunk.offsets, chunk.data)
        found = spelled.scan(texts)
        number = found.is_integer | found.is_float
        for i in np.flatnonzero(~number).tolist():
            text = texts[i].decode("utf-8", "replace")
            if text.strip().lower() not in MARKERS or len(markers) == MOST_MARKERS:
                return None
            markers.append(text)
        whole = whole and not found.is_float.any()
        values.append(found.floats[number])
        counts.append(np.asarray(chunk.counts)[number])
    x, of = np.unique(np.concatenate(values), return_inverse=True)
    if not len(x) or not np.isfinite(x).all():
        return None
    totals = np.bincount(of.reshape(-1), np.concatenate(counts), len(x)).astype(np.int64)
    return WrittenNumbers(x, totals, tuple(sorted(markers)), whole)
