"""Plan: what it is made of, what it gives, what it says of itself, and what it refuses."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import featurecols as fc
from featurecols._core.buckets import Bucket

DATA = {"age": [31.0, None, 70.0], "job": ["nurse", "pilot", None], "tags": [["a", "b"], [], ["b"]]}
COLUMNS = [
    fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore(mean=31, std=10)),
    fc.Indicator(fc.Bucketized("age", [18, 65])),
    fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2), num_oov_buckets=1)),
    fc.Embedding(fc.Hashed("tags", 10), 2),
    fc.Sequence(fc.Indicator(fc.Vocabulary("tags", ["a", "b"], name="t")), 2),
]
ROW = {"age": 70.0, "job": "clown", "tags": ["b"]}
TABLE = {"tags_embedding": np.arange(20, dtype=np.float32).reshape(10, 2)}


@pytest.fixture(scope="module")
def plan() -> fc.Plan:
    return fc.fit(COLUMNS, DATA).with_tables(TABLE)


# What it gives ------------------------------------------------------------------------------------------------------


def test_transform_is_one_matrix_in_declared_order(plan: fc.Plan) -> None:
    got = plan.transform(DATA)
    assert got.dtype == np.float32
    assert got.flags.c_contiguous
    # tags a and b hash to 0 and 5, rows (0, 1) and (10, 11) of the table
    assert got.tolist() == [
        [0, 0, 1, 0, 1, 0, 0, 5, 6, 1, 0, 0, 1],
        [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0],
        [pytest.approx(3.9), 0, 0, 1, 0, 0, 0, 10, 11, 0, 1, 0, 0],
    ]


def test_encode_holds_ids_where_transform_holds_cells(plan: fc.Plan) -> None:
    features = plan.encode(DATA)
    assert len(features) == 3
    assert features.dense.tolist() == [[0], [0], [pytest.approx(3.9)]]
    assert {name: ids.values.tolist() for name, ids in features.ids.items()} == {
        "age_bucketized_indicator": [1, -1, 2],
        "job_indicator": [0, 1, -1],
        "tags_embedding": [0, 5, 5],
        "t_indicator_sequence": [0, 1, 1],
    }
    assert features.ids["tags_embedding"].offsets.tolist() == [0, 2, 2, 3]
    assert {name: v.tolist() for name, v in features.lengths.items()} == {"t_indicator_sequence": [2, 0, 1]}
    assert features.slots == plan.encoded_slots


def test_slots_say_what_is_where(plan: fc.Plan) -> None:
    assert [(s.name, s.kind, s.start, s.stop, s.shape) for s in plan.matrix_slots] == [
        ("age", "dense", 0, 1, ()),
        ("age_bucketized_indicator", "dense", 1, 4, (3,)),
        ("job_indicator", "dense", 4, 7, (3,)),
        ("tags_embedding", "dense", 7, 9, (2,)),
        ("t_indicator_sequence", "dense", 9, 13, (2, 2)),
    ]


def test_transform_row_is_a_row_of_transform(plan: fc.Plan) -> None:
    got = plan.transform_row(ROW)
    assert got.shape == (13,)
    assert got.tobytes() == plan.transform([ROW])[0].tobytes()


def test_files_iterators_and_functions_are_read(plan: fc.Plan, tmp_path: Path) -> None:
    table, want = pa.table(DATA), plan.transform(DATA).tobytes()
    for name in ("b.parquet", "a.parquet"):
        pq.write_table(table, tmp_path / name, row_group_size=2)
    assert plan.transform(str(tmp_path / "a.parquet")).tobytes() == want
    assert plan.transform(tmp_path).tobytes() == want * 2
    assert plan.transform(str(tmp_path / "*.parquet")).tobytes() == want * 2
    assert (
        plan.transform(iter([table, dict(zip(table.column_names, table.columns, strict=True)), table.to_pandas()])).tobytes()
        == want * 3
    )
    assert plan.transform(lambda: iter([table, table])).tobytes() == want * 2
    assert len(plan.encode(iter([table, table]))) == 6


def test_only_the_fields_of_the_plan_are_read(tmp_path: Path) -> None:
    plan = fc.compile([fc.Numeric("x")])
    assert plan.transform({"x": [1.0], "y": [object()]}).tolist() == [[1]]
    assert plan.transform(pd.DataFrame({"x": [1.0], "y": [object()]})).tolist() == [[1]]
    assert plan.transform_row({"x": 1.0, "y": object()}).tolist() == [1]


def test_batches_come_in_order_and_in_size(plan: fc.Plan) -> None:
    got = list(plan.transform_batches(pa.table(DATA), 2))
    assert [len(m) for m in got] == [2, 1]
    assert np.concatenate(got).tobytes() == plan.transform(DATA).tobytes()
    assert [len(f) for f in plan.encode_batches(pa.table(DATA), 2)] == [2, 1]


def test_a_batch_is_made_when_it_is_asked_for(plan: fc.Plan) -> None:
    read = []

    def tables() -> Any:
        for i in range(1000):
            read.append(i)
            yield pa.table(DATA)

    next(iter(plan.transform_batches(tables(), 3)))
    assert len(read) < 10


def test_no_rows_give_no_rows(plan: fc.Plan) -> None:
    empty = {"age": [], "job": [], "tags": []}
    for data in (empty, pa.table(DATA).slice(0, 0), iter([]), [empty][:0] or pd.DataFrame(DATA)[:0]):
        assert plan.transform(data).shape == (0, 13)
    assert len(plan.encode(iter([]))) == 0
    assert plan.encode(iter([])).ids.keys() == plan.encode(DATA).ids.keys()


def test_threads_are_counted_from_the_environment(plan: fc.Plan, monkeypatch: pytest.MonkeyPatch) -> None:
    want = plan.transform(DATA).tobytes()
    monkeypatch.setenv("FEATURECOLS_THREADS", "3")
    assert plan.transform(DATA).tobytes() == want
    monkeypatch.setenv("FEATURECOLS_THREADS", "many")
    with pytest.raises(fc.ColumnError, match=r"FEATURECOLS_THREADS.*'many'"):
        plan.transform(DATA)


@pytest.mark.parametrize("threads", [0, -1, 1.0, "2", True])
def test_threads_are_a_positive_integer(plan: fc.Plan, threads: Any) -> None:
    with pytest.raises(fc.ColumnError, match="threads: must be a positive integer"):
        plan.transform(DATA, threads=threads)


# What it says of itself ---------------------------------------------------------------------------------------------


def test_names_say_what_each_cell_is(plan: fc.Plan) -> None:
    assert plan.feature_names == (
        "age",
        "age_bucketized_indicator=< 18",
        "age_bucketized_indicator=[18, 65)",
        "age_bucketized_indicator=>= 65",
        "job_indicator=nurse",
        "job_indicator=pilot",
        "job_indicator=<unseen>",
        "tags_embedding[0]",
        "tags_embedding[1]",
        "t_indicator_sequence[step 0: a]",
        "t_indicator_sequence[step 0: b]",
        "t_indicator_sequence[step 1: a]",
        "t_indicator_sequence[step 1: b]",
    )
    assert plan.width == 13


def test_describe_says_column_and_meaning(plan: fc.Plan) -> None:
    meaning = plan.describe(2)
    assert (meaning.index, meaning.name, meaning.label) == (2, "age_bucketized_indicator=[18, 65)", "[18, 65)")
    assert meaning.column == COLUMNS[1]
    assert meaning.reads == ("age",)
    assert plan.describe(-1) == plan.describe(12)
    for index in (13, -14):
        with pytest.raises(fc.PlanError, match=f"below 13, got {index}"):
            plan.describe(index)


def test_describe_asks_for_a_place(plan: fc.Plan) -> None:
    for index in (1.0, None, ["age"]):
        with pytest.raises(fc.PlanError, match=r"describe: needs a position or a name, got .*; see plan\.feature_names"):
            plan.describe(index)  # type: ignore[arg-type]


def test_describe_takes_a_name(plan: fc.Plan) -> None:
    assert plan.describe("job_indicator=pilot") == plan.describe(5)
    with pytest.raises(fc.PlanError) as caught:
        plan.describe("job_indicator=pilots")
    assert str(caught.value) == (
        "describe: no feature has this name, got 'job_indicator=pilots'; did you mean 'job_indicator=pilot'?"
    )


def test_a_meaning_is_a_table(plan: fc.Plan) -> None:
    assert str(plan.describe(5)).splitlines() == [
        "feature  5",
        "name     job_indicator=pilot",
        "means    job_indicator is 'pilot'",
        "from     job",
        "column   Indicator(Vocabulary('job', TopTerms(2), num_oov_buckets=1))",
    ]
    assert repr(plan.describe(8)).splitlines()[2] == "means    element 1 of tags_embedding"
    one = fc.compile([fc.Numeric("age", shape=1, default=[2.5])]).describe(0)
    assert str(one).splitlines() == [
        "feature  0",
        "name     age[0]",
        "from     age",
        "column   Numeric('age', shape=(1,), default=(2.5,))",
        "filled   missing counts as 2.5",
    ]
    found = fc.compile([fc.Vocabulary("job", ["nurse", "cook"], unseen=1)]).describe_id("job", 1)
    assert (found.index, found.name, found.label, found.bucket) == (1, "job=cook", "cook", Bucket("term", 1, "cook"))
    assert type(found) is type(one)
    assert str(found).splitlines() == [
        "id      1",
        "name    job=cook",
        "means   job is 'cook'",
        "from    job",
        "column  Vocabulary('job', ('nurse', 'cook'), unseen=1)",
        "filled  unseen counts as 'cook'",
    ]


def test_an_explanation_says_what_was_filled() -> None:
    columns = [
        fc.Numeric(fc.Field("age", missing=-1), default=fc.Mean(), normalizer=fc.ZScore()),
        fc.Numeric("size", shape=2, default=(1, 2)),
        fc.Indicator(fc.Vocabulary("job", ["nurse", "cook"], unseen=1)),
        fc.Indicator(fc.Identity("floor", 3, out_of_range=2)),
        fc.Indicator(fc.Weighted(fc.Vocabulary("tag", ["a"]), "score", default=0.5)),
        fc.Sequence(fc.Numeric("clicks", default=7), 2),
        fc.Hashed("city", 5),
    ]
    row = {"age": -1, "size": [], "job": "pilot", "floor": 9, "tag": ["a"], "score": [None], "clicks": [1, None], "city": None}
    data = {"age": [10, 20], "size": [[1, 2]] * 2, "clicks": [[1]] * 2} | {
        k: [row[k]] * 2 for k in ("job", "floor", "tag", "score", "city")
    }
    plan = fc.fit(columns, data)
    found = plan.explain(row)
    assert found.filled == (
        "age: missing counts as 15",
        "size: missing counts as 1, 2",
        "job: unseen counts as 'cook'",
        "floor: an id out of range counts as 2",
        "score: a missing weight counts as 0.5",
        "clicks: missing counts as 7",
    )
    assert str(found).splitlines()[-6:] == [f"filled    {text}" for text in found.filled]
    assert "<td" in found._repr_html_()
    assert "size: missing counts as 1, 2" in found._repr_html_()
    full = {"age": 15, "size": [0, 0], "job": "cook", "floor": 1, "tag": ["a"], "score": [1], "clicks": [1], "city": "Rome"}
    assert plan.explain(full).filled == ()


def test_explain_says_which_values_lit_what(plan: fc.Plan) -> None:
    lit = plan.explain(ROW).features
    assert [(meaning.index, value) for meaning, value, _ in lit] == [
        *((0, pytest.approx(3.9)), (3, 1), (6, 1)),
        *((7, 10), (8, 11), (10, 1)),
    ]
    assert [reads for _, _, reads in lit][2] == {"job": "clown"}
    assert str(plan.explain(ROW)).splitlines() == [
        "6 of 13 features are not zero",
        "features  value  name                             from",
        "0         3.9    age                              age=70.0",
        "3         1      age_bucketized_indicator=>= 65   age=70.0",
        "6         1      job_indicator=<unseen>           job='clown'",
        "7:9       10 11  tags_embedding                   tags=['b']",
        "10        1      t_indicator_sequence[step 0: b]  tags=['b']",
    ]


def test_a_plan_prints_as_a_table(plan: fc.Plan) -> None:
    lines = repr(plan).splitlines()
    assert lines[0] == f"Plan of 5 columns, 13 features, 3 fields, fingerprint {plan.fingerprint}"
    assert lines[1].split() == ["features", "name", "kind", "reads", "ids"]
    assert lines[5].split() == ["7:9", "tags_embedding", "Embedding", "tags", "10"]
    assert len(lines) == 7


def test_one_of_each_is_no_plural() -> None:
    assert repr(fc.compile([fc.Numeric("age")])).startswith("Plan of 1 column, 1 feature, 1 field, fingerprint ")


def test_features_print_as_shapes(plan: fc.Plan) -> None:
    weighted = fc.Embedding(fc.Weighted(fc.Hashed("tags", 10), "w"), 2)
    assert repr(fc.compile([weighted]).encode({"tags": [["a", "b"], ["a"]], "w": [[1, 2], [3]]}).slice(0, 1)).splitlines() == [
        "Features of 1 row",
        "dense float32 (1, 0)",
        "ids['tags_weighted_by_w_embedding'] int32, 2 in lists, of 10, with weights",
    ]
    assert repr(plan.encode(DATA)).splitlines() == [
        "Features of 3 rows",
        "dense float32 (3, 1)",
        "ids['age_bucketized_indicator'] int32, one a row, of 3",
        "ids['job_indicator'] int32, one a row, of 3",
        "ids['tags_embedding'] int32, 3 in lists, of 10",
        "ids['t_indicator_sequence'] int32, 3 in lists, of 2",
        "lengths['t_indicator_sequence'] int64",
    ]


def test_what_is_read_and_learned_is_listed(plan: fc.Plan) -> None:
    assert plan.input_uses == {"age": frozenset({"number"}), "job": frozenset({"category"}), "tags": frozenset({"category"})}
    assert plan.fields == (fc.Field("age"), fc.Field("job"), fc.Field("tags"))
    assert plan.passes == [["age", "job"]]
    assert plan.columns == tuple(COLUMNS)
    assert fc.columns_from_json(plan.to_json()) == plan.columns


def test_names_are_unique_whatever_the_terms_are() -> None:
    columns = [
        fc.Indicator(fc.Vocabulary("v", [b"\xff", b"\\xff", b"\\xff#1"])),
        fc.Indicator(fc.Vocabulary("v", ["<unseen>", "a"], num_oov_buckets=1, name="u")),
        fc.Indicator(fc.Vocabulary("v", ["unseen 0"], num_oov_buckets=2, name="w")),
        fc.Numeric("x", name="v_indicator=\\xff"),
    ]
    plan = fc.compile(columns)
    assert len(set(plan.feature_names)) == plan.width == 3 + 3 + 3 + 1


def test_a_plan_too_wide_for_names_still_describes() -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed("city", 2**31 - 1))])
    with pytest.raises(fc.PlanError, match="describe"):
        len(plan.feature_names)
    assert "hash 123456789" in str(plan.describe(123_456_789))
    assert "2,147,483,647 features" in repr(plan)


# Equal plans --------------------------------------------------------------------------------------------------------


def test_plans_are_equal_by_what_they_compute(plan: fc.Plan) -> None:
    assert plan == fc.fit(COLUMNS, DATA).with_tables(TABLE)
    assert hash(plan) == hash(fc.fit(COLUMNS, DATA).with_tables(TABLE))
    assert plan != fc.fit(COLUMNS, DATA)
    assert plan != fc.fit(COLUMNS[:-1], DATA)
    assert plan != "plan"


def test_equal_columns_are_computed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from featurecols.columns.bucketized import BucketizedBound

    calls = []
    real = BucketizedBound.ids
    monkeypatch.setattr(BucketizedBound, "ids", lambda self, *inputs: calls.append(1) or real(self, *inputs))

    def bands() -> fc.Bucketized:
        return fc.Bucketized("age", [18, 65])

    columns = [fc.Indicator(bands()), fc.Indicator(fc.Crossed([bands(), "job"], 7)), fc.Embedding(bands(), 2)]
    fc.compile(columns).transform(DATA)
    assert calls == [1]


# Tables -------------------------------------------------------------------------------------------------------------


def test_tables_are_replaced_and_copied(plan: fc.Plan) -> None:
    mine = np.ones((10, 2), np.float32)
    other = plan.with_tables({"tags_embedding": mine})
    mine[:] = 7
    assert other.trained_tables["tags_embedding"].tolist() == [[1, 1]] * 10
    assert plan.trained_tables["tags_embedding"].tolist() == TABLE["tags_embedding"].tolist()
    with pytest.raises(ValueError, match="read-only"):
        other.trained_tables["tags_embedding"][0] = 5
    assert other.fingerprint == plan.fingerprint
    assert other.tables_digest != plan.tables_digest


def test_initial_tables_are_made_on_first_use(plan: fc.Plan) -> None:
    fresh = fc.fit(COLUMNS, DATA)
    assert fresh.trained_tables == {}
    assert fresh.tables["tags_embedding"].shape == (10, 2)
    assert fc.fit(COLUMNS, DATA).tables["tags_embedding"].tobytes() == fresh.tables["tags_embedding"].tobytes()


@pytest.mark.parametrize(
    ("tables", "says"),
    [
        ({"tags": np.ones((10, 2))}, "no column has this table, got 'tags'"),
        ({"tags_embedding": np.ones((9, 2))}, r"must be \(10, 2\), got \(9, 2\)"),
        ({"tags_embedding": np.ones(20)}, "two dimensions"),
        ({"tags_embedding": np.where(np.eye(10, 2) == 1, np.nan, 0)}, r"is not finite at \[0, 0\], got nan"),
        ({"tags_embedding": np.full((10, 2), 1e39)}, r"is not finite at \[0, 0\], got inf; .* float32 holds"),
    ],
)
def test_tables_that_do_not_fit_are_refused(plan: fc.Plan, tables: dict[str, Any], says: str) -> None:
    with pytest.raises(fc.PlanError, match=says):
        plan.with_tables(tables)


def test_a_number_that_is_not_finite_is_found_in_a_large_table() -> None:
    table = np.zeros((700_000, 2), np.float32)
    table[600_001, 1] = np.inf
    with pytest.raises(fc.PlanError, match=r"is not finite at \[600001, 1\], got inf"):
        fc.compile([fc.Embedding(fc.Hashed("h", 700_000), 2)]).with_tables({"h_embedding": table})


# What it refuses ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        ([], "must not be empty"),
        ("age", "must be a list of columns"),
        (fc.Numeric("age"), "must be a list of columns"),
        (5, "must be a list of columns"),
        (["age"], "must all be columns, got 'age'"),
        ([fc.Field("age")], r"must all be columns, got Field\('age'\)"),
        ([fc.Numeric("age"), fc.Numeric("age", default=1)], "two outputs are named 'age'"),
        ([fc.Numeric("age"), fc.Numeric("age")], "two outputs are named 'age'"),
    ],
)
def test_a_list_of_columns_it_must_be(columns: Any, says: str) -> None:
    for make in (fc.compile, lambda c: fc.fit(c, DATA)):
        with pytest.raises(fc.ColumnError, match=says):
            make(columns)


def test_compile_lists_what_must_be_learned() -> None:
    with pytest.raises(fc.PlanError, match=r"compile: age, job must be learned from data; use fc\.fit"):
        fc.compile(COLUMNS)


def test_a_bare_categorical_is_encoded_and_never_transformed() -> None:
    plan = fc.compile([fc.Numeric("age", default=0), fc.Hashed("job", 5)])
    assert plan.encode(DATA).ids["job"].values.shape == (3,)
    for run in (
        lambda: plan.transform(DATA),
        lambda: plan.transform_row(ROW),
        lambda: next(plan.transform_batches(DATA, 2)),
    ):
        with pytest.raises(fc.PlanError, match="got 'job'; wrap it in Indicator or Embedding, or use encode"):
            run()
    assert "job" in repr(plan)


def test_what_describes_a_plan_needs_no_matrix() -> None:
    age, floor = fc.Numeric("age", default=0), fc.Indicator(fc.Identity("floor", 2))
    plan = fc.compile([fc.Vocabulary("job", ["nurse", "cook"]), age, floor])
    assert plan.width == 3
    assert plan.feature_names == ("age", "floor_indicator=0", "floor_indicator=1")
    assert plan.encoded_feature_names == ("age", "job=nurse", "job=cook", "floor_indicator=0", "floor_indicator=1")
    assert len(plan.encoded_feature_names) == plan.encode({"job": ["cook"], "age": [1.0], "floor": [0]}).csr_width
    assert [(s.name, s.start, s.stop) for s in plan.matrix_slots] == [("age", 0, 1), ("floor_indicator", 1, 3)]
    assert [(s.name, s.num_buckets) for s in plan.encoded_slots] == [("job", 2), ("age", 0), ("floor_indicator", 2)]
    assert plan.describe(2).label == "1"
    assert plan.describe("age").column == age
    assert plan.describe_id("floor_indicator", 1).label == "1"
    assert [(m.index, value) for m, value, _ in plan.explain({"job": "cook", "age": 2.0, "floor": 1}).features] == [
        (0, 2.0),
        (2, 1.0),
    ]
    wide = fc.compile([fc.Hashed("city", 2**31 - 1)])
    assert (wide.width, wide.feature_names, wide.matrix_slots) == (0, (), ())
    with pytest.raises(fc.PlanError, match=r"encoded_feature_names: a plan this wide has no list of names, got 2147483647"):
        len(wide.encoded_feature_names)
    with pytest.raises(fc.PlanError, match="transform_files: a categorical column gives ids"):
        fc.transform_parquet(wide, "rows.parquet", "out")


@pytest.mark.parametrize(
    "out",
    [
        np.empty((3, 13)),
        np.empty((3, 12), np.float32),
        np.empty((2, 13), np.float32),
        np.empty((4, 13), np.float32),
        np.empty(39, np.float32),
        [[0.0] * 13] * 3,
    ],
)
def test_out_must_fit(plan: fc.Plan, out: Any) -> None:
    with pytest.raises(fc.PlanError, match="out"):
        plan.transform(DATA, out=out)
    with pytest.raises(fc.PlanError, match="out"):
        plan.transform(iter([pa.table(DATA)]), out=out)


def test_out_must_be_writable(plan: fc.Plan) -> None:
    out = np.zeros((3, 13), np.float32)
    out.setflags(write=False)
    with pytest.raises(fc.PlanError, match="read-only"):
        plan.transform(DATA, out=out)
    assert not out.any()


def test_out_must_begin_where_a_number_may(plan: fc.Plan) -> None:
    out = np.zeros(3 * 13 * 4 + 4, np.uint8)[1:-3].view(np.float32).reshape(3, 13)
    for threads in (1, 2):
        with pytest.raises(fc.PlanError, match="out does not begin at a multiple of 4 bytes"):
            plan.transform(DATA, out=out, threads=threads)
    assert not out.any()


def test_a_missing_field_offers_near_names(plan: fc.Plan) -> None:
    data = {"Age": [1.0], "job": ["a"], "tags": [["a"]]}
    for run in (plan.transform, plan.encode, lambda d: plan.transform_row({k: v[0] for k, v in d.items()})):
        with pytest.raises(fc.DataError, match=r"age: field is not in the data; did you mean 'Age'\?"):
            run(data)


def test_rows_count_from_the_start_of_all_data(plan: fc.Plan) -> None:
    good, bad = pa.table(DATA), pd.DataFrame({**DATA, "tags": [["a"], ["b"], ["\ud800"]]})
    for run in (
        plan.transform,
        plan.encode,
        lambda d: list(plan.transform_batches(d, 2)),
        lambda d: list(plan.encode_batches(d, 2)),
    ):
        with pytest.raises(fc.DataError) as caught:
            run(iter([good, good, bad]))
        assert caught.value.row == 8


@pytest.mark.parametrize("data", [None, 5, object(), [1, 2], np.zeros((2, 2)), "nowhere.parquet", Path("nowhere"), {"age": 5}])
def test_what_is_no_data_is_refused(plan: fc.Plan, data: Any) -> None:
    with pytest.raises(fc.DataError):
        plan.transform(data)


def test_fields_of_other_lengths_are_refused(plan: fc.Plan) -> None:
    with pytest.raises(fc.FeatureColumnsError):
        plan.transform({**DATA, "job": ["nurse"]})


@pytest.mark.parametrize("row", [None, [1, 2], "age", 5, pd.DataFrame(DATA)])
def test_a_row_is_a_dict(plan: fc.Plan, row: Any) -> None:
    with pytest.raises(fc.PlanError, match=r"transform_row: needs a dict .* frame\.iloc\[i\]\.to_dict\(\)"):
        plan.transform_row(row)
    with pytest.raises(fc.PlanError, match="explain: needs a dict"):
        plan.explain(row)


@pytest.mark.filterwarnings("ignore:.*no term occurs")
def test_a_row_of_no_cells_is_a_row() -> None:
    plan = fc.fit([fc.Indicator(fc.Vocabulary("job", fc.TopTerms(5, min_count=2)))], {"job": ["cook"]})
    assert plan.transform_row({"job": "nurse"}).tobytes() == plan.transform({"job": ["nurse"]}).tobytes() == b""
    assert str(plan.explain({"job": "nurse"})).startswith("0 of 0 features")
    with pytest.raises(fc.DataError, match="job: field is not in the data"):
        plan.transform_row({})


def test_a_dense_result_beyond_memory_is_refused_before_anything_is_made() -> None:
    many = {"job": ["nurse"] * 1000}
    plan = fc.compile([fc.Indicator(fc.Hashed("job", 2**31 - 1, seed=i), name=str(i)) for i in range(200)])
    for run in (
        lambda: plan.transform(many),
        lambda: plan.transform(iter([pa.table(many)])),
        lambda: next(plan.transform_batches(pa.table(many), 1)),
        lambda: plan.transform_row({"job": "nurse"}),
    ):
        with pytest.raises(fc.SizeError, match="GiB"):
            run()
    assert plan.encode(many).to_csr().shape == (1000, 200 * (2**31 - 1))


def test_everything_that_grows_past_memory_is_refused_with_its_size():
    steps = fc.compile([fc.Sequence(fc.Numeric("x", shape=(2**20,), default=1), 2**20)])
    table = fc.compile([fc.Embedding(fc.Identity("x", 2**62))])
    product = fc.compile([fc.Crossed(["x"] * 40, 5)])
    for run in (
        lambda: steps.encode({"x": [[1.0]]}),
        lambda: list(steps.encode_batches({"x": [[1.0]]})),
        lambda: table.transform({"x": [1]}),
        lambda: table.transform_row({"x": 1}),
        lambda: product.encode({"x": [[1, 2]]}),
        lambda: fc.compile([fc.Indicator(p) for p in product.columns]).transform_row({"x": [1, 2]}),
    ):
        with pytest.raises(fc.SizeError, match="GiB"):
            run()


# Sparse matrices ----------------------------------------------------------------------------------------------------


def test_encoded_features_are_a_sparse_matrix() -> None:
    plan = fc.compile([fc.Numeric("x"), fc.Vocabulary("job", ["nurse", "cook"]), fc.Hashed("tags", 3)])
    features = plan.encode({"x": [0.5, 0.0], "job": ["cook", "pilot"], "tags": [["a", "a"], []]})
    data, indices, indptr, shape = features.to_csr()
    tag = 3 + plan.encode({"x": [0.0], "job": [None], "tags": [["a"]]}).ids["tags"].values[0]
    assert (data.tolist(), indices.tolist(), indptr.tolist(), shape) == ([0.5, 1.0, 2.0], [0, 2, tag], [0, 3, 3], (2, 6))
    assert (data.dtype, indices.dtype, indptr.dtype) == (np.float32, np.int32, np.int64)
    assert features.to_csr().shape == (len(features), len(plan.encoded_feature_names))


def test_to_scipy_says_what_to_do_without_scipy(monkeypatch: pytest.MonkeyPatch) -> None:
    features = fc.compile([fc.Numeric("x"), fc.Hashed("c", 4)]).encode({"x": [0.5, 0.0], "c": ["a", None]})
    found = features.to_scipy()
    assert (type(found).__name__, found.shape, found.toarray().sum(axis=1).tolist()) == ("csr_matrix", (2, 5), [1.5, 0.0])
    monkeypatch.setitem(sys.modules, "scipy.sparse", None)
    with pytest.raises(fc.PlanError) as caught:
        features.to_scipy()
    hint = 'pip install "featurecols[sparse]", or use to_csr(), whose arrays any library takes'
    assert str(caught.value) == f"to_scipy: SciPy is not installed; {hint}"
    with pytest.raises(AttributeError, match=r"use features\.to_scipy\(\), or features\.to_csr\(\) for the arrays"):
        features.csr()


def test_an_id_that_is_no_integer_is_an_error() -> None:
    plan = fc.compile([fc.Hashed("city", 3)])
    with pytest.raises(fc.PlanError, match="describe_id: id must be an integer, got 'Ulm'"):
        plan.describe_id("city", "Ulm")  # type: ignore[arg-type]
    assert plan.describe_id("city", np.int32(1)).label == "hash 1"
