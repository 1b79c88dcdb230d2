import random

import numpy as np
import pytest

from featurecols.analyzers import spill as module
from featurecols.analyzers.spill import Chunk, Runs, records_of
from tests.analyzers.monoid import texts


def chunk(pairs):
    words = texts([w for w, _ in pairs])
    return Chunk(words.offsets, words.data, np.array([c for _, c in pairs], np.int64))


def pairs_of(chunks):
    found = []
    for c in chunks:
        found += [(c.data[c.offsets[i] : c.offsets[i + 1]].tobytes(), n) for i, n in enumerate(c.counts.tolist())]
    return found


def some(rng, n):
    """Distinct sorted texts with counts, many with long common beginnings."""
    words = {rng.choice([b"", b"prefix" * 5, b"prefix" * 60, b"\0"]) + b"%d" % rng.randrange(4 * n) for _ in range(n)}
    return [(w, rng.choice([1, 2, 127, 128, 2**20, 2**40])) for w in sorted(words)]


@pytest.mark.parametrize("k", [1, 2, 3, 5, 31, 32, 33, 70])
def test_runs_merge_to_the_sum_of_their_counts(k):
    rng, want, runs = random.Random(k), {}, Runs()
    for _ in range(k):
        pairs = some(rng, rng.choice([1, 3, 200]))
        runs.write(records_of([chunk(pairs[:50]), chunk(pairs[50:])] if len(pairs) > 50 else [chunk(pairs)]))
        for word, count in pairs:
            want[word] = want.get(word, 0) + count
    assert max(map(len, runs.levels)) < module.FAN_IN
    assert pairs_of(runs.merged()) == sorted(want.items())
    assert pairs_of(runs.merged(lambda: 200)) == [(w, c) for w, c in sorted(want.items()) if c >= 200]


@pytest.mark.parametrize(("window", "entries"), [(32, 1), (100, 7), (4096, 64)])
def test_windows_smaller_than_a_record_and_outputs_smaller_than_a_text(monkeypatch, window, entries):
    monkeypatch.setattr(module, "_WINDOW", window)
    monkeypatch.setattr(module, "_ENTRIES", entries)
    rng, want, runs = random.Random(window), {}, Runs()
    for _ in range(5):
        pairs = some(rng, 100)
        runs.write(records_of([chunk(pairs)]))
        for word, count in pairs:
            want[word] = want.get(word, 0) + count
    assert pairs_of(runs.merged()) == sorted(want.items())


def test_the_records_of_a_stream_do_not_depend_on_its_chunks():
    pairs = some(random.Random(1), 300)
    whole = b"".join(records_of([chunk(pairs)]))
    assert b"".join(records_of(chunk([pair]) for pair in pairs)) == whole
    assert whole[: len(pairs[0][0]) + 3][:1] == b"\0"


def test_a_record_by_hand():
    records = b"".join(records_of([chunk([(b"ab", 1), (b"abc", 300)])]))
    assert records == b"\x00\x02\x01ab" + b"\x02\x01\xac\x02c"


def test_runs_of_many_shards_are_few():
    whole, want = Runs(), 0
    for shard in range(200):
        runs = Runs()
        for part in range(3):
            runs.write(records_of([chunk([(b"%d" % shard, 1), (b"all", part)] if part else [(b"all", 5)])]))
        whole.extend(runs)
        want += 5 + 1 + 2
        assert max(map(len, whole.levels)) < module.FAN_IN
    found = dict(pairs_of(whole.merged()))
    assert (found.pop(b"all"), set(found.values()), len(found)) == (want, {2}, 200)


def test_closing_deletes_and_merging_moves():
    a, b = Runs(), Runs()
    a.write(records_of([chunk([(b"x", 1)])]))
    b.write(records_of([chunk([(b"x", 2)])]))
    a.extend(b)
    assert not b
    b.close()
    assert pairs_of(a.merged()) == [(b"x", 3)]
    file = a.levels[0][0].file
    a.close()
    assert file.closed
    assert pairs_of(a.merged()) == []
