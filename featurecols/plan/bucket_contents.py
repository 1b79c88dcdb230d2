"""What data put on the ids of categorical columns: for a hash bucket, the terms or combinations that share it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array, Ids, Texts, Tokens
from featurecols.columns.base import CategoricalBound, Column, Field
from featurecols.columns.crossed import Crossed, CrossedBound
from featurecols.columns.hashed import HashedBound
from featurecols.columns.weighted import WeightedBound
from featurecols.data.batch import Batch
from featurecols.plan.execution.program import Program

MISSING = "<missing>"
Terms = tuple[str, ...]  # one word for each field or column that an id is made of


def term_fields(column: Field | Column) -> list[str]:
    """Keys of the raw fields behind a categorical column (or what wraps one), one for each word of its terms."""
    if isinstance(column, Field):
        return [column.key]
    if isinstance(column, Crossed):
        return [key for source in column.sources for key in term_fields(source)]
    return term_fields(column.inputs()[0])


class Elements(NamedTuple):
    """The values of n rows, one element each: row i has those from offsets[i] to offsets[i + 1].

    codes: the codes of chosen elements (int64 positions), one array for each word of a term. words: code to word.
    """

    offsets: Array
    codes: Callable[[Array], list[Array]]
    words: list[Callable[[int], str]]


def contents(
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


def _values(program: Program, batch: Batch) -> list[Any]:
    block = program.block([batch.cells(f.key, f.missing) for _, f in program.fields], 0, batch.num_rows)
    block.finish(0)
    return block.values


def _count(program: Program, values: list[Any], node: int, wanted: Array | None, found: dict[int, Counter[Terms]]) -> None:
    ids, _ = _ids(program, values, node).elements()
    at = np.flatnonzero(ids.values >= 0 if wanted is None else np.isin(ids.values, wanted))
    elements = _elements(program, values, node)
    rows, counts = np.unique(np.stack([ids.values[at], *elements.codes(at)]), axis=1, return_counts=True)
    for (i, *codes), count in zip(rows.T.tolist(), counts.tolist(), strict=True):
        terms = tuple(word(code) for word, code in zip(elements.words, codes, strict=True))
        found.setdefault(i, Counter())[terms] += count


def _ids(program: Program, values: list[Any], node: int) -> Ids:
    bound = program.nodes[node]
    assert isinstance(bound, CategoricalBound)
    return bound.ids(*[values[j] for j in program.inputs[node]]) if values[node] is None else values[node]


def _elements(program: Program, values: list[Any], node: int) -> Elements:
    bound, inputs = program.nodes[node], program.inputs[node]
    if isinstance(bound, Field):
        return _of_tokens(values[node].tokens())
    if isinstance(bound, WeightedBound | HashedBound):
        return _elements(program, values, inputs[0])
    if isinstance(bound, CrossedBound):
        return _of_product([_elements(program, values, j) for j in inputs])
    assert isinstance(bound, CategoricalBound)
    flat, offsets = _ids(program, values, node).elements()
    return Elements(offsets, lambda at: [flat.values[at].astype(np.int64)], [_worded(bound.meaning)])


def _of_tokens(tokens: Tokens) -> Elements:
    texts, codes = tokens.texts, tokens.codes
    if codes is None:
        codes = np.arange(len(texts)) if texts.valid is None else np.where(texts.valid, np.arange(len(texts)), -1)
    start, offsets = 0, np.arange(len(codes) + 1)
    if tokens.offsets is not None:
        start, offsets = int(tokens.offsets[0]), tokens.offsets - tokens.offsets[0]
    return Elements(offsets, lambda at: [codes[at + start].astype(np.int64)], [_worded(_reader(texts))])


def _of_product(parts: list[Elements]) -> Elements:
    """Combinations of each row's elements, the last part fastest, as a cross has them."""
    counts = np.stack([np.diff(part.offsets) for part in parts])
    strides = np.concatenate([np.cumprod(counts[:0:-1], axis=0)[::-1], np.ones_like(counts[:1])])
    offsets = np.concatenate([[0], np.cumsum(counts.prod(axis=0))]).astype(np.int64)

    def codes(at: Array) -> list[Array]:
        row = np.searchsorted(offsets, at, side="right") - 1
        found: list[Array] = []
        for k, part in enumerate(parts):
            turn = (at - offsets[row]) // strides[k, row] % counts[k, row]
            found += part.codes(part.offsets[row] + turn)
        return found

    return Elements(offsets, codes, [word for part in parts for word in part.words])


def _reader(texts: Texts) -> Callable[[int], str]:
    def read(code: int) -> str:
        there = texts.valid is None or texts.valid[code]
        return texts[code].decode("utf-8", "backslashreplace") if there else MISSING

    return read


def _worded(word: Callable[[int], str]) -> Callable[[int], str]:
    return lambda code: MISSING if code < 0 else word(code)
