"""A run that is killed leaves nothing that looks complete, and the next one ends as if nothing had happened."""

import json
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import featurecols as fc
from tests.jobs.data import COLUMNS, ended_after, folder, listing, whole

ROOT = Path(__file__).parent.parent.parent


@pytest.mark.slow
def test_killed_at_every_second_step(tmp_path: Path) -> None:
    """tests/integrations/test_kill_modes.py has the other modes; `python -m tests.jobs.killer` takes every step."""
    check_every_second_step(tmp_path, "new", -1)


def check_every_second_step(tmp_path: Path, mode: str, most: int) -> None:
    seen = killed(tmp_path, mode, 2)
    assert seen["wrong"] == []
    assert seen["kills"] >= 12
    assert seen["gone"] <= (mode in ("overwrite", "grow"))  # between the two renames that replace a folder, and nowhere else
    resumed = seen["resumed"]
    assert resumed[0] == 0
    assert max(resumed) == max(most, 1 if mode in ("overwrite-file", "grow") else 2)
    assert 1 in resumed


def killed(tmp_path: Path, mode: str, stride: int) -> dict[str, Any]:
    source = folder(tmp_path / "raw", files=2, rows=20, row_group=10)
    (tmp_path / "runs").mkdir()
    command = [sys.executable, "-m", "tests.jobs.killer", str(source), str(tmp_path / "runs"), mode, str(stride)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_killed_at_random_moments_from_outside(tmp_path: Path) -> None:
    source = folder(tmp_path / "raw", files=4, rows=3000, row_group=500)
    plan, options = fc.compile(COLUMNS), {"keep": ["id", "tags"], "row_group_rows": 50}
    fc.transform_parquet(plan, source, tmp_path / "whole", **options)
    moments = random.Random(7)
    for _ in range(4):
        ended = ended_after(moments.randrange(1, 100), signal.SIGKILL, plan, source, tmp_path / "out", **options)
        assert ended == -signal.SIGKILL
        assert not (tmp_path / "out").exists()
    done = fc.transform_parquet(plan, source, tmp_path / "out", **options)
    assert done.rows == 12_000
    assert listing(tmp_path / "out") == listing(tmp_path / "whole")
    assert whole(tmp_path / "out").equals(whole(tmp_path / "whole"))
