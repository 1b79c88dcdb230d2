"""Files on disk: which ones a path means, and their rows."""

from __future__ import annotations

import gzip
import os
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featurecols import errors
from featurecols.data.files import parquet as parquet_module
from featurecols.data.files.base import File, same_kind
from featurecols.data.files.csv import CsvFile
from featurecols.data.files.csv_options import parse_options
from featurecols.data.sources import FileSource, find, open_file
from tests.data.fields.physical import bits, decoded

ROWS = pa.table(
    {
        "s": [f"word {i % 5}" if i % 7 else None for i in range(100)],
        "n": pa.array(range(100), mask=np.arange(100) % 11 == 0),
        "l": [[f"tag {i % 3}", None][: i % 4] if i % 5 else None for i in range(100)],
        "t": [{"a": i, "b": [str(i)]} for i in range(100)],
        "u": [f"unique {i}" for i in range(100)],
    }
)


def read(file: File, needs: list[tuple[str, str]]) -> list[Any]:
    return [batch for fragment in file.fragments for batch in file.read(fragment, needs)]


def column(file: File, key: str, use: str = "category") -> list[Any]:
    return [v for batch in read(file, [(key, use)]) for v in decoded(batch.field(key).tokens())]


def canonical(key: str) -> list[Any]:
    def one(v: Any) -> Any:
        return None if v is None else str(v).encode()

    return [[one(x) for x in v or []] if key == "l" else one(v) for v in ROWS[key].to_pylist()]


# ------------------------------------------------------------------------------------------------ which files


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("a\n1\n")


def names(root: Path, data: Any) -> list[str]:
    return [os.path.relpath(path, root) for path in find(data)]


def test_folders_are_read_to_the_bottom_and_sorted_by_bytes(tmp_path: Path) -> None:
    touch(tmp_path, "b.csv", "a/z.csv", "a/y.tsv", "Z.csv", "é.csv", "z.csv", "a.csv.gz", "a-1.csv")
    touch(tmp_path, "_SUCCESS", "_draft.csv", ".hidden.csv", "_temporary/x.csv", ".git/x.csv", "notes.txt", "a/README.md")
    expected = ["Z.csv", "a-1.csv", "a.csv.gz", "a/y.tsv", "a/z.csv", "b.csv", "z.csv", "é.csv"]
    assert names(tmp_path, tmp_path) == expected
    assert names(tmp_path, str(tmp_path)) == expected
    assert names(tmp_path, str(tmp_path / "**" / "[az]*.csv")) == ["a-1.csv", "a/z.csv", "z.csv"]
    assert names(tmp_path, str(tmp_path / "_*.csv")) == ["_draft.csv"]  # a glob means what it says
    assert names(tmp_path, str(tmp_path / "[ab]*")) == ["a-1.csv", "a.csv.gz", "a/y.tsv", "a/z.csv", "b.csv"]
    assert names(tmp_path, [tmp_path / "z.csv", str(tmp_path / "a")]) == ["z.csv", "a/y.tsv", "a/z.csv"]


def test_a_file_whose_name_looks_like_a_glob(tmp_path: Path) -> None:
    touch(tmp_path, "a[1].csv", "a1.csv")
    assert names(tmp_path, str(tmp_path / "a[1].csv")) == ["a[1].csv"]


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("none.parquet", "no such file or folder"),
        ("none/*.parquet", "nothing matches"),
        ("empty", "folder holds no Parquet, CSV, JSON lines or Arrow file"),
    ],
)
def test_paths_without_files(tmp_path: Path, path: str, what: str) -> None:
    (tmp_path / "empty").mkdir()
    touch(tmp_path, "empty/notes.txt")
    with pytest.raises(errors.DataError) as caught:
        find(tmp_path / path)
    assert str(caught.value) == f"{tmp_path / path}: {what}; check the path and what is there"


def test_kinds_by_name_and_by_first_bytes(tmp_path: Path) -> None:
    pq.write_table(ROWS, tmp_path / "part-0000")
    pq.write_table(ROWS, tmp_path / "x.PQ")
    touch(tmp_path, "x.csv", "x.dat")
    assert open_file(str(tmp_path / "part-0000")).kind == "Parquet"
    assert open_file(str(tmp_path / "x.PQ")).kind == "Parquet"
    assert open_file(str(tmp_path / "x.csv")).kind == "CSV"
    with pytest.raises(errors.DataError, match="is neither Parquet, CSV, JSON lines nor Arrow by its name"):
        open_file(str(tmp_path / "x.dat"))


# ------------------------------------------------------------------------------------------------ Parquet


@pytest.fixture
def parquet(tmp_path: Path) -> File:
    path = tmp_path / "t.parquet"
    pq.write_table(ROWS, path, row_group_size=30)
    return open_file(str(path))


def test_fragments_are_row_groups(parquet: File) -> None:
    assert [(f.row_group, f.num_rows) for f in parquet.fragments] == [(0, 30), (1, 30), (2, 30), (3, 10)]
    assert parquet.schema.names == ["s", "n", "l", "t", "u"]
    assert column(parquet, "s") == canonical("s")
    [one] = parquet.read(parquet.fragments[2], [("n", "number")])
    assert bits(one.field("n").numbers().values) == [float(i).hex() if i % 11 else None for i in range(60, 90)]


@pytest.mark.parametrize("key", ["s", "n", "l", "u"])
def test_every_column(parquet: File, key: str) -> None:
    assert column(parquet, key) == canonical(key)
    assert column(parquet, key, "number") == canonical(key)


def test_only_needed_fields_are_read(parquet: File) -> None:
    assert {batch.names for batch in read(parquet, [("n", "number"), ("s", "category"), ("n", "category")])} == {("n", "s")}
    assert sum(batch.num_rows for batch in read(parquet, [])) == 100


def test_dictionaries_are_kept_for_categories(parquet: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_module, "_FEW", 10)  # rows, from which on it is worth it
    tokens = read(parquet, [("s", "category")])[0].field("s").tokens()
    assert tokens.codes is not None
    assert [tokens.texts[i] for i in range(len(tokens.texts))] == [b"word 1", b"word 2", b"word 3", b"word 4", b"word 0"]


def test_plain_text_stays_plain(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(ROWS, path, use_dictionary=False)
    assert read(open_file(str(path)), [("s", "category")])[0].field("s").tokens().codes is None
    many = pa.table({"x": [f"some longer unique text {i}" for i in range(100_000)]})
    pq.write_table(many, path)  # the writer gives its dictionary up at 1 MB
    tokens = read(open_file(str(path)), [("x", "category")])[0].field("x").tokens()
    assert tokens.codes is None
    assert decoded(tokens)[99_999] == b"some longer unique text 99999"


def test_big_row_groups_come_in_parts(parquet: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_module, "_GROUP_BYTES", 10)
    monkeypatch.setattr(parquet_module, "_BATCH_BYTES", 100)
    pieces = read(parquet, [("s", "category"), ("n", "number")])
    assert len(pieces) > 8
    assert pieces[0].field("s").tokens().codes is None  # C3: with read_dictionary pyarrow takes bytes that it refuses else
    assert [v for b in pieces for v in decoded(b.field("s").tokens())] == canonical("s")
    assert [v for b in pieces for v in decoded(b.field("n").tokens())] == canonical("n")


def test_odd_names(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    table = pa.table({"a.b": ["x"], "a": [{"b": "y"}], "c.list": [["z"]], "": ["w"]})
    pq.write_table(table, path)
    file = open_file(str(path))
    assert column(file, "a.b") == [b"x"]
    assert column(file, "c.list") == [[b"z"]]
    assert column(file, "") == [b"w"]


def test_types_that_parquet_writes(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    kinds = [pa.large_string(), pa.binary(), pa.dictionary(pa.int8(), pa.string()), pa.binary(2), pa.int8(), pa.float32()]
    values: list[Any] = [["ab", None]] * 4 + [[12, None]] * 2
    pq.write_table(pa.table({str(kind): pa.array(v, kind) for kind, v in zip(kinds, values, strict=True)}), path)
    file = open_file(str(path))
    assert [column(file, str(kind)) for kind in kinds] == [[b"ab", None]] * 4 + [[b"12", None]] * 2


def test_damaged_parquet(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    pq.write_table(ROWS, path)
    whole = path.read_bytes()
    for damaged in (b"", b"PAR1", whole[:-20], whole[: len(whole) // 2], b"hello world"):
        path.write_bytes(damaged)
        with pytest.raises(errors.DataError, match=r"t.parquet: is not a readable Parquet file"):
            open_file(str(path))
    path.write_bytes(whole[:4] + bytes(len(whole) // 3) + whole[4 + len(whole) // 3 :])
    with pytest.raises(errors.DataError, match="row group 0 cannot be read"):
        read(open_file(str(path)), [("s", "category")])


def test_a_missing_field_names_the_file(parquet: File) -> None:
    with pytest.raises(errors.DataError) as caught:
        FileSource(parquet.path).check(["s", "nn"])
    assert str(caught.value) == f"nn: field is not in {parquet.path}; did you mean 'n'?"


# ------------------------------------------------------------------------------------------------ CSV


def csv(tmp_path: Path, text: str | bytes, name: str = "t.csv") -> File:
    raw = text if isinstance(text, bytes) else text.encode()
    (tmp_path / name).write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return open_file(str(tmp_path / name))


def test_csv_is_text(tmp_path: Path) -> None:
    file = csv(tmp_path, 'zip,name,n,free\n007,"Žofie, ""Z""",1.5,x\n,NA, 2 ,\n"","two\nlines",,y\n')
    assert file.schema == pa.schema([(name, pa.string()) for name in ("zip", "name", "n", "free")])
    [batch] = read(file, [("zip", "category"), ("name", "category"), ("n", "number")])
    assert batch.parse
    assert batch.names == ("zip", "name", "n")
    assert decoded(batch.field("zip").tokens()) == [b"007", None, None]
    assert decoded(batch.field("name").tokens()) == ['Žofie, "Z"'.encode(), b"NA", b"two\nlines"]
    assert bits(batch.field("n").numbers().values) == [(1.5).hex(), (2.0).hex(), None]
    assert batch.field("zip").tokens().codes is not None
    assert bits(batch.field("zip").numbers().values) == [(7.0).hex(), None, None]


@pytest.mark.parametrize("needs", [[("a", "number"), ("a", "category")], [("a", "category"), ("a", "number")]])
def test_csv_needed_both_ways(tmp_path: Path, needs: list[tuple[str, str]]) -> None:
    [batch] = read(csv(tmp_path, "a\n007\n8.0\n"), needs)
    assert decoded(batch.field("a").tokens()) == [b"007", b"8.0"]
    assert batch.field("a").tokens().codes is not None
    assert batch.field("a").numbers().values.tolist() == [7.0, 8.0]


def test_csv_names_the_first_bad_row(tmp_path: Path) -> None:
    [batch] = read(csv(tmp_path, "a,b\n1,x\n2,y\nthree,z\n"), [("a", "number")])
    with pytest.raises(errors.DataError) as caught:
        batch.field("a").numbers()
    assert str(caught.value) == (
        "a: text is not a number in field 'a' at row 2, got 'three'; "
        "mend the file, declare the text as Field('a', missing=(...)), or all that is no number as "
        "Field('a', invalid=\"missing\")"
    )


def test_csv_dialects(tmp_path: Path) -> None:
    assert column(csv(tmp_path, "a\tb\n1,2\tx\n", "t.tsv"), "a") == [b"1,2"]
    assert column(csv(tmp_path, "a,b\r\n1,2\r\n3,4\r\n"), "b") == [b"2", b"4"]
    assert column(csv(tmp_path, b"\xef\xbb\xbfa,b\n1,2\n"), "a") == [b"1"]
    assert column(csv(tmp_path, "a,b\n1,2", "t.csv.gz"), "b") == [b"2"]
    assert column(csv(tmp_path, "a,b\n"), "a") == []
    assert sum(batch.num_rows for batch in read(csv(tmp_path, "a,b\n1,2\n3,4\n"), [])) == 2


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a,b\nx,1\n\nKöln,2\n", 1),
        ('a,b\n"two\nlines",1\nx,"Kö\nln"\n', 1),
        ("a,b\nKöln,1", 0),
    ],
)
def test_csv_in_another_encoding_is_refused(tmp_path: Path, text: str, row: int) -> None:
    """B1: byte by byte it would be a category that nothing else can meet."""
    file = csv(tmp_path, text.encode("latin-1"))
    for use in ("category", "number"):
        with pytest.raises(errors.DataError, match=r"t.csv: text is not UTF-8 at row \d; .* fc.csv\(path, encoding=") as e:
            read(file, [("a", use), ("b", use)])
        assert e.value.row == row


def test_a_csv_header_in_another_encoding_is_refused(tmp_path: Path) -> None:
    """B1: read or not"""
    with pytest.raises(errors.DataError, match="the header is not UTF-8"):
        csv(tmp_path, "a,Größe\n1,2\n".encode("latin-1"))


@pytest.mark.parametrize(
    ("text", "want"),
    [
        ("x\n1\n\n3\n", [b"1", None, b"3"]),
        ("x\n\n\n", [None, None]),
        ("x\r\n1\r\n\r\n3", [b"1", None, b"3"]),
        ("\n\nx\n\n1\n", [None, b"1"]),
        ('x\n""\n1\n', [None, b"1"]),
        ("x\n", []),
        ("\ufeffx\n\n1\n", [None, b"1"]),
    ],
)
def test_an_empty_line_of_one_column_is_a_missing_value(tmp_path: Path, text: str, want: list[bytes | None]) -> None:
    """B2: rows line up with those of other readers."""
    assert column(csv(tmp_path, text), "x") == want
    assert column(csv(tmp_path, text, "t.csv.gz"), "x") == want


def test_empty_lines_of_several_columns_are_none(tmp_path: Path) -> None:
    """B2"""
    assert column(csv(tmp_path, "x,y\n1,2\n\n3,4\n\n"), "x") == [b"1", b"3"]


@pytest.mark.parametrize(("decimal", "name"), [(".", "featurecols-parse"), (",", "featurecols-read")])
def test_a_csv_file_that_is_not_read_to_its_end_leaves_no_thread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decimal: str, name: str
) -> None:
    monkeypatch.setattr(CsvFile, "block_bytes", 64)
    monkeypatch.setenv("FEATURECOLS_THREADS", "2")
    (tmp_path / "a.csv").write_text("a;b\n" + "".join(f"{i};x{i}\n" for i in range(200)))
    file = open_file(str(tmp_path / "a.csv"), parse_options(separator=";", decimal=decimal))
    found = iter(file.read(file.fragments[0], [("a", "number")]))
    first = next(found)
    assert any(thread.name.startswith(name) for thread in threading.enumerate())
    found.close()  # type: ignore[attr-defined]
    assert not any(thread.name.startswith("featurecols-") for thread in threading.enumerate())
    assert 0 < first.num_rows < 200


def test_csv_in_blocks_keeps_order_and_types(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CsvFile, "block_bytes", 4096)
    rows = [(f"{i:05d}", "" if i % 3 == 0 else str(i / 4), "word" if i < 2000 else f"late {i}") for i in range(3000)]
    file = csv(tmp_path, "a,b,c\n" + "".join(",".join(row) + "\n" for row in rows))
    pieces = read(file, [("a", "category"), ("b", "number"), ("c", "category")])
    assert len(pieces) > 5
    assert [v for p in pieces for v in decoded(p.field("a").tokens())] == [row[0].encode() for row in rows]
    assert [v for p in pieces for v in bits(p.field("b").numbers().values)] == [
        float(b).hex() if b else None for _, b, _ in rows
    ]
    assert [v for p in pieces for v in decoded(p.field("c").tokens())] == [row[2].encode() for row in rows]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a readable CSV file, got Empty CSV file"),
        ("a,b\n1,2\n3\n", "is not a readable CSV file at row 1, got CSV parse error: Expected 2 columns, got 1"),
    ],
)
def test_damaged_csv(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(errors.DataError, match=message):
        read(csv(tmp_path, text), [("a", "category")])


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.CSV.GZ", "t.tsv"])
@pytest.mark.parametrize(
    ("text", "row"), [('a,b\n1,x\n2,"y\n3,z\n', 1), ('a,b\n"p",""\n2,"y""\n3,z\n', 1), ('a\n1\n"y\n\n', 1)]
)
def test_a_quote_that_swallows_the_rest_of_the_file_is_refused(tmp_path: Path, text: str, row: int, name: str) -> None:
    """B2: the rows behind it were a part of one value, or, where that column was not read, nothing."""
    data = text.replace(",", "\t" if "tsv" in name else ",").encode()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.lower().endswith(".gz") else data)
    file = open_file(str(tmp_path / name))
    for needs in ([("a", "category")], [(key, "category") for key in file.schema.names]):
        with pytest.raises(errors.DataError, match=f"a quote in the last column is not closed at row {row}"):
            read(file, needs)


@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz", "t.CSV.Gz"])
def test_quotes_that_are_closed_are_values(tmp_path: Path, name: str) -> None:
    """B2: endings of compressed files count in any case."""
    data = b'a,b\n1,"y\nz"\n2,x"y\n"3","a,""b'
    (tmp_path / name).write_bytes(gzip.compress(data + b'"') if name.lower().endswith(".gz") else data + b'"')
    file = open_file(str(tmp_path / name))
    assert column(file, "b") == [b"y\nz", b'x"y', b'a,"b']
    assert column(file, "a") == [b"1", b"2", b"3"]


def test_one_name_twice(tmp_path: Path) -> None:
    file = csv(tmp_path, "a,a,b\n1,2,3\n")
    FileSource(file.path).check(["b"])
    assert column(file, "b") == [b"3"]
    with pytest.raises(errors.DataError, match=r"a: field is in .*t\.csv twice"):
        FileSource(file.path).check(["a"])


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        (pa.int8(), pa.float64(), True),
        (pa.uint64(), pa.int64(), True),
        (pa.string(), pa.dictionary(pa.int8(), pa.large_string()), True),
        (pa.string_view(), pa.binary(), True),
        (pa.binary(3), pa.large_binary(), True),
        (pa.null(), pa.string(), True),
        (pa.list_(pa.int8()), pa.large_list(pa.float32()), True),
        (pa.list_(pa.int8(), 3), pa.list_(pa.int8()), True),
        (pa.list_(pa.null()), pa.list_(pa.string()), True),
        (pa.bool_(), pa.bool_(), True),
        (pa.string(), pa.int64(), False),
        (pa.bool_(), pa.int64(), False),
        (pa.list_(pa.int8()), pa.int8(), False),
        (pa.list_(pa.int8()), pa.list_(pa.string()), False),
        (pa.dictionary(pa.int8(), pa.int64()), pa.string(), False),
        (pa.date32(), pa.string(), False),
    ],
)
def test_same_kind(a: Any, b: Any, same: bool) -> None:
    assert same_kind(a, b) is same
    assert same_kind(b, a) is same


# Columns from their pages -------------------------------------------------------------------------------------------


def test_long_row_groups_give_what_pyarrow_reads_for_every_kind_of_column(tmp_path: Path) -> None:
    path = tmp_path / "long.parquet"
    whole = pa.concat_tables([ROWS] * 30).set_column(4, "u", pa.array([f"unique {i}" for i in range(3_000)]))
    pq.write_table(whole, path, row_group_size=1_100, dictionary_pagesize_limit=5_000)
    pieces = read(open_file(str(path)), [(key, "category") for key in ("u", "n", "l", "s", "t")])
    assert [piece.num_rows for piece in pieces] == [1_100, 1_100, 800]
    for key in whole.column_names:
        found = [v for piece in pieces for v in piece.column(key).to_pylist()]
        assert found == whole.column(key).to_pylist(), key
    assert pa.types.is_dictionary(pieces[0].column("n").type)  # by its pages; pyarrow has no dictionaries of numbers


def test_a_damaged_page_is_told_by_pyarrow_when_the_field_is_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "damaged.parquet"
    pq.write_table(pa.table({"a": [i % 5 for i in range(2_000)], "b": [i % 7 for i in range(2_000)]}), path)
    column = pq.read_metadata(path).row_group(0).column(1)
    data = bytearray(path.read_bytes())
    start = column.dictionary_page_offset
    data[start : start + column.total_compressed_size] = b"\xff" * column.total_compressed_size
    path.write_bytes(data)
    (batch,) = read(open_file(str(path)), [("a", "number"), ("b", "number")])
    assert batch.field("a").numbers().values[:6].tolist() == [0, 1, 2, 3, 4, 0]
    with pytest.raises(errors.DataError, match="row group 0 cannot be read"):
        batch.field("b")


# ------------------------------------------------------------------------------------------------ hostile Parquet


def with_codec(path: Path, rows: int) -> None:
    """A file whose footer names the codec 16, which does not exist."""
    pq.write_table(pa.table({"x": [1.0] * rows}), path, store_schema=False)
    raw = path.read_bytes()
    assert raw.count(b"\x19\x18\x01x\x15\x02") >= 1  # older writers repeat it before the footer
    path.write_bytes(raw.replace(b"\x19\x18\x01x\x15\x02", b"\x19\x18\x01x\x15\x20"))


@pytest.mark.parametrize("rows", [10, 2_000])
def test_an_unknown_codec_is_an_error_and_not_the_end_of_the_process(tmp_path: Path, rows: int) -> None:
    """C4: pyarrow's attribute of the codec aborts."""
    with_codec(tmp_path / "t.parquet", rows)
    for use in ("number", "category"):
        with pytest.raises(errors.DataError, match="row group 0 cannot be read"):
            [batch.field("x").numbers() for batch in read(open_file(str(tmp_path / "t.parquet")), [("x", use)])]


def test_a_page_that_unpacks_short_is_an_error(tmp_path: Path) -> None:
    """C2: a literal of fewer bytes than the page header says; the rest would be memory of the process."""
    path, x = tmp_path / "t.parquet", np.random.default_rng(0).integers(0, 99, 3_000).astype(float)
    table = pa.table([x], schema=pa.schema([pa.field("x", pa.float64(), False)]))
    pq.write_table(table, path, compression="snappy", use_dictionary=False)
    raw, packed = path.read_bytes(), pq.read_metadata(path).row_group(0).column(0).total_compressed_size
    at = raw.index(b"\xc0\xbb\x01", 4)  # 24,000
    size = packed - (at - 4)
    short = size - 6
    literal = bytes([short & 127 | 128, short >> 7 & 127 | 128, short >> 14]) + b"\xf4" + (short - 1).to_bytes(2, "little")
    path.write_bytes(raw[:at] + literal + x.tobytes()[:short] + raw[at + size :])
    with pytest.raises(errors.DataError, match="row group 0 cannot be read"):
        read(open_file(str(path)), [("x", "number")])[0].field("x")


@pytest.mark.parametrize("codec", ["gzip", "brotli", "zstd", "snappy"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_a_page_of_another_size_than_its_header_says_is_left_to_pyarrow(codec: str, version: str) -> None:
    """C2"""
    from tests.data.files.test_parquet_decoder import chunk_of, written

    data, footer, schema = written(
        pa.array(np.arange(3_000) / 7), compression=codec, use_dictionary=False, data_page_version=version
    )
    about = chunk_of(data, footer)
    wanted = parquet_module.parquet_decoder.chunk(schema.field("x"), footer.schema.column(0), about, 3_000, len(data))
    assert wanted is not None
    decoder = parquet_module.parquet_decoder._Decoder(wanted, np.frombuffer(data, np.uint8)[wanted.start :])
    [page] = decoder._headers()
    assert len(decoder._page(page)) == page["size"]
    for change in (-1, 1, 40):
        page["size"] += change
        with pytest.raises(parquet_module.parquet_decoder._Unsupported, match="damage"):
            decoder._page(page)
        page["size"] -= change


def test_columns_behind_a_group_without_columns_keep_their_names(tmp_path: Path) -> None:
    """C1: pyarrow reads such a group as a field without columns on disk, so that counting shifts those behind it."""
    table = pa.table({"a": np.arange(2_000), "b": np.arange(2_000) + 1_000_000})
    pq.write_table(table, tmp_path / "t.parquet", store_schema=False)
    stored = pq.ParquetFile(tmp_path / "t.parquet").schema
    fields = pa.schema([("nested", pa.struct([])), ("a", pa.int64()), ("b", pa.int64())])
    assert parquet_module._find_leaves(fields, stored) == {"nested": (), "a": (), "b": ()}
    assert parquet_module._find_leaves(table.schema, stored) == {"a": range(1), "b": range(1, 2)}
