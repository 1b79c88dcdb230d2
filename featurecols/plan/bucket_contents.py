"""What data put on the ids of categorical columns: for a hash bucket, the terms or combinations that share it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols.data.batch import Batch
from featurecols.plan.execution.program import Program

Terms = tuple[Bucket, ...]  # one word for each field or column that an id is made of


def bucket_contents(
    program: Program, nodes: Mapping[str, int], batches: Iterable[Batch], wanted: Mapping[str, Iterable[int] | None]
) -> dict[str, dict[int, Counter[Terms]]]:
    """How often each term falls on the wanted ids (None: on any), by slot; `nodes` says which node gives a slot's ids."""
    chosen = {slot: None if ids is None else np.unique(np.array(list(ids), np.int64)) for slot, ids in wanted.items()}
    found: dict[str, dict[int, Counter[Terms]]] = {slot: {} for slot in wanted}
    rows = 0
    for batch in batches:
        try:
            values = _values(program, batch)
            for slot, ids in chosen.items():
                _count(program, values, nodes[slot], ids, found[slot])
        except errors.DataError as e:
            raise e.shifted(rows) from None
        rows += batch.num_rows
    return found


def in_words(found: Mapping[int, Mapping[Terms, int]]) -> dict[int, dict[tuple[str, ...], int]]:
    """Return contents with words in place of buckets; terms that only look alike are added up."""
    told: dict[int, dict[tuple[str, ...], int]] = {}
    for i, terms in found.items():
        words: Counter[tuple[str, ...]] = Counter()
        for term, count in terms.items():
            words[tuple(map(str, term))] += count
        told[i] = dict(words.most_common())
    return told


def _values(program: Program, batch: Batch) -> list[Any]:
    return program.evaluate(program.views(batch), 0, batch.num_rows).values


def _count(program: Program, values: list[Any], node: int, wanted: Array | None, found: dict[int, Counter[Terms]]) -> None:
    ids, _ = _ids(program, values, node).elements()
    at = np.flatnonzero(ids.values >= 0 if wanted is None else np.isin(ids.values, wanted))
    elements = _elements(program, values, node)
    rows, counts = np.unique(np.stack([ids.values[at], *elements.codes(at)]), axis=1, return_counts=True)
    for (i, *codes), count in zip(rows.T.tolist(), counts.tolist(), strict=True):
        terms = tuple(word(code) for word, code in zip(elements.words, codes, strict=True))
        found.setdefault(i, Counter())[terms] += count


def _ids(program: Program, values: list[Any], node: int) -> Ids:
    if values[node] is None:
        values[node] = program.bounds[node].evaluate(*[values[j] for j in program.inputs[node]])
    return values[node]


def _elements(program: Program, values: list[Any], node: int) -> Elements:
    bound, inputs = program.bounds.get(node), program.inputs[node]
    if bound is None:  # a field
        return Elements.of_tokens(values[node].tokens())
    return bound.elements(_ids(program, values, node), lambda k: _elements(program, values, inputs[k]))
