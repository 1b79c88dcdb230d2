"""Plan: columns plus what was learned. The only place where data and columns meet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from featurecols import errors
from featurecols._core import arrays, html, limits, memory_limit, thread_pool
from featurecols._core.arrays import Array, Features, Floats
from featurecols._core.progress import Progress
from featurecols._core.suggestions import attributes_of, explain_arguments
from featurecols.columns._embedding_tables import Tables
from featurecols.columns.base import Field
from featurecols.data.batch import Source
from featurecols.data.field_types import UNKNOWN, FieldType
from featurecols.data.files.paths import require_local
from featurecols.data.sources import Data, as_source
from featurecols.plan import serialization
from featurecols.plan.arguments import check_finite, check_out, not_a_row
from featurecols.plan.bind import LearnedByNode, bind, encoded_slots
from featurecols.plan.check import check, check_states, collect_statistics
from featurecols.plan.described import DescribedPlan
from featurecols.plan.execution.profile import Profile
from featurecols.plan.execution.program import Limit, Program
from featurecols.plan.execution.request import Request
from featurecols.plan.execution.row_encoder import RowEncoder
from featurecols.plan.execution.split import Split
from featurecols.plan.execution.training import TrainingProgram
from featurecols.plan.explain import summary, table
from featurecols.plan.field_states import statistics_of
from featurecols.plan.fingerprint import digest, fingerprint
from featurecols.plan.fit_state import FitState
from featurecols.plan.graph import Graph
from featurecols.plan.report import Report
from featurecols.plan.statistics import Statistics

if TYPE_CHECKING:
    from onnx import ModelProto

    from featurecols.integrations.sql import DialectName
    from featurecols.jobs.bad_rows import MaxErrors
    from featurecols.jobs.inputs import Paths
    from featurecols.jobs.job_result import JobResult

# What is told about a result that does not fit into memory.
_TRANSFORM, _TRANSFORM_BATCHES = Limit("transform", total=True), Limit("transform_batches")
_ENCODE = Limit("encode", "use encode_batches, or smaller batches", total=True)
_ENCODE_BATCHES = Limit("encode_batches", "give a smaller batch_size")
_WIDE = 1 << 20  # a row of less is not worth a look at the memory that is free


class Plan(DescribedPlan):
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

    # Shape ----------------------------------------------------------------------------------------------------------

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
        found = self._program.encode_small(data)
        return _encoded(self._program, as_source(data), _workers(threads)) if found is None else found

    def transform_batches(self, source: Data, batch_size: int | None = None, *, threads: int | None = None) -> Iterator[Floats]:
        """float32 [<= batch_size, width] for each batch of a source, in order and in bounded memory."""
        workers = _workers(threads)
        return self._require_dense().transform_batches(as_source(source), batch_size, workers, _TRANSFORM_BATCHES)

    def encode_batches(self, source: Data, batch_size: int | None = None, *, threads: int | None = None) -> Iterator[Features]:
        """Features of <= batch_size rows for each batch of a source, in order and in bounded memory."""
        return self._program.encode_batches(as_source(source), batch_size, _workers(threads), _ENCODE_BATCHES)

    @explain_arguments
    def transform_files(
        self,
        source: Paths,
        target: str | os.PathLike[str],
        *,
        keep: str | Sequence[str] = (),
        layout: str = "features",
        threads: int | None = None,
        processes: int | None = None,
        progress: Progress | bool | None = None,
        overwrite: bool = False,
        row_group_rows: int | None = None,
        on_error: str = "fail",
        max_errors: MaxErrors = None,
        resume: bool = False,
        new_only: bool = False,
        partition_by: str | Sequence[str] = (),
        rows_per_file: int | None = None,
    ) -> JobResult:
        """Transform Parquet or CSV files, row group by row group in bounded memory, into Parquet files of the same names.

        The target appears when everything is complete and flushed to the disk, and not before. A run that was killed
        continues when it is called again with the same plan, options and unchanged files; finished files are not done again.

        Args:
            source: a Parquet or CSV file, a folder (with folders inside), a glob, a URL of these, or a list of them.
            target: a folder; or a `.parquet` or `.arrow` file when the source is one file; or a `.npy` file for one float32
                matrix of all rows, files in order of their names. Any of these may be a URL in an object store, such as s3://bucket/out;
                or a table, delta:PLACE or iceberg:CATALOG/NAMESPACE.TABLE, to which the rows are added.
            keep: columns of the source, one name or several, that go through as they are, first in the output.
            layout: "features" is one fixed_size_list<float32> column `features`; "columns" is one float32 column per output
                name; "ids" is the numbers as `features`, then for every slot of ids an int32 or int64 column of its name (-1
                where there is none) or lists of them, `<slot>_weights` where ids have weights, `<slot>_length` for sequences;
                "sparse" is the rows of encode(data).to_csr() as lists, `indices` and `values` of features that are not zero.
            threads: how many compute; the output never depends on it.
            processes: how many share the files and the threads; None is one. The output never depends on it.
            progress: True for a progress bar, or a function that is called with (rows done, rows in all or None) after
                every block.
            overwrite: replace an existing target, in one rename, once the new one is complete.
            row_group_rows: rows of a row group in the output; None cuts as the source is cut, or finer where rows are wide.
            on_error: what happens to bad rows, those with a value that the columns refuse. "fail": the first one is an error.
                "null": all columns of the plan are null there (NaN in a `.npy` file); kept columns stay. "quarantine": they are
                left out. Both list them in a Parquet file, `_quarantine.parquet` in the target, beside a target that is a file
                (`x.quarantine.parquet`): the `reason` as a code, `file`, `row` (from 0 in that file), `field`, `value`.
                Fields of a wrong type, missing fields and damaged files stay errors.
            max_errors: how many rows may be bad: a count (100), a share of all rows (0.01), or both; None for any number. With
                more nothing is written.
            resume: go on with an unfinished run also where files of the source were added, changed or removed since; the
                files that are the same are not done again. Without, such a run is an error. (An equal run goes on anyway.)
            new_only: the target is a folder that grows with its source: files that it holds already are left, by name, size
                and time of the last change of their sources; one that has changed is an error, one whose output was deleted
                is done again. All new files appear at once.
            partition_by: fields of the source, one name or several, whose values name folders of the output, such as
                `day=2024-01-31/part-00000.parquet`; which the files in them do not hold: text, integers, booleans, dates.
            rows_per_file: rows of each file but the last (of a folder), named `part-00000.parquet` and so on: small files are
                merged, large ones are split. None is a file for each source file, or for each folder with `partition_by`.

        Returns:
            JobResult: counts and seconds. The files' schema metadata holds `featurecols`: the plan's fingerprint, the digest of
            its tables, version, layout, and the names of outputs and slots, as JSON.

        Raises:
            OutputError: the target exists, is being written by another run, or cannot be written; a kept name is an output's
                name; an unfinished run with other options exists. All before anything is written, a full disk aside.
            DataError: the source is not there or cannot be read, a kept field has two types, or data does not fit the columns
                (with the row counted over all files in order), or a file changed meanwhile; nothing stays on the disk then.
            PlanError: the layout needs a matrix and an output is a bare categorical column.

        >>> import tempfile, featurecols as fc
        >>> from pathlib import Path
        >>> plan = fc.compile([fc.Numeric("distance"), fc.Indicator(fc.Vocabulary("origin", ["EWR", "JFK", "LGA"]))])
        >>> target = Path(tempfile.mkdtemp()) / "flights.parquet"
        >>> done = plan.transform_files(fc.datasets.flights_path(), target, keep=["late"], layout="columns")
        >>> done.rows, done.files
        (60000, 1)
        """
        from featurecols.jobs import job, transform_parquet

        transform = transform_parquet.PlanTransform(self, layout, threads)
        return job.run(
            transform,
            source,
            target,
            keep=keep,
            processes=processes,
            progress=progress,
            overwrite=overwrite,
            row_group_rows=row_group_rows,
            on_error=on_error,
            max_errors=max_errors,
            resume=resume,
            new_only=new_only,
            partition_by=partition_by,
            rows_per_file=rows_per_file,
        )

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

    def to_json(self) -> list[Any]:
        """Return the declared columns as plain JSON data, for fc.columns_from_json."""
        return [column.to_json() for column in self.columns]

    def to_onnx(self, *, outputs: Literal["matrix", "ids"] = "matrix") -> ModelProto:
        """Return the plan as an ONNX model, from raw named inputs to the matrix; needs the extra `onnx`.

        For each field an input of its name, of shape [n]: double for numbers, int64 for categories that are integers, bool for
        booleans, string for others; and bool `<field>_present`, False where it is missing. Where transform raises for a value,
        the model gives NaN as a number, and no id.

        Args:
            outputs: "matrix" is float32 [n, width]. "ids" is what encode gives: float32 [n, w] of the numbers, then int64 [n]
                as `<slot>_ids` for each slot of ids, -1 where there is none, and `<slot>_weights`.

        Raises:
            PlanError: for a column that ONNX cannot compute, and for a field of lists, by name.
        """
        from featurecols.integrations.onnx import plan_to_onnx

        return plan_to_onnx(self, outputs)

    def to_sql(
        self,
        *,
        dialect: DialectName = "duckdb",
        table: str | Sequence[str] = "data",
        outputs: Literal["matrix", "ids"] = "matrix",
        keep: Sequence[str] = (),
    ) -> str:
        """Return the plan as a SQL query of a table: one column for each feature, or for each slot of ids.

        NULL and NaN are missing; ids are -1 where there is none. Where transform raises for a value, the query gives NULL as a
        number, and -1 as an id. What a feature is depends on the row alone, and the rows come in the order of the system.

        Args:
            dialect: "duckdb" and "sqlite" (with `featurecols.integrations.sql.register_functions` where columns hash),
                "bigquery" or "spark".
            table: its name, or its parts ("schema", "table"); they are quoted.
            outputs: "matrix" is the features by their names. "ids" is what encode gives: numbers, then a column of ids for each
                slot by its name, and `<slot>_weights`.
            keep: columns of the table that go through as they are, first.

        Raises:
            PlanError: for a column that the dialect cannot compute, and for a field of lists, by name.

        >>> import featurecols as fc
        >>> plan = fc.compile([fc.Indicator(fc.Bucketized("age", [18, 65]))])
        >>> import sqlite3
        >>> people = sqlite3.connect(":memory:")
        >>> _ = people.executescript("CREATE TABLE people (age REAL); INSERT INTO people VALUES (3), (30), (NULL)")
        >>> people.execute(plan.to_sql(dialect="sqlite", table="people")).fetchall()
        [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.0)]
        """
        from featurecols.integrations.sql import plan_to_sql

        return plan_to_sql(self, dialect, table, outputs, keep)

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

    def _require_matrix(self, subject: str = "transform") -> None:
        """Raise PlanError where an output is a bare categorical column, which has no place in a matrix."""
        bare = self._program.first_non_dense_output
        if bare is not None:
            hint = "wrap it in Indicator or Embedding, or use encode(data) in Python"
            raise errors.plan(subject, "a categorical column gives ids, not features", bare, hint)

    def _require_dense(self) -> Program:
        """Return the program, if all outputs are dense."""
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
    else:
        return arrays.concatenate(list(program.transform_batches(source, None, workers, _TRANSFORM)))
    program.transform_into(out, source, workers)
    return out


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
