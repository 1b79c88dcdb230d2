"""What data put on the ids of categorical columns: for a hash bucket, the terms or combinations that share it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids
from featurecols._core.buckets import Bucket
from featurecols._core.elements import Elements
from featurecols.data.batch import Source
from featurecols.data.fields.base import FieldView
from featurecols.plan.execution.operations import Block
from featurecols.plan.execution.program import Program, batches

Terms = tuple[Bucket, ...]  # one word for each field or column that an id is made of


def bucket_contents(
    program: Program, nodes: Mapping[str, int], source: Source, wanted: Mapping[str, Iterable[int] | None]
) -> dict[str, dict[int, Counter[Terms]]]:
    """How often each term falls on the wanted ids (None: on any), by slot; `nodes` says which node gives a slot's ids."""
    chosen = {slot: None if ids is None else np.unique(np.array(list(ids), np.int64)) for slot, ids in wanted.items()}
    found: dict[str, dict[int, Counter[Terms]]] = {slot: {} for slot in wanted}
    for rows in batches(source, program.needs):
        try:
            block = program.evaluate(program.views(rows.batch), 0, rows.batch.num_rows)
            for slot, ids in chosen.items():
                _count(program, block, nodes[slot], ids, found[slot])
        except errors.DataError as e:
            raise e.shifted(rows.first_row) from None
    return found


def in_words(found: Mapping[int, Mapping[Terms, int]]) -> dict[int, dict[tuple[str, ...], int]]:
    """Return contents with words in place of buckets; terms that only look alike are added up."""
    named: dict[int, dict[tuple[str, ...], int]] = {}
    for i, terms in found.items():
        words: Counter[tuple[str, ...]] = Counter()
        for term, count in terms.items():
            words[tuple(map(str, term))] += count
        named[i] = dict(words.most_common())
    return named


def _count(program: Program, block: Block, node: int, wanted: Array | None, found: dict[int, Counter[Terms]]) -> None:
    ids, _ = _ids(program, block, node).elements()
    at = np.flatnonzero(ids.values >= 0 if wanted is None else np.isin(ids.values, wanted))
    elements = _elements(program, block, node)
    rows, counts = np.unique(np.stack([ids.values[at], *elements.codes(at)]), axis=1, return_counts=True)
    for (i, *codes), count in zip(rows.T.tolist(), counts.tolist(), strict=True):
        terms = tuple(word(code) for word, code in zip(elements.words, codes, strict=True))
        found.setdefault(i, Counter())[terms] += count


def _ids(program: Program, block: Block, node: int) -> Ids:
    """Return the ids of a column, evaluated now where nothing else reads them."""
    found = block.values[node]
    if found is None:
        inputs = [block.values[j] for j in program.inputs[node]]
        found = block.values[node] = program.bounds[node].evaluate(*inputs)
    if not isinstance(found, Ids):
        raise TypeError(f"node {node} has no ids")
    return found


def _elements(program: Program, block: Block, node: int) -> Elements:
    inputs, value = program.inputs[node], block.values[node]
    if isinstance(value, FieldView):
        return Elements.of_tokens(value.tokens())
    return program.bounds[node].elements(_ids(program, block, node), lambda k: _elements(program, block, inputs[k]))
