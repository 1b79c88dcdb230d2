"""What every engine is tried on: cases of all kinds as tables that it takes, and what must come out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import featurecols as fc
from tests.integrations import cases

PAGE = Path(__file__).parent.parent.parent / "docs" / "integrations.md"
ROW = "number of the row"
SCALED = fc.Numeric("distance", normalizer=[fc.ZScore(), fc.MinMax()])
LEARNING = [  # in three passes
    fc.Numeric("temp", default=fc.Mean(), normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(8, min_count=2), num_oov_buckets=1)),
    fc.Indicator(fc.Vocabulary("earlier_dests", fc.TopTerms(20))),
    fc.Indicator(fc.Bucketized(SCALED, fc.Quantiles(9))),
    fc.Indicator(fc.Hashed("tailnum", 5)),
    fc.TargetMean("tailnum", "late"),  # numbers, of which some are missing; the fields of the other columns decide its folds
    fc.TargetMean(fc.Hashed("tailnum", 50), "origin", fold_by=["flight", "late"], name="of three classes"),
    fc.Numeric(fc.TargetMean("carrier", "dep_delay", fold_by="flight"), normalizer=fc.ZScore(), name="of training rows"),
    fc.Count("tailnum"),
]
FIELDS = ["temp", "carrier", "earlier_dests", "distance", "tailnum", "late", "origin", "flight", "dep_delay"]


@dataclass(frozen=True)
class EngineCase:
    """A plan, rows with their numbers, and the matrix of these rows."""

    plan: fc.Plan
    table: pa.Table
    matrix: np.ndarray


def names() -> list[str]:
    """Cases that have every kind of column between them: flights, hostile rows, and an Example of each kind."""
    found, kinds = list(cases.MADE), set[str]()
    for name in cases.names():
        new = cases.kinds_of(name) - kinds if name not in cases.MADE else set()
        if new and cases.case(name).plan is not None:
            found.append(name)
            kinds |= cases.kinds_of(name)
    return found


def case(name: str) -> EngineCase:
    """A case in types that every engine knows: no dictionaries, no unsigned integers, no large or fixed lists."""
    found = cases.case(name)
    assert found.plan is not None
    table = plain(found.data).append_column(ROW, pa.array(range(len(found.data)), pa.int64()))
    return EngineCase(found.plan, table, found.plan.transform(table))


def plain(table: pa.Table) -> pa.Table:
    """The same values in types that every engine knows."""
    columns = {}
    for name in table.column_names:
        column = table[name].combine_chunks()
        columns[name] = column.cast(_plain(column.type))
    return pa.table(columns)


def _plain(kind: pa.DataType) -> pa.DataType:
    t = pa.types
    if t.is_dictionary(kind):
        return _plain(kind.value_type)
    if t.is_list(kind) or t.is_large_list(kind) or t.is_fixed_size_list(kind):
        return pa.list_(_plain(kind.value_type))
    if t.is_unsigned_integer(kind):
        return pa.decimal128(20) if kind == pa.uint64() else pa.int64()
    if t.is_large_string(kind) or t.is_null(kind):
        return pa.string()
    return pa.float32() if t.is_float16(kind) else kind


def flights() -> pa.Table:
    """Rows to learn from, in no order."""
    table = plain(fc.datasets.flights().slice(0, 3000).select(FIELDS))
    return table.take(np.random.default_rng(7).permutation(len(table)))


def check(case: EngineCase, table: Any, keep: list[str], layout: str) -> None:
    """Assert that an engine gave the kept fields and the matrix to the bit, in an order of its own."""
    table = table.take(pc.sort_indices(table, [(ROW, "ascending")]))
    outputs = ["features"] if layout == "features" else list(case.plan.feature_names)
    assert table.column_names == [*keep, *outputs]
    for name in keep:
        assert repr(table[name].to_pylist()) == repr(case.table[name].to_pylist()), name  # NaN as well
    if layout == "features":
        assert table["features"].type.value_type == pa.float32()
        found = np.array(table["features"].to_pylist(), np.float32).reshape(len(table), case.plan.width)
    else:
        assert {table[name].type for name in outputs} <= {pa.float32()}
        found = np.stack([table[name].to_numpy() for name in outputs], axis=1) if outputs else np.empty((len(table), 0))
    check_matrix(found, case.matrix)


def check_matrix(found: np.ndarray, want: np.ndarray) -> None:
    """Assert that two matrices are equal to the bit, but for the bits of NaN."""
    np.testing.assert_array_equal(found, want)
    there = ~np.isnan(want)
    np.testing.assert_array_equal(found[there].view(np.int32), want[there].view(np.int32))


def run_program(engine: str) -> None:
    """Run the program of docs/integrations.md that is about an engine, as it stands there."""
    programs = re.findall(r"^```py\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    (program,) = (text for text in programs if f"featurecols.integrations.{engine} as" in text)
    exec(compile(program, "docs/integrations.md", "exec"), {"__name__": "__main__"})
