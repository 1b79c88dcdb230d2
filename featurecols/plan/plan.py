"""Plan: columns plus what was learned. The only place where data and columns meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from featurecols import errors
from featurecols._core import buffer_pool, memory_limit, thread_pool
from featurecols._core.arrays import Array, Features, Floats
from featurecols._core.buckets import Bucket
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols._core.suggestions import attributes_of
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import field_keys
from featurecols.data.field_types import UNKNOWN, FieldType
from featurecols.data.sources import Data, as_source
from featurecols.plan import serialization
from featurecols.plan.arguments import check_out, not_a_row
from featurecols.plan.bind import LearnedByNode, bind, feature_slots
from featurecols.plan.bucket_contents import bucket_contents, in_words
from featurecols.plan.execution.profile import Profile
from featurecols.plan.execution.program import Limit, Program
from featurecols.plan.explain import MANY, Explanation, IdMeaning, Meaning, explain, meaning, names
from featurecols.plan.fingerprint import digest, fingerprint
from featurecols.plan.graph import Graph
from featurecols.plan.row_meanings import RowMeanings, of_features, of_ids

# What is told about a result that does not fit into memory.
_TRANSFORM, _TRANSFORM_BATCHES = Limit("transform", total=True), Limit("transform_batches")
_ENCODE = Limit("encode", "use encode_batches, or smaller batches", total=True)
_ENCODE_BATCHES = Limit("encode_batches", "give a smaller batch_size")
_WIDE = 1 << 20  # a row of less is not worth a look at the memory that is free


class Plan:
    """Declared columns bound to what was learned: final, shared by threads, saved as data.

    Made by fc.fit, fc.compile and fc.load; every plan is fitted. Two plans of one fingerprint give the same bits.

    Attributes:
        columns: the declared columns, in order.
        fields: the raw fields that are read.
        width: columns of the matrix that transform gives.
        names: their names, unique, as many as width.
        slots: where each declared column is in that matrix.
        feature_slots: the same for encode.
        fingerprint: of columns and what was learned, without tables. tables_digest: of trained tables.
    """

    __slots__ = ("_derived", "_program", "_tables", "columns", "feature_slots", "fields", "graph", "learned")

    def __init__(self, graph: Graph, learned: LearnedByNode, tables: Mapping[str, ArrayLike] | None = None) -> None:
        self.graph, self.learned, self.columns, self.fields = graph, learned, graph.columns, graph.fields()
        self._tables = Tables(tables)
        bounds = bind(graph, learned, self._tables)
        unknown = sorted(set(self._tables.given) - set(self._tables))
        if unknown:
            raise errors.plan(
                "tables", "no column has this table", unknown[0], f"the plan has {', '.join(self._tables) or 'none'}"
            )
        self.feature_slots = feature_slots(bounds[i] for i in graph.outputs)
        needs = [(key, "category" if "category" in kinds else "number") for key, kinds in graph.needs().items()]
        self._program = Program(bounds, graph.inputs, graph.outputs, self.feature_slots, needs, graph.types)
        self._derived: dict[str, Any] = {}  # what is made when first asked for

    # Shape ----------------------------------------------------------------------------------------------------------

    @property
    def width(self) -> int:
        """The number of features in a row of the matrix."""
        return self._require_dense().width

    @property
    def names(self) -> tuple[str, ...]:
        """The name of every feature."""
        if "names" not in self._derived:
            self._derived["names"] = names(self._require_dense())
        return self._derived["names"]

    @property
    def slots(self) -> tuple[Slot, ...]:
        """Which features of the matrix each column writes, in order."""
        return tuple(DenseSlot(o.slot.name, o.start, o.stop, o.bound.shape) for o in self._require_dense().outputs)

    @property
    def passes(self) -> list[list[str]]:
        """Names of the columns that learned in each pass over the data."""
        return self.graph.passes()

    @property
    def input_schema(self) -> dict[str, FieldType]:
        """The type of each raw field by key, as it is declared or was learned; FieldType(None) where it is not known."""
        return {key: self.graph.types.get(key, UNKNOWN) for key in self.graph.needs()}

    @property
    def input_uses(self) -> dict[str, frozenset[str]]:
        """How each raw field is read: "number", "category" or both, by key."""
        return self.graph.needs()

    @property
    def fingerprint(self) -> str:
        """32 hex digits of a SHA-256 over the columns and what was learned."""
        if "fingerprint" not in self._derived:
            self._derived["fingerprint"] = fingerprint(self.graph, self.learned)
        return self._derived["fingerprint"]

    @property
    def tables_digest(self) -> str:
        """32 hex digits over the tables that were given (trained); "" while all are initial ones."""
        if "tables" not in self._derived:
            self._derived["tables"] = digest(self.tables) if self.tables else ""
        return self._derived["tables"]

    @property
    def tables(self) -> dict[str, Array]:
        """The trained tables, float32 [num_buckets, dimension], read-only, by name."""
        return {name: t.array for name, t in self._tables.items() if t.trained}

    # Running --------------------------------------------------------------------------------------------------------

    def transform(self, data: Data, *, out: Array | None = None, threads: int | None = None) -> Floats:
        """All rows as one matrix.

        Args:
            data: pandas, Arrow, Polars, a dict of columns, a list of dicts, a path, ... (see fc.fit).
            out: float32 [n, width] to fill, in any layout; a new C-ordered array when None.
            threads: how many; the result never depends on it.

        Returns:
            float32 [n, width], C order unless `out` was given. Its memory is used again once it and all views of it are gone.

        Raises:
            PlanError: when an output is a bare categorical column. DataError: for data that does not fit the columns;
                `out` is then partly written. SizeError: when the result would not fit into memory.
        """
        program, workers = self._require_dense(), _workers(threads)
        source = as_source(data)
        rows = source.num_rows
        if out is not None:
            check_out(out, rows, program.width)
        elif rows is not None:
            out = buffer_pool.empty((rows, program.width), np.float32, "transform")
        else:
            return np.concatenate(list(program.transform_batches(source, None, workers, _TRANSFORM)))
        program.transform_into(out, source, workers)
        return out

    def profile(self, data: Data) -> Profile:
        """Where the time goes: all rows are transformed on one thread, with a clock around every part.

        Args:
            data: as for transform. The matrix is made block by block and thrown away.

        Raises:
            what transform raises.

        >>> import featurecols as fc
        >>> plan = fc.compile([fc.Numeric("age"), fc.Embedding(fc.Hashed("city", 9), 2)])
        >>> found = plan.profile({"age": [31.0, 25.0], "city": ["Rome", "Oslo"]})
        >>> [(part.kind, part.name) for part in found.parts]  # doctest: +NORMALIZE_WHITESPACE
        [('read', 'data'), ('field', 'age'), ('field', 'city'), ('step', 'city'), ('matrix', 'numbers and one-hots'),
         ('column', 'city_embedding')]
        """
        return self._require_dense().profile(as_source(data))

    def transform_row(self, row: Mapping[str, object]) -> Floats:
        """One row, a dict of raw values, as float32 [width]: the bits of transform, in microseconds.

        None is one missing value; a list is a value of a list field, [] for an empty one. A row of a pandas frame is
        frame.iloc[i].to_dict().

        Raises:
            DataError: for a field that is not there, and for values that do not fit the columns.
        """
        program = self._program
        if program.first_non_dense_output is not None:
            self._require_dense()
        if type(row) is not dict and not isinstance(row, Mapping):
            raise not_a_row("transform_row", row)
        if program.width > _WIDE:
            memory_limit.check("transform_row", program.width * 4)
        found = program.row(row)
        return np.frombuffer(found, np.float32) if found else np.empty(0, np.float32)

    def encode(self, data: Data, *, threads: int | None = None) -> Features:
        """All rows as Features: numbers in one dense block, ids for everything else. See Features and feature_slots.

        Raises:
            DataError: for data that does not fit the columns.
        """
        found = list(self._program.encode_batches(as_source(data), None, _workers(threads), _ENCODE))
        return found[0] if len(found) == 1 else Features.concatenate(found)

    def transform_batches(self, source: Data, batch_size: int | None = None, *, threads: int | None = None) -> Iterator[Floats]:
        """float32 [<= batch_size, width] for each batch of a source, in order and in bounded memory."""
        workers = _workers(threads)
        return self._require_dense().transform_batches(as_source(source), batch_size, workers, _TRANSFORM_BATCHES)

    def encode_batches(self, source: Data, batch_size: int | None = None, *, threads: int | None = None) -> Iterator[Features]:
        """Features of <= batch_size rows for each batch of a source, in order and in bounded memory."""
        return self._program.encode_batches(as_source(source), batch_size, _workers(threads), _ENCODE_BATCHES)

    # Meaning --------------------------------------------------------------------------------------------------------

    def describe(self, index: int) -> Meaning:
        """Return what feature `index` means: its declared column, and the term, interval or hash bucket that it means."""
        return meaning(self._require_dense(), self.columns, self._names(), index)

    def describe_id(self, slot: str, id: int) -> IdMeaning:
        """Return what an id of one of the feature_slots means: a term, an interval or a hash bucket.

        >>> import featurecols as fc
        >>> fc.compile([fc.Vocabulary("job", ["nurse", "cook"])]).describe_id("job", 1).label
        'cook'
        """
        node = self._node_of_ids(slot)
        bound = None if node is None else self._program.bounds[node]
        if bound is None or not 0 <= id < bound.num_buckets:
            got = (slot, id)
            raise errors.plan("describe_id", "no slot of ids has this id", got, "see plan.feature_slots")
        column = next(c for c in self.columns if c.name == slot)
        return IdMeaning(id, column, bound.meaning(id), field_keys(column))

    def terms(self, data: Data, wanted: Mapping[str, Iterable[int] | None]) -> dict[str, dict[int, dict[tuple[str, ...], int]]]:
        """Return what data put on ids: for a hash bucket, the terms or combinations that share it.

        Args:
            data: rows, as in transform.
            wanted: for each of the feature_slots asked about, its ids, or None for all that occur.

        Returns:
            {slot: {id: {term: how often}}}, the most frequent first. A term is a tuple of words, one for each field or column
            that the id is made of; an id that no row has is left out.

        >>> import featurecols as fc
        >>> cross = fc.Crossed([fc.Bucketized("age", [18, 65]), "job"], 2, name="cross")
        >>> data = {"age": [30, 30, 40, 70], "job": ["nurse", "pilot", "nurse", "cook"]}
        >>> fc.compile([cross]).terms(data, {"cross": [0]})
        {'cross': {0: {('[18, 65)', 'nurse'): 2, ('[18, 65)', 'pilot'): 1}}}
        """
        return {slot: in_words(ids) for slot, ids in self.bucket_contents(data, wanted).items()}

    def bucket_contents(
        self, data: Data, wanted: Mapping[str, Iterable[int] | None]
    ) -> dict[str, dict[int, dict[tuple[Bucket, ...], int]]]:
        """Return what `terms` returns, with a Bucket for each word."""
        nodes: dict[str, int] = {}
        for slot in wanted:
            node = self._node_of_ids(slot)
            if node is None:
                raise errors.plan("terms", "no slot of ids has this name", slot, "see plan.feature_slots")
            nodes[slot] = node
        found = bucket_contents(self._program, nodes, as_source(data), wanted)
        return {slot: {i: dict(terms.most_common()) for i, terms in sorted(ids.items())} for slot, ids in found.items()}

    def row_meanings(self, slot: str) -> RowMeanings:
        """Return what the ids of one of the feature_slots mean, or its features, to find the same ones in another plan."""
        node = self._node_of_ids(slot)
        if node is not None:
            return of_ids(self.graph, self.learned, node, self._program.bounds[node])
        output = next((o for o in self._program.outputs if o.slot.name == slot), None)
        if output is None:
            raise errors.plan("row_meanings", "no slot has this name", slot, "see plan.feature_slots")
        return of_features(self.graph, output.node, output.bound)

    def _node_of_ids(self, slot: str) -> int | None:
        """Return the categorical column that gives the ids of a slot, as a node."""
        output = next((o for o in self._program.outputs if o.slot.name == slot and isinstance(o.slot, IdSlot)), None)
        if output is None:
            return None
        return output.node if output.bound.categorical else output.inputs[0]

    def explain(self, row: Mapping[str, object]) -> Explanation:
        """Which values of a raw row, a dict as in transform_row, lit which outputs."""
        if not isinstance(row, Mapping):
            raise not_a_row("explain", row)
        return explain(self._require_dense(), self.columns, self._names(), row, self.transform_row(row))

    def _names(self) -> tuple[str, ...] | None:
        return self.names if self.width <= MANY else None

    # Tables and files -----------------------------------------------------------------------------------------------

    def with_tables(self, tables: Mapping[str, ArrayLike]) -> Plan:
        """Return a plan with these embedding tables, float32 [num_buckets, dimension] by name, copied; the others stay."""
        return Plan(self.graph, self.learned, {**self.tables, **tables})

    @property
    def all_tables(self) -> dict[str, Array]:
        """Every embedding table of the plan, initial ones included, by name; read-only."""
        return {name: t.array for name, t in self._tables.items()}

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the plan into the folder `path`, as text for review: plan.json, and files beside it for what is long.

        The folder is made where it is not there. An empty one is filled, and one that holds an equal plan is written again;
        anything else is replaced only with `overwrite`, and then only files that a plan writes.

        Raises:
            OutputError: where something is there already, or nothing can be written.
        """
        serialization.write(Path(path), self.graph, self.learned, self.tables, overwrite=overwrite)

    def to_bytes(self) -> bytes:
        """Return the whole plan as bytes: equal plans give equal bytes."""
        return serialization.to_bytes(self.graph, self.learned, self.tables)

    @staticmethod
    def from_bytes(data: bytes) -> Plan:
        """Return the plan that to_bytes wrote. Raises SavedPlanError for anything else; never runs code."""
        return Plan.of_saved("these bytes", *serialization.from_bytes(data))

    @staticmethod
    def of_saved(where: object, graph: Graph, learned: LearnedByNode, tables: Mapping[str, Array]) -> Plan:
        """Return the plan of what was saved somewhere. Raises SavedPlanError where it cannot run."""
        try:
            return Plan(graph, learned, tables)
        except errors.PlanError as e:  # a table that is not of this plan, or columns that cannot share one
            raise errors.saved_plan(where, f"is not a plan that can run ({errors.show(str(e), 200)})") from None

    def to_json(self) -> list[Any]:
        """Return the declared columns as plain JSON data, for fc.columns_from_json."""
        return [column.to_json() for column in self.columns]

    def __repr__(self) -> str:
        from featurecols.plan.explain import table

        return table(self._program, self.columns, self.fingerprint)

    def _repr_html_(self) -> str:
        from featurecols._core import html
        from featurecols.plan.explain import summary

        return html.table(*summary(self._program, self.columns, self.fingerprint), [False, True, True, True, False])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Plan):
            return NotImplemented
        return (self.fingerprint, self.tables_digest) == (other.fingerprint, other.tables_digest)

    def __hash__(self) -> int:
        return hash((self.fingerprint, self.tables_digest))

    def __reduce__(self) -> tuple[Callable[[bytes], Plan], tuple[bytes]]:
        return Plan.from_bytes, (self.to_bytes(),)

    if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
        __getattr__ = attributes_of("Plan")

    def _require_dense(self) -> Program:
        """Return the program, if all outputs are dense."""
        program = self._program
        if program.first_non_dense_output is not None:
            hint = "wrap it in Indicator or Embedding, or use encode(data)"
            raise errors.plan("transform", "a categorical column gives ids, not features", program.first_non_dense_output, hint)
        return program


def _workers(given: int | None) -> int:
    return 1 if type(given) is int and given == 1 else thread_pool.count(given)


__all__ = ["Plan"]
