"""What a process says that may not have more memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CHILD = """
import resource, sys
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
import featurecols as fc
from featurecols._core import memory_limit
plan = fc.compile([fc.Numeric("x", shape=8), fc.Hashed("c", 1000)][: 1 if sys.argv[1] == "transform" else 2])
few = {"x": np.ones((2000, 8)), "c": ["a"] * 2000}
plan.encode(few, threads=1)
many = {"x": np.broadcast_to(np.float64(1), (12_000_000, 8)), "c": pa.array(np.zeros(12_000_000, np.int32))}
with open("/proc/self/statm") as f:
    used = int(f.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20), used + (300 << 20)))
assert memory_limit.available() <= 300 << 20
try:
    {
        "transform": lambda: plan.transform(many, threads=1),
        "encode": lambda: plan.encode(many, threads=1),
        "fit": lambda: fc.fit([fc.Numeric("x", shape=8, normalizer=fc.ZScore())], many),
    }[sys.argv[1]]()
except fc.SizeError as error:
    print(error)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
@pytest.mark.parametrize("call", ["transform", "encode", "fit"])
def test_d8_a_process_out_of_memory_says_what_was_too_big(call: str) -> None:
    """D8: a limit of the process (ulimit -v) is an error of the package, with the size and the way out."""
    done = subprocess.run([sys.executable, "-c", CHILD, call], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert call in done.stdout or "a batch of the data" in done.stdout
    assert "iB" in done.stdout, done.stdout
    assert "; " in done.stdout
