"""The table of what people wait for, with goals: a part of docs/performance.md.

A goal in milliseconds was set on one machine, together with what a rival or a lower bound took there: elsewhere it is the same
multiple of what these take.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks.harness import in_units

HEAD = ["work", "time", "processor time", "beside", "goal", "reached"]
OURS = "featurecols"


@dataclass(frozen=True)
class Line:
    """A line of the table.

    claim: the beginning of the result's claim, and its number of rows where several begin so.
    beside: contestants that it is shown beside. goal: seconds, or a multiple of what `of` takes, in the result of the claim
    that begins with `of_claim` if it is not the same.
    busy: whether the goal is one of processor time.
    megabytes: the most that the file may have.
    """

    work: str
    claim: str
    goal: float
    ours: str = OURS
    beside: tuple[str, ...] = ()
    of: str = ""
    of_claim: str = ""
    busy: bool = False
    rows: int | None = None
    megabytes: float | None = None


_FILL, _REFILL = "lower bound: fill a fresh matrix", "lower bound: fill a warm matrix"
_READS = ("lower bound: Polars reads", "lower bound: pyarrow reads, dictionaries kept")
_TEXT = ("lower bound: pyarrow reads", "lower bound: Polars reads", "pandas reads, engine of pyarrow")
_ENCODED = ("lower bound: the features encoded alone",)
_SINKS = ("Polars, sink_parquet, zstd", "Polars, sink_parquet, snappy")
_ARRAY = ("Polars, sink_parquet of an array, zstd",)
_BATCH = "Batch job, census Parquet to 117 features, layout"
_IDS = "Batch job, Criteo-shaped"
_COLUMNS = f"{_BATCH} columns"
_CALL = ("scikit-learn",)

LINES = (
    Line("census to 117 features, in memory", "Census in memory", 1.5, beside=(_FILL, "Polars, to_dummies of Enum"), of=_FILL),
    Line("the same, into `out=`", "Census in memory", 1.4, f"{OURS}, out=", (_REFILL,), _REFILL),
    Line(
        "Criteo-shaped Parquet to 13 numbers, 26 ids",
        "Criteo-shaped",
        150 / 65,
        beside=("Polars scan, hash % n", *_READS),
        of=_READS[0],
    ),
    Line("the same, one thread", "Criteo-shaped", 240 / 65, f"{OURS}, 1 thread", of=_READS[0]),
    Line("census Parquet to Parquet, layout columns", _COLUMNS, 250 / 403, beside=_SINKS, of=_SINKS[0], megabytes=15),
    Line("the same, layout features", f"{_BATCH} features", 250 / 403, beside=_ARRAY, of=_SINKS[0], of_claim=_COLUMNS),
    Line(
        "Criteo-shaped Parquet to Parquet, layout ids", "Batch job, Criteo-shaped", 330 / 516, beside=_SINKS[:1], of=_SINKS[0]
    ),
    Line("census plan learned from CSV", "Census plan learned from CSV", 180 / 147, beside=_TEXT, of=_TEXT[0]),
    Line("census CSV to 117 features", "Census CSV", 200 / 147, beside=(*_TEXT, _FILL), of=_TEXT[0]),
    Line("the same, into `out=`", "Census CSV", 200 / 147, f"{OURS}, out=", of=_TEXT[0]),
    Line("wide & deep [100, 50] over Parquet: predict", "Predictions", 300 / 45, beside=_ENCODED, of=_ENCODED[0]),
    Line("the same: evaluate", "Evaluation", 350 / 45, beside=_ENCODED, of=_ENCODED[0]),
    Line(
        "fit of 26 vocabularies, 13 quantile sets, Parquet",
        "Fit",
        1 / 1.6,
        beside=("Polars, group_by and sort",),
        of="Polars, group_by and sort",
    ),
    Line("usual kernels, nothing compiled before", "Usual kernels", 8.0),
    Line("the same, processor time", "Usual kernels", 12.0, busy=True),
    Line("first transform of 5,000 rows in a process", "First transform", 0.350),
    Line("transform of 100 rows of pandas", "One transform", 0.2 / 3, f"{OURS}, pandas", _CALL, "scikit-learn", rows=100),
    Line("transform of 100 rows of Arrow", "One transform", 0.08 / 3, f"{OURS}, Arrow", of="scikit-learn", rows=100),
    Line("transform of 10,000 rows, a list of dicts", "One transform", 8e-3, f"{OURS}, list of dicts", rows=10_000),
)


def rows(results: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row for each line: medians of times, what it is beside, the goal, and whether it is reached."""
    found = []
    for line in LINES:
        result = _result(line, line.claim, results)
        if line.ours not in result["seconds"]:  # results of an earlier version
            continue
        base = statistics.median(_result(line, line.of_claim or line.claim, results)["seconds"][line.of]) if line.of else 1.0
        found.append(_row(line, result, base))
    return found


def _result(line: Line, claim: str, results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    return next(r for r in results if r["claim"].startswith(claim) and line.rows in (None, r["rows"]))


def _row(line: Line, result: dict[str, Any], base: float) -> list[str]:
    taken = {name: statistics.median(runs) for name, runs in result["seconds"].items()}
    busy = {name: statistics.median(runs) for name, runs in result["processor"].items()}
    measured = busy[line.ours] if line.busy else taken[line.ours]
    goal = line.goal * base
    shown, reached = in_units(goal), measured <= goal
    if line.of:
        shown = (
            f"{line.goal:.2g} x {_short(line.of)} ({shown})"
            if line.goal >= 1
            else f"{_short(line.of)} / {1 / line.goal:.2g} ({shown})"
        )
    own = in_units(taken[line.ours])
    if "MB" in result["notes"]:
        sizes = result["notes"]["MB"]
        own += f", {sizes[line.ours]} MB"
        if line.megabytes is not None:
            shown += f", {line.megabytes:g} MB"
            reached = reached and sizes[line.ours] <= line.megabytes
    beside = ", ".join(f"{_short(name)} {in_units(taken[name])}" for name in line.beside if name in taken)
    return [line.work, own, in_units(busy[line.ours]) if line.ours in busy else "", beside, shown, "yes" if reached else "no"]


def _short(name: str) -> str:
    return name.removeprefix("lower bound: ")
