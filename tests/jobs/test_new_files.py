"""Jobs over folders that change: a killed run that goes on with other files, and a target that grows with its source."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc

PLAN = fc.compile([fc.Numeric("n"), fc.Embedding(fc.Hashed("n", 9), 2)])


class StopError(Exception):
    """What a run is stopped by."""


def write(folder: Path, name: str, numbers: list[float | None]) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table({"n": pa.array(numbers, pa.float64()), "k": [path.stem[0]] * len(numbers)}), path)


def stopped(folder: Path, target: Path, rows: int, **options: object) -> None:
    """Run until so many rows are done."""

    def stop(done: int, total: int | None) -> None:
        if done >= rows:
            raise StopError

    with pytest.raises(StopError):
        PLAN.transform_files(folder, target, progress=stop, **options)


def content(target: Path) -> dict[str, bytes]:
    return {p.relative_to(target).as_posix(): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}


@pytest.mark.parametrize("target", ["out", "out.npy"])
def test_an_unfinished_run_of_other_files_goes_on_where_they_are_the_same(tmp_path: Path, target: str) -> None:
    source, options = tmp_path / "in", {"on_error": "quarantine"}
    for name, numbers in (("a", [1, None]), ("b", [3, 4]), ("c", [None, 6])):
        write(source, f"{name}.parquet", numbers)
    stopped(source, tmp_path / target, 6, **options)
    write(source, "c.parquet", [7, None, 9])
    write(source, "d.parquet", [10])
    with pytest.raises(fc.OutputError, match=r"unfinished run with other files is in \.out.*pass resume=True \(--resume\)"):
        PLAN.transform_files(source, tmp_path / target, **options)
    with pytest.raises(fc.OutputError, match="unfinished run with other on_error, files"):
        PLAN.transform_files(source, tmp_path / target, on_error="null", resume=True)
    done = PLAN.transform_files(source, tmp_path / target, resume=True, **options)
    assert (done.resumed, done.files, done.rows, done.bad_rows) == (2, 4, 6, 2)
    (tmp_path / "fresh").mkdir()
    PLAN.transform_files(source, tmp_path / "fresh" / target, **options)
    both = [content(folder) for folder in (tmp_path, tmp_path / "fresh")]
    assert both[1] == {name: data for name, data in both[0].items() if not name.startswith(("in/", "fresh/"))}


def test_a_folder_grows_with_its_source(tmp_path: Path) -> None:
    source, target, options = tmp_path / "in", tmp_path / "out", {"keep": "k", "on_error": "quarantine", "new_only": True}
    write(source, "a.parquet", [1, None])
    write(source, "deep/b.parquet", [3, 4])
    done = PLAN.transform_files(source, target, **options)
    assert (done.files, done.left, done.rows, done.bad_rows) == (2, 0, 3, 1)
    first = {name: os.stat(target / name).st_ino for name in ("a.parquet", "deep/b.parquet")}
    done = PLAN.transform_files(source, target, **options)
    assert (done.files, done.left, done.rows, done.bad_rows) == (2, 2, 3, 1)

    (source / "c.csv").write_text("n,k\n5,x\noops,y\n")
    (source / "a.parquet").unlink()  # a source may go
    done = PLAN.transform_files(source, target, **options)
    assert (done.files, done.left, done.rows, done.bad_rows) == (3, 2, 4, 2)
    assert str(done).startswith(f"{target}: 4 rows in 3 files, 2 of them left as they were, ")
    assert sorted(content(target)) == ["_done.json", "_quarantine.parquet", "a.parquet", "c.parquet", "deep/b.parquet"]
    assert {name: os.stat(target / name).st_ino for name in first} == first
    assert pq.read_table(target / "_quarantine.parquet")["file"].to_pylist() == [
        str(source / "a.parquet"),
        str(source / "c.csv"),
    ]
    assert pq.read_table(target / "c.parquet")["features"].to_pylist() == PLAN.transform({"n": [5.0]}).tolist()
    assert fc.fit([fc.Numeric("features", shape=(3,))], target).width == 3  # readers see output alone
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]


def test_a_file_that_changed_is_an_error_and_one_whose_output_is_gone_is_done_again(tmp_path: Path) -> None:
    source, target, options = tmp_path / "in", tmp_path / "out", {"on_error": "quarantine", "new_only": True}
    write(source, "a.parquet", [1, None])
    write(source, "b.parquet", [None])
    PLAN.transform_files(source, target, **options)
    before = content(target)
    write(source, "a.parquet", [1, 2, None])
    with pytest.raises(fc.DataError, match=r"a\.parquet: has changed since it was written to .*out/a\.parquet; delete"):
        PLAN.transform_files(source, target, **options)
    assert content(target) == before
    (target / "a.parquet").unlink()
    done = PLAN.transform_files(source, target, **options)
    assert (done.files, done.left, done.rows, done.bad_rows) == (2, 1, 2, 2)
    assert pq.read_table(target / "_quarantine.parquet")["row"].to_pylist() == [0, 2]
    write(source, "a.parquet", [5])
    done = PLAN.transform_files(source, target, overwrite=True, **options)
    assert (done.files, done.left, done.rows) == (2, 0, 1)


def test_a_folder_grows_by_one_plan_alone(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    write(source, "a.parquet", [1, 2])
    PLAN.transform_files(source, target)
    with pytest.raises(fc.OutputError, match="exists already, and was not written with new_only"):
        PLAN.transform_files(source, target, new_only=True)
    PLAN.transform_files(source, target, new_only=True, overwrite=True)
    write(source, "b.parquet", [1, 2])
    for options, differs in (({"layout": "columns"}, "layout"), ({"keep": "k"}, "keep"), ({"on_error": "null"}, "on_error")):
        with pytest.raises(fc.OutputError, match=f"out: was written with other {differs}.*; choose another target"):
            PLAN.transform_files(source, target, new_only=True, **options)
    with pytest.raises(fc.OutputError, match="cannot grow with new_only"):
        PLAN.transform_files(source / "a.parquet", tmp_path / "out.npy", new_only=True)
    (target / "_done.json").write_text(json.dumps({"files": 3}))
    with pytest.raises(fc.OutputError, match=r"its _done\.json is damaged"):
        PLAN.transform_files(source, target, new_only=True)


def test_a_growing_folder_goes_on_after_a_stop_with_the_files_of_the_next_night(tmp_path: Path) -> None:
    source, target = tmp_path / "in", tmp_path / "out"
    write(source, "a.parquet", [1])
    PLAN.transform_files(source, target, new_only=True)
    write(source, "b.parquet", [2, 3])
    write(source, "c.parquet", [4])
    stopped(source, target, 3, new_only=True)
    assert sorted(content(target)) == ["_done.json", "a.parquet"]
    write(source, "d.parquet", [5])
    done = PLAN.transform_files(source, target, new_only=True)
    assert (done.files, done.left, done.resumed, done.rows) == (4, 1, 1, 5)
    assert sorted(content(target)) == ["_done.json", "a.parquet", "b.parquet", "c.parquet", "d.parquet"]


def test_another_file_of_the_same_size_and_time_is_an_error(tmp_path: Path) -> None:
    source = tmp_path / "in"
    write(source, "a.parquet", [1, 2])
    write(tmp_path, "also.parquet", [1, 3])

    def replace(done: int, total: int | None) -> None:
        found = os.stat(source / "a.parquet")
        (tmp_path / "also.parquet").replace(source / "a.parquet")
        os.utime(source / "a.parquet", ns=(found.st_atime_ns, found.st_mtime_ns))
        assert os.stat(source / "a.parquet").st_size == found.st_size

    with pytest.raises(fc.DataError, match="changed while it was read; run again when nothing writes it"):
        PLAN.transform_files(source, tmp_path / "out", progress=replace)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
