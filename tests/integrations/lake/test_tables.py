"""Tables of a lake as targets: one commit a job, whose rows are those of the files of a folder."""

import json
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyiceberg.catalog
import pytest
from deltalake import DeltaTable
from pyiceberg.catalog import load_catalog
from pyiceberg.utils.config import Config

import featurecols as fc
from featurecols.cli.main import main
from tests.integrations.s3_server import Bucket
from tests.jobs.data import COLUMNS, folder, whole

PLAN = fc.compile(COLUMNS)
OTHER = fc.compile(COLUMNS[:2])
KEPT = ["id", "city", "tags", "when", "price", "place"]


class Delta:
    """A Delta table as others read it."""

    def __init__(self, place: str, options: dict[str, str] | None = None) -> None:
        self.target, self.place, self.options = f"delta:{place}", place, options

    def table(self) -> DeltaTable:
        return DeltaTable(self.place, storage_options=self.options)

    def read(self) -> pa.Table:
        return self.table().to_pyarrow_table() if DeltaTable.is_deltatable(self.place, self.options) else pa.table({})

    def commits(self) -> list[dict[str, str]]:
        return [each for each in reversed(self.table().history()) if "featurecols.job" in each]


class Iceberg:
    """An Iceberg table as others read it."""

    def __init__(self, name: str) -> None:
        self.target, self.name = f"iceberg:local/{name}", name

    def read(self) -> pa.Table:
        catalog = load_catalog("local")
        return catalog.load_table(self.name).scan().to_arrow() if catalog.table_exists(self.name) else pa.table({})

    def commits(self) -> list[dict[str, str]]:
        found = [each.summary.additional_properties for each in load_catalog("local").load_table(self.name).snapshots()]
        return [each for each in found if "featurecols.job" in each]


@pytest.fixture(params=["delta", "iceberg", "delta on S3", "iceberg on S3"])
def lake(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Delta | Iceberg:
    where = (tmp_path / "lake").as_uri()
    (tmp_path / "lake").mkdir()
    if request.param.endswith("S3"):
        bucket: Bucket = request.getfixturevalue("bucket")
        where = f"{bucket.url}/lake"
        monkeypatch.setenv("PYICEBERG_CATALOG__LOCAL__S3__ENDPOINT", bucket.endpoint)
        monkeypatch.setenv("PYICEBERG_CATALOG__LOCAL__S3__REGION", "us-east-1")
    if request.param.startswith("delta"):
        place = f"{where}/features" if request.param.endswith("S3") else str(tmp_path / "lake" / "features")
        return Delta(place, {"AWS_ALLOW_HTTP": "true"} if request.param.endswith("S3") else None)
    for name, value in {"TYPE": "sql", "URI": f"sqlite:///{tmp_path}/catalog.db", "WAREHOUSE": where}.items():
        monkeypatch.setenv(f"PYICEBERG_CATALOG__LOCAL__{name}", value)
    monkeypatch.setattr(pyiceberg.catalog, "_ENV_CONFIG", Config())  # which it reads when it is imported
    return Iceberg("ml.features")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder(tmp_path / "raw")


def matrix(table: pa.Table) -> np.ndarray:
    return np.array(table.sort_by("id")["features"].to_pylist(), np.float32)


def test_one_commit_a_job(lake: Delta | Iceberg, source: Path, tmp_path: Path) -> None:
    expected = PLAN.transform(whole(source).sort_by("id"))
    done = fc.transform_parquet(PLAN, source, lake.target, keep=KEPT)
    assert (done.target, done.files, done.resumed, done.rows) == (lake.target, 3, 0, 150)
    found = lake.read()
    assert found.schema.names == [*KEPT, "features"]
    np.testing.assert_array_equal(matrix(found), expected)
    (commit,) = lake.commits()
    assert (commit["featurecols.fingerprint"], commit["featurecols.rows"]) == (PLAN.fingerprint, "150")

    again = fc.transform_parquet(PLAN, source, lake.target, keep=KEPT)  # commits nothing
    assert (again.resumed, again.rows, again.bytes) == (3, 150, done.bytes)
    assert len(lake.commits()) == 1

    fc.transform_parquet(PLAN, source / "part-0.parquet", lake.target, keep=KEPT)  # another job appends
    assert lake.read().num_rows == 200
    fc.transform_parquet(OTHER, source / "part-0.parquet", lake.target, keep=KEPT, overwrite=True)
    assert [each["featurecols.fingerprint"] for each in lake.commits()] == [PLAN.fingerprint] * 2 + [OTHER.fingerprint]
    np.testing.assert_array_equal(matrix(lake.read()), OTHER.transform(pq.read_table(source / "part-0.parquet")))


@pytest.mark.parametrize("lake", ["delta", "iceberg"], indirect=True)
def test_readers_see_a_version_and_never_a_part(lake: Delta | Iceberg, source: Path) -> None:
    fc.transform_parquet(PLAN, source, lake.target, keep=["id"])
    seen, stop = set(), threading.Event()

    def poll() -> None:
        while not stop.is_set():
            seen.add(lake.read().num_rows)

    reader = threading.Thread(target=poll)
    reader.start()
    fc.transform_parquet(OTHER, source / "part-0.parquet", lake.target, keep=["id"], overwrite=True)
    stop.set()
    reader.join()
    assert seen <= {150, 50}


def test_what_is_wrong_is_said(tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    with pytest.raises(fc.OutputError, match=r"delta:: names no table; give delta:FOLDER"):
        fc.transform_parquet(PLAN, source, "delta:")
    with pytest.raises(fc.OutputError, match=r"iceberg:t: names no namespace; give iceberg:CATALOG/NAMESPACE.TABLE"):
        fc.transform_parquet(PLAN, source, "iceberg:t")
    with pytest.raises(fc.OutputError, match="is a table, and bad rows are listed in a file"):
        fc.transform_parquet(PLAN, source, f"delta:{tmp_path}/t", on_error="quarantine")
    fc.transform_parquet(PLAN, source, f"delta:{tmp_path}/t")
    with pytest.raises(fc.OutputError, match=r"cannot be written .*check the table, its schema"):
        fc.transform_parquet(PLAN, source, f"delta:{tmp_path}/t", keep=["id"], layout="columns")
    assert DeltaTable(f"{tmp_path}/t").version() == 0
    with pytest.raises(fc.OutputError, match=r"cannot be written .*check the table"):
        fc.transform_parquet(PLAN, source, "iceberg:nowhere/a.b")
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(fc.OutputError, match=r"needs the package deltalake; pip install 'featurecols\[lake\]'"):
        fc.transform_parquet(PLAN, source, f"delta:{tmp_path}/t")


def test_the_command_line(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PLAN.save(tmp_path / "plan")
    assert not main(["transform", str(tmp_path / "plan"), str(source), "-o", f"delta:{tmp_path}/t", "--json"])
    assert json.loads(capsys.readouterr().out)["rows"] == 150
    assert DeltaTable(f"{tmp_path}/t").to_pyarrow_table().num_rows == 150
