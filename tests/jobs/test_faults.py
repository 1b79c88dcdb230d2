"""Faults of files, processes and interrupts that were found once: sources that change, planted links, damage, Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from tests.jobs.data import COLUMNS, ended_after, folder, listing, table, whole
from tests.jobs.test_staging import stopped

ROOT = Path(__file__).parents[2]


@pytest.fixture
def plan() -> fc.Plan:
    return fc.compile(COLUMNS)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder(tmp_path / "raw")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def append(path: Path) -> None:
    """Another file of more rows."""
    pq.write_table(table(60, 5), path, row_group_size=20)


def touch(path: Path) -> None:
    """The same bytes, written later."""
    os.utime(path, ns=(1, 1))


def regroup(path: Path) -> None:
    """Other row groups, in a file of the same size and time."""
    status = path.stat()
    pq.write_table(table(50, 1), path, row_group_size=25)
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\0" * (status.st_size - len(data)) + data[4:])
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize("change", [append, touch])
@pytest.mark.parametrize("done", [20, 70, 150])
def test_d1_a_source_that_changes_meanwhile_is_refused(
    plan: fc.Plan, source: Path, target: Path, change: Callable[[Path], None], done: int
) -> None:
    """D1: a source that changes meanwhile is refused."""

    def progress(rows: int, total: int | None) -> None:
        if rows == done:
            change(source / "part-1.parquet")

    with pytest.raises(fc.DataError, match=r"part-1\.parquet: changed while it was read; run again when nothing writes it"):
        fc.transform_parquet(plan, source, target, progress=progress)
    assert sorted(p.name for p in target.parent.iterdir()) == ["raw"]


def test_d1_row_groups_are_compared_where_size_and_time_are_the_same(plan: fc.Plan, source: Path, target: Path) -> None:
    """D1: row groups are compared where size and time are the same."""
    path = source / "part-1.parquet"
    pq.write_table(table(50, 1), path, row_group_size=10)  # larger than what comes in its place

    def progress(rows: int, total: int | None) -> None:
        if rows == 150:
            regroup(path)

    with pytest.raises(fc.DataError, match=r"changed while it was read|cannot be read"):
        fc.transform_parquet(plan, source, target, progress=progress)
    assert not target.exists()


def test_d1_fit_transform_and_predict_see_it_too(tmp_path: Path) -> None:
    """D1: fit transform and predict see it too."""
    path, changes = tmp_path / "rows.parquet", []

    def write() -> None:
        pq.write_table(table(50, len(changes)), path, row_group_size=10)
        changes.append(1)

    def change(done: int, total: int | None) -> None:
        if done == 50:
            write()

    write()
    refused = "rows.parquet: changed while it was read"
    with pytest.raises(fc.DataError, match=refused):
        fc.fit([fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore())], path, progress=change)
    plan = fc.compile(COLUMNS)
    batches = plan.transform_batches(path)
    assert next(batches).shape == (10, plan.width)
    touch(path)
    with pytest.raises(fc.DataError, match=refused):
        list(batches)
    write()
    model = fc.models.LinearClassifier(COLUMNS[:2]).train({**table(50, 0).to_pydict(), "y": [0, 1] * 25}, label="y")
    with pytest.raises(fc.DataError, match=refused):
        model.predict_files(path, tmp_path / "out", progress=change)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["rows.parquet"]


def test_d2_a_planted_staging_link_is_not_followed(plan: fc.Plan, source: Path, target: Path, tmp_path: Path) -> None:
    """D2: a planted staging link is not followed."""
    home = tmp_path / "home"
    (home / "data").mkdir(parents=True)
    (home / "data" / "precious.txt").write_text("x")
    (tmp_path / ".out.staging").symlink_to(home)
    with pytest.raises(fc.OutputError, match=r"its staging folder \.out\.staging is a link; delete"):
        fc.transform_parquet(plan, source, target)
    with pytest.raises(fc.OutputError, match="is a link"):
        fc.transform_parquet(plan, source, target, overwrite=True)
    assert listing(home) == ["data/precious.txt"]
    (tmp_path / ".out.staging").unlink()
    (tmp_path / ".out.staging").write_text("")
    with pytest.raises(fc.OutputError, match=r"\.out\.staging is not a folder"):
        fc.transform_parquet(plan, source, target)


@pytest.mark.parametrize("name", ["data", "old", "manifest.json", "finished.jsonl", "lock"])
def test_d2_links_inside_the_staging_folder_are_not_followed(plan: fc.Plan, source: Path, target: Path, name: str) -> None:
    """D2: links inside the staging folder are not followed."""
    home, staging = target.parent / "home", target.parent / ".out.staging"
    home.mkdir()
    (home / "precious.txt").write_text("x")
    staging.mkdir(mode=0o777)
    (staging / name).symlink_to(home if name in ("data", "old") else home / "precious.txt")
    try:
        fc.transform_parquet(plan, source, target, overwrite=True)
    except fc.OutputError:
        assert name in ("lock", "manifest.json", "old")
    assert (home / "precious.txt").read_text() == "x"
    assert listing(home) == ["precious.txt"]


def test_d2_a_link_in_the_place_of_an_unfinished_matrix_is_not_written_through(
    plan: fc.Plan, source: Path, target: Path, tmp_path: Path
) -> None:
    """D2: it was taken for a file that no row had been written to yet, and the file behind it was emptied."""
    target = target.with_suffix(".npy")
    stopped(plan, source, target, 10)
    precious, partial = tmp_path / "precious", tmp_path / ".out.npy.staging" / "data" / "out.npy.partial"
    precious.write_bytes(b"x" * 1000)
    partial.unlink()
    partial.symlink_to(precious)
    assert fc.transform_parquet(plan, source, target).resumed == 0
    assert precious.read_bytes() == b"x" * 1000
    assert np.array_equal(np.load(target), plan.transform(whole(source)))


@pytest.mark.parametrize("suffix", ["", ".npy"])
@pytest.mark.parametrize("name", ["manifest.json", "finished.jsonl", "position.json"])
def test_d5_pipes_in_the_staging_folder_are_not_waited_for(
    plan: fc.Plan, source: Path, target: Path, name: str, suffix: str
) -> None:
    """D5: opening them never came back."""
    target = target.with_suffix(suffix)
    stopped(plan, source, target, 110)
    path = target.parent / f".{target.name}.staging" / name
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    if name == "manifest.json":
        with pytest.raises(fc.OutputError, match="an unfinished run with other"):
            fc.transform_parquet(plan, source, target)
        path.unlink()
    assert fc.transform_parquet(plan, source, target, overwrite=True).rows == 150


def test_d2_the_staging_folder_is_private(plan: fc.Plan, source: Path, target: Path) -> None:
    """D2: the staging folder is private."""
    staging = target.parent / ".out.staging"
    staging.mkdir()
    staging.chmod(0o777)
    stopped(plan, source, target, 60)
    assert staging.stat().st_mode & 0o777 == 0o700
    fc.transform_parquet(plan, source, target)
    (target.parent / "plain").mkdir()
    assert target.stat().st_mode == (target.parent / "plain").stat().st_mode  # what others may do is not changed by it


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs the right to give a folder away")
def test_d2_the_staging_folder_of_another_user_is_refused(plan: fc.Plan, source: Path, target: Path) -> None:
    """D2: the staging folder of another user is refused."""
    staging = target.parent / ".out.staging"
    staging.mkdir()
    os.chown(staging, 12345, 12345)
    with pytest.raises(fc.OutputError, match=r"is a folder of another user \(12345\)"):
        fc.transform_parquet(plan, source, target)


INTERRUPTED = """
import os, random, signal, sys, threading, time
import featurecols as fc
from tests.jobs.data import COLUMNS
source, target, seed, moments = sys.argv[1:]
plan, rng = fc.compile(COLUMNS), random.Random(int(seed))
fc.transform_parquet(plan, source, target + "-whole", keep=["id", "tags"], row_group_rows=25)
start = time.monotonic()
fc.transform_parquet(plan, source, target + "-again", keep=["id", "tags"], row_group_rows=25)
seconds = time.monotonic() - start
stopped = 0
for _ in range(int(moments)):
    def interrupt(after=rng.random() * seconds):
        time.sleep(after)
        os.kill(os.getpid(), signal.SIGINT)
    thread = threading.Thread(target=interrupt)
    try:
        thread.start()
        fc.transform_parquet(plan, source, target, keep=["id", "tags"], row_group_rows=25, overwrite=True)
        thread.join()
        time.sleep(0.01)
    except KeyboardInterrupt:
        stopped += 1
    try:
        thread.join()
    except KeyboardInterrupt:
        stopped += 1
print(stopped, flush=True)
fc.transform_parquet(plan, source, target, keep=["id", "tags"], row_group_rows=25, overwrite=True)
"""


def test_d3_ctrl_c_at_random_moments_is_a_keyboard_interrupt_and_nothing_else(tmp_path: Path) -> None:
    """D3: Ctrl-C at random moments is a keyboard interrupt and nothing else; tests/integrations/test_kill_modes.py has more."""
    check_ctrl_c(tmp_path, 10)


def check_ctrl_c(tmp_path: Path, moments: int) -> None:
    source = folder(tmp_path / "raw", files=3, rows=1000, row_group=250)
    command = [sys.executable, "-c", INTERRUPTED, str(source), str(tmp_path / "out"), "5", str(moments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == moments
    assert whole(tmp_path / "out").equals(whole(tmp_path / "out-whole"))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "out-again", "out-whole", "raw"]


def test_d3_a_terminated_run_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    """D3: a terminated run leaves nothing that looks complete."""
    source = folder(tmp_path / "raw", files=2, rows=1000, row_group=500)
    plan, options = fc.compile(COLUMNS), {"keep": ["id"], "row_group_rows": 50}
    for blocks in (1, 7, 25):
        assert ended_after(blocks, signal.SIGTERM, plan, source, tmp_path / "out", **options) == -signal.SIGTERM
        assert not (tmp_path / "out").exists()
    assert fc.transform_parquet(plan, source, tmp_path / "out", **options).resumed == 1
    fc.transform_parquet(plan, source, tmp_path / "whole", **options)
    assert whole(tmp_path / "out").equals(whole(tmp_path / "whole"))


def flip(path: Path) -> None:
    """One bit in the middle."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    """The first half."""
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def empty(path: Path) -> None:
    """No bytes."""
    path.write_bytes(b"")


def link(path: Path) -> None:
    """A link to a file that is elsewhere."""
    path.rename(path.parent.parent / "elsewhere")
    path.symlink_to(path.parent.parent / "elsewhere")


@pytest.mark.parametrize("damage", [flip, cut, empty, link, Path.unlink])
def test_d7_a_damaged_finished_file_is_done_again(
    plan: fc.Plan, source: Path, target: Path, damage: Callable[[Path], None]
) -> None:
    """D7: a damaged finished file is done again."""
    stopped(plan, source, target, 110)
    damage(target.parent / ".out.staging" / "data" / "part-0.parquet")
    done = fc.transform_parquet(plan, source, target)
    assert (done.resumed, done.rows) == (1, 150)
    fc.transform_parquet(plan, source, target.parent / "whole")
    assert whole(target).equals(whole(target.parent / "whole"))


@pytest.mark.parametrize("journal", ["", "{", '["deep/er/part-2.parquet", 50, 1, 2]\n', '\n["x"]\n[]\n{}\n[[]]\n5\n'])
def test_d7_a_damaged_journal_is_no_proof(plan: fc.Plan, source: Path, target: Path, journal: str) -> None:
    """D7: a damaged journal is no proof."""
    stopped(plan, source, target, 110)
    (target.parent / ".out.staging" / "finished.jsonl").write_text(journal)
    assert fc.transform_parquet(plan, source, target).resumed == 0
    assert listing(target) == listing(source)


@pytest.mark.parametrize("damage", [flip, cut, empty, Path.unlink])
def test_d7_a_damaged_matrix_is_begun_again(plan: fc.Plan, source: Path, target: Path, damage: Callable[[Path], None]) -> None:
    """D7: a damaged matrix is begun again."""
    target = target.with_suffix(".npy")
    stopped(plan, source, target, 110)
    damage(target.parent / ".out.npy.staging" / "data" / "out.npy.partial")
    assert fc.transform_parquet(plan, source, target).resumed == 0
    assert np.array_equal(np.load(target), plan.transform(whole(source)))


@pytest.mark.parametrize("position", ["[]", "[2]", "[-1, 5, 0, 0]", '["a", 1, 2, 0]', "{", "[9, 9000000000000, 1, 0]"])
def test_d7_a_damaged_position_begins_again(plan: fc.Plan, source: Path, target: Path, position: str) -> None:
    """D7: a damaged position begins again."""
    target = target.with_suffix(".npy")
    stopped(plan, source, target, 110)
    (target.parent / ".out.npy.staging" / "position.json").write_text(position)
    assert fc.transform_parquet(plan, source, target).resumed == 0
    assert np.array_equal(np.load(target), plan.transform(whole(source)))


def test_d7_a_link_to_nothing_is_refused_before_any_work(plan: fc.Plan, source: Path, target: Path) -> None:
    """D7: a link to nothing is refused before any work."""
    target.symlink_to(target.parent / "nowhere")
    seen: list[int] = []
    with pytest.raises(fc.OutputError, match="out: is a link to a place that does not exist; delete the link"):
        fc.transform_parquet(plan, source, target, overwrite=True, progress=lambda done, total: seen.append(done))
    assert seen == []
    target.unlink()
    target.symlink_to(target)
    with pytest.raises(fc.OutputError, match="out: "):
        fc.transform_parquet(plan, source, target, overwrite=True)


def test_d7_places_that_lead_nowhere_are_refused_before_any_work(
    plan: fc.Plan, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D7: a folder above the target that is a link to itself, and a folder that was deleted while the process stands in it."""
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(fc.OutputError, match="out: cannot be followed"):
        fc.transform_parquet(plan, source, tmp_path / "loop" / "out")
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(fc.OutputError, match="out: cannot be followed"):
        fc.transform_parquet(plan, source, "out")
    assert fc.transform_parquet(plan, source, tmp_path / "out").files == 3
    assert sorted(path.name for path in tmp_path.iterdir()) == ["loop", "out", "raw"]


@pytest.mark.parametrize("name", ["out.PARQUET", "out.Npy"])
def test_d7_endings_of_targets_count_in_any_case(plan: fc.Plan, source: Path, tmp_path: Path, name: str) -> None:
    """D7: such a target became a folder."""
    fc.transform_parquet(plan, source / "part-0.parquet", tmp_path / name)
    assert (tmp_path / name).is_file()


def test_d7_names_that_are_not_utf8_are_refused(plan: fc.Plan, source: Path, target: Path) -> None:
    """D7: pyarrow takes no such names; it was a UnicodeEncodeError."""
    with pytest.raises(fc.OutputError, match="cannot be the name of a file"):
        fc.transform_parquet(plan, source, target.with_name("\udcff"))
    for ending in ("parquet", "csv"):
        path = source / f"\udcff.{ending}"
        path.write_bytes((source / "part-0.parquet").read_bytes() if ending == "parquet" else b"a,b\n1,2\n")
        for run in (plan.transform, lambda path: fc.transform_parquet(plan, path, target)):
            for given in (path, source):
                with pytest.raises(fc.DataError, match="is not a readable file, got 'utf-8' codec can't encode"):
                    run(given)
        path.unlink()


@pytest.mark.parametrize("name", ["a\0b", "a\ud800b", "x" * 300])
def test_d7_names_that_no_file_can_have(plan: fc.Plan, source: Path, tmp_path: Path, name: str) -> None:
    """D7: names that no file can have."""
    with pytest.raises(fc.OutputError):
        fc.transform_parquet(plan, source, tmp_path / name)
    with pytest.raises(fc.DataError):
        fc.transform_parquet(plan, tmp_path / name, tmp_path / "out")
    with pytest.raises(fc.OutputError):
        plan.save(tmp_path / name)
    with pytest.raises(fc.SavedPlanError):
        fc.load(tmp_path / name)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]


def test_d7_kept_fields_have_one_type_in_all_files(tmp_path: Path) -> None:
    """D7: kept fields have one type in all files."""
    plan, raw = fc.compile([fc.Numeric("x")]), tmp_path / "raw"
    raw.mkdir()
    for i, kind in enumerate((pa.float32(), pa.float64())):
        pq.write_table(pa.table({"x": [1.0], "k": pa.array([0.5], kind)}), raw / f"{i}.parquet")
    with pytest.raises(fc.DataError, match=r"k: field has another type in .*1\.parquet.*got double; write both as one type"):
        fc.transform_parquet(plan, raw, tmp_path / "out", keep=["k"])
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]
    assert fc.transform_parquet(plan, raw, tmp_path / "out").files == 2
    pq.write_table(pa.table({"x": [2.0], "k": pa.nulls(1)}), raw / "1.parquet")
    fc.transform_parquet(plan, raw, tmp_path / "kept", keep=["k"])
    first, second = (pq.read_table(tmp_path / "kept" / f"{i}.parquet") for i in range(2))
    assert first.schema.equals(second.schema, check_metadata=True)
    assert (str(second.schema.field("k").type), second["k"].to_pylist()) == ("float", [None])


def test_d5_a_source_that_is_no_regular_file_is_refused(plan: fc.Plan, source: Path, target: Path) -> None:
    """D5: a source that is no regular file is refused."""
    os.mkfifo(source / "x.parquet")
    with pytest.raises(fc.DataError, match=r"x\.parquet: is not a readable file, got not a regular file but a pipe"):
        fc.transform_parquet(plan, source, target)
    for path in (source / "x.parquet", Path("/dev/zero"), source / "x.csv"):
        if path.suffix == ".csv":
            os.mkfifo(path)
        with pytest.raises(fc.DataError, match="not a regular file"):
            plan.transform(path)
    (source / "x.parquet").unlink()
    (source / "x.csv").unlink()
    (source / "linked.parquet").symlink_to(source / "part-0.parquet")
    assert fc.transform_parquet(plan, source, target).files == 4


def test_the_journal_says_what_was_written(plan: fc.Plan, source: Path, target: Path) -> None:
    stopped(plan, source, target, 110)
    lines = (target.parent / ".out.staging" / "finished.jsonl").read_text().split()
    assert len(lines) > 0
    entries = [
        json.loads(line) for line in (target.parent / ".out.staging" / "finished.jsonl").read_text().splitlines() if line
    ]
    assert [entry[:2] for entry in entries] == [["data/deep/er/part-2.parquet", 50], ["data/part-0.parquet", 50]]
