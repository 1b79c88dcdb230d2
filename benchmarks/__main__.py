"""Run the claims named, or all; print, keep the JSON, and write the tables of docs/performance.md and docs/models.md."""

from __future__ import annotations

import argparse
import importlib
import os

from benchmarks import harness, table

CLAIMS = (
    "adult",
    "criteo",
    "strings",
    "crosses",
    "fit",
    "one_row",
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
    "serving",
    "distributed",
    "drift",
)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("claims", nargs="*", default=CLAIMS)
    parser.add_argument("--data", help="folder with adult/ (default: FEATURECOLS_DATA or ../shared/data)")
    arguments = parser.parse_args()
    if arguments.data:
        os.environ["FEATURECOLS_DATA"] = arguments.data
    print(harness.machine())
    for name in arguments.claims:
        results = importlib.import_module(f"benchmarks.{name}").run()
        for result in results:
            print("\n" + result.text(), flush=True)
        harness.save(name, results)
    table.write()


if __name__ == "__main__":
    main()
