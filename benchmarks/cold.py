"""Claim: importing costs next to nothing, and a fresh process is at work within a second when its cache is warm."""

from __future__ import annotations

import subprocess
import sys

from benchmarks.harness import Result

_FIRST = """
import time; start = time.perf_counter()
import featurecols as fc
plan = fc.compile([fc.Numeric("a"), fc.Indicator(fc.Bucketized("a", [1, 2])), fc.Indicator(fc.Vocabulary("b", ["x", "y"])),
                   fc.Embedding(fc.Hashed("b", 100)), fc.Indicator(fc.Crossed(["a", "b"], 10))])
plan.transform({"a": list(range(5000)), "b": ["x", "z"] * 2500})
print(time.perf_counter() - start)
"""
_SMALL = _FIRST.replace("5000", "500").replace("2500", "250") + "import sys; assert 'numba' not in sys.modules\n"
_IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def _seconds(code: str) -> float:
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return float(run.stdout.split()[0])


def run(repeats: int = 7) -> list[Result]:
    codes = {
        "featurecols": _IMPORT.format("featurecols"),
        "numpy and pyarrow": _IMPORT.format("numpy, pyarrow"),
        "first transform of 5,000 rows, import included": _FIRST,
        "first transform of 500 rows, import included": _SMALL,
    }
    result = Result("Cold start of a process", 1, {name: [] for name in codes})
    _seconds(_FIRST)
    for _ in range(repeats):
        for name, code in codes.items():
            result.seconds[name].append(_seconds(code))
    return [result]
