"""Data for the benchmarks: the census set repeated, and a generator in the shape of the Criteo logs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

CATEGORIES = ["workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country"]
NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
# Distinct values of the 26 categorical fields, as skewed as click logs are.
CARDINALITIES = [1460, 583, 200_000, 150_000, 305, 24, 12_517, 633, 3, 93_145, 5_683, 180_000, 3_194]
CARDINALITIES += [27, 14_992, 170_000, 10, 5_652, 2_173, 4, 190_000, 18, 15, 120_000, 105, 90_000]


def folder() -> Path:
    return Path(os.environ.get("FEATURECOLS_DATA", "../shared/data"))


def adult(rows: int = 1_000_000) -> pa.Table:
    """The census training file repeated to `rows`, its strings as one dictionary a column, in one chunk."""
    table = pq.read_table(folder() / "adult" / "adult_data.parquet", columns=NUMBERS + CATEGORIES)
    for key in CATEGORIES:
        table = table.set_column(table.schema.get_field_index(key), key, table[key].dictionary_encode())
    whole = pa.concat_tables([table] * (rows // len(table) + 1)).slice(0, rows)
    return whole.unify_dictionaries().combine_chunks()


def criteo_table(rows: int, seed: int = 7) -> pa.Table:
    """13 int64 fields I1..I13 with nulls (skewed counts) and 26 fields C1..C26 of 8 hexadecimal digits."""
    rng = np.random.default_rng(seed)
    columns: dict[str, pa.Array] = {}
    for i in range(13):
        values = np.floor(rng.lognormal(2 + i / 4, 1.5, rows)).astype(np.int64)
        columns[f"I{i + 1}"] = pa.array(values, mask=rng.random(rows) < 0.02 * i)
    for i, cardinality in enumerate(CARDINALITIES):
        ranks = np.minimum(rng.zipf(1.2, rows) - 1, rng.integers(0, cardinality, rows))
        codes = (ranks % cardinality).astype(np.int32)
        words = (np.arange(cardinality, dtype=np.uint64) * 2654435761 + i * 97) & 0xFFFFFFFF
        dictionary = pa.array([f"{w:08x}" for w in words.tolist()])
        array = pa.DictionaryArray.from_arrays(pa.array(codes, mask=rng.random(rows) < 0.01 * (i % 4)), dictionary)
        columns[f"C{i + 1}"] = array.cast(pa.string())
    return pa.table(columns)


def adult_path(rows: int = 1_000_000) -> Path:
    """A Parquet file of `adult`, made once."""
    return _kept(f"featurecols-adult-{rows}", lambda: adult(rows))


def criteo_path(rows: int = 1_000_000) -> Path:
    """A Parquet file of criteo_table, made once: row groups of 131,072, zstd, dictionaries where Parquet chooses them."""
    return _kept(f"featurecols-criteo-{rows}", lambda: criteo_table(rows))


def _kept(name: str, make: Callable[[], pa.Table]) -> Path:
    path = Path(os.environ.get("FEATURECOLS_SCRATCH", "/tmp")) / f"{name}.parquet"
    if not path.exists():
        partial = path.with_suffix(".partial")
        pq.write_table(make(), partial, row_group_size=131_072, compression="zstd")
        partial.rename(path)
    return path
