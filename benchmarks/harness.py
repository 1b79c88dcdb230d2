"""How a claim is measured: interleaved runs, medians and spread, the machine and the versions, JSON out."""

from __future__ import annotations

import gc
import importlib.metadata
import json
import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
PACKAGES = ("featurecols", "numpy", "pandas", "pyarrow", "numba", "polars", "scikit-learn", "tensorflow-cpu", "mmh3")


@dataclass
class Result:
    """One claim: seconds by contestant (every run), per `rows` rows, and what else was seen."""

    claim: str
    rows: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, ours: str = "featurecols") -> float:
        """How many times longer `name` takes than we do."""
        return self.median(name) / self.median(ours)

    def text(self, ours: str = "featurecols") -> str:
        lines = [f"{self.claim} ({self.rows:,} rows)"]
        for name, runs in sorted(self.seconds.items(), key=lambda item: statistics.median(item[1])):
            middle = statistics.median(runs)
            ratio = f"{middle / self.median(ours):7.2f} x" if ours in self.seconds else ""
            spread = f"{min(runs):.4f}-{max(runs):.4f}"
            lines.append(f"  {name:44} {middle:9.4f} s  [{spread}] {ratio}  {1e9 * middle / self.rows:10.1f} ns/row")
        return "\n".join(lines + [f"  {k}: {v}" for k, v in self.notes.items()])


def measure(claim: str, rows: int, cases: Mapping[str, Callable[[], Any]], repeats: int = 7) -> Result:
    """Run each case once to warm it, then all of them in turn, `repeats` times; garbage is collected between runs."""
    result = Result(claim, rows, {name: [] for name in cases})
    for run in cases.values():
        run()
    for _ in range(repeats):
        for name, run in cases.items():
            gc.collect()
            start = time.perf_counter()
            kept = run()
            result.seconds[name].append(time.perf_counter() - start)
            del kept
    return result


def machine() -> dict[str, Any]:
    """What the figures were measured on."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": {name: v for name in PACKAGES if (v := _version(name))},
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def save(name: str, results: list[Result]) -> Path:
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"machine": machine(), "results": [asdict(r) for r in results]}, indent=1) + "\n")
    return path
