"""What SECURITY.md promises of loading: files of the named folder are opened to read, and nothing is imported or executed.

The audit hook sees what Python does. Weights of a model are opened by the library safetensors, by the path that it is given.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import featurecols as fc

ROOT = Path(__file__).parent.parent
DATA: dict[str, Any] = {"age": [31.0, None, 50.0, 18.5] * 20, "job": [f"job {i}" for i in range(80)], "late": [0, 1] * 40}
COLUMNS = [
    fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore()),
    fc.Indicator(fc.Vocabulary("job", fc.TopTerms(None))),
    fc.Embedding(fc.Hashed("job", 10), 2, table="tags"),
]
HUGE = b'{"x":{"dtype":"F32","shape":[250000000000000000],"data_offsets":[0,1000000000000000000]}}'
PLAN = {"plan.json", "terms-job.jsonl", "learned.safetensors", "statistics.json"}
Change = Callable[[Path, dict[str, Any]], None]


def column(**values: object) -> Change:
    """A change of the first column in plan.json."""
    return lambda folder, plan: plan["columns"]["age"].update(values)


def terms(**values: object) -> Change:
    """A change of where plan.json says the terms are."""
    return lambda folder, plan: plan["columns"]["job_indicator"]["source"]["learned"]["terms"].update(values)


def link(name: str) -> Change:
    """A link to a file outside under the name of one of the plan."""

    def change(folder: Path, plan: dict[str, Any]) -> None:
        (folder / name).unlink()
        (folder / name).symlink_to(folder.parent / "secret")

    return change


def text(name: str, data: bytes) -> Change:
    """Another content of a file."""

    def change(folder: Path, plan: dict[str, Any]) -> None:
        (folder / name).write_bytes(data)

    return change


def pipe(folder: Path, plan: dict[str, Any]) -> None:
    (folder / "learned.safetensors").unlink()
    os.mkfifo(folder / "learned.safetensors")


HOSTILE: dict[str, Change] = {
    "the name of a function": column(type="os.system.v1"),
    "the name of a class": column(type="subprocess.Popen.v1"),
    "a kind of the program": column(type="__main__.Evil.v1"),
    "a module that is there": column(type="evil.Column.v1"),
    "a class for pickle": column(**{"py/object": "os.system", "__reduce__": ["os.system", ["true"]]}),
    "an expression": column(default="__import__('os').system('true')"),
    "a huge number": column(default=10**400),
    "an infinite number": column(default=1e999),
    "a parent folder": terms(file="../secret"),
    "an absolute path": terms(file="/etc/passwd"),
    "another file": terms(file="evil.py"),
    "a huge count": terms(count=2**63),
    "statistics elsewhere": lambda folder, plan: plan["statistics"].update(file="../secret"),
    "a link as terms": link("terms-job.jsonl"),
    "a link as arrays": link("learned.safetensors"),
    "a link as statistics": link("statistics.json"),
    "a pipe": pipe,
    "arrays of an exabyte": text("learned.safetensors", len(HUGE).to_bytes(8, "little") + HUGE),
    "a header of an exabyte": text("learned.safetensors", b"\xff" * 8 + b"{}"),
    "deep statistics": text("statistics.json", b"[" * 100_000),
    "deep lists": lambda folder, plan: plan.update(columns={"age": json.loads("[" * 500 + "]" * 500)}),
    "a width of an exabyte": lambda folder, plan: plan["columns"]["job_embedding"].update(dimension=10**15),
}
MODELS = (("model.json", "type", "os.system"), ("card.json", "plan", "../secret"), ("card.json", "head", "os.system"))


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What happened while each folder was loaded, by name of the folder."""
    root = tmp_path_factory.mktemp("folders")
    plan = fc.fit(COLUMNS, DATA, statistics=True).with_tables({"tags": [[0.5, 1.0]] * 10})
    plan.save(root / "plan")
    (root / "secret").write_text("the secret of another user")
    model = fc.models.LinearClassifier(COLUMNS[:2])
    model.train(DATA, label="late", epochs=1)
    model.save(root / "model")
    names = {"good plan": "plan", "good model": "model"}
    for i, (name, change) in enumerate(HOSTILE.items()):
        folder = root / f"hostile-{i}"
        shutil.copytree(root / "plan", folder)
        (folder / "evil.py").write_text("import os; os.abort()")
        document = json.loads((folder / "plan.json").read_text())
        change(folder, document)
        (folder / "plan.json").write_text(json.dumps(document))
        names[name] = folder.name
    for file, key, value in MODELS:
        folder = root / f"hostile-{file}-{key}"
        shutil.copytree(root / "model", folder)
        about = json.loads((folder / file).read_text())
        about[key] = value
        (folder / file).write_text(json.dumps(about))
        names[f"{file} {key}"] = folder.name
    program = [sys.executable, str(ROOT / "tests" / "audited_load.py"), str(root)]
    program += [str(root / folder) for folder in names.values()]
    there = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(program, cwd=root, env=there, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return dict(zip(names, json.loads(done.stdout), strict=True))


def test_loading_reads_files_of_the_folder_and_does_nothing_else(loaded: dict[str, dict[str, Any]]) -> None:
    assert {Path(e[1]).name for e in loaded["good plan"]["events"]} == PLAN
    assert {Path(e[1]).name for e in loaded["good model"]["events"]} > {"model.json", "card.json", "plan.json"}
    for name, found in loaded.items():
        for event, *arguments in found["events"]:
            assert event == "open", f"{name}: {event} {arguments}"
            path, mode, flags = arguments[0], arguments[1], int(arguments[2])
            assert os.path.normpath(path).startswith(found["folder"] + os.sep), f"{name}: opens {path}"
            assert ".." not in Path(path).parts
            assert "w" not in mode
            assert flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) == 0


def test_hostile_folders_are_errors_that_show_nothing_of_other_files(loaded: dict[str, dict[str, Any]]) -> None:
    for name, found in loaded.items():
        if name.startswith("good "):
            assert found["error"] == ""
            continue
        assert found["error"].startswith(("SavedPlanError: ", "CheckpointError: ")), f"{name}: {found['error']}"
        assert "secret of another user" not in found["error"]
        assert len(found["error"]) < 1000
        assert found["grown"] < 1 << 17, f"{name}: {found['grown']} KiB"
