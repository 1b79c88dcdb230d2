"""Parquet files that are not as the format says: pyarrow's value, or an error where pyarrow has one; never a third."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.data.files import thrift
from tests.data.files.thrift import BINARY, LIST, STRUCT, Listed, Struct, about, chunk_of, schema_of

ROOT = Path(__file__).parents[3]
I32, I64 = 5, 6
ROWS = 1_200  # enough for the package's own decoder
STRICTER = (f"{ROWS + 1} rows in the row group", "a column whose name is")
OLD = int(pa.__version__.split(".")[0]) < 20  # does not compare the numbers of a footer with each other

# Files with two int64 columns x and y, in whose footers something is changed.
FOOTERS: dict[str, Callable[[Struct], None]] = {}
# Files with an optional column x of one page, of which header and bytes are changed, and y beside it.
PAGES: dict[str, tuple[str, Callable[[Struct, bytes], bytes]]] = {}


def footer(name: str) -> Callable[[Callable[[Struct], None]], None]:
    """Add a change of footers."""
    return lambda edit: FOOTERS.__setitem__(name, edit)


def page(name: str, form: str = "plain") -> Callable[[Callable[[Struct, bytes], bytes]], None]:
    """Add a change of a page: its header in place, its new bytes as the result."""
    return lambda edit: PAGES.__setitem__(name, (form, edit))


# C1: groups, paths ------------------------------------------------------------------------------------------------------


@footer("c1 an empty group before the columns")
def _(f: Struct) -> None:
    schema_of(f).insert(1, {3: (I32, 1), 4: (BINARY, b"nested"), 5: (I32, 0)})
    schema_of(f)[0][5] = I32, 3


@footer("c1 an empty group between the columns")
def _(f: Struct) -> None:
    schema_of(f).insert(2, {3: (I32, 0), 4: (BINARY, b"nested"), 5: (I32, 0)})
    schema_of(f)[0][5] = I32, 3


@footer("c1 paths of two columns are changed over")
def _(f: Struct) -> None:
    first, second = about(f, 0), about(f, 1)
    first[3], second[3] = second[3], first[3]


@footer("c1 two columns of one name")
def _(f: Struct) -> None:
    schema_of(f)[2][4] = BINARY, b"x"


@footer("c1 a group around the columns")
def _(f: Struct) -> None:
    schema_of(f).insert(1, {3: (I32, 0), 4: (BINARY, b"x"), 5: (I32, 2)})
    schema_of(f)[0][5] = I32, 1


# C4: what made pyarrow's attributes end the process ----------------------------------------------------------------------


@footer("c4 an encrypted column under a plain footer")
def _(f: Struct) -> None:
    f[8] = STRUCT, {1: (STRUCT, {2: (BINARY, b"\1" * 8)})}
    chunk_of(f, 0)[8] = STRUCT, {1: (STRUCT, {})}


@footer("c4 an encrypted column with a key of its own, and no plain metadata")
def _(f: Struct) -> None:
    f[8] = STRUCT, {1: (STRUCT, {2: (BINARY, b"\1" * 8)})}
    chunk = chunk_of(f, 0)
    chunk[8] = STRUCT, {2: (STRUCT, {1: (LIST, Listed(BINARY, [b"x"])), 2: (BINARY, b"key")})}
    chunk[9] = BINARY, b"\7" * 40
    del chunk[3]


@footer("c4 an encrypted column, and a footer that does not say so")
def _(f: Struct) -> None:
    chunk_of(f, 0)[8] = STRUCT, {1: (STRUCT, {})}


def _set(number: int, value: Any, column: int = 0) -> Callable[[Struct], None]:
    """Change a field of what is said of a chunk."""

    def edit(f: Struct) -> None:
        found = about(f, column)
        found[number] = found.get(number, (I64, 0))[0], value

    return edit


for _codec in (8, 16, -1, 2**31 - 1):
    footer(f"c4 codec {_codec}")(_set(4, _codec))
for _size in (-1, -5, 0, 2**40, 2**62):
    footer(f"c4 {_size} packed bytes")(_set(7, _size))
    footer(f"c4 {_size} unpacked bytes")(_set(6, _size))
    footer(f"c4 {_size} values")(_set(5, _size))
    footer(f"c4 data at {_size}")(_set(9, _size))
    footer(f"c4 a dictionary at {_size}")(_set(11, _size))
for _type in (0, 1, 3, 5, 6, 7, 8, 99, -1):
    footer(f"c4 physical type {_type}")(_set(1, _type))
for _encoding in (1, 9, 10, 42, -1):
    footer(f"c4 encoding {_encoding}")(_set(2, Listed(I32, [_encoding])))


def _sizes(histograms: dict[int, list[int]], texts: int | None = None) -> Callable[[Struct], None]:
    """Set the size statistics of a chunk."""

    def edit(f: Struct) -> None:
        found: Struct = {k: (LIST, Listed(I64, v)) for k, v in histograms.items()}
        if texts is not None:
            found[1] = I64, texts
        about(f, 0)[16] = STRUCT, found

    return edit


footer("c4 size statistics with too many levels")(_sizes({2: [1, 2, 3], 3: [4, 5, 6, 7]}))
footer("c4 size statistics with too few levels")(_sizes({2: [], 3: []}))
footer("c4 size statistics of texts for numbers")(_sizes({}, 5))
footer("c4 size statistics with negative numbers")(_sizes({2: [-5], 3: [-1, -1]}, -7))


@footer("c4 statistics of another type")
def _(f: Struct) -> None:
    about(f, 0)[12] = STRUCT, {1: (BINARY, b"\1"), 2: (BINARY, b""), 3: (I64, -5), 4: (I64, -5)}


def _name(name: bytes, column: int) -> Callable[[Struct], None]:
    """Give a column another name, in the schema and in its path."""

    def edit(f: Struct) -> None:
        schema_of(f)[column + 1][4] = BINARY, name
        about(f, column)[3] = LIST, Listed(BINARY, [name])

    return edit


footer("c4 a column whose name is not UTF-8")(_name(b"\xff\xfe", 0))
footer("c4 a column whose name is a surrogate")(_name(b"\xed\xa0\x80", 1))
footer("c4 a column whose name has NUL")(_name(b"a\0b", 1))
footer("c4 a column without a name")(_name(b"", 1))


def _typed(kind: int, *numbers: int) -> Callable[[Struct], None]:
    """Give fields of what is said of a chunk another type: readers pass over them."""

    def edit(f: Struct) -> None:
        found = about(f, 0)
        for number in numbers:
            found[number] = kind, found.get(number, (I64, 4))[1]

    return edit


footer("c4 data at a number of 16 bits")(_typed(4, 9))
footer("c4 a dictionary at a number of 32 bits")(_typed(5, 11))
footer("c4 a codec of 64 bits")(_typed(6, 4))
footer("c4 a physical type of 16 bits")(_typed(4, 1))
footer("c4 values in a number of 32 bits")(_typed(5, 5))
footer("c4 bytes in numbers of 32 bits")(_typed(5, 6, 7))


def _element(number: int, value: Any, at: int = 1) -> Callable[[Struct], None]:
    """Change a field of an element of the schema."""

    def edit(f: Struct) -> None:
        schema_of(f)[at][number] = schema_of(f)[at].get(number, (I32, 0))[0], value

    return edit


for _value in (-1, 3, 99):
    footer(f"c4 repetition {_value}")(_element(3, _value))
    footer(f"c4 type {_value} in the schema")(_element(1, _value))
    footer(f"c4 converted type {_value}")(_element(6, _value))
    footer(f"c4 {_value} children of the root")(_element(5, _value, 0))


def _rows(rows: int, of_file: int | None = None) -> Callable[[Struct], None]:
    """Change the rows of the row group, and of the file."""

    def edit(f: Struct) -> None:
        f[4][1].items[0][3] = I64, rows
        if of_file is not None:
            f[3] = I64, of_file

    return edit


for _count in (-1, 0, 5, ROWS - 1, ROWS + 1, 2**40, 2**62):
    footer(f"c4 {_count} rows in the row group")(_rows(_count))
    footer(f"c4 {_count} rows in the row group and the file")(_rows(_count, _count))


@footer("c4 a row group without columns")
def _(f: Struct) -> None:
    f[4][1].items[0][1] = LIST, Listed(STRUCT, [])


@footer("c4 a row group with one column too few")
def _(f: Struct) -> None:
    f[4][1].items[0][1][1].items.pop()


@footer("c4 a column in another file")
def _(f: Struct) -> None:
    chunk_of(f, 0)[1] = BINARY, b"/etc/hostname"


@footer("c4 the bytes of the row group are negative")
def _(f: Struct) -> None:
    f[4][1].items[0][2] = I64, -(2**60)


# C2, C3: pages ----------------------------------------------------------------------------------------------------------
# The header of a page: 1 kind, 2 unpacked and 3 packed bytes, 5 of a data page: 1 values, 2 encoding, 3 and 4 of levels; 7 of
# a dictionary: 1 values. The bytes of a data page: its levels behind 4 bytes that say how many, then values or codes.

LEVELS = 4 + 3  # bytes of the levels: 1,200 ones are one run


def _levels(run: bytes) -> Callable[[Struct, bytes], bytes]:
    """Put other levels into a page."""
    return lambda header, data: len(run).to_bytes(4, "little") + run + data[LEVELS:]


page("c3 levels above 1")(_levels(b"\xe0\x12\2"))
page("c3 levels that do not fill the page")(_levels(b"\xc8\1\1"))
page("c3 no levels")(_levels(b""))
page("c3 a run of levels that ends early")(_levels(b"\xe0\x12"))
page("c3 packed levels that end early")(_levels(b"\xad\2\xff\xff"))
page("c3 packed levels beyond the rows")(_levels(b"\xaf\2" + b"\xff" * 151))
page("c3 a run of no levels")(_levels(b"\0\1" + b"\xe0\x12\1"))
page("c3 levels of ten bytes")(_levels(b"\xe0\x92\x80\x80\x80\x80\x80\x80\x80\1\1"))
page("c3 a run of levels that is longer than the page")(_levels(b"\xe0\xff\x7f\1"))
for _n in (-1, 2**31 - 1, 5, 10_000):
    page(f"c3 {_n} bytes of levels")(lambda h, d, n=_n: n.to_bytes(4, "little", signed=True) + d[4:])  # type: ignore[misc]


def _header(*places: int, value: int, form: str = "plain") -> None:
    """Add a change of a number in the header of a page."""

    def edit(header: Struct, data: bytes) -> bytes:
        for place in places[:-1]:
            header = header[place][1]
        header[places[-1]] = header[places[-1]][0], value
        return data

    page(f"c3 {value} in {places} of the header of a page of {form}", form)(edit)


for _value in (-1, 0, 1, ROWS - 1, ROWS + 1, 2**31 - 1):
    _header(2, value=_value)
    _header(2, value=_value, form="snappy")
    _header(5, 1, value=_value)
    _header(7, 1, value=_value, form="dictionary")
for _value in (-1, 1, 2, 4, 7, 42):
    _header(1, value=_value)
    _header(5, 2, value=_value)
    _header(5, 3, value=_value)
    _header(5, 4, value=_value)
    _header(7, 2, value=_value, form="dictionary")


@page("c3 a header with an unknown field")
def _(header: Struct, data: bytes) -> bytes:
    header[15] = BINARY, b"what?"
    return data


@page("c3 a header with a number where a struct should be")
def _(header: Struct, data: bytes) -> bytes:
    header[6] = I32, 5
    return data


@page("c3 a header with a list")
def _(header: Struct, data: bytes) -> bytes:
    header[15] = LIST, Listed(I32, [1, 2, 3])
    return data


@page("c3 a header without its kind")
def _(header: Struct, data: bytes) -> bytes:
    del header[1]
    return data


@page("c3 a header without its values")
def _(header: Struct, data: bytes) -> bytes:
    del header[5]
    return data


page("c3 values that end early")(lambda header, data: data[:-100])
page("c3 values with bytes behind them")(lambda header, data: data + b"\1" * 100)
page("c3 codes that end early", "codes")(lambda header, data: data[:-20])
page("c3 no codes", "codes")(lambda header, data: data[:LEVELS])
page("c3 no runs of codes", "codes")(lambda header, data: data[: LEVELS + 1])
for _width in (0, 1, 7, 33, 64, 255):
    page(f"c3 codes of {_width} bits", "codes")(
        lambda h, d, w=_width: d[:LEVELS] + bytes([w]) + d[LEVELS + 1 :]  # type: ignore[misc]
    )
page("c3 a code beyond the dictionary", "codes")(lambda header, data: data[:LEVELS] + b"\x07\xe0\x12\x7f")
page("c3 a run of codes that is longer than the page", "codes")(lambda header, data: data[:LEVELS] + b"\x07\xe0\xff\x7f\1")
page("c3 a run of no codes", "codes")(lambda header, data: data[:LEVELS] + b"\x07\0\1" + data[LEVELS + 1 :])
page("c3 a dictionary that ends early", "dictionary")(lambda header, data: data[:-3])
page("c3 a dictionary with bytes behind it", "dictionary")(lambda header, data: data + b"\0\0\0\0\0")
for _n in (-1, -(2**31), 2**31 - 1, 100_000):
    page(f"c3 a text of {_n} bytes", "dictionary")(
        lambda h, d, n=_n: n.to_bytes(4, "little", signed=True) + d[4:]  # type: ignore[misc]
    )
page("c3 a text that is not UTF-8", "dictionary")(lambda header, data: data[:4] + b"\xff" + data[5:])


for _codec in ("snappy", "gzip", "brotli", "zstd", "lz4_raw"):
    for _less in (-8, -1, 1, 8, 5_000):

        def _shorter(header: Struct, data: bytes, codec: str = _codec, less: int = _less) -> bytes:
            whole = pa.decompress(data, header[2][1], codec, asbytes=True)
            return pa.compress(whole[: len(whole) - less] if less > 0 else whole + b"\7" * -less, codec, asbytes=True)

        page(f"c2 {_codec} unpacks to {_less} bytes less", _codec)(_shorter)
    page(f"c2 {_codec} cut short", _codec)(lambda header, data: data[:-5])
    page(f"c2 {_codec} with bytes behind it", _codec)(lambda header, data: data + b"\0\0\0")
    page(f"c2 no bytes of {_codec}", _codec)(lambda header, data: b"")
    page(f"c2 {_codec} twice", _codec)(lambda header, data: data + data)


def table(form: str) -> pa.Table:
    """Two columns."""
    x = np.arange(ROWS) % 101
    values = pa.array([f"w{i}" for i in x]) if form in ("codes", "dictionary") else pa.array(x.astype(np.int64))
    return pa.table({"x": values, "y": np.arange(ROWS) + 1_000_000})


def write_page(path: Path, form: str, edit: Callable[[Struct, bytes], bytes]) -> None:
    """Write a file in which one page of x is changed, with all that the footer says of where it lies."""
    coded = form in ("codes", "dictionary")
    codec = "none" if form == "plain" or coded else form.removesuffix("_raw")
    pq.write_table(table(form), path, compression=codec, use_dictionary=["x"] if coded else False, store_schema=False)
    data = path.read_bytes()
    size = int.from_bytes(data[-8:-4], "little")
    found, _ = thrift.read_struct(data[-8 - size : -8])
    chunk, out = about(found, 0), b""
    start = chunk[11][1] if 11 in chunk else chunk[9][1]
    assert start == 4
    at, end, pages = start, start + chunk[7][1], []
    while at < end:
        header, at = thrift.read_struct(data, at)
        pages.append((header, data[at : at + header[3][1]]))
        at += header[3][1]
    which, firsts = 0 if form != "codes" else 1, []
    for i, (header, body) in enumerate(pages):
        changed = edit(header, body) if i == which else body
        if i == which:
            if header.get(2) == pages[i][0].get(2) and header[2][1] == len(body):
                header[2] = I32, len(changed)  # as long as it is, unless that is what was changed
            header[3] = I32, len(changed)
        firsts.append(start + len(out))
        out += thrift.write_struct(header) + changed
    moved = start + len(out) - end
    chunk[7] = I64, len(out)
    chunk[9] = I64, firsts[-1]
    about(found, 1)[9] = I64, about(found, 1)[9][1] + moved
    changed_footer = thrift.write_struct(found)
    rest = data[end : -8 - size]
    path.write_bytes(data[:start] + out + rest + changed_footer + len(changed_footer).to_bytes(4, "little") + b"PAR1")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What each reader says of each file, by name and fields."""
    folder = tmp_path_factory.mktemp("files")
    names = {f"{i}.parquet": name for i, name in enumerate([*FOOTERS, *PAGES])}
    for file, name in names.items():
        if name in FOOTERS:
            pq.write_table(table("plain"), folder / file, store_schema=False, compression="none", use_dictionary=False)
            thrift.edit_footer(folder / file, FOOTERS[name])
        else:
            write_page(folder / file, *PAGES[name])
    return {reader: read_all(reader, folder, names) for reader in ("ours", "pyarrow")}


def read_all(reader: str, folder: Path, names: dict[str, str]) -> dict[str, Any]:
    """Read all files; a file at which the process ends is noted, and the others are read by another process."""
    found: dict[str, Any] = {}
    left = list(names)
    while left:
        command = [sys.executable, "-m", "tests.data.files.read_files", reader, str(folder), *left]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)
        for file, keys, outcome in map(json.loads, done.stdout.splitlines()):
            found[f"{names[file]} {keys}"] = outcome
        if done.returncode == 0:
            break
        at = next(i for i, file in enumerate(left) if f"{names[file]} {['x', 'y']}" not in found)
        found[f"{names[left[at]]} died"] = f"exit status {done.returncode}: {done.stderr[-300:]}"
        left = left[at + 1 :]
    return found


def test_files_that_are_as_they_should_be_are_read(tmp_path: Path) -> None:
    for form in ("plain", "codes", "dictionary", "snappy", "gzip", "brotli", "zstd", "lz4_raw"):
        write_page(tmp_path / f"{form}.parquet", form, lambda header, data: data)
        assert pq.read_table(tmp_path / f"{form}.parquet").equals(table(form))


@pytest.mark.parametrize("name", [*FOOTERS, *PAGES])
def test_c1_to_c4_damaged_files_have_pyarrows_value_or_an_error(name: str, outcomes: dict[str, dict[str, Any]]) -> None:
    """C1, C2, C3, C4: the name of a case begins with its fault.

    Alone the package refuses what pyarrow reads with other rows than the footer says, and files with names that are no text.
    """
    assert f"{name} died" not in outcomes["ours"], outcomes["ours"][f"{name} died"]
    if OLD and name.startswith("c4 "):
        return  # the values that newer versions give, or their errors; here only that the process lives
    for keys in (["x"], ["y"], ["x", "y"]):
        reference = outcomes["pyarrow"].get(f"{name} {keys}", ["error", "error"])  # where it ends its process, too
        for ours, want in zip(outcomes["ours"][f"{name} {keys}"], reference, strict=True):
            if ours == "error" and want != "error":
                assert want[0] != ROWS or any(words in name for words in STRICTER), keys
            else:
                assert ours == want, keys
