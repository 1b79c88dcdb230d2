"""The laws of every analyzer: any order, any batching, any tree of merges, any shipping gives the same bytes."""

import random
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from featurecols._core.arrays import Texts, Tokens
from featurecols.analyzers.base import Analyzer, State

Batch = Callable[[Sequence[Any]], Any]  # some elements as a batch that update takes


class Words:
    """A batch of texts, None where missing, as batch.Cells would give it."""

    def __init__(self, tokens: Tokens) -> None:
        self._tokens = tokens

    def tokens(self) -> Tokens:
        return self._tokens


def texts(words: Sequence[bytes | None]) -> Texts:
    offsets = np.cumsum([0, *(len(w or b"") for w in words)], dtype=np.int64)
    valid = None if None not in words else np.array([w is not None for w in words])
    return Texts(offsets, np.frombuffer(b"".join(w or b"" for w in words), np.uint8), valid)


def plain(words: Sequence[bytes | None]) -> Words:
    """One text a value."""
    return Words(Tokens(texts(words)))


def coded(words: Sequence[bytes | None]) -> Words:
    """A dictionary with a text that nothing points to, and codes."""
    distinct = [*dict.fromkeys(w for w in words if w is not None), b"never"]
    codes = [-1 if w is None else distinct.index(w) for w in words]
    return Words(Tokens(texts(distinct), np.array(codes, np.int32)))


def learn(analyzer: Analyzer, elements: Sequence[Any], batch: Batch, rng: random.Random) -> tuple[dict[str, Any], bytes]:
    """What is learned from elements shuffled, cut into shards of batches, and merged as a random tree; some are shipped."""
    elements = list(elements)
    rng.shuffle(elements)
    states: list[State] = [analyzer.empty()]
    for shard in cut(elements, rng):
        state = analyzer.empty()
        for part in cut(shard, rng):
            state = analyzer.update(state, batch(part))
        states.append(analyzer.from_bytes(analyzer.to_bytes(state)) if rng.random() < 0.3 else state)
    while len(states) > 1:
        rng.shuffle(states)
        states.append(analyzer.merge(states.pop(), states.pop()))
    return analyzer.finish(states[0]), analyzer.to_bytes(states[0])


def cut(elements: Sequence[Any], rng: random.Random) -> list[Sequence[Any]]:
    """Some consecutive pieces, the empty one among them."""
    at = sorted(rng.randrange(len(elements) + 1) for _ in range(rng.randrange(5)))
    return [elements[i:j] for i, j in zip([0, *at], [*at, len(elements)], strict=True)]


def bits(learned: dict[str, Any]) -> dict[str, tuple[str, tuple[int, ...], bytes]]:
    """Learned arrays as what must be equal: type, shape and bytes."""
    return {name: (str(a.dtype), a.shape, a.tobytes()) for name, a in learned.items()}
