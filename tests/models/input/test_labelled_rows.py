from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from featurecols.errors import DataError, PlanError
from featurecols.models.errors import ModelError
from featurecols.models.input.labelled_rows import LabelledRows, labelled_rows

DATA = {"x": [1.0, 2.0, 3.0], "c": ["a", "b", None], "y": [0, 1, 0], "w": [1.0, 0.5, 2.0]}
ARROW = pa.table(DATA)
FEATURES = {"x": DATA["x"], "c": DATA["c"]}
NEEDS = [("x", "number"), ("c", "category")]


def seen(rows: LabelledRows):
    """Every row of two readings: features, label, weight."""
    readings = []
    for _ in range(2):
        found = []
        for batch in rows.batches(NEEDS):
            y = [None] * batch.rows.num_rows if batch.labels is None else batch.labels.field(rows.labels[0]).to_pylist()
            w = [None] * batch.rows.num_rows if batch.weights is None else batch.weights[0].field(batch.weights[1]).to_pylist()
            found += list(zip(batch.rows.field("x").to_pylist(), batch.rows.field("c").to_pylist(), y, w, strict=True))
        readings.append(found)
    assert readings[0] == readings[1]
    return readings[0]


ROWS = [(1.0, "a", 0, None), (2.0, "b", 1, None), (3.0, None, 0, None)]
WEIGHTED = [(1.0, "a", 0, 1.0), (2.0, "b", 1, 0.5), (3.0, None, 0, 2.0)]


@pytest.mark.parametrize(
    "data",
    [
        DATA,
        pd.DataFrame(DATA),
        pa.table(DATA),
        [pa.table(DATA).slice(0, 1), pa.table(DATA).slice(1)],
        lambda: pd.DataFrame(DATA),
    ],
    ids=["dict", "pandas", "arrow", "tables", "function"],
)
def test_labels_inside_the_data(data):
    assert seen(labelled_rows(data, "y", None)) == ROWS
    assert seen(labelled_rows(data, "y", "w")) == WEIGHTED
    assert [row[2:] for row in seen(labelled_rows(data, None, None))] == [(None, None)] * 3


def test_files(tmp_path):
    pq.write_table(pa.table(DATA), tmp_path / "a.parquet", row_group_size=2)
    rows = labelled_rows(tmp_path / "a.parquet", "y", "w")
    assert seen(rows) == WEIGHTED
    assert [group.num_rows for group in rows.fragments] == [2, 1]
    assert rows.paths == (str(tmp_path / "a.parquet"),)


Y = np.array([0, 1, 0])
PAIRS = [({"x": [1.0, 2.0], "c": ["a", "b"]}, Y[:2]), ({"x": [3.0], "c": [None]}, Y[2:])]


class Loader:
    """A data set that is looped over anew, such as torch's DataLoader or a tf.data.Dataset."""

    def __iter__(self):
        return iter(PAIRS)


@pytest.mark.parametrize(
    "data",
    [
        (FEATURES, Y),
        (FEATURES, DATA["y"]),
        (pd.DataFrame(FEATURES), pd.Series(Y, index=[5, 3, 1])),
        (pa.table(FEATURES), Y[:, None]),
        PAIRS,
        Loader(),
        lambda: (FEATURES, Y),
        lambda: iter(PAIRS),
        lambda: Loader(),
        lambda: (pair for pair in PAIRS),
    ],
    ids=["dict", "list", "pandas", "column", "pairs", "loader", "input_fn", "iterator", "dataset", "generator"],
)
def test_labels_apart_from_the_data(data):
    assert seen(labelled_rows(data, None, None)) == ROWS


def test_labels_as_an_argument():
    assert seen(labelled_rows(pd.DataFrame(FEATURES), Y, None)) == ROWS
    assert seen(labelled_rows(FEATURES, [0, 1, 0], None)) == ROWS


def test_weights_apart_from_the_data():
    assert seen(labelled_rows((FEATURES, Y, [1.0, 0.5, 2.0]), None, None)) == WEIGHTED
    assert seen(labelled_rows(({**FEATURES, "w": [1.0, 0.5, 2.0]}, Y), None, "w")) == WEIGHTED


def test_tensors_that_know_numpy():
    class Tensor:
        def __init__(self, values):
            self.values = values

        def numpy(self):
            return np.array(self.values)

    assert seen(labelled_rows(({"x": Tensor([1.0, 2.0, 3.0]), "c": ["a", "b", None]}, Y), None, None)) == ROWS


def test_an_input_fn_gets_what_it_asks_for():
    def input_fn(mode, params):
        assert mode == "train"
        return {k: v[: params["rows"]] for k, v in FEATURES.items()}, Y[: params["rows"]]

    assert seen(labelled_rows(input_fn, None, None, mode="train", params={"rows": 2}, config=None)) == ROWS[:2]


def test_labels_of_another_length():
    rows = labelled_rows((FEATURES, Y[:2]), None, None)
    with pytest.raises(DataError, match="labels: needs one for each of 3 rows, got 2"):
        list(rows.batches(NEEDS))


def test_an_iterator_is_read_once():
    rows = labelled_rows((pair for pair in PAIRS), None, None)
    assert [batch.rows.num_rows for batch in rows.batches(NEEDS)] == [2, 1]
    with pytest.raises(ModelError, match="data: an iterator can be read once, and it was"):
        list(rows.batches(NEEDS))
    rows = labelled_rows(iter([pa.table(DATA)]), "y", None)
    assert [batch.rows.num_rows for batch in rows.batches(NEEDS)] == [3]


def test_a_second_reading_of_an_iterator_of_tables_says_so():
    rows = labelled_rows(iter([ARROW]), "y", None)
    assert rows.once
    assert [batch.num_rows for batch in rows.label_batches()] == [3]
    with pytest.raises(PlanError, match="an iterator can be read once, and it was"):
        list(rows.label_batches())


def test_labels_beside_files_are_named():
    with pytest.raises(ModelError, match="labels: of files are one of their fields, got 'list'; give label=, the name of the"):
        labelled_rows("train.csv", [0, 1, 0], None)
