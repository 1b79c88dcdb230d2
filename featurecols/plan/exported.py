"""A plan written for other systems: ONNX, SQL, and JSON of its declared columns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from featurecols.plan.described import DescribedPlan

if TYPE_CHECKING:
    from onnx import ModelProto

    from featurecols.integrations.sql import DialectName


class ExportedPlan(DescribedPlan):
    """The forms of a plan that other systems run or read; Plan is the one class that has them."""

    __slots__ = ()

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

        return plan_to_onnx(self, outputs)  # type: ignore[arg-type]  # it is a Plan, which this file cannot import

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

        return plan_to_sql(self, dialect, table, outputs, keep)  # type: ignore[arg-type]
