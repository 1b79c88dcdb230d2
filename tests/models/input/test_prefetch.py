from __future__ import annotations

import itertools
import threading
import time

import pytest

from featurecols.models.input.prefetch import prefetch


@pytest.mark.parametrize("depth", [0, 1, 3])
def test_the_same_items_in_the_same_order(depth):
    assert list(prefetch(iter(range(50)), depth)) == list(range(50))
    assert list(prefetch(iter(()), depth)) == []


@pytest.mark.parametrize("depth", [0, 2])
def test_an_error_comes_where_its_item_would_have(depth):
    def items():
        yield 1
        yield 2
        raise OSError("the disk is gone")

    found = prefetch(items(), depth)
    assert [next(found), next(found)] == [1, 2]
    with pytest.raises(OSError, match="the disk is gone"):
        next(found)


def test_items_are_made_while_others_are_used_but_not_too_many():
    made = []
    items = prefetch((made.append(i) or i for i in range(100)), 3)
    assert next(items) == 0
    for _ in range(200):
        if len(made) >= 5:
            break
        time.sleep(0.01)
    time.sleep(0.05)
    assert len(made) == 5  # one given, three ready, one waiting to be put
    items.close()


def test_leaving_the_loop_ends_the_thread_and_closes_the_source():
    closed = []

    def items():
        try:
            yield from itertools.count()
        finally:
            closed.append(True)

    before = threading.active_count()
    for item in prefetch(items(), 2):
        if item == 5:
            break
    assert threading.active_count() == before
    assert closed == [True]
