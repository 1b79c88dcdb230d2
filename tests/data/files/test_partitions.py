"""Fields in the names of folders, read as the text of a CSV file is."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.data.files.paths import folder_of, keys_of
from featurecols.data.sources import as_source


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, rows in (
        ("day=3/city=Oslo", 2),
        ("day=11/city=S%C3%A3o Paulo", 1),
        ("day=__HIVE_DEFAULT_PARTITION__/city=Oslo", 1),
    ):
        (tmp_path / "raw" / name).mkdir(parents=True)
        pq.write_table(pa.table({"n": [1.0] * rows}), tmp_path / "raw" / name / "a.parquet")
    return tmp_path / "raw"


def test_names_of_folders() -> None:
    for keys in ({"a": "1", "b": None}, {"a": "x/y=z%", "é": " "}, {"a": "a\nb", "b": ""}):
        assert keys_of(f"raw/{folder_of(keys)}/part.parquet") == keys
    assert keys_of("=1/a=/x=2.parquet") == {"a": ""}


def test_the_same_as_a_csv_file_with_the_fields(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "all.csv").write_text("n,day,city\n1,11,São Paulo\n1,3,Oslo\n1,3,Oslo\n1,,Oslo\n")
    columns = [
        fc.Numeric("n"),
        fc.Numeric("day", default=fc.Mean()),
        fc.Indicator(fc.Vocabulary("day", fc.TopTerms(5))),
        fc.Indicator(fc.Vocabulary("city", fc.TopTerms(5))),
    ]
    plan, want = fc.fit(columns, folder), fc.fit(columns, tmp_path / "all.csv")
    assert plan.fingerprint == want.fingerprint
    assert np.array_equal(plan.transform(folder), want.transform(tmp_path / "all.csv"))
    assert np.array_equal(fc.fit(columns, folder, processes=2).transform(folder), plan.transform(folder))
    assert as_source(folder).schema().names == ["n", "day", "city"]


def test_a_missing_key_says_nothing_of_the_type_of_its_field(folder: Path) -> None:
    plan = fc.fit([fc.Indicator(fc.Vocabulary("day", fc.TopTerms(5)))], folder)
    assert plan.input_schema["day"].type == "integer"
    columns = [
        fc.Missing("day"),
        fc.Indicator(fc.Crossed(["day", "city"], 3, missing_bucket=3)),
        fc.Indicator(fc.Hashed("day", 3, missing_bucket=3)),
        fc.Numeric(fc.Field("day", invalid="missing"), default=-1),
        fc.Indicator(fc.Hashed(fc.Split("day"), 2), name="tokens"),
        fc.Count("day", log=False),
    ]
    found = fc.fit(columns, folder).transform(folder)
    assert found[3].tolist() == [1.0, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 1]
    assert fc.fit(columns, folder).transform_row({"day": None, "city": "Oslo"}).tolist() == found[3].tolist()


def test_a_field_of_the_file_comes_before_one_of_its_folders(tmp_path: Path) -> None:
    (tmp_path / "n=7").mkdir()
    pq.write_table(pa.table({"n": [1.0]}), tmp_path / "n=7" / "a.parquet")
    assert fc.compile([fc.Numeric("n")]).transform(tmp_path / "n=7").tolist() == [[1.0]]


def test_a_file_without_the_folder_is_an_error(folder: Path) -> None:
    pq.write_table(pa.table({"n": [1.0]}), folder / "late.parquet")
    with pytest.raises(fc.DataError, match=r"day: field is not in .*late\.parquet"):
        fc.compile([fc.Numeric("day")]).transform(folder)


def test_jobs_keep_the_folders_and_their_fields(folder: Path, tmp_path: Path) -> None:
    plan = fc.compile([fc.Numeric("day", default=0.0)])
    plan.transform_files(folder, tmp_path / "out", keep=["city"])
    made = pq.read_table(tmp_path / "out" / "day=11" / "city=S%C3%A3o Paulo" / "a.parquet", partitioning=None)
    assert made.to_pylist() == [{"city": "São Paulo", "features": [11.0]}]
    assert plan.transform(tmp_path / "out").tolist() == [[11.0], [3.0], [3.0], [0.0]]
