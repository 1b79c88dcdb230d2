"""Bad rows of jobs over files: null or left out, listed, and the same whatever the blocks, threads and processes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.data.batch import Batch
from featurecols.data.tables import as_batch
from featurecols.jobs.bad_rows import Policy, attempt

PLAN = fc.compile(
    [fc.Numeric("n"), fc.Indicator(fc.Identity("i", 3, out_of_range="error")), fc.Embedding(fc.Hashed("t", 9), 2)]
)


def write(folder: Path, name: str, n: list[float | None], i: list[int], group: int = 4) -> pa.Table:
    """Write a file whose numbers are refused where they are missing or infinite, and whose ids where they are past 2."""
    folder.mkdir(exist_ok=True)
    table = pa.table({"k": list(range(len(n))), "n": pa.array(n, pa.float64()), "i": i, "t": [str(x) for x in range(len(n))]})
    pq.write_table(table, folder / name, row_group_size=group)
    return table


def source(folder: Path) -> pa.Table:
    """Write three files with five bad rows in all; return the good rows."""
    tables = [
        write(folder, "a.parquet", [1, None, 3, 4, np.inf, 6], [0, 1, 2, 0, 2, 1]),
        write(folder, "b.parquet", [7, 8], [0, 1]),
        write(folder, "c.parquet", [None, 2, 3], [0, 7, 5]),
    ]
    return pa.concat_tables([tables[0].take([0, 2, 3, 5]), tables[1]])


LISTED = [
    {"reason": "missing", "file": "a.parquet", "row": 1, "field": "n", "value": "None"},
    {"reason": "infinite", "file": "a.parquet", "row": 4, "field": "n", "value": "inf"},
    {"reason": "missing", "file": "c.parquet", "row": 0, "field": "n", "value": "None"},
    {"reason": "out_of_range", "file": "c.parquet", "row": 1, "field": "i", "value": "7"},
    {"reason": "out_of_range", "file": "c.parquet", "row": 2, "field": "i", "value": "5"},
]


def listed(path: Path) -> list[dict[str, object]]:
    return [{**row, "file": Path(row["file"]).name} for row in pq.read_table(path).to_pylist()]


def read(folder: Path) -> pa.Table:
    return pa.concat_tables([pq.read_table(p) for p in sorted(folder.glob("[a-z]*.parquet"))])


def matrix(column: pa.ChunkedArray) -> np.ndarray:
    return np.array(column.to_pylist(), np.float32).reshape(len(column), -1)


@pytest.mark.parametrize("options", [{}, {"row_group_rows": 1}, {"row_group_rows": 5, "threads": 1}, {"processes": 2}])
def test_bad_rows_are_left_out_and_listed(tmp_path: Path, options: dict[str, int]) -> None:
    good = source(tmp_path / "in")
    done = PLAN.transform_files(tmp_path / "in", tmp_path / "out", keep=["k"], on_error="quarantine", **options)
    assert (done.rows, done.bad_rows, done.files) == (6, 5, 3)
    assert done.quarantine == tmp_path / "out" / "_quarantine.parquet"
    assert listed(done.quarantine) == LISTED
    made = read(tmp_path / "out")
    assert made["k"].to_pylist() == [0, 2, 3, 5, 0, 1]
    assert np.array_equal(matrix(made["features"]), PLAN.transform(good))
    assert str(done).endswith(f" s; 5 bad rows, listed in {done.quarantine}")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
    assert [p.name for p in sorted((tmp_path / "out").iterdir())] == [
        "_quarantine.parquet",
        "a.parquet",
        "b.parquet",
        "c.parquet",
    ]


@pytest.mark.parametrize("layout", ["features", "columns", "ids"])
def test_bad_rows_are_null(tmp_path: Path, layout: str) -> None:
    good = source(tmp_path / "in")
    done = PLAN.transform_files(tmp_path / "in", tmp_path / "out", keep=["k"], layout=layout, on_error="null")
    assert (done.rows, done.bad_rows) == (11, 5)
    assert listed(tmp_path / "out" / "_quarantine.parquet") == LISTED
    made = read(tmp_path / "out")
    assert made["k"].to_pylist() == [0, 1, 2, 3, 4, 5, 0, 1, 0, 1, 2]
    bad = [1, 4, 8, 9, 10]
    assert [[row for row in range(11) if made[name][row].as_py() is None] for name in made.column_names[1:]] == [bad] * (
        made.num_columns - 1
    )
    PLAN.transform_files([tmp_path / "in" / "b.parquet"], tmp_path / "b", layout=layout)
    assert made.drop_columns("k").slice(6, 2).to_pylist() == read(tmp_path / "b").to_pylist()
    if layout == "columns":
        kept = made.take([row for row in range(11) if row not in bad]).drop_columns("k")
        assert np.array_equal(np.column_stack([c.to_numpy() for c in kept.columns]), PLAN.transform(good))


def test_a_matrix_leaves_bad_rows_out_or_has_nan_there(tmp_path: Path) -> None:
    good = PLAN.transform(source(tmp_path / "in"))
    for on_error in ("quarantine", "null"):
        done = PLAN.transform_files(tmp_path / "in", tmp_path / f"{on_error}.npy", on_error=on_error, row_group_rows=3)
        assert listed(tmp_path / f"{on_error}.quarantine.parquet") == LISTED
        assert done.bad_rows == 5
    assert np.array_equal(np.load(tmp_path / "quarantine.npy"), good)
    found = np.load(tmp_path / "null.npy")
    assert np.flatnonzero(np.isnan(found).all(axis=1)).tolist() == [1, 4, 8, 9, 10]
    assert np.array_equal(found[[0, 2, 3, 5, 6, 7]], good)


@pytest.mark.parametrize(
    ("limit", "problem"),
    [
        (4, r"allows, the first \(missing\) in field 'n' at row 1, got None; mend the data \(row 1 of .*a.parquet\)"),
        (0.45, r"max_errors \(45% of the rows\)"),
        ((100, 0.1), r"max_errors \(100 rows and 10% of the rows\)"),
        ((0, 1.0), r"max_errors \(0 rows and 100% of the rows\)"),
    ],
)
@pytest.mark.parametrize("processes", [1, 2])
def test_too_many_bad_rows_are_an_error_and_nothing_stays(tmp_path: Path, limit: object, problem: str, processes: int) -> None:
    source(tmp_path / "in")
    if processes == 2 and limit != 4:
        return  # one with workers is enough
    for target in ("out", "out.npy"):  # the same message from both
        with pytest.raises(fc.DataError, match=problem) as caught:
            PLAN.transform_files(
                tmp_path / "in", tmp_path / target, on_error="quarantine", max_errors=limit, processes=processes
            )
        assert caught.value.row == 1
        assert [p.name for p in tmp_path.iterdir()] == ["in"]


def test_as_many_bad_rows_as_are_allowed_are_none_too_many(tmp_path: Path) -> None:
    (tmp_path / "in.csv").write_text("n,i,t\n" + "".join(f"{'oops' if row < 29 else row},1,x\n" for row in range(100)))
    for limit in (29, 0.29, (29, 0.29)):
        done = PLAN.transform_files(
            tmp_path / "in.csv", tmp_path / "out.parquet", on_error="quarantine", max_errors=limit, overwrite=True
        )
        assert (done.rows, done.bad_rows) == (71, 29)
    assert pq.read_table(tmp_path / "out.quarantine.parquet").slice(28).to_pylist() == [
        {"reason": "not_a_number", "file": str(tmp_path / "in.csv"), "row": 28, "field": "n", "value": "'oops'"}
    ]
    with pytest.raises(fc.DataError, match="28% of the rows"):
        PLAN.transform_files(tmp_path / "in.csv", tmp_path / "out.parquet", on_error="null", max_errors=0.28, overwrite=True)


def test_a_schema_and_a_damaged_file_stay_errors(tmp_path: Path) -> None:
    pq.write_table(pa.table({"n": ["a", "b"], "i": [0, 1], "t": ["x", "y"]}), tmp_path / "text.parquet")
    with pytest.raises(fc.DataError, match="needs a number in field 'n' at row 0, got 'a'; cast it to a number"):
        PLAN.transform_files(tmp_path / "text.parquet", tmp_path / "out", on_error="quarantine")
    pq.write_table(pa.table({"n": [[1.0], [2.0]], "i": [0, 1], "t": ["x", "y"]}), tmp_path / "list.parquet")
    with pytest.raises(fc.DataError, match="needs one number a row in field 'n' at row 0, got a list"):
        PLAN.transform_files(tmp_path / "list.parquet", tmp_path / "out", on_error="null")
    with pytest.raises(fc.DataError, match="field is not in"):
        PLAN.transform_files(write_other(tmp_path), tmp_path / "out", on_error="null")
    write(tmp_path / "in", "a.parquet", [1.0] * 2000, [0] * 2000, group=2000)
    path = tmp_path / "in" / "a.parquet"
    data = path.read_bytes()
    path.write_bytes(data[:4] + b"\xff" * 300 + data[304:])
    with pytest.raises(fc.DataError, match="row group 0 cannot be read"):
        PLAN.transform_files(path, tmp_path / "out", keep="k", on_error="quarantine")


def write_other(folder: Path) -> Path:
    pq.write_table(pa.table({"n": [1.0], "i": [0]}), folder / "other.parquet")
    return folder / "other.parquet"


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"on_error": "skip"}, "transform_files: unknown on_error, got 'skip'; choose one of fail, null, quarantine"),
        ({"max_errors": 3}, "transform_files: max_errors has no effect, got 3"),
        ({"on_error": "null", "max_errors": -1}, "max_errors must be a count or a share, got -1"),
        ({"on_error": "null", "max_errors": 1.5}, "max_errors must be a count or a share, got 1.5"),
        ({"on_error": "null", "max_errors": True}, "max_errors must be a count or a share, got True"),
        ({"on_error": "null", "max_errors": (1, 2)}, r"max_errors must be a count or a share, got \(1, 2\)"),
    ],
)
def test_wrong_arguments(tmp_path: Path, options: dict[str, object], problem: str) -> None:
    with pytest.raises(fc.ColumnError, match=problem):
        PLAN.transform_files("in.parquet", tmp_path / "out", **options)


def test_what_is_beside_a_target_is_not_replaced_unasked(tmp_path: Path) -> None:
    source(tmp_path / "in")
    (tmp_path / "out.quarantine.parquet").write_text("mine")
    with pytest.raises(fc.OutputError, match=r"out\.quarantine\.parquet: exists already"):
        PLAN.transform_files(tmp_path / "in" / "a.parquet", tmp_path / "out.parquet", on_error="null")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out.quarantine.parquet"]
    PLAN.transform_files(tmp_path / "in" / "a.parquet", tmp_path / "out.parquet", on_error="null", overwrite=True)
    assert listed(tmp_path / "out.quarantine.parquet") == LISTED[:2]


@pytest.mark.parametrize("seed", range(3))
def test_exactly_the_bad_rows_are_found_with_few_calls(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = 3000
    bad = np.flatnonzero(rng.random(rows) < (0.001, 0.02, 0.9)[seed])
    values = rng.normal(size=rows)
    values[bad] = np.inf
    plan, calls = fc.compile([fc.Numeric("x")]), []

    def compute(batch: Batch) -> np.ndarray:
        calls.append(batch.num_rows)
        return plan.transform(batch)

    found = attempt(compute, as_batch({"x": values}), None)
    assert list(found.bad) == bad.tolist()
    good = np.setdiff1d(np.arange(rows), bad)
    assert np.array_equal(found.value[good, 0], values[good].astype(np.float32))
    assert len(calls) < 6 * len(bad) + 30
    assert sum(calls) < 12 * rows


def test_a_share_is_counted_exactly() -> None:
    assert Policy.of("job", "null", 0.29).allowed(100) == 29
    assert Policy.of("job", "null", [7, 0.5]).allowed(100) == 7
    assert Policy.of("job", "null", 0.5).allowed(None) is None


def test_the_file_of_a_bad_row_has_the_name_that_it_has_in_the_source(tmp_path: Path) -> None:
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "a.csv").write_text("n\n1\n")
    (raw / "b.csv").write_text('n\n2\n""\n')
    plan = fc.compile([fc.Numeric("n")])
    with pytest.raises(fc.DataError, match=r"\(row 1 of b.csv\)"):
        plan.transform_files(raw, tmp_path / "out")
    (raw / "b.csv").rename(tmp_path / "b.csv")
    plan.transform_files(raw, tmp_path / "out", new_only=True)
    (tmp_path / "b.csv").rename(raw / "b.csv")
    with pytest.raises(fc.DataError, match=r"\(row 1 of b.csv\)"):
        plan.transform_files(raw, tmp_path / "out", new_only=True)
