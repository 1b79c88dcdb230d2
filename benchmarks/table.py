"""The tables in README, written from the JSON of the last runs."""

from __future__ import annotations

import json
import statistics
from pathlib import Path
from typing import Any

from benchmarks.harness import RESULTS

README = Path(__file__).parent.parent / "README.md"
TRANSFORMS = ("adult", "criteo", "strings", "crosses", "fit", "one_row", "cold", "growth", "memory")
MARKS = "<!-- {}: written by python -m benchmarks -->\n", "<!-- end of {} -->\n"
HEADS = {
    "auc": "AUC, mean [least-most]",
    "accuracy": "accuracy",
    "average_loss": "log loss",
    "rmse": "RMSE, mean [least-most]",
    "mae": "MAE",
    "r2": "R2",
}


def write() -> None:
    """Replace what README holds between its two pairs of marks."""
    text = README.read_text()
    for name, made in (("benchmarks", transforms()), ("models", models())):
        start, end = (mark.format(name) for mark in MARKS)
        before, rest = text.split(start)
        _, after = rest.split(end)
        text = before + start + made + end + after
    README.write_text(text)


def transforms() -> str:
    lines = ["| work | featurecols | others, as a multiple of our time |", "|---|---|---|"]
    documents = [found for name in TRANSFORMS if (found := _document(name))]
    lines += [_row(result) for document in documents for result in document["results"]]
    return "\n".join([*lines, "", f"1M rows, medians, {_machine(documents)}.", ""])


def models() -> str:
    """A table of scores for every task, then one of examples a second."""
    document = _document("models")
    if document is None:
        return ""
    tasks = [result for result in document["results"] if result.get("scores")]
    lines = [line for result in tasks for line in _scores(result)]
    speeds = [result for result in document["results"] if not result.get("scores")]
    if speeds:
        lines += ["| training | examples a second |", "|---|---|", *map(_speed, speeds), ""]
    seeds = max((len(runs) for result in tasks for runs in result["seconds"].values()), default=0)
    return "\n".join([*lines, f"{seeds} seeds, median seconds, {_machine([document])}.", ""])


def _scores(result: dict[str, Any]) -> list[str]:
    names = list(next(iter(result["scores"].values())))
    lines = [f"| {result['claim']} | {' | '.join(HEADS[name] for name in names)} | training |", "|---" * (len(names) + 2) + "|"]
    ranked = sorted(result["scores"].items(), key=lambda item: statistics.mean(item[1][names[0]]), reverse=names[0] == "auc")
    for contestant, scores in ranked:
        cells = [f"{statistics.mean(scores[name]):.4f}" for name in names]
        first = scores[names[0]]
        if len(first) > 1:
            cells[0] += f" [{min(first):.4f}-{max(first):.4f}]"
        lines.append(f"| {contestant} | {' | '.join(cells)} | {_time(statistics.median(result['seconds'][contestant]))} |")
    return [*lines, ""]


def _speed(result: dict[str, Any]) -> str:
    medians = _fastest({name: statistics.median(runs) for name, runs in result["seconds"].items()})
    speeds = {name: result["rows"] / seconds for name, seconds in medians.items()}
    listed = [f"{name} {_short(speed)}" for name, speed in sorted(speeds.items(), key=lambda item: -item[1])]
    return f"| {result['claim']} | {'; '.join(listed)} |"


def _fastest(medians: dict[str, float]) -> dict[str, float]:
    """The fastest form of every rival: a form is what a name says after its first comma. Of ours, and of floors, all."""
    best: dict[str, str] = {}
    for name, seconds in medians.items():
        rival = name if name.startswith(("featurecols", "floor")) else name.split(",")[0]
        if rival not in best or seconds < medians[best[rival]]:
            best[rival] = name
    return {name: medians[name] for name in best.values()}


def _short(speed: float) -> str:
    return f"{speed / 1e6:.2f}M" if speed >= 1e6 else f"{speed / 1e3:.3g}k"


def _document(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def _row(result: dict[str, dict[str, list[float]]]) -> str:
    medians = {name: statistics.median(runs) for name, runs in result["seconds"].items()}
    ours = medians.pop("featurecols")
    medians = _fastest(medians)
    others = [f"{name} {_times(seconds / ours)} x" for name, seconds in sorted(medians.items(), key=lambda item: item[1])]
    if "p50 us" in result["notes"]:
        others = [f"p50 {result['notes']['p50 us']} us, p99 {result['notes']['p99 us']} us"]
    if "table" in result["notes"]:
        others = [result["notes"]["table"]]
    return f"| {result['claim']} | {_time(ours)} | {'; '.join(others)} |"


def _time(seconds: float) -> str:
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * scale >= 1 or unit == "us":
            return f"{seconds * scale:.3g} {unit}"
    return ""


def _machine(documents: list[dict[str, Any]]) -> str:
    """The machine, and every package that was used."""
    versions: dict[str, str] = {}
    for document in documents:
        versions |= document["machine"]["versions"]
    listed = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "featurecols")
    machine = documents[-1]["machine"] if documents else {}
    return f"{machine.get('cores')} cores ({machine.get('processor')}), Python {machine.get('python')}, {listed}"


def _times(ratio: float) -> str:
    return f"{ratio:.0f}" if ratio >= 100 else f"{ratio:.2g}"
