"""Models and plans for the commands that read one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featurecols.models.estimators.base import Estimator
    from featurecols.models.sequential import Sequential
    from featurecols.plan.plan import Plan


def load_model(folder: Path, threads: int | None = None) -> Estimator | Sequential:
    """Load the model that train, or export, wrote, with as many threads where that is said."""
    from featurecols.models.estimators.loading import load

    model: Estimator | Sequential = load(folder)
    if threads is not None and hasattr(model, "config"):
        model.config = model.config.replace(threads=threads)
    return model


def load_plan(folder: Path, command: str) -> Plan:
    """Load a plan, or that of a model; PlanError for a model that reads no tables."""
    import featurecols as fc

    if not (folder / "model.json").is_file() or (folder / "plan.json").is_file():
        return fc.load(folder)
    plan = load_model(folder).plan
    if plan is None:
        raise fc.PlanError(f"{command}: the model in {folder} reads no tables, so that it has no plan; give a plan")
    return plan
