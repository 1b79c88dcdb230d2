"""The commands that are interrupted, and what they read: made once, in a folder."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq

import featurecols as fc
from featurecols import models
from tests.jobs import data

JOBS = ("transform", "predict", "train")
COLUMNS = [*data.COLUMNS, fc.Indicator(fc.Vocabulary("city", fc.TopTerms(3), name="top_cities"))]
FILES, ROWS, GROUP = 4, 600, 150
TIMES = ("seconds", "steps_per_second")  # of summaries: what no two runs share


def make(folder: Path) -> None:
    """Write the files, the plan and the model that jobs read, where they are not there yet."""
    if (folder / "spec.json").exists():
        return
    raw = data.folder(folder / "raw", files=FILES, rows=ROWS, row_group=GROUP)
    labelled = folder / "labelled"
    labelled.mkdir()
    for i, path in enumerate(sorted(raw.glob("*.parquet"))):
        table = pq.read_table(path)
        label = ["yes" if (k * 7919 + i) % 3 else "no" for k in range(table.num_rows)]
        pq.write_table(table.append_column("label", [label]), labelled / path.name, row_group_size=GROUP)
    fc.fit(COLUMNS, str(raw)).save(folder / "plan")
    model = models.DNNClassifier(COLUMNS, hidden_units=[8])
    model.train(str(labelled), "label", steps=5)
    model.save(folder / "model")
    (folder / "spec.json").write_text(json.dumps(models.DNNClassifier(COLUMNS, hidden_units=[8]).spec()))


def command(job: str, folder: Path, run: Path) -> list[str]:
    """Return the arguments of the command line; all that it writes is in `run`."""
    out = str(run / "out")
    if job == "transform":
        return ["transform", str(folder / "plan"), str(folder / "raw"), "-o", out, "--keep", "id", "--quiet"]
    if job == "predict":
        return ["predict", str(folder / "model"), str(folder / "raw"), "-o", out, "--keep", "id", "--quiet"]
    rest = ["--epochs", "3", "--batch-size", "64", "--checkpoint-steps", "20", "--quiet", "--validation"]
    where = ["-o", out, "--model-dir", str(run / "steps"), "--label", "label"]
    return ["train", str(folder / "spec.json"), str(folder / "labelled"), *where, *rest, str(folder / "labelled")]


def result(run: Path) -> dict[str, str]:
    """Return a digest for each file under out, by name; {} where there is nothing."""
    return {path.relative_to(run).as_posix(): _digest(path) for path in sorted(run.glob("out/**/*")) if path.is_file()}


def everything(run: Path) -> dict[str, str]:
    """Return the same of all files of a run that is over, and of the summaries without their times."""
    found = {path.relative_to(run).as_posix(): "" for path in sorted(run.rglob("*")) if path.is_file()}
    summaries = run / "steps" / "summaries.jsonl"
    if summaries.exists():
        lines = [json.loads(line) for line in summaries.read_text().splitlines()]
        found["summaries"] = json.dumps([{k: v for k, v in line.items() if k not in TIMES} for line in lines])
    return found | result(run)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
