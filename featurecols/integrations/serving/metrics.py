"""Counters and histograms as Prometheus reads them, added up over the workers of a server."""

from __future__ import annotations

import json
import os
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
ROWS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0, 4096.0, 16384.0)
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[tuple[str, str], ...]
Key = tuple[str, Labels]


class Kind(NamedTuple):
    """A metric: its type and what it counts; bounds of the buckets of a histogram."""

    type: str
    help: str
    bounds: tuple[float, ...] = ()


KINDS = {
    "featurecols_requests_total": Kind("counter", "Requests that were answered, by model, method and status."),
    "featurecols_request_seconds": Kind("histogram", "Seconds from a request to its answer, by model and method.", SECONDS),
    "featurecols_rows_total": Kind("counter", "Rows that were answered, by model."),
    "featurecols_call_seconds": Kind("histogram", "Seconds of a call of the model, by model.", SECONDS),
    "featurecols_call_rows": Kind("histogram", "Rows of a call of the model, by model.", ROWS),
    "featurecols_calls_shared_total": Kind("counter", "Requests that shared a call with others, by model."),
    "featurecols_version_loads_total": Kind("counter", "Versions that were loaded, or not, by model and outcome."),
    "featurecols_requests_in_progress": Kind("gauge", "Requests that are read or answered."),
    "featurecols_model_version": Kind("gauge", "The version that is served, by model."),
    "process_resident_memory_bytes": Kind("gauge", "Memory of all workers."),
    "process_start_time_seconds": Kind("gauge", "When the server started, in seconds since 1970."),
}
NOT_SUMMED = ("featurecols_model_version", "process_start_time_seconds")


class Metrics:
    """The metrics of one worker.

    Args:
        folder: where the workers of a server leave theirs for each other; None for a single one.

    >>> metrics = Metrics()
    >>> metrics.add("featurecols_rows_total", (("model", "late"),), 3)
    >>> print(metrics.text().splitlines()[2])
    featurecols_rows_total{model="late"} 3
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._numbers: dict[Key, float] = {}
        self._histograms: dict[Key, list[float]] = {}  # counts by bucket, those beyond the last, the sum
        self._file = None if folder is None else folder / f"{os.getpid()}.json"

    def add(self, name: str, labels: Labels = (), amount: float = 1) -> None:
        """Add to a counter or a gauge."""
        key = (name, labels)
        self._numbers[key] = self._numbers.get(key, 0) + amount

    def set(self, name: str, labels: Labels, value: float) -> None:
        """Set a gauge."""
        self._numbers[name, labels] = value

    def observe(self, name: str, labels: Labels, value: float) -> None:
        """Count a value in a histogram."""
        bounds = KINDS[name].bounds
        found = self._histograms.get((name, labels))
        if found is None:
            found = self._histograms[name, labels] = [0.0] * (len(bounds) + 2)
        found[bisect_left(bounds, value)] += 1
        found[-1] += value

    def save(self) -> None:
        """Leave the metrics for the other workers."""
        if self._file is not None:
            self._measure()
            state = {"numbers": list(self._numbers.items()), "histograms": list(self._histograms.items())}
            draft = self._file.with_suffix(".new")
            draft.write_text(json.dumps(state))
            draft.replace(self._file)

    def text(self) -> str:
        """Return the metrics of all workers in Prometheus' text format."""
        self._measure()
        numbers, histograms = dict(self._numbers), {key: list(values) for key, values in self._histograms.items()}
        for path in [] if self._file is None else sorted(self._file.parent.glob("*.json")):
            if path != self._file:
                _add_other(path, numbers, histograms)
        lines = []
        for name, kind in KINDS.items():
            mine = sorted((labels, value) for (of, labels), value in numbers.items() if of == name)
            counted = sorted((labels, values) for (of, labels), values in histograms.items() if of == name)
            if mine or counted:
                lines += [f"# HELP {name} {kind.help}", f"# TYPE {name} {kind.type}"]
            lines += [f"{name}{_in_braces(labels)} {_number(value)}" for labels, value in mine]
            for labels, values in counted:
                lines += _histogram(name, kind.bounds, labels, values)
        return "\n".join(lines) + "\n"

    def _measure(self) -> None:
        memory = resident_bytes()
        if memory is not None:
            self.set("process_resident_memory_bytes", (), memory)


def _add_other(path: Path, numbers: dict[Key, float], histograms: dict[Key, list[float]]) -> None:
    """Add what another worker left; of one that ended its counters alone."""
    try:
        state = json.loads(path.read_text())
        alive = _is_alive(int(path.stem))
    except (OSError, ValueError):  # it has gone meanwhile
        return
    for (name, labels), value in state["numbers"]:
        key = name, tuple((k, v) for k, v in labels)
        if name in NOT_SUMMED:
            numbers.setdefault(key, value)
        elif alive or KINDS[name].type == "counter":
            numbers[key] = numbers.get(key, 0) + value
    for (name, labels), values in state["histograms"]:
        key = name, tuple((k, v) for k, v in labels)
        mine = histograms.setdefault(key, [0.0] * len(values))
        histograms[key] = [a + b for a, b in zip(mine, values, strict=True)]


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except OSError:
        return False
    return True


def _histogram(name: str, bounds: Iterable[float], labels: Labels, values: Sequence[float]) -> list[str]:
    lines, count = [], 0.0
    for bound, more in zip((*bounds, None), values, strict=False):
        count += more
        end = "+Inf" if bound is None else _number(bound)
        lines.append(f"{name}_bucket{_in_braces((*labels, ('le', end)))} {_number(count)}")
    return [
        *lines,
        f"{name}_sum{_in_braces(labels)} {_number(values[-1])}",
        f"{name}_count{_in_braces(labels)} {_number(count)}",
    ]


def _in_braces(labels: Labels) -> str:
    r"""Return labels as Prometheus writes them.

    >>> _in_braces((("model", 'a"b'),))
    '{model="a\\"b"}'
    """
    if not labels:
        return ""
    escaped = ((key, value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")) for key, value in labels)
    return "{" + ",".join(f'{key}="{value}"' for key, value in escaped) + "}"


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)


def resident_bytes() -> int | None:
    """Return the memory that the process has, or None where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
