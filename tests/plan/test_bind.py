"""Binding: each node over its inputs, tables shared, and the slots that encode gives."""

from __future__ import annotations

import featurecols as fc
from featurecols.columns._embedding_tables import Tables
from featurecols.plan.bind import bind, encoded_slots
from featurecols.plan.graph import Graph

AGE = fc.Numeric("age", default=30)
BANDS = fc.Bucketized(AGE, [18, 65])
WORDS = fc.Vocabulary("tags", ["a", "b"])


def test_a_node_is_bound_once_and_over_its_inputs() -> None:
    graph = Graph([fc.Indicator(BANDS), fc.Embedding(BANDS, 2), AGE])
    age, number, bands, indicator, embedding = bind(graph, {}, Tables())
    assert age == fc.Field("age")
    assert (number.column, bands.column, bands.size) == (AGE, BANDS, 1)
    assert indicator.ids_from is bands
    assert embedding.ids_from is bands


def test_only_some_nodes_may_be_bound() -> None:
    graph = Graph([fc.Indicator(BANDS), fc.Indicator(WORDS)])
    names = [node.name for node in graph.nodes]
    bounds = bind(graph, {}, Tables(), only=[names.index("age"), graph.nodes.index(AGE)])
    found = [None if b is None else (b.key if isinstance(b, fc.Field) else b.column.name) for b in bounds]
    assert found == ["age", "age", None, None, "tags", None, None]


def test_what_was_learned_belongs_to_a_node() -> None:
    learned = {1: {"default": {"value": 7.0}}}
    _, number = bind(Graph([fc.Numeric("age", default=fc.Mean())]), learned, Tables())
    assert number.defaults.tolist() == [7.0]


def test_columns_that_name_one_table_share_it() -> None:
    tables = Tables()
    graph = Graph([fc.Embedding(fc.Hashed(key, 5), 2, table="t") for key in ("home", "work")])
    home, work = (b for b in bind(graph, {}, tables) if hasattr(b, "table"))
    assert home.table is work.table is tables["t"]


def test_encoded_slots_say_what_encode_gives() -> None:
    columns = [
        AGE,
        fc.Numeric("x", shape=(2,)),
        fc.Indicator(WORDS),
        fc.Embedding(WORDS, 3, combiner="sum", max_norm=2.0, table="t"),
        fc.Sequence(fc.Indicator(WORDS), 4, name="steps"),
        fc.Hashed("city", 9),
    ]
    graph = Graph(columns)
    bounds = bind(graph, {}, Tables())
    slots = {s.name: s for s in encoded_slots(bounds[i] for i in graph.outputs)}
    assert [(s.name, s.kind, s.start, s.stop, s.shape) for s in slots.values() if s.kind == "dense"] == [
        ("age", "dense", 0, 1, ()),
        ("x", "dense", 1, 3, (2,)),
    ]
    assert {name: s.num_buckets for name, s in slots.items() if s.kind == "ids"} == {
        "tags_indicator": 2,
        "tags_embedding": 2,
        "steps": 2,
        "city": 9,
    }
    embedding = slots["tags_embedding"]
    assert (embedding.table, embedding.dimension, embedding.combiner, embedding.max_norm) == ("t", 3, "sum", 2.0)
    assert (slots["steps"].max_length, embedding.max_length) == (4, None)
