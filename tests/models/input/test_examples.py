from __future__ import annotations

import itertools

import numpy as np
import pytest

import featurecols as fc
from featurecols._core.arrays import Ids
from featurecols.models.errors import ModelError
from featurecols.models.input.examples import Examples, Layout, take_ids

COLUMNS = [
    fc.Numeric("x", shape=(2,)),
    fc.Hashed("a", 10),
    fc.Hashed("b", 7),
    fc.Hashed("tags", 5),
    fc.Weighted(fc.Hashed("a", 3, name="a3"), "w"),
    fc.Sequence(fc.Indicator(fc.Hashed("tags", 6, name="steps")), 2),
]
DATA = {
    "x": [[i, -i] for i in range(7)],
    "a": list("pqrstuv"),
    "b": ["x", None, "y", "z", "x", "y", None],
    "tags": [["k"], [], ["l", "m"], None, ["k", None, "m"], ["l"], []],
    "w": [1.0, 2.0, 0.5, 1.0, 3.0, -1.0, 4.0],
}


def encoded(labels=True):
    features = fc.compile(COLUMNS).encode(DATA)
    y = np.arange(7) if labels else None
    return Examples.of(features, Layout(features.slots), y, np.arange(7, dtype=np.float32) if labels else None), features


def rows(ids: Ids):
    flat, offsets = ids.elements()
    weights = [None] * len(flat.values) if flat.weights is None else flat.weights.tolist()
    pairs = list(zip(flat.values.tolist(), weights, strict=True))
    return [pairs[a:b] for a, b in itertools.pairwise(offsets)]


def same(got: Examples, features, order):
    for slot in features.slots:
        if slot.kind == "dense":
            assert got[slot.name].tolist() == features.dense[order, slot.start : slot.stop].tolist()
        else:
            assert rows(got[slot.name]) == [rows(features.ids[slot.name])[i] for i in order], slot.name
    for name, lengths in features.lengths.items():
        assert got.lengths[name].tolist() == lengths[order].tolist()
    if got.labels is not None:
        assert got.labels.tolist() == list(order)
        assert got.weights.tolist() == list(order)


def test_of_keeps_everything():
    x, features = encoded()
    assert x.single == ("a", "b")
    assert x.singles.dtype == np.int32
    same(x, features, np.arange(7))


@pytest.mark.parametrize("order", [[6, 0, 3, 3], [], [2], [6, 5, 4, 3, 2, 1, 0]])
def test_take(order):
    x, features = encoded()
    same(x.take(np.array(order, np.int64)), features, np.array(order, np.int64))


@pytest.mark.parametrize(("start", "stop"), [(0, 7), (2, 5), (3, 3), (6, 7)])
def test_slices_and_what_is_taken_from_them(start, stop):
    x, features = encoded()
    part = x.slice(start, stop)
    same(part, features, np.arange(start, stop))
    same(part.take(np.arange(stop - start)[::-1]), features, np.arange(start, stop)[::-1])


def test_concatenate():
    x, features = encoded()
    parts = [x.slice(4, 7), x.take(np.array([0, 2])), x.slice(1, 2)]
    same(Examples.concatenate(parts), features, np.array([4, 5, 6, 0, 2, 1]))
    plain, features = encoded(labels=False)
    same(Examples.concatenate([plain, plain.slice(0, 2)]), features, np.array([*range(7), 0, 1]))


def test_concatenate_where_one_part_has_lists():
    plan = fc.compile([fc.Hashed("a", 10), fc.Hashed("b", 10)])
    one, lists = plan.encode({"a": ["p", "q"], "b": ["x", "y"]}), plan.encode({"a": [["r", "s"], []], "b": ["z", None]})
    layout = Layout(one.slots)
    got = Examples.concatenate([Examples.of(one, layout), Examples.of(lists, layout)])
    assert got.single == ("b",)
    assert [len(r) for r in rows(got["a"])] == [1, 1, 2, 0]
    assert rows(got["b"]) == rows(one.ids["b"]) + rows(lists.ids["b"])


def test_take_ids_of_a_slice():
    ids = Ids(np.arange(10), np.array([2, 4, 4, 7]), np.arange(10, dtype=np.float32))
    got = take_ids(ids, np.array([2, 0, 1, 2]))
    assert rows(got) == [[(4, 4.0), (5, 5.0), (6, 6.0)], [(2, 2.0), (3, 3.0)], [], [(4, 4.0), (5, 5.0), (6, 6.0)]]


def test_unknown_slot():
    with pytest.raises(ModelError, match="features: unknown slot 'c'; known are x, a, b, tags"):
        encoded()[0]["c"]
