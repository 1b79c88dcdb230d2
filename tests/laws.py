"""What every column must pass, whatever it is: an Example says what, LAWS say how.

    EXAMPLES = [Example("plain", [fc.Hashed("city", 10)], rows=[...])]
    test_laws = laws.of(EXAMPLES)

Every law takes an Example and asserts. Results are compared bit by bit. The references (tests/reference.py, tests/columns/) are
independent of the package; tests/formats.py gives the same rows in every input format. docs/laws.md says what each law is for.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import itertools
import json
import math
import random
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from jsonschema import Draft202012Validator

import featurecols as fc
from featurecols._core.spec import KINDS
from featurecols.columns.base import Column
from featurecols.columns.schema import columns_schema
from featurecols.data.field_types import of_arrow
from featurecols.data.missing import Markers
from tests import csv_files, formats
from tests.example import WIDEST, Results, Row, bits, blocks_of, features_bits, same, tiled, walk, without_kernels
from tests.example import Bad as Bad
from tests.example import Example as Example
from tests.example import Wrong as Wrong
from tests.reference import Kind, Reference, RowIds

# ------------------------------------------------------------------------------------------------ laws

LAWS: list[Callable[[Example], None]] = []


def law(check: Callable[[Example], None]) -> Callable[[Example], None]:
    LAWS.append(check)
    return check


@law
def gives_the_literal_answers(example: Example) -> None:
    if example.expect is None:
        return
    if example.column.categorical:
        ids = Results(example).encoder.encode(example.table()).ids[example.column.name]
        assert rows_of(ids) == example.expect
    else:
        got = (
            Results(example).encoder.encode(example.table())
            if example.dense() == []
            else example.plan(example.dense()).transform(example.table())
        )
        np.testing.assert_array_equal(got, np.array(example.expect, np.float32))


def rows_of(ids: Any) -> list[Any]:
    """Ids as an int, or a list of ints, for each row."""
    values = ids.values.tolist()
    if ids.offsets is None:
        return values
    ends = ids.offsets.tolist()
    return [values[a:b] for a, b in itertools.pairwise(ends)]


@law
def matches_the_reference(example: Example) -> None:
    results, reference = Results(example), example.reference()
    agrees(example, results, reference)


@law
def training_rows_match_the_reference(example: Example) -> None:
    """What columns learned from a label leaves out the fold of each training row, in blocks and threads too."""
    columns = example.dense()
    if all(inner.training_inputs() == inner.inputs() for column in columns for inner in walk(column)):
        return
    rows = [*(example.train or ()), *example.rows]  # those that were learned from, and others
    reference, table = example.reference(), formats.table_of(rows, example.schema)
    plan = example.plan(columns)
    try:
        want = np.array([[x for c in columns for x in reference.of(c).training(row)] for row in rows], np.float32)
    except ValueError:  # nothing says which fold a row is in
        with pytest.raises(fc.errors.ColumnError, match="fold_by"):
            plan.transform_training(table)
        return
    same({"matrix": bits(want)}, {"matrix": bits(plan.transform_training(table))}, "training")
    with blocks_of(3):
        same({"matrix": bits(want)}, {"matrix": bits(plan.transform_training(table, threads=2))}, "training in blocks")


def agrees(example: Example, results: Results, reference: Reference) -> None:
    """transform, encode and every row against the reference."""
    dense = example.dense()
    if results.dense is not None:
        want = _matrix(reference, dense, example.rows)
        assert results.dense.width == sum(reference.of(c).width() for c in dense)
        same({"matrix": bits(want)}, {"matrix": bits(results.dense.transform(example.table()))}, "reference")
        for row, wanted in zip(example.rows, want, strict=True):
            same({"row": bits(wanted)}, {"row": bits(results.dense.transform_row(_listed(row, reference)))}, f"row {row}")
    features = results.encoder.encode(example.table())
    for column in example.columns:
        kind = reference.of(column)
        if column.categorical:
            _agree_on_ids(kind, features.ids[column.name], [kind.ids(row) for row in example.rows])
        else:
            _agree_on_encoded(kind, features, example.rows)


def _matrix(reference: Reference, columns: list[Any], rows: list[Row]) -> np.ndarray:
    found = [[x for c in columns for x in reference.of(c).features(row)] for row in rows]
    return np.array(found, np.float32).reshape(len(rows), -1)


def _listed(row: Row, reference: Reference) -> Row:
    """A row for transform_row, where an empty list is written as one: None alone is one missing value."""
    return {k: [] if v is None and k in reference.lists else v for k, v in row.items()}


def _agree_on_ids(kind: Kind, ids: Any, want: list[RowIds]) -> None:
    lists = [[i] if isinstance(i, int) else i for i in rows_of(ids)]
    assert lists == [w.ids for w in want]
    if want:
        assert (ids.offsets is not None) == any(w.many for w in want)
        assert (ids.weights is not None) == (want[0].weights is not None)
    if ids.weights is not None:
        np.testing.assert_array_equal(
            ids.elements()[0].weights, np.array([x for w in want for x in w.weights or ()], np.float32)
        )
    assert ids.values.dtype == (np.int64 if kind.wide() else np.int32)


def _agree_on_encoded(kind: Kind, features: Any, rows: list[Row]) -> None:
    """What encode gives for a dense column: the ids behind its features, the lengths of its steps."""
    name, encoded, lengths = kind.column.name, [kind.encoded(row) for row in rows], [kind.length(row) for row in rows]
    assert (name in features.ids) == (None not in encoded)
    if name in features.ids:
        _agree_on_ids(kind, features.ids[name], encoded)  # type: ignore[arg-type]
    assert (name in features.lengths) == (None not in lengths)
    if name in features.lengths:
        assert features.lengths[name].dtype == np.int64
        assert features.lengths[name].tolist() == lengths


@law
def blocks_and_threads_change_nothing(example: Example) -> None:
    results = Results(example)
    table = formats.table_of(tiled(example.rows), example.schema)
    want = results.of(lambda: table, threads=1)
    for rows, threads in ((1, 2), (3, 1), (3, 7), (7, 2), (64, 7)):
        with blocks_of(rows):
            same(want, results.of(lambda: table, threads=threads), f"blocks of {rows} rows on {threads} threads")


@law
def formats_change_nothing(example: Example) -> None:
    results = Results(example)
    rows = tiled(example.rows, 20)
    table = formats.table_of(rows, example.schema)
    want = results.of(lambda: table)
    for i, (name, made) in enumerate(formats.different(table).items()):
        data = (lambda name=name: formats.FORMATS[name](table)) if name in formats.READ_ONCE else (lambda made=made: made)
        same(want, results.of(data), name)
        encodes = results.dense is None or (i + len(example.name)) % 2 == 0  # blocks of a format are the same fields to both
        with blocks_of(7):
            got = results.encoded(data, threads=2) if encodes else results.transformed(data, threads=2)
        same(_only(want, "matrix", not encodes), got, f"{name} in blocks")


@law
def the_row_path_gives_the_same(example: Example) -> None:
    results, reference = Results(example), example.reference()
    if results.dense is None:
        return
    matrix = results.dense.transform(example.table())
    with without_kernels():
        same({"matrix": bits(matrix)}, {"matrix": bits(results.dense.transform(example.table()))}, "batch by rows")
    for row, wanted in zip(example.rows, matrix, strict=True):
        listed = _listed(row, reference)
        shown = [listed, {k: np.array(v)[()] if _scalar(v) else v for k, v in listed.items()}]
        for variant in shown:
            got = results.dense.transform_row(variant)
            assert got.dtype == np.float32
            same({"row": bits(wanted)}, {"row": bits(got)}, f"row {variant}")


def _scalar(value: Any) -> bool:
    return isinstance(value, (bool, int, float)) and not (isinstance(value, int) and abs(value) >= 2**63)


@law
def batches_and_pieces_give_the_same(example: Example) -> None:
    results = Results(example)
    rows = tiled(example.rows, 12)
    table = formats.table_of(rows, example.schema)
    want = results.of(lambda: table)
    for size in (1, 5, len(rows) + 1):
        with blocks_of(2):
            parts = list(results.encoder.encode_batches(table, size))
        assert all(len(p) <= size for p in parts)
        same(_only(want, "matrix", False), features_bits(type(parts[0]).concatenate(parts)), f"encode_batches of {size}")
        if results.dense is not None:
            with blocks_of(2):
                got = np.concatenate(list(results.dense.transform_batches(table, size)))
            same(_only(want, "matrix", True), {"matrix": bits(got)}, f"transform_batches of {size}")
    for start, stop in ((0, 1), (3, 4), (2, 9), (len(rows), len(rows)), (0, 0)):
        piece = table.slice(start, stop - start)
        alone = results.of(lambda piece=piece: piece)
        if results.dense is not None:
            whole = results.dense.transform(table)[start:stop]
            same({"matrix": bits(whole)}, _only(alone, "matrix", True), f"rows {start}:{stop}")
        same(
            features_bits(results.encoder.encode(table).slice(start, stop)),
            _only(alone, "matrix", False),
            f"rows {start}:{stop}",
        )


def _only(results: dict[str, Any], key: str, keep: bool) -> dict[str, Any]:
    return {k: v for k, v in results.items() if (k == key) == keep}


@law
def many_rows_give_the_same(example: Example) -> None:
    """Enough rows for every shortcut that a large batch may take: the same rows again and again."""
    results = Results(example)
    times = -(-1100 // len(example.rows))
    few = example.table()
    many = pa.concat_tables([few] * times).combine_chunks()
    one = results.encoder.encode(few)
    want = features_bits(type(one).concatenate([one] * times))
    if results.dense is not None:
        want["matrix"] = bits(np.tile(results.dense.transform(few), (times, 1)))
    for name in ("arrow", "arrow_dictionary", "arrow_sliced_large", "arrow_chunks_half_shared", "pandas_default"):
        made = formats.FORMATS[name](many)
        same(want, results.of(lambda made=made: made), f"{name} of many")
    chunks = formats.FORMATS["arrow_chunks_half_shared"](many)
    with blocks_of(10_000):  # chunks stay apart, and are no further cut
        same(want, results.of(lambda: chunks), "many, chunk by chunk")


@law
def one_row_a_batch_gives_the_same(example: Example) -> None:
    """A plan that knows its fields reads rows one by one, where a batch shows neither types nor lists, as it reads a table."""
    table = example.table()
    results = Results(example, formats.table_of(example.train or example.rows, table.schema))
    want = results.of(lambda: table)
    rows = table.to_pylist()
    for i, (name, make) in enumerate(formats.ONE_ROW.items()):
        alone = [make(row) for row in rows]
        encodes = results.dense is None or (i + len(example.name)) % 2 == 0  # both read the same fields
        got = (results.encoded if encodes else results.transformed)(lambda alone=alone: iter(alone))
        same(_only(want, "matrix", not encodes), got, f"batches of one row, {name}")


@law
def csv_gives_the_same(example: Example) -> None:
    """A CSV file gives what a table of its values gives, or is refused as that is: with types of a table, declared, or learned.

    The table holds what CSV can say (tests/csv_files.py). What is refused in a file alone: words for infinite numbers, and
    bytes that are not UTF-8.
    """
    schema = example.table().schema
    types = {field.name: of_arrow(field.type) for field in schema}
    fields = [f for c in example.columns for node in walk(c) for f in node.inputs() if isinstance(f, fc.Field)]
    markers = {f.key: Markers.of(f.missing).values for f in fields if f.missing}
    rows, train = ([_held(row, markers) for row in found] for found in (example.rows, example.train or example.rows))
    shown = dataclasses.replace(example, rows=rows, train=train, schema=schema)
    typed = dataclasses.replace(shown, columns=[csv_files.declared(c, types) for c in example.columns])
    table, learned_from = shown.table(), formats.table_of(train, schema)
    with tempfile.TemporaryDirectory() as folder:
        path = csv_files.write(rows, Path(folder, "rows.csv"))
        written = csv_files.write(train, Path(folder, "train.csv"))
        known = _fitted(shown, learned_from)
        want = _given(known, table)
        _same_or_refused(want, _given(known, path), "CSV, types of a table")
        declared = _fitted(typed, written)
        _same_or_refused(want, _given(declared, table), "a table, declared types")
        _same_or_refused(want, _given(declared, path), "CSV, declared types")
        if not any(of.list_depth for of in types.values()):  # that a field holds lists, its text does not say
            _learned_from_csv(_fitted(shown, written), types, want, table, path)
        for row in example.rows:
            for key, value in row.items():
                _refused_in_csv(declared, {**rows[0], key: value}, key, Path(folder, "refused.csv"))


def _held(row: Row, markers: dict[str, frozenset[Any]]) -> Row:
    return {key: csv_files.held(value, markers.get(key, frozenset())) for key, value in row.items()}


def _fitted(example: Example, data: Any) -> Results | None:
    """What is learned from data, or None where it is refused."""
    try:
        return Results(example, data)
    except fc.DataError:
        return None


def _given(results: Results | None, data: Any) -> dict[str, Any] | None:
    """What plans give for data, or None where it is refused."""
    try:
        return None if results is None else results.of(lambda: data)
    except fc.DataError:
        return None


def _same_or_refused(want: dict[str, Any] | None, got: dict[str, Any] | None, where: str) -> None:
    assert (want is None) == (got is None), f"{where}: refused on one side alone"
    if want is not None and got is not None:
        same(want, got, where)


def _learned_from_csv(results: Results | None, types: dict[str, Any], want: Any, table: pa.Table, path: Path) -> None:
    """A plan that learned its types from CSV: those of the table, or others that hold the same values by docs/ids.md."""
    got = _given(results, path)
    learned = {} if results is None else results.encoder.input_schema
    if all(learned[key].type == types[key].type for key in learned):
        _same_or_refused(want, got, "CSV, learned types")
    for key, of in learned.items():
        assert of.type in csv_files.CSV_LEARNS[types[key].type], f"{key}: {of} for {types[key]}"
    fractions = any(of.type == "text" and types[key].type in ("float", "decimal") for key, of in learned.items())
    if not fractions:  # numbers that are not whole are text to categories, where a table of them is refused
        _same_or_refused(got, _given(results, table), "a table, types learned from CSV")


def _refused_in_csv(results: Results | None, row: Row, key: str, path: Path) -> None:
    """Bytes that are not UTF-8, and words for numbers that are not finite where a number is read, are errors of that field."""
    value = row[key]
    if results is None or not isinstance(value, (bytes, float)) or csv_files.holds(value) or value == b"" or value != value:
        return
    csv_files.write([row], path)
    plan = results.dense or results.encoder
    if isinstance(value, float) and "number" not in plan._graph.needs().get(key, ()):
        return  # the word is a category
    with pytest.raises(fc.DataError, match="UTF-8" if isinstance(value, bytes) else "does not spell one"):
        plan.encode(path)


@law
def a_request_and_its_items_give_whole_rows(example: Example) -> None:
    """Any fields may be those of a request: begin and finish give what transform gives for rows that repeat them."""
    table = example.table()
    results = Results(example, formats.table_of(example.train or example.rows, table.schema))
    names, rows = table.column_names, example.rows
    for mine in {tuple(names[:k]) for k in range(len(names) + 1)} | {tuple(names[1:])}:
        for row in rows[:: max(1, len(rows) // 2)]:
            whole = formats.table_of([{**item, **{k: row[k] for k in mine}} for item in rows], table.schema)
            items = whole.select([k for k in names if k not in mine]) if len(mine) < len(names) else {"item": range(len(rows))}
            asked = {k: whole[k][0].as_py() for k in mine}
            _same_or_refused(_given(results, whole), _ranked(results, asked, items), f"request of {asked}")


def _ranked(results: Results, asked: Row, items: Any) -> dict[str, Any] | None:
    """What plans give for the items of a request, or None where it is refused."""
    try:
        found = {} if results.dense is None else {"matrix": bits(results.dense.begin(asked).finish(items))}
        return found | features_bits(results.encoder.begin(asked).encode(items))
    except fc.DataError:
        return None


@law
def nothing_is_a_batch_too(example: Example) -> None:
    results = Results(example)
    table = formats.table_of([], example.table().schema)
    want = results.of(lambda: table)
    for key, value in want.items():
        assert value is None or value[1][0] == (1 if key.startswith("offsets") else 0)
    for name in ("arrow_large", "arrow_dictionary", "pandas_default", "polars_frame", "arrow_reader", "dict_of_lists"):
        got = results.of(lambda name=name: formats.FORMATS[name](table))
        if "matrix" in want:
            same(_only(want, "matrix", True), _only(got, "matrix", True), f"empty {name}")
        assert {k for k, v in got.items() if v and v[2] not in (b"", bytes(8))} == set(), name


@law
def all_null_is_a_batch_too(example: Example) -> None:
    """Null columns of the right type, and of Arrow's null type, are missing values: one answer or one error."""
    table = example.table()
    nulls = pa.table({f.name: pa.nulls(3, f.type) for f in table.schema})
    results = Results(example)
    if results.dense is None:
        return
    reference = example.reference()
    rows = [dict.fromkeys(table.column_names) for _ in range(3)]
    try:
        want = _matrix(reference, example.dense(), rows)
    except ValueError:
        with pytest.raises(fc.errors.DataError):
            results.dense.transform(nulls)
        return
    got = results.dense.transform(nulls)
    same({"matrix": bits(want)}, {"matrix": bits(got)}, "all null")
    untyped = pa.table({name: pa.nulls(3) for name in table.column_names})
    reference.lists = set()  # nothing says that these were lists
    want = _matrix(reference, example.dense(), rows)
    got = results.dense.transform(untyped)
    same({"matrix": bits(want)}, {"matrix": bits(got)}, "all null, of no type")
    for row, wanted in zip(rows, got, strict=True):
        same({"row": bits(wanted)}, {"row": bits(results.dense.transform_row(row))}, "a row of None")
    for data in (nulls, untyped):
        features = results.encoder.encode(data)
        for name, steps in features.lengths.items():
            assert steps.tolist() == [0, 0, 0]
            assert name not in features.ids or rows_of(features.ids[name]) == [[], [], []]


@law
def shards_learn_the_same(example: Example) -> None:
    """Any order, any chunks, any threads: the same plan bytes; and analyzers merged in any order."""
    if not example.learns():
        return
    train = example.train or example.rows
    want = fc.fit(example.columns, formats.table_of(train, example.schema))
    luck = random.Random(11)
    for i in range(4):
        rows = luck.sample(train, len(train))
        table = formats.table_of(rows, example.schema)
        for name in ("arrow", "arrow_chunks", "arrow_chunks_dictionaries", "pandas_default", "polars_frame", "arrow_sliced"):
            with blocks_of(3):
                got = fc.fit(example.columns, formats.FORMATS[name](table), threads=1 + i % 3)
            if name == "pandas_default":  # integers with gaps are floats there
                assert untyped(got).to_bytes() == untyped(want).to_bytes(), f"{name}, order {i}"
            else:
                assert got.to_bytes() == want.to_bytes(), f"{name}, order {i}"
    _merge_in_any_order(example, train, luck)


def untyped(plan: Any) -> Any:
    """The plan without what it learned of the types of fields."""
    return fc.Plan(plan._graph.with_types({}), plan._learned, plan.tables)


def _merge_in_any_order(example: Example, train: list[Row], luck: random.Random) -> None:
    """The analyzers of what a first pass learns: shards, shipped as bytes, merged in any order."""
    from featurecols.data.sources import as_source

    for column in (c for outer in example.columns for c in walk(outer) if c.num_passes()):
        fields, alone = column.training_inputs(), column.training_inputs() == column.inputs()
        if any(isinstance(field, Column) for field in (fields[:1] if alone else fields)):
            continue
        for slot, analyzer in column.analyzers({}).items():

            def cells(rows: list[Row], fields: Any = fields, column: Any = column, alone: bool = alone) -> Any:
                table = formats.table_of(rows, example.table().schema)
                (batch,) = as_source(table).batches([(field.key, column.needs) for field in fields])
                views = [batch.field(field.key, field.missing) for field in fields]
                return views[0] if alone else column.learning_values(*views)

            def learned(states: list[Any], analyzer: Any = analyzer) -> dict[str, bytes]:
                total = states[0]
                for state in states[1:]:
                    total = analyzer.merge(total, state)
                return {k: np.asarray(v).tobytes() for k, v in analyzer.finish(total).items()}

            want = learned([analyzer.update(analyzer.empty(), cells(train))])
            for _ in range(3):
                rows = luck.sample(train, len(train))
                cuts = sorted(luck.choices(range(len(rows) + 1), k=3))
                shards = [rows[a:b] for a, b in zip([0, *cuts], [*cuts, len(rows)], strict=True)]
                states = [analyzer.update(analyzer.empty(), cells(shard)) if shard else analyzer.empty() for shard in shards]
                shipped = [analyzer.from_bytes(analyzer.to_bytes(s)) for s in states]
                luck.shuffle(shipped)
                assert learned(shipped) == want, f"{column.name} {slot}"


@law
def merged_states_learn_the_same(example: Example) -> None:
    """collect, merge, finish: any division of the rows, any tree of merges, sent as bytes or not, give fit's bytes."""
    train = example.train or example.rows
    table = formats.table_of(train, example.schema)
    want = fc.fit(example.columns, table)
    luck = random.Random(17)
    for parts in (1, 3, 7):
        rows = luck.sample(train, len(train))
        shards = [formats.table_of(rows[i::parts], table.schema) for i in range(parts)]
        found: Any = None
        while not isinstance(found, fc.Plan):
            states = [fc.collect(example.columns, shard, after=found) for shard in shards]
            found = fc.finish(example.columns, merged_anyhow(states, luck))
            if isinstance(found, fc.Partial):
                assert found.passes == want.passes
                found = fc.Partial.from_bytes(found.to_bytes())
        assert found.to_bytes() == want.to_bytes(), f"{parts} parts"


def merged_anyhow(states: list[Any], luck: random.Random) -> Any:
    """One state of all, merged two by two in an order that luck draws, each sent as bytes or not."""
    while len(states) > 1:
        a, b = (states.pop(luck.randrange(len(states))) for _ in range(2))
        a, b = (fc.FitState.from_bytes(s.to_bytes()) if luck.random() < 0.7 else s for s in (a, b))
        states.append(a.merge(b))
    return states[0]


@law
def what_is_learned_is_exact(example: Example) -> None:
    """Terms, boundaries, moments: the reference learns by counting, sorting and fractions."""
    plan, reference = example.plan(), example.reference()
    assert bool(plan._learned) == example.learns()
    for i, slots in plan._learned.items():
        for slot, arrays in slots.items():
            want = reference.of(plan._graph.nodes[i]).learned(slot)
            assert want.keys() <= arrays.keys()
            for name, value in want.items():
                found = arrays[name].tobytes() if isinstance(value, bytes) else arrays[name].tolist()
                assert found == value, f"{slot} {name}"


@law
def saving_keeps_every_bit(example: Example) -> None:
    results = Results(example)
    table = example.table()
    want = results.of(lambda: table)
    with tempfile.TemporaryDirectory() as folder:
        for plan in filter(None, (results.encoder, results.dense)):
            plan.save(Path(folder, "plan"))
            assert (Path(folder, "plan", "plan.json")).is_file()
            for again in (fc.load(Path(folder, "plan")), fc.Plan.from_bytes(plan.to_bytes())):
                assert again.columns == plan.columns
                assert again.fingerprint == plan.fingerprint
                assert again.tables_digest == plan.tables_digest
                assert again.to_bytes() == plan.to_bytes()
                assert again == plan
                if plan is results.dense:
                    assert (again.feature_names, again.matrix_slots) == (plan.feature_names, plan.matrix_slots)
                    same(_only(want, "matrix", True), {"matrix": bits(again.transform(table))}, "loaded")
                else:
                    assert again.encoded_slots == plan.encoded_slots
                    same(_only(want, "matrix", False), features_bits(again.encode(table)), "loaded")
            _empty(Path(folder, "plan"))


def _empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()


class Names(dict[str, Any]):
    """The public names, as `from featurecols import *` would give them, and kinds that are not the package's own."""

    def __missing__(self, name: str) -> Any:
        if hasattr(builtins, name):
            raise KeyError(name)
        return getattr(fc, name)


@law
def repr_evaluates_back(example: Example) -> None:
    for column in (*example.columns, *example.dense()):
        again = eval(repr(column), {}, Names({kind.__name__: kind for kind in example.kinds}))
        assert again == column
        assert hash(again) == hash(column)
        assert repr(again) == repr(column)


@law
def json_reads_back(example: Example) -> None:
    for column in (*example.columns, *example.dense()):
        text = json.dumps([column.to_json()], allow_nan=False)
        (again,) = fc.columns_from_json(json.loads(text))
        assert again == column
        assert json.dumps([again.to_json()], allow_nan=False) == text
        assert list(_schema(len(KINDS)).iter_errors([column.to_dict()])) == []
        unversioned = _without_versions(json.loads(text))
        assert fc.columns_from_json(unversioned) == (column,)


@functools.cache
def _schema(kinds: int) -> Draft202012Validator:
    """Return what checks specs, made anew when a test declared one more kind."""
    return Draft202012Validator(columns_schema())


def _without_versions(data: Any) -> Any:
    if isinstance(data, list):
        return [_without_versions(v) for v in data]
    if isinstance(data, dict):
        return {k: v.split(".v")[0] if k == "type" else _without_versions(v) for k, v in data.items()}
    return data


@law
def out_is_filled_and_nothing_beside_it(example: Example) -> None:
    results = Results(example)
    if results.dense is None:
        return
    table = formats.table_of(tiled(example.rows, 10), example.schema)
    want = results.dense.transform(table)
    n, w = want.shape
    for make in (
        lambda canvas: canvas[2 : n + 2, 3 : w + 3],
        lambda canvas: canvas[2 : n + 2, 3 : 2 * w + 3 : 2],
        lambda canvas: canvas[n + 1 : 1 : -1, 3 : w + 3],
    ):
        canvas = np.full((n + 5, 2 * w + 7), 777.0, np.float32)
        view = make(canvas)
        view[...] = -5.0  # what was there before does not matter
        with blocks_of(4):
            given = results.dense.transform(table, out=view, threads=2)
        assert given is view
        same({"matrix": bits(want)}, {"matrix": bits(np.array(view))}, "out=")
        view[...] = 777.0
        assert (canvas == 777.0).all()


@law
def inputs_are_not_touched(example: Example) -> None:
    results = Results(example)
    table = example.table()
    want = results.of(lambda: table)
    arrays = formats.dict_of_arrays(table)
    frame = formats.pandas_default(table)
    before = repr((arrays, frame.to_dict(), table.to_pylist()))
    for array in arrays.values():
        array.setflags(write=False)
    same(want, results.of(lambda: arrays), "read-only arrays")
    results.of(lambda: frame)
    results.of(lambda: table)
    assert repr((arrays, frame.to_dict(), table.to_pylist())) == before


@law
def names_are_unique_and_as_many_as_the_width(example: Example) -> None:
    results = Results(example)
    if results.dense is None:
        return
    names = results.dense.feature_names
    assert len(names) == results.dense.width == len(set(names))
    assert all(isinstance(name, str) and name for name in names)
    at = 0
    for slot, column in zip(results.dense.matrix_slots, results.dense.columns, strict=True):
        assert (slot.name, slot.kind, slot.start) == (column.name, "dense", at)
        assert math.prod(slot.shape) == slot.width == slot.stop - slot.start
        assert all(name.startswith(column.name) for name in names[slot.start : slot.stop])
        at = slot.stop
    assert at == results.dense.width
    for i in {0, results.dense.width // 2, results.dense.width - 1} - {-1}:
        assert str(results.dense.describe(i))
    assert str(results.dense.explain(_listed(example.rows[0], example.reference())))
    assert example.column.name in repr(results.encoder)


@law
def csr_is_encode_as_a_matrix(example: Example) -> None:
    """to_csr() against a dense matrix added up id by id in Python."""
    features = Results(example).encoder.encode(example.table())
    if features.csr_width > WIDEST:
        return
    want = np.zeros((len(features), features.csr_width), np.float32)
    at = features.dense.shape[1]
    want[:, :at] = features.dense
    for slot in features.slots:
        if slot.kind == "ids":
            ids = features.ids[slot.name].compact()
            ends = list(range(len(ids) + 1)) if ids.offsets is None else ids.offsets.tolist()
            for row, (a, b) in enumerate(itertools.pairwise(ends)):
                for k in range(a, b):
                    if 0 <= ids.values[k] < slot.num_buckets:
                        want[row, at + ids.values[k]] += 1.0 if ids.weights is None else ids.weights[k]
            at += slot.num_buckets
    np.testing.assert_allclose(features.to_scipy().toarray(), want, rtol=1e-6, atol=0)


@law
def every_argument_changes_something(example: Example) -> None:
    """Another value of an argument gives another column: by name, result, learned state, table or error."""
    before = _outcome(example, example.column)
    for argument, value in example.changes.items():
        try:
            changed = example.column.replace(**{argument: value})
        except fc.ColumnError:  # together with the other arguments it makes no sense: that is a change too
            continue
        assert changed != example.column, argument
        assert repr(changed) != repr(example.column), argument
        assert _outcome(example, changed) != before, argument


def _outcome(example: Example, column: Any) -> Any:
    """Everything that can be seen of one column."""
    try:
        trained = dataclasses.replace(example, columns=[column])
        plan = fc.fit([column], trained.table()) if trained.learns() else fc.compile([column])
        features = plan.encode(trained.table())
        tables = {k: v.tobytes() for k, v in plan.tables.items()}
        return column.name, plan.encoded_slots, tables, features_bits(features), _dense_bits(plan, trained)
    except fc.errors.FeatureColumnsError as e:
        return str(e)


def _dense_bits(plan: Any, example: Example) -> Any:
    if example.column.categorical:
        return None
    return bits(plan.transform(example.table())), bits(plan.transform_training(example.table()))


@law
def a_wrong_argument_fails_at_once(example: Example) -> None:
    for wrong in example.wrong:
        with pytest.raises(fc.errors.ColumnError) as caught:
            wrong.make()
        _says(str(caught.value), wrong.says)


@law
def bad_data_is_refused_by_row(example: Example) -> None:
    if not example.bad:
        return
    results = Results(example)
    for bad in example.bad:
        for threads, rows in () if bad.encodes else ((1, 100), (2, 2)):
            with blocks_of(rows), pytest.raises(fc.errors.DataError) as caught:
                results.encoder.encode(bad.data, threads=threads)
            assert caught.value.row == bad.row, str(caught.value)
            _says(str(caught.value), bad.says)
        if results.dense is None:
            continue
        with pytest.raises(fc.errors.DataError) as caught:
            results.dense.transform(bad.data)
        assert caught.value.row == bad.row, str(caught.value)
        _says(str(caught.value), bad.says)
        with pytest.raises(fc.DataError) as caught:
            results.dense.transform_row({key: values[bad.row or 0] for key, values in pydict(bad.data).items()})
        _says(str(caught.value), bad.says)


def pydict(data: Any) -> dict[str, list[Any]]:
    return data if isinstance(data, dict) else data.to_pydict()


def _says(message: str, parts: tuple[str, ...]) -> None:
    """subject: problem, got value; hint."""
    for part in parts:
        assert part in message
    head, _, hint = message.rpartition("; ")
    assert ": " in head, message
    assert hint, message
    assert len(message) < 600
    assert message.isprintable()


learns_little = pytest.mark.filterwarnings("ignore:.*(no term occurs|all values are equal)")  # from few rows, on purpose


def of(examples: list[Example]) -> Any:
    """A test that runs every law on every Example, or those that `--law` names.

    It is one test an Example: thousands of tests cost more than the laws.
    """

    @pytest.mark.law
    @learns_little
    @pytest.mark.parametrize("example", examples, ids=str)
    def test_laws(example: Example, request: pytest.FixtureRequest) -> None:
        named = request.config.getoption("--law", "")
        checks = [check for check in LAWS if named in check.__name__]
        assert checks, f"no law has {named!r} in its name"
        example = dataclasses.replace(example)  # its plans last as long as this test
        for check in checks:
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error", RuntimeWarning)  # arithmetic that surprises itself
                    check(example)
            except Exception as error:
                error.add_note(f"law: {check.__name__}")
                raise

    return test_laws


def covers(kind: type, examples: list[Example]) -> None:
    """Every constructor argument of a kind is changed in some Example, and some Example gives wrong ones."""
    arguments = {f.name for f in dataclasses.fields(kind)}
    changed = {name for e in examples if type(e.column) is kind for name in e.changes}
    assert changed == arguments
    assert sum(len(e.wrong) for e in examples) >= len(arguments) - 1
