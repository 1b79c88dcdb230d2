"""Unfinished output is continued by an equal run, kept from any other, and never in anybody's way for long."""

import errno
import json
import os
import shutil
import zlib
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.jobs import file_lock, staging
from tests.jobs.data import COLUMNS, folder, listing, table, whole


class Stop(BaseException):
    """Stands for Ctrl-C."""


def stopped(plan: fc.Plan, source: Path, target: Path, after: int, **options: object) -> None:
    """A run that ends after some rows."""

    def progress(done: int, total: int | None) -> None:
        if done >= after:
            raise Stop

    with pytest.raises(Stop):
        fc.transform_parquet(plan, source, target, progress=progress, **options)  # type: ignore[arg-type]


@pytest.fixture
def plan() -> fc.Plan:
    return fc.compile(COLUMNS)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder(tmp_path / "raw")


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "out"


def test_finished_files_are_not_done_again(plan: fc.Plan, source: Path, target: Path) -> None:
    stopped(plan, source, target, 110)
    assert not target.exists()
    hidden = target.parent / ".out.staging"
    assert sorted(p.name for p in (hidden / "data").rglob("*.parquet*")) == [
        "part-0.parquet",
        "part-1.parquet.partial",
        "part-2.parquet",
    ]
    inode = (hidden / "data" / "part-0.parquet").stat().st_ino
    done = fc.transform_parquet(plan, source, target)
    assert (done.resumed, done.files, done.rows) == (2, 3, 150)
    assert (target / "part-0.parquet").stat().st_ino == inode
    assert str(done).startswith(f"{target}: 150 rows in 3 files, 2 of them finished before, ")
    fc.transform_parquet(plan, source, target.parent / "whole")
    assert whole(target).equals(whole(target.parent / "whole"))
    assert not hidden.exists()


def test_stopping_waits_for_the_write_that_is_under_way(plan: fc.Plan, tmp_path: Path) -> None:
    pq.write_table(table(3000, 0), tmp_path / "raw.parquet", row_group_size=1000)
    for after in [1000, 2000] * 10:
        stopped(plan, tmp_path / "raw.parquet", tmp_path / "out.parquet", after, layout="columns", keep=["tags", "place"])
    fc.transform_parquet(plan, tmp_path / "raw.parquet", tmp_path / "out.parquet", layout="columns", keep=["tags", "place"])
    assert pq.read_table(tmp_path / "out.parquet")["place"].to_pylist() == table(3000, 0)["place"].to_pylist()


def test_a_matrix_continues_at_the_last_finished_file(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    target = tmp_path / "out.npy"
    stopped(plan, source, target, 110)
    assert not target.exists()
    done = fc.transform_parquet(plan, source, target)
    assert done.resumed == 2
    assert np.array_equal(np.load(target), plan.transform(whole(source)))


@pytest.mark.parametrize(
    ("change", "differs"),
    [
        ({"keep": ["id"]}, "keep"),
        ({"layout": "columns"}, "layout"),
        ({"row_group_rows": 5}, "row_group_rows"),
        ({"columns": COLUMNS[:2]}, "plan"),
        ({"tables": True}, "tables"),
        ({"touch": True}, "files"),
        ({"add": True}, "files"),
    ],
)
def test_another_run_is_refused_until_it_may_overwrite(
    plan: fc.Plan, source: Path, target: Path, change: dict[str, object], differs: str
) -> None:
    stopped(plan, source, target, 60)
    if change.pop("touch", False):
        pq.write_table(table(50, 7), source / "part-1.parquet")
    if change.pop("add", False):
        pq.write_table(table(50, 7), source / "part-3.parquet")
    if "columns" in change:
        plan = fc.compile(change.pop("columns"))  # type: ignore[arg-type]
    if change.pop("tables", False):
        (name,) = plan.tables
        plan = plan.with_tables({name: np.ones((20, 3), np.float32)})
    with pytest.raises(
        fc.OutputError,
        match=f"an unfinished run with other {differs} is in .out.staging; (finish that run|pass resume=True .*), delete",
    ):
        fc.transform_parquet(plan, source, target, **change)  # type: ignore[arg-type]
    assert not target.exists()
    done = fc.transform_parquet(plan, source, target, overwrite=True, **change)  # type: ignore[arg-type]
    assert done.resumed == 0
    assert listing(target) == listing(source)
    assert sorted(p.name for p in target.parent.iterdir()) == ["out", "raw"]


@pytest.mark.parametrize("damage", ["", "{", "[1]", '{"plan": 1}'])
def test_a_damaged_manifest_is_another_run(plan: fc.Plan, source: Path, target: Path, damage: str) -> None:
    stopped(plan, source, target, 60)
    (target.parent / ".out.staging" / "manifest.json").write_text(damage)
    with pytest.raises(fc.OutputError, match="an unfinished run with other"):
        fc.transform_parquet(plan, source, target)
    fc.transform_parquet(plan, source, target, overwrite=True)
    assert listing(target) == listing(source)


def test_an_interrupted_overwrite_leaves_the_old_target(plan: fc.Plan, source: Path, target: Path) -> None:
    fc.transform_parquet(plan, source, target, layout="ids")
    before = whole(target)
    stopped(plan, source, target, 60, overwrite=True)
    assert whole(target).equals(before)
    done = fc.transform_parquet(plan, source, target, overwrite=True)
    assert done.resumed == 1
    assert whole(target).column_names == ["features"]


def test_an_old_target_that_was_set_aside_comes_back(plan: fc.Plan, source: Path, target: Path) -> None:
    stopped(plan, source, target, 60)
    hidden = target.parent / ".out.staging"
    (hidden / "old").mkdir()
    (hidden / "old" / "mine.txt").write_text("mine")
    with pytest.raises(fc.OutputError, match="exists already"):
        fc.transform_parquet(plan, source, target)
    assert listing(target) == ["mine.txt"]


def test_only_one_run_writes_a_target(plan: fc.Plan, source: Path, target: Path) -> None:
    refused: list[str] = []

    def progress(done: int, total: int | None) -> None:
        if done == 20:
            with pytest.raises(fc.OutputError, match="another run is writing this target") as caught:
                fc.transform_parquet(plan, source, target, overwrite=True)
            refused.append(str(caught.value))

    fc.transform_parquet(plan, source, target, progress=progress)
    assert len(refused) == 1
    assert listing(target) == listing(source)


def test_a_lock_whose_file_was_removed_is_taken_anew(tmp_path: Path) -> None:
    path = tmp_path / "staging" / "lock"
    first = file_lock.acquire(path)
    assert first is not None
    assert file_lock.acquire(path) is None
    shutil.rmtree(path.parent)
    second = file_lock.acquire(path)
    assert second is not None
    file_lock.release(first)
    assert file_lock.acquire(path) is None
    file_lock.release(second)
    third = file_lock.acquire(path)
    assert third is not None
    file_lock.release(third)


def test_a_lock_is_not_held_on_a_file_that_goes_away_meanwhile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "staging" / "lock"
    really, times = file_lock._try_lock, []

    def late(handle: int) -> None:
        if not times:  # the run before removes its lock after we have opened it
            path.unlink()
        times.append(handle)
        really(handle)

    monkeypatch.setattr(file_lock, "_try_lock", late)
    held = file_lock.acquire(path)
    assert held is not None
    assert len(times) == 2
    assert file_lock.acquire(path) is None
    file_lock.release(held)


def test_files_are_on_the_disk_before_they_have_a_name(
    plan: fc.Plan, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events: list[tuple[str, int]] = []
    sync, rename = os.fsync, Path.rename

    def fsync(handle: int) -> None:
        sync(handle)
        events.append(("sync", os.fstat(handle).st_ino))

    def renamed(path: Path, new: Path) -> Path:
        events.append(("rename", path.stat().st_ino))
        return rename(path, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", renamed)
    fc.transform_parquet(plan, source, target)
    for made in target.rglob("*.parquet"):
        inode = made.stat().st_ino
        assert events.index(("sync", inode)) < events.index(("rename", inode))
    assert events[-2:] == [("rename", target.stat().st_ino), ("sync", target.parent.stat().st_ino)]


def test_a_large_file_is_known_again_by_its_checksum(target: Path) -> None:
    data = bytes(range(256)) * (1 << 13)
    with staging.open_staging(target, single=False) as stage:
        stage.restart(overwrite=False)
        with stage.write_file("data/large") as partial:
            partial.path.write_bytes(data)
            partial.rows = 7
        noted = (stage.folder / "finished.jsonl").read_text().split("\n")[1]
        assert json.loads(noted) == ["data/large", 7, 0, len(data), zlib.crc32(data)]
        assert stage.finished("data/large") == (7, 0)
        (stage.folder / "data/large").write_bytes(data[:-1] + b"x")
        assert stage.finished("data/large") is None


def test_a_full_disk_is_an_output_error_and_keeps_what_is_done(
    plan: fc.Plan, source: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(staging, "sync_folder", full)
        with pytest.raises(fc.OutputError, match=r"cannot be written \(No space left on device\); free space and run again"):
            fc.transform_parquet(plan, source, target)
    assert not target.exists()
    fc.transform_parquet(plan, source, target)
    assert listing(target) == listing(source)


def test_a_folder_that_cannot_be_made(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(fc.OutputError, match="cannot write there"):
        fc.transform_parquet(plan, source, tmp_path / "file" / "out")


def test_the_manifest_says_what_the_output_depends_on(plan: fc.Plan, source: Path, target: Path) -> None:
    stopped(plan, source, target, 60, keep=["id"])
    found = json.loads((target.parent / ".out.staging" / "manifest.json").read_text())
    assert (found["plan"], found["keep"], found["layout"]) == (plan.fingerprint, ["id: int64"], "features")
    assert [name for _, name, _, _ in found["files"]] == listing(source)


def test_remains_of_a_published_run_are_cleared(plan: fc.Plan, source: Path, target: Path) -> None:
    stopped(plan, source, target, 150)
    hidden = target.parent / ".out.staging"
    (hidden / "data" / "part-1.parquet.partial").rename(hidden / "data" / "part-1.parquet")
    (hidden / "data").rename(target)  # as a run that is killed right after its rename leaves it
    done = fc.transform_parquet(plan, source, target)
    assert (done.resumed, done.rows) == (3, 150)
    assert not hidden.exists()


def test_a_folder_is_filled_and_then_there_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "model"
    with staging.write_folder(target, False) as place:
        (place / "a").write_text("1")
        assert not target.exists()
    assert listing(tmp_path) == ["model/a"]
    with pytest.raises(fc.OutputError, match="exists already"), staging.write_folder(target, False):
        raise AssertionError("a target that is there is refused first")
    with pytest.raises(FileNotFoundError), staging.write_folder(target, True) as place:
        (place / "b" / "c").write_text("2")
    assert listing(tmp_path) == ["model/a"]
    with staging.write_folder(target, True) as place:
        (place / "b").write_text("3")
    assert listing(tmp_path) == ["model/b"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["model"]


def test_what_a_kill_left_is_no_part_of_the_next_folder(tmp_path: Path) -> None:
    target, folder = tmp_path / "model", tmp_path / ".model.staging"
    (folder / "data").mkdir(parents=True)
    (folder / "data" / "half").write_text("1")
    (folder / "old").mkdir()
    (folder / "old" / "before").write_text("0")  # killed between the two renames: what was there comes back
    with pytest.raises(fc.OutputError, match="exists already"), staging.write_folder(target, False):
        raise AssertionError
    assert (target / "before").read_text() == "0"
    with staging.write_folder(target, True) as place:
        (place / "new").write_text("2")
    assert listing(tmp_path) == ["model/new"]
