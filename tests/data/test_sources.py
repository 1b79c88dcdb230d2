"""Sources: the same rows at every reading, whatever they come from, in batches of any size."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import hypothesis.strategies as st
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.csv
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings

from featurecols import errors
from featurecols.data.batch import Source
from featurecols.data.files import parquet as parquet_module
from featurecols.data.sources import as_source
from tests.data.fields.physical import bits, decoded

TABLE = pa.table({"s": [f"w{i % 7}" if i % 5 else None for i in range(50)], "n": list(range(50)), "o": ["x"] * 50})
WORDS = [None if s is None else s.encode() for s in TABLE["s"].to_pylist()]
NEEDS = [("s", "category"), ("n", "number")]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for i, (start, size) in enumerate([(0, 20), (20, 0), (20, 13), (33, 17)]):
        pq.write_table(TABLE.slice(start, size), tmp_path / f"part-{i}.parquet", row_group_size=6)
    return tmp_path


def sources(folder: Path) -> dict[str, Any]:
    pyarrow.csv.write_csv(TABLE, folder / "one.csv")
    return {
        "folder of Parquet": str(folder / "*.parquet"),
        "list of paths": sorted(folder.glob("*.parquet")),
        "CSV": folder / "one.csv",
        "table": TABLE,
        "pandas": TABLE.to_pandas(),
        "polars": pl.from_arrow(TABLE),
        "duckdb": duckdb.from_arrow(TABLE),
        "dataset": ds.dataset(sorted(map(str, folder.glob("*.parquet")))),
        "dict": TABLE.to_pydict(),
        "rows": TABLE.to_pylist(),
        "list of tables": [TABLE.slice(0, 20).to_pandas(), dict(zip(TABLE.column_names, TABLE.slice(20).columns, strict=True))],
        "list of nothing and tables": [TABLE.slice(0, 0), TABLE],
        "function": lambda: iter([TABLE.slice(0, 20), as_source(folder / "part-2.parquet"), TABLE.slice(33).to_pylist()]),
        "function of a path": lambda: folder / "one.csv",
        "source": as_source(TABLE),
    }


KINDS = [
    *("folder of Parquet", "list of paths", "CSV", "table", "pandas", "polars", "duckdb", "dataset", "dict", "rows"),
    *("list of tables", "list of nothing and tables", "function", "function of a path", "source"),
]


def rows(source: Source, batch_size: int | None = None) -> tuple[list[Any], list[Any]]:
    batches = list(source.batches(NEEDS, batch_size))
    words = [v for b in batches for v in decoded(b.field("s").tokens())]
    numbers = [v for b in batches for v in b.field("n").numbers().values.tolist()]
    return words, numbers


@pytest.mark.parametrize("kind", KINDS)
def test_every_reading_gives_the_same_rows(folder: Path, kind: str) -> None:
    source = as_source(sources(folder)[kind])
    assert not source.once
    for batch_size in (None, 1, 7, 50, 1000, None):
        assert rows(source, batch_size) == (WORDS, list(range(50)))
    assert source.num_rows in (50, None)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("batch_size", [1, 6, 7, 20, 49, 50, 51])
def test_batches_have_the_size_that_was_asked_for(folder: Path, kind: str, batch_size: int) -> None:
    sizes = [batch.num_rows for batch in as_source(sources(folder)[kind]).batches(NEEDS, batch_size)]
    assert sizes == [batch_size] * (50 // batch_size) + [50 % batch_size] * (50 % batch_size > 0)


@pytest.mark.parametrize("kind", KINDS)
def test_a_field_that_is_missing(folder: Path, kind: str) -> None:
    with pytest.raises(errors.DataError, match=r"nn: field is not in .*; did you mean 'n'"):
        next(as_source(sources(folder)[kind]).batches([("nn", "number")])).field("nn")


def test_num_rows(folder: Path) -> None:
    known = {kind: as_source(data).num_rows for kind, data in sources(folder).items()}
    assert [kind for kind in KINDS if known[kind] == 50] == [
        *("folder of Parquet", "list of paths", "table", "pandas", "polars", "dict", "rows"),
        *("list of tables", "list of nothing and tables", "source"),
    ]
    assert [kind for kind in KINDS if known[kind] is None] == ["CSV", "duckdb", "dataset", "function", "function of a path"]
    assert as_source({}).num_rows == 0


def test_schemas(folder: Path) -> None:
    for kind, data in sources(folder).items():
        assert set(as_source(data).schema().names) == {"s", "n", "o"}, kind


def generator() -> Iterator[Any]:
    yield TABLE.slice(0, 20)
    yield TABLE.slice(20).to_pandas()


@pytest.mark.parametrize(
    "make", [generator, lambda: TABLE.to_reader(7), lambda: iter([TABLE]), lambda: iter(TABLE.to_batches())]
)
def test_an_iterator_is_read_once(make: Any) -> None:
    source = as_source(make())
    assert source.once
    assert source.num_rows is None
    with pytest.raises(errors.PlanError, match="looking would use up the iterator"):
        source.schema()
    assert rows(source, 7) == (WORDS, list(range(50)))
    with pytest.raises(errors.PlanError) as caught:
        source.batches(NEEDS)
    assert str(caught.value).startswith("batches: an iterator can be read once, and it was")


def test_a_function_must_give_a_fresh_iterator() -> None:
    stale = generator()
    source = as_source(lambda: stale)
    assert rows(source) == (WORDS, list(range(50)))
    with pytest.raises(errors.PlanError, match="the function must give a fresh iterator"):
        source.batches(NEEDS)


def test_a_loader_that_starts_anew() -> None:
    class Loader:
        def __iter__(self) -> Iterator[Any]:
            return generator()

    source = as_source(Loader())
    assert rows(source, 9) == rows(source) == (WORDS, list(range(50)))


def test_nothing() -> None:
    for data in ([], iter([]), lambda: iter([]), {}, TABLE.slice(0, 0), [TABLE.slice(0, 0)]):
        for batch_size in (None, 3):
            [batch] = as_source(data if not isinstance(data, Iterator) else iter([])).batches([], batch_size)
            assert batch.num_rows == 0


def test_files_without_rows(tmp_path: Path) -> None:
    pq.write_table(TABLE.slice(0, 0), tmp_path / "t.parquet")
    [batch] = as_source(tmp_path).batches(NEEDS)
    assert (batch.num_rows, batch.names) == (0, ("s", "n"))
    assert decoded(batch.field("s").tokens()) == []
    with pytest.raises(errors.DataError, match="did you mean 'n'"):
        list(as_source(tmp_path).batches([("nn", "number")]))


@pytest.mark.parametrize("data", [5, object(), np.zeros((2, 2)), pd.Series([1]), [5], [[1, 2]]])
def test_what_is_no_source(data: Any) -> None:
    with pytest.raises(errors.DataError, match=r"cannot be read|holds dicts"):
        list(as_source(data).batches())


@pytest.mark.parametrize("batch_size", [0, -1])
def test_a_batch_size_that_is_none(batch_size: int) -> None:
    with pytest.raises(errors.PlanError, match=f"batch_size must be 1 or more, got {batch_size}"):
        as_source(TABLE).batches(NEEDS, batch_size)


def test_dictionaries_are_shared_by_the_batches_of_a_row_group(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet_module, "_FEW", 10)
    pq.write_table(TABLE, folder / "whole.parquet")
    batches = list(as_source(folder / "whole.parquet").batches(NEEDS, 8))
    assert len({id(batch.field("s").tokens().texts) for batch in batches}) == 1


def test_converted_columns_stay_for_the_next_reading() -> None:
    source = as_source({"s": np.array(["a", "b"], dtype=object)})
    [first], [second] = source.batches([("s", "category")]), source.batches([("s", "category")])
    assert first.field("s")._array is second.field("s")._array


# ------------------------------------------------------------------------------------------------ files


def test_fragments_divide_the_work(folder: Path) -> None:
    source = as_source(folder)
    fragments = source.fragments()
    assert [(Path(f.path).name, f.row_group, f.num_rows) for f in fragments] == [
        *[("part-0.parquet", i, n) for i, n in enumerate([6, 6, 6, 2])],
        ("part-1.parquet", 0, 0),
        *[("part-2.parquet", i, n) for i, n in enumerate([6, 6, 1])],
        *[("part-3.parquet", i, n) for i, n in enumerate([6, 6, 5])],
    ]
    assert [Path(path).name for path in source.paths] == [f"part-{i}.parquet" for i in range(4)]
    parts = [source.part(fragments[a:b]) for a, b in ((0, 3), (3, 6), (6, 11), (4, 4))]
    assert [part.num_rows for part in parts] == [18, 8, 24, 0]
    found = [rows(part) for part in parts]
    assert [word for words, _ in found for word in words] == WORDS
    assert [number for _, numbers in found for number in numbers] == list(range(50))
    assert rows(source.part([fragments[10], fragments[0]]))[1] == [*range(45, 50), *range(6)]
    assert as_source(TABLE).fragments() == []
    assert as_source(TABLE).paths == ()
    with pytest.raises(errors.PlanError, match="only files can be divided"):
        as_source(TABLE).part([])


def test_files_of_two_kinds(folder: Path) -> None:
    (folder / "x.csv").write_text("s,n\na,1\n")
    with pytest.raises(errors.DataError) as caught:
        list(as_source(folder).batches(NEEDS))
    assert f"{folder}/x.csv: is CSV, and {folder}/part-0.parquet is Parquet" in str(caught.value)


def test_files_that_differ_in_a_needed_field(folder: Path) -> None:
    pq.write_table(pa.table({"s": ["a"], "n": ["text"], "o": [1]}), folder / "part-9.parquet")
    source = as_source(folder)
    assert len([v for b in source.batches([("s", "category")]) for v in decoded(b.field("s").tokens())]) == 51
    with pytest.raises(errors.DataError) as caught:
        list(source.batches(NEEDS))
    assert str(caught.value) == (
        f"n: field has another type in {folder}/part-9.parquet in field 'n', got string; "
        f"write both as one type: {folder}/part-0.parquet holds int64"
    )


def test_files_that_agree_well_enough(tmp_path: Path) -> None:
    kinds = [pa.int64(), pa.float64(), pa.int8(), pa.null()]
    for i, kind in enumerate(kinds):
        pq.write_table(pa.table({"n": pa.array([None] if kind == pa.null() else [i], kind)}), tmp_path / f"{i}.parquet")
    found = [v for b in as_source(tmp_path).batches([("n", "category")]) for v in decoded(b.field("n").tokens())]
    assert found == [b"0", b"1", b"2", None]
    [joined] = as_source(tmp_path).batches([("n", "category")], 10)
    assert decoded(joined.field("n").tokens()) == [b"0", b"1", b"2", None]


def test_a_field_missing_in_the_second_file(folder: Path) -> None:
    pq.write_table(TABLE.drop_columns(["n"]), folder / "part-9.parquet")
    with pytest.raises(errors.DataError, match=r"n: field is not in .*part-9.parquet"):
        list(as_source(folder).batches(NEEDS))


def test_reading_ahead_leaves_no_thread_behind(folder: Path) -> None:
    def readers() -> list[str]:
        return [t.name for t in threading.enumerate() if t.name.startswith("featurecols-read")]

    found = as_source(folder).batches(NEEDS)
    next(found)
    assert len(readers()) == 1
    found.close()
    assert readers() == []
    list(as_source(folder).batches(NEEDS))
    assert readers() == []
    abandoned = as_source(folder).batches(NEEDS, 4)
    next(abandoned)
    del abandoned
    gc.collect()
    assert readers() == []


def test_an_error_while_reading_ahead_comes_at_its_place(folder: Path) -> None:
    raw = bytearray((folder / "part-3.parquet").read_bytes())
    raw[4:40] = bytes(36)
    (folder / "part-3.parquet").write_bytes(raw)
    found = as_source(folder).batches(NEEDS)
    assert sum(next(found).num_rows for _ in range(7)) == 33
    with pytest.raises(errors.DataError, match=r"part-3\.parquet: row group 0 cannot be read"):
        next(found)


@given(st.lists(st.integers(0, 9), max_size=12), st.integers(1, 12))
@settings(max_examples=100, deadline=None)
def test_any_pieces_in_batches_of_any_size(pieces: list[int], batch_size: int) -> None:
    edges = np.cumsum([0, *pieces]).tolist()
    total = edges[-1]
    parts = []
    for i, (a, b) in enumerate(pairwise(edges)):
        words = pa.array([f"{i % 3}" for i in range(a, b)], pa.string())
        table = pa.table({"s": words.dictionary_encode(), "n": pa.array(range(a, b), pa.int64())})
        parts.append(table if i % 2 else table.to_pandas())
    found = list(as_source(parts).batches(NEEDS, batch_size))
    sizes = [batch_size] * (total // batch_size) + [total % batch_size] * (total % batch_size > 0)
    assert [batch.num_rows for batch in found] == (sizes or [0])
    assert [v for b in found for v in decoded(b.field("s").tokens())] == [str(i % 3).encode() for i in range(total)]
    assert [v for b in found for v in bits(b.field("n").numbers().values)] == [float(i).hex() for i in range(total)]
