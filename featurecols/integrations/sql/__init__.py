"""Plans as SQL: one query of a table gives the features, or the ids, of a plan.

`plan.to_sql(dialect=...)` is the way in; DuckDB and SQLite need `register_functions(connection)` for columns that hash.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from featurecols import errors
from featurecols._core.expressions import Rounded, WeightedIds
from featurecols.integrations.sql.dialects import DIALECTS
from featurecols.integrations.sql.dialects import DialectName as DialectName
from featurecols.integrations.sql.functions import register_functions as register_functions
from featurecols.integrations.sql.translate import Query
from featurecols.plan.expressions import Expressed, Expressions, refused

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

Selected = list[tuple[str, str]]  # (text, name)


def plan_to_sql(
    plan: Plan, dialect: DialectName, table: str | Sequence[str], outputs: Literal["matrix", "ids"], keep: Sequence[str]
) -> str:
    """Return a plan as a query. See Plan.to_sql."""
    if dialect not in DIALECTS:
        raise errors.plan("to_sql", "dialect must be one of " + ", ".join(DIALECTS), dialect, "duckdb is the default")
    if outputs not in ("matrix", "ids"):
        raise errors.plan("to_sql", 'outputs must be "matrix" or "ids"', outputs, "matrix is the default")
    spoken = DIALECTS[dialect]
    target = f"SQL of {dialect}"
    expressions, query = Expressions(plan._program, target), Query(spoken, plan.input_schema)
    kept = [keep] if isinstance(keep, str) else list(keep)
    source = expressions.attempt("table", "its name", lambda: ".".join(map(spoken.identifier, _parts(table))))
    selected: Selected = [(expressions.attempt(name, "field", query.field, name), name) for name in kept]
    if outputs == "matrix":
        plan._require_matrix("to_sql")
        texts = [text for e in expressions.features() for text in _features(expressions, query, e)]
        selected += list(zip(texts, plan.feature_names, strict=True))
    else:
        selected += _ids(plan, expressions, query)
    if len(selected) > spoken.most_columns:
        reason = f"a result has at most {spoken.most_columns} columns there"
        raise refused(target, "plan", f"a matrix of {plan.width} features", reason)
    return expressions.attempt("plan", "a name of a column", query.text, source, selected)


def _parts(table: str | Sequence[str]) -> Sequence[str]:
    return [table] if isinstance(table, str) else table


def _features(expressions: Expressions, query: Query, column: Expressed) -> list[str]:
    return expressions.attempt(column.name, column.kind, query.features, column.expression)


def _ids(plan: Plan, expressions: Expressions, query: Query) -> Selected:
    """Return what encode gives: numbers by the names of their features, ids by the name of their slot."""
    dense = {output.slot.name: output.bound for output in plan._program.outputs if output.slot.kind == "dense"}
    found: Selected = []
    for e in expressions.features(dense):
        texts = _features(expressions, query, e)
        found += [(text, dense[e.name].feature_name(i)) for i, text in enumerate(texts)]
    for e in expressions.ids():
        found.append((expressions.attempt(e.name, e.kind, query.column, e.expression), e.name))
        if isinstance(e.expression, WeightedIds):
            weight = Rounded((e.expression.weight,))
            texts = expressions.attempt(e.name, e.kind, query.features, weight)
            found.append((texts[0], f"{e.name}_weights"))
    return found


__all__ = ["DialectName", "plan_to_sql", "register_functions"]
