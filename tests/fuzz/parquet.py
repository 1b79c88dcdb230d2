"""Parquet files with damaged pages and footers: pyarrow's value, or pyarrow's refusal."""

from __future__ import annotations

from pathlib import Path
from random import Random

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from tests.fuzz.damage import damage_bytes

ROWS = 1500  # enough for the package's own decoder
FORMS: list[dict[str, object]] = [
    {"compression": compression, "use_dictionary": dictionary, "data_page_version": version, "data_page_size": 4096}
    for compression in ("none", "snappy", "zstd", "gzip", "lz4", "brotli")
    for dictionary in (True, False)
    for version in ("1.0", "2.0")
]
NUMBERS = ("i4", "i8", "f4", "f8", "full", "flag")
TEXTS = ("text", "word", "many", "tags", "i8")


def table() -> pa.Table:
    """A field of every form that the decoder reads, and some that it leaves to pyarrow."""
    r = np.random.default_rng(3)
    null = r.random(ROWS) < 0.1
    words = [f"w{i}" for i in r.integers(0, 40, ROWS)]
    return pa.table(
        {
            "i4": pa.array(r.integers(-50, 50, ROWS), pa.int32(), mask=null),
            "i8": pa.array(r.integers(-(2**40), 2**40, ROWS), pa.int64()),
            "f4": pa.array(r.normal(size=ROWS), pa.float32()),
            "f8": pa.array(r.integers(0, 9, ROWS) / 4, pa.float64(), mask=null),
            "full": pa.array(r.normal(size=ROWS), pa.float64()),
            "flag": pa.array(r.random(ROWS) < 0.5, mask=null),
            "text": pa.array(words, mask=null),
            "word": pa.array(words),
            "many": pa.array([f"{i:x}" for i in r.integers(0, 2**60, ROWS)]),
            "tags": pa.array([words[i : i + i % 4] for i in range(ROWS)]),
        }
    )


def make(folder: Path) -> ParquetTarget:
    """Write one file of each form."""
    files = []
    for i, form in enumerate(FORMS):
        path = folder / f"base-{i}.parquet"
        if not path.exists():
            pq.write_table(table(), path, row_group_size=1100 if i % 3 else ROWS, **form)
        files.append(path.read_bytes())
    return ParquetTarget(files)


class ParquetTarget:
    """One damaged file, of which a few fields are read."""

    def __init__(self, files: list[bytes]) -> None:
        self.files = files
        columns = [fc.Numeric(key, default=0.5, name=f"n_{key}") for key in NUMBERS]
        self.columns = [*columns, *(fc.Hashed(key, 2**31 - 1, name=f"c_{key}") for key in TEXTS)]
        self.plan = fc.compile(self.columns)

    def damage(self, random: Random, path: Path) -> str:
        which = random.randrange(len(self.files))
        data = self.files[which]
        footer = len(data) - 8 - int.from_bytes(data[-8:-4], "little")
        start, stop = random.choice(((4, footer), (4, footer), (4, footer), (footer, len(data)), (0, len(data))))
        damaged, done = damage_bytes(random, data, start, stop)
        path.write_bytes(damaged)
        chosen = random.sample(self.columns, random.choice((1, 2, 5, len(self.columns))))
        self.plan = fc.compile(sorted(chosen, key=lambda column: column.name))
        return f"form {which} ({footer} bytes of pages), {done}, read {[column.name for column in chosen]}"

    def read(self, path: Path) -> object:
        return self.plan.encode(path, threads=1)

    def judge(self, path: Path, ours: object) -> str | None:
        keys = list(self.plan.input_schema)
        try:
            found = self.plan.encode(pq.read_table(path, columns=keys, partitioning=None), threads=1)
        except Exception:
            return None if isinstance(ours, Exception) else "wrong"
        if isinstance(ours, Exception):
            return "refused"
        return None if same(ours, found) else "wrong"


def same(a: object, b: object) -> bool:
    """Whether two Features hold the same bits."""
    assert isinstance(a, fc.Features)
    assert isinstance(b, fc.Features)
    if a.dense.tobytes() != b.dense.tobytes() or a.ids.keys() != b.ids.keys():
        return False
    pairs = [(a.ids[name].elements(), b.ids[name].elements()) for name in a.ids]
    return all(np.array_equal(x[0].values, y[0].values) and np.array_equal(x[1], y[1]) for x, y in pairs)
