"""Document frequencies: in any order, batching and sharding."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pytest

import featurecols as fc
from featurecols._core.arrays import Ids
from featurecols.analyzers.document_counts import DocumentCounts
from tests.analyzers.monoid import learn


def _batch(rows: Sequence[list[int]]) -> Ids:
    return Ids(np.array([i for row in rows for i in row], np.int32), np.cumsum([0, *map(len, rows)], dtype=np.int64))


def test_counts_equal_a_counter_in_any_order_and_sharding() -> None:
    rng = random.Random(2)
    rows = [[rng.randrange(-1, 6) for _ in range(rng.randrange(5))] for _ in range(60)]
    want = Counter(i for row in rows for i in set(row) if i >= 0)
    states = set()
    for seed in range(4):
        learned, state = learn(DocumentCounts(), rows, _batch, random.Random(seed))
        assert learned["counts"].tolist() == [want[i] for i in range(max(want) + 1)]
        assert learned["rows"] == 60
        states.add(state)
    assert len(states) == 1


def test_other_bytes_are_no_state() -> None:
    good = DocumentCounts().to_bytes(DocumentCounts().update(DocumentCounts().empty(), _batch([[1, 1], []])))
    for bad in (b"", good[:-1], good + b"x", good[:-8] + b"\x09" + bytes(7)):
        with pytest.raises(fc.DataError, match="not a state"):
            DocumentCounts().from_bytes(bad)
