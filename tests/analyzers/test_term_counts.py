import random

import numpy as np

from featurecols.analyzers.term_counts import MEMORY, Table, budget, take
from tests.analyzers.monoid import texts


def add(table, words):
    t = texts(words)
    table.add(t.offsets, t.data, t.valid)


def test_a_table_grows_and_keeps_every_count():
    table, words = Table(), [b"%d" % (i % 5000) for i in range(20_000)]
    for i in range(0, len(words), 777):
        add(table, words[i : i + 777])
    assert table.used == 5000
    offsets, data, counts = take(table.entries, table.ordered(np.arange(5000)))
    assert counts.tolist() == [4] * 5000
    assert [data[offsets[i] : offsets[i + 1]].tobytes() for i in range(5000)] == sorted({*words})


def test_tables_together_stay_within_the_budget(monkeypatch):
    monkeypatch.setenv(MEMORY, "1")
    tables, rng = [Table() for _ in range(4)], random.Random(0)
    for step in range(400):
        table = tables[0] if step % 2 else rng.choice(tables)
        add(table, [b"%x" % rng.getrandbits(64) for _ in range(300)])
        assert sum(t.nbytes for t in tables) <= 2 * budget() == 2**21  # a large one gives way when it next needs room
    assert sum(t.nbytes for t in tables) <= budget()
    assert tables[0].runs.spilled > 10 * 2**16


def test_a_closed_table_is_empty():
    table = Table()
    add(table, [b"x"])
    table.spill()
    add(table, [b"y"])
    table.close()
    assert (table.used, bool(table.runs), list(table.records())) == (0, False, [])
