"""Show what is in a plan: its columns, the fields that it reads, what its outputs mean."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featurecols._core.slots import DenseSlot
from featurecols.cli import output

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("plan", metavar="PLAN", type=Path, help="the folder that fit wrote")
    parser.add_argument("--cell", metavar="INDEX", type=int, nargs="+", default=[], help="say what these output cells mean")
    output.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what is in a plan."""
    import featurecols as fc

    plan = fc.load(arguments.plan)
    if arguments.cell:
        meanings = [plan.describe(index) for index in arguments.cell]
        cells = [{"index": m.index, "name": m.name, "label": m.label, "column": m.column.to_json()} for m in meanings]
        output.result(arguments.json, {"cells": cells}, "\n".join(str(m) for m in meanings))
    else:
        output.result(arguments.json, _about(plan), f"{plan}\n{_fields(plan)}")


def _about(plan: Plan) -> dict[str, Any]:
    dense = all(isinstance(slot, DenseSlot) for slot in plan.feature_slots) or not _bare(plan)
    return {
        "fingerprint": plan.fingerprint,
        "tables": plan.tables_digest,
        "width": plan.width if dense else None,
        "names": list(plan.names) if dense else None,
        "slots": [dataclasses.asdict(slot) for slot in plan.feature_slots],
        "fields": {key: sorted(kinds) for key, kinds in plan.input_schema.items()},
        "passes": plan.passes,
        "columns": plan.to_json(),
    }


def _bare(plan: Plan) -> bool:
    """Return whether an output is a categorical column, so that there is no matrix."""
    from featurecols import errors

    try:
        return plan.width < 0
    except errors.PlanError:
        return True


def _fields(plan: Plan) -> str:
    """Describe which fields are read and how, and which tables are trained."""
    lines = [f"reads {key} as {' and '.join(sorted(kinds))}" for key, kinds in plan.input_schema.items()]
    if plan.tables_digest:
        lines.append(f"trained tables {', '.join(plan.tables)}, digest {plan.tables_digest}")
    return "\n".join(lines)
