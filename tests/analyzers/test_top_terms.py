import os
import random
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols._core.arrays import Texts, Tokens
from featurecols.analyzers import base
from featurecols.analyzers.placeholders import TopTerms
from featurecols.analyzers.term_counts import MEMORY
from featurecols.analyzers.top_terms import TermCounts
from featurecols.errors import ColumnError, DataError
from tests.analyzers.monoid import Words, bits, coded, learn, plain, texts

ODD = [
    b"",
    b"\0",
    b"\0\0",
    b"a",
    b"a\0",
    b"a" * 8,
    b"a" * 9,
    b"a" * 8 + b"\0",
    b"a" * 16,
    "жук".encode(),
    b"\xff",
    b"x" * 10_000,
]
WORDS = st.lists(st.one_of(st.none(), st.sampled_from(ODD), st.binary(max_size=20)), max_size=60)


def either(words):
    return coded(words) if sum(map(len, filter(None, words))) % 2 else plain(words)


def top(words, n=None, min_count=1):
    """What TopTerms promises, by Python's own counting."""
    counts = Counter(w for w in words if w is not None)
    return sorted((-c, w) for w, c in counts.items() if c >= min_count)[:n]


def as_pairs(learned):
    words = Texts(learned["offsets"], learned["data"])
    return [(-c, words[i]) for i, c in enumerate(learned["counts"].tolist())]


def counted(words, batch=plain, step=10**9):
    state = TermCounts().empty()
    for i in range(0, len(words), step):
        state = TermCounts().update(state, batch(words[i : i + step]))
    return state


def many(n, seed=5):
    """n words, most of them few times, with long common beginnings, every odd one among them."""
    rng = random.Random(seed)
    common = [*ODD, *(b"user_%08d" % i for i in range(n // 4)), *(b"%x" % rng.getrandbits(64) for _ in range(n // 4))]
    return [common[int(len(common) * rng.random() ** 2)] for _ in range(n)] + ODD


@settings(max_examples=150, deadline=None)
@given(WORDS, st.one_of(st.none(), st.integers(1, 9)), st.integers(1, 3), st.integers(0, 2**32))
def test_counts_equal_a_counter_in_any_order_and_sharding(words, n, min_count, seed):
    rng = random.Random(seed)
    if all(word is None for word in words):
        with pytest.raises(DataError, match="all are missing"):
            learn(TermCounts(n, min_count), words, either, rng)
        return
    learned, state = learn(TermCounts(n, min_count), words, either, rng)
    again, same_state = learn(TermCounts(n, min_count), words, either, rng)
    assert (bits(learned), state) == (bits(again), same_state)
    assert as_pairs(learned) == top(words, n, min_count)
    assert [learned[name].dtype for name in ("offsets", "data", "counts")] == [np.int64, np.uint8, np.int64]


def test_a_literal_answer():
    learned = TermCounts(2).finish(counted([b"b", b"c", None, b"a", b"b", b"c", b"d"]))
    assert {name: a.tolist() for name, a in learned.items()} == {"offsets": [0, 1, 2], "data": [98, 99], "counts": [2, 2]}
    rare = TermCounts(2, 2).finish(counted([None, b"a"]))
    assert {name: a.tolist() for name, a in rare.items()} == {"offsets": [0], "data": [], "counts": []}
    with pytest.raises(DataError, match="no value to learn from, all are missing"):  # E3
        TermCounts(2).finish(counted([None]))


@pytest.mark.parametrize("mebibytes", ["0", "0.05", "0.3"])
def test_what_was_spilled_counts_like_what_was_not(monkeypatch, mebibytes):
    words = many(30_000)
    whole = counted(words, step=999)
    assert not whole.runs
    monkeypatch.setenv(MEMORY, mebibytes)
    state = counted(words, step=999)
    assert state.runs.spilled > 0
    assert TermCounts().to_bytes(state) == TermCounts().to_bytes(whole)
    for n, min_count in ((1, 1), (70, 1), (5000, 2), (None, 3), (None, 1)):
        learned = TermCounts(n, min_count).finish(state)
        assert as_pairs(learned) == top(words, n, min_count)
        assert bits(learned) == bits(TermCounts(n, min_count).finish(whole))


def test_spilled_shards_merge_in_any_order(monkeypatch):
    words, rng = many(8000), random.Random(2)
    monkeypatch.setenv(MEMORY, "0.02")
    learned, state = learn(TermCounts(100), words, either, rng)
    assert as_pairs(learned) == top(words, 100)
    again, same_state = learn(TermCounts(100), words, either, rng)
    assert (bits(learned), state) == (bits(again), same_state)


def test_the_best_of_many_are_chosen_while_they_stream(monkeypatch):
    monkeypatch.setattr("featurecols.analyzers.top_terms._POOL", 50)
    monkeypatch.setattr("featurecols.analyzers.spill._ENTRIES", 40)
    monkeypatch.setenv(MEMORY, "0")
    words = [b"%d" % (i * i % 1013) for i in range(4000)]
    state = counted(words, step=500)
    for n in (1, 10, 200, 400, 600):
        assert as_pairs(TermCounts(n).finish(state)) == top(words, n)


def test_a_long_text_passes_through_memory_that_is_too_small_for_it(monkeypatch):
    monkeypatch.setenv(MEMORY, "0.01")
    words = [b"%d" % i for i in range(300)] + [b"y" * 300_000, b"y" * 299_999 + b"z"] * 2 + [b"%d" % i for i in range(300)]
    assert as_pairs(TermCounts(3).finish(counted(words, step=100))) == top(words, 3)


def test_a_dictionary_is_added_once_for_all_batches_that_share_it():
    shared = texts([b"x", b"y", b"x"])  # duplicates in a dictionary count together
    state = TermCounts().empty()
    for codes in ([0, 1, -1, 2], [], [2, 2]):
        state = TermCounts().update(state, Words(Tokens(shared, np.array(codes, np.int32))))
        assert state.used == 0
    assert as_pairs(TermCounts().finish(state)) == [(-4, b"x"), (-1, b"y")]


def test_a_code_outside_the_dictionary_is_an_error():
    with pytest.raises(DataError):
        TermCounts().update(TermCounts().empty(), Words(Tokens(texts([b"x"]), np.array([0, 1], np.int32))))


def test_only_elements_inside_the_rows_count():
    offsets = np.array([1, 1, 3], np.int64)
    words = [b"out", b"a", None, b"out"]
    for batch in (plain, coded):
        inner = batch(words).tokens()
        state = TermCounts().update(TermCounts().empty(), Words(Tokens(inner.texts, inner.codes, offsets)))
        assert as_pairs(TermCounts().finish(state)) == [(-1, b"a")]


def test_a_sliced_column_of_texts():
    whole = texts([b"out", b"a", b"bc", b"a", b"out"])
    inside = Words(Tokens(Texts(whole.offsets[1:5].astype(np.int32), whole.data)))
    assert as_pairs(TermCounts().finish(TermCounts().update(TermCounts().empty(), inside))) == [(-2, b"a"), (-1, b"bc")]


def test_terms_of_one_field_share_one_state():
    assert TopTerms(3).analyzer().collects == TopTerms(None, min_count=7).analyzer().collects == TermCounts()


def test_other_bytes_are_no_state():
    words = [b"user_%d" % (i % 40) for i in range(100)]
    data = TermCounts().to_bytes(counted(words))
    assert as_pairs(TermCounts().finish(TermCounts().from_bytes(data))) == top(words)
    for at in range(len(data)):
        with pytest.raises(DataError, match="not a state"):
            TermCounts().from_bytes(data[:at])
        damaged = bytearray(data)
        damaged[at] ^= 0x81
        try:
            learned = TermCounts().finish(TermCounts().from_bytes(bytes(damaged)))
        except DataError:
            continue
        assert (learned["counts"] > 0).all()


@pytest.mark.parametrize(
    "records",
    [
        b"\x00\xff\xff\xff\xff\xff\xff\x7f\x01x",  # claims 2^49 bytes to come
        b"\x00\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x01x",
        b"\x01\x01\x01x",  # shares a byte with no text before
        b"\x00\x01\x00x",  # seen no times
        b"\x00\x01\x01",
        b"\x00",
    ],
)
def test_hostile_records_are_an_error_at_no_cost(records):
    with pytest.raises(DataError, match="not a state"):
        TermCounts().from_bytes(base.pack("TermCounts.v1", records))


def test_the_memory_setting_is_checked(monkeypatch):
    monkeypatch.setenv(MEMORY, "much")
    with pytest.raises(ColumnError, match="must be a number of MiB, got 'much'"):
        counted([b"%d" % i for i in range(1000)])


SPILLS = """
import os, sys
from featurecols.analyzers.top_terms import TermCounts
from tests.analyzers.monoid import plain
state = TermCounts().empty()
for part in range(20):
    state = TermCounts().update(state, plain([b"%d" % (part * 1000 + i) for i in range(1000)]))
assert state.runs.spilled > 100_000
"""


ENDS = ["", "raise KeyError", "os.kill(os.getpid(), 9)", "print(TermCounts(5).finish(state)['counts'])"]
CHILDREN = f"""
import os, sys
from featurecols.analyzers.top_terms import TermCounts
from tests.analyzers.monoid import plain
for end in {ENDS!r}:
    child = os.fork()
    if child == 0:
        exec({SPILLS!r})
        assert os.listdir(sys.argv[1]) == []
        exec(end)
        break
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), os.listdir(sys.argv[1]), flush=True)
"""


def test_no_file_is_left_however_the_process_ends(tmp_path):
    """One process ends as Python ends, by an error, by SIGKILL, and after what it counted was read."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), MEMORY: "0.02"}
    command = [sys.executable, "-c", CHILDREN, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert "AssertionError" not in done.stderr
    statuses = [line for line in done.stdout.splitlines() if line.endswith(" []")]
    assert statuses == ["0 []", "1 []", "-9 []", "0 []"], done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_refuses_is_an_error_that_says_where(tmp_path):
    limit = "import resource, signal\nresource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
    environment = {**os.environ, "TMPDIR": str(tmp_path), MEMORY: "0.02"}
    done = subprocess.run([sys.executable, "-c", limit + SPILLS], env=environment, capture_output=True, text=True, check=False)
    assert "OutputError" in done.stderr
    assert "point TMPDIR to a folder with enough space" in done.stderr
    assert str(tmp_path) in done.stderr
    assert list(tmp_path.iterdir()) == []
