"""The forms of each rival that were tried, timed once in one run; the claims use the fastest. Writes results/forms.json.

    python -m benchmarks.forms [--rows 1000000] [--sample 50000]

`sample` rows are what the slow forms run on; their seconds are scaled to `rows`, and their names say so.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks import adult, criteo, data, harness
from benchmarks.harness import Result, measure

Forms = dict[str, Callable[[], Any]]


def census_polars(table: pa.Table, plan: fc.Plan) -> Forms:
    """Numbers standardized in all of them; what differs is how categories become one-hots."""
    terms = {key: sorted(table[key].combine_chunks().dictionary.to_pylist()) for key in data.CATEGORIES}
    text = pl.from_arrow(table).with_columns(pl.col(key).cast(pl.String) for key in data.CATEGORIES)
    enum = text.with_columns(pl.col(key).cast(pl.Enum(terms[key])) for key in data.CATEGORIES)
    cuts = np.unique(np.quantile(text["age"].to_numpy(), np.arange(1, 10) / 10)).tolist()
    numbers = [((pl.col(k) - text[k].mean()) / text[k].std(ddof=0)).cast(pl.Float32) for k in data.NUMBERS]
    bucket = pl.col("age").cut(cuts, left_closed=True).alias("bucket")
    codes = {key: pl.col(key).to_physical() for key in data.CATEGORIES}
    bands = [(bucket.to_physical() == i).cast(pl.Float32).alias(f"bucket{i}") for i in range(len(cuts) + 1)]
    same = [(codes[k] == i).cast(pl.Float32).alias(f"{k}{i}") for k in terms for i in range(len(terms[k]))]
    when = [pl.when(pl.col(k) == t).then(1.0).otherwise(0.0).cast(pl.Float32).alias(f"{k}{t}") for k in terms for t in terms[k]]

    def dummies(frame: pl.DataFrame) -> Any:
        made = frame.select([*numbers, bucket, *data.CATEGORIES]).to_dummies(["bucket", *data.CATEGORIES])
        return made.cast(pl.Float32).to_numpy(order="c")

    return {
        **adult.polars_enum(table, plan),
        "Enum codes compared, Fortran order": lambda: enum.select(numbers + bands + same).to_numpy(),
        "to_dummies of String, C order": lambda: dummies(text),
        "when/then on Enum, C order": lambda: enum.select(numbers + bands + when).to_numpy(order="c"),
        "when/then on String, C order": lambda: text.select(numbers + bands + when).to_numpy(order="c"),
    }


def census_scikit_learn(table: pa.Table) -> Forms:
    frame = table.to_pandas()
    kinds = {"object": object, "pandas str": "str", "pandas category": "category"}
    forms = {name: adult.scikit_learn(frame.astype(dict.fromkeys(data.CATEGORIES, kind))) for name, kind in kinds.items()}
    arrow = frame.astype(dict.fromkeys(data.CATEGORIES, "str")).convert_dtypes(dtype_backend="pyarrow")
    forms["Arrow-backed categories, numpy numbers"] = adult.scikit_learn(
        arrow.astype({k: frame[k].dtype for k in data.NUMBERS}).astype(dict.fromkeys(data.CATEGORIES, "string[pyarrow]"))
    )
    return forms


def criteo_polars(path: Path) -> Forms:
    numbers = [pl.col(k).cast(pl.Float32).fill_null(0) for k in criteo.NUMBERS]
    ids = [(pl.col(k).hash() % 100_000).cast(pl.Int32) for k in criteo.STRINGS]
    scan = pl.scan_parquet(path).select(numbers + ids)

    def matrices(frame: pl.DataFrame, order: Any = "c") -> Any:
        return frame.select(criteo.NUMBERS).to_numpy(order=order), frame.select(criteo.STRINGS).to_numpy(order=order)

    return {
        "scan, C order": criteo.polars_scan(path),
        "scan, Fortran order": lambda: matrices(scan.collect(), "fortran"),
        "scan, streaming engine, C order": criteo.polars_scan(path, "streaming"),
        "read_parquet, then select, C order": lambda: matrices(pl.read_parquet(path).select(numbers + ids)),
    }


def criteo_scikit_learn(path: Path, rows: int) -> Forms:
    """One space of 2,600,000 ids for all fields, which is what FeatureHasher has."""
    from sklearn.feature_extraction import FeatureHasher

    frame = pq.read_table(path, columns=criteo.STRINGS).slice(0, rows).to_pandas().fillna("")
    lists = [list(map(str, row)) for row in frame.to_numpy()]
    marked = [[f"{key}={value}" for key, value in zip(criteo.STRINGS, row, strict=True)] for row in lists]
    dicts = [dict(zip(criteo.STRINGS, row, strict=True)) for row in lists]
    hashers = {kind: FeatureHasher(2_600_000, input_type=kind, dtype=np.float32) for kind in ("string", "dict", "pair")}
    pairs = [[(word, 1) for word in row] for row in marked]
    return {
        "FeatureHasher, lists of field=value ready": lambda: hashers["string"].transform(marked),
        "FeatureHasher, dicts ready": lambda: hashers["dict"].transform(dicts),
        "FeatureHasher, pairs ready": lambda: hashers["pair"].transform(pairs),
    }


def run(rows: int, sample: int) -> list[Result]:
    table, path = data.adult(rows), data.criteo_path(rows)
    plan = fc.fit(adult.columns(), table)
    slow = {
        "scikit-learn, census": census_scikit_learn(table.slice(0, sample)),
        "scikit-learn, Criteo-shaped": criteo_scikit_learn(path, sample),
    }
    found = [
        measure("Polars, census from memory", rows, census_polars(table, plan), repeats=5),
        measure("Polars, Criteo-shaped from Parquet", rows, criteo_polars(path), repeats=5),
    ]
    for name, forms in slow.items():
        result = measure(f"{name}, {sample:,} rows scaled to {rows:,}", rows, forms, repeats=3)
        result.seconds = {form: [s * rows / sample for s in runs] for form, runs in result.seconds.items()}
        found.append(result)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.forms")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--sample", type=int, default=50_000)
    given = parser.parse_args()
    results = run(given.rows, min(given.sample, given.rows))
    for result in results:
        print("\n" + result.text(), flush=True)
    print(harness.save("forms", results))


if __name__ == "__main__":
    main()
