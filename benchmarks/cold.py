"""Claim: importing costs next to nothing, and a fresh process is at work within a second when its cache is warm; without a
cache, the plan of the whole census compiles in seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.harness import Result

ROOT = Path(__file__).parent.parent

_FIRST = """
import time; start = time.perf_counter()
import featurecols as fc
plan = fc.compile([fc.Numeric("a"), fc.Indicator(fc.Bucketized("a", [1, 2])), fc.Indicator(fc.Vocabulary("b", ["x", "y"])),
                   fc.Embedding(fc.Hashed("b", 100)), fc.Indicator(fc.Crossed(["a", "b"], 10))])
plan.transform({"a": list(range(5000)), "b": ["x", "z"] * 2500})
print(time.perf_counter() - start)
"""
_SMALL = _FIRST.replace("5000", "500").replace("2500", "250") + "import sys; assert 'numba' not in sys.modules\n"
_CENSUS = """
import time; start = time.perf_counter()
import featurecols as fc
from benchmarks import adult, data
table = data.adult(32_561); start = time.perf_counter()
fc.fit(adult.columns(), table).transform(table)
print(time.perf_counter() - start)
"""
_IMPORT = "import time; start = time.perf_counter(); import {}; print(time.perf_counter() - start)"


def _seconds(code: str, **more: str) -> float:
    env = {**os.environ, **more}
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    return float(run.stdout.split()[0])


def _compiling(code: str) -> float:
    """The same where nothing was compiled before."""
    with tempfile.TemporaryDirectory() as folder:
        return _seconds(code, NUMBA_CACHE_DIR=folder)


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
    result.seconds["census plan learned and run, nothing compiled before"] = [
        _compiling(_CENSUS) for _ in range(min(3, repeats))
    ]
    return [result]
