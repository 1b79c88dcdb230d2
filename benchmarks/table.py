"""The table in README, written from the JSON of the last runs."""

from __future__ import annotations

import json
import statistics
from pathlib import Path

from benchmarks.harness import RESULTS

README = Path(__file__).parent.parent / "README.md"
START, END = "<!-- benchmarks: written by python -m benchmarks -->\n", "<!-- end of benchmarks -->\n"


def write() -> None:
    """Replace what README holds between its two marks."""
    text = README.read_text()
    before, rest = text.split(START)
    _, after = rest.split(END)
    README.write_text(before + START + table() + END + after)


def table() -> str:
    lines = ["| work | featurecols | others, as a multiple of our time |", "|---|---|---|"]
    machine: dict[str, object] = {}
    for name in ("adult", "criteo", "strings", "crosses", "fit", "one_row", "cold"):
        path = RESULTS / f"{name}.json"
        if path.exists():
            document = json.loads(path.read_text())
            machine = document["machine"]
            lines += [_row(result) for result in document["results"]]
    return "\n".join([*lines, "", _machine(machine), ""])


def _row(result: dict[str, dict[str, list[float]]]) -> str:
    medians = {name: statistics.median(runs) for name, runs in result["seconds"].items()}
    ours = medians.pop("featurecols")
    others = [f"{name} {seconds / ours:.2g} x" for name, seconds in sorted(medians.items(), key=lambda item: item[1])]
    if "p50 us" in result["notes"]:
        others = [f"p50 {result['notes']['p50 us']} us, p99 {result['notes']['p99 us']} us"]
    return f"| {result['claim']} | {_time(ours)} | {'; '.join(others)} |"


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1 or unit == "us":
            return f"{seconds * scale:.3g} {unit}"
    return ""


def _machine(machine: dict[str, object]) -> str:
    versions = machine.get("versions", {})
    assert isinstance(versions, dict)
    listed = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "featurecols")
    where = f"{machine.get('cores')} cores ({machine.get('processor')}), Python {machine.get('python')}"
    return f"1M rows, medians, {where}, {listed}."
