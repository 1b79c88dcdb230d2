"""Draws columns and feeds, runs them here and in real TensorFlow, and reports every difference.

TensorFlow 2.15 needs numpy 1, so it runs in a Python of its own:

    pip install 'tensorflow-cpu==2.15.*' 'numpy<2'        # in another environment, Python 3.11
    python -m tests.differential_tf --tensorflow /other/bin/python [--seed N] [--cell 110] [--least 10000]

Every kind of column meets every kind of feed. Features come in either byte order, numbers of columns as numbers of numpy,
and indices lie outside their tensor now and then; version 1's forms and serialized Examples are drawn as well. The table
counts the cases that TensorFlow accepts; a cell is drawn until it has `--cell` of them, or until TensorFlow has refused the
cell often enough to say that it does not take it. What TensorFlow refuses must be refused here with the same error. Exit
status 1 when anything differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from tests.feature_column import cases, draw, draw_forms

REFERENCE = Path(__file__).with_name("tf_reference.py")
Cell = tuple[str, str]


def with_weights(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """A linear model of one column gets its weights under the name that the column has."""
    weights = case.pop("first_weights", None)
    if weights is not None:
        try:
            name = cases.Reader(folder).column(case["columns"][0]).name
        except Exception:
            name = "refused"  # the case is compared all the same
        case["weights"] = {name: weights}
    return case


def expected(python: str, folder: Path, drawn: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str]:
    """What TensorFlow makes of the cases, and its version."""
    source, target = folder / "cases.json", folder / "expect.json"
    source.write_text(json.dumps(drawn))
    subprocess.run([python, str(REFERENCE), str(folder), str(source), str(target)], check=True, stderr=subprocess.DEVNULL)
    answer = json.loads(target.read_text())
    return answer["expect"], answer["tensorflow"]


def report(accepted: Counter[Cell], refused: Counter[Cell]) -> str:
    """A table of accepted cases; refused ones follow in brackets where TensorFlow took none at all."""
    feeds = [*draw.FEEDS, "examples", "spoiled"]
    lines = ["".ljust(28) + " ".join(feed[:16].rjust(16) for feed in feeds)]
    for kind in draw_forms.ALL_KINDS:
        row = []
        for feed in feeds:
            cell = (kind, feed)
            text = f"{accepted[cell]}" if accepted[cell] else f"({refused[cell]} refused)" if refused[cell] else "-"
            row.append(text.rjust(16))
        lines.append(kind.ljust(28) + " ".join(row))
    return "\n".join(lines)


def run(arguments: argparse.Namespace) -> int:
    np.seterr(all="ignore")  # drawn numbers overflow on purpose
    rng = np.random.default_rng(arguments.seed)
    accepted: Counter[Cell] = Counter()
    refused: Counter[Cell] = Counter()
    differing: list[str] = []
    version = "?"
    start = time.time()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        files = draw.vocabulary_files(rng, folder, 24)
        files += draw_forms.record_files(rng, folder, 12)
        for turn in range(arguments.turns):
            wanted = missing(accepted, refused, arguments)
            if not wanted:
                break
            drawn = [
                with_weights(draw_forms.FormDraw(rng, folder, files).case(*cell), folder)
                for cell, n in wanted
                for _ in range(n)
            ]
            expect, version = expected(arguments.tensorflow, folder, drawn)
            for case, answer in zip(drawn, expect, strict=True):
                cell = (case["kind"], case["feed"])
                (refused if "error" in answer else accepted)[cell] += 1
                found = cases.differences(answer, cases.run(case, folder), case["op"])
                if found:
                    differing.append(json.dumps({"case": case, "expect": answer, "found": found}, ensure_ascii=False))
            print(f"turn {turn}: {len(drawn)} cases, {len(differing)} differ, {time.time() - start:.0f} s", flush=True)
    print(report(accepted, refused))
    total = sum(accepted.values()) + sum(refused.values())
    counts = f"{sum(accepted.values())} accepted, {sum(refused.values())} refused with the same error"
    print(f"TensorFlow {version}, seed {arguments.seed}: {total} cases, {counts}, {len(differing)} differ")
    if arguments.differences and differing:
        Path(arguments.differences).write_text("\n".join(differing) + "\n")
    for line in differing[:5]:
        print(line[:2000])
    return 1 if differing else 0


def missing(accepted: Counter[Cell], refused: Counter[Cell], arguments: argparse.Namespace) -> list[tuple[Cell, int]]:
    """How many more cases to draw of each cell; a cell that TensorFlow refused 30 times and never took is done."""
    found = []
    for cell in draw_forms.cells():
        need = arguments.cell - accepted[cell]
        if need > 0 and not (accepted[cell] == 0 and refused[cell] >= 30):
            drawn = accepted[cell] + refused[cell]  # the first turn tells how many of a cell are taken
            found.append((cell, int(need * min(drawn / max(accepted[cell], 1), 10)) + 1 if drawn else min(need, 35)))
    if not found and (short := arguments.least - sum(accepted.values()) - sum(refused.values())) > 0:
        taken = [cell for cell in draw_forms.cells() if accepted[cell]]
        found = [(cell, short // len(taken) + 1) for cell in taken]
    return found


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tensorflow", required=True, help="a Python that has TensorFlow 2.15")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of all draws; printed")
    parser.add_argument("--cell", type=int, default=110, help="accepted cases of each kind and feed")
    parser.add_argument("--least", type=int, default=10_000, help="cases in all")
    parser.add_argument("--turns", type=int, default=12, help="how often cells that lack cases are drawn again")
    parser.add_argument("--differences", help="a file for all differing cases, one JSON a line")
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
