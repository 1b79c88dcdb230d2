"""Tfidf: ids weighted by how often they stand in their row, and in how few rows."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import field
from typing import ClassVar, Literal

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols._core.expressions import Expression, InexpressibleError
from featurecols._core.spec import frozen
from featurecols._core.values import float32
from featurecols.analyzers.base import Analyzer
from featurecols.analyzers.document_counts import MOST_IDS, DocumentCounts
from featurecols.columns._categorical import categorical_bound, check_categorical
from featurecols.columns.base import Column, Field, Learned, LearnedSlots
from featurecols.columns.bound import Bound, CategoricalBound, RowIds


@frozen
class Tfidf(Column):
    """The ids of `source`, each weighted by term frequency times inverse document frequency, as scikit-learn has them.

    An Indicator of it has the features tf * idf / norm, with tf how often the id stands in the row, idf = ln((1 + rows) /
    (1 + rows with the id)) + 1, and norm the square root of the sum of (tf * idf)^2 over the ids of the row. Each of the tf
    ids has the weight idf / norm, which consumers add up, so that an Embedding of it is a weighted sum or mean too.

    Missing: no id, as the source says. Each row counts as a document, one without ids too.
    Unseen: as the source says.
    Learns: in how many rows each id stands, one pass after what the source learns.

    Args:
        source: a categorical column without weights, of a list a row: Vocabulary(Words("text"), TopTerms(1000)).
        norm: "l2", or None for weights of idf alone.

    Raises:
        ColumnError: for a wrong argument.

    >>> import featurecols as fc
    >>> words = fc.Tfidf(fc.Vocabulary(fc.Words("title"), ["by", "rail", "rome"]))
    >>> plan = fc.fit([fc.Indicator(words)], {"title": ["Rome by rail", "by bus"]})
    >>> plan.transform({"title": ["by rail", "by by"]}).round(3).tolist()
    [[0.5799999833106995, 0.8149999976158142, 0.0], [1.0, 0.0, 0.0]]
    """

    categorical: ClassVar[bool] = True
    weighs: ClassVar[bool] = True

    source: Column
    norm: Literal["l2"] | None = field(default="l2", kw_only=True)

    def derived_name(self) -> str:
        return f"{self.source.name}_tfidf"

    def check(self) -> None:
        check_categorical(self.source, "Tfidf")
        if self.source.weighs:
            raise errors.argument("Tfidf", "source is weighted already", self.source, "weigh it once")
        if self.norm not in ("l2", None):
            raise errors.argument(f"Tfidf {self.source.name}", 'norm must be "l2" or None', self.norm, '"l2" is the default')
        num_buckets = getattr(self.source, "num_buckets", 0)
        if num_buckets > MOST_IDS:
            what = f"document frequencies of at most {MOST_IDS:,} ids are kept"
            raise errors.argument(f"Tfidf {self.source.name}", what, num_buckets, "hash into fewer buckets")

    def analyzers(self, learned: Mapping[str, Learned]) -> Mapping[str, Analyzer]:
        return {} if "documents" in learned else {"documents": DocumentCounts()}

    def bind(self, learned: LearnedSlots, *inputs: Field | Bound) -> TfidfBound:
        documents = learned["documents"]
        return TfidfBound(self, categorical_bound(inputs[0]), documents["counts"], int(documents["rows"]))


class TfidfBound(CategoricalBound):
    """A Tfidf column with what it needs to run."""

    column: Tfidf

    def __init__(self, column: Tfidf, source: CategoricalBound, counts: Array, rows: int) -> None:
        self.column, self.source, self.num_buckets = column, source, source.num_buckets
        self.bounded = source.bounded
        counts = np.append(counts, np.zeros(max(0, self.num_buckets - len(counts)), np.int64))[: self.num_buckets]
        distinct, at = np.unique(counts, return_inverse=True)
        self._idf = np.array([math.log((1 + rows) / (1 + count)) + 1.0 for count in distinct.tolist()])[at]
        self._row_idf = self._idf.tolist()
        self._is_normed = column.norm is not None

    def ids(self, ids: Ids) -> Ids:
        flat, offsets = ids.elements()
        values, size = flat.values, self.num_buckets
        known = (values >= 0) & (values < size)
        weights = np.zeros(len(values))
        weights[known] = self._idf[values[known]]
        if self._is_normed:
            rows = np.repeat(np.arange(len(ids)), np.diff(offsets))
            norms = self._norms(rows[known] * size + values[known], len(ids))[rows]
            weights = np.divide(weights, norms, out=weights, where=known)
        return Ids(values, None if ids.offsets is None else offsets, weights.astype(np.float32))

    def _norms(self, keys: Array, rows: int) -> Array:
        """Return the norm of each row, float64 [rows], 0 where it has no id; keys: row * num_buckets + id of each id."""
        keys = np.sort(keys)
        first = np.flatnonzero(np.diff(keys, prepend=-1))
        times = np.diff(first, append=len(keys)) * self._idf[keys[first] % self.num_buckets]
        return np.sqrt(np.bincount(keys[first] // self.num_buckets, times * times, rows))  # adds in the order of the ids

    def row(self, ids: int | list[int]) -> RowIds:
        listed, idf, size = ids if isinstance(ids, list) else [ids], self._row_idf, self.num_buckets
        norm = 1.0
        if self._is_normed:
            total = 0.0
            for i, times in sorted(Counter(listed).items()):
                if 0 <= i < size:
                    x = times * idf[i]
                    total += x * x
            norm = math.sqrt(total)
        return listed, [float32(idf[i] / norm) if 0 <= i < size else 0.0 for i in listed]

    def expression(self, *inputs: Expression) -> Expression:
        raise InexpressibleError("it counts the terms of a row")

    def meaning(self, bucket: int) -> Bucket:
        return self.source.meaning(bucket)

    def elements(self, ids: Ids, inputs: Callable[[int], Elements]) -> Elements:
        return inputs(0)
