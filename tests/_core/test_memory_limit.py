"""What a process says that may not have more memory."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import featurecols as fc
from featurecols._core import memory_limit

ROOT = Path(__file__).parents[2]
CHILD = """
import json, resource
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
import featurecols as fc
from featurecols._core import memory_limit
dense, both = fc.compile([fc.Numeric("x", shape=8)]), fc.compile([fc.Numeric("x", shape=8), fc.Hashed("c", 1000)])
few = {"x": np.ones((2000, 8)), "c": ["a"] * 2000}
dense.transform(few, threads=1)
both.encode(few, threads=1)
many = {"x": np.broadcast_to(np.float64(1), (12_000_000, 8)), "c": pa.array(np.zeros(12_000_000, np.int32))}
with open("/proc/self/statm") as f:
    used = int(f.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (300 << 20), used + (300 << 20)))
assert memory_limit.available() <= 300 << 20
calls = {
    "transform": lambda: dense.transform(many, threads=1),
    "encode": lambda: both.encode(many, threads=1),
    "fit": lambda: fc.fit([fc.Numeric("x", shape=8, normalizer=fc.ZScore())], many),
}
for name, call in calls.items():
    try:
        call()
    except fc.SizeError as error:
        print(json.dumps([name, str(error)]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="limits of Linux")
def test_d8_a_process_out_of_memory_says_what_was_too_big() -> None:
    """D8: a limit of the process (ulimit -v) is an error of the package, with the size and the way out."""
    done = subprocess.run([sys.executable, "-c", CHILD], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    said = dict(map(json.loads, done.stdout.splitlines()))
    assert list(said) == ["transform", "encode", "fit"]
    for call, message in said.items():
        assert message.startswith((f"{call}: ", "a batch of the data"))
        assert "iB" in message
        assert "; " in message


def test_a_limit_that_is_set_refuses_before_anything_is_allocated(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(memory_limit.MEMORY, "300")
    memory_limit.check("transform", 300 << 20)
    with pytest.raises(fc.SizeError, match=r"needs 0\.4 GiB and 0\.3 GiB are free; use smaller"):
        memory_limit.check("transform", 400 << 20, "use smaller batches")
    for text in ("x", "12", "nan", "-1"):
        monkeypatch.setenv(memory_limit.MEMORY, text)
        with pytest.raises(fc.ColumnError, match="FEATURECOLS_MEMORY: must be a number of MiB, 256 or more"):
            memory_limit.check("transform", 400 << 20)
