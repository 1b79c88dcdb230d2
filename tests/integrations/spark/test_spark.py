"""Spark in local mode: every kind gives the bits of plan.transform, fit gives the bytes of fc.fit, whatever dies."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest
from pyspark.sql import DataFrame, SparkSession

import featurecols as fc
from featurecols.integrations import spark as fc_spark
from tests.integrations import cases, engine_cases
from tests.integrations.engine_cases import ROW, run_program

ROOT = str(Path(__file__).parent.parent.parent.parent)
SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "1g",
    "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # it lives too short for compiling
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.shuffle.partitions": "2",
    "spark.sql.timestampType": "TIMESTAMP_NTZ",  # times without a zone stay without one
    "spark.ui.showConsoleProgress": "false",
    "spark.log.level": "OFF",
    "spark.executorEnv.PYTHONPATH": ROOT,
}


@pytest.fixture(scope="module")
def session() -> Iterator[SparkSession]:
    """A session whose tasks are tried twice."""
    set_before = {name: os.environ.get(name) for name in ("PYTHONPATH", "PYSPARK_PYTHON")}
    path = set_before["PYTHONPATH"]
    os.environ["PYTHONPATH"] = os.pathsep.join([ROOT, *([path] if path else [])])
    os.environ["PYSPARK_PYTHON"] = sys.executable  # the python3 on PATH may be another
    builder = SparkSession.builder.master("local[1,2]")
    for key, value in SETTINGS.items():
        builder = builder.config(key, value)
    session = builder.getOrCreate()
    yield session
    session.stop()
    for name, value in set_before.items():
        if value is None:
            del os.environ[name]
        else:
            os.environ[name] = value


def frame(session: SparkSession, table: pa.Table, partitions: int = 2) -> DataFrame:
    return session.createDataFrame(table).repartition(partitions)


@pytest.mark.parametrize("name", engine_cases.names())
def test_the_bits_of_transform(name: str, session: SparkSession) -> None:
    case = engine_cases.case(name)
    kept = [case.table.column_names[0], ROW]
    df = frame(session, case.table)
    layouts = (("features", kept), ("columns", [ROW]))
    for layout, keep in layouts if name in cases.MADE else layouts[:1]:
        found = fc_spark.transform(case.plan, df, keep=keep, layout=layout)  # type: ignore[arg-type]
        engine_cases.check(case, found.toArrow(), keep, layout)


def test_fit_gives_the_bytes_of_one_machine_whatever_the_partitions(session: SparkSession) -> None:
    rows = engine_cases.flights()
    want = fc.fit(engine_cases.LEARNING, rows)
    assert fc_spark.fit(engine_cases.LEARNING, frame(session, rows, 3)).to_bytes() == want.to_bytes()
    few = engine_cases.LEARNING[:2]
    sparse = frame(session, rows.slice(0, 3), 5)  # partitions without rows among them
    assert fc_spark.fit(few, sparse).to_bytes() == fc.fit(few, rows.slice(0, 3)).to_bytes()
    with pytest.raises(fc.DataError, match="no value to learn from"):
        fc_spark.fit(few, frame(session, rows).limit(0))


def test_check_gives_the_report_of_one_machine(session: SparkSession) -> None:
    rows = engine_cases.flights()
    plan = fc_spark.fit(engine_cases.LEARNING[:2], frame(session, rows), statistics=True)
    assert plan.to_bytes() == fc.fit(engine_cases.LEARNING[:2], rows, statistics=True).to_bytes()
    some = rows.slice(0, 300)
    assert fc_spark.check(plan, frame(session, some)) == plan.check(fc.collect(plan, some))


def test_a_task_that_is_killed_midway_changes_nothing(session: SparkSession, tmp_path: Path) -> None:
    case = engine_cases.case("flights")

    def die_once(batches: Iterator[pa.RecordBatch], marker: str) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch
            if not os.path.exists(marker):
                Path(marker).touch()
                os.kill(os.getpid(), signal.SIGKILL)

    for i in range(2):
        rows = frame(session, case.table)
        rows = rows.mapInArrow(lambda batches, at=str(tmp_path / str(i)): die_once(batches, at), rows.schema)
        if i:
            assert fc_spark.fit(engine_cases.LEARNING[:2], rows) == fc.fit(engine_cases.LEARNING[:2], case.table)
        else:
            engine_cases.check(case, fc_spark.transform(case.plan, rows, keep=ROW).toArrow(), [ROW], "features")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["0", "1"]


def test_the_program_of_the_page(session: SparkSession) -> None:
    run_program("spark")
