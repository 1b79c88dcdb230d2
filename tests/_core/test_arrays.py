"""Ids and texts."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import featurecols as fc
from featurecols._core.arrays import Ids, Texts
from tests._core.test_fork_safe import wait


def ids(lists: list[list[int]], weights: list[list[float]] | None = None) -> Ids:
    offsets = np.cumsum([0, *map(len, lists)], dtype=np.int64)
    flat = None if weights is None else np.array([w for row in weights for w in row], np.float32)
    return Ids(np.array([i for row in lists for i in row], np.int32), offsets, flat)


def rows(found: Ids) -> list[list[int]]:
    plain, starts = found.elements()
    return [plain.values[a:b].tolist() for a, b in zip(starts[:-1].tolist(), starts[1:].tolist(), strict=True)]


# Ids ----------------------------------------------------------------------------------------------------------------


def test_ids_are_as_long_as_their_rows() -> None:
    assert len(Ids(np.array([1, -1, 2], np.int32))) == 3
    assert len(ids([[1, 2], [], [3]])) == 3


@pytest.mark.parametrize("bad", [np.array([1.0]), np.array([[1]]), np.array([True]), np.array([1], np.uint32)])
def test_ids_are_signed_integers_in_one_dimension(bad: np.ndarray) -> None:
    with pytest.raises(fc.ColumnError, match="signed integer"):
        Ids(bad)


def test_weights_pair_with_ids() -> None:
    with pytest.raises(fc.ColumnError, match="one weight per value"):
        Ids(np.array([1, 2]), None, np.array([1.0], np.float32))


_lists = st.lists(st.lists(st.integers(-1, 9), max_size=4), max_size=8)


@given(_lists, st.data())
def test_slices_of_slices_are_the_rows(lists: list[list[int]], data: st.DataObject) -> None:
    weights = [[float(i) for i in row] for row in lists]
    found, want = ids(lists, weights), lists
    for _ in range(2):
        start = data.draw(st.integers(0, len(want)))
        stop = data.draw(st.integers(start, len(want)))
        found, want = found.slice(start, stop), want[start:stop]
    assert len(found) == len(want)
    assert rows(found) == want
    assert found.compact().offsets.tolist() == np.cumsum([0, *map(len, want)]).tolist()
    assert found.compact().values.tolist() == [i for row in want for i in row]
    assert found.compact().weights.tolist() == [float(i) for row in want for i in row]


@given(st.lists(_lists, min_size=1, max_size=4))
def test_parts_join_to_the_whole(parts: list[list[list[int]]]) -> None:
    slices = [ids([[7], *part, [8, 9]]).slice(1, len(part) + 1) for part in parts]
    whole = Ids.concatenate(slices)
    assert rows(whole) == [row for part in parts for row in part]
    assert whole.offsets[0] == 0


def test_one_id_a_row_stays_so_only_if_every_part_has_it_so() -> None:
    single = Ids(np.array([4, -1], np.int32))
    assert Ids.concatenate([single, single]).offsets is None
    assert rows(Ids.concatenate([single, ids([[1, 2], []])])) == [[4], [-1], [1, 2], []]


def test_slicing_shares_memory() -> None:
    whole = ids([[1, 2], [3], [4, 5]])
    assert np.shares_memory(whole.slice(1, 3).values, whole.values)


# Texts --------------------------------------------------------------------------------------------------------------


def test_texts_are_their_bytes() -> None:
    texts = Texts(np.array([1, 3, 3, 6]), np.frombuffer(b"xab\0cdz", np.uint8))
    assert len(texts) == 3
    assert [texts[i] for i in range(3)] == [b"ab", b"", b"\0cd"]


def test_what_is_computed_of_texts_is_computed_once() -> None:
    texts = Texts(np.array([0, 1]), np.frombuffer(b"a", np.uint8))
    calls: list[int] = []
    for key in ("a", "a", "b"):
        texts.once(key, lambda t: calls.append(len(t)))
    assert calls == [1, 1]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_d4_a_child_computes_what_a_thread_of_its_parent_was_computing() -> None:
    """D4: a child computes what a thread of its parent was computing."""
    texts, computing, done = Texts(np.array([0, 1]), np.frombuffer(b"a", np.uint8)), threading.Event(), threading.Event()

    def compute(_: Texts) -> int:
        computing.set()
        done.wait()
        return 1

    thread = threading.Thread(target=texts.once, args=("key", compute))
    thread.start()
    computing.wait()
    child = os.fork()
    if child == 0:
        os._exit(texts.once("key", lambda _: 7))
    try:
        assert os.waitstatus_to_exitcode(wait(child, 20)) == 7
    finally:
        done.set()
        thread.join()
    assert texts.once("key", lambda _: 7) == 1
