"""Plans from the folders that they were saved in."""

from __future__ import annotations

from pathlib import Path

from featurecols._core.suggestions import explain_arguments, not_a_path
from featurecols.plan import serialization
from featurecols.plan.plan import Plan, plan_of_saved


@explain_arguments
def load(path: str | Path) -> Plan:
    """Return the plan saved in the folder `path`. Opens plan.json and the files that it names there, and never runs code.

    Raises:
        SavedPlanError: when the files are missing, damaged, changed since they were written, or from a newer version.
    """
    if not isinstance(path, (str, Path)):
        hint = "this is the plan" if isinstance(path, Plan) else "give the folder of plan.save"
        raise not_a_path("load", path, hint)
    return plan_of_saved(path, *serialization.read(Path(path)))
