from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from featurecols.data.batch import Batch
from featurecols.data.tables import as_batch
from featurecols.errors import DataError
from featurecols.models.input import labels


def batch(values):
    return as_batch({"y": values})


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


def csv(values):
    return Batch.arrow(pa.table({"y": pa.array(values, pa.string()).dictionary_encode()}), parse=True)


@pytest.mark.parametrize(
    ("of_frame", "of_file"),
    [
        ([0.5, 1.5, 2.9], ["0.5", "1.5", "2.9"]),
        ([3, 1, 16_777_217], ["3", "1", "16777217"]),
        ([True, False, True], ["True", "FALSE", "true"]),
        ([1.0, 2.0], ["1.0", "2e0"]),
    ],
)
def test_plain_labels_of_a_file_and_of_categories_are_those_of_a_frame(of_frame, of_file):
    """B3: codes are integers, and what they stand for need not be."""
    want = labels.plain(batch(of_frame), ["y"])
    for other in (csv(of_file), batch(pd.Series(pd.Categorical(of_frame)))):
        got = labels.plain(other, ["y"])
        assert got.dtype == want.dtype
        assert got.tolist() == want.tolist()
    assert labels.numbers(csv(of_file), ["y"], 1).tolist() == labels.numbers(batch(of_frame), ["y"], 1).tolist()


def test_booleans_of_a_file_weigh_as_those_of_a_frame():
    assert labels.weights(csv(["True", "False"]), "y").tolist() == [1.0, 0.0]
    with pytest.raises(DataError, match="text is not a number in field 'y' at row 0, got 'True'"):
        labels.numbers(csv(["True", "2"]), ["y"], 1)


def test_weights():
    assert labels.weights(batch([1, 0.5]), "y").tolist() == [1.0, 0.5]
    for bad in ([1.0, -1.0], [1.0, None], [1.0, float("inf")]):
        with pytest.raises(DataError, match="y: a weight must be a finite number of at least 0 at row 1"):
            labels.weights(batch(bad), "y")


def test_a_weight_that_is_a_list():
    with pytest.raises(DataError, match="y: a weight must be one number at row 0, got 'a list'; name a field of numbers"):
        labels.weights(batch([[1.0, 2.0], [1.0, 1.0]]), "y")
