"""Small Parquet folders and a plan over them, for the tests of this folder."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from tests.interrupts.processes import fork, wait

COLUMNS = [
    fc.Numeric("age", default=0.0, normalizer=fc.ZScore(mean=40.0, std=10.0)),
    fc.Indicator(fc.Vocabulary("city", ["Oslo", "Rome", "Lima"], num_oov_buckets=1)),
    fc.Embedding(fc.Hashed("tags", 20), 3),
    fc.Indicator(fc.Weighted(fc.Hashed("tags", 5, name="weighted_tags"), "weights")),
]


def table(rows: int, seed: int) -> pa.Table:
    """A field of every form that passes through: numbers with nulls, dictionary text, lists, and things only kept."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, 4, rows)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int32)
    tags = np.array(["red", "green", "blue", "é"])[rng.integers(0, 4, offsets[-1])]
    age = np.where(rng.random(rows) < 0.2, np.nan, rng.integers(18, 80, rows))
    return pa.table(
        {
            "id": pa.array(np.arange(rows) + seed * 1000),
            "age": pa.array(age, mask=np.isnan(age)),
            "city": pa.array(np.array(["Oslo", "Rome", "Lima", "Bern"])[rng.integers(0, 4, rows)]).dictionary_encode(),
            "tags": pa.ListArray.from_arrays(offsets, pa.array(tags, pa.string())),
            "weights": pa.ListArray.from_arrays(offsets, pa.array(rng.random(offsets[-1]), pa.float64())),
            "when": pa.array(np.arange(rows) * 1_000_000, pa.timestamp("us", "UTC")),
            "price": pa.array([None] * rows, pa.decimal128(7, 2)),
            "place": pa.array([{"x": i, "y": str(i)} for i in range(rows)], pa.struct([("x", pa.int16()), ("y", pa.string())])),
        }
    )


def folder(at: Path, files: int = 3, rows: int = 50, row_group: int = 20) -> Path:
    """A folder with `files` files, the last one in a folder of its own."""
    for i in range(files):
        name = at / ("deep/er" if i == files - 1 else "") / f"part-{i}.parquet"
        name.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table(rows, i), name, row_group_size=row_group)
    return at


def whole(at: Path) -> pa.Table:
    """All files of a folder as one table, in the order of their names."""
    return pa.concat_tables([pq.read_table(p, partitioning=None) for p in sorted(at.rglob("*.parquet"))]).unify_dictionaries()


def listing(at: Path) -> list[str]:
    return sorted(p.relative_to(at).as_posix() for p in at.rglob("*") if p.is_file())


def ended_after(blocks: int, signal: int, plan: fc.Plan, source: Path, target: Path, **options: Any) -> int | None:
    """The exit status of a child by fork that writes files and gets a signal when so many blocks of rows are done."""
    read, write = os.pipe()

    def run() -> int:
        plan.transform_files(source, target, progress=lambda done, total: os.write(write, b"."), **options)
        return 0

    child = fork(run)
    os.close(write)
    for _ in range(blocks):
        os.read(read, 1)
    os.kill(child, signal)
    os.close(read)
    return wait(child, 60)
