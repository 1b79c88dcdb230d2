"""Targets in an object store are there or not, and one job alone puts them."""

import http.server
import json
import threading
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols.cli.main import main
from tests.integrations.s3_server import Bucket
from tests.jobs.data import COLUMNS, folder, listing

PLAN = fc.compile(COLUMNS)
OTHER = fc.compile(COLUMNS[:2])


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return folder(tmp_path / "raw")


def manifest(bucket: Bucket, name: str = "out") -> dict[str, object]:
    return json.loads(bucket.get(f"{name}/_featurecols.json"))


def test_a_folder_holds_the_bytes_of_a_local_one_and_is_read_as_it(bucket: Bucket, source: Path, tmp_path: Path) -> None:
    target = f"{bucket.url}/deep/out"
    local = fc.transform_parquet(PLAN, source, tmp_path / "out", keep=["id"])
    done = fc.transform_parquet(PLAN, source, target, keep=["id"])
    assert (done.target, done.files, done.resumed) == (target, 3, 0)
    assert (done.rows, done.bytes) == (local.rows, local.bytes)
    files = manifest(bucket, "deep/out")["files"]
    assert sorted(each["name"] for each in files) == listing(tmp_path / "out")
    for each in files:
        assert bucket.get(f"deep/out/{each['path']}") == (tmp_path / "out" / each["name"]).read_bytes()
    again = fc.transform_parquet(fc.compile([fc.Numeric("id")]), target, f"{bucket.url}/ids")  # read by the manifest
    assert again.rows == 150
    assert [each["name"] for each in manifest(bucket, "ids")["files"]] == listing(tmp_path / "out")


def test_one_object(bucket: Bucket, source: Path, tmp_path: Path) -> None:
    for name in ("out.parquet", "out.npy"):
        fc.transform_parquet(PLAN, source / "part-0.parquet", tmp_path / name)
        done = fc.transform_parquet(PLAN, source / "part-0.parquet", f"{bucket.url}/a/{name}")
        assert bucket.get(f"a/{name}") == (tmp_path / name).read_bytes()
        assert done.rows == 50
    assert bucket.list() == ["a/out.npy", "a/out.parquet"]


def test_the_same_job_again_puts_nothing_and_another_is_refused(bucket: Bucket, source: Path) -> None:
    for target in (f"{bucket.url}/out", f"{bucket.url}/out.parquet"):
        data = source if target.endswith("out") else source / "part-0.parquet"
        first = fc.transform_parquet(PLAN, data, target)
        before = bucket.times()
        again = fc.transform_parquet(PLAN, data, target)
        assert (again.resumed, again.rows, again.bytes) == (first.files, first.rows, first.bytes)
        assert before == bucket.times()
        with pytest.raises(fc.OutputError, match=f"^{target}: exists already; choose another target"):
            fc.transform_parquet(OTHER, data, target)


@pytest.mark.parametrize("processes", [1, 2])
def test_an_interrupted_job_publishes_nothing_and_goes_on(bucket: Bucket, source: Path, processes: int) -> None:
    target = f"{bucket.url}/out"

    def interrupt(done: int, total: int | None) -> None:
        if done > 50:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fc.transform_parquet(PLAN, source, target, progress=interrupt)
    assert "out/_featurecols.json" not in bucket.list()
    with pytest.raises(fc.DataError, match="no Parquet, CSV, JSON lines or Arrow file"):
        fc.fit([fc.Numeric("features")], target)
    done = fc.transform_parquet(PLAN, source, target, processes=processes)
    assert (done.resumed, done.rows) == (1, 150)


def test_of_two_jobs_with_one_target_one_publishes(bucket: Bucket, source: Path) -> None:
    for name, data in (("out", source), ("out.parquet", source / "part-0.parquet")):
        target, between = f"{bucket.url}/{name}", []

        def publish_another(
            done: int, total: int | None, data: Path = data, target: str = target, seen: list = between
        ) -> None:
            if not seen:
                seen.append(fc.transform_parquet(OTHER, data, target).fingerprint)

        with pytest.raises(fc.OutputError, match=r"was written by another job meanwhile"):
            fc.transform_parquet(PLAN, data, target, progress=publish_another)
        kept = bucket.list()
        assert fc.transform_parquet(OTHER, data, target).resumed == (3 if data == source else 1)
        assert bucket.list() == kept
    assert len([key for key in kept if key.startswith("out/")]) == 4  # a manifest and three files: none of the loser


def test_overwrite_keeps_what_readers_of_the_version_before_read(bucket: Bucket, source: Path) -> None:
    target = f"{bucket.url}/out"
    jobs = []
    for plan in (PLAN, OTHER, fc.compile(COLUMNS[:1]), PLAN):
        fc.transform_parquet(plan, source, target, overwrite=True)
        jobs.append(manifest(bucket)["job"])
        folders = {key.split("/")[1] for key in bucket.list("out/")}
        assert folders == {"_featurecols.json", *(f"_data-{job}" for job in jobs[-2:])}

    def change(done: int, total: int | None) -> None:
        bucket.put("out/_featurecols.json", b'{"job": "of another"}')

    with pytest.raises(fc.OutputError, match="meanwhile"):
        fc.transform_parquet(OTHER, source, target, overwrite=True, progress=change)


def test_bad_rows_are_listed_in_a_folder(bucket: Bucket, tmp_path: Path) -> None:
    table = pa.table({"age": pa.array(["1", "x", "3"])})
    pa.csv.write_csv(table, tmp_path / "a.csv")
    plan = fc.fit([fc.Numeric("age")], pa.table({"age": [1.0]}))
    done = fc.transform_parquet(plan, tmp_path / "a.csv", f"{bucket.url}/out", on_error="quarantine")
    assert (done.rows, done.bad_rows) == (2, 1)
    assert str(done.quarantine) == f"{bucket.url}/out/_quarantine.parquet"
    bad = next(each for each in manifest(bucket)["files"] if each["name"] == "_quarantine.parquet")
    assert pq.read_table(pa.BufferReader(bucket.get(f"out/{bad['path']}")))["value"].to_pylist() == ["'x'"]
    with pytest.raises(fc.OutputError, match="bad rows are listed in another; give a folder"):
        fc.transform_parquet(plan, tmp_path / "a.csv", f"{bucket.url}/out.parquet", on_error="quarantine")


def test_what_is_wrong_is_said(bucket: Bucket, source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(fc.OutputError, match=r"there is no bucket s3://no-bucket; make it"):
        fc.transform_parquet(PLAN, source, "s3://no-bucket/out")
    with pytest.raises(fc.OutputError, match=r"there is no bucket s3://no-bucket; make it"):
        fc.transform_parquet(PLAN, source / "part-0.parquet", "s3://no-bucket/out.parquet")
    with pytest.raises(fc.OutputError, match=r"https://host/out: is a URL at which nothing can be put on a condition"):
        fc.transform_parquet(PLAN, source, "https://host/out")
    bucket.put("raw/a.parquet", (source / "part-0.parquet").read_bytes())
    with pytest.raises(fc.OutputError, match="is inside the source"):
        fc.transform_parquet(PLAN, f"{bucket.url}/raw", f"{bucket.url}/raw/out")
    with pytest.raises(fc.OutputError, match="holds objects that no job has published"):
        fc.transform_parquet(PLAN, source, f"{bucket.url}/raw")


def test_a_missing_right_is_said(source: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(403)
            self.end_headers()

        do_HEAD = do_PUT = do_GET

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name, value in {"AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b", "AWS_REGION": "us-east-1"}.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(fc.OutputError, match=r"s3://locked/out: may not be written .*AWS_ACCESS_KEY_ID"):
            fc.transform_parquet(PLAN, source, "s3://locked/out")
        with pytest.raises(fc.DataError, match=r"s3://locked/raw: may not be read.*AWS_ACCESS_KEY_ID"):
            fc.fit(COLUMNS, "s3://locked/raw")
        server.shutdown()


def test_the_command_line(bucket: Bucket, source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    PLAN.save(tmp_path / "plan")
    for path in ("part-0.parquet", "part-1.parquet"):
        bucket.put(f"raw/{path}", (source / path).read_bytes())
    assert not main(["transform", str(tmp_path / "plan"), f"{bucket.url}/raw", "-o", f"{bucket.url}/out", "--json"])
    done = json.loads(capsys.readouterr().out)
    assert (done["target"], done["rows"]) == (f"{bucket.url}/out", 100)
    assert not main(["transform", str(tmp_path / "plan"), f"{bucket.url}/raw/*.parquet", "-o", str(tmp_path / "m.npy")])
    assert np.load(tmp_path / "m.npy").shape == (100, PLAN.width)
