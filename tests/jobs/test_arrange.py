"""Output in folders for values of fields, and in files of a number of rows."""

from __future__ import annotations

import datetime
import functools
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.dataset
import pyarrow.parquet as pq
import pytest

import featurecols as fc

TRAIN = {"n": [1, 2, 3, 4], "t": ["x", "x", "y", None], "clicked": [1, 0, 0, 1]}
MEANS = [fc.TargetMean("t", "clicked", fold_by="n"), fc.Count("t")]


@functools.cache
def plan() -> fc.Plan:
    """Learn when a test asks: at import all workers of a fresh clone would compile its kernels at once."""
    return fc.fit([fc.Numeric("n"), fc.Indicator(fc.Hashed("t", 3)), *MEANS], TRAIN)  # files have no label


@pytest.fixture
def source(tmp_path: Path) -> pa.Table:
    """Three files of 5, 7 and 1 rows, of which one is bad."""
    days = [datetime.date(2024, 1, 1 + i % 2) for i in range(13)]
    towns = ["Oslo", "a/b", None, "Oslo"]
    table = pa.table(
        {
            "id": list(range(13)),
            "n": [float("inf") if i == 6 else float(i) for i in range(13)],
            "t": [str(i) for i in range(13)],
            "day": days,
            "town": pa.array([towns[i % 4] for i in range(13)]).dictionary_encode(),
        }
    )
    (tmp_path / "in").mkdir()
    for name, start, rows in (("a", 0, 5), ("b", 5, 7), ("c", 12, 1)):
        pq.write_table(table.slice(start, rows), tmp_path / "in" / f"{name}.parquet", row_group_size=3)
    return table


def content(target: Path) -> dict[str, bytes]:
    return {p.relative_to(target).as_posix(): p.read_bytes() for p in sorted(target.rglob("*")) if p.is_file()}


@pytest.mark.parametrize(("rows", "sizes"), [(5, [5, 5, 2]), (4, [4, 4, 4]), (100, [12])])
def test_small_files_are_merged_and_huge_ones_are_split(source: pa.Table, tmp_path: Path, rows: int, sizes: list[int]) -> None:
    options = {"keep": "id", "on_error": "quarantine", "rows_per_file": rows, "row_group_rows": 3}
    done = plan().transform_files(tmp_path / "in", tmp_path / "out", **options)
    names = [f"part-0000{i}.parquet" for i in range(len(sizes))]
    assert list(content(tmp_path / "out")) == ["_quarantine.parquet", *names]
    made = [pq.read_table(tmp_path / "out" / name) for name in names]
    assert ([table.num_rows for table in made], done.files, done.rows) == (sizes, len(sizes), 12)
    whole, good = pa.concat_tables(made), source.take([i for i in range(13) if i != 6])
    assert whole["id"].to_pylist() == good["id"].to_pylist()
    assert whole["features"].to_pylist() == plan().transform(good).tolist()
    if rows != 4:  # as 5 is: some files of several parts
        plan().transform_files(tmp_path / "in", tmp_path / "again", processes=2, **options)
        assert content(tmp_path / "again") == content(tmp_path / "out")


def test_a_folder_for_each_value(source: pa.Table, tmp_path: Path) -> None:
    options = {"keep": ["id", "town"], "partition_by": ("day", "town"), "on_error": "null", "rows_per_file": 2}
    done = plan().transform_files(tmp_path / "in", tmp_path / "out", **options)
    null = "__HIVE_DEFAULT_PARTITION__"
    assert list(content(tmp_path / "out")) == [
        "_quarantine.parquet",
        "day=2024-01-01/town=Oslo/part-00000.parquet",
        "day=2024-01-01/town=Oslo/part-00001.parquet",
        f"day=2024-01-01/town={null}/part-00000.parquet",
        f"day=2024-01-01/town={null}/part-00001.parquet",
        "day=2024-01-02/town=Oslo/part-00000.parquet",
        "day=2024-01-02/town=Oslo/part-00001.parquet",
        "day=2024-01-02/town=a%2Fb/part-00000.parquet",
        "day=2024-01-02/town=a%2Fb/part-00001.parquet",
    ]
    assert (done.files, done.rows, done.bad_rows) == (8, 13, 1)
    made = pq.read_table(tmp_path / "out/day=2024-01-02/town=a%2Fb/part-00000.parquet", partitioning=None)
    assert made.to_pylist() == [
        {"id": 1, "features": plan().transform(source.slice(1, 1))[0].tolist()},
        {"id": 5, "features": plan().transform(source.slice(5, 1))[0].tolist()},
    ]
    # what other readers, and this package, make of it
    found = pa.dataset.dataset(tmp_path / "out", partitioning="hive", exclude_invalid_files=True).to_table().sort_by("id")
    assert found["town"].to_pylist() == source["town"].to_pylist()
    assert [str(day) for day in found["day"].to_pylist()] == [str(day) for day in source["day"].to_pylist()]
    assert found["features"].is_null().to_numpy().nonzero()[0].tolist() == [6]
    assert fc.compile([fc.Indicator(fc.Vocabulary("town", ["a/b"]))]).transform(tmp_path / "out").sum() == 3


def test_a_stopped_run_goes_on(source: pa.Table, tmp_path: Path) -> None:
    class StopError(Exception):
        pass

    def stop(done: int, total: int | None) -> None:
        if done >= 12:
            raise StopError

    options = {"on_error": "quarantine", "partition_by": "day", "rows_per_file": 4}
    with pytest.raises(StopError):
        plan().transform_files(tmp_path / "in", tmp_path / "out", progress=stop, **options)
    assert not (tmp_path / "out").exists()
    assert plan().transform_files(tmp_path / "in", tmp_path / "out", **options).resumed == 1
    plan().transform_files(tmp_path / "in", tmp_path / "fresh", **options)
    assert content(tmp_path / "out") == content(tmp_path / "fresh")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["fresh", "in", "out"]


def test_more_folders_than_open_files(source: pa.Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurecols.jobs.arrange._OPEN", 2)
    plan().transform_files(tmp_path / "in", tmp_path / "out", partition_by="id", on_error="null", row_group_rows=1)
    assert len(content(tmp_path / "out")) == 14
    assert np.isin(source["id"].to_numpy(), fc.compile([fc.Numeric("id")]).transform(tmp_path / "out")).all()


def test_wrong_arguments(source: pa.Table, tmp_path: Path) -> None:
    for options, problem in (
        ({"partition_by": "n"}, "cannot have a folder for each value of 'n', of type double"),
        ({"rows_per_file": 2, "new_only": True}, "new_only has a file for each source file"),
    ):
        with pytest.raises(fc.FeatureColumnsError, match=problem):
            plan().transform_files(tmp_path / "in", tmp_path / "out", **options)
    for options, problem in (
        ({"rows_per_file": 0}, "rows_per_file must be a positive integer, got 0"),
        ({"partition_by": ["day", "day"]}, "partition_by names a field twice"),
    ):
        with pytest.raises(fc.ColumnError, match=problem):
            plan().transform_files(tmp_path / "in", tmp_path / "out", **options)
    with pytest.raises(fc.DataError, match="hour: field is not in"):
        plan().transform_files(tmp_path / "in", tmp_path / "out", partition_by="hour")
    with pytest.raises(fc.OutputError, match="is one file; give a folder"):
        plan().transform_files(tmp_path / "in" / "a.parquet", tmp_path / "out.parquet", partition_by="day")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in"]
