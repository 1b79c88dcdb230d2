"""Every logical type in every container, for every kind of column: the same bits, or the same refusal.

A plan that is fitted on one container (B3: on CSV, and on Arrow) reads all others, in batches of any size and row by row.
"""

from __future__ import annotations

import collections
import dataclasses
from collections.abc import Callable, Sequence
from pathlib import Path
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


def column_of(kind: str) -> Any:
    return dataclasses.replace(KINDS[kind](fc.Field("x")), name=kind)


def fitted(kinds: Sequence[str], name: str, held: dict[str, Make]) -> dict[str, Any]:
    """The plans of some kinds by what they are fitted on; None where fit refuses the field."""
    plans: dict[str, Any] = {}
    for trained in ("Arrow", "CSV") if "CSV" in held else ("Arrow",):
        try:
            plans[trained] = fc.fit([column_of(kind) for kind in kinds], held[trained]())
        except fc.DataError:
            plans[trained] = None
    types = {trained: plan.input_schema["x"].type for trained, plan in plans.items() if plan is not None}
    if len(types) == 2:
        assert types["CSV"] in CSV_LEARNS[types["Arrow"]]
    if types.get("CSV") == "text" and types.get("Arrow", name) not in ("text", "bytes"):
        del plans["CSV"]  # dates, and to categories numbers that are not whole: no table has the text
    assert len({plan is None for plan in plans.values()}) == 1
    return {trained: plan for trained, plan in plans.items() if plan is not None}


@pytest.mark.parametrize("name", VALUES)
def test_every_container_gives_the_same_or_the_same_refusal(name: str, tmp_path: Path) -> None:
    """B3: what was fitted on CSV reads frames, and the other way round; A5: whatever a batch shows of it.

    Kinds that refuse the values stand alone; those that take them are one plan, for each thing it may be fitted on.
    """
    table = table_of(name)
    held, others = containers(table, tmp_path), forms(table)
    alone, together = [], collections.defaultdict(list)
    wanted = {}
    for kind in KINDS:
        plans = fitted([kind], name, held)
        answers = {trained: bits(lambda plan=plan: plan.transform(table)) for trained, plan in plans.items()}  # type: ignore[misc]
        if "refused" in answers.values():
            alone.append((kind, plans))
        elif plans:
            together[tuple(plans)].append(kind)
            wanted[kind] = answers
    several = [(" and ".join(kinds), fitted(kinds, name, held)) for kinds in together.values()]
    assert [tuple(plans) for _, plans in several] == list(together)
    for kinds, (_, plans) in zip(together.values(), several, strict=True):
        for trained, plan in plans.items():
            got = plan.transform(table)
            assert {slot.name: got[:, slot.start : slot.stop].tobytes() for slot in plan.matrix_slots} == {
                kind: wanted[kind][trained] for kind in kinds
            }
    for kind, plans in (*alone, *several):
        different = {plan.to_bytes(): (trained, plan) for trained, plan in reversed(plans.items())}
        for trained, plan in different.values():  # plans that are equal read alike
            want = bits(lambda plan=plan: plan.transform(table))  # type: ignore[misc]
            for container, make in held.items():
                for reading, got in readings(plan, container, make, (1, 5)).items():
                    assert got == want, f"{kind}, fitted on {trained}: {container}, {reading}"
            for form, make in others.items():
                for reading, got in readings(plan, form, make, (1,)).items():
                    assert got == want, f"{kind}, fitted on {trained}: {form}, {reading}"


def test_the_table_knows_every_type() -> None:
    plan = fc.fit([fc.Hashed(fc.Field("x"), 5)], table_of("list of text"))
    assert plan.input_schema["x"] == ("text", 1)
    for name in ("boolean", "integer", "float", "decimal", "text", "bytes", "timestamp", "date", "time", "duration"):
        assert fc.fit([fc.Hashed(fc.Field("x"), 5)], table_of(name)).input_schema["x"] == (name, 0)
