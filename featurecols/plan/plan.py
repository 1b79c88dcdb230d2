"""Plan: columns plus what was learned. The only place where data and columns meet."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from featurecols import errors
from featurecols._core import arrays, html, limits, memory_limit, thread_pool
from featurecols._core.arrays import Array, Features, Floats
from featurecols._core.suggestions import attributes_of
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Field
from featurecols.data.batch import Source
from featurecols.data.files.paths import require_local
from featurecols.data.sources import Data, as_source
from featurecols.plan import serialization
from featurecols.plan.arguments import check_finite, check_out, not_a_row
from featurecols.plan.bind import LearnedByNode, bind, encoded_slots
from featurecols.plan.check import check, check_states, collect_statistics
from featurecols.plan.execution.profile import Profile
from featurecols.plan.execution.program import Limit, Program
from featurecols.plan.execution.request import Request
from featurecols.plan.execution.row_encoder import RowEncoder
from featurecols.plan.execution.split import Split
from featurecols.plan.execution.training import TrainingProgram
from featurecols.plan.explain import summary, table
from featurecols.plan.exported import ExportedPlan
from featurecols.plan.field_states import statistics_of
from featurecols.plan.file_transformer import FileTransformer
from featurecols.plan.fit_state import FitState
from featurecols.plan.graph import Graph
from featurecols.plan.report import Report
from featurecols.plan.statistics import Statistics

# What is told about a result that does not fit into memory.
_LARGE = 1 << 26  # bytes of a matrix: a smaller one is made of those of its batches
_TRANSFORM, _TRANSFORM_BATCHES = Limit("transform", total=True), Limit("transform_batches")
_ENCODE = Limit("encode", "use encode_batches, or smaller batches", total=True)
_ENCODE_BATCHES = Limit("encode_batches", "give a smaller batch_size")
_WIDE = 1 << 20  # a row of less is not worth a look at the memory that is free


class Plan(ExportedPlan, FileTransformer):
    """Declared columns bound to what was learned: final, shared by threads, saved as data.

    Made by fc.fit, fc.compile and fc.load; every plan is fitted. Two plans of one fingerprint give the same bits.

    Attributes:
        columns: the declared columns, in order.
        fields: the raw fields that are read.
        width: columns of the matrix that transform gives.
        feature_names: their names, unique, as many as width.
        matrix_slots: where each declared column is in that matrix; a bare categorical column is not in it.
        encoded_slots: what encode gives for each declared column.
        encoded_feature_names: names of the columns of encode(data).to_csr().
        tables: all embedding tables. trained_tables: those of them that were given.
        statistics: how the fields were distributed in the rows of fit(..., statistics=True); None without them.
        fingerprint: of columns and what was learned, without tables and statistics. tables_digest: of trained tables.
    """

    __slots__ = ("_derived", "_graph", "_learned", "_program", "_tables", "columns", "encoded_slots", "fields", "statistics")

    def __init__(self, graph: Graph, learned: LearnedByNode, tables: Mapping[str, ArrayLike] | None = None) -> None:
        self._graph, self._learned, self.columns, self.fields = graph, learned, graph.columns, graph.fields()
        self._tables = Tables(tables)
        bounds = bind(graph, learned, self._tables)
        unknown = sorted(set(self._tables.given) - set(self._tables))
        if unknown:
            raise errors.plan(
                "tables", "no column has this table", unknown[0], f"the plan has {', '.join(self._tables) or 'none'}"
            )
        self.encoded_slots = encoded_slots(bounds[i] for i in graph.outputs)
        self._program = Program(bounds, graph.inputs, graph.outputs, self.encoded_slots, _needs(graph.needs()), graph.types)
        self._derived: dict[str, Any] = {}  # what is made when first asked for
        self.statistics: Statistics | None = None

    # Running --------------------------------------------------------------------------------------------------------

    def transform(self, data: Data, *, out: Array | None = None, threads: int | None = None) -> Floats:
        """All rows as one matrix.

        Args:
            data: pandas, Arrow, Polars, a dict of columns, a list of dicts, a path, ... (see fc.fit).
            out: float32 [n, width] to fill, in any layout, not in the memory of the data; a new C-ordered array when None.
            threads: how many; the result never depends on it.

        Returns:
            float32 [n, width], C order unless `out` was given. Its memory is used again once it and all views of it are gone.

        Raises:
            PlanError: when an output is a bare categorical column. DataError: for data that does not fit the columns;
                `out` is then partly written. SizeError: when the result would not fit into memory.
        """
        program = self._require_dense()
        if threads is not None:
            _workers(threads)
        if out is None and (found := program.transform_small(data)) is not None:
            return found
        return _matrix(program, as_source(data), out, _workers(threads))

    def transform_training(self, data: Data, *, threads: int | None = None) -> Floats:
        """Return the matrix of the rows that the plan was fitted on, as a model is to be trained on it.

        It differs from `transform` where columns learned from a label (TargetMean): what they say of a row leaves out the fold
        that the row is in, and so its own label. Labels, and the fields of `fold_by`, are read here and not in `transform`. Of
        other rows than those of `fit` it is not what a model sees: give these to `transform`.

        Args:
            data: the rows of `fit`, in any form and any order.
            threads: how many; the result never depends on it.

        Returns:
            float32 [n, width], in the order of the rows.

        Raises:
            what transform raises.

        >>> import featurecols as fc
        >>> flights = {"carrier": ["AA", "AA", "DL", "DL"], "late": [1, 1, 0, 0], "id": [1, 3, 2, 4]}
        >>> plan = fc.fit([fc.TargetMean("carrier", "late", smoothing=1, folds=2, fold_by="id")], flights)
        >>> plan.transform_training(flights).tolist(), plan.transform({"carrier": ["AA", "DL"]}).tolist()
        ([[0.75], [0.75], [0.25], [0.25]], [[0.8333333134651184], [0.1666666716337204]])
        """
        self._require_matrix("transform_training")
        return _matrix(self._training_program, as_source(data), None, _workers(threads))

    def encode_training(self, data: Data, *, threads: int | None = None) -> Features:
        """Return the rows that the plan was fitted on as Features, as transform_training computes them; see encode."""
        return _encoded(self._training_program, as_source(data), _workers(threads))

    @property
    def training_uses(self) -> dict[str, frozenset[str]]:
        """How transform_training reads each raw field: input_uses, and labels and fields that decide folds."""
        return self._graph.needs(training=True)

    @property
    def _training_program(self) -> Program:
        """The program of transform_training: that of transform, where no column learned from a label."""
        if self._graph.trains_alike:
            return self._program
        if "training" not in self._derived:
            graph, bounds = self._graph, self._program.bounds
            nodes = [node if isinstance(node, Field) else bounds[i] for i, node in enumerate(graph.all_nodes)]
            self._derived["training"] = TrainingProgram(
                nodes, graph.training_inputs, graph.outputs, self.encoded_slots, _needs(self.training_uses), graph.types
            )
        found: Program = self._derived["training"]
        return found

    def check(self, data: Data | FitState) -> Report:
        """Return how data fits this plan: shares of what is missing, unseen, out of range and converted.

        Nothing that transform refuses is an error here: it is counted, or named as the report's problem. Rows are read batch by
        batch, in bounded memory. Where the plan has statistics of its training rows (see fit), the report compares each field
        with them: see FieldDrift for the measures.

        Args:
            data: as for transform; or what fc.collect(plan, rows) gave of rows, of which fields alone are reported.

        Raises:
            DataError: for data that cannot be read, or lacks a field. PlanError: for a state of another plan.

        >>> import featurecols as fc
        >>> plan = fc.compile([fc.Indicator(fc.Vocabulary("job", ["nurse", "pilot"])), fc.Indicator(fc.Identity("day", 7))])
        >>> plan.check({"job": ["nurse", "Nurse", None, "nurse"], "day": [1, 1, 7, 1]})
        4 rows
        field  missing  unseen  out of range  converted
        job     25.0 %  25.0 %                      0 %
        day        0 %                25.0 %        0 %
        <BLANKLINE>
        column         unseen  constant
        job_indicator  25.0 %    50.0 %
        day_indicator
        """
        if isinstance(data, FitState):
            states = data._states_for(self.fingerprint, "check")
            return check_states(self._program, states, data.rows, self.statistics)
        return check(self._program, as_source(data), self.statistics)

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

    def begin(self, row: Mapping[str, object]) -> Request:
        """Return the start of a request whose items are to be ranked: what `row` gives is computed once for all of them.

        Args:
            row: some fields of the plan, as for transform_row; a field that is not there is one of the items.

        Raises:
            DataError: for values that do not fit the columns.

        >>> import featurecols as fc
        >>> plan = fc.compile([fc.Numeric("age"), fc.Numeric("price"), fc.Indicator(fc.Crossed(["city", "shop"], 3))])
        >>> plan.begin({"age": 31, "city": "Rome"}).finish({"price": [2.0, 3.0], "shop": ["a", "b"]})
        array([[31.,  2.,  0.,  1.,  0.],
               [31.,  3.,  0.,  1.,  0.]], dtype=float32)
        """
        if not isinstance(row, Mapping):
            raise not_a_row("begin", row)
        keys = frozenset(field.key for field in self.fields if field.key in row)
        splits = self._derived.setdefault("splits", {})
        if keys not in splits:
            splits[keys] = Split(self._program, keys)
        return Request(splits[keys], row)

    def _row_encoder(self) -> RowEncoder | None:
        """Return what encodes single rows; None where a column has steps, or ids that no other column gives."""
        if "row encoder" not in self._derived:
            self._derived["row encoder"] = RowEncoder(self._program) if RowEncoder.fits(self._program) else None
        found: RowEncoder | None = self._derived["row encoder"]
        return found

    def encode(self, data: Data, *, threads: int | None = None) -> Features:
        """All rows as Features: numbers in one dense block, ids for everything else. See Features and encoded_slots.

        Raises:
            DataError: for data that does not fit the columns.
        """
        if threads is not None:
            _workers(threads)
        found = self._encode_small(data)
        return _encoded(self._program, as_source(data), _workers(threads)) if found is None else found

    def _encode_small(self, data: Data, most: int | None = None) -> Features | None:
        """Return what `encode` gives for a table of at most `most` rows; None where it does so in the usual way, or raises."""
        return self._program.encode_small(data, most)

    def transform_batches(self, source: Data, batch_size: int | None = None, *, threads: int | None = None) -> Iterator[Floats]:
        """float32 [<= batch_size, width] for each batch of a source, in order and in bounded memory."""
        workers = _workers(threads)
        return self._require_dense().transform_batches(as_source(source), batch_size, workers, _TRANSFORM_BATCHES)

    def encode_batches(self, source: Data, batch_size: int | None = None, *, threads: int | None = None) -> Iterator[Features]:
        """Features of <= batch_size rows for each batch of a source, in order and in bounded memory."""
        return self._program.encode_batches(as_source(source), batch_size, _workers(threads), _ENCODE_BATCHES)

    # Tables and files -----------------------------------------------------------------------------------------------

    def with_tables(self, tables: Mapping[str, ArrayLike]) -> Plan:
        """Return a plan with these embedding tables, float32 [num_buckets, dimension] by name, copied; the others stay.

        Raises:
            PlanError: for a table that no column has, of another shape, or with a number that is not finite.
        """
        found = Plan(self._graph, self._learned, {**self.trained_tables, **tables})
        for name in tables:
            check_finite(name, found._tables[name].array)
        return found._with(self.statistics)

    def with_statistics(self, of: Data | FitState | Statistics | None) -> Plan:
        """Return this plan with statistics of other rows, with which check compares; the plan is the same in all else.

        Args:
            of: rows as for transform, which are read once; what fc.collect(plan, rows) gave; Statistics; or None for none.

        Raises:
            DataError: for rows that do not fit the columns. PlanError: for a state of another plan.

        >>> import featurecols as fc
        >>> plan = fc.compile([fc.Numeric("age")]).with_statistics({"age": [31, 25, None]})
        >>> plan.statistics.fields["age"].missing
        1
        """
        if of is None or isinstance(of, Statistics):
            return self._with(of)
        if isinstance(of, FitState):
            return self._with(statistics_of(self._program, of._states_for(self.fingerprint, "with_statistics"), of.rows))
        return self._with(collect_statistics(self._program, as_source(of)))

    def _with(self, statistics: Statistics | None) -> Plan:
        """Return a plan that shares everything with this one but its statistics."""
        found = object.__new__(Plan)
        for name in Plan.__slots__:
            setattr(found, name, getattr(self, name))
        found.statistics = statistics
        return found

    @property
    def tables(self) -> dict[str, Array]:
        """All embedding tables, by name: float32 [num_buckets, dimension], read-only; start values where none was given."""
        return {name: t.array for name, t in self._tables.items()}

    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the plan into the folder `path`, as text for review: plan.json, and files beside it for what is long.

        The folder is made where it is not there. An empty one is filled, and one that holds an equal plan with equal statistics
        is written again; anything else is replaced only with `overwrite`, and then only files that a plan writes. A folder of a
        model is refused.

        Returns:
            The path.

        Raises:
            OutputError: where something is there already, nothing can be written, or the path is a URL.
        """
        parts = self._graph, self._learned, self.trained_tables, self.statistics
        folder = require_local(path)
        serialization.write(folder, *parts, overwrite=overwrite)
        return folder

    def to_bytes(self) -> bytes:
        """Return the whole plan as bytes: equal plans with equal statistics give equal bytes."""
        return serialization.to_bytes(self._graph, self._learned, self.trained_tables, self.statistics)

    @staticmethod
    def from_bytes(data: bytes) -> Plan:
        """Return the plan that to_bytes wrote. Raises SavedPlanError for anything else; never runs code."""
        return plan_of_saved("these bytes", *serialization.from_bytes(data))

    def __repr__(self) -> str:
        return table(self._program, self.columns, self.fingerprint)

    def _repr_html_(self) -> str:
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
        if self._program.first_non_dense_output is not None:
            self._require_matrix()
        return self._program


def plan_of_saved(
    where: object, graph: Graph, learned: LearnedByNode, tables: Mapping[str, Array], statistics: Statistics | None = None
) -> Plan:
    """Return the plan of what was saved somewhere. Raises SavedPlanError where it cannot run."""
    try:
        return Plan(graph, learned, tables)._with(statistics)
    except errors.PlanError as e:  # a table that is not of this plan, or columns that cannot share one
        raise errors.saved_plan(where, f"is not a plan that can run ({errors.show(str(e), 200)})") from None


def _matrix(program: Program, source: Source, out: Array | None, workers: int) -> Floats:
    """Return all rows of a source as one matrix, `out` where it is given."""
    rows = source.num_rows
    if rows is not None and (rows > limits.LIMITS.rows or program.width > limits.LIMITS.width):
        memory_limit.check("transform", rows * program.width * 4)
        limits.check_matrix("transform", rows, program.width)
    if out is not None:
        check_out(out, rows, program.width)
    elif rows is not None:
        out = arrays.empty((rows, program.width), np.float32, "transform")
    elif (room := _room(program, source.expected_rows)) is not None:
        return program.transform_expected(room, source, workers, _TRANSFORM)
    else:
        return arrays.concatenate(list(program.transform_batches(source, None, workers, _TRANSFORM)))
    program.transform_into(out, source, workers)
    return out


def _room(program: Program, rows: int | None) -> Array | None:
    """Return memory for about so many rows, untouched, so that what is too much costs nothing; None where there are few."""
    if rows is None:
        return None
    shape = rows + rows // 16, program.width
    if (size := 4 * shape[0] * shape[1]) < _LARGE:
        return None
    have = memory_limit.available()
    return None if have is not None and 2 * size > have else np.empty(shape, np.float32)


def _encoded(program: Program, source: Source, workers: int) -> Features:
    """Return all rows of a source as Features."""
    found = list(program.encode_batches(source, None, workers, _ENCODE))
    return found[0] if len(found) == 1 else Features.concatenate(found)


def _needs(uses: Mapping[str, frozenset[str]]) -> list[tuple[str, str]]:
    """Return the fields that are read, and how batches are to hold them."""
    return [(key, "category" if "category" in kinds else "number") for key, kinds in uses.items()]


def _workers(given: int | None) -> int:
    return 1 if type(given) is int and given == 1 else thread_pool.count(given)


__all__ = ["Plan"]
