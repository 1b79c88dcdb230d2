"""Jobs interrupted at random moments: python -m tests.interrupts transform|predict|train|forks --times N --seed S.

Each job is a command of the command line, in a child that is forked when everything is loaded, or with --fresh in a process of
its own from the beginning. SIGINT (once, or twice in a row), SIGTERM or SIGKILL comes at
a random moment of its time. After that its output must be complete or absent, and the same command, run again, must end with
the bytes, and the files beside them, of a run that nothing interrupted. `forks` forks children beside threads that read.

    complete     the output was there
    interrupted  it was not; the run that followed ended as one run ends
    crashes      the child ended otherwise than by the signal or status 130, or the second run failed
    hangs        it did not end in time
    wrong        something incomplete was at the target, or the second run ended with other bytes or files

Exit status 1 where there is one of the last three.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from featurecols.cli.main import main as command_line
from tests.interrupts import forks, jobs
from tests.interrupts.processes import INTERRUPTED, fork, wait

ROOT = Path(__file__).parents[2]
FAULTS = ("crashes", "hangs", "wrong")
ERROR = re.compile(r"^[\w.]*(Error|Exception)(:|$)", re.MULTILINE)  # of a traceback
SIGNALS = (
    ("SIGINT", (signal.SIGINT,), (INTERRUPTED, -signal.SIGINT)),
    ("SIGINT twice", (signal.SIGINT, signal.SIGINT), (INTERRUPTED, -signal.SIGINT)),
    ("SIGTERM", (signal.SIGTERM,), (-signal.SIGTERM,)),
    ("SIGKILL", (signal.SIGKILL,), (-signal.SIGKILL,)),
)


class Runs:
    """Runs of one job, in children of this process."""

    def __init__(self, job: str, folder: Path, patience: float, *, fresh: bool) -> None:
        self.job, self.folder, self.patience, self.fresh = job, folder, patience, fresh
        jobs.make(folder)
        command_line(jobs.command(job, folder, self.empty("first")))  # compiles what it needs, once for all children
        run, start = self.empty("undisturbed"), time.monotonic()
        if status := wait(self.start(run), patience):
            raise SystemExit(f"{job} ends with {status} where nothing interrupts it: {self.errors()}")
        self.seconds = time.monotonic() - start
        self.result, self.everything = jobs.result(run), jobs.everything(run)

    def empty(self, name: str) -> Path:
        """Return an empty folder."""
        path = self.folder / "runs" / self.job / name
        shutil.rmtree(path, ignore_errors=True)
        path.mkdir(parents=True)
        return path

    def start(self, run: Path) -> int:
        """Return the process of a child that begins the job."""
        arguments, said = jobs.command(self.job, self.folder, run), self.folder / "stderr"
        said.write_bytes(b"")
        if self.fresh:
            opens = [(os.POSIX_SPAWN_OPEN, i, str(path), os.O_WRONLY, 0) for i, path in ((1, Path(os.devnull)), (2, said))]
            command = [sys.executable, "-m", "featurecols", *arguments]
            return os.posix_spawn(sys.executable, command, {**os.environ, "PYTHONPATH": str(ROOT)}, file_actions=opens)

        def run_command() -> int:
            os.dup2(os.open(said, os.O_WRONLY), 2)
            os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
            sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115  (under pytest it is another file; it stays open)
            return command_line(arguments)

        return fork(run_command)

    def errors(self) -> str:
        """Return what the last child said."""
        return (self.folder / "stderr").read_text()[-2000:]

    def is_before_main(self, status: int) -> bool:
        """Return whether Python itself was interrupted while it started."""
        return self.fresh and status == 1 and self.errors().endswith("KeyboardInterrupt\n")

    def interrupt(self, number: int, moment: float, signals: tuple[signal.Signals, ...], statuses: tuple[int, ...]) -> str:
        """Run once with an interruption and once without; return the outcome, with what there is to say after a colon."""
        run = self.empty(f"run-{number}")
        child = self.start(run)
        time.sleep(moment)
        for one in signals:
            os.kill(child, one)  # of one that has ended: it is there until it is waited for
            time.sleep(0.001)
        status = wait(child, self.patience)
        if status is None:
            return f"hangs: after the signal: {self.errors()}"
        if (status not in (0, *statuses) and not self.is_before_main(status)) or ERROR.search(self.errors()):
            return f"crashes: exit status {status}: {self.errors()}"
        found = jobs.result(run)
        if found not in ({}, self.result):
            return f"wrong: at the target is {sorted(found)}"
        if status == 0 and not found:
            return "wrong: it ended well, and nothing is there"
        again = wait(self.start(run), self.patience)
        if again is None:
            return f"hangs: the second run: {self.errors()}"
        if again and not (found and "exists already" in self.errors()):
            return f"crashes: the second run ends with {again}: {self.errors()}"
        if differs := sorted(dict(set(jobs.everything(run).items()) ^ set(self.everything.items()))):
            return f"wrong: after the second run these differ: {differs}"
        shutil.rmtree(run)
        return "complete" if found else "interrupted"


def interrupts(
    job: str, times: int, seed: int, folder: Path, patience: float = 120.0, *, fresh: bool = False
) -> Counter[tuple[str, str]]:
    """Interrupt a job so many times; return how many had which outcome, by signal."""
    runs, found, moments = Runs(job, folder, patience, fresh=fresh), Counter[tuple[str, str]](), random.Random(f"{job}/{seed}")
    for number in range(times):
        name, signals, statuses = SIGNALS[moments.randrange(len(SIGNALS))]
        moment = moments.random() * 1.05 * runs.seconds
        outcome, _, why = runs.interrupt(number, moment, signals, statuses).partition(":")
        found[name, outcome] += 1
        if outcome in FAULTS:
            print(f"{job} {number}: {name} after {moment:.3f} s: {outcome}:{why}", flush=True)
    return found


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", choices=(*jobs.JOBS, "forks"))
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patience", type=float, default=120.0, metavar="SECONDS", help="after which a child hangs")
    parser.add_argument("--fresh", action="store_true", help="processes of their own instead of forked children")
    arguments = parser.parse_args()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets its background jobs ignore it
    given = arguments.times, arguments.seed
    with tempfile.TemporaryDirectory() as folder:
        if arguments.job == "forks":
            outcomes = forks.run(*given, Path(folder), arguments.patience)
        else:
            found = interrupts(arguments.job, *given, Path(folder), arguments.patience, fresh=arguments.fresh)
            outcomes = Counter[str]()
            for (_, outcome), n in found.items():
                outcomes[outcome] += n
            for (name, outcome), n in sorted(found.items()):
                print(f"  {name}: {n:,} {outcome}")
        print(
            f"{arguments.job}: {sum(outcomes.values()):,} times, "
            + ", ".join(f"{n:,} {o}" for o, n in sorted(outcomes.items()))
        )
    return int(any(outcomes[name] for name in FAULTS))


if __name__ == "__main__":
    sys.exit(main())
