"""TargetMean: means of a label by category, in plain Python; and folds of rows, as docs/ids.md has them."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

import featurecols as fc
from tests import laws
from tests.example import bits, blocks_of, walk
from tests.golden_ids import read_value
from tests.hashes import murmur3
from tests.laws import Bad, Example, Wrong
from tests.reference import Kind, Row, canonical, float32, fold_of


class TargetMeanReference(Kind):
    """Sums and counts over the training rows, each row looked at again for every value."""

    def category(self, row: Row) -> Any:
        source = self.column.source
        if hasattr(source, "key"):
            value = self.raw(source, row)
            return None if value is None else canonical(value)
        found = self.of(source).ids(row).ids[0]
        return found if found >= 0 else None

    def label(self, row: Row) -> Any:
        value = self.raw(self.column.label, row)
        return canonical(value) if isinstance(value, str) or (value is not None and self.column.label.type == "text") else value

    def classes(self) -> list[bytes]:
        found = {self.label(row) for row in self.reference.train} - {None}
        return sorted(v for v in found if isinstance(v, bytes))

    def targets(self, label: Any) -> list[Fraction]:
        classes = self.classes()
        if not classes:
            return [Fraction(label)]
        return [Fraction(label == c) for c in (classes[1:] if len(classes) == 2 else classes)]

    def width(self) -> int:
        classes = len(self.classes())
        return 1 if classes in (0, 2) else classes

    def fold_by(self) -> list[Any]:
        """The fields that decide the fold: without any, what all columns of the plan read, but for labels."""
        if self.column.fold_by:
            return list(self.column.fold_by)
        every = [c for column in self.reference.columns for c in walk(column)]
        labels = {c.label.key for c in every if hasattr(c, "label")}
        read = {f for c in every for f in (*c.inputs(), *getattr(c, "fold_by", ())) if hasattr(f, "key")}
        found = sorted((f for f in read if f.key not in labels), key=lambda f: f.key)
        mine = {f.key for c in walk(self.column) for f in c.inputs() if hasattr(f, "key")}
        return found if {f.key for f in found} - mine else []

    def fold(self, row: Row) -> int:
        by = self.fold_by()
        if not by:
            raise ValueError("a category would be one fold")
        return fold_of([self.raw(field, row) for field in by], self.column.folds)

    def means(self, row: Row, fold: int | None = None) -> list[float]:
        """The features of one row, made of the training rows outside a fold."""
        labelled = [r for r in self.reference.train if self.label(r) is not None]
        rows = [r for r in labelled if fold is None or self.fold(r) != fold]
        mine = [r for r in rows if self.category(r) == self.category(row)]
        m = float(self.column.smoothing)
        found = []
        for k in range(self.width()):
            basis = rows or labelled
            p = float(sum(self.targets(self.label(r))[k] for r in basis)) / len(basis)
            s, c = float(sum(self.targets(self.label(r))[k] for r in mine)), len(mine)
            found.append((s + m * p) / (c + m) if c + m else p)
        return found

    def numbers(self, row: Row) -> list[float]:
        """What other columns read."""
        return self.means(row)

    def features(self, row: Row) -> list[float]:
        return [float32(x) for x in self.means(row)]

    def training_numbers(self, row: Row) -> list[float]:
        """What other columns read of a training row."""
        return self.means(row, self.fold(row))

    def training(self, row: Row) -> list[float]:
        return [float32(x) for x in self.training_numbers(row)]

    def learned(self, slot: str) -> dict[str, Any]:
        rows = [r for r in self.reference.train if self.label(r) is not None]
        terms = sorted({c for r in rows if (c := self.category(r)) is not None}, key=lambda c: c)
        texts = [struct.pack(">q", c) if isinstance(c, int) else c for c in terms]
        groups = [rows, *([r for r in rows if self.category(r) == c] for c in (None, *terms))]
        folds = range(self.column.folds) if self.fold_by() else ()
        parts = [[g, *([r for r in g if self.fold(r) != fold] for fold in folds), *([] if folds else [[]])] for g in groups]
        sums = [[float(sum(self.targets(self.label(r))[k] for r in p)) for p in g for k in range(self.width())] for g in parts]
        counts = [[len(p) for p in g] for g in parts]
        found = {"term_data": b"".join(texts), "label_counts": counts, "label_sums": sums}
        return {"sums": {**found, "class_data": b"".join(self.classes())}}[slot]


REFERENCE = {fc.TargetMean: TargetMeanReference}
CITIES = ("Rome", None, "Oslo", "Rome", "é", "Oslo", "", "Rome", "Oslo", "Bern", None, "Rome")
ROWS = [
    {
        "city": city,
        "hour": i * 5 % 24,
        "late": None if i == 4 else i % 3 == 0,
        "delay": [0.1, -7.25, 1e6, 3.0][i % 4],
        "kind": "abc"[i % 3],
        "id": i // 2,
    }
    for i, city in enumerate(CITIES)
]
TAGS = (["a"], [], ["a", "b"], ["b", "a"], None, ["c"], ["a", None], [""], ["a"], ["b"], ["c", "c"], [])
EXAMPLES = [
    Example(
        "a field",
        [
            fc.TargetMean("city", "late", smoothing=2, fold_by=["id", "delay"]),
            fc.TargetMean(fc.Hashed("city", 9), "kind", fold_by="id"),
        ],
        rows=[*ROWS, {**ROWS[0], "city": "Ulm"}],
        train=ROWS,
        changes={"source": "hour", "label": "delay", "smoothing": 0, "folds": 2, "fold_by": "hour", "name": "m"},
        wrong=[
            Wrong(lambda: fc.TargetMean(fc.Numeric("x"), "y"), ("source", "Numeric('x')", "Bucketized")),
            Wrong(lambda: fc.TargetMean(fc.Weighted(fc.Hashed("x", 9), "w"), "y"), ("weighted",)),
            Wrong(lambda: fc.TargetMean("x", fc.Hashed("y", 9)), ("label", "Hashed")),  # type: ignore[arg-type]
            Wrong(lambda: fc.TargetMean("x", "x", fold_by="id"), ("label", "'x'")),
            Wrong(lambda: fc.TargetMean("x", "y", smoothing=-1), ("smoothing", "-1")),
            Wrong(lambda: fc.TargetMean("x", "y", folds=1), ("folds", "got 1")),
            Wrong(lambda: fc.TargetMean("x", "y", fold_by=[3]), ("fold_by", "3")),  # type: ignore[list-item]
        ],
        bad=[Bad({"city": [["a"], ["b", "c"]]}, ("city", "one value a row"), 0)],
    ),
    Example(
        "columns of ids",
        [
            fc.TargetMean(fc.Bucketized("delay", fc.Quantiles(3)), "hour", smoothing=0.5, folds=3, fold_by=["late", "hour"]),
            fc.Numeric(
                fc.TargetMean(fc.Crossed(["city", "hour"], 50), "late", fold_by="hour"),
                normalizer=[fc.Clip(0, 0.5), fc.ZScore()],
            ),
            fc.TargetMean("hour", "delay", folds=2, fold_by=["id", "city"]),
        ],
        rows=[*ROWS, {**ROWS[0], "city": "Ulm", "hour": 100, "delay": None}],
        train=ROWS,
    ),
    Example(
        "folds of lists and of texts",
        [
            fc.TargetMean("city", "late", smoothing=1, fold_by=["tags", "id"]),
            fc.TargetMean("city", "late", fold_by="tags", name="t"),
            fc.TargetMean("hour", "delay", folds=7, fold_by="city"),
        ],
        rows=[{**row, "tags": tags} for row, tags in zip(ROWS, TAGS, strict=True)],
    ),
    Example(
        "folds of what others read",
        [
            fc.TargetMean("city", "late", smoothing=1),
            fc.TargetMean("hour", "kind", folds=2),
            fc.TargetMean(fc.Hashed("city", 5), "late", fold_by="id", name="h"),
        ],
        rows=[*ROWS, {**ROWS[0], "city": "Ulm"}],
        train=ROWS,
    ),
    Example("no folds", [fc.TargetMean("city", "late", smoothing=1), fc.Hashed("city", 9)], rows=ROWS),
]

test_laws = laws.of(EXAMPLES)


def test_every_argument_is_tried() -> None:
    laws.covers(fc.TargetMean, EXAMPLES)


COLUMNS = [*EXAMPLES[0].columns, EXAMPLES[1].columns[0], EXAMPLES[1].columns[2]]


def frame() -> pd.DataFrame:
    return pd.DataFrame(ROWS)


def test_without_fold_by_all_fields_of_the_plan_decide() -> None:
    """In the order of their keys; as columns read them, but for what takes texts to pieces; labels aside."""
    hour = fc.Field("hour", missing=-1, type="integer")
    columns = [
        fc.TargetMean("city", "late"),
        fc.Numeric(fc.TargetMean(fc.Hashed(fc.Prefix("city", 1), 9), "late"), normalizer=fc.ZScore(), name="scaled"),
        fc.Numeric(hour),
        fc.TargetMean(fc.Hashed(fc.Prefix("kind", 1), 9), "delay", fold_by="id"),
        fc.Indicator(fc.Hashed(fc.Words("city"), 9)),
    ]
    plan = fc.fit(columns, frame())
    by = ("city", hour, "id", "kind")
    want = [
        columns[0].replace(fold_by=by),
        fc.Numeric(
            fc.TargetMean(fc.Hashed(fc.Prefix("city", 1), 9), "late", fold_by=by), normalizer=fc.ZScore(), name="scaled"
        ),
        *columns[2:],
    ]
    assert plan.columns == tuple(want)
    assert plan == fc.fit(want, frame())
    assert fc.columns_from_json([columns[0].to_json()]) == (columns[0],) == (fc.TargetMean("city", "late", fold_by=()),)
    assert fc.fit(plan.columns[:1], frame()).columns == plan.columns[:1]


def test_what_is_left_to_the_plan_is_decided_once(tmp_path: Path) -> None:
    columns, table = [fc.TargetMean("city", "late"), fc.Numeric("hour")], pa.Table.from_pylist(ROWS)
    plan = fc.fit(columns, table)
    assert plan.columns[0] == fc.TargetMean("city", "late", fold_by=("city", "hour"))
    want = bits(plan.transform_training(table))
    for rows in (table.take(list(range(11, -1, -1))), iter(table.to_batches(5)), lambda: iter(table.to_batches(2))):
        assert fc.fit(columns, rows) == plan
    plan.save(tmp_path / "plan")
    read = fc.load(tmp_path / "plan")
    assert read.columns == plan.columns
    assert bits(read.transform_training(table)) == want
    states = [fc.collect(columns, table.slice(at, 4)) for at in (8, 0, 4)]
    assert fc.finish(columns, states[0].merge(states[1]).merge(states[2])) == plan
    (tmp_path / "two").mkdir()
    for i in range(2):
        pa.parquet.write_table(table.slice(6 * i, 6), tmp_path / "two" / f"{i}.parquet")
    assert fc.fit(columns, tmp_path / "two", processes=2) == plan


ALONE = [lambda c: [c], lambda c: [c, fc.Hashed("city", 9)], lambda c: [c, fc.Numeric("late")]]
NO_FOLDS = r'TargetMean city: training rows need fold_by: no column reads another .*; fold_by="id"'


@pytest.mark.parametrize("columns", ALONE)
def test_without_folds_it_is_learned_and_has_no_training_rows(
    columns: Callable[[fc.TargetMean], list[fc.Column]], tmp_path: Path
) -> None:
    column, rows = fc.TargetMean("city", "late", smoothing=1), frame().dropna()
    plan = fc.fit(columns(column), rows)
    plan.save(tmp_path / "plan")
    assert plan.columns[0] == column == fc.load(tmp_path / "plan").columns[0]
    want = fc.fit([column.replace(fold_by="id")], rows).transform(rows)[:, 0]
    np.testing.assert_array_equal(plan.encode(rows).dense[:, 0], want)
    for training in (plan.transform_training, plan.encode_training)[len(plan.columns) > 1 and plan.columns[1].categorical :]:
        with pytest.raises(fc.ColumnError, match=NO_FOLDS):
            training(rows)


def test_what_learns_from_training_rows_needs_folds_before_it_reads_a_row() -> None:
    column = fc.TargetMean("city", "late")
    with pytest.raises(fc.ColumnError, match=NO_FOLDS):
        fc.collect([fc.Numeric(column, normalizer=fc.ZScore())], pa.table({}))
    scaled = fc.Numeric(column, normalizer=fc.MinMax(min=0, max=2))
    rows = frame()
    np.testing.assert_array_equal(fc.fit([scaled], rows).transform(rows), fc.fit([column], rows).transform(rows) / 2)


def test_random_labels_cannot_be_learned_without_fold_by() -> None:
    """Training rows must not tell their label, neither directly nor turned round."""
    metrics = pytest.importorskip("sklearn.metrics")
    rng = np.random.default_rng(7)
    n = 20_000
    data = pa.table({"city": rng.integers(0, 4000, n), "age": rng.integers(18, 80, n), "clicked": rng.integers(0, 2, n)})
    columns = [fc.TargetMean("city", "clicked"), fc.Numeric("age")]
    plan = fc.fit(columns, data)
    labels = data["clicked"].to_numpy()
    assert abs(metrics.roc_auc_score(labels, plan.transform_training(data)[:, 0]) - 0.5) < 0.015
    assert metrics.roc_auc_score(labels, plan.transform(data)[:, 0]) > 0.7


def test_training_rows_are_not_what_others_are() -> None:
    plan = fc.fit(COLUMNS, pa.Table.from_pylist(ROWS))
    assert plan.feature_names == (
        "city_mean_late", "city_mean_kind[a]", "city_mean_kind[b]", "city_mean_kind[c]", "delay_bucketized_mean_hour",
        "hour_mean_delay",
    )  # fmt: skip
    found = plan.transform_training(pa.Table.from_pylist(ROWS))
    assert not (found == plan.transform(frame())).any(axis=0).all()
    np.testing.assert_array_equal(plan.encode_training(frame()).dense, found)


def test_data_of_all_sorts_trains_alike(tmp_path: Path) -> None:
    table = pa.Table.from_pylist(ROWS)
    plan = fc.fit(COLUMNS, table)
    want = bits(plan.transform_training(table))
    pa.parquet.write_table(table, tmp_path / "rows.parquet", row_group_size=5)
    pa.csv.write_csv(table, tmp_path / "rows.csv")
    (tmp_path / "two").mkdir()
    for i in range(2):
        pa.csv.write_csv(table.slice(6 * i, 6), tmp_path / "two" / f"{i}.csv")
    sources: list[Callable[[], Any]] = [
        lambda: table.to_pydict(), lambda: ROWS, lambda: tmp_path / "rows.parquet", lambda: lambda: iter(table.to_batches(4)),
        lambda: iter(table.to_batches(5)),
    ]  # fmt: skip
    for source in sources:
        other = fc.fit(COLUMNS[:2] + COLUMNS[3:], source())  # one pass is enough
        assert other == fc.fit(COLUMNS[:2] + COLUMNS[3:], table)
        with blocks_of(3):
            assert bits(plan.transform_training(source(), threads=2)) == want
    texts = [
        fc.TargetMean("hour", "kind", fold_by="delay"),
        fc.TargetMean(fc.Crossed(["hour", "id"], 99), "late", fold_by="id"),
    ]  # "" is missing in CSV
    known = fc.fit(texts, table)
    for path in (tmp_path / "rows.csv", tmp_path / "two"):
        read = fc.fit(texts, path, processes=2 if path.is_dir() else None, statistics=True)
        assert read.fingerprint == known.fingerprint
        assert bits(read.transform_training(path)) == bits(known.transform_training(table))
        assert read.statistics is not None


def test_states_of_typed_rows_and_of_text_merge(tmp_path: Path) -> None:
    """CSV text is collected in the pass after the one that learns its types, and then so are all rows."""
    columns, table = [fc.TargetMean("hour", "late", fold_by="delay"), fc.Count("id")], pa.Table.from_pylist(ROWS)
    pa.csv.write_csv(table.slice(6), tmp_path / "rows.csv")
    after: Any = None
    passes = 0
    while not isinstance(after, fc.Plan):
        states = [fc.collect(columns, rows, after=after) for rows in (table.slice(0, 6), tmp_path / "rows.csv")]
        sent = [fc.FitState.from_bytes(state.to_bytes()) for state in states]
        after, passes = fc.finish(columns, sent[0].merge(sent[1])), passes + 1
    assert (passes, after) == (2, fc.fit(columns, table))


def test_serving_needs_no_label() -> None:
    plan = fc.fit(COLUMNS, frame())
    served = frame()[["city", "hour", "delay"]]
    assert set(plan.input_schema) == {f.key for f in plan.fields} == {"city", "hour", "delay"}
    assert set(plan.training_uses) == {"city", "hour", "delay", "late", "kind", "id"}
    assert plan.transform(served).shape == (12, 6)
    assert len(plan.explain({"city": "Rome", "hour": 3, "delay": 0.5}).features) == 6
    with pytest.raises(fc.DataError, match="id: field is not"):
        plan.transform_training(served)
    with pytest.raises(fc.DataError, match="id: field is not"):
        fc.fit(COLUMNS, served)


def test_plans_are_saved_whole(tmp_path: Path) -> None:
    plan = fc.fit(COLUMNS, frame())
    plan.save(tmp_path / "plan")
    for read in (fc.load(tmp_path / "plan"), fc.Plan.from_bytes(plan.to_bytes())):
        assert read == plan
        assert bits(read.transform_training(frame())) == bits(plan.transform_training(frame()))
    text = (tmp_path / "plan" / "plan.json").read_text()
    (tmp_path / "plan" / "plan.json").write_text(text.replace('"smoothing": 2.0', '"smoothing": 3.0'))
    with pytest.raises(fc.SavedPlanError, match="changed since it was saved"):
        fc.load(tmp_path / "plan")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        ([1.0, np.inf], "a label is infinite in field 'y' at row 1, got inf; leave such rows out"),
        ([None, None], "no row has a label in field 'y'; give rows that have one"),
        ([[1], [2]], "a label is one value a row in field 'y'"),
        (["a", 1], "the label holds numbers and texts in field 'y'"),
        ([1e308, 1e308], "a sum of labels is beyond float64 in field 'y'; scale the label down"),
    ],
)
def test_labels_that_cannot_be_learned_are_refused(labels: list[Any], says: str) -> None:
    with pytest.raises(fc.DataError, match=f"x_mean_y: {says}"):
        fc.fit([fc.TargetMean("x", "y", fold_by="x")], iter([pa.table({"x": ["a"], "y": [v]}) for v in labels]))


def test_means_of_classes_are_no_single_number() -> None:
    with pytest.raises(fc.ColumnError, match="one number a row"):
        fc.fit([fc.Numeric(fc.TargetMean("city", "kind", fold_by="id"))], frame())


def test_declared_text_is_classes() -> None:
    data = {"x": ["a", "a", "b"], "y": [7, 3, 3]}
    assert fc.fit([fc.TargetMean("x", fc.Field("y", type="text"), smoothing=0, fold_by="x")], data).transform(
        data
    ).tolist() == [
        [0.5],
        [0.5],
        [0],
    ]


def test_it_is_what_scikit_learn_encodes() -> None:
    """TargetEncoder(smooth=m) has (s + m p) / (c + m) too, over all rows; its folds are drawn, not made of the row."""
    preprocessing = pytest.importorskip("sklearn.preprocessing")
    rng = np.random.default_rng(3)
    data = pd.DataFrame({"x": rng.choice(list("abcdef"), 400), "y": rng.normal(size=400), "z": rng.choice(list("uvw"), 400)})
    for label, kind in (("y", "continuous"), ("z", "multiclass")):
        theirs = preprocessing.TargetEncoder(smooth=7.0, target_type=kind).fit(data[["x"]], data[label])
        mine = fc.fit([fc.TargetMean("x", label, smoothing=7, fold_by="y")], data)
        np.testing.assert_allclose(mine.transform(data), theirs.transform(data[["x"]]), rtol=1e-6, atol=1e-7)
        trained = mine.transform_training(data)
        folds = np.array([fold_of([y], 5) for y in data["y"].tolist()])
        for fold in range(5):  # cross-fitting by it, over our folds
            own = folds == fold
            encoder = preprocessing.TargetEncoder(smooth=7.0, target_type=kind).fit(
                data.loc[~own, ["x"]], data.loc[~own, label]
            )
            np.testing.assert_allclose(trained[own], encoder.transform(data.loc[own, ["x"]]), rtol=1e-6, atol=1e-7)


def test_folds_have_golden_vectors() -> None:
    golden = json.loads((Path(__file__).parent.parent / "ids_golden.json").read_text())["folds"]
    for one in golden:
        values = [read_value(value) for value in one["values"]]
        data = {str(i): [value] for i, value in enumerate(values)}
        column = fc.TargetMean("x", "y", folds=one["folds"], fold_by=list(data))
        found = column.learning_values(*_views(column, {**data, "x": ["a"], "y": [1]}))
        assert found.folds.tolist() == [one["fold"]] == [fold_of(values, one["folds"])]


def _views(column: fc.TargetMean, data: Any) -> list[Any]:
    from featurecols.data.tables import as_batch

    batch = as_batch(data)
    return [batch.field(field.name) for field in column.training_inputs()]


@pytest.mark.parametrize("of", [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint64(), pa.float32(), pa.float64()])
@pytest.mark.parametrize("nulls", [False, True])
def test_integers_of_all_types_decide_folds_by_their_digits(of: pa.DataType, nulls: bool) -> None:
    drawn = np.random.default_rng(2).integers(0, 100, 1500).tolist()  # few beside the rows: codes of a dictionary
    values = [None if nulls and i % 7 == 0 else value for i, value in enumerate(drawn)]
    column = fc.TargetMean("x", "y", folds=7, fold_by="id")
    ids = pa.array(values, of)
    for by in (ids, ids.dictionary_encode()):
        data = pa.table({"x": ["a"] * 1500, "y": [1] * 1500, "id": by})
        found = column.learning_values(*_views(column, data)).folds
        assert found.tolist() == [fold_of([value], 7) for value in values]


def test_times_decide_folds() -> None:
    at = pd.to_datetime(["2024-01-01 00:00", "2024-01-01 01:30:00.25", None], format="ISO8601")
    data = pd.DataFrame({"at": at, "y": [1, 0, 1]})
    plan = fc.fit([fc.TargetMean(fc.DatePart("at", "hour"), "y", folds=3, fold_by="at")], data)
    seconds = 1704067200
    parts = [murmur3(struct.pack("<qi", seconds, 0)), murmur3(struct.pack("<qi", seconds + 5400, 250_000_000)), 0xFFFFFFFF]
    means = []
    for part in parts:
        rest = [y for y, other in zip((1, 0, 1), parts, strict=True) if other % 3 != part % 3]
        means.append([np.float32(np.mean(rest))])
    assert plan.transform_training(data).tolist() == means


@pytest.mark.filterwarnings("error")
def test_means_beyond_float32_are_infinite_and_warn_nobody_of_numpy() -> None:
    data = {"x": ["a", "b"], "id": [1, 2], "y": [1e300, 2.0]}
    plan = fc.fit([fc.TargetMean("x", "y", smoothing=0, fold_by="id")], data)
    assert plan.transform(data).tolist() == [[float("inf")], [2.0]]
    assert plan.transform_training(data).tolist() == [[2.0], [float("inf")]]
    near = fc.fit([fc.TargetMean("x", "y", smoothing=20)], {"x": ["a", "b"], "y": [1.6e308, 0.0]})
    assert near.transform(data).tolist() == [[float("inf")], [float("inf")]]
