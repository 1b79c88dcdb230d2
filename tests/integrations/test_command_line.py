"""What people bring, through every command: suggest, fit, transform, train, predict."""

import json
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.cli.main import main
from tests.integrations.s3_server import Bucket
from tests.integrations.s3_server import bucket as bucket
from tests.integrations.s3_server import s3_server as s3_server

ROWS = 240


def run_all(
    folder: Path, data: str, options: tuple[str, ...], label: str, columns: list[fc.Column], train_both: bool = True
) -> None:
    """Run all commands: fit and transform with these columns, train and predict with those that are suggested, or with both."""
    said = [*options, "--json"]
    draft, spec = str(folder / "draft.json"), folder / "spec.json"
    spec.write_text(json.dumps(fc.columns_to_json(columns)))
    assert main(["suggest", data, *said, "--label", label, "--model", "LinearClassifier", "-o", draft]) == 0
    assert main(["fit", str(spec), data, *said, "-o", str(folder / "plan")]) == 0
    assert main(["transform", str(folder / "plan"), data, *said, "-o", str(folder / "out.npy")]) == 0
    features = np.load(folder / "out.npy")
    assert features.shape == (ROWS, fc.load(folder / "plan").width)
    assert np.isfinite(features).all()
    assert (features.std(axis=0) > 0).any()
    for name in (draft, str(spec))[: 2 if train_both else 1]:
        model = str(folder / f"model of {Path(name).stem}")
        begin = ["train", name, data, *said, "--model", "LinearClassifier", "--label", label, "--epochs", "1"]
        assert main([*begin, "-o", model]) == 0
        out = folder / f"predictions of {Path(name).stem}"
        assert main(["predict", model, data, *said, "-o", str(out), "--keep", label]) == 0
        assert sum(pq.read_metadata(path).num_rows for path in out.rglob("*.parquet")) == ROWS


def test_semicolons_without_a_header(tmp_path: Path) -> None:
    lines = [f"{i % 7},{i % 10};{'rot' if i % 3 else 'weiß'};{'NA' if i % 9 == 0 else i % 5};{i % 2}\n" for i in range(ROWS)]
    (tmp_path / "wine.data").write_bytes("".join(lines).encode("latin-1"))
    options = ("--separator", ";", "--no-header", "--names", "acid,colour,year,good", "--encoding", "latin-1")
    columns = [
        fc.Numeric("acid"),
        fc.Indicator(fc.Vocabulary("colour", fc.TopTerms(2))),
        fc.Numeric("year", default=fc.Median()),
    ]
    run_all(tmp_path, str(tmp_path / "wine.data"), (*options, "--decimal", ",", "--nulls", "NA"), "good", columns)
    assert fc.load(tmp_path / "plan").input_schema["acid"].type == "float"
    assert np.load(tmp_path / "out.npy")[1].tolist() == pytest.approx([1.1, 1.0, 0.0, 1.0])


def test_a_folder_of_300_files_with_dates_and_genres(tmp_path: Path) -> None:
    (tmp_path / "raw").mkdir()
    for i in range(300):
        row = f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}T0{i % 10}:30:00,{'a|b' if i % 2 else 'b|c'},{i % 2}\n"
        (tmp_path / "raw" / f"{i:03d}.csv").write_text("at,genres,late\n" + (row if i < ROWS else ""))
    columns = [
        fc.Indicator(fc.DatePart("at", "month")),
        fc.Cyclic(fc.DatePart("at", "hour"), 24),
        fc.Indicator(fc.Vocabulary(fc.Split("genres", "|"), fc.TopTerms(3))),
    ]
    run_all(tmp_path, str(tmp_path / "raw"), (), "late", columns, train_both=False)
    assert np.load(tmp_path / "out.npy")[0, [0, -3, -2, -1]].tolist() == [1.0, 1.0, 0.0, 1.0]


def test_decimals_of_duckdb(tmp_path: Path) -> None:
    path = tmp_path / "prices.parquet"
    query = "select (i % 4 + 0.25)::decimal(10, 2) as price, (i % 2)::decimal(38, 0) as paid"
    duckdb.sql(f"{query} from range({ROWS}) t(i)").write_parquet(str(path))
    columns = [fc.Numeric("price"), fc.Indicator(fc.Vocabulary("price", ["0.25", "3.25"]))]
    run_all(tmp_path, str(path), (), "paid", columns)
    assert np.load(tmp_path / "out.npy")[:4].tolist() == [[0.25, 1, 0], [1.25, 0, 0], [2.25, 0, 0], [3.25, 0, 1]]


def test_a_folder_of_s3(bucket: Bucket, tmp_path: Path) -> None:
    for day in range(3):
        table = pa.table({"x": np.arange(80.0) + day, "word": ["p", "q", "r", "s"] * 20, "y": [0, 1] * 40})
        pq.write_table(table, tmp_path / "t.parquet")
        bucket.put(f"raw/day={day}/t.parquet", (tmp_path / "t.parquet").read_bytes())
    columns = [fc.Numeric("x"), fc.Indicator(fc.Hashed("word", 8)), fc.Indicator(fc.Identity("day", 3))]
    run_all(tmp_path, f"{bucket.url}/raw/", (), "y", columns)
    assert np.load(tmp_path / "out.npy")[[0, 80, 160], -3:].tolist() == [[1, 0, 0], [0, 1, 0], [0, 0, 1]]
