"""Plans without data: of columns that learn nothing."""

from __future__ import annotations

from collections.abc import Iterable

from featurecols import errors
from featurecols._core.suggestions import explain_arguments
from featurecols.columns.base import Column
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan


@explain_arguments
def compile(columns: Iterable[Column]) -> Plan:
    """Return a plan of columns that learn nothing.

    Raises:
        PlanError: when something must be learned; it lists what.
        ColumnError: for an empty list, something that is not a column, or two outputs of one name.

    >>> import featurecols as fc
    >>> fc.compile([fc.Numeric("age"), fc.Indicator(fc.Bucketized("age", [18, 65]))]).width
    4
    """
    graph = Graph(columns)
    wanted = [node.name for node in graph.nodes if isinstance(node, Column) and node.num_passes()]
    if wanted:
        raise errors.not_learned(wanted)
    return Plan(graph, {})
