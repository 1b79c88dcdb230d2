"""Claim: one request against 1,000 items costs a small part of transforming 1,000 whole rows.

A recommendation of the kind that click logs hold: 13 numbers and 26 categories, of which the request gives 30 and the items 9,
with crosses of both; beside the same plan over whole rows, the fields of the request repeated for each item.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import featurecols as fc
from benchmarks.harness import Result, measure

BEGUN, WHOLE, READY = (
    "plan.begin(row).finish(items)",
    "fields repeated, then plan.transform",
    "plan.transform of rows that are ready",
)
ITEMS = 1_000


def run(items: int = ITEMS) -> list[Result]:
    """Time both, with the matrix and with ids, on one thread: requests come one beside another."""
    random = np.random.default_rng(0)
    numbers, texts = [f"n{i}" for i in range(13)], [f"c{i}" for i in range(26)]
    words = {key: [f"{key}-{k:x}" for k in random.integers(0, 1 << 30, 100)] for key in texts}
    columns: list[fc.Column] = [fc.Numeric(key, normalizer=fc.Log1p()) for key in numbers]
    columns += [fc.Indicator(fc.Bucketized(key, [1.0, 10.0, 100.0])) for key in numbers]
    columns += [fc.Embedding(fc.Hashed(key, 10_000), 8) for key in texts]
    columns += [
        fc.Embedding(fc.Crossed([one, other], 10_000), 8) for one, other in (("c0", "c25"), ("c1", "c24"), ("c2", "c23"))
    ]
    plan = fc.compile(columns)
    own = numbers[:10] + texts[:20]  # the fields of the request
    row = {key: float(random.integers(0, 200)) if key in numbers else str(random.choice(words[key])) for key in own}
    table = pa.table(
        {key: random.integers(0, 200, items).astype(float) for key in numbers[10:]}
        | {key: random.choice(words[key], items).tolist() for key in texts[20:]}
    )

    def repeated() -> pa.Table:
        whole = {key: pa.repeat(pa.scalar(row[key]), items) for key in own}
        return pa.table(whole | {key: table[key] for key in table.column_names})

    ready = repeated()
    assert np.array_equal(plan.begin(row).finish(table), plan.transform(ready))
    cases = {
        BEGUN: lambda: plan.begin(row).finish(table, threads=1),
        WHOLE: lambda: plan.transform(repeated(), threads=1),
        READY: lambda: plan.transform(ready, threads=1),
    }
    result = measure(f"One request against {items:,} items, {plan.width} features", items, cases, repeats=25)
    result.notes["ratio"] = result.ratio(WHOLE, BEGUN)
    return [result]
