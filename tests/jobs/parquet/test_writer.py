"""Files of ParquetWriter as pyarrow, Polars and DuckDB read them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featurecols.jobs.parquet.writer import ParquetWriter

ROWS = 5003


def floats() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(3)
    few = rng.choice(np.array([1.5, -0.0, 0.0, np.nan, np.inf, 1e-45], np.float32), ROWS)
    few.view(np.uint32)[7] = 0x7FC00001  # a NaN of other bits
    two = (np.arange(ROWS) % 3 == 0).astype(np.float32)
    late = np.zeros(ROWS, np.float32)
    late[1::2] = np.arange(ROWS // 2)  # few among the values that are looked at, many in all
    return {
        "many": rng.standard_normal(ROWS).astype(np.float32),
        "few": few,
        "two": two,
        "zeros": np.zeros(ROWS, np.float32),
        "half": two / 2,
        "late": late,
    }


def fields_of(arrays: dict[str, pa.Array]) -> pa.Schema:
    return pa.schema([pa.field(name, array.type, nullable=False) for name, array in arrays.items()], {b"made": b"by"})


def write(path: Path, schema: pa.Schema, columns: list[pa.Array], cuts: list[int], threads: int = 1) -> bytes:
    file = ParquetWriter(path, schema, threads)
    for start, stop in zip([0, *cuts], [*cuts, len(columns[0])], strict=True):
        file.write([column.slice(start, stop - start) for column in columns], stop - start)
    file.close()
    return path.read_bytes()


@pytest.mark.parametrize("cuts", [[], [1], [8, 13, 4100]])
def test_floats_come_back_bit_for_bit(tmp_path: Path, cuts: list[int]) -> None:
    import duckdb

    path, given = tmp_path / "a.parquet", floats()
    arrays = {name: pa.array(values) for name, values in given.items()}
    arrays["bits"] = pa.array(given["two"] == 1)
    schema = fields_of({**arrays, "bits": arrays["two"]})
    written = {write(path, schema, list(arrays.values()), cuts, threads) for threads in (1, 2, 5)}
    assert len(written) == 1
    given["bits"] = given["two"]
    file = pq.ParquetFile(path)
    assert file.schema_arrow.equals(schema, check_metadata=True)
    groups = [file.metadata.row_group(i).num_rows for i in range(file.num_row_groups)]
    assert groups == np.diff([0, *cuts, ROWS]).tolist()
    readers = {
        "pyarrow": pq.read_table(path),
        "Polars": pl.read_parquet(path),
        "DuckDB": duckdb.execute(f"select * from '{path}'").fetchnumpy(),
    }
    for name, want in given.items():
        for reader, found in readers.items():
            assert np.array_equal(np.asarray(found[name]).view(np.uint32), want.view(np.uint32)), (reader, name)


def test_few_distinct_values_take_a_bit_or_a_byte(tmp_path: Path) -> None:
    given = floats()
    arrays = {name: pa.array(values) for name, values in given.items()}
    write(tmp_path / "a.parquet", fields_of(arrays), list(arrays.values()), [])
    group = pq.read_metadata(tmp_path / "a.parquet").row_group(0)
    raw = {group.column(i).path_in_schema: group.column(i).total_uncompressed_size for i in range(group.num_columns)}
    bits, plain = ROWS // 8, 4 * ROWS
    assert bits < raw["two"] < bits + 64
    assert ROWS < raw["few"] < ROWS + 128
    assert {name for name, size in raw.items() if size > plain} == {"many", "late"}
    chunks = [group.column(i) for i in range(group.num_columns)]
    assert {chunk.path_in_schema for chunk in chunks if not chunk.has_dictionary_page} == {"many", "late"}


@pytest.mark.parametrize("kind", [np.int32, np.int64])
@pytest.mark.parametrize("cuts", [[], [5], [2500]])
def test_integers_come_back_with_their_ends(tmp_path: Path, kind: type[np.signedinteger], cuts: list[int]) -> None:
    import duckdb

    rng, ends = np.random.default_rng(4), np.iinfo(kind)
    given = {
        "ids": rng.integers(-1, 1000, ROWS).astype(kind),
        "one": np.full(ROWS, ends.min, kind),
        "ends": np.where(np.arange(ROWS) % 3 == 0, ends.max, ends.min).astype(kind),
        "hashes": rng.integers(ends.min, ends.max, ROWS, kind),
        "numbers": np.arange(ROWS, dtype=kind) - 7,
    }
    arrays = {name: pa.array(values) for name, values in given.items()}
    path = tmp_path / "a.parquet"
    assert len({write(path, fields_of(arrays), list(arrays.values()), cuts, threads) for threads in (1, 2, 7)}) == 1
    readers = (pq.read_table(path), pl.read_parquet(path), duckdb.execute(f"select * from '{path}'").fetchnumpy())
    for name, want in given.items():
        assert all(np.array_equal(np.asarray(found[name]), want) for found in readers), name
    about = pq.read_metadata(path)
    for i, (start, stop) in enumerate(zip([0, *cuts], [*cuts, ROWS], strict=True)):
        for k, values in enumerate(given.values()):
            found = about.row_group(i).column(k).statistics
            assert (found.min, found.max, found.null_count) == (values[start:stop].min(), values[start:stop].max(), 0)
    last = about.row_group(len(cuts))
    coded = [last.column(k).has_dictionary_page for k in range(len(given))]
    assert coded == [True, True, True, False, False]
    size = 10 * last.num_rows // 8 + np.unique(given["ids"][-last.num_rows :]).nbytes  # bits and the dictionary
    assert size < last.column(0).total_uncompressed_size < size + 100
    assert duckdb.execute(f"select count(*) from '{path}' where ids = 999").fetchall() == [((given["ids"] == 999).sum(),)]


def test_many_rows_of_integers_take_several_pages(tmp_path: Path) -> None:
    rows = (1 << 18) + 11
    values = np.arange(rows) % 300
    write(tmp_path / "a.parquet", fields_of({"a": pa.array(values)}), [pa.array(values)], [])
    assert np.array_equal(pq.read_table(tmp_path / "a.parquet")["a"].to_numpy(), values)
    assert np.array_equal(pl.read_parquet(tmp_path / "a.parquet")["a"].to_numpy(), values)


@pytest.mark.parametrize("width", [1, 3, 117, 5000])
def test_lists_of_one_size_come_back(tmp_path: Path, width: int) -> None:
    import duckdb

    rows = 13 if width == 5000 else 9001
    matrix = np.random.default_rng(5).integers(0, 3, (rows, width)).astype(np.float32)
    array = pa.FixedSizeListArray.from_arrays(pa.array(matrix.reshape(-1)), width)
    arrays = {"id": pa.array(np.arange(rows)), "features": array}
    path = tmp_path / "a.parquet"
    assert len({write(path, fields_of(arrays), list(arrays.values()), [5], threads) for threads in (1, 3)}) == 1
    found = pq.read_table(path)
    assert found["features"].type == array.type
    assert np.array_equal(np.concatenate([c.flatten() for c in found["features"].chunks]).reshape(rows, width), matrix)
    assert np.array_equal(pl.read_parquet(path)["features"].to_numpy(), matrix)
    assert duckdb.execute(f"select list_sum(features) from '{path}' order by id").fetchnumpy()
    sums = [row[0] for row in duckdb.execute(f"select list_sum(features) from '{path}' order by id").fetchall()]
    assert sums == matrix.sum(1).tolist()


def test_other_columns_are_those_of_pyarrow(tmp_path: Path) -> None:
    arrays = {
        "a.b": pa.array(["x", None, "y"]),
        "s": pa.array([{"p": 1, "q": [1.0]}, None, {"p": None, "q": []}]),
        "m": pa.array([[("k", 1)], [], None], pa.map_(pa.string(), pa.int64())),
        "d": pa.array(["u", "v", "u"]).dictionary_encode(),
        "f": pa.array([1.0, None, 0.0], pa.float32()),
        "t": pa.array([0, 1, None], pa.timestamp("us", "UTC")),
        "l": pa.array([[1.0, 2.0], None, [3.0, None]], pa.list_(pa.float32(), 2)),
    }
    table = pa.table(arrays)
    write(tmp_path / "a.parquet", table.schema, list(arrays.values()), [2])
    assert pq.read_table(tmp_path / "a.parquet").equals(table)
    about = pq.read_metadata(tmp_path / "a.parquet").row_group(0)
    assert (about.column(0).statistics.min, about.column(0).statistics.null_count) == ("x", 1)


def test_a_file_of_no_rows_has_its_columns(tmp_path: Path) -> None:
    schema = fields_of({"a": pa.array([1.0], pa.float32()), "b": pa.array(["x"])})
    write(tmp_path / "a.parquet", schema, [pa.array([], field.type) for field in schema], [])
    assert pq.read_table(tmp_path / "a.parquet").schema.equals(schema, check_metadata=True)
