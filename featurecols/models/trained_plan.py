"""The plan of a model as its user sees it: with the embedding tables that training made."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from featurecols._core.arrays import Array
from featurecols.models.autodiff.variables import Variables

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

TABLES = "tables/"  # what names of embedding tables have in front, behind those of layers


class _Trained(NamedTuple):
    """A plan with the tables of a step."""

    plan: Plan
    variables: Variables
    step: int
    found: Plan


class PlanOwner:
    """A model that reads rows with a plan: `_plan`, whose tables are those that training began with."""

    variables: Variables | None
    _plan: Plan | None
    _trained_plan: _Trained | None = None

    @property
    def plan(self) -> Plan | None:
        """The plan of the columns, with the embedding tables as they are trained; None before anything was learned."""
        plan, variables = self._plan, self.variables
        if plan is None or variables is None or variables.step == 0:
            return plan
        last = self._trained_plan
        if last is None or last.plan is not plan or last.variables is not variables or last.step != variables.step:
            tables = trained_tables(plan, variables)
            found = plan.with_tables(tables) if tables else plan
            last = self._trained_plan = _Trained(plan, variables, variables.step, found)
        return last.found


def trained_tables(plan: Plan, variables: Variables) -> dict[str, Array]:
    """Return the embedding tables of a plan that a model has as parameters, by name.

    One that it has twice is left out, and so is one that several networks have side by side.
    """
    found: dict[str, Array] = {}
    for table in dict.fromkeys(slot.table for slot in plan.encoded_slots if slot.table is not None):
        mine = [array for name, array in variables.values.items() if f"/{name}".endswith(f"/{TABLES}{table}")]
        if len(mine) == 1 and mine[0].shape == plan.tables[table].shape:
            found[table] = mine[0]
    return found
