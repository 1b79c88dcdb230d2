"""fit: as few passes as the columns need, the same plan for any order, and errors in the name of the column."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc

NAN, INF = float("nan"), float("inf")
ROWS = [{"x": float(i % 7), "y": float(i), "job": "abc"[i % 3]} for i in range(40)]
TABLE = pa.Table.from_pylist(ROWS)
ONE_PASS = [
    fc.Numeric("x", default=fc.Median(), normalizer=fc.ZScore()),
    fc.Bucketized("y", fc.Quantiles(4)),
    fc.Vocabulary("job", fc.TopTerms(2)),
]
TWO_PASSES = [fc.Bucketized(fc.Numeric("x", default=fc.Mean(), normalizer=fc.MinMax()), fc.Quantiles(4)), *ONE_PASS[1:]]


# Passes -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "passes"),
    [
        ([fc.Numeric("x")], []),
        (ONE_PASS, [["x", "y_bucketized", "job"]]),
        (TWO_PASSES, [["x", "y_bucketized", "job"], ["x_bucketized"]]),
        ([fc.Numeric("x", normalizer=[fc.ZScore(), fc.Clip(-1, 1), fc.MinMax()])], [["x"], ["x"]]),
        ([fc.Indicator(fc.Crossed([fc.Bucketized("x", fc.Quantiles(3)), "job"], 9))], [["x_bucketized"]]),
        ([fc.Sequence(fc.Numeric("x", default=fc.Mean()), 3)], [["x_sequence"]]),
    ],
)
def test_a_plan_says_how_many_passes_and_why(columns: list[Any], passes: list[list[str]]) -> None:
    data = {"x": [[1.0, 2.0]], "job": ["a"]} if isinstance(columns[0], fc.Sequence) else TABLE
    reads = []

    def source() -> Any:
        reads.append(1)
        return iter([pa.table(data)])

    plan = fc.fit(columns, source)
    assert plan.passes == passes
    assert len(reads) == len(passes)


def test_an_iterator_is_enough_for_one_pass() -> None:
    plan = fc.fit(ONE_PASS, iter([TABLE.slice(0, 11), TABLE.slice(11)]))
    assert plan.to_bytes() == fc.fit(ONE_PASS, TABLE).to_bytes()


def test_an_iterator_is_refused_when_more_passes_are_needed() -> None:
    read = []
    source = (read.append(1) or TABLE for _ in range(2))
    with pytest.raises(fc.PlanError) as caught:
        fc.fit(TWO_PASSES, source)
    for part in (
        "2 passes",
        "pass 1: x, y_bucketized, job",
        "pass 2: x_bucketized",
        "a function that returns a fresh iterator",
    ):
        assert part in str(caught.value)
    assert read == []


def test_columns_that_learn_nothing_read_nothing() -> None:
    def source() -> Any:
        raise AssertionError("nothing is to be read")

    assert fc.fit([fc.Numeric("x")], source) == fc.compile([fc.Numeric("x")])


# What is learned ----------------------------------------------------------------------------------------------------


def learned(plan: fc.Plan) -> dict[str, Any]:
    return {
        f"{plan._graph.nodes[i].name}.{slot}.{name}": np.asarray(a).tolist()
        for i, slots in plan._learned.items()
        for slot, arrays in slots.items()
        for name, a in arrays.items()
    }


def test_literal_answers() -> None:
    data = {"x": [4.0, 1.0, NAN, 2.0, 1.0, None], "job": ["b", "a", None, "c", "b", "a"]}
    columns = [
        fc.Numeric("x", default=fc.Median(), normalizer=[fc.ZScore(), fc.MinMax()]),
        fc.Bucketized("x", fc.Quantiles(2)),
        fc.Vocabulary("job", fc.TopTerms(2)),
    ]
    found = learned(fc.fit(columns, data))
    assert found["x.default.value"] == 1.0
    assert found["x.normalizer_0.mean"] == 2.0
    assert found["x.normalizer_0.std"] == 1.5**0.5
    assert found["x.normalizer_0.count"] == 4
    assert found["x.normalizer_1.min"] == -1 / 1.5**0.5
    assert found["x.normalizer_1.max"] == 2 / 1.5**0.5
    assert found["x_bucketized.boundaries.boundaries"] == [2.0]
    assert bytes(found["job.terms.data"]) == b"ab"
    assert found["job.terms.counts"] == [2, 2]


def test_equal_requests_are_learned_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from featurecols.analyzers.top_terms import TermCounts

    calls = []
    real = TermCounts.update
    monkeypatch.setattr(TermCounts, "update", lambda self, state, value: calls.append(1) or real(self, state, value))
    columns = [
        fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2)), name="a"),
        fc.Embedding(fc.Vocabulary("job", fc.TopTerms(2)), name="b"),
        fc.Indicator(fc.Vocabulary("job", fc.TopTerms(1), num_oov_buckets=2), name="c"),
    ]
    fc.fit(columns, TABLE)
    assert calls == [1]


def test_learned_values_are_read_only() -> None:
    plan = fc.fit(ONE_PASS, TABLE)
    for slots in plan._learned.values():
        for arrays in slots.values():
            assert not any(a.flags.writeable for a in arrays.values())


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_change_nothing(threads: int) -> None:
    assert fc.fit(TWO_PASSES, TABLE, threads=threads).to_bytes() == fc.fit(TWO_PASSES, TABLE).to_bytes()


def test_any_order_and_sharding_of_files_gives_the_same_bytes(tmp_path: Path) -> None:
    want = fc.fit(TWO_PASSES, TABLE).to_bytes()
    shuffled = TABLE.take(pa.array(np.random.default_rng(5).permutation(len(TABLE))))
    for n, size in ((1, 7), (4, 3)):
        folder = tmp_path / str(n)
        folder.mkdir()
        for i in range(n):
            part = shuffled.slice(i * 10, 10) if n > 1 else shuffled
            pq.write_table(part, folder / f"{9 - i}.parquet", row_group_size=size, use_dictionary=bool(i % 2))
        assert fc.fit(TWO_PASSES, folder).to_bytes() == want


def test_missing_markers_are_not_learned() -> None:
    column = fc.Numeric(fc.Field("x", missing=(-999, "?")), default=fc.Mean())
    assert learned(fc.fit([column], {"x": [1, -999, 3]}))["x.default.value"] == 2.0


def test_a_column_that_only_learns_its_source_keeps_the_name_of_the_source() -> None:
    plan = fc.fit([fc.Indicator(fc.Vocabulary("job", fc.TopTerms(1)))], TABLE)
    assert plan.feature_names == ("job_indicator=a",)


# Progress -----------------------------------------------------------------------------------------------------------


def test_progress_counts_rows_over_all_passes() -> None:
    calls: list[tuple[int, int | None]] = []
    fc.fit(
        TWO_PASSES,
        lambda: iter([TABLE.slice(0, 30), TABLE.slice(30)]),
        progress=lambda done, total: calls.append((done, total)),
    )
    assert [done for done, _ in calls] == [30, 40, 70, 80]
    calls.clear()
    fc.fit(TWO_PASSES, TABLE, progress=lambda done, total: calls.append((done, total)))
    assert calls == [(40, 80), (80, 80)]


# Bad data -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "data", "row", "says"),
    [
        (fc.Numeric("x", normalizer=fc.ZScore(), name="n"), {"x": [1.0, 2.0, INF]}, 2, ("n:", "'x'", "inf")),
        (fc.Numeric("x", normalizer=fc.MinMax(), name="n"), {"x": [1.0, -INF]}, 1, ("n:", "'x'", "inf")),
        (fc.Numeric("x", default=fc.Mean(), name="n"), {"x": ["a", "b"]}, 0, ("n:", "'x'", "'a'")),
        (fc.Vocabulary("v", fc.TopTerms(3), name="n"), {"v": ["a", "b\ud800"]}, 1, ("n:", "'v'", "surrogate")),
        (fc.Vocabulary("v", fc.TopTerms(3), name="n"), {"v": [1.0, 0.5]}, 1, ("n:", "'v'", "0.5")),
        (fc.Bucketized("x", fc.Quantiles(3), name="n"), {"x": [None, None]}, None, ("n:", "'x'", "learn from")),
        (fc.Numeric("x", default=fc.Median(), name="n"), {"x": []}, None, ("n:", "'x'", "learn from")),
        (fc.Numeric("x", normalizer=fc.ZScore(), name="n"), {"y": [1.0]}, None, ("x:", "field is not in the data")),
    ],
)
def test_what_cannot_be_learned_is_said_by_column_field_and_row(
    column: Any, data: dict[str, Any], row: int | None, says: tuple[str, ...]
) -> None:
    good = {k: v[:1] if row else v for k, v in data.items()}
    for source, shift in ((data, 0), ([pa.table(good), pd.DataFrame(data, dtype=object)] if row else data, 1 if row else 0)):
        with pytest.raises(fc.DataError) as caught:
            fc.fit([column], iter(source) if isinstance(source, list) else source)
        for part in says:
            assert part in str(caught.value)
        assert caught.value.row == (None if row is None else row + shift)


def test_a_failed_fit_leaves_no_temporary_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tempfile

    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("FEATURECOLS_TERM_MEMORY", "1")
    words = pa.table({"v": [f"{i:0200d}" for i in range(20_000)]})

    def source() -> Any:
        yield words
        yield words
        raise RuntimeError("the source broke")

    with pytest.raises(RuntimeError, match="the source broke"):
        fc.fit([fc.Vocabulary("v", fc.TopTerms(3))], source())
    assert list(tmp_path.iterdir()) == []


# From the codes of files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("options", [{}, {"use_dictionary": False}, {"row_group_size": 1_700}, {"data_page_size": 4_000}])
@pytest.mark.parametrize("threads", [1, 2, 7])
def test_codes_of_parquet_teach_what_their_rows_teach(tmp_path: Path, options: dict[str, Any], threads: int) -> None:
    rng = np.random.default_rng(8)
    x = np.round(rng.normal(0, 1e3, 6_000), 1)
    table = pa.table(
        {
            "x": pa.array(x, mask=rng.random(6_000) < 0.2),
            "n": pa.array(rng.integers(-9, 9, 6_000), pa.int32()),
            "job": pa.array([None if i % 9 == 0 else f"j{int(v) % 400}" for i, v in enumerate(x)]),
        }
    )
    columns = [
        fc.Numeric("x", default=fc.Median(), normalizer=[fc.Clip(-900, 900), fc.ZScore(), fc.MinMax()]),
        fc.Numeric("n", dtype="float32", normalizer=fc.ZScore()),
        fc.Bucketized("x", fc.Quantiles(20)),
        fc.Vocabulary("job", fc.TopTerms(None)),
    ]
    pq.write_table(table, tmp_path / "rows.parquet", **options)
    assert fc.fit(columns, tmp_path, threads=threads).to_bytes() == fc.fit(columns, table).to_bytes()


def test_an_infinite_number_in_codes_is_told_with_its_row(tmp_path: Path) -> None:
    x = [float(i % 7) for i in range(5_000)]
    x[4_321] = float("inf")
    pq.write_table(pa.table({"x": x}), tmp_path / "rows.parquet", row_group_size=2_000)
    with pytest.raises(fc.DataError, match="infinity cannot be learned from") as caught:
        fc.fit([fc.Numeric("x", normalizer=fc.ZScore())], tmp_path)
    assert caught.value.row == 4_321


@pytest.mark.parametrize(
    ("x", "row", "says"),
    [
        ([0.0, 3.0, -1.0, -2.0], 2, "x: Log1p needs numbers above -1 in field 'x' at row 2, got -1.0; "),
        ([0.0, 3.0, -1.5, -1.0], 2, "x: Log1p needs numbers above -1 in field 'x' at row 2, got -1.5; "),
        ([0.0, NAN, 3.0, -INF], 3, "x: infinity cannot be learned from in field 'x' at row 3, got -inf; "),
    ],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_e1_what_has_no_logarithm_is_not_left_out(x: list[float], row: int, says: str, chunked: bool, tmp_path: Path) -> None:
    """E1: fit names the row, as transform does; also where numbers come as codes."""
    column, table = fc.Numeric("x", default=0, normalizer=[fc.Log1p(), fc.ZScore()]), pa.table({"x": x})
    if chunked:
        row += 4_000
        table = pa.table({"x": [0.5, 2.0] * 2_000 + x})
        pq.write_table(table, tmp_path / "rows.parquet", row_group_size=1_500)
    with pytest.raises(fc.DataError) as caught:
        fc.fit([column], tmp_path if chunked else table)
    assert (caught.value.subject, caught.value.field, caught.value.row) == ("x", "x", row)
    assert says in str(caught.value) or chunked
    plan = fc.compile([fc.Numeric("x", default=0, normalizer=[fc.Log1p(), fc.ZScore(mean=1, std=2)])])
    for run in (plan.transform, plan.encode):
        with pytest.raises(fc.DataError) as caught:
            run(table)
        assert caught.value.row == row
    with pytest.raises(fc.DataError):
        plan.transform_row({"x": table["x"][row].as_py()})


def test_e1_what_is_let_through_is_left_out_while_learning() -> None:
    """E1, F12: with default=nan, numbers without a logarithm and infinite ones teach nothing, as missing ones do."""
    x = [0.0, -1.0, 3.0, -2.0, INF, -INF, NAN, None]
    for normalizer, kept in (
        ([fc.Log1p(), fc.ZScore()], [0.0, 3.0]),
        (fc.MinMax(), [0.0, -1.0, 3.0, -2.0]),
        ([fc.Clip(-5, 5), fc.ZScore()], [0.0, -1.0, 3.0, -2.0, 5.0, -5.0]),
    ):
        column = fc.Numeric("x", default=NAN, normalizer=normalizer)
        assert fc.fit([column], {"x": x}).to_bytes() == fc.fit([column], {"x": kept}).to_bytes()


def test_e2_a_bucketing_that_is_constant_is_a_warning() -> None:
    """E2: all values equal give one bucket, and a warning that names the column; boundaries that are there give none."""
    with pytest.warns(UserWarning, match="x_bucketized: all values are equal, so that there is one bucket, a constant"):
        plan = fc.fit([fc.Bucketized("x", fc.Quantiles(4))], {"x": [3.0, None, 3.0]})
    assert plan.encode({"x": [1.0, 3.0, None]}).ids["x_bucketized"].values.tolist() == [0, 0, -1]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fc.fit([fc.Bucketized("x", fc.Quantiles(2))], {"x": [0.0] * 95 + [1.0, 2.0, 3.0, 4.0, 5.0]})


@pytest.mark.parametrize(
    "data", [{"k": [None, None]}, {"k": pa.array([], pa.string())}, {"k": ["?", None]}, [], {"k": [[], None]}]
)
def test_e3_terms_of_no_values_are_an_error(data: Any) -> None:
    """E3: as for ZScore, Mean and Quantiles."""
    column = fc.Vocabulary(fc.Field("k", missing="?"), fc.TopTerms(5), num_oov_buckets=2)
    with pytest.raises(fc.DataError, match="k: no value to learn from, all are missing in field 'k'; give data with values"):
        fc.fit([column], data)


def test_e3_terms_that_are_all_rare_are_a_warning() -> None:
    """E3: nothing is missing, but no term is frequent enough."""
    with pytest.warns(UserWarning, match="k: no term occurs 2 times, so that there are no terms"):
        assert fc.fit([fc.Indicator(fc.Vocabulary("k", fc.TopTerms(5, 2)))], {"k": ["a", "b"]}).width == 0
