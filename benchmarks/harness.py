"""How a claim is measured: interleaved runs, medians and spread, the machine and the versions, JSON out."""

from __future__ import annotations

import ctypes
import gc
import importlib.metadata
import json
import math
import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

RESULTS = Path(__file__).parent / "results"
PACKAGES = {
    name: name
    for name in (
        "numpy",
        "pandas",
        "pyarrow",
        "numba",
        "polars",
        "mmh3",
        "torch",
        "lightgbm",
        "catboost",
        "pytabkit",
        "tabm",
        "vowpalwabbit",
        "keras",
    )
} | {"scikit-learn": "sklearn"}


quick = False  # whether few runs are enough
_LEAST_ROUNDS = 3  # whatever they take


@dataclass
class Result:
    """One claim: seconds by contestant (every run), per `rows` rows, and what else was seen.

    processor: seconds of processor time of the same runs, by contestant.
    scores: for models, the scores of every seed by contestant. versions: of what ran in other processes.
    """

    claim: str
    rows: int
    seconds: dict[str, list[float]] = field(default_factory=dict)
    notes: dict[str, Any] = field(default_factory=dict)
    scores: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    processor: dict[str, list[float]] = field(default_factory=dict)

    def median(self, name: str) -> float:
        return statistics.median(self.seconds[name])

    def ratio(self, name: str, ours: str = "featurecols") -> float:
        """How many times longer `name` takes than we do."""
        return self.median(name) / self.median(ours)

    def processor_ratio(self, name: str, ours: str = "featurecols") -> float:
        """How many times more processor time `name` takes than we do."""
        return statistics.median(self.processor[name]) / statistics.median(self.processor[ours])

    def text(self, ours: str = "featurecols") -> str:
        lines = [f"{self.claim} ({self.rows:,} rows)"]
        for name, runs in sorted(self.seconds.items(), key=lambda item: statistics.median(item[1])):
            middle = statistics.median(runs)
            ratio = f"{middle / self.median(ours):7.2f} x" if ours in self.seconds else ""
            spread = f"{min(runs):.4f}-{max(runs):.4f}"
            busy = f"  {statistics.median(self.processor[name]):9.4f} s busy" if self.processor.get(name) else ""
            lines.append(f"  {name:44} {middle:9.4f} s  [{spread}] {ratio}  {1e9 * middle / self.rows:10.1f} ns/row{busy}")
        for name, scores in self.scores.items():
            said = [f"{s} {statistics.mean(v):.4f} [{min(v):.4f}-{max(v):.4f}]" for s, v in scores.items()]
            lines.append(f"  {name:44} {', '.join(said)}")
        return "\n".join(lines + [f"  {k}: {v}" for k, v in self.notes.items()])


def measure(
    claim: str,
    rows: int,
    cases: Mapping[str, Callable[[], Any]],
    repeats: int = 7,
    before: Mapping[str, Callable[[], Any]] | None = None,
    budget: float = math.inf,
) -> Result:
    """Run each case once to warm it, then all of them in turn, `repeats` times; garbage is collected between runs.

    before: what is done before each run of a case and not measured. One that takes and frees as much memory as the case does
    makes it find memory that was in use just before: a virtual machine gives memory that was free for a second back to its
    host, and to get it again takes up to ten times as long as to fill it.
    budget: seconds after which no further round begins, if there were three: every case has as many runs as the others.
    """
    repeats = min(repeats, 3) if quick else repeats
    result = Result(claim, rows, {name: [] for name in cases}, processor={name: [] for name in cases})
    end = time.perf_counter() + budget
    for run in cases.values():
        run()
    for done in range(repeats):
        if done >= _LEAST_ROUNDS and time.perf_counter() > end:
            break
        for name, run in cases.items():
            gc.collect()
            if before is not None and name in before:
                before[name]()
            start, busy = time.perf_counter(), time.process_time()
            kept = run()
            result.seconds[name].append(time.perf_counter() - start)
            result.processor[name].append(time.process_time() - busy)
            del kept
    return result


def in_units(seconds: float) -> str:
    """Return three digits and the unit that fits: `12.3 ms`."""
    for unit, scale in (("s", 1.0), ("ms", 1e3)):
        if seconds * scale >= 1:
            return f"{seconds * scale:.3g} {unit}"
    return f"{seconds * 1e6:.3g} us"


def machine() -> dict[str, Any]:
    """What the figures were measured on, with the packages that were imported so far."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "python": platform.python_version(),
        "system": platform.system(),
        "versions": {name: _version(name) for name, module in PACKAGES.items() if module in sys.modules},
    }


def seen_on() -> str:
    """Return a remark on the machine, for figures that are kept beside those of another one."""
    found = machine()
    cores = f"{found['cores']} core{'' if found['cores'] == 1 else 's'}"
    return f"Measured on {cores} ({found['processor']}) that other programs kept busy."


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor()


def _version(name: str) -> str:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def save(name: str, results: list[Result], *, keep: bool = False) -> Path:
    """Write results as JSON; with `keep` those of other claims that are there stay, in their places."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    document = {"machine": machine(), "results": [asdict(r) for r in results]}
    for found in document["results"]:
        document["machine"]["versions"] |= found.pop("versions")
    if keep and path.exists():
        document = _joined(json.loads(path.read_text()), document)
    path.write_text(json.dumps(document, indent=1) + "\n")
    return path


def _joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Results of both, those of one claim from the newer; the newer machine, and the versions of both."""
    found = {result["claim"]: result for result in (*old["results"], *new["results"])}
    machine = {**new["machine"], "versions": old["machine"]["versions"] | new["machine"]["versions"]}
    return {"machine": machine, "results": list(found.values())}


class PeakMemory:
    """MiB that this process needs above what it held, while a block runs; None where the system does not say.

    Free memory is given back before, and the high-water mark of Linux is set to what is left.
    """

    mib: float | None = None

    def __enter__(self) -> PeakMemory:
        gc.collect()
        try:
            ctypes.CDLL("libc.so.6").malloc_trim(0)
            pa.default_memory_pool().release_unused()
            Path("/proc/self/clear_refs").write_text("5")
            self._before: float | None = _status("VmRSS")
        except (OSError, AttributeError):
            self._before = None
        return self

    def __exit__(self, *_: object) -> None:
        if self._before is not None:
            self.mib = _status("VmHWM") - self._before


def _status(name: str) -> float:
    """A line of /proc/self/status in MiB."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{name}:"))
