from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from featurecols.data.tables import as_batch
from featurecols.errors import DataError
from featurecols.models.input import labels


def batch(values):
    return as_batch({"y": values})


@pytest.mark.parametrize(
    "values",
    [
        ["b", "a", "c", "a"],
        np.array(["b", "a", "c", "a"], object),
        pd.Series(["b", "a", "c", "a"]),
        pd.Series(pd.Categorical(["b", "a", "c", "a"], categories=["c", "x", "b", "a"])),
        [b"b", b"a", b"c", b"a"],
    ],
)
def test_words_are_learned_in_the_order_of_their_bytes(values):
    assert labels.learn([batch(values), batch(["b"])], "y") == ("a", "b", "c")
    assert labels.classes(batch(values), "y", ("a", "b", "c"), 3).tolist() == [1, 0, 2, 0]
    assert labels.classes(batch(values), "y", ("c", "b", "a"), 3).tolist() == [1, 2, 0, 2]


def test_words_that_no_row_holds_are_not_learned():
    assert labels.learn([batch(["b", None, "a"])], "y") == ("a", "b")


@pytest.mark.parametrize(
    "values", [[0, 1, 2], [0.0, 1.0, 2.0], np.arange(3, dtype=np.int8), pd.Series([0, 1, 2], dtype="Int64")]
)
def test_numbers_are_class_numbers(values):
    assert labels.learn([batch(values)], "y") is None
    got = labels.classes(batch(values), "y", None, 3)
    assert got.tolist() == [0, 1, 2]
    assert got.dtype == np.int64


def test_booleans_are_two_classes():
    assert labels.classes(batch([True, False]), "y", None, 2).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "words", "message"),
    [
        (["a", "x"], ("a", "b"), "y: a label that training did not see at row 1, got 'x'; known labels are 'a', 'b'"),
        (["a", None], ("a", "b"), "y: a label is missing at row 1, got None; drop rows without a label, or predict them"),
        ([0, 3], None, "y: a label must be a class number from 0 to 1 at row 1, got 3.0; set n_classes"),
        ([-1, 0], None, "class number from 0 to 1 at row 0, got -1.0"),
        ([0.0, 0.5], None, "class number from 0 to 1 at row 1, got 0.5"),
        ([1, None], None, "y: a label is missing at row 1"),
        (["a", "b"], None, "y: labels are words, got 'a'; name them all with label_vocabulary"),
    ],
)
def test_what_is_no_label(values, words, message):
    with pytest.raises(DataError, match=message) as caught:
        labels.classes(batch(values), "y", words, 2)
    assert isinstance(caught.value, DataError)


def test_numbers():
    assert labels.numbers(batch([1, 2.5]), ["y"], 1).tolist() == [[1.0], [2.5]]
    two = as_batch({"y": [1, 2], "z": [3.0, 4.5]})
    assert labels.numbers(two, ["y", "z"], 2).tolist() == [[1.0, 3.0], [2.0, 4.5]]
    assert labels.numbers(batch([[1, 2], [3, 4]]), ["y"], 2).tolist() == [[1.0, 2.0], [3.0, 4.0]]
    assert labels.numbers(two, ["y"], 1).dtype == np.float32


@pytest.mark.parametrize(
    ("values", "dimension", "message"),
    [
        ([1.0, None], 1, "y: a label is missing at row 1"),
        ([1.0, float("inf")], 1, r"y: a label must be finite at row 1, got \[inf\]"),
        ([[1, 2], [3]], 2, "y: a label must hold 2 numbers at row 1, got 1; set label_dimension"),
        ([1.0, 2.0], 2, "y: labels must have 2 numbers a row, got 1; set label_dimension=1"),
        (["a", "b"], 1, "needs a number in field 'y' at row 0, got 'a'"),
    ],
)
def test_what_is_no_number(values, dimension, message):
    with pytest.raises(DataError, match=message):
        labels.numbers(batch(values), ["y"], dimension)


def test_plain_labels_stay_what_they_are():
    assert labels.plain(batch([3, 1]), ["y"]).tolist() == [3, 1]
    assert labels.plain(batch([3, 1]), ["y"]).dtype == np.int64
    assert labels.plain(batch([3.5, 1.0]), ["y"]).dtype == np.float32
    assert labels.plain(batch([[1.0, 0.0], [0.5, 0.5]]), ["y"]).tolist() == [[1.0, 0.0], [0.5, 0.5]]
    assert labels.plain(as_batch({"y": [1, 2], "z": [3, 4]}), ["y", "z"]).tolist() == [[1, 3], [2, 4]]


def test_weights():
    assert labels.weights(batch([1, 0.5]), "y").tolist() == [1.0, 0.5]
    for bad in ([1.0, -1.0], [1.0, None], [1.0, float("inf")]):
        with pytest.raises(DataError, match="y: a weight must be a finite number of at least 0 at row 1"):
            labels.weights(batch(bad), "y")
