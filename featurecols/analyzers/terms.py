"""Exact counts of terms, and the most frequent of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from featurecols.analyzers import base
from featurecols.analyzers.base import Analyzer
from featurecols.spec import Spec
from featurecols.values import Array


@dataclass(frozen=True, eq=False, repr=False)
class TermCounts(Analyzer):
    """Counts of canonical bytes; missing values are not terms, every element of a list counts.

    finish gives the n most frequent terms (all when n is None) seen min_count times or more, by count descending, then
    by bytes ascending: "offsets" int64 [k + 1], "data" uint8, "counts" int64 [k].
    """

    n: int | None = None
    min_count: int = 1

    @property
    def collects(self) -> Spec:
        return TermCounts()

    def empty(self) -> Counter[bytes]:
        return Counter()

    def update(self, state: Counter[bytes], value: base.HasTokens) -> Counter[bytes]:
        tokens = value.tokens()
        start, stop = (0, None) if tokens.offsets is None else (int(tokens.offsets[0]), int(tokens.offsets[-1]))
        texts = tokens.texts
        codes = np.arange(len(texts)) if tokens.codes is None else tokens.codes
        for code in codes[start:stop].tolist():
            if code >= 0 and (texts.valid is None or texts.valid[code]):
                state[texts[code]] += 1
        return state

    def merge(self, a: Counter[bytes], b: Counter[bytes]) -> Counter[bytes]:
        a.update(b)
        return a

    def finish(self, state: Counter[bytes]) -> dict[str, Array]:
        top = sorted(((-c, t) for t, c in state.items() if c >= self.min_count))[: self.n]
        return {
            "offsets": np.cumsum([0] + [len(t) for _, t in top], dtype=np.int64),
            "data": np.frombuffer(b"".join(t for _, t in top), dtype=np.uint8),
            "counts": np.array([-c for c, _ in top], dtype=np.int64),
        }

    def to_bytes(self, state: Counter[bytes]) -> bytes:
        raise NotImplementedError

    def from_bytes(self, data: bytes) -> Counter[bytes]:
        raise NotImplementedError
