"""transform_parquet: the same bits as plan.transform, nothing half done, and errors before anything is written."""

import gzip
import itertools
import json
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from tests.jobs.data import COLUMNS, folder, listing, table, whole


@pytest.fixture
def plan() -> fc.Plan:
    return fc.compile(COLUMNS)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder(tmp_path / "raw")


def matrix(column: pa.ChunkedArray) -> np.ndarray:
    flat = pa.concat_arrays([chunk.flatten() for chunk in column.chunks])
    return flat.to_numpy().reshape(len(column), -1)


def test_transform_files_is_the_same_as_a_method(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    done = plan.transform_files(source, tmp_path / "a", keep="id", layout="columns", row_group_rows=7)
    fc.transform_parquet(plan, source, tmp_path / "b", keep=["id"], layout="columns", row_group_rows=7)
    assert (done.files, done.rows) == (3, 150)
    assert [p.read_bytes() for p in sorted((tmp_path / "a").rglob("*.parquet"))] == [
        p.read_bytes() for p in sorted((tmp_path / "b").rglob("*.parquet"))
    ]
    with pytest.raises(fc.OutputError, match="exists already"):
        plan.transform_files(source, tmp_path / "a")
    assert plan.transform_files(source, tmp_path / "a", overwrite=True, threads=1, progress=False).rows == 150


def test_features_are_the_bits_of_transform_in_files_of_the_same_names(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    done = fc.transform_parquet(plan, source, tmp_path / "out", keep=["id"])
    assert listing(tmp_path / "out") == listing(source) == ["deep/er/part-2.parquet", "part-0.parquet", "part-1.parquet"]
    made = whole(tmp_path / "out")
    assert made.schema.field("features").type == pa.list_(pa.field("element", pa.float32()), plan.width)
    assert np.array_equal(matrix(made["features"]), plan.transform(whole(source)))
    assert made["id"].to_pylist() == whole(source)["id"].to_pylist()
    assert (done.files, done.resumed, done.rows, done.fingerprint) == (3, 0, 150, plan.fingerprint)
    assert done.bytes == sum(p.stat().st_size for p in (tmp_path / "out").rglob("*.parquet"))
    assert str(done).startswith(f"{tmp_path / 'out'}: 150 rows in 3 files, ")
    assert listing(tmp_path) == [f"out/{name}" for name in listing(source)] + [f"raw/{name}" for name in listing(source)]


def test_columns_are_one_float_per_output_name(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    fc.transform_parquet(plan, source, tmp_path / "out", layout="columns")
    made = whole(tmp_path / "out")
    assert made.column_names == list(plan.feature_names)
    assert {field.type for field in made.schema} == {pa.float32()}
    assert np.array_equal(np.column_stack([c.to_numpy() for c in made.columns]), plan.transform(whole(source)))


@pytest.mark.parametrize("on_error", ["fail", "null", "quarantine"])
def test_ones_of_many_rows_are_the_bits_of_transform(tmp_path: Path, on_error: str) -> None:
    rows, bad = 9003, [] if on_error == "fail" else [5, 4200]
    plan = fc.compile([fc.Numeric("x"), fc.Indicator(fc.Identity("i", 3)), fc.Numeric("y", default=1.0)])
    x = np.arange(rows, dtype=np.float64)
    raw = pa.table({"x": pa.array(x, mask=np.isin(x, bad)), "i": np.arange(rows) % 3, "y": np.where(x % 2, 0.0, 1.0)})
    pq.write_table(raw, tmp_path / "raw.parquet")
    done = plan.transform_files(tmp_path / "raw.parquet", tmp_path / "out.parquet", layout="columns", on_error=on_error)
    made, good = pq.read_table(tmp_path / "out.parquet"), np.setdiff1d(np.arange(rows), bad)
    want = plan.transform(raw.take(good))
    assert done.bad_rows == len(bad)
    if on_error == "null":
        assert {column.null_count for column in made.columns} == {2}
        made = made.take(good)
    assert np.array_equal(np.column_stack([c.to_numpy() for c in made.columns]), want)


def test_ids_are_the_ids_of_encode(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    fc.transform_parquet(plan, source, tmp_path / "out", layout="ids", keep=["age"])
    made, encoded = whole(tmp_path / "out"), plan.encode(whole(source))
    assert {field.name: str(field.type) for field in made.schema} == {
        "age": "double",
        "features": "fixed_size_list<element: float>[1]",
        "city_indicator": "int32",
        "tags_embedding": "list<element: int32>",
        "weighted_tags_weighted_by_weights_indicator": "list<element: int32>",
        "weighted_tags_weighted_by_weights_indicator_weights": "list<element: float>",
    }
    assert np.array_equal(matrix(made["features"]), encoded.dense)
    for name, ids in encoded.ids.items():
        flat, offsets = ids.elements()
        want = (
            flat.values.tolist() if ids.offsets is None else [flat.values[a:b].tolist() for a, b in itertools.pairwise(offsets)]
        )
        assert made[name].to_pylist() == want
    weights = made["weighted_tags_weighted_by_weights_indicator_weights"]
    assert (
        pa.concat_arrays([c.flatten() for c in weights.chunks]).to_numpy().tolist()
        == encoded.ids["weighted_tags_weighted_by_weights_indicator"].elements()[0].weights.tolist()
    )  # type: ignore[union-attr]


def test_sparse_rows_are_those_of_encode(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    plan.transform_files(source, tmp_path / "out", layout="sparse", row_group_rows=9)
    made, want = whole(tmp_path / "out"), plan.encode(whole(source)).to_csr()
    assert {field.name: str(field.type) for field in made.schema} == {
        "indices": "list<element: int32>",
        "values": "list<element: float>",
    }
    for name, flat in (("indices", want.indices), ("values", want.data)):
        assert made[name].to_pylist() == [flat[a:b].tolist() for a, b in itertools.pairwise(want.indptr)]
    about = json.loads(pq.read_schema(tmp_path / "out" / "part-0.parquet").metadata[b"featurecols"])
    assert about["starts"] == [0, 1, 5, 25, 30]
    assert len(plan.encoded_feature_names) == want.shape[1] == 30


@pytest.mark.parametrize("on_error", ["fail", "null", "quarantine"])
def test_an_arrow_file_holds_what_a_parquet_file_holds(source: Path, tmp_path: Path, on_error: str) -> None:
    plan, file = fc.compile([fc.Numeric("age"), fc.Indicator(fc.Hashed("city", 3))]), source / "part-0.parquet"
    raw = pq.read_table(file)
    raw = raw.append_column("coded", raw["city"].dictionary_encode())
    if on_error == "fail":
        raw = raw.filter(raw["age"].is_valid())
    pq.write_table(raw, file)
    for kind in ("arrow", "parquet"):
        target = tmp_path / kind / f"out.{kind}"
        target.parent.mkdir()
        done = plan.transform_files(
            file, target, layout="columns", keep=["coded", "tags"], row_group_rows=20, on_error=on_error
        )
        assert (done.bad_rows > 0) == (on_error != "fail")
    made, want = pa.ipc.open_file(tmp_path / "arrow/out.arrow"), pq.read_table(tmp_path / "parquet/out.parquet")
    assert made.num_record_batches > 1
    assert made.read_all().to_pylist() == want.to_pylist()
    assert made.schema.metadata[b"featurecols"] == want.schema.metadata[b"featurecols"]
    assert done.rows == len(want)
    with pytest.raises(fc.OutputError, match="is one file, and the source is 3 files"):
        plan.transform_files(source, tmp_path / "all.arrow")


def test_sequences_have_their_lengths(source: Path, tmp_path: Path) -> None:
    plan = fc.compile([fc.Sequence(fc.Numeric("weights", default=0.0), 2), fc.Numeric("age", default=0.0)])
    fc.transform_parquet(plan, source, tmp_path / "out", layout="ids")
    made = whole(tmp_path / "out")
    (name,) = [n for n in made.column_names if n.endswith("_length")]
    assert made[name].to_pylist() == [min(2, len(w)) for w in whole(source)["weights"].to_pylist()]
    assert matrix(made["features"]).shape == (150, 3)


def test_kept_columns_keep_type_and_value(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    keep = ["place", "price", "when", "city", "tags", "age", "weights", "id"]
    fc.transform_parquet(plan, source, tmp_path / "out", keep=keep)
    made = whole(tmp_path / "out")
    assert made.column_names == [*keep, "features"]
    for name in keep:
        assert made.schema.field(name).type == whole(source).schema.field(name).type
        assert made[name].to_pylist() == whole(source)[name].to_pylist()


@pytest.mark.parametrize("rows", [1, 7, 20, 64, 10_000])
def test_rows_of_a_group_change_the_cut_and_nothing_else(plan: fc.Plan, source: Path, tmp_path: Path, rows: int) -> None:
    fc.transform_parquet(plan, source, tmp_path / "out", keep=["city"], row_group_rows=rows)
    file = pq.ParquetFile(tmp_path / "out" / "part-0.parquet")
    sizes = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert sizes == [min(rows, 50 - start) for start in range(0, 50, rows)]
    made = whole(tmp_path / "out")
    assert np.array_equal(matrix(made["features"]), plan.transform(whole(source)))
    assert made["city"].to_pylist() == whole(source)["city"].to_pylist()


def test_wide_rows_are_cut_finer_than_the_source(tmp_path: Path) -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed("city", 10_000))])
    pq.write_table(table(2000, 0), tmp_path / "raw.parquet")
    fc.transform_parquet(plan, tmp_path / "raw.parquet", tmp_path / "out.parquet", layout="features")
    made = pq.ParquetFile(tmp_path / "out.parquet")
    assert [made.metadata.row_group(i).num_rows for i in range(made.num_row_groups)] == [1000, 1000]
    ones = matrix(made.read()["features"])
    assert np.array_equal(ones.argmax(1), plan.encode(table(2000, 0)).ids["city_indicator"].values)


def test_metadata_says_where_the_columns_come_from(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    fc.transform_parquet(plan, source, tmp_path / "out")
    about = json.loads(pq.read_schema(tmp_path / "out" / "part-0.parquet").metadata[b"featurecols"])
    assert about == {
        "fingerprint": plan.fingerprint,
        "tables": "",
        "version": fc.__version__,
        "layout": "features",
        "slots": [slot.name for slot in plan.encoded_slots],
        "names": list(plan.feature_names),
    }


def test_one_file_to_one_file_and_an_empty_one(plan: fc.Plan, tmp_path: Path) -> None:
    for rows in (0, 33):
        source, target = tmp_path / f"in{rows}.parquet", tmp_path / f"out{rows}.parquet"
        pq.write_table(table(rows, 1), source)
        done = fc.transform_parquet(plan, source, target, keep=["id"], layout="ids")
        assert (done.rows, pq.read_table(target).num_rows) == (rows, rows)
    assert pq.read_schema(tmp_path / "out0.parquet").equals(pq.read_schema(tmp_path / "out33.parquet"))


def test_another_reader_sees_the_same(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    fc.transform_parquet(plan, source / "part-0.parquet", tmp_path / "out.parquet", keep=["city", "tags"])
    frame = pl.read_parquet(tmp_path / "out.parquet")
    assert np.array_equal(np.stack(frame["features"].to_list()).astype(np.float32), plan.transform(table(50, 0)))
    assert frame["city"].to_list() == table(50, 0)["city"].to_pylist()


def test_globs_lists_and_csv(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    fc.transform_parquet(plan, f"{source}/part-*.parquet", tmp_path / "glob")
    assert listing(tmp_path / "glob") == ["part-0.parquet", "part-1.parquet"]
    fc.transform_parquet(plan, [source / "part-1.parquet", source / "deep"], tmp_path / "list")
    assert listing(tmp_path / "list") == ["deep/er/part-2.parquet", "part-1.parquet"]
    (tmp_path / "rows.csv").write_text("age,city,id\n31,Oslo,007\n,Bern,\n")
    csv = fc.compile(COLUMNS[:2])
    done = fc.transform_parquet(csv, tmp_path / "rows.csv", tmp_path / "csv", keep=["id"], layout="columns")
    assert done.rows == 2
    assert pq.read_table(tmp_path / "csv" / "rows.parquet").to_pydict() == {
        "id": ["007", None],
        "age": [pytest.approx(-0.9), -4.0],
        "city_indicator=Oslo": [1.0, 0.0],
        "city_indicator=Rome": [0.0, 0.0],
        "city_indicator=Lima": [0.0, 0.0],
        "city_indicator=<unseen>": [0.0, 1.0],
    }


def test_dots_in_names_of_csv_files_and_folders_stay(tmp_path: Path) -> None:
    names = ["v1.0/sales.2024-01.csv", "v1.0/sales.2024-02.csv", "v1.0/sales.2024-03.CSV.gz", "v1.1.tsv"]
    for name in names:
        (tmp_path / "raw" / name).parent.mkdir(parents=True, exist_ok=True)
        opened = gzip.open if name.endswith("gz") else open
        with opened(tmp_path / "raw" / name, "wt") as file:
            file.write("age\n31\n")
    fc.transform_parquet(fc.compile([fc.Numeric("age")]), tmp_path / "raw", tmp_path / "out")
    stems = ["v1.0/sales.2024-01", "v1.0/sales.2024-02", "v1.0/sales.2024-03", "v1.1"]
    assert listing(tmp_path / "out") == [f"{stem}.parquet" for stem in stems]


def test_what_is_no_plan_no_file_and_no_target(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    with pytest.raises(fc.PlanError, match=r"needs a plan first, got 'folder'; make one with fc\.fit\(.*fc\.load\(folder\)"):
        fc.transform_parquet("folder", source, tmp_path / "out")  # type: ignore[arg-type]
    for data in (table(5, 0), table(5, 0).to_pandas(), [table(5, 0)], table(5, 0).to_pydict()):
        with pytest.raises(fc.PlanError, match=r"reads files.*; write it to a file first, or use plan\.transform\(data\)"):
            fc.transform_parquet(plan, data, tmp_path / "out")
    with pytest.raises(fc.OutputError, match=r"out\.csv: a \.csv file cannot be written; give a folder, a \.parquet file"):
        fc.transform_parquet(plan, source, tmp_path / "out.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["raw"]


def test_progress_counts_every_row_once(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int | None]] = []
    fc.transform_parquet(plan, source, tmp_path / "out", progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == [20, 40, 50, 70, 90, 100, 120, 140, 150]
    assert {total for _, total in seen} == {150}


def test_threads_change_nothing(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    for threads in (1, 3):
        fc.transform_parquet(plan, source, tmp_path / str(threads), threads=threads, keep=["tags"])
    assert whole(tmp_path / "1").equals(whole(tmp_path / "3"))


def test_an_existing_target_is_refused_and_stays(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    with pytest.raises(fc.OutputError, match=r"out: exists already; .* or pass overwrite=True \(--overwrite\) to replace it"):
        fc.transform_parquet(plan, source, tmp_path / "out")
    assert listing(tmp_path / "out") == ["mine.txt"]
    assert sorted(p.name for p in tmp_path.iterdir()) == ["out", "raw"]


def test_overwrite_replaces_the_whole_target(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("mine")
    fc.transform_parquet(plan, source, tmp_path / "out", overwrite=True)
    assert listing(tmp_path / "out") == listing(source)
    fc.transform_parquet(plan, source / "part-0.parquet", tmp_path / "one.parquet")
    fc.transform_parquet(plan, source / "part-1.parquet", tmp_path / "one.parquet", overwrite=True, keep=["id"])
    assert pq.read_table(tmp_path / "one.parquet")["id"].to_pylist() == list(range(1000, 1050))
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one.parquet", "out", "raw"]


def test_a_file_does_not_become_a_folder_nor_a_folder_a_file(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    (tmp_path / "out").write_text("a file")
    with pytest.raises(fc.OutputError, match="is a file and would become a folder"):
        fc.transform_parquet(plan, source, tmp_path / "out", overwrite=True)
    (tmp_path / "out.parquet").mkdir()
    with pytest.raises(fc.OutputError, match="is a folder and would become a file"):
        fc.transform_parquet(plan, source / "part-0.parquet", tmp_path / "out.parquet", overwrite=True)


@pytest.mark.parametrize("target", ["raw", "raw/part-0.parquet", "raw/new", ".", "raw/deep/new.npy"])
def test_a_target_in_or_around_the_source_is_refused(plan: fc.Plan, source: Path, tmp_path: Path, target: str) -> None:
    before = listing(tmp_path)
    with pytest.raises(fc.OutputError, match=r"choose a target outside the source|give a folder"):
        fc.transform_parquet(plan, source, tmp_path / target, overwrite=True)
    assert listing(tmp_path) == before


def test_names_that_collide_are_refused(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    for keep, layout, name in [(["age"], "columns", "age"), (["id", "id"], "features", "id")]:
        with pytest.raises(fc.OutputError, match=f"would have two columns named '{name}'"):
            fc.transform_parquet(plan, source, tmp_path / "out", keep=keep, layout=layout)
    named = fc.compile([fc.Numeric("age", default=0.0), fc.Hashed("city", 3, name="features")])
    with pytest.raises(fc.OutputError, match="would have two columns named 'features'"):
        fc.transform_parquet(named, source, tmp_path / "out", layout="ids")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]


def test_options_that_can_never_work(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    with pytest.raises(fc.ColumnError, match="unknown layout, got 'wide'; choose one of features, columns, ids"):
        fc.transform_parquet(plan, source, out, layout="wide")
    for rows in (0, -1, 2.5, True):
        with pytest.raises(fc.ColumnError, match="row_group_rows must be a positive integer"):
            fc.transform_parquet(plan, source, out, row_group_rows=rows)  # type: ignore[arg-type]
    with pytest.raises(fc.OutputError, match=r"is one file, and the source is 3 files; give a folder"):
        fc.transform_parquet(plan, source, tmp_path / "out.parquet")
    with pytest.raises(fc.DataError, match=r"'idd'|idd: field is not in .*did you mean 'id'"):
        fc.transform_parquet(plan, source, out, keep=["idd"])
    with pytest.raises(fc.PlanError, match="wrap it in Indicator or Embedding"):
        fc.transform_parquet(fc.compile([fc.Hashed("city", 3)]), source, out)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]


def test_bad_sources(plan: fc.Plan, source: Path, tmp_path: Path) -> None:
    with pytest.raises(fc.DataError, match="no such file or folder"):
        fc.transform_parquet(plan, tmp_path / "nowhere", tmp_path / "out")
    broken = source / "part-1.parquet"
    broken.write_bytes(broken.read_bytes()[:-10])
    with pytest.raises(fc.DataError, match=r"part-1\.parquet: is not a readable Parquet file"):
        fc.transform_parquet(plan, source, tmp_path / "out")
    pq.write_table(table(10, 0).drop_columns(["weights"]), broken)
    with pytest.raises(fc.DataError, match=r"weights: field is not in .*part-1\.parquet"):
        fc.transform_parquet(plan, source, tmp_path / "out")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]


def test_files_that_would_give_different_columns_are_refused(source: Path, tmp_path: Path) -> None:
    plan = fc.compile([fc.Embedding(fc.Hashed("city", 20), 3)])
    data = table(5, 0)
    lists = pa.array([[c] for c in data["city"].to_pylist()], pa.list_(pa.string()))
    pq.write_table(data.set_column(2, "city", lists), source / "part-1.parquet")
    with pytest.raises((fc.OutputError, fc.DataError), match=r"part-1\.parquet"):
        fc.transform_parquet(plan, source, tmp_path / "out", layout="ids")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]


def test_a_bad_value_in_the_last_file_leaves_nothing(source: Path, tmp_path: Path) -> None:
    plan = fc.compile([fc.Numeric("age")])
    for i in range(3):
        data = table(50, i)
        ages = [20.0] * 50
        if i == 0:  # in z2, which is read last
            ages[30] = None  # type: ignore[call-overload]
        pq.write_table(data.set_column(1, "age", pa.array(ages)), source / f"z{2 - i}.parquet", row_group_size=20)
    for name in ("part-0.parquet", "part-1.parquet", "deep/er/part-2.parquet"):
        (source / name).unlink()
    with pytest.raises(fc.DataError) as caught:
        fc.transform_parquet(plan, source, tmp_path / "out")
    assert (caught.value.subject, caught.value.field, caught.value.row) == ("age", "age", 130)
    assert "(row 30 of z2.parquet)" in str(caught.value)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["raw"]
