"""The table of kinds and integrations in docs/integrations.md: `python -m tests.integrations.kinds_table` writes it.

Each kind runs through each integration over flights, people and hostile rows. A field of the table is "equal" where all bits
were those of plan.transform, "1 ulp" or "k + 4 ulps" where floats were within what the page says; "written" where the query was
made and parsed, but runs in no database here; else it has the number of the reason of the refusal.
"""

import re
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

import featurecols as fc
from featurecols._core.spec import KINDS
from featurecols.columns.base import Column
from tests.integrations import kinds_data
from tests.integrations.kinds_runs import RUNS, Run, check_served
from tests.integrations.tolerance import assert_near

PAGE = Path(__file__).parent.parent.parent / "docs" / "integrations.md"
MARKS = "<!-- kinds -->\n", "<!-- end of kinds -->"
ONE, SUMS = "1 ulp", "k + 4 ulps"
LOGS = tuple(f"`Numeric(normalizer={name}())`" for name in ("Log1p", "SignedLog1p", "Power", "RankGauss"))
STATED = {(log, name): ONE for log in LOGS for name in ("ONNX", "DuckDB", "SQLite")} | {
    (kind, name): SUMS
    for kind in ("`Embedding` of weighted ids", "`Embedding` of a `Piecewise`", "`Embedding` of lists")
    for name in ("PyTorch", "Keras")
}


def outcome(run_in: Run, plan: fc.Plan, data: pa.Table, stated: str) -> str:
    """Return `stated` where the matrix is as near as that, "written" where there is none, or why a column is refused."""
    try:
        found = run_in(plan, data)
    except fc.PlanError as error:
        return re.split(r" cannot be written as [^,]+, ", str(error))[1].split(";")[0]
    if found is None:
        return "written"
    want = plan.transform(data)
    if stated == SUMS:
        assert_near(plan, data, found)
    elif stated == ONE:
        np.testing.assert_array_equal(np.isnan(found), np.isnan(want))
        np.testing.assert_array_max_ulp(found, want, maxulp=1)
    else:
        np.testing.assert_array_equal(found, want, strict=True)
    return stated


def missing_kinds() -> set[str]:
    """Kinds of the package that no row of the table names."""
    kinds = {k.__name__ for k in KINDS.values() if issubclass(k, Column) and k.__module__.startswith("featurecols.columns.")}
    return {kind for kind in kinds if not any(name.startswith(f"`{kind}") for name in kinds_data.people().columns())}


def table() -> str:
    """Return the table as Markdown, and the reasons by their numbers."""
    reasons = dict[str, int]()
    plans: dict[str, dict[str, fc.Plan]] = {}
    served: dict[str, fc.Plan] = {}
    for where, data in kinds_data.every().items():
        for at, (name, column) in enumerate(data.columns().items()):
            plan = plans.setdefault(name, {})[where] = served[f"{where}-{at}"] = fc.fit([column], data.table)
            assert plan.width
    tables = {where: data.table for where, data in kinds_data.every().items()}
    with tempfile.TemporaryDirectory() as folder:
        check_served(served, {name: tables[name.split("-")[0]] for name in served}, Path(folder))

    def found(name: str, integration: str) -> str:
        stated = STATED.get((name, integration), "equal")
        (one,) = {outcome(RUNS[integration], plan, tables[where], stated) for where, plan in plans[name].items()}
        return one if one in (stated, "written") else f"no ({reasons.setdefault(one, len(reasons) + 1)})"

    lines = [f"| | {' | '.join([*RUNS, 'serving'])} |", "|---" * (len(RUNS) + 2) + "|"]
    rows = [[name, *(found(name, integration) for integration in RUNS), "equal"] for name in plans]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    lines += ["", *(f"{number}. {reason}" for reason, number in reasons.items())]
    return "\n".join(lines) + "\n"


def written() -> str:
    """Return the table as it stands in the page."""
    return PAGE.read_text("utf-8").split(MARKS[0])[1].split(MARKS[1])[0]


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    PAGE.write_text(page.replace(MARKS[0] + written() + MARKS[1], MARKS[0] + table() + MARKS[1]), "utf-8")
