from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels

SECRET = np.array([1, 2, 3], np.uint64)
NONE, ALL = np.empty(0, np.int64), np.empty(0, np.bool_)


class Plain:
    """A term table as bare arrays: 2**k slots, room for so many texts and bytes."""

    def __init__(self, k, texts, room):
        self.shift, self.slots = np.uint64(64 - k), np.zeros(2**k, np.uint64)
        self.offsets, self.counts = np.zeros(texts + 1, np.int64), np.zeros(texts, np.int64)
        self.data, self.status = np.zeros(room + 8, np.uint8), np.zeros(3, np.int64)

    def add(self, words, at=0, valid=ALL, weights=NONE):
        offsets, data = np.cumsum([0, *map(len, words)], dtype=np.int64), np.frombuffer(b"".join(words), np.uint8)
        table = self.shift, self.slots, self.offsets, self.counts, self.data, self.status
        return kernels.count_terms.add[0](offsets, data, valid, weights, at, SECRET, *table)

    def counted(self):
        cut = [self.data[a:b].tobytes() for a, b in zip(self.offsets, self.offsets[1:], strict=False)]
        return {cut[i]: int(self.counts[i]) for i in range(int(self.status[0]))}


WORDS = st.lists(st.one_of(st.sampled_from([b"", b"\0", b"a" * 8, b"a" * 9]), st.binary(max_size=12)), max_size=50)


@settings(max_examples=100, deadline=None)
@given(WORDS, st.data())
def test_a_table_counts_valid_texts_by_weight(words, data):
    n = len(words)
    valid = data.draw(st.one_of(st.just([]), st.lists(st.booleans(), min_size=n, max_size=n)))
    weights = data.draw(st.one_of(st.just([]), st.lists(st.integers(0, 5), min_size=n, max_size=n)))
    table, want = Plain(7, 50, 600), Counter()
    assert table.add(words, 0, np.array(valid, np.bool_), np.array(weights, np.int64)) == n
    for i, word in enumerate(words):
        if not valid or valid[i]:
            want[word] += weights[i] if weights else 1
    assert table.counted() == {w: c for w, c in want.items() if c}


@pytest.mark.parametrize("few", [5, 63, 70])
def test_a_long_column_of_few_texts_is_counted(few):
    random = np.random.default_rng(few)
    texts = [b"", b"\0", b"1234567", b"12345678", *(b"w%d" % i for i in range(few))][:few]
    words = [texts[i] for i in random.integers(0, few, 500)]
    for valid in (ALL, random.random(500) < 0.9):
        table = Plain(8, 100, 600)
        assert table.add(words, 0, valid) == 500
        assert table.counted() == Counter(word for i, word in enumerate(words) if not len(valid) or valid[i])


def test_a_full_table_says_what_it_lacks_and_goes_on():
    words = [b"one", b"two", b"one", b"three"]
    table = Plain(4, 2, 100)
    assert table.add(words) == 3
    assert table.status[:2].tolist() == [2, 0]
    table = Plain(4, 9, 6)
    assert table.add(words) == 3
    assert table.status[:2].tolist() == [2, 5]
    table.data = np.concatenate([table.data, np.zeros(5, np.uint8)])
    assert table.add(words, 3) == 4
    assert table.counted() == {b"one": 2, b"two": 1, b"three": 1}


def test_a_larger_table_finds_what_the_smaller_one_held():
    table, words = Plain(6, 40, 400), [b"%d" % i for i in range(40)]
    table.add(words)
    larger = np.zeros(2**9, np.uint64)
    kernels.count_terms.regrow[0](table.slots, np.uint64(55), larger)
    table.slots, table.shift = larger, np.uint64(55)
    assert table.add(words) == 40
    assert table.counted() == dict.fromkeys(words, 2)


@pytest.mark.parametrize("offsets", [[0, 9], [-1, 2], [2, 1]])
def test_texts_outside_their_bytes_are_never_read(offsets):
    table = Plain(4, 4, 40)
    parts = table.shift, table.slots, table.offsets, table.counts, table.data, table.status
    texts, data = np.array(offsets, np.int64), np.zeros(3, np.uint8)
    assert kernels.count_terms.add[0](texts, data, ALL, NONE, 0, SECRET, *parts) == kernels.count_terms.DAMAGED


def test_codes_are_tallied_and_checked():
    counts = np.zeros(3, np.int64)
    assert kernels.count_terms.tally[0](np.array([2, 0, -1, 2], np.int32), counts) == 4
    assert counts.tolist() == [1, 0, 2]
    assert kernels.count_terms.tally[0](np.array([3], np.int32), counts) == kernels.count_terms.DAMAGED


def test_texts_are_taken_by_number():
    offsets, data = np.array([0, 1, 3, 3], np.int64), np.frombuffer(b"abb", np.uint8)
    order, found, out = np.array([1, 2, 0, 1], np.int32), np.zeros(5, np.int64), np.zeros(5, np.uint8)
    kernels.count_terms.take[0](offsets, data, order, found, np.empty(0, np.uint8))
    kernels.count_terms.take[0](offsets, data, order, found, out)
    assert (found.tolist(), out.tobytes()) == ([0, 2, 2, 3, 5], b"bbabb")
