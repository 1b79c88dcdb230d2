"""Reading from URLs gives what the same files give from a disk."""

import http.server
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from tests.integrations.s3_server import Bucket

COLUMNS = [fc.Numeric("age", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("city", fc.TopTerms(3)))]


def rows(seed: int, count: int = 3000) -> pa.Table:
    rng = np.random.default_rng(seed)
    city = np.array(["Oslo", "Rome", "Lima", "Bern"])[rng.integers(0, 4, count)]
    return pa.table({"age": rng.integers(18, 80, count), "city": city, "tags": [["a", "b"][: i % 3] for i in range(count)]})


def parquet(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, row_group_size=1200)
    return sink.getvalue().to_pybytes()


def csv(table: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    pa.csv.write_csv(table.select(["age", "city"]), sink)
    return sink.getvalue().to_pybytes()


@pytest.fixture
def tables() -> list[pa.Table]:
    return [rows(0), rows(1)]


@pytest.mark.parametrize("form", ["parquet", "csv", "csv.gz"])
def test_files_folders_and_globs_of_s3_are_what_they_are_on_a_disk(bucket: Bucket, tables: list[pa.Table], form: str) -> None:
    whole = pa.concat_tables(tables)
    for i, table in enumerate(tables):
        data = parquet(table) if form == "parquet" else csv(table)
        if form == "csv.gz":
            data = pa.Codec("gzip").compress(data, asbytes=True)
        bucket.put(f"raw/deep er/{i}.{form}", data)
    bucket.put("raw/_draft/2.parquet", b"not a file")
    bucket.put("raw/notes.md", b"not data")
    bucket.put(f"rawest/9.{form}", b"of another folder")
    expected = fc.fit(COLUMNS, whole)
    listed = [f"{bucket.url}/raw/deep er/{i}.{form}" for i in (0, 1)]
    for source in (f"{bucket.url}/raw", f"{bucket.url}/raw/**/*.{form}", listed):
        plan = fc.fit(COLUMNS, source)
        assert plan.fingerprint == expected.fingerprint
        np.testing.assert_array_equal(plan.transform(source), expected.transform(whole))


def test_a_web_server_with_and_without_ranges(web: str, tmp_path: Path, tables: list[pa.Table]) -> None:
    (tmp_path / "a.parquet").write_bytes(parquet(tables[0]))
    (tmp_path / "a b.csv").write_bytes(csv(tables[0]))
    expected = fc.fit(COLUMNS, tables[0])
    for name in ("a.parquet", "a%20b.csv?token=1"):
        plan = fc.fit(COLUMNS, f"{web}/{name}")
        np.testing.assert_array_equal(plan.transform(f"{web}/{name}"), expected.transform(tables[0]))
    with pytest.raises(fc.DataError, match=r"/c\.csv: no such object or folder"):
        fc.fit(COLUMNS, f"{web}/c.csv")


@pytest.fixture(params=[True, False], ids=["ranges", "no ranges"])
def web(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    class Handler(http.server.SimpleHTTPRequestHandler):
        def do_GET(self) -> None:
            wanted = self.headers["Range"]
            path = Path(self.translate_path(self.path))
            if not (request.param and wanted and path.is_file()):
                return super().do_GET()
            start, end = map(int, wanted.removeprefix("bytes=").split("-"))
            data = path.read_bytes()[start : end + 1]
            self.send_response(206)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)
            return None

        def log_message(self, format: str, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=str(tmp_path))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_file_and_fsspec_urls(tmp_path: Path, tables: list[pa.Table]) -> None:
    import fsspec

    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "x.parquet").write_bytes(parquet(tables[0]))
    fsspec.filesystem("memory").pipe_file("/raw/in/x.parquet", parquet(tables[0]))
    expected = fc.fit(COLUMNS, tables[0])
    for url in ((tmp_path / "a b").as_uri(), "memory://raw", "memory://raw/in/x.parquet", "memory://raw/*/*.parquet"):
        assert fc.fit(COLUMNS, url).fingerprint == expected.fingerprint


def test_what_is_wrong_is_said(bucket: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(fc.DataError, match=r"s3://no-such-bucket/a: there is no bucket s3://no-such-bucket"):
        fc.fit(COLUMNS, "s3://no-such-bucket/a")
    with pytest.raises(fc.DataError, match=rf"{bucket.url}/raw: no such object or folder"):
        fc.fit(COLUMNS, f"{bucket.url}/raw")
    with pytest.raises(fc.DataError, match="nothing matches"):
        fc.fit(COLUMNS, f"{bucket.url}/raw/*.csv")
    bucket.put("broken.parquet", b"PAR1 and no more")
    with pytest.raises(fc.DataError, match="is not a readable Parquet file"):
        fc.fit(COLUMNS, f"{bucket.url}/broken.parquet")
    with pytest.raises(fc.DataError, match="is not a scheme that can be read"):
        fc.fit(COLUMNS, "nope://x/a.csv")


def test_a_library_that_is_missing_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "obstore.store", None)
    monkeypatch.setitem(sys.modules, "obstore", None)
    with pytest.raises(fc.DataError, match=r"needs the package obstore; pip install 'featurecols\[remote\]'"):
        fc.fit(COLUMNS, "s3://another-bucket/a.csv")


def test_an_object_that_changes_meanwhile_is_refused(bucket: Bucket, tables: list[pa.Table]) -> None:
    url = bucket.put("a.parquet", parquet(tables[0]))
    from featurecols.data.sources import FileSource

    batches = iter(FileSource(url).batches([("age", "number")]))
    next(batches)
    bucket.put("a.parquet", parquet(tables[1]))
    with pytest.raises(fc.DataError, match=r"changed while it was read|cannot be read"):
        list(batches)


def test_models_train_evaluate_and_predict_from_urls(bucket: Bucket, tables: list[pa.Table], tmp_path: Path) -> None:
    url = bucket.put("raw/a.parquet", parquet(tables[0].append_column("late", pa.array(np.arange(3000) % 2))))
    models = []
    for source in (url, tables[0].append_column("late", pa.array(np.arange(3000) % 2))):
        model = fc.models.LinearClassifier(COLUMNS, seed=1)
        model.train(source, label="late", epochs=1)
        models.append(model)
        assert model.evaluate(source, label="late")["accuracy"] > 0.4
    np.testing.assert_array_equal(models[0].predict(url)["probabilities"], models[1].predict(tables[0])["probabilities"])
    models[0].predict_files(url, tmp_path / "out.parquet")
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 3000
    fc.transform_parquet(models[0].plan, f"{bucket.url}/raw", tmp_path / "features")
    assert pq.read_table(tmp_path / "features" / "a.parquet").num_rows == 3000
