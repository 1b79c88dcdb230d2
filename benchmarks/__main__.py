"""Run the claims named, or all; print, keep the JSON, and write the tables of docs/performance.md and docs/models.md.

`--quick` runs some of them on fewer rows in two minutes, and prints alone: for use while developing.
"""

from __future__ import annotations

import argparse
import importlib
import os

from benchmarks import harness, table

CLAIMS = (
    "speed",
    "adult",
    "criteo",
    "batch_job",
    "csv_files",
    "strings",
    "crosses",
    "fit",
    "one_row",
    "small_calls",
    "cold",
    "growth",
    "memory",
    "columns",
    "extension",
    "ranking",
    "torch_dataset",
    "sklearn_pipeline",
    "models",
    "defaults",
    "suggest",
    "serving",
    "distributed",
    "drift",
)


# What --quick runs: the claims of a few seconds, with the arguments that make them so.
QUICK: dict[str, dict[str, float]] = {
    "adult": {"rows": 200_000},
    "criteo": {"rows": 200_000},
    "batch_job": {"rows": 200_000},
    "csv_files": {"rows": 200_000},
    "strings": {"rows": 200_000},
    "crosses": {"rows": 200_000},
    "fit": {"rows": 200_000},
    "one_row": {"rows": 5_000},
    "small_calls": {"seconds": 0.2},
    "cold": {"repeats": 1},
}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("claims", nargs="*")
    parser.add_argument("--quick", action="store_true", help="two minutes: fewer rows and runs, nothing kept or written")
    parser.add_argument("--data", help="folder with adult/ (default: FEATURECOLS_DATA or ../shared/data)")
    arguments = parser.parse_args()
    if arguments.data:
        os.environ["FEATURECOLS_DATA"] = arguments.data
    harness.quick = arguments.quick
    print(harness.machine())
    for name in arguments.claims or (QUICK if arguments.quick else CLAIMS):
        claim = importlib.import_module(f"benchmarks.{name}")
        results = claim.run(**(QUICK.get(name, {}) if arguments.quick else {}))
        for result in results:
            print("\n" + result.text(), flush=True)
        if not arguments.quick:
            some = getattr(claim, "SOME", None)  # the variable that asks for a part of a claim, where it has parts
            harness.save(name, results, keep=some is not None and some in os.environ)
    if not arguments.quick:
        table.write()


if __name__ == "__main__":
    main()
