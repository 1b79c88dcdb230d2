"""Print a plan as a SQL query, for DuckDB, SQLite, BigQuery or Spark.

PATH is a folder that fit or train wrote: of a model, the plan that it reads rows with.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Literal

from featurecols.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", metavar="PATH", type=Path, help="the folder of a plan or a model")
    dialects = ["duckdb", "sqlite", "bigquery", "spark"]
    parser.add_argument("--dialect", choices=dialects, default="duckdb", help="whose SQL (default: duckdb)")
    parser.add_argument("--table", default="data", metavar="NAME", help="the table to read (default: data)")
    parser.add_argument("--ids", action="store_true", help="ids instead of one-hots: one column for each slot of encode")
    options.add_keep(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print the query."""
    from featurecols.cli.load_model import load_plan

    plan = load_plan(arguments.path, "to-sql")
    outputs: Literal["matrix", "ids"] = "ids" if arguments.ids else "matrix"
    print(plan.to_sql(dialect=arguments.dialect, table=arguments.table, outputs=outputs, keep=arguments.keep))
