"""Open binary files: the rows that their paths give, again and again."""

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc

TABLE = pa.table({"a": [1.5, None, 2.0], "b": ["x", "y", "x"]})
COLUMNS = [fc.Numeric("a", default=fc.Median()), fc.Indicator(fc.Vocabulary("b", fc.TopTerms(2)))]
CSV = b"a,b\n1.5,x\n,y\n2.0,x\n"


def parquet() -> bytes:
    file = io.BytesIO()
    pq.write_table(TABLE, file, row_group_size=2)
    return file.getvalue()


def arrow(new: Callable[..., Any] = pa.ipc.new_file) -> bytes:
    file = io.BytesIO()
    with new(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [parquet(), arrow(), arrow(pa.ipc.new_stream), CSV, b'{"a": 1.5, "b": "x"}\n{"b": "y"}\n{"a": 2, "b": "x"}\n'],
    ids=["parquet", "arrow", "stream", "csv", "jsonl"],
)
def test_every_format(data: bytes, tmp_path: Path) -> None:
    want = fc.fit(COLUMNS, TABLE).transform(TABLE).tolist()
    file = io.BytesIO(data)
    assert fc.fit(COLUMNS, file).transform(file).tolist() == want
    (tmp_path / "t").write_bytes(data)
    with (tmp_path / "t").open("rb") as opened:
        assert fc.fit(COLUMNS, opened).transform(opened).tolist() == want
        with pytest.raises(fc.DataError, match="c: field is not in"):
            fc.compile([fc.Numeric("c")]).transform(opened)
    with gzip.open(io.BytesIO(gzip.compress(data))) as packed:
        assert fc.fit(COLUMNS, packed).transform(packed).tolist() == want
    with pytest.raises(fc.DataError):
        fc.fit(COLUMNS, io.BytesIO(data[:-20] if data[:1] in b"PA\xff" else b'{"a": 1'))


def test_options_and_what_cannot_be_read_again() -> None:
    file = io.BytesIO(CSV.replace(b",", b";").replace(b".", b","))
    source = fc.csv(file, separator=";", decimal=",")
    assert fc.fit(COLUMNS, source).transform(source).tolist() == fc.fit(COLUMNS, TABLE).transform(TABLE).tolist()
    with pytest.raises(fc.DataError, match=r"open it to read bytes: open\(path, \"rb\"\)"):
        fc.fit(COLUMNS, io.StringIO("a,b\n"))
    with pytest.raises(fc.DataError, match=r"give fc.csv\(path, separator=';'\)"):
        fc.fit(COLUMNS, io.BytesIO(b"a;b\n1;x\n"))


def test_what_is_packed_or_closed_names_the_way_out() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("a.csv", CSV)
    for data, message in (
        (gzip.compress(CSV), "packed by gzip; give its path, or open it with gzip.open"),
        (bz2.compress(CSV), "packed by bzip2; give its path, or open it with bz2.open"),
        (lzma.compress(CSV), "packed by xz; give its path, or open it with lzma.open"),
        (pa.compress(CSV, "zstd", asbytes=True), "packed by zstd; give its path"),
        (archive.getvalue(), r"a .zip file; .* zipfile.ZipFile\(path\).open\(name\)"),
        (b"FEA1....", "Feather of version 1; write it again as version 2"),
    ):
        for source in (io.BytesIO, lambda data: fc.csv(io.BytesIO(data))):
            with pytest.raises(fc.DataError, match=f"BytesIO, which is {message}"):
                fc.fit(COLUMNS, source(data))
    with zipfile.ZipFile(archive) as opened, opened.open("a.csv") as member:
        assert fc.fit(COLUMNS, member).transform(member).tolist() == fc.fit(COLUMNS, TABLE).transform(TABLE).tolist()
    closed = io.BytesIO(CSV)
    source = fc.csv(closed)
    closed.close()
    for data in (closed, source):
        with pytest.raises(fc.DataError, match="BytesIO, which is closed"):
            fc.compile([fc.Numeric("a")]).transform(data)
