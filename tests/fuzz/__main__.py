"""Damaged files, read for so many minutes: python -m tests.fuzz parquet|plan|model|csv --minutes N --seed S.

Prints how many inputs were tried and what came of them:

    accepted   read, with the values that the reference reads
    errors     refused, by one of the package's own errors
    refused    refused, where the reference reads them (no fault in itself; for Parquet it should be rare)
    crashes    the process died, or another exception came out
    hangs      no answer in time
    wrong      other values than the reference, or accepted where the reference refuses

Each input that crashes, hangs or is wrong is kept in --keep, with a line that says why. Exit status 1 where there is one.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.fuzz.child import TARGETS, Child

FAULTS = ("crashes", "hangs", "wrong")
OUTCOMES = ("accepted", "errors", "refused", *FAULTS)


def run(target: str, seconds: float, seed: int, keep: Path, patience: float = 30.0, most: int | None = None) -> Counter[str]:
    """Try inputs number 0, 1, ... of a seed until time, or `most` inputs, are over; return how many had which outcome."""
    found: Counter[str] = Counter()
    end, number, child = time.monotonic() + seconds, 0, None
    keep.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        try:
            while time.monotonic() < end and (most is None or number < most):
                child = child or Child(target, seed, Path(folder))
                outcome, why = child.try_input(number, patience)
                found[outcome] += 1
                if outcome in FAULTS:
                    print(f"input {number}: {outcome}: {why}", flush=True)
                    child.keep(number, keep / f"{target}-{seed}-{number}", why)
                if outcome in ("crashes", "hangs") and not child.alive():
                    child = None
                number += 1
        finally:
            if child is not None:
                child.stop()
    return found


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, default=Path(tempfile.gettempdir()) / "featurecols-fuzz", help="inputs at fault")
    arguments = parser.parse_args()
    found = run(arguments.target, 60 * arguments.minutes, arguments.seed, arguments.keep)
    print(f"{arguments.target}: {sum(found.values()):,} inputs, " + ", ".join(f"{found[name]:,} {name}" for name in OUTCOMES))
    return int(any(found[name] for name in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
