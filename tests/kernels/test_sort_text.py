import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels


def arena(words):
    """Texts one after another, with the 8 spare bytes that the kernels ask for; the bytes there are no zeros."""
    offsets = np.cumsum([0, *map(len, words)], dtype=np.int64)
    return offsets, np.frombuffer(b"".join(words) + b"\xff" * 8, np.uint8)


def sort(words):
    offsets, data = arena(words)
    order, keys = np.arange(len(words), dtype=np.int32), np.empty(len(words), np.uint64)
    stack = np.empty(256 + 3 * (math.isqrt(int(offsets[-1])) + 2), np.int64)
    kernels.sort_text.sort[0](offsets, data, order, keys, stack)
    return [words[i] for i in order]


TEXTS = st.sets(st.one_of(st.binary(max_size=20), st.text(alphabet="ab\0", max_size=30).map(str.encode)), max_size=60)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.integers(0, 99))
def test_texts_are_sorted_as_bytes(words, seed):
    words = sorted(words)
    random.Random(seed).shuffle(words)
    assert sort(words) == sorted(words)


@pytest.mark.parametrize(
    "words",
    [
        [b"a" * n for n in range(400)],  # at every depth one text ends and the others go on
        [b"\0" * n for n in range(60)],
        [b"a" * 8 * n + b"b" * 8 for n in range(300)] + [b"a" * 8 * n + b"c" for n in range(300)],
        [b"common beginning of every text %07d" % i for i in range(5000)],
        [b"%016x" % (i * 0x9E3779B97F4A7C15 % 2**64) for i in range(20_000)],
        [b"x" * 10_000 + b"%d" % i for i in range(50)],
        [b"\xff" * 8 + b"\xff" * n for n in range(30)],
    ],
    ids=len,
)
def test_texts_that_are_hard_to_sort(words):
    shuffled = random.Random(1).sample(words, len(words))
    assert sort(shuffled) == sorted(words)


@pytest.mark.parametrize(
    ("stop", "want"), [(8, 0x6162636465666768), (3, 0x6162630000000000), (1, 0x61 << 56), (0, 0), (20, 0x6162636465666768)]
)
def test_a_word_has_the_order_of_bytes(stop, want):
    data = np.frombuffer(b"abcdefghijklmnopqrstuvwxyz", np.uint8)
    assert int(kernels.sort_text.word(data, 0, stop)) == want
