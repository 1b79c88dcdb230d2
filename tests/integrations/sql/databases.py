"""Queries of plans, run in DuckDB and SQLite, parsed for BigQuery and Spark."""

import math
import sqlite3
from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec

import duckdb
import numpy as np
import pyarrow as pa

from featurecols.integrations.sql import register_functions

ORDER = "row of the table"


def quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def numbered(table: pa.Table) -> pa.Table:
    """The table with the number of each row, without lists."""
    flat = [name for name in table.column_names if not pa.types.is_nested(table.schema.field(name).type)]
    return table.select(flat).append_column(ORDER, pa.array(range(len(table)), pa.int64()))


@cache  # a connection costs more than a query
def _duckdb() -> duckdb.DuckDBPyConnection:
    return register_functions(duckdb.connect())


@cache
def _sqlite() -> sqlite3.Connection:
    return register_functions(sqlite3.connect(":memory:", check_same_thread=False))


def in_duckdb(sql: str, table: pa.Table) -> list[tuple]:
    connection = _duckdb()
    connection.register("data", numbered(table))
    return connection.execute(f"{sql} ORDER BY {quoted(ORDER)}").fetchall()


def in_sqlite(sql: str, table: pa.Table) -> list[tuple]:
    connection = _sqlite()
    rows = numbered(table)
    connection.execute("DROP TABLE IF EXISTS data")
    connection.execute(f"CREATE TABLE data ({', '.join(map(quoted, rows.column_names))})")
    values = zip(*(rows[name].to_pylist() for name in rows.column_names), strict=True)
    connection.executemany(f"INSERT INTO data VALUES ({', '.join('?' * rows.num_columns)})", values)
    return connection.execute(f"{sql} ORDER BY {quoted(ORDER)}").fetchall()


def parsed(dialect: str, sql: str) -> None:
    """Parse a query where a parser is at hand."""
    if find_spec("sqlglot") is not None:
        import sqlglot

        assert sqlglot.parse_one(sql, read=dialect)


RUN = {"duckdb": in_duckdb, "sqlite": in_sqlite}


def matrix(rows: Sequence[tuple], width: int) -> np.ndarray:
    found = np.array([[math.nan if v is None else v for v in row[1:]] for row in rows], np.float64).reshape(len(rows), width)
    with np.errstate(over="ignore"):
        return found.astype(np.float32)
