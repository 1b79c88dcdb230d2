"""A process that tries one input after the other, so that one which kills or stops it is counted and no more.

It says "ours <outcome>" when the package has answered and "done <outcome>" when the reference has: where the reference
alone dies or hangs, the answer of the package stands.
"""

from __future__ import annotations

import importlib
import json
import queue
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from random import Random
from typing import Protocol

ROOT = Path(__file__).parents[2]
TARGETS = ("parquet", "plan", "model", "csv")
MEMORY = 6 << 30  # bytes of address space; more is a fault of its own


class Target(Protocol):
    """What is damaged, and how it is read."""

    def damage(self, random: Random, path: Path) -> str:
        """Write a damaged file or folder to the path; return what was done to it."""

    def read(self, path: Path) -> object:
        """Read it with the package."""

    def judge(self, path: Path, ours: object) -> str | None:
        """Compare what the package read (an exception where it refused) with the reference: an outcome, None for its own."""


def rng(seed: int, number: int) -> Random:
    """The same numbers for the same input, whatever was tried before."""
    return Random(f"{seed}/{number}")


class Child:
    """The process, seen from outside."""

    def __init__(self, target: str, seed: int, folder: Path) -> None:
        self.target, self.seed, self.folder = target, seed, folder
        command = [sys.executable, "-m", "tests.fuzz.child", target, str(seed), str(folder)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self._lines: queue.Queue[str] = queue.Queue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._wait(120.0)  # it imports, and makes what is to be damaged

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put("")

    def _wait(self, seconds: float) -> str | None:
        """The next line; "" from a process that has died, None when none came in time."""
        try:
            return self._lines.get(timeout=seconds)
        except queue.Empty:
            return None

    def try_input(self, number: int, patience: float) -> tuple[str, str]:
        """The outcome, and what there is to say about it."""
        if self._process.stdin is None or not self.alive():
            return "crashes", "it could not be started"
        self._process.stdin.write(f"{number}\n")
        self._process.stdin.flush()
        ours: tuple[str, str] | None = None
        while True:
            line = self._wait(patience)
            if not line:
                code = self._process.poll() if line is None else self._process.wait()
                self.stop()
                return ours or (
                    ("hangs", f"no answer in {patience:.0f} s") if line is None else ("crashes", f"exit status {code}")
                )
            what, outcome, why = json.loads(line)
            if what == "done":
                return outcome, why
            ours = outcome, why

    def keep(self, number: int, path: Path, why: str) -> None:
        """Make the input again and keep it."""
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            shutil.rmtree(path)
        code = (
            f"from tests.fuzz.child import *\ntarget = make({self.target!r}, Path({str(self.folder)!r}))\n"
            f"print(target.damage(rng({self.seed}, {number}), Path({str(path)!r})))"
        )
        done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
        path.with_name(f"{path.name}.txt").write_text(f"{done.stdout}{why}\n")

    def alive(self) -> bool:
        """Whether it can be asked again."""
        return self._process.poll() is None

    def stop(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


def make(target: str, folder: Path) -> Target:
    """The target of this name; what it damages is made in the folder where it is not there yet."""
    found: Target = importlib.import_module(f"tests.fuzz.{target}").make(folder)
    return found


def main(name: str, seed: str, folder: str) -> None:
    """Answer numbers from standard input with outcomes on standard output."""
    import featurecols as fc

    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    target, path = (
        make(name, Path(folder)),
        Path(folder) / f"input{'.parquet' if name == 'parquet' else '.csv' if name == 'csv' else ''}",
    )

    def say(what: str, outcome: str, why: str) -> None:
        print(json.dumps([what, outcome, why]), flush=True)

    say("ready", "", "")
    for line in sys.stdin:
        if path.is_dir():
            shutil.rmtree(path)
        done = target.damage(rng(int(seed), int(line)), path)
        ours: object
        try:
            ours, outcome, why = target.read(path), "accepted", done
        except fc.FeatureColumnsError as error:
            ours, outcome, why = error, "errors", f"{done}: {error}"
        except BaseException as error:
            say("done", "crashes", f"{done}: {type(error).__name__}: {error}"[:500])
            continue
        say("ours", outcome, why)
        say("done", target.judge(path, ours) or outcome, why)


if __name__ == "__main__":
    main(*sys.argv[1:])
