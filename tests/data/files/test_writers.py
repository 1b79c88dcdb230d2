"""Files of other writers: what is learned and encoded from a path is, bit for bit, what comes of the same table in memory."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.errors import DataError

NUMBERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64")


def table(draw: random.Random, rows: int) -> pa.Table:
    """Numbers of every kind, texts with odd bytes, nulls in between, none or nothing but."""
    rng, distinct = np.random.default_rng(draw.randrange(2**32)), draw.choice([1, 2, 30, 3000])

    def nulls() -> Any:
        return rng.random(rows) < draw.choice([0, 0, 0.01, 0.5, 1.0])

    floats = [0.0, -0.0, 1.5, -2.25, 1e30, 3e-40]
    values = {k: rng.choice(floats, rows) if "float" in k else rng.integers(0, min(distinct, 100), rows) for k in NUMBERS}
    columns = {key: pa.array(found.astype(key), mask=nulls()) for key, found in values.items()}
    words = ["", *(draw.choice(["", "a\0b", "ü", "日本", "x" * draw.randrange(1, 40)]) + str(i) for i in range(1, distinct))]
    columns["text"] = pa.array([words[i] for i in rng.integers(0, distinct, rows)], mask=nulls())
    columns["flag"] = pa.array(rng.random(rows) < 0.5)
    return pa.table(columns)


def by_pyarrow(found: pa.Table, path: Path, draw: random.Random) -> None:
    pq.write_table(
        found,
        path,
        compression=draw.choice(["none", "snappy", "zstd", "gzip", "brotli", "lz4"]),
        data_page_version=draw.choice(["1.0", "2.0"]),
        use_dictionary=draw.choice([True, True, False, ["text"]]),
        data_page_size=draw.choice([500, 20_000, 10**6]),
        row_group_size=draw.choice([1000, len(found)]),
        dictionary_pagesize_limit=draw.choice([200, 10**6]),
        store_schema=draw.random() < 0.5,
        version=draw.choice(["1.0", "2.4", "2.6"]),
    )


def by_polars(found: pa.Table, path: Path, draw: random.Random) -> None:
    frame = pl.from_arrow(found)
    assert isinstance(frame, pl.DataFrame)
    size, codec = draw.choice([1000, len(found)]), draw.choice(["uncompressed", "snappy", "zstd", "gzip", "lz4"])
    frame.write_parquet(path, compression=codec, row_group_size=size, data_page_size=draw.choice([500, 10**6]))


def by_duckdb(found: pa.Table, path: Path, draw: random.Random) -> None:
    codec, version = draw.choice(["uncompressed", "snappy", "zstd", "gzip"]), draw.choice(["V1", "V2"])
    with duckdb.connect() as connection:
        connection.register("found", found)
        connection.execute(f"copy found to '{path}' (format parquet, compression {codec}, parquet_version {version})")


def made(source: Any, threads: int) -> Any:
    """Bits of all that is encoded and learned, or what the data is refused with."""
    whole = [key for key in NUMBERS if "float" not in key]
    columns = [
        *(fc.Numeric(key, default=0) for key in NUMBERS[:5]),
        *(fc.Numeric(key, default=2.5, normalizer=[fc.Clip(0, 9), fc.Log1p()], dtype="float32") for key in NUMBERS[5:]),
        *(fc.Hashed(key, 97, name=f"{key} hashed") for key in whole),
        fc.Hashed("text", 1009, hash="farmhash64"),
        fc.Crossed(["text", "int16", "flag"], 501),
    ]
    learning = [
        *(fc.Numeric(key, default=fc.Median(), normalizer=fc.ZScore()) for key in NUMBERS),
        fc.Bucketized("int64", fc.Quantiles(7)),
        fc.Vocabulary("text", fc.TopTerms(50, min_count=2), num_oov_buckets=2),
    ]
    features = fc.compile(columns).encode(source, threads=threads)
    try:
        learned = fc.fit(learning, source, threads=threads).fingerprint
    except DataError as error:
        learned = str(error)
    return features.dense.tobytes(), {name: ids.values.tobytes() for name, ids in features.ids.items()}, learned


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("write", [by_pyarrow, by_polars, by_duckdb])
def test_a_path_gives_what_the_table_gives(tmp_path: Path, write: Callable[..., None], seed: int) -> None:
    draw = random.Random(seed)
    path = tmp_path / "of.parquet"
    write(table(draw, draw.choice([1000, 1500, 12_000])), path, draw)
    threads = draw.choice([1, 2, 7])
    try:
        table_of_path = pq.read_table(path)
    except (pa.ArrowException, OSError):  # an encoding that this version of pyarrow does not read
        with pytest.raises(DataError, match="cannot be read"):
            fc.fit([fc.Vocabulary(key, fc.TopTerms(3)) for key in pq.read_schema(path).names], path)
        return
    assert made(path, threads) == made(table_of_path, 1)


def test_a_number_that_is_missing_is_told_at_its_row_whatever_the_dictionary(tmp_path: Path) -> None:
    path = tmp_path / "of.parquet"
    pq.write_table(pa.table({"x": [float(i % 3) for i in range(4000)] + [None]}), path, row_group_size=1000)
    with pytest.raises(DataError, match=r"x: a number is missing .* at row 4000"):
        fc.compile([fc.Numeric("x")]).encode(path)
