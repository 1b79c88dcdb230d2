"""JSON lines, Arrow files and compressed text: the same values as from a table, and an error for every damage."""

import bz2
import gzip
import json
import lzma
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather
import pytest

import featurecols as fc
from featurecols._core import limits
from featurecols.data.files import streams

ROWS: list[dict[str, Any]] = [
    {"n": 1.5, "i": 7, "t": "2024-01-31", "l": ["a", "b"], "b": True},
    {"n": None, "i": None, "t": None, "l": [], "b": None},
    {"n": 3, "i": 9007199254740993, "t": "é\n", "l": ["b", None], "b": False},
]
COLUMNS = [
    fc.Numeric("n", default=-1.0),
    fc.Indicator(fc.Hashed("i", 50)),
    fc.Indicator(fc.Hashed("t", 50)),
    fc.Indicator(fc.Hashed("l", 50)),
    fc.Indicator(fc.Vocabulary("b", [True])),
]
PLAN = fc.compile(COLUMNS)
WANT = [PLAN.transform_row(row).tolist() for row in ROWS]  # which compiles nothing while tests are collected
TABLE = pa.Table.from_pylist(ROWS)
LINES = "".join(json.dumps(row) + "\n" for row in ROWS).encode()
CSV = b"a,b\n1,x\n2,y\n"


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def zipped(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def test_json_lines_are_rows(tmp_path: Path) -> None:
    for name, data in (
        ("t.jsonl", LINES),
        ("t.ndjson", b"\xef\xbb\xbf\r\n" + LINES.replace(b"\n", b"\r\n\n").rstrip()),
        ("t.jsonl.gz", gzip.compress(LINES)),
        ("t.jsonl.xz", lzma.compress(LINES)),
    ):
        assert PLAN.transform(write(tmp_path / name, data)).tolist() == WANT
    fitted = fc.fit([fc.Vocabulary("t", fc.TopTerms(5)), fc.Vocabulary("l", fc.TopTerms(5))], tmp_path / "t.jsonl")
    assert fitted.encode(ROWS).ids["l"].values.tolist() == [1, 0, 0, -1]
    assert {key: of.type for key, of in fitted.input_schema.items()} == {"t": "text", "l": "text"}
    done = PLAN.transform_files(tmp_path / "t.jsonl", tmp_path / "out", keep="i")
    assert (done.rows, [p.name for p in (tmp_path / "out").glob("t*")]) == (3, ["t.parquet"])


def test_values_of_several_types_and_fields_that_come_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("featurecols.data.files.json_lines._BLOCK_BYTES", 40)
    path = write(tmp_path / "t.jsonl", b'{"x": 1, "y": 2}\n{"x": "a"}\n{"x": [1, 2]}\n' + b'{"y": 2.5, "z": {"w": 1}}\n' * 3)
    plan = fc.compile([fc.Numeric("y", default=0.0)])
    assert plan.transform(path).ravel().tolist() == [2.0, 0.0, 0.0, 2.5, 2.5, 2.5]
    words = write(tmp_path / "w.jsonl", b'\xef\xbb\xbf\n{"x": 1}\n{"x": "a"}\n{"x": true}\n{"x": 18446744073709551616}\n')
    hashed = fc.compile([fc.Hashed("x", 1000)])
    want = hashed.encode([{"x": 1}, {"x": "a"}, {"x": True}, {"x": 2**64}]).ids["x"].values.tolist()
    assert hashed.encode(words).ids["x"].values.tolist() == want
    with pytest.raises(fc.DataError, match=r"field is not in .*w.jsonl; the data has 'x'"):
        plan.transform(words)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b'{"x": 1}\n{"x": \n', r"line 2 is not JSON, got .*; mend the file"),
        (b'{"x": 1}\n[1]\n', r"line 2 is not JSON, got a line must be an object, and it is list"),
        (b'{"x": "\xff"}\n', r"line 1 is not JSON"),
        (b'{"x": ' + b"[" * 200_000 + b"]" * 200_000 + b"}\n", "nested too deep"),
        (b'{"x": ' * 200_000 + b"1" + b"}" * 200_000 + b"\n", "nested too deep"),
    ],
)
def test_lines_that_are_not_rows(tmp_path: Path, data: bytes, message: str) -> None:
    with pytest.raises(fc.DataError, match=message):
        fc.compile([fc.Numeric("x")]).transform(write(tmp_path / "t.jsonl", data))


def test_arrow_files_and_streams(tmp_path: Path) -> None:
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as file, pa.ipc.new_file(file, TABLE.schema) as writer:
        writer.write_table(TABLE.slice(0, 1))
        writer.write_table(TABLE.slice(1))
    with pa.OSFile(str(tmp_path / "t.ipc"), "wb") as file, pa.ipc.new_stream(file, TABLE.schema) as stream:
        stream.write_table(TABLE)
    pyarrow.feather.write_feather(TABLE, str(tmp_path / "t.feather"), compression="zstd")
    for name in ("t.arrow", "t.ipc", "t.feather"):
        assert PLAN.transform(tmp_path / name).tolist() == WANT
    (tmp_path / "t.arrow").rename(tmp_path / "t")
    assert PLAN.transform(tmp_path / "t").tolist() == WANT
    good = (tmp_path / "t.feather").read_bytes()
    for data in (
        good[:-20],
        good[:40],
        b"",
        b"ARROW1\0\0",
        good[: len(good) // 2] + b"\xff" * 64 + good[len(good) // 2 + 64 :],
    ):
        with pytest.raises(fc.DataError, match=r"t\.feather"):
            PLAN.transform(write(tmp_path / "t.feather", data))
    with pytest.raises(fc.DataError, match="is a Feather file of version 1"):
        PLAN.transform(write(tmp_path / "t.feather", b"FEA1...."))


def test_compressed_csv(tmp_path: Path) -> None:
    plan = fc.compile([fc.Numeric("a")])
    zstd = pa.compress(CSV, "zstd", asbytes=True)
    for name, data in (
        ("t.csv.gz", gzip.compress(CSV)),
        ("t.csv.bz2", bz2.compress(CSV)),
        ("t.csv.zst", zstd),
        ("t.csv.xz", lzma.compress(CSV[:5]) + lzma.compress(CSV[5:])),
    ):
        assert plan.transform(write(tmp_path / name, data)).ravel().tolist() == [1.0, 2.0]
        for damaged in (data[:-3], data[: len(data) // 2]):
            with pytest.raises(fc.DataError, match=r"is not a readable CSV file|is not a readable file"):
                plan.transform(write(tmp_path / name, damaged))
    for name in ("t.csv.zip", "t.zip"):
        zipped(tmp_path / name, **{"../../../etc/t.csv": CSV, "__MACOSX/t.csv": b""})
        assert plan.transform(tmp_path / name).ravel().tolist() == [1.0, 2.0]
    assert not (tmp_path / "etc").exists()
    assert plan.transform(fc.csv(zipped(tmp_path / "s.zip", x=CSV.replace(b",", b";")), separator=";")).shape == (2, 1)
    data = (tmp_path / "t.zip").read_bytes()
    for damaged in (data[:-30], data.replace(b"PK\x01\x02", b"PK\x09\x02"), b"PK"):
        with pytest.raises(fc.DataError):
            plan.transform(write(tmp_path / "t.csv.zip", damaged))
    with pytest.raises(fc.DataError, match=r"t.csv.zip: must hold one file, got 2 files; unpack it"):
        plan.transform(zipped(tmp_path / "t.csv.zip", a=CSV, b=CSV))


def test_what_grows_beyond_all_measure_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "_FREE", 1 << 16)
    monkeypatch.setattr(streams, "LIMITS", limits.parse("expansion=20"))
    monkeypatch.setattr("featurecols._core.limits.LIMITS", limits.parse("expansion=20"))
    data = b"a,b\n" + b"1,2\n" * 200_000
    for name, packed in (("t.csv.xz", lzma.compress(data)), ("t.csv.bz2", bz2.compress(data))):
        with pytest.raises(fc.DataError, match=r"so many times, at most 20, .*FEATURECOLS_LIMITS=expansion="):
            fc.compile([fc.Numeric("a")]).transform(write(tmp_path / name, packed))


def test_null_texts_of_a_view_point_nowhere(tmp_path: Path) -> None:
    """Their bytes are not validated, and Arrow reads what they point to."""
    array = pa.array(["a text of more than twelve bytes", None, "b"], pa.string_view())
    bitmap, views, *data = array.buffers()
    damaged = bytearray(views.to_pybytes())
    damaged[16:32] = b"\xff\xff\xff\x7f" * 4
    views = pa.py_buffer(bytes(damaged))
    with pa.OSFile(str(tmp_path / "t.arrow"), "wb") as file, pa.ipc.new_file(file, pa.schema([("t", array.type)])) as writer:
        writer.write_batch(pa.record_batch([pa.Array.from_buffers(array.type, 3, [bitmap, views, *data])], ["t"]))
    plan = fc.compile([fc.Hashed("t", 1000)])
    assert plan.encode(tmp_path / "t.arrow").ids["t"].values.tolist() == plan.encode({"t": array}).ids["t"].values.tolist()


def test_arrow_files_and_streams_without_a_name_that_says_so(tmp_path: Path) -> None:
    table = pa.table({"x": [1.0, 2.0]})
    for new in (pa.ipc.new_file, pa.ipc.new_stream):
        with pa.OSFile(str(tmp_path / "data"), "wb") as file, new(file, table.schema) as writer:
            writer.write_table(table)
        assert fc.compile([fc.Numeric("x")]).transform(tmp_path / "data").tolist() == [[1.0], [2.0]]
