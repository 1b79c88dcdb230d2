from __future__ import annotations

import functools
import itertools
import os
import shutil
import threading
import weakref

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.errors import ColumnError, DataError
from featurecols.models.errors import CheckpointError
from featurecols.models.input import pipeline as pipeline_module
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.pipeline import BatchStream, Encoder, Pipeline, from_data, from_parquet, needs_of

N = 1000
DATA = {
    "x": np.arange(N, dtype=np.float32),
    "c": [str(i % 7) for i in range(N)],
    "t": [[str(j) for j in range(i % 4)] for i in range(N)],
}
PLAN = fc.compile([fc.Numeric("x"), fc.Hashed("c", 50), fc.Hashed("t", 20)])
LAYOUT = Layout(PLAN.encoded_slots, PLAN.tables)


@functools.cache
def whole() -> fc.Features:
    """Encode when a test asks: at import all workers of a fresh clone would compile its kernels at once."""
    return PLAN.encode(DATA)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    folder = tmp_path_factory.mktemp("rows")
    table = pa.table(DATA)
    pq.write_table(table.slice(0, 600), folder / "a.parquet", row_group_size=150)
    pq.write_table(table.slice(600), folder / "b.parquet", row_group_size=90)
    return folder


def stream(pipeline: Pipeline, seed: int = 0, reads: list | None = None) -> BatchStream:
    def encode(batch):
        if reads is not None:
            reads.append(batch.rows.num_rows)
        x = batch.rows.field("x").numbers().values
        return Examples.of(PLAN.encode(batch.rows), LAYOUT, labels=x.astype(np.int64), weights=x.astype(np.float32))

    return BatchStream(pipeline, Encoder(encode, needs_of(PLAN), PLAN.fingerprint, LAYOUT), seed)


def rows(batches):
    """The numbers of the rows, batch by batch; everything else about them is checked on the way."""
    out, c, t = [], whole().ids["c"].values, whole().ids["t"].compact()
    for batch in batches:
        x = batch.dense[:, 0].astype(int)
        assert batch["c"].values.tolist() == c[x].tolist()
        assert batch["t"].compact().values.tolist() == [
            j for i in x for j in t.values[t.offsets[i] : t.offsets[i + 1]].tolist()
        ]
        assert np.diff(batch["t"].offsets).tolist() == [i % 4 for i in x]
        assert batch.labels.tolist() == batch.weights.tolist() == x.tolist()
        out.append(x.tolist())
    return out


def flat(batches):
    return list(itertools.chain.from_iterable(batches))


def test_without_a_shuffle_rows_come_in_order(path):
    got = rows(stream(from_parquet(path).batch(64)).epoch(0))
    assert flat(got) == list(range(N))
    assert [len(b) for b in got] == [64] * 15 + [40]


@pytest.mark.parametrize("buffer", [1, 70, 333, N, 5000])
def test_a_shuffled_epoch_has_every_row_once(path, buffer):
    s = stream(from_parquet(path).shuffle(buffer).batch(64), seed=3)
    first, again, second = rows(s.epoch(0)), rows(s.epoch(0)), rows(s.epoch(1))
    assert sorted(flat(first)) == sorted(flat(second)) == list(range(N))
    assert first == again
    assert first != second
    assert [len(b) for b in first] == [64] * 15 + [40]
    assert flat(first) != list(range(N))


def test_seeds_and_runs_shuffle_otherwise(path):
    pipeline = from_parquet(path).shuffle(200).batch(64)
    a = rows(stream(pipeline, seed=1).epoch(0))
    assert a == rows(stream(pipeline, seed=1).epoch(0))
    assert a != rows(stream(pipeline, seed=2).epoch(0))
    assert a != rows(stream(pipeline, seed=1).epoch(0, run=7))
    assert a == rows(stream(from_parquet(path).shuffle(200, seed=1).batch(64), seed=2).epoch(0))


def test_a_large_buffer_mixes_all_rows(path):
    got = flat(rows(stream(from_parquet(path).shuffle(N).batch(100)).epoch(0)))
    early = np.mean(np.array(got[:500]) < 500)
    assert 0.4 < early < 0.6


@pytest.mark.parametrize("buffer", [0, 70, N])
@pytest.mark.parametrize("size", [1, 64, 999, N, 5000])
def test_skipping_goes_on_where_it_left_off(path, buffer, size):
    pipeline = from_parquet(path).batch(size)
    s = stream(pipeline.shuffle(buffer) if buffer else pipeline, seed=5)
    everything = rows(s.epoch(2))
    for skip in (0, 1, len(everything) - 1, len(everything)):
        assert rows(s.epoch(2, skip)) == everything[skip:]


@pytest.mark.parametrize("buffer", [0, 70, N])
@pytest.mark.parametrize("depth", [0, 3])
def test_caches_and_threads_change_nothing(path, tmp_path, buffer, depth):
    plain = from_parquet(path).batch(64).prefetch(depth)
    plain = plain.shuffle(buffer) if buffer else plain
    want = [rows(stream(plain, 1).epoch(e)) for e in range(3)]
    for cached in (plain.cache(), plain.cache(tmp_path / "cache"), plain.cache(tmp_path / "cache")):
        s = stream(cached, 1)
        assert [rows(s.epoch(e)) for e in range(3)] == want


@pytest.mark.parametrize(("batch", "threads"), [(N // 8, 0), (N // 8 - 1, 1), (N, 0)])
def test_a_thread_prepares_batches_where_they_are_more_than_it_prepares_together(batch, threads):
    before = threading.active_count()
    found = stream(from_data(DATA).shuffle(N).batch(batch)).epoch(0)
    next(found)
    assert threading.active_count() == before + threads
    assert sum(map(len, found)) == N - batch


@pytest.mark.parametrize("kind", ["memory", "file"])
@pytest.mark.parametrize("buffer", [70, N])
def test_a_cached_epoch_is_read_once(path, tmp_path, kind, buffer):
    reads = []
    pipeline = from_parquet(path).shuffle(buffer).batch(64)
    s = stream(pipeline.cache() if kind == "memory" else pipeline.cache(tmp_path / "c"), reads=reads)
    for epoch in range(3):
        list(s.epoch(epoch))
    assert sum(reads) == N
    if kind == "file":
        again = stream(pipeline.cache(tmp_path / "c"), reads=reads)
        list(again.epoch(0))
        assert sum(reads) == N


def test_without_a_cache_every_epoch_reads(path):
    reads = []
    s = stream(from_parquet(path).batch(64), reads=reads)
    for epoch in range(3):
        list(s.epoch(epoch))
    assert sum(reads) == 3 * N


def test_a_memory_cache_past_its_limit_gives_up(path):
    reads = []
    s = stream(Pipeline(from_parquet(path).data, buffer=70, batch_size=64, kept=2000.0), reads=reads)
    want = stream(from_parquet(path).shuffle(70).batch(64))
    for epoch in range(2):
        assert rows(s.epoch(epoch)) == rows(want.epoch(epoch))
    assert sum(reads) == 2 * N
    assert s.cache.kept == {}


def test_a_cache_of_other_columns_is_refused(path, tmp_path):
    list(stream(from_parquet(path).cache(tmp_path / "c")).epoch(0))
    other = Encoder(lambda batch: Examples.of(PLAN.encode(batch.rows), LAYOUT), needs_of(PLAN), "another plan", LAYOUT)
    with pytest.raises(CheckpointError, match=r"holds rows that .* encoded, and this model has another plan; delete"):
        list(BatchStream(from_parquet(path).cache(tmp_path / "c"), other, 0).epoch(0))


def test_a_cache_of_other_data_is_refused(path, tmp_path):
    """D1: another file, a newer version of the file and another table were served from the cache of the first."""
    first, other = shutil.copy(path / "a.parquet", tmp_path / "a.parquet"), shutil.copy(path / "b.parquet", tmp_path)
    for data in (first, first, other):
        if data == other:
            with pytest.raises(CheckpointError, match=r"holds other data: .*a\.parquet.*b\.parquet"):
                list(stream(from_parquet(data).cache(tmp_path / "c")).epoch(0))
        else:
            assert len(rows(stream(from_parquet(data).cache(tmp_path / "c")).epoch(0))) == 3
    os.utime(first, ns=(1, 1))
    with pytest.raises(CheckpointError, match="holds other data"):
        list(stream(from_parquet(first).cache(tmp_path / "c")).epoch(0))
    plan = fc.compile([fc.Numeric("x")])
    for values, match in (([1.0, 2.0], None), ([1.0, 3.0], "holds other data"), ([1.0, 2.0, 3.0], "holds other data")):
        pipeline = from_data({"x": values}).batch(10).cache(tmp_path / "t")
        if match is None:
            assert [b.dense[:, 0].tolist() for _ in "12" for b in pipeline.examples(plan)] == [values, values]
        else:
            with pytest.raises(CheckpointError, match=match):
                list(pipeline.examples(plan))


@pytest.mark.parametrize("name", ["cache.json", "dense.bin", "singles.bin", "labels.bin"])
@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "pipe", "other"])
def test_a_damaged_cache_is_refused(path, tmp_path, name, damage):
    """D6, D5: a flipped bit was trained on, and some damage was an error of numpy."""
    list(stream(from_parquet(path).cache(tmp_path / "c")).epoch(0))
    file = tmp_path / "c" / name
    data = bytearray(file.read_bytes())
    file.unlink()
    if damage == "pipe":
        os.mkfifo(file)
    else:
        data[len(data) // 2] ^= 1 if damage == "flip" else 0
        file.write_bytes({"cut": data[:-3], "empty": b"", "other": b"[]"}.get(damage, bytes(data)))
    with pytest.raises(CheckpointError, match="not a complete cache"):
        list(stream(from_parquet(path).cache(tmp_path / "c")).epoch(0))


def test_a_cache_that_was_cut_short_is_not_there(path, tmp_path):
    def broken(batch):
        raise OSError("no space")

    s = BatchStream(from_parquet(path).cache(tmp_path / "c"), Encoder(broken, needs_of(PLAN), "k", LAYOUT), 0)
    with pytest.raises(OSError, match="no space"):
        list(s.epoch(0))
    assert list(tmp_path.iterdir()) == []


def test_memory_stays_bounded_without_a_cache(path):
    most = 0
    s = stream(from_parquet(path).shuffle(100).batch(10).prefetch(1))
    read = s._read

    def watched(group):
        for batch in read(group):
            Rows(batch.dense)
            yield batch

    class Rows:
        """Lives as long as the array."""

        def __init__(self, array):
            self.size = len(array)
            weakref.finalize(array, kept.discard, self)
            kept.add(self)

    kept = set()
    s._read = watched
    for _ in s.epoch(0):
        most = max(most, sum(r.size for r in kept))
    assert 100 <= most <= 100 + 2 * 150


def test_lengths_are_known_where_they_can_be(path):
    s = stream(from_parquet(path).batch(64))
    assert (s.rows, s.batches) == (N, 16)
    assert stream(from_data(lambda: iter([pa.table(DATA)])).batch(64)).batches is None


def test_functions_and_pairs_are_read_in_order_and_shuffled_in_windows():
    halves = [{k: v[:500] for k, v in DATA.items()}, {k: v[500:] for k, v in DATA.items()}]
    got = rows(stream(from_data(lambda: iter(map(pa.table, halves))).batch(64)).epoch(0))
    assert flat(got) == list(range(N))
    s = stream(from_data(lambda: iter([(h, h["x"]) for h in halves])).shuffle(200).batch(64), seed=1)
    got = rows(s.epoch(0))
    assert got == rows(s.epoch(0))
    assert sorted(flat(got)) == list(range(N))
    assert sorted(flat(got)[:200]) == list(range(200))


def test_rows_of_errors_count_from_the_start(path, tmp_path):
    table = pa.table({**DATA, "n": [0] * 777 + [9] + [0] * 222})
    pq.write_table(table, tmp_path / "n.parquet", row_group_size=100)
    plan = fc.compile([fc.Identity("n", 5)])
    layout = Layout(plan.encoded_slots)
    encoder = Encoder(lambda batch: Examples.of(plan.encode(batch.rows), layout), needs_of(plan), "", layout)
    with pytest.raises(DataError, match="at row 777, got 9"):
        list(BatchStream(from_parquet(tmp_path / "n.parquet").batch(10), encoder, 0).epoch(0))


@pytest.mark.parametrize(("size", "before"), [(10, 700), (50, 700), (64, 640), (300, 600), (701, 0)])
def test_an_error_comes_after_all_batches_before_it(tmp_path, size, before):
    table = pa.table({"n": [0] * 777 + [9] + [0] * 222})
    pq.write_table(table, tmp_path / "n.parquet", row_group_size=100)
    plan = fc.compile([fc.Identity("n", 5)])
    layout = Layout(plan.encoded_slots)
    encoder = Encoder(lambda batch: Examples.of(plan.encode(batch.rows), layout), needs_of(plan), "", layout)
    for depth in (0, 2):
        came: list[int] = []
        batches = BatchStream(from_parquet(tmp_path / "n.parquet").batch(size).prefetch(depth), encoder, 0).epoch(0)
        with pytest.raises(DataError, match="at row 777, got 9"):
            came.extend(map(len, batches))
        assert sum(came) == before


def test_nothing_is_read_before_it_is_asked_for_without_prefetch():
    asked = []

    def read():
        for k in range(20):
            asked.append(k)
            yield {key: pa.array(values[2 * k : 2 * k + 2]) for key, values in DATA.items()}

    batches = stream(from_data(read).batch(2).prefetch(0)).epoch(0)
    next(batches)
    assert len(asked) <= 2


@pytest.mark.parametrize("skip", [0, 1, 7, 8, 9, 31, 32])
def test_a_resumed_epoch_is_the_rest_of_the_whole_one_for_any_size_of_groups(monkeypatch, skip):
    def batches(most, at):
        monkeypatch.setattr(pipeline_module, "MAX_BATCHES", most)
        return rows(stream(from_data(DATA).shuffle(N).batch(31), seed=5).epoch(3, at))

    whole = batches(1, 0)
    assert [len(b) for b in whole] == [31] * 32 + [8]
    for most in (1, 3, 8, 64):
        assert batches(most, skip) == whole[skip:]


def test_a_plan_alone_gives_batches(path):
    batches = list(from_parquet(path).batch(300).examples(PLAN))
    assert [len(b) for b in batches] == [300, 300, 300, 100]
    assert batches[0]["x"][:3, 0].tolist() == [0.0, 1.0, 2.0]


def test_a_loop_of_ones_own_has_labels_and_weights_and_pays_once_for_a_cached_epoch():
    reads = []

    def read():
        reads.append(1)
        return {**DATA, "y": [("no", "yes")[i % 3 == 0] for i in range(N)], "w": np.arange(N) / 10}

    def orders(pipeline, epochs):
        for e in epochs:
            batches = list(pipeline.examples(PLAN, epoch=e))
            order = np.concatenate([b.dense[:, 0] for b in batches]).astype(int).tolist()
            assert sorted(order) == list(range(N))
            assert np.concatenate([b.labels for b in batches]).tolist() == [int(i % 3 == 0) for i in order]
            assert np.concatenate([b.weights for b in batches]).tolist() == (np.array(order) / 10).astype(np.float32).tolist()
            yield order

    pipeline = from_data(read, label="y", weight="w").shuffle(N).batch(64)
    cached = pipeline.cache()
    first, again, second = orders(cached, (0, 0, 1))
    assert first == again != second
    paid = len(reads)
    assert list(orders(cached, (1, 2)))[:1] == [second]
    assert len(reads) == paid
    assert list(orders(pipeline, (0, 1))) == [first, second]
    assert len(reads) > paid


def test_settings_are_values():
    pipeline = from_data(DATA)
    changed = pipeline.shuffle(10).batch(5).repeat(3).prefetch(4).cache("folder")
    assert (pipeline.buffer, pipeline.batch_size, pipeline.epochs, pipeline.kept) == (0, None, None, None)
    assert (changed.buffer, changed.batch_size, changed.epochs, changed.depth, str(changed.kept)) == (10, 5, 3, 4, "folder")
    assert pipeline.repeat().epochs == -1


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda p: p.batch(0), "batch: needs an integer of at least 1, got 0"),
        (lambda p: p.shuffle(-5), "shuffle: needs an integer of at least 1, got -5"),
        (lambda p: p.repeat(1.5), "repeat: needs an integer of at least 1, got 1.5"),
        (lambda p: Pipeline(p.data, batch_size=-3), "batch: needs an integer of at least 1, got -3"),
        (lambda p: p.cache(3), "cache: needs a folder, or nothing for memory, got 3"),
        (lambda p: p.prefetch(-1), "prefetch: needs an integer of at least 0, got -1"),
    ],
)
def test_bad_settings(call, message):
    with pytest.raises(ColumnError, match=message):
        call(from_data(DATA))
