"""Pages of Parquet read by us: what pyarrow reads from the same file, or nothing; damage is never a wild read."""

from __future__ import annotations

import functools
import io
import random
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import featurecols as fc
from benchmarks import data
from featurecols import errors, kernels
from featurecols._core import counters
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.files import parquet_decoder
from featurecols.data.sources import as_source

CODECS = ["none", "snappy", "zstd", "gzip", "brotli"]


def written(array: pa.Array, **options: Any) -> tuple[bytes, Any, Any]:
    """A file of one column, with its footer and Arrow schema."""
    out = io.BytesIO()
    pq.write_table(pa.table({"x": array}), out, **options)
    file = pq.ParquetFile(io.BytesIO(out.getvalue()))
    return out.getvalue(), file.metadata, file.schema_arrow


def chunk_of(data: bytes, footer: Any, group: int = 0) -> np.void:
    """What the footer says of the only column of a group."""
    size, groups = int.from_bytes(data[-8:-4], "little"), footer.num_row_groups
    rows, found = np.empty(groups, np.int64), np.empty(groups, kernels.parquet.CHUNK)
    of = np.frombuffer(data[-8 - size : -8], np.uint8)
    if not kernels.parquet.chunks[0](of, groups, footer.num_columns, rows, found):
        found["kind"] = -1  # several columns on disk
    return found[group]


def column(data: bytes, footer: Any, schema: Any, group: int = 0) -> Any:
    wanted = parquet_decoder.chunk(
        schema.field("x"), footer.schema.column(0), chunk_of(data, footer, group), footer.row_group(group).num_rows, len(data)
    )
    return None if wanted is None else parquet_decoder.decode(wanted, parquet_decoder.read(io.BytesIO(data), wanted))


def values(form: FieldView) -> list[Any]:
    found: list[Any] = form.to_arrow().to_pylist()
    return found


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_codes_of_texts(codec: str, version: str) -> None:
    rows = [None if i % 13 == 5 else f"text {i * i % 301}" for i in range(70_000)]
    data, footer, schema = written(pa.array(rows), compression=codec, data_page_version=version, data_page_size=9_000)
    form = column(data, footer, schema)
    assert isinstance(form, DictionaryField)
    assert form._codes().dtype == np.int32
    assert form._codes()[5] == -1
    assert values(form) == rows


@pytest.mark.parametrize("kind", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float", "double"])
@pytest.mark.parametrize("coded", [True, False])
@pytest.mark.parametrize("nulls", [0, 1, 3])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
def test_numbers(kind: str, coded: bool, nulls: int, version: str) -> None:
    high = {"int8": 127, "uint8": 255, "int16": 2**15 - 1, "uint16": 2**16 - 1, "int32": 2**31 - 1}
    high |= {"uint32": 2**32 - 1, "int64": 2**63 - 1, "uint64": 2**64 - 1}
    top = high.get(kind, 1_000)
    array = pa.array([None if nulls and i % nulls == 0 else top - i % 97 for i in range(3_001)], pa.type_for_alias(kind))
    data, footer, schema = written(array, use_dictionary=coded, data_page_version=version, data_page_size=2_000)
    form = column(data, footer, schema)
    assert isinstance(form, DictionaryField) == coded
    assert values(form) == array.to_pylist()


@given(
    rows=st.lists(st.one_of(st.none(), st.binary(max_size=20)), min_size=1, max_size=400),
    repeats=st.integers(1, 40),
    kind=st.sampled_from([pa.binary(), pa.large_binary()]),
    page=st.integers(20, 4_000),
)
@settings(max_examples=60, deadline=None)
def test_any_texts(rows: list[bytes | None], repeats: int, kind: Any, page: int) -> None:
    array = pa.array([row for row in rows for _ in range(repeats)], kind)
    form = column(*written(array, data_page_size=page, write_batch_size=17))
    assert form is None or values(form) == array.to_pylist()
    assert form is not None or array.null_count == len(array)  # no page, or none with a dictionary


@pytest.mark.parametrize("distinct", [1, 2, 3, 200, 70_000])
def test_every_width_of_codes(distinct: int) -> None:
    rng = np.random.default_rng(distinct)
    array = pa.array(rng.integers(0, distinct, 150_000))
    form = column(*written(array, dictionary_pagesize_limit=2**24))
    assert isinstance(form, DictionaryField)
    assert values(form) == array.to_pylist()


def test_row_groups_each_have_their_dictionary() -> None:
    array = pa.array([f"v{i // 1_000}" for i in range(5_000)])
    data, footer, schema = written(array, row_group_size=2_000)
    assert [values(column(data, footer, schema, i)) for i in range(3)] == [
        array[i : i + 2_000].to_pylist() for i in (0, 2_000, 4_000)
    ]


@pytest.mark.parametrize(
    "array",
    [
        pa.array([[1], [2, 3]]),
        pa.array([{"a": 1}]),
        pa.array([True, False]),
        pa.array([1, 2], pa.timestamp("us")),
        pa.array(["a", "b"]).dictionary_encode().cast(pa.dictionary(pa.int8(), pa.string())),
        pa.array([np.float16(1.5)], pa.float16()),
    ],
    ids=lambda array: str(array.type),
)
def test_what_is_left_to_pyarrow(array: pa.Array) -> None:
    data, footer, schema = written(array)
    found = column(data, footer, schema)
    if found is not None:  # older versions of pyarrow read codes of int8 as int32
        assert schema.field("x").type != array.type
        assert values(found) == array.to_pylist()


@functools.cache
def shaped_like_a_benchmark() -> pa.Table:
    table = data.criteo_table(20_000).append_column("f", pa.array(np.arange(20_000) / 7))
    return table.append_column("unique", pa.array(np.random.default_rng(3).random(20_000)))


@pytest.mark.parametrize("codec", ["snappy", "zstd", "none"])
@pytest.mark.parametrize("kept", [True, False], ids=["dictionaries", "texts"])
def test_files_shaped_like_those_of_the_benchmarks_leave_nothing_to_pyarrow(tmp_path: Path, codec: str, kept: bool) -> None:
    """C5: a fault of the decoder would show as slowness alone; fallbacks are counted, and there are none here."""
    table = shaped_like_a_benchmark()
    if kept:  # as the census table is written
        table = table.set_column(13, "C1", table["C1"].dictionary_encode())
    pq.write_table(table, tmp_path / "t.parquet", row_group_size=8_192, compression=codec)
    pq.write_table(table, tmp_path / "u.parquet", use_dictionary=[name for name in table.column_names if name[0] == "C"])
    for name in ("t", "u"):
        before = Counter(counters.counts())
        needs = [(key, "category" if key[0] == "C" else "number") for key in table.column_names]
        for batch in as_source(tmp_path / f"{name}.parquet").batches(needs):
            for key, use in needs:
                batch.field(key).tokens() if use == "category" else batch.field(key).numbers()
        assert {kind for kind in Counter(counters.counts()) - before if kind.startswith("pyarrow")} == set()


def test_what_is_left_to_pyarrow_is_counted_with_the_reason(tmp_path: Path) -> None:
    """C5"""
    pq.write_table(pa.table({"x": [[i] for i in range(2_000)], "b": [True] * 2_000}), tmp_path / "t.parquet")
    before = Counter(counters.counts())
    fc.compile([fc.Numeric("x", shape=1), fc.Numeric("b")]).transform(tmp_path / "t.parquet")
    found = {kind: n for kind, n in (Counter(counters.counts()) - before).items() if kind.startswith("pyarrow")}
    assert found == {"pyarrow: a nested column": 1, "pyarrow: bool": 1}


def test_pyarrow_reads_all_where_the_environment_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """C5"""
    pq.write_table(pa.table({"x": np.arange(2_000) / 7}), tmp_path / "t.parquet")
    plan = fc.compile([fc.Numeric("x")])
    want = plan.transform(tmp_path / "t.parquet")
    monkeypatch.setenv("FEATURECOLS_PARQUET", "pyarrow")
    monkeypatch.setattr(parquet_decoder, "decode", None)
    assert np.array_equal(plan.transform(tmp_path / "t.parquet"), want)
    monkeypatch.setenv("FEATURECOLS_PARQUET", "duckdb")
    with pytest.raises(errors.ColumnError, match="FEATURECOLS_PARQUET: must be pyarrow or verify, or not set, got 'duckdb'"):
        plan.transform(tmp_path / "t.parquet")


@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("nested", [True, False])
def test_checksums_are_verified_where_the_environment_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, version: str, nested: bool
) -> None:
    """C6: a changed number is a number all the same."""
    path, x = tmp_path / "t.parquet", np.arange(2_000) / 7
    table = pa.table({"x": pa.FixedSizeListArray.from_arrays(x, 1) if nested else x})
    options = {"compression": "none", "use_dictionary": False, "data_page_version": version}
    pq.write_table(table, path, write_page_checksum=True, **options)
    plan, raw = fc.compile([fc.Numeric("x", shape=1) if nested else fc.Numeric("x")]), path.read_bytes()
    want = plan.transform(path)
    monkeypatch.setenv("FEATURECOLS_PARQUET", "verify")
    before = Counter(counters.counts())
    assert np.array_equal(plan.transform(path), want)
    assert nested or not any(kind.startswith("pyarrow") for kind in Counter(counters.counts()) - before)
    at = raw.index(x[1_000].tobytes())
    path.write_bytes(raw[: at + 6] + bytes([raw[at + 6] ^ 1]) + raw[at + 7 :])
    with pytest.raises(errors.DataError, match=r"row group 0 cannot be read.*[Cc][Rr][Cc]"):
        plan.transform(path)
    monkeypatch.delenv("FEATURECOLS_PARQUET")
    assert (plan.transform(path) != want).sum() == 1
    pq.write_table(table, path, **options)  # without checksums there is nothing to verify
    monkeypatch.setenv("FEATURECOLS_PARQUET", "verify")
    assert np.array_equal(plan.transform(path), want)


def test_texts_that_outgrow_their_dictionary_are_left_to_pyarrow() -> None:
    array = pa.array([f"{i:08x}" for i in range(20_000)])
    assert column(*written(array, dictionary_pagesize_limit=10_000)) is None
    assert column(*written(array, use_dictionary=False)) is None
    assert column(*written(array, use_dictionary=False, column_encoding={"x": "DELTA_BYTE_ARRAY"})) is None


@pytest.mark.parametrize("codec", ["none", "zstd"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("coded", [True, False])
def test_damaged_pages_give_nothing_or_codes_inside_the_dictionary(codec: str, version: str, coded: bool) -> None:
    draw = random.Random(3)
    array = pa.array([None if i % 5 == 0 else i % 300 for i in range(2_000)])
    data, footer, schema = written(array, compression=codec, data_page_version=version, use_dictionary=coded)
    wanted = parquet_decoder.chunk(
        schema.field("x"), footer.schema.column(0), chunk_of(data, footer), footer.row_group(0).num_rows, len(data)
    )
    assert wanted is not None
    whole = parquet_decoder.read(io.BytesIO(data), wanted)
    left = 0
    for _ in range(400):
        bad = whole.copy()
        for _ in range(draw.randint(1, 3)):
            bad[draw.randrange(min(len(bad), draw.choice([40, len(bad)])))] = draw.randrange(256)
        form = parquet_decoder.decode(wanted, bad[: draw.choice([len(bad), draw.randrange(len(bad))])])
        left += form is None
        if isinstance(form, DictionaryField):
            assert len(form) == 2_000
            assert -1 <= form._codes().min() <= form._codes().max() < len(form._shared.values)
        elif form is not None:
            assert len(form) == 2_000
    assert left > 150


def test_a_header_with_numbers_out_of_bounds_is_damaged() -> None:
    pages = np.empty(4, kernels.parquet.PAGE)
    for header in (
        b"\x18\x81",
        b"\x15\x00\x18\x83",
        b"\x15\x00\x15\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
        b"\x19",
        b"\x18\xff\x7f",
        b"\x1c" * 30,
        b"\x15",
        b"",
    ):
        assert kernels.parquet.headers[0](np.frombuffer(header, np.uint8), 1, pages) == kernels.parquet.DAMAGED
