"""Worker processes: order, errors, warnings, prints, and workers that die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

import featurecols as fc
from featurecols._core import processes

ROOT = Path(__file__).parent.parent.parent


@dataclass(frozen=True)
class Task:
    """What a worker does, once it is sent there."""

    number: int
    folder: str = ""
    what: str = ""

    def __call__(self, ten: int) -> int:
        if self.what == "raise":
            raise fc.DataError("x", "is wrong", row=self.number, hint="mend it")
        if self.what == "warn":
            warnings.warn(f"number {self.number}", UserWarning, stacklevel=1)
        if self.what == "print":
            print("not a result")
            os.write(1, b"neither")
        if self.what == "die once" and not os.path.exists(f"{self.folder}/{self.number}"):
            Path(self.folder, str(self.number)).touch()
            os._exit(9)
        if self.what == "die":
            os._exit(7)
        if self.what == "sleep":
            time.sleep(60)
        return self.number * ten


def run(tasks: list[Task], number: int) -> list[int]:
    with processes.Workers(number) as workers:
        return list(workers.run(tasks, 10))


def test_results_come_in_order_whatever_dies_prints_or_warns(tmp_path: Path) -> None:
    tasks = [Task(0, what="print"), Task(1, str(tmp_path), "die once"), Task(2, what="warn"), Task(3)]
    with pytest.warns(UserWarning, match="number 2"):
        assert run(tasks, 2) == [0, 10, 20, 30]
    assert [path.name for path in tmp_path.iterdir()] == ["1"]


def test_the_first_error_in_order_is_raised_and_nothing_waits_for_the_rest() -> None:
    start = time.monotonic()
    with pytest.raises(fc.DataError, match="x: is wrong at row 1; mend it"):
        run([Task(0), Task(1, what="raise"), Task(2, what="sleep")], 2)
    assert time.monotonic() - start < 50


def test_a_task_whose_workers_always_die_is_an_error() -> None:
    with pytest.raises(fc.PlanError, match=r"processes: a worker died 3 times over one task, got 'exit status 7'; give fewer"):
        run([Task(0, what="die")], 1)


def test_a_script_without_a_guard_may_use_processes(tmp_path: Path) -> None:
    """Workers do not run the program again that started them."""
    script = tmp_path / "script.py"
    script.write_text(
        "from functools import partial\n"
        "from featurecols._core.processes import Workers\n"
        "with Workers(2) as workers:\n"
        "    print(list(workers.run([partial(pow, n) for n in range(1, 4)], 2)))\n"
    )
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert (done.stdout, done.returncode) == ("[1, 4, 9]\n", 0), done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_workers_end_with_the_program_that_started_them(number: int) -> None:
    code = (
        "import time\nfrom featurecols._core.processes import Workers\n"
        "with Workers(2) as workers:\n    list(workers.run([time.sleep] * 2, 60))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, "-c", code],
        env=environment,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    process = psutil.Process(parent.pid)
    while len(workers := process.children()) < 2:
        time.sleep(0.02)
    (os.kill if number == signal.SIGKILL else os.killpg)(parent.pid, number)
    assert parent.wait(50) == -number
    assert psutil.wait_procs(workers, timeout=50)[1] == []
