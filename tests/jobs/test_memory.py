"""Memory is bounded by a few pieces, however long the file."""

import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).parent.parent.parent

RUN = """
import resource, sys
import featurecols as fc
plan = fc.compile([fc.Indicator(fc.Hashed("x", 1000))])
fc.transform_parquet(plan, sys.argv[1], sys.argv[2], threads=1)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss  # kilobytes, on a Mac bytes
print(peak // 1024 if sys.platform == "darwin" else peak)
"""


def peak(source: Path, target: Path) -> float:
    """Megabytes that a fresh process takes at most to transform a file."""
    command = [sys.executable, "-c", RUN, str(source), str(target)]
    return int(subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout) / 1024


@pytest.mark.slow
def test_four_times_the_rows_take_no_more_memory(tmp_path: Path) -> None:
    rows, groups = 5_000, 6  # a row group is 20 MB of output
    for times in (1, 4):
        table = pa.table({"x": pa.array(range(rows * groups * times))})
        pq.write_table(table, tmp_path / f"{times}.parquet", row_group_size=rows)
    small, large = (peak(tmp_path / f"{times}.parquet", tmp_path / f"out{times}.parquet") for times in (1, 4))
    assert large - small < 100  # of the 360 MB that are written more
