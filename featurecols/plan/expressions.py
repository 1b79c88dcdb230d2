"""What the columns of a plan compute, as expressions, for systems that run them without this package."""

from __future__ import annotations

from collections.abc import Callable, Container
from typing import NamedTuple, ParamSpec, TypeVar

from featurecols import errors
from featurecols._core.expressions import Expression, InexpressibleError, as_features, as_ids
from featurecols.columns.base import Field
from featurecols.columns.bound import Bound
from featurecols.plan.execution.program import Program

P = ParamSpec("P")
T = TypeVar("T")


class Expressed(NamedTuple):
    """A declared column as an expression.

    Attributes:
        name: of its slot.
        kind: the kind of the column.
        expression: features [n, width], or ids.
    """

    name: str
    kind: str
    expression: Expression


class Expressions:
    """The expressions of a program's columns, for one target.

    Args:
        program: of the plan.
        target: the name of the other system, for errors.
    """

    def __init__(self, program: Program, target: str) -> None:
        self._program, self._target = program, target
        self._fields = dict(program.fields)
        self._found: dict[int, Expression] = {}

    def features(self, slots: Container[str] | None = None) -> list[Expressed]:
        """Return the features of each declared column, or of those of these slots, in order; raises PlanError."""
        outputs = enumerate(self._program.outputs)
        return [self._output(at, as_features) for at, o in outputs if slots is None or o.slot.name in slots]

    def ids(self, slots: Container[str] | None = None) -> list[Expressed]:
        """Return the ids of each declared column that has ids, or of those of these slots, in order; raises PlanError."""
        outputs = [(at, o) for at, o in enumerate(self._program.outputs) if o.slot.kind == "ids"]
        return [self._output(at, as_ids, ids=True) for at, o in outputs if slots is None or o.slot.name in slots]

    def _output(self, at: int, convert: Callable[[Expression], Expression], ids: bool = False) -> Expressed:
        output = self._program.outputs[at]
        node = output.inputs[0] if ids and not output.bound.categorical else output.node
        name, kind = output.slot.name, type(output.bound.column).__name__
        return Expressed(name, kind, self.attempt(name, kind, convert, self._of(node)))

    def _of(self, node: int) -> Expression:
        """Return the expression of a node; raises PlanError for a column that has none."""
        if node not in self._found:
            field = self._fields.get(node)
            self._found[node] = self._column(node) if field is None else self._field(field)
        return self._found[node]

    def _column(self, node: int) -> Expression:
        bound: Bound = self._program.bounds[node]
        inputs = [self._of(j) for j in self._program.inputs[node]]
        return self.attempt(bound.column.name, type(bound.column).__name__, bound.expression, *inputs)

    def _field(self, field: Field) -> Expression:
        known = self._program.types.get(field.key)
        if known is not None and known.list_depth:
            raise refused(self._target, f"field {field.key}", "a field of lists", "rows hold one value a field there")
        return self.attempt(f"field {field.key}", type(field).__name__, field.expression)

    def attempt(self, name: str, kind: str, make: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Return make(...); where something has no expression, raise PlanError with the name of the column."""
        try:
            return make(*args, **kwargs)
        except InexpressibleError as e:
            raise refused(self._target, name, kind, str(e)) from None


def refused(target: str, subject: str, what: str, reason: str) -> errors.PlanError:
    """Return the error of a column, a field or a model that another system cannot run."""
    hint = "leave it out there, or call the plan in Python"
    return errors.PlanError(f"{subject}: {what} cannot be written as {target}, {reason}; {hint}")


__all__ = ["Expressed", "Expressions", "refused"]
