"""Show what is in a plan or a model: its columns, the fields that it reads, what its features mean.

PATH is a folder that fit or train wrote. Of a model it shows what it is, and the plan that it reads rows with.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.cli import options, output
from featurecols.cli.load_model import load_model

if TYPE_CHECKING:
    from featurecols.data.field_types import FieldType
    from featurecols.models.estimators.base import Estimator
    from featurecols.models.sequential import Sequential
    from featurecols.plan.explain import Meaning
    from featurecols.plan.plan import Plan


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", metavar="PATH", type=Path, help="the folder of a plan or a model")
    wanted = "say what these features mean, by position or name"
    parser.add_argument("--feature", metavar="INDEX|NAME", nargs="+", action="extend", default=[], help=wanted)
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Print what is in a plan or a model."""
    import featurecols as fc
    from featurecols import errors

    path: Path = arguments.path
    is_model = (path / "model.json").is_file() and not (path / "plan.json").is_file()
    model = load_model(path) if is_model else None
    plan = fc.load(path) if model is None else model.plan
    if arguments.feature:
        if plan is None:
            raise errors.plan("inspect", "the model reads no tables, so that its features have no names", str(path), "")
        meanings = [_describe_feature(plan, text) for text in arguments.feature]
        found = [{"index": m.index, "name": m.name, "label": m.label, "column": m.column.to_json()} for m in meanings]
        output.print_result(arguments.json, {"features": found}, "\n".join(str(m) for m in meanings))
        return
    about = {} if plan is None else _describe_plan(plan)
    text = "" if plan is None else f"{plan}\n{_describe_fields(plan)}"
    if model is not None:
        card = _describe_model(model)
        about, text = {"model": card, **about}, f"{_format_model(card)}\n{text}".rstrip()
    output.print_result(arguments.json, about, text)


def _describe_feature(plan: Plan, text: str) -> Meaning:
    """Return what a feature means that is named, or counted from the start or, with a minus sign, from the end."""
    is_index = text not in plan.feature_names and text.removeprefix("-").isdecimal()
    return plan.describe(int(text) if is_index else text)


def _describe_plan(plan: Plan) -> dict[str, object]:
    return {
        "fingerprint": plan.fingerprint,
        "tables": plan.tables_digest,
        "width": plan.width,
        "names": list(plan.feature_names),
        "slots": [dataclasses.asdict(slot) for slot in plan.encoded_slots],
        "fields": {key: sorted(kinds) for key, kinds in plan.input_uses.items()},
        "types": {key: found._asdict() for key, found in plan.input_schema.items()},
        "passes": plan.passes,
        "columns": plan.to_json(),
    }


def _describe_fields(plan: Plan) -> str:
    """Describe which fields are read and how, and which tables are trained."""
    types = plan.input_schema
    lines = [f"reads {key}{_in_words(types[key])} as {' and '.join(sorted(kinds))}" for key, kinds in plan.input_uses.items()]
    if plan.tables_digest:
        lines.append(f"trained tables {', '.join(plan.trained_tables)}, digest {plan.tables_digest}")
    return "\n".join(lines)


def _in_words(found: FieldType) -> str:
    """Return what is known of the values of a field, in words after its key."""
    if found.type is None:
        return " (lists)" if found.list_depth else ""
    return f" ({'lists of ' * found.list_depth}{found.type})"


def _describe_model(model: Estimator | Sequential) -> dict[str, object]:
    variables = model.variables
    return {
        "kind": type(model).__name__,
        "fingerprint": model.fingerprint,
        "label": list(model.label),
        "weights": 0 if variables is None else sum(value.size for value in variables.values.values()),
        "steps": 0 if variables is None else variables.step,
        "metrics": model.metrics if isinstance(model.metrics, dict) else {},
    }


def _format_model(card: dict[str, object]) -> str:
    """Return the lines about a model: what it is, and what it was measured to be."""
    label = card["label"]
    names = ", ".join(label) if isinstance(label, list) else ""
    lines = [f"{card['kind']} of {names or 'no label'}, {card['weights']:,} weights, step {card['steps']:,}"]
    lines.append(f"fingerprint {card['fingerprint']}")
    metrics = card["metrics"]
    for name, found in metrics.items() if isinstance(metrics, dict) else ():
        lines += [f"{name}:", output.format_metrics(found)]
    return "\n".join(lines)
