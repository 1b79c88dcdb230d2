"""Claim: one request against 1,000 items costs a small part of transforming 1,000 whole rows.

A recommendation of the kind that click logs hold: 13 numbers and 26 categories, of which the request gives 30 and the items 9,
with crosses of both; and the same with five lists of the request, the last 50 items that it saw and what is known of them. The
rival is the same plan, or model, over whole rows: the fields of the request repeated for each item, in the form of the items.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

import featurecols as fc
from benchmarks.harness import Result, measure, seen_on

OURS, WHOLE = "featurecols", "whole rows"
NUMBERS, TEXTS, LISTS = [f"n{i}" for i in range(13)], [f"c{i}" for i in range(26)], [f"l{i}" for i in range(5)]
OWN = NUMBERS[:10] + TEXTS[:20]  # the fields of the request
CROSSES = (("c0", "c25"), ("c1", "c24"), ("c2", "c23"))
IN_A_ROW = 10
Items = pa.Table | pd.DataFrame | dict[str, np.ndarray]


def columns(lists: bool = False) -> list[fc.Column]:
    """Numbers twice, and embeddings of 8 of all else."""
    found: list[fc.Column] = [fc.Numeric(key, normalizer=fc.Log1p()) for key in NUMBERS]
    found += [fc.Indicator(fc.Bucketized(key, [1.0, 10.0, 100.0])) for key in NUMBERS]
    found += [fc.Embedding(fc.Hashed(key, 10_000), 8) for key in TEXTS + (LISTS if lists else [])]
    return found + [fc.Embedding(fc.Crossed(pair, 10_000), 8) for pair in CROSSES]


def data(count: int, lists: bool = False) -> tuple[dict[str, Any], pa.Table]:
    """A request and so many items."""
    random = np.random.default_rng(0)
    words = {key: [f"{key}-{k:x}" for k in random.integers(0, 1 << 30, 100)] for key in TEXTS + LISTS}
    row: dict[str, Any] = {k: float(random.integers(0, 200)) if k in NUMBERS else str(random.choice(words[k])) for k in OWN}
    if lists:
        row |= {key: random.choice(words[key], 50).tolist() for key in LISTS}
    numbers = {key: random.integers(0, 200, count).astype(float) for key in NUMBERS[10:]}
    return row, pa.table(numbers | {key: random.choice(words[key], count).tolist() for key in TEXTS[20:]})


def repeated(row: dict[str, Any], items: Items) -> Items:
    """Whole rows, in the form of the items."""
    if isinstance(items, pa.Table):
        return pa.table({key: pa.repeat(pa.scalar(value), len(items)) for key, value in row.items()} | to_dict(items))
    if isinstance(items, pd.DataFrame):
        return items.assign(**row)
    count = len(next(iter(items.values())))
    return {key: np.full(count, value) for key, value in row.items()} | items


def to_dict(items: pa.Table) -> dict[str, Any]:
    return {name: items[name] for name in items.column_names}


FORMS: dict[str, Callable[[pa.Table], Items]] = {
    "Arrow": lambda table: table,
    "pandas": lambda table: table.to_pandas(),
    "dict of arrays": lambda table: {key: column.to_numpy() for key, column in to_dict(table).items()},
}


def run() -> list[Result]:
    """Time both on one thread: requests come one beside another."""
    results = []
    plan = fc.compile(columns())
    for count in (100, 1_000, 10_000):
        row, table = data(count)
        for form, convert in FORMS.items():
            items = convert(table)
            assert np.array_equal(plan.begin(row).finish(items), plan.transform(repeated(row, items)))
            ours = lambda: plan.begin(row).finish(items, threads=1)  # noqa: E731, B023
            whole = lambda: plan.transform(repeated(row, items), threads=1)  # noqa: E731, B023
            results.append(compared(f"finish, {form}", count, ours, whole))
    row, table = data(1_000)
    ours = lambda: plan.begin(row).encode(table, threads=1)  # noqa: E731
    results.append(compared("encode, Arrow", 1_000, ours, lambda: plan.encode(repeated(row, table), threads=1)))
    seen, table = data(1_000, lists=True)
    long = fc.compile(columns(lists=True))
    ours = lambda: long.begin(seen).finish(table, threads=1)  # noqa: E731
    whole = lambda: long.transform(repeated(seen, table), threads=1)  # noqa: E731
    results.append(compared("finish with lists of the request, Arrow", 1_000, ours, whole))
    wide: list[fc.Column] = [fc.Hashed(key, 10_000) for key in TEXTS]
    model = fc.models.WideDeepClassifier(wide, columns(), [64, 32], config=fc.models.RunConfig(progress=False))
    rows = repeated(row, table)
    model.train(rows.append_column("bought", pa.array([0, 1] * 500)), label="bought", epochs=1)
    ours = lambda: model.rank(row, table)  # noqa: E731
    whole = lambda: model.predict_proba(repeated(row, table))  # noqa: E731
    results.append(compared("rank of a wide & deep model, Arrow", 1_000, ours, whole))
    results[-1].notes["remark"] = seen_on()
    return results


def compared(work: str, count: int, ours: Callable[[], Any], whole: Callable[[], Any]) -> Result:
    """Time requests one after another, as a server under load answers them: IN_A_ROW of them, then as many of the rival."""

    def requests(run: Callable[[], Any]) -> Callable[[], None]:
        def several() -> None:
            for _ in range(IN_A_ROW):
                run()

        return several

    result = measure(work, count, {OURS: requests(ours), WHOLE: requests(whole)}, repeats=15)
    for times in (result.seconds, result.processor):
        times |= {name: [seconds / IN_A_ROW for seconds in runs] for name, runs in times.items()}
    result.notes["ratio"] = round(result.ratio(WHOLE, OURS), 2)
    result.notes["ratio of processor time"] = round(result.processor_ratio(WHOLE, OURS), 2)
    return result
