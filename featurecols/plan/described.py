"""What a plan says of itself: fields, widths, names, slots, and what features and ids mean. Nothing here needs a matrix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from featurecols import errors
from featurecols._core import memory_limit
from featurecols._core.arrays import Array
from featurecols._core.buckets import Bucket
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Column
from featurecols.data.field_types import UNKNOWN, FieldType
from featurecols.data.sources import Data, as_source
from featurecols.plan.arguments import as_row
from featurecols.plan.bind import LearnedByNode
from featurecols.plan.bucket_contents import bucket_contents, in_words
from featurecols.plan.execution.program import Program
from featurecols.plan.explain import (
    MANY,
    Explanation,
    Meaning,
    encoded_names,
    explain,
    meaning,
    meaning_of_id,
    names,
    position_of,
)
from featurecols.plan.fingerprint import digest, fingerprint
from featurecols.plan.graph import Graph
from featurecols.plan.row_meanings import RowMeanings, of_features, of_ids
from featurecols.plan.statistics import Statistics

if TYPE_CHECKING:
    from matplotlib.axes import Axes


class DescribedPlan:
    """The descriptions of a plan, which are there whatever its outputs are."""

    __slots__ = ()

    _graph: Graph
    _learned: LearnedByNode
    columns: tuple[Column, ...]
    encoded_slots: tuple[Slot, ...]
    _program: Program
    _tables: Tables
    _derived: dict[str, Any]
    statistics: Statistics | None

    @property
    def passes(self) -> list[list[str]]:
        """Names of the columns that learned in each pass over the data."""
        return self._graph.passes()

    @property
    def input_schema(self) -> dict[str, FieldType]:
        """The type of each raw field by key, as it is declared or was learned; FieldType(None) where it is not known."""
        return {key: self._graph.types.get(key, UNKNOWN) for key in self._graph.needs()}

    @property
    def input_uses(self) -> dict[str, frozenset[str]]:
        """How each raw field is read: "number", "category" or both, by key."""
        return self._graph.needs()

    @property
    def fingerprint(self) -> str:
        """32 hex digits of a SHA-256 over the columns and what was learned."""
        if "fingerprint" not in self._derived:
            self._derived["fingerprint"] = fingerprint(self._graph, self._learned)
        return self._derived["fingerprint"]

    @property
    def tables_digest(self) -> str:
        """32 hex digits over the tables that were given (trained); "" while all are initial ones."""
        if "tables" not in self._derived:
            self._derived["tables"] = digest(self.trained_tables) if self.trained_tables else ""
        return self._derived["tables"]

    @property
    def trained_tables(self) -> dict[str, Array]:
        """The tables that were given (with_tables), by name: float32 [num_buckets, dimension], read-only."""
        return {name: t.array for name, t in self._tables.items() if t.trained}

    def _require_matrix(self, subject: str = "transform") -> None:
        """Raise PlanError where an output is a bare categorical column, which has no place in a matrix."""
        bare = self._program.first_non_dense_output
        if bare is not None:
            hint = "wrap it in Indicator or Embedding, or use encode(data) in Python"
            raise errors.plan(subject, "a categorical column gives ids, not features", bare, hint)

    @property
    def width(self) -> int:
        """The number of features in a row of the matrix; a bare categorical column has none."""
        return self._program.width

    @property
    def feature_names(self) -> tuple[str, ...]:
        """The name of every feature of the matrix."""
        if "names" not in self._derived:
            self._derived["names"] = names(self._program)
        return self._derived["names"]  # type: ignore[no-any-return]

    @property
    def encoded_feature_names(self) -> tuple[str, ...]:
        """The name of every column of encode(data).to_csr(): the dense features, then the ids of each of the encoded_slots.

        >>> import featurecols as fc
        >>> fc.compile([fc.Numeric("age"), fc.Vocabulary("job", ["nurse", "cook"])]).encoded_feature_names
        ('age', 'job=nurse', 'job=cook')
        """
        if "encoded names" not in self._derived:
            self._derived["encoded names"] = encoded_names(self._program)
        return self._derived["encoded names"]  # type: ignore[no-any-return]

    @property
    def matrix_slots(self) -> tuple[DenseSlot, ...]:
        """Which features of the matrix each column writes, in order; a bare categorical column writes none and is left out."""
        outputs = [o for o in self._program.outputs if not o.bound.categorical]
        return tuple(DenseSlot(o.slot.name, o.start, o.stop, o.bound.shape) for o in outputs)

    def describe(self, feature: int | str) -> Meaning:
        """Return what a feature of the matrix means: its declared column, and the term, interval or hash bucket.

        Args:
            feature: its position, negative from the end, or its name.

        Raises:
            PlanError: where there is no such feature.

        >>> import featurecols as fc
        >>> fc.compile([fc.Indicator(fc.Vocabulary("job", ["nurse", "cook"]))]).describe("job_indicator=cook")
        feature  1
        name     job_indicator=cook
        means    job_indicator is 'cook'
        from     job
        column   Indicator(Vocabulary('job', ('nurse', 'cook')))
        """
        at = position_of(self._program, self.feature_names, feature) if isinstance(feature, str) else feature
        return meaning(self._program, self.columns, self._names(), at)

    def describe_id(self, slot: str, id: int) -> Meaning:
        """Return what an id of one of the encoded_slots means: a term, an interval or a hash bucket.

        Raises:
            PlanError: where there is no such slot of ids, or no such id in it.

        >>> import featurecols as fc
        >>> fc.compile([fc.Vocabulary("job", ["nurse", "cook"])]).describe_id("job", 1).label
        'cook'
        """
        return meaning_of_id(self._program, self.columns, slot, id)

    def terms(self, data: Data, wanted: Mapping[str, Iterable[int] | None]) -> dict[str, dict[int, dict[tuple[str, ...], int]]]:
        """Return what data put on ids: for a hash bucket, the terms or combinations that share it.

        Args:
            data: rows, as in transform.
            wanted: for each of the encoded_slots asked about, its ids, or None for all that occur.

        Returns:
            {slot: {id: {term: how often}}}, the most frequent first. A term is a tuple of words, one for each field or column
            that the id is made of; an id that no row has is left out.

        >>> import featurecols as fc
        >>> cross = fc.Crossed([fc.Bucketized("age", [18, 65]), "job"], 2, name="cross")
        >>> data = {"age": [30, 30, 40, 70], "job": ["nurse", "pilot", "nurse", "cook"]}
        >>> fc.compile([cross]).terms(data, {"cross": [0]})
        {'cross': {0: {('[18, 65)', 'nurse'): 2, ('[18, 65)', 'pilot'): 1}}}
        """
        return {slot: in_words(ids) for slot, ids in self._bucket_contents(data, wanted).items()}

    def _is_hashed(self, slot: str) -> bool:
        """Whether every id of a slot is a bucket of a hash."""
        node = self._node_of_ids(slot)
        bound = None if node is None else self._program.bounds[node]
        return bound is not None and bound.num_buckets > 0 and bound.meaning(0).kind == "hash"

    def _bucket_contents(
        self, data: Data, wanted: Mapping[str, Iterable[int] | None]
    ) -> dict[str, dict[int, dict[tuple[Bucket, ...], int]]]:
        """Return what `terms` returns, with a Bucket for each word."""
        if not isinstance(wanted, Mapping):
            hint = f"give {{{wanted!r}: None}}" if isinstance(wanted, str) else 'give {"city": [3, 7]}, or None for all ids'
            raise errors.plan("terms", "wanted must be ids by the name of their slot", wanted, hint)
        nodes: dict[str, int] = {}
        for slot in wanted:
            node = self._node_of_ids(slot)
            if node is None:
                slots = [s.name for s in self.encoded_slots if isinstance(s, IdSlot)]
                hint = f"slots of ids are {', '.join(slots)}" if slots else "no column gives ids"
                raise errors.plan("terms", "no slot of ids has this name", slot, hint)
            nodes[slot] = node
        found = bucket_contents(self._program, nodes, as_source(data), wanted)
        return {slot: {i: dict(terms.most_common()) for i, terms in sorted(ids.items())} for slot, ids in found.items()}

    def _row_meanings(self, slot: str) -> RowMeanings:
        """Return what the ids of one of the encoded_slots mean, or its features, to find the same ones in another plan."""
        node = self._node_of_ids(slot)
        if node is not None:
            return of_ids(self._graph, self._learned, node, self._program.bounds[node])
        output = next((o for o in self._program.outputs if o.slot.name == slot), None)
        if output is None:
            raise errors.plan("warm start", "no slot has this name", slot, "see plan.encoded_slots")
        return of_features(self._graph, output.node, output.bound)

    def _node_of_ids(self, slot: str) -> int | None:
        """Return the categorical column that gives the ids of a slot, as a node."""
        output = next((o for o in self._program.outputs if o.slot.name == slot and isinstance(o.slot, IdSlot)), None)
        if output is None:
            return None
        return output.node if output.bound.categorical else output.inputs[0]

    def plot(self, name: str, data: Data | None = None, *, ax: Axes | None = None) -> Axes:
        """Draw what was learned of a column, and return the axes; needs matplotlib (`pip install "featurecols[plot]"`).

        Of a Bucketized, the edges of the buckets over the histogram of its field; of a Vocabulary, the share of the values that
        the most frequent terms cover; of what hashes, how many buckets hold no term, one, two ..., and would by chance; of a
        TargetMean, the mean of each term and how many training rows it is of; of a Count, these rows; of a column of one
        number (Piecewise, Numeric, Cyclic), its features by that number. An Indicator or an Embedding shows the column that
        it reads, and so does a Numeric of a TargetMean.

        Args:
            name: of a declared column, or of one that it reads.
            data: rows that histograms, shares and terms are taken from; without them the statistics of fit(...,
                statistics=True). Edges and curves of intervals, means and counts are drawn without either.
            ax: axes to draw on; without them those of a new figure.

        Raises:
            PlanError: for a column of which there is no picture, or none without data, and without matplotlib.
        """
        from featurecols.plan.plots import plot

        return plot(self._program, self.statistics, name, data, ax)

    def explain(self, row: Mapping[str, object]) -> Explanation:
        """Return which values of a raw row, a dict as in transform_row, set which features and ids.

        It says as well which values were filled, and which are unseen or out of range and have no bucket.

        Raises:
            DataError: for a field that is not there, and for values that do not fit the columns.
        """
        row = as_row("explain", row)
        memory_limit.check("explain", self.width * 4)
        found = self._program.row(row)
        values = np.frombuffer(found, np.float32) if found else np.empty(0, np.float32)
        return explain(self._program, self.columns, self._names(), row, values)

    def _names(self) -> tuple[str, ...] | None:
        return self.feature_names if self.width <= MANY else None
