"""Kills a run at every one of its steps in turn. Run as a program: killer.py SOURCE SCRATCH MODE [STRIDE], prints what it saw;
STRIDE 2 takes every second step.

A fresh child (by fork, before any thread exists) does one run and counts its steps: every file operation that Python
makes on the target's side, and every block of rows. At step n it gets SIGKILL. What is at the target must then be nothing
(or all of the old, or all of the new), and a second run must end with what an undisturbed run gives.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.dataset

import featurecols as fc
from featurecols.data import sources  # noqa: F401
from featurecols.jobs import transform_parquet  # noqa: F401
from tests.jobs import data

STEPS = ("open", "os.rename", "os.remove", "os.mkdir", "os.rmdir", "os.truncate", "shutil.rmtree")


PLAN = fc.compile(data.COLUMNS)
PICKY = fc.compile([fc.Numeric("age")])  # the data has nulls there
OTHER = fc.compile(data.COLUMNS[:1])
for plan in (PLAN, OTHER):  # what every child would make again
    plan.transform(data.table(3, 0), threads=1)
    plan.fingerprint  # noqa: B018


def in_child(work: Callable[[], Any], kill_at: int | None) -> tuple[int | None, Any]:
    """The signal that ended the child, and what it said about its work before it ended."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            if kill_at is not None:
                arm(kill_at)
            os.write(write, json.dumps(work()).encode())
            os._exit(0)
        except BaseException as error:
            os.write(write, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
            os._exit(1)
    os.close(write)
    said = b""
    while piece := os.read(read, 65536):
        said += piece
    os.close(read)
    _, status = os.waitpid(child, 0)
    return (os.WTERMSIG(status) if os.WIFSIGNALED(status) else None), (json.loads(said) if said else None)


left = 0


def step() -> None:
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)


def arm(kill_at: int) -> None:
    global left
    left = kill_at

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in STEPS and any("target" in str(a) for a in arguments[:2]):
            step()

    sys.addaudithook(hook)


def content(target: Path) -> str:
    """What a reader would see at the target, in short; "" when there is nothing."""
    if target.is_file():
        beside = target.with_name(f"{target.stem}.quarantine.parquet")
        listed = beside.read_bytes() if beside.exists() else b""
        return hashlib.sha256(target.read_bytes() + listed).hexdigest()
    if (target / "_quarantine.parquet").exists():
        files = data.listing(target)
        return ",".join(files) + hashlib.sha256(b"".join((target / name).read_bytes() for name in files)).hexdigest()
    if not target.is_dir() or not any(target.rglob("*.parquet")):
        return ",".join(data.listing(target)) if target.exists() else ""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, data.whole(target).schema) as stream:
        stream.write_table(data.whole(target).combine_chunks())
    return ",".join(data.listing(target)) + hashlib.sha256(sink.getvalue()).hexdigest()


on_error, grow = "fail", False  # what main sets for all children


def run(source: str, target: str, overwrite: bool, plan: fc.Plan = PLAN) -> dict[str, int]:
    done = fc.transform_parquet(
        PICKY if on_error == "quarantine" else plan,
        source,
        target,
        keep=() if target.endswith(".npy") else ["id", "city"],
        overwrite=overwrite and not grow,
        new_only=grow,
        progress=lambda done, total: step(),
        on_error=on_error,
    )
    return {"resumed": done.resumed, "rows": done.rows}


def second(source: str, target: Path, overwrite: bool, new: str) -> dict[str, Any]:
    """Look at the target, run again where a user would, look again."""
    seen = content(target)
    found = {"seen": seen, "resumed": -1}
    if overwrite or seen != new or os.listdir(target.parent) != [target.name]:  # else it is complete and tidy
        try:
            found["resumed"] = run(source, str(target), overwrite)["resumed"]
        except fc.OutputError as error:
            if seen != new or "exists already" not in str(error):
                raise
    return {**found, "after": content(target), "around": os.listdir(target.parent)}


def refused(source: str, target: Path) -> dict[str, Any]:
    """The same where the data is bad: the run ends with the error about it, as it did before."""
    seen = content(target)
    try:
        run(source, str(target), True, PICKY)
    except fc.DataError:
        return {"seen": seen, "resumed": -2, "after": content(target), "around": os.listdir(target.parent)}
    return {"seen": seen, "error": "no DataError"}


def fresh(scratch: str, number: int, name: str, old: bool) -> Path:
    """The place of a target in an empty folder, with something in it that may be replaced or with nothing."""
    target = Path(scratch) / str(number) / name
    target.parent.mkdir()
    if grow:
        shutil.copytree(Path(scratch) / "grown", target)
    elif old and name == "target":
        target.mkdir()
        (target / "old.txt").write_text("old")
    elif old:
        target.write_text("old")
    return target


def main(source: str, scratch: str, mode: str, stride: str = "1") -> None:
    global on_error, grow
    overwrite = not mode.startswith("new")
    on_error = "quarantine" if "quarantine" in mode else "fail"
    name = "target.npy" if mode.endswith("npy") else "target.parquet" if mode.endswith("file") else "target"
    if name == "target.parquet":
        source = f"{source}/part-0.parquet"
    grow = mode == "grow"
    if grow:
        in_child(lambda: run(f"{source}/part-[0].parquet", f"{scratch}/grown", False), None)
    report: dict[str, Any] = {"kills": 0, "resumed": [], "wrong": [], "gone": 0}
    target = fresh(scratch, 0, name, overwrite)
    old = content(target)  # a text file: no thread is started by looking
    new = in_child(lambda: run(source, str(target), overwrite) and content(target), None)[1]
    first = {"bad": PICKY, "other": OTHER}.get(mode, PLAN)
    if mode == "bad":
        new = old
    for number in range(1, 1000, int(stride)):
        target = fresh(scratch, number, name, overwrite)
        if mode == "other":  # what an unfinished run of PLAN leaves is in the way of the first run
            in_child(lambda target=target: run(source, str(target), True), 30)
        killed, _ = in_child(lambda target=target: run(source, str(target), overwrite, first), number)
        if killed is None:
            break
        if mode == "bad":
            found = in_child(lambda target=target: refused(source, target), None)[1]
        else:
            found = in_child(lambda target=target: second(source, target, overwrite, new), None)[1]
        report["kills"] += 1
        report["resumed"].append(found.get("resumed"))
        report["gone"] += overwrite and found.get("seen") == ""
        visible = ("", old, new) if mode != "other" else (*("", old), found.get("seen"))
        beside = ["target.quarantine.parquet"] if on_error == "quarantine" and name != "target" else []
        around = sorted(found.get("around", ()))
        if found.get("seen") not in visible or found.get("after") != new or around != sorted([name, *beside]):
            report["wrong"].append(f"step {number}: {found}")
        shutil.rmtree(target.parent)
    print(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
