"""Open binary files: the rows that their paths give, again and again."""

import gzip
import io
from pathlib import Path

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


def arrow() -> bytes:
    file = io.BytesIO()
    with pa.ipc.new_file(file, TABLE.schema) as writer:
        writer.write_table(TABLE)
    return file.getvalue()


@pytest.mark.parametrize(
    "data",
    [parquet(), arrow(), CSV, b'{"a": 1.5, "b": "x"}\n{"b": "y"}\n{"a": 2, "b": "x"}\n'],
    ids=["parquet", "arrow", "csv", "jsonl"],
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
        fc.fit(COLUMNS, io.BytesIO(data[:-20] if data[:1] in b"PA" else b'{"a": 1'))


def test_options_and_what_cannot_be_read_again() -> None:
    file = io.BytesIO(CSV.replace(b",", b";").replace(b".", b","))
    source = fc.csv(file, separator=";", decimal=",")
    assert fc.fit(COLUMNS, source).transform(source).tolist() == fc.fit(COLUMNS, TABLE).transform(TABLE).tolist()
    with pytest.raises(fc.DataError, match=r"open it to read bytes: open\(path, \"rb\"\)"):
        fc.fit(COLUMNS, io.StringIO("a,b\n"))
    with pytest.raises(fc.DataError, match=r"give fc.csv\(path, separator=';'\)"):
        fc.fit(COLUMNS, io.BytesIO(b"a;b\n1;x\n"))
