"""Dask: every kind gives the bits of plan.transform, fit gives the bytes of fc.fit, in threads and in processes."""

from __future__ import annotations

from typing import Any

import dask
import dask.dataframe as dd
import pandas as pd
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.integrations import dask as fc_dask
from featurecols.integrations.engines import Transform
from tests.integrations import engine_cases
from tests.integrations.engine_cases import ROW, run_program


def frame(table: pa.Table, partitions: int = 3) -> dd.DataFrame:
    return dd.from_pandas(table.to_pandas(types_mapper=pd.ArrowDtype), npartitions=partitions)


def arrow(found: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(found, preserve_index=False)


@pytest.mark.parametrize("name", engine_cases.names())
def test_the_bits_of_transform(name: str) -> None:
    case = engine_cases.case(name)
    kept = [case.table.column_names[0], ROW]
    for layout, keep in (("features", kept), ("columns", [ROW])):
        found = fc_dask.transform(case.plan, frame(case.table), keep=keep, layout=layout)  # type: ignore[arg-type]
        computed = found.compute()
        assert list(found.columns) == list(computed.columns)
        assert found.dtypes.to_dict() == computed.dtypes.to_dict()
        engine_cases.check(case, arrow(computed), keep, layout)


def test_fit_gives_the_bytes_of_one_machine_whatever_the_partitions() -> None:
    rows = engine_cases.flights()
    want = fc.fit(engine_cases.LEARNING, rows)
    assert len(want.passes) == 3
    for partitions in (1, 4):
        assert fc_dask.fit(engine_cases.LEARNING, frame(rows, partitions)).to_bytes() == want.to_bytes()
    many = fc_dask.fit(engine_cases.LEARNING[:2], frame(rows, 40))  # more than one task merges
    assert many.to_bytes() == fc.fit(engine_cases.LEARNING[:2], rows).to_bytes()
    nothing = [fc.Indicator(fc.Hashed("tailnum", 5))]
    assert fc_dask.fit(nothing, frame(rows)).to_bytes() == fc.fit(nothing, rows).to_bytes()


def test_check_gives_the_report_of_one_machine() -> None:
    rows = engine_cases.flights()
    plan = fc_dask.fit(engine_cases.LEARNING[:2], frame(rows), statistics=True)
    assert plan.to_bytes() == fc.fit(engine_cases.LEARNING[:2], rows, statistics=True).to_bytes()
    some = rows.slice(0, 300)
    assert fc_dask.check(plan, frame(some)) == plan.check(fc.collect(plan, some))


def test_worker_processes_get_bytes_and_make_a_plan_once() -> None:
    case = engine_cases.case("flights")
    with dask.config.set(scheduler="processes", num_workers=1):
        found = fc_dask.transform(case.plan, frame(case.table, 2), keep=ROW)
        engine_cases.check(case, arrow(found.compute()), [ROW], "features")
        rows = frame(engine_cases.flights(), 2)
        assert fc_dask.fit(engine_cases.LEARNING[:2], rows) == fc.fit(engine_cases.LEARNING[:2], engine_cases.flights())


def test_a_plan_is_made_once_in_a_process(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[int] = []
    monkeypatch.setattr(Transform, "_make", lambda self: made.append(1) or fc.Plan.from_bytes(self.data))
    plan = fc.compile([fc.Numeric("distance", name="made once")])
    fc_dask.transform(plan, frame(engine_cases.flights(), 5)).compute()
    assert made == [1]


def test_what_is_refused_before_anything_runs() -> None:
    plan = fc.compile([fc.Numeric("x"), fc.Numeric("y", name="features")])
    df: Any = dd.from_pandas(pd.DataFrame({"x": [1.0], "y": [2.0]}), npartitions=1)
    with pytest.raises(fc.PlanError, match=r"dask.transform: two columns of the result have one name, got 'x'; rename"):
        fc_dask.transform(plan, df, keep="x", layout="columns")
    with pytest.raises(fc.DataError, match="z: field is not in the data"):
        fc_dask.transform(plan, df, keep=["z"])
    with pytest.raises(fc.DataError, match="z: field is not in the data; the data has 'x', 'y'"):
        fc_dask.fit([fc.Numeric("z", default=fc.Median())], df)
    with pytest.raises(fc.PlanError, match=r"dask.transform: needs a DataFrame of Dask, got 'DataFrame'; make one with"):
        fc_dask.transform(plan, df.compute())
    with pytest.raises(fc.ColumnError, match=r"dask.transform: unknown layout, got 'ids'; choose one of features, columns"):
        fc_dask.transform(plan, df, layout="ids")  # type: ignore[arg-type]
    with pytest.raises(fc.PlanError, match=r"dask.transform: needs a plan first, got 'list'"):
        fc_dask.transform([fc.Numeric("x")], df)  # type: ignore[arg-type]
    with pytest.raises(fc.PlanError, match=r"dask.transform: a categorical column gives ids, not features"):
        fc_dask.transform(fc.compile([fc.Hashed("x", 3)]), df)


def test_errors_of_rows_come_with_field_and_row() -> None:
    df: Any = dd.from_pandas(pd.DataFrame({"x": [1.0, float("inf"), 2.0]}), npartitions=1)
    with pytest.raises(fc.DataError, match=r"x: infinity cannot be learned from in field 'x' at row 1"):
        fc_dask.fit([fc.Numeric("x", normalizer=fc.ZScore())], df)


def test_the_program_of_the_page() -> None:
    run_program("dask")
