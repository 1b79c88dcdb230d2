"""CSV files that are parsed in blocks, side by side: the values, batches and errors of one parser over the whole file."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols import errors
from featurecols.data.files.csv import CsvFile
from featurecols.data.files.csv_in_blocks import can_cut, read_blocks
from featurecols.data.files.csv_options import parse_options
from featurecols.data.files.csv_stream import StreamReader
from featurecols.data.sources import open_file, state_of

WORDS = ["", "a", "NA", "12", "1.5", "é", "two words", "0123456789", "x" * 17, "日本語日本語", "01234567890123456789"]
ODD = [*WORDS, "a,b", 'say "so"', '"', "two\nlines", "'"]
SIZES = (90, 400, 1000)


def rows_of(words: list[str], count: int = 60) -> list[list[str]]:
    """Rows of three values in an order that repeats itself late; the first is never empty."""
    return [[f"{i % 7}", words[(i * 5) % len(words)], words[(i * i + 3) % len(words)]] for i in range(count)]


def written(rows: Iterable[list[str]], **options: Any) -> bytes:
    out = io.StringIO()
    csv.writer(out, **{"lineterminator": "\n", **options}).writerows([["f0", "f1", "f2"], *rows])
    return out.getvalue().encode()


def opened(path: Path, data: bytes, block_bytes: int, **options: Any) -> CsvFile:
    path.write_bytes(data[: 1 + data.find(b"\n", 4)])  # opening a file parses its first block, which is all of a small one
    file = open_file(str(path), parse_options(**options) if options else None)
    assert isinstance(file, CsvFile)
    path.write_bytes(data)
    file.block_bytes, file.state = block_bytes, state_of(str(path))
    assert len(data) <= 8 * block_bytes or can_cut(file)
    return file


def read(file: CsvFile, whole: bool = False) -> tuple[list[list[str | None]], list[int], str | None]:
    """Return the rows, the sizes of the batches, and the error; text of the first and the last field is wanted as numbers."""
    names = file.schema.names
    needs = [(name, "category" if i % 2 else "number") for i, name in enumerate(names)]
    rows: list[list[str | None]] = []
    sizes = []
    try:
        for batch in StreamReader(file).read(needs) if whole else read_blocks(file, needs):
            sizes.append(batch.num_rows)
            rows += map(list, zip(*(batch.column(name).to_pylist() for name in names), strict=True))
    except errors.DataError as error:
        return rows, sizes, str(error)
    return rows, sizes, None


def meant(rows: Iterable[list[str]], nulls: tuple[str, ...] = ()) -> list[list[str | None]]:
    return [[None if value in ("", *nulls) else value for value in row] for row in rows]


PLAIN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "as it comes": ({}, {}),
    "quoted": ({"quoting": csv.QUOTE_ALL}, {}),
    "CRLF": ({"lineterminator": "\r\n", "quoting": csv.QUOTE_ALL}, {}),
    "semicolons": ({"delimiter": ";"}, {"separator": ";"}),
    "apostrophes": ({"quotechar": "'"}, {"quote": "'"}),
    "nulls": ({}, {"nulls": ["NA", "x" * 17]}),
    "other names": ({}, {"header": 0, "names": ["a", "b", "c"]}),
    "no header": ({}, {"header": None}),
}


@pytest.mark.parametrize("name", PLAIN)
@pytest.mark.parametrize("words", [WORDS, ODD], ids=["words", "odd"])
def test_rows_are_those_of_the_csv_module(tmp_path: Path, name: str, words: list[str]) -> None:
    writing, reading = PLAIN[name]
    rows = rows_of(words)
    data = written(rows, **writing)
    expected = meant(rows, tuple(reading.get("nulls", ())))
    if "header" in reading and reading["header"] is None:
        expected = [["f0", "f1", "f2"], *expected]
    for size in SIZES:
        file = opened(tmp_path / "some.csv", data, size, **reading)
        found = read(file)
        assert found[0] == expected
        other = read(file, whole=True)
        assert found[::2] == other[::2]
        assert found[1] == other[1] or name == "CRLF"  # of which a block may end in the middle


@pytest.mark.parametrize("edge", [b"", b"\n\n", b"\r\n", b"6,a", b"6,,"], ids=repr)
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf", b"\n\r\n"], ids=repr)
def test_the_edges_of_a_file(tmp_path: Path, start: bytes, edge: bytes) -> None:
    edge = edge + b"," * (2 - edge.count(b",")) if edge.strip() else edge
    data = start + written(rows_of(WORDS)) + edge
    expected = meant(rows_of(WORDS) + [row for row in csv.reader([edge.decode()]) if row])
    for size in SIZES:
        file = opened(tmp_path / "some.csv", data, size)
        found, other = read(file), read(file, whole=True)
        assert found[0] == other[0] == expected
        assert found[2] == other[2]


LATE = written(rows_of(WORDS))
TAILS = {
    "a quote inside of a value": b'1,a"b,c\n',
    "a quote after a quoted value": b'1,"a" b,c\n',
    "a quote after a blank": b'1, "a",c\n',
    "an empty line": b"\n1,a,b\n\n",
    "a lone carriage return": b"1,a,b\r2,a,b\n",
    "too few values": b"1,a\n",
    "too many values": b"1,a,b,c\n",
    "no UTF-8": b"1,\xff,a\n",
    "a byte order mark": b"\xef\xbb\xbf1,a,b\n",
    "an open quote": b'1,a,"b\n',
}


@pytest.mark.parametrize("name", TAILS)
def test_what_is_not_plain_is_read_as_one_parser_reads_it(tmp_path: Path, name: str) -> None:
    for data in (LATE + TAILS[name], LATE + TAILS[name] + LATE, LATE + TAILS[name] * 2 + LATE * 2):
        for size in SIZES:
            file = opened(tmp_path / "some.csv", data, size)
            rows, _, error = read(file)
            expected, _, expected_error = read(file, whole=True)
            assert error == expected_error
            if error is None:
                assert rows == expected
            else:
                assert rows[: len(expected)] == expected[: len(rows)]


def test_errors_are_those_of_the_whole_file(tmp_path: Path) -> None:
    file = opened(tmp_path / "some.csv", LATE + b"1,a\n" + LATE, 200)
    assert "CSV parse error: Expected 3 columns, got 2: 1,a" in str(read(file)[2])
    file = opened(tmp_path / "some.csv", LATE + b"1,\xff,a\n" + LATE, 200)
    assert "row 60" in str(read(file)[2])


def test_line_breaks_in_quotes_stay_as_they_are(tmp_path: Path) -> None:
    rows = [["1", "a\r\nb", "\r\n"], ["2", "\r", "c\r\n\r\n"]] * 40
    doubled = [["1", '"a"\r\nb', '\r\n"'], ["2", '"\r"', '\r\n"\r\n']] * 40  # not plain
    for size in (60, 61, 62, 63, 64):
        assert read(opened(tmp_path / "some.csv", written(rows, quoting=csv.QUOTE_ALL), size))[0] == rows
        for whole in (False, True):
            file = opened(tmp_path / "some.csv", written(doubled, quoting=csv.QUOTE_ALL), size)
            assert read(file, whole)[0] == doubled


def test_any_number_of_threads_gives_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = opened(tmp_path / "some.csv", written(rows_of(ODD, 200)), 100)
    found = []
    for threads in ("1", "2", "5"):
        monkeypatch.setenv("FEATURECOLS_THREADS", threads)
        found.append(read(file))
    assert found[0] == found[1] == found[2]
    assert found[0][0] == meant(rows_of(ODD, 200))


def test_numbers_that_differ_are_read_text_by_text(tmp_path: Path) -> None:
    x = [f"{i * 0.37:.2f}" if i > 2000 else str(i % 3) for i in range(9000)]
    data = ("x,word\n" + "".join(f"{number},{'ab'[i % 2]}{i if i > 5000 else 0}\n" for i, number in enumerate(x))).encode()
    file = opened(tmp_path / "some.csv", data, 20_000)
    batches = list(read_blocks(file, [("x", "number"), ("word", "category")]))
    kinds = [str(batch.column("x").type) for batch in batches]
    assert kinds[0].startswith("dictionary")
    assert kinds[-1] == "string"
    assert [value for batch in batches for value in batch.column("x").to_pylist()] == x
    joined = batches[0].concatenate(batches)
    assert joined.field("x").numbers().values.tolist() == [float(number) for number in x]
    assert joined.column("word").to_pylist() == [f"{'ab'[i % 2]}{i if i > 5000 else 0}" for i in range(9000)]


def test_plans_learn_and_give_the_same_from_a_table(tmp_path: Path) -> None:
    table = pa.table({"f0": [i % 7 for i in range(3000)], "f1": [f"w{i % 50}" if i % 11 else None for i in range(3000)]})
    path = tmp_path / "some.csv"
    path.write_text("f0,f1\n" + "".join(f"{i % 7},{f'w{i % 50}' if i % 11 else ''}\n" for i in range(3000)))
    source = fc.csv(path)
    file = source._open()[0]
    assert isinstance(file, CsvFile)
    file.block_bytes = 2000
    assert can_cut(file)
    columns = [fc.Numeric("f0", normalizer=fc.ZScore()), fc.Indicator(fc.Vocabulary("f1", fc.TopTerms(20)))]
    expected = fc.fit(columns, table).transform(table)
    assert np.array_equal(fc.fit(columns, source).transform(source), expected)


@pytest.mark.parametrize("long", [0, 600])  # the first rows, longer than the others: these are more than they let expect
def test_a_large_matrix_has_the_rows_that_the_file_has(tmp_path: Path, long: int) -> None:
    ids = [i * 7 for i in range(1000)]
    path = tmp_path / "some.csv"
    path.write_text("id,more\n" + "".join(f"{k},{'x' * (101 if i < long else 63)}\n" for i, k in enumerate(ids)))
    source = fc.csv(path)
    file = source._open()[0]
    assert isinstance(file, CsvFile)
    file.block_bytes = 20_000
    found = fc.compile([fc.Indicator(fc.Identity("id", 20_000))]).transform(source)
    assert (found.base is None) == bool(long)  # made of two parts, or a part of what was expected
    assert found.shape == (1000, 20_000)
    assert found.argmax(1).tolist() == ids
    assert found.sum() == 1000
