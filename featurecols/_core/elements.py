"""Elements: the values behind the ids of a categorical column, for looking into hash buckets."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from featurecols._core.arrays import Array, Ids, Texts, Tokens
from featurecols._core.buckets import MISSING, Bucket

Read = Callable[[int], Bucket]  # the bucket that a code stands for


class Elements(NamedTuple):
    """The values of n rows, one element each: row i has those from offsets[i] to offsets[i + 1].

    codes: the codes of chosen elements (int64 positions), one array for each word of a term. words: code to word.
    """

    offsets: Array
    codes: Callable[[Array], list[Array]]
    words: list[Read]

    @staticmethod
    def of_ids(ids: Ids, meaning: Read) -> Elements:
        """Return the ids themselves, with their buckets from `meaning`."""
        flat, offsets = ids.elements()
        return Elements(offsets, lambda at: [flat.values[at].astype(np.int64)], [_or_missing(meaning)])

    @staticmethod
    def of_tokens(tokens: Tokens) -> Elements:
        """Return the texts of a raw field."""
        texts, codes = tokens.texts, tokens.codes
        if codes is None:
            codes = np.arange(len(texts)) if texts.valid is None else np.where(texts.valid, np.arange(len(texts)), -1)
        start, offsets = 0, np.arange(len(codes) + 1)
        if tokens.offsets is not None:
            start, offsets = int(tokens.offsets[0]), tokens.offsets - tokens.offsets[0]
        return Elements(offsets, lambda at: [codes[at + start].astype(np.int64)], [_or_missing(_reader(texts))])

    @staticmethod
    def of_product(factors: Sequence[Elements]) -> Elements:
        """Return the combinations of each row's elements, the last factor fastest, as a cross has them."""
        counts = np.stack([np.diff(factor.offsets) for factor in factors])
        strides = np.concatenate([np.cumprod(counts[:0:-1], axis=0)[::-1], np.ones_like(counts[:1])])
        offsets = np.concatenate([[0], np.cumsum(counts.prod(axis=0))]).astype(np.int64)

        def codes(at: Array) -> list[Array]:
            row = np.searchsorted(offsets, at, side="right") - 1
            found: list[Array] = []
            for k, factor in enumerate(factors):
                turn = (at - offsets[row]) // strides[k, row] % counts[k, row]
                found += factor.codes(factor.offsets[row] + turn)
            return found

        return Elements(offsets, codes, [word for factor in factors for word in factor.words])


def _reader(texts: Texts) -> Read:
    def read(code: int) -> Bucket:
        there = texts.valid is None or texts.valid[code]
        return Bucket("term", -1, texts[code].decode("utf-8", "backslashreplace")) if there else MISSING

    return read


def _or_missing(read: Read) -> Read:
    return lambda code: MISSING if code < 0 else read(code)
