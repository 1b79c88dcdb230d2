"""The table of kinds and integrations in docs/integrations.md: `python -m tests.integrations.kinds_table` writes it.

A cell is "yes" where the plan's features were found equal on hostile rows (for BigQuery and Spark: where a query was written),
else it has the number of the reason of the refusal.
"""

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa

import featurecols as fc
from featurecols._core.spec import KINDS
from featurecols.columns.base import Column
from tests.integrations.hostile_rows import hostile_rows
from tests.integrations.onnx.runtime import run
from tests.integrations.sql.databases import ORDER, RUN, matrix

PAGE = Path(__file__).parent.parent.parent / "docs" / "integrations.md"
MARKS = "<!-- kinds -->\n", "<!-- end of kinds -->"
NAN = float("nan")
VARIANTS: dict[str, Column] = {
    "`Numeric`": fc.Numeric("number", default=NAN, normalizer=[fc.Clip(-9, 9), fc.ZScore(), fc.MinMax()]),
    "`Numeric(normalizer=Log1p())`": fc.Numeric("whole number", default=0, normalizer=fc.Log1p()),
    '`Numeric(dtype="float32")`': fc.Numeric("number", default=NAN, dtype="float32"),
    "`Numeric(shape=...)`": fc.Numeric("pair", shape=2),
    "`Bucketized`": fc.Bucketized("number", [-1, 0, 0.1], missing_bucket=4),
    "`Identity`": fc.Identity("whole", 6, out_of_range="drop"),
    "`Vocabulary`": fc.Vocabulary("text", ["a", "", "🎉"], unseen=1),
    "`Vocabulary(num_oov_buckets=...)`": fc.Vocabulary("text", ["a"], num_oov_buckets=3),
    "`Hashed`": fc.Hashed("text", 50),
    '`Hashed(hash="farmhash64")`': fc.Hashed("text", 50, hash="farmhash64"),
    "`Crossed`": fc.Crossed(["text", fc.Bucketized("number", [0, 1])], 50),
    '`Crossed(hash="farmhash64")`': fc.Crossed(["text", "flag"], 50, hash="farmhash64"),
    "`Weighted`": fc.Weighted(fc.Vocabulary("text", ["a", "b"]), "weight"),
    "`Indicator`": fc.Indicator(fc.Vocabulary("flag", [True, False])),
    "`Embedding`": fc.Embedding(fc.Identity("whole", 6, out_of_range="drop"), 3),
    "`Sequence`": fc.Sequence(fc.Indicator(fc.Vocabulary("words", ["a", "b"])), 2),
    "any kind over lists": fc.Hashed("words", 20),
}


def rows() -> pa.Table:
    """Hostile rows, lists among them."""
    table = hostile_rows(400)
    words = pa.array([["a", "c"], [], None, ["b"]] * 100, pa.list_(pa.string()))
    whole = pa.array([0, 1, 10**6, None] * 100, pa.int64())
    pairs = pa.array([[1.0, 2.0]] * 400, pa.list_(pa.float64()))
    return table.append_column("words", words).append_column("whole number", whole).append_column("pair", pairs)


def _onnx(plan: fc.Plan, data: pa.Table) -> np.ndarray | None:
    return run(plan.to_onnx(), data)["features"]


def _sql(dialect: str) -> Callable[[fc.Plan, pa.Table], np.ndarray | None]:
    def found(plan: fc.Plan, data: pa.Table) -> np.ndarray | None:
        sql = plan.to_sql(dialect=dialect, keep=[ORDER])  # type: ignore[arg-type]
        return matrix(RUN[dialect](sql, data), plan.width) if dialect in RUN else None

    return found


INTEGRATIONS = {
    "ONNX": _onnx,
    "DuckDB": _sql("duckdb"),
    "SQLite": _sql("sqlite"),
    "BigQuery": _sql("bigquery"),
    "Spark": _sql("spark"),
}


def cell(column: Column, run_in: Callable[[fc.Plan, pa.Table], np.ndarray | None], data: pa.Table) -> str:
    """Return "yes", or why a column is refused."""
    plan = fc.fit([fc.Indicator(column) if column.categorical else column], data)
    try:
        found = run_in(plan, data)
    except fc.PlanError as error:
        return re.split(r" cannot be written as [^,]+, ", str(error))[1].split(";")[0]
    if found is not None:
        np.testing.assert_array_max_ulp(found, plan.transform(data), maxulp=1)
    return "yes"


def missing_kinds() -> set[str]:
    """Kinds of the package that no row of the table names."""
    kinds = {k.__name__ for k in KINDS.values() if issubclass(k, Column) and k.__module__.startswith("featurecols.columns.")}
    return {kind for kind in kinds if not any(name.startswith(f"`{kind}") for name in VARIANTS)}


def table() -> str:
    """Return the table as Markdown, and the reasons by their numbers."""
    data, reasons = rows(), dict[str, int]()

    def short(found: str) -> str:
        return found if found == "yes" else f"no ({reasons.setdefault(found, len(reasons) + 1)})"

    lines = [f"| | {' | '.join(INTEGRATIONS)} |", "|---" * (len(INTEGRATIONS) + 1) + "|"]
    for name, column in VARIANTS.items():
        lines.append(f"| {name} | {' | '.join(short(cell(column, run_in, data)) for run_in in INTEGRATIONS.values())} |")
    lines += ["", *(f"{number}. {reason}" for reason, number in reasons.items())]
    return "\n".join(lines) + "\n"


def written() -> str:
    """Return the table as it stands in the page."""
    return PAGE.read_text("utf-8").split(MARKS[0])[1].split(MARKS[1])[0]


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page.replace(MARKS[0] + written() + MARKS[1], MARKS[0] + table() + MARKS[1]), "utf-8")
