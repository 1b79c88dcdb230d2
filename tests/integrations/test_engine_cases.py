"""The cases of engines on one machine: pandas, Arrow, Polars, single rows and processes give the bits that engines must give.

dask/, ray/ and spark/ run the same cases, so that one table of cases has every kind of column everywhere.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from tests.integrations import engine_cases
from tests.integrations.engine_cases import ROW

Run = Callable[[fc.Plan, pa.Table], np.ndarray]


def in_rows(plan: fc.Plan, table: pa.Table) -> np.ndarray:
    """Rows in which a list that is null is empty: None alone does not say that it is one."""
    lists = {field.name for field in table.schema if pa.types.is_list(field.type)}
    rows = [{key: [] if value is None and key in lists else value for key, value in row.items()} for row in table.to_pylist()]
    return np.stack([plan.transform_row(row) for row in rows])


RUNS: dict[str, Run] = {
    "Arrow": lambda plan, table: plan.transform(table),
    "batches": lambda plan, table: np.concatenate(list(plan.transform_batches(table, 7))),
    "pandas": lambda plan, table: plan.transform(table.to_pandas(types_mapper=pd.ArrowDtype)),
    "Polars": lambda plan, table: plan.transform(pl.DataFrame(table)),
    "one row": in_rows,
}


@pytest.mark.parametrize("run", RUNS)
@pytest.mark.parametrize("name", engine_cases.names())
def test_the_bits_of_transform(name: str, run: str) -> None:
    case = engine_cases.case(name)
    rows = case.table.slice(0, 300)
    engine_cases.check_matrix(RUNS[run](case.plan, rows), case.matrix[:300])


def test_the_bits_of_processes(tmp_path: Path) -> None:
    """Two processes for all cases: each case is two files."""
    for name in engine_cases.names():
        case, folder = engine_cases.case(name), tmp_path / name.replace("/", "_")
        half = len(case.table) // 2
        folder.mkdir()
        pq.write_table(case.table.slice(0, half), folder / "a.parquet")
        pq.write_table(case.table.slice(half), folder / "b.parquet")
        done = case.plan.transform_files(folder, tmp_path / f"{folder.name} out", keep=[ROW], processes=2)
        assert done.rows == len(case.table)
        engine_cases.check(case, pq.read_table(tmp_path / f"{folder.name} out"), [ROW], "features")
