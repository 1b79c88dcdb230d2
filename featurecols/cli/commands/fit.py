"""Learn a plan from data: columns declared in SPEC, a JSON, TOML or YAML file, become a folder PLAN.

SPEC is a list of columns, or {"columns": [...]}: [{"type": "Bucketized", "source": {"type": "Numeric", "source": "age"},
"boundaries": [18, 25]}, ...]. All fields that SPEC reads must be in DATA, those that nothing is learned from too.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from featurecols.cli import options, output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("spec", metavar="SPEC", type=Path, help="a JSON, TOML or YAML file of columns")
    parser.add_argument("data", metavar="DATA", nargs="+", help="Parquet or CSV: files, folders or quoted globs")
    options.add_csv(parser)
    parser.add_argument("-o", "--output", metavar="PLAN", required=True, type=Path, help="the folder to write")
    parser.add_argument("--overwrite", action="store_true", help="replace the plan that is there")
    parser.add_argument("--statistics", action="store_true", help="keep how fields are distributed, for `featurecols check`")
    options.add_processes(parser)
    options.add_common(parser)


def run(arguments: argparse.Namespace) -> None:
    """Learn a plan and save it."""
    import featurecols as fc
    from featurecols.data.sources import as_source
    from featurecols.plan.graph import Graph

    columns = fc.read_columns(arguments.spec)
    options.check_output(arguments.output, arguments.overwrite)
    start, rows, source = time.monotonic(), 0, as_source(options.read_data(arguments.data, arguments))
    source.check([field.key for field in Graph(columns).fields(training=True)])
    with output.show_progress("fit", arguments.quiet) as bar:

        def count(done: int, total: int | None) -> None:
            nonlocal rows
            rows = done
            if bar is not None:
                bar(done, total)

        plan = fc.fit(
            columns,
            source,
            threads=arguments.threads,
            processes=arguments.processes,
            progress=count,
            statistics=arguments.statistics,
        )
    plan.save(arguments.output, overwrite=arguments.overwrite)
    seconds, passes = time.monotonic() - start, max(1, len(plan.passes))
    about = {
        "plan": str(arguments.output),
        "fingerprint": plan.fingerprint,
        "columns": len(plan.columns),
        "rows": rows // passes,
        "passes": plan.passes,
        "seconds": round(seconds, 3),
    }
    times = f" in {len(plan.passes)} passes" if len(plan.passes) > 1 else ""
    said = (
        f"learned from {rows // passes:,} rows{times} in {seconds:.2f} s"
        if plan.passes or arguments.statistics
        else "written; nothing is to be learned"
    )
    output.print_result(arguments.json, about, f"{plan}\n{arguments.output}: {said}")
