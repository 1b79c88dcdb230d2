"""Every logical type in every container, for every kind of column: the same bits, or the same refusal.

A plan that is fitted on one container (B3: on CSV, and on Arrow) reads all others, in batches of any size and row by row.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from tests.csv_files import CSV_LEARNS
from tests.data.containers import VALUES, Make, containers, forms, table_of

KINDS: dict[str, Callable[[Any], Any]] = {
    "Numeric": lambda x: fc.Numeric(x, default=0.5),
    "learned Numeric": lambda x: fc.Numeric(x, default=fc.Mean(), normalizer=fc.MinMax()),
    "Bucketized": lambda x: fc.Indicator(fc.Bucketized(x, [0, 2], missing_bucket=3)),
    "Quantiles": lambda x: fc.Indicator(fc.Bucketized(x, fc.Quantiles(3))),
    "Hashed": lambda x: fc.Indicator(fc.Hashed(x, 97)),
    "TopTerms": lambda x: fc.Indicator(fc.Vocabulary(x, fc.TopTerms(9), num_oov_buckets=2)),
    "Identity": lambda x: fc.Indicator(fc.Identity(x, 30, out_of_range="drop")),
    "Crossed": lambda x: fc.Indicator(fc.Crossed([x, "other"], 97, keep_unseen=True)),
    "Crossed as TensorFlow": lambda x: fc.Indicator(fc.Crossed([x, "other"], 97, hash="farmhash64")),
    "Weighted": lambda x: fc.Indicator(fc.Weighted(fc.Hashed("other", 9), x, default=2.0)),
    "Embedding": lambda x: fc.Embedding(fc.Hashed(x, 97), 3),
    "Sequence": lambda x: fc.Sequence(fc.Indicator(fc.Hashed(x, 7)), 3),
}


def bits(make: Callable[[], np.ndarray]) -> Any:
    """The bits, or that there are none."""
    try:
        return make().tobytes()
    except fc.DataError:
        return "refused"


def readings(plan: Any, name: str, make: Make, sizes: tuple[int, ...]) -> dict[str, Any]:
    found = {"whole": bits(lambda: plan.transform(make()))}
    for size in sizes:
        found[f"batches of {size}"] = bits(lambda size=size: np.concatenate(list(plan.transform_batches(make(), size))))  # type: ignore[misc]
    if name == "rows":
        found["rows one by one"] = bits(lambda: np.stack([plan.transform_row(row) for row in make()]))
        found["tables of one row"] = bits(lambda: np.concatenate([plan.transform([row]) for row in make()]))
    return found


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], tuple[dict[str, Make], dict[str, Make]]]:
    """The containers of each type and the other forms, made once for all kinds of column."""
    return functools.cache(lambda name: (containers(table_of(name), tmp_path_factory.mktemp("files")), forms(table_of(name))))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", VALUES)
def test_every_container_gives_the_same_or_the_same_refusal(name: str, kind: str, made: Any) -> None:
    """B3: what was fitted on CSV reads frames, and the other way round; A5: whatever a batch shows of it."""
    table, column = table_of(name), KINDS[kind](fc.Field("x"))
    held, others = made(name)
    plans = {}
    for trained in ("Arrow", "CSV") if "CSV" in held else ("Arrow",):
        try:
            plans[trained] = fc.fit([column], held[trained]())
        except fc.DataError:
            plans[trained] = None
    types = {trained: plan.input_schema["x"].type for trained, plan in plans.items() if plan is not None}
    if len(types) == 2:
        assert types["CSV"] in CSV_LEARNS[types["Arrow"]]
    if types.get("CSV") == "text" and types.get("Arrow", name) not in ("text", "bytes"):
        del plans["CSV"]  # dates, and to categories numbers that are not whole: no table has the text
    assert len({plan is None for plan in plans.values()}) == 1
    different = {plan.to_bytes(): (trained, plan) for trained, plan in reversed(plans.items()) if plan is not None}
    for trained, plan in different.values():  # plans that are equal read alike
        want = bits(lambda plan=plan: plan.transform(table))  # type: ignore[misc]
        for container, make in held.items():
            for reading, got in readings(plan, container, make, (1, 5, 1000)).items():
                assert got == want, f"fitted on {trained}: {container}, {reading}"
        for form, make in others.items():
            for reading, got in readings(plan, form, make, (1,)).items():
                assert got == want, f"fitted on {trained}: {form}, {reading}"


def test_the_table_knows_every_type() -> None:
    plan = fc.fit([fc.Hashed(fc.Field("x"), 5)], table_of("list of text"))
    assert plan.input_schema["x"] == ("text", 1)
    for name in ("boolean", "integer", "float", "decimal", "text", "bytes", "timestamp", "date", "time", "duration"):
        assert fc.fit([fc.Hashed(fc.Field("x"), 5)], table_of(name)).input_schema["x"] == (name, 0)
