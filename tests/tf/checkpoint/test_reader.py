import json
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from featurecols import errors
from featurecols.tf.checkpoint import reader
from featurecols.tf.checkpoint.reader import Checkpoint
from tests.tf import tf_writer
from tests.tf.tf_writer import entry, extents, masked, write, write_index

DATA = Path(__file__).parents[1] / "data" / "tf"
TENSORS = {"a/kernel": np.arange(6, dtype="<f4").reshape(2, 3), "b": np.array([1, -2], "<i8"), "c": np.float64(0.5).reshape(())}


def test_every_dtype_and_both_kinds_of_slices_as_tensorflow_reads_them() -> None:
    checkpoint = Checkpoint.open(DATA / "bundle")
    expected = np.load(DATA / "bundle.npz")
    assert checkpoint.names() == sorted([*expected.files, "text"])
    assert len(expected.files) == 19
    for name in expected.files:
        found = checkpoint.read(name)
        assert found.dtype == expected[name].dtype == checkpoint.dtype(name)
        assert found.shape == expected[name].shape == checkpoint.shape(name)
        np.testing.assert_array_equal(found, expected[name])


def test_strings() -> None:
    checkpoint = Checkpoint.open(DATA / "bundle.index")
    expected = [bytes.fromhex(t) for t in json.loads((DATA / "bundle_text.json").read_text())]
    found = checkpoint.read("text")
    assert found.dtype == np.dtype(object)
    assert checkpoint.dtype("text") == np.dtype(object)
    assert found.shape == (2, 2)
    assert found.ravel().tolist() == expected == [b"a", b"", b"\xff\0", b"x" * 300]


def test_a_written_checkpoint_comes_back(tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(write(tmp_path, TENSORS))
    assert checkpoint.names() == ["a/kernel", "b", "c"]
    for name, value in TENSORS.items():
        np.testing.assert_array_equal(checkpoint.read(name), value)
    assert "b" in checkpoint
    assert "x" not in checkpoint
    assert 5 not in checkpoint


def test_an_unknown_name_offers_near_ones(tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(write(tmp_path, TENSORS))
    with pytest.raises(errors.SavedPlanError, match="no tensor 'a/kernels'; it has 'a/kernel'"):
        checkpoint.read("a/kernels")
    with pytest.raises(errors.SavedPlanError, match="it has 'a/kernel', 'b', 'c'"):
        checkpoint.shape("zzz")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for file in DATA.glob("bundle.*-of-*"):
        shutil.copy(file, tmp_path)
    shutil.copy(DATA / "bundle.index", tmp_path)
    return tmp_path / "bundle"


def shard(prefix: Path, number: int) -> Path:
    return Path(f"{prefix}.data-{number:05d}-of-00002")


def test_a_missing_data_file(copy: Path) -> None:
    shard(copy, 1).unlink()
    with pytest.raises(errors.SavedPlanError, match=r"00001-of-00002: No such file.*copy the whole checkpoint"):
        Checkpoint.open(copy)


def test_a_truncated_data_file(copy: Path) -> None:
    os.truncate(shard(copy, 0), 6745)
    with pytest.raises(errors.SavedPlanError, match="6745 bytes where the index declares 6746"):
        Checkpoint.open(copy)


def test_a_data_file_cut_after_it_was_opened(copy: Path) -> None:
    checkpoint = Checkpoint.open(copy)
    for number in (0, 1):
        os.truncate(shard(copy, number), 0)
    for name in ("rows", "text", "all/float32"):
        with pytest.raises(errors.SavedPlanError, match="too short"):
            checkpoint.read(name)


def test_a_wrong_checksum_names_the_tensor(copy: Path) -> None:
    raw = bytearray(shard(copy, 0).read_bytes())
    raw[5] ^= 1
    shard(copy, 0).write_bytes(raw)
    checkpoint = Checkpoint.open(copy)
    with pytest.raises(errors.SavedPlanError, match="tensor 'all/float16': wrong checksum"):
        checkpoint.read("all/float16")
    assert checkpoint.read("all/complex64").shape == (3, 2)


def test_links_are_not_followed(copy: Path) -> None:
    moved = copy.parent / "elsewhere"
    shard(copy, 0).rename(moved)
    shard(copy, 0).symlink_to(moved)
    with pytest.raises(errors.SavedPlanError, match="symbolic link"):
        Checkpoint.open(copy)


def refuse(prefix: Path, words: str, name: str = "a", max_tensor: int = 1 << 30) -> None:
    with pytest.raises(errors.SavedPlanError, match=words):
        Checkpoint.open(prefix, max_tensor=max_tensor).read(name)


TEN = bytes(range(10)) * 4


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (entry(1, [10], size=40), "wrong checksum"),
        (entry(1, [10], size=36, crc=masked(TEN[:36])), "36 bytes cannot hold shape"),
        (entry(1, [1 << 45], size=40, crc=masked(TEN)), "40 bytes cannot hold shape"),
        (entry(1, [1 << 30], size=1 << 32), "40 bytes where the index declares 4294967296"),
        (entry(1, [10], offset=1 << 62, size=40), "declares 4611686018427387944"),
        (entry(7, [1 << 40], size=40), "cannot hold shape"),
        (entry(7, [1], size=0), "cannot hold shape"),
        (entry(7, [10], size=40), "bytes declared where"),
        (entry(1, [10], slices=[extents((0, 10))]), "a slice is missing"),
    ],
)
def test_entries_that_do_not_fit_their_data(tmp_path: Path, value: bytes, words: str) -> None:
    refuse(write_index(tmp_path, [(b"a", value)], TEN), words)


def test_a_tensor_above_the_limit(tmp_path: Path) -> None:
    prefix = write(tmp_path, TENSORS)
    refuse(prefix, r"has 24 bytes \(at most 23\); raise max_tensor", "a/kernel", 23)
    assert Checkpoint.open(prefix, max_tensor=24).read("a/kernel").shape == (2, 3)


def slice_pairs(shape: list[int], stored: list[tuple[int, int, bytes]]) -> list[tuple[bytes, bytes]]:
    """Entries of a partitioned float32 tensor `a`: per slice its start, its length, its own entry."""
    pairs = []
    for start, length, value in stored:
        code = b"\0a\0\x01\x01\x01" + bytes([0x80 ^ start, 0x80 ^ length])
        pairs.append((code, value))
    whole = entry(1, shape, slices=[extents((s, n)) for s, n, _ in stored])
    return [*sorted(pairs), (b"a", whole)]


def test_slices_are_put_together(tmp_path: Path) -> None:
    halves = [(0, 4, entry(1, [4], 0, 24, 16, masked(TEN[24:]))), (4, 6, entry(1, [6], 0, 0, 24, masked(TEN[:24])))]
    found = Checkpoint.open(write_index(tmp_path, slice_pairs([10], halves), TEN)).read("a")
    np.testing.assert_array_equal(found, np.frombuffer(TEN[24:] + TEN[:24], "<f4"))


@pytest.mark.parametrize(
    ("second", "words"),
    [
        (entry(1, [5], 0, 16, 20), "not of the declared shape"),
        (entry(3, [6], 0, 16, 24), "not of the declared shape and type"),
        (entry(1, [6], 0, 16, 20), "20 bytes cannot hold"),
        (entry(1, [6], 0, 0, 24), "two tensors share the bytes at 0"),
        (entry(1, [6], 0, 15, 24), "two tensors share the bytes at 15"),
        (entry(1, [6], 0, 16, 24, 5), "wrong checksum"),
        (entry(1, [6], slices=[extents((0, 6))]), "a slice is missing"),  # slices of slices
    ],
)
def test_slices_that_do_not_fit(tmp_path: Path, second: bytes, words: str) -> None:
    halves = [(0, 4, entry(1, [4], 0, 0, 16, masked(TEN[:16]))), (4, 6, second)]
    refuse(write_index(tmp_path, slice_pairs([10], halves), TEN), words)


def test_slices_above_the_limit(tmp_path: Path) -> None:
    halves = [(0, 4, entry(1, [4], 0, 24, 16, masked(TEN[24:]))), (4, 6, entry(1, [6], 0, 0, 24, masked(TEN[:24])))]
    refuse(write_index(tmp_path, slice_pairs([10], halves), TEN), r"40 bytes \(at most 39\)", max_tensor=39)


def test_two_names_for_the_same_bytes_are_refused(tmp_path: Path) -> None:
    """Otherwise a small file could be read as many large tensors."""
    same = entry(1, [10], size=40, crc=masked(TEN))
    refuse(write_index(tmp_path, [(b"a", same), (b"b", same)], TEN), "two tensors share the bytes at 0")


def test_an_index_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "model.index").write_bytes(tf_writer.table([tf_writer.contents([(b"a", entry(1, [0]))])]))
    refuse(tmp_path / "model", "no header entry")
    (tmp_path / "model.index").write_bytes(tf_writer.table([]))
    refuse(tmp_path / "model", "no header entry")


def test_too_many_strings_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "_MAX_TEXTS", 9)
    refuse(write_index(tmp_path, [(b"a", entry(7, [10], size=40))], TEN), "40 bytes cannot hold shape")


def test_a_name_that_is_not_text(tmp_path: Path) -> None:
    checkpoint = Checkpoint.open(write_index(tmp_path, [(b"\xff\xfe", entry(1, [10], size=40, crc=masked(TEN)))], TEN))
    (name,) = checkpoint.names()
    assert checkpoint.read(name).tobytes() == TEN


def whole(prefix: Path) -> dict[str, bytes]:
    checkpoint = Checkpoint.open(prefix)
    values = {name: checkpoint.read(name) for name in checkpoint.names()}
    return {name: b"|".join(v.ravel()) if name == "text" else v.tobytes() for name, v in values.items()}


@pytest.fixture(scope="module")
def victim(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Path], dict[str, bytes], Path]:
    folder = tmp_path_factory.mktemp("victim")
    files = [shutil.copy(f, folder) for f in sorted(DATA.glob("bundle.*")) if f.suffix != ".npz" and f.suffix != ".json"]
    assert len(files) == 3
    return [Path(f) for f in files], whole(folder / "bundle"), folder / "bundle"


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_any_flip_or_truncation_gives_an_error_or_the_same(
    victim: tuple[list[Path], dict[str, bytes], Path], data: st.DataObject
) -> None:
    files, expected, prefix = victim
    file = data.draw(st.sampled_from(files))
    raw = file.read_bytes()
    at = data.draw(st.integers(0, len(raw) - 1))
    bits = data.draw(st.integers(0, 255))
    changed = raw[:at] if bits == 0 else raw[:at] + bytes([raw[at] ^ bits]) + raw[at + 1 :]
    try:
        file.write_bytes(changed)
        with suppress(errors.SavedPlanError):
            assert whole(prefix) == expected
    finally:
        file.write_bytes(raw)


FINE = (
    entry(1, [10], size=40, crc=masked(TEN)),
    entry(7, [3], size=40),
    entry(1, [2], slices=[extents((0, 2))]),
)


def mutated(draw: st.DrawFn) -> bytes:
    """An entry with one byte changed, its block's checksum made right again."""
    value = draw(
        st.sampled_from(
            [entry(1, [10], size=40, crc=masked(TEN)), entry(7, [3], size=40), entry(1, [2], slices=[extents((0, 2))])]
        )
    )
    at, byte = draw(st.integers(0, len(value) - 1)), draw(st.integers(0, 255))
    return value[:at] + bytes([byte]) + value[at + 1 :]


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.composite(mutated)() | st.binary(max_size=60))
def test_any_entry_gives_an_error_or_a_tensor_of_the_bytes_that_are_there(tmp_path: Path, value: bytes) -> None:
    prefix = write_index(tmp_path, [(b"a", value)], TEN)
    with suppress(errors.SavedPlanError):
        assert Checkpoint.open(prefix).read("a").nbytes <= 16 * len(TEN)


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.strip()


@pytest.mark.parametrize("limit", [1 << 30, 1 << 45])
def test_hostile_sizes_take_no_memory(tmp_path: Path, limit: int) -> None:
    """The index declares 8 GiB that are nowhere; the process may have 1 GiB beside what Python itself takes."""
    size = 1 << 33
    prefix = write_index(tmp_path, [(b"a", entry(1, [size >> 2], size=size)), (b"b", entry(1, [10], size=40, offset=size))])
    os.truncate(f"{prefix}.data-00000-of-00001", size + 40 if limit == 1 << 30 else 100)  # a hole: no disk either
    code = f"""
import resource
from featurecols import errors
from featurecols.tf.checkpoint.reader import Checkpoint
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + (1 << 30), used + (1 << 30)))
try:
    Checkpoint.open({str(prefix)!r}, max_tensor={limit}).read("a")
except errors.SavedPlanError as error:
    print(error)
"""
    assert ("raise max_tensor" if limit == 1 << 30 else "where the index declares") in run(code)


def test_reading_loads_no_tensorflow_numba_or_pandas() -> None:
    code = "import sys, featurecols.tf.checkpoint.reader; print({'tensorflow', 'numba', 'pandas'} & set(sys.modules))"
    assert run(code) == "set()"
