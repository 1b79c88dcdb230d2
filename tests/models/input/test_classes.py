"""Classes in the label's own type, from data frames and from CSV files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from featurecols.data.batch import Batch
from featurecols.data.tables import as_batch
from featurecols.errors import ColumnError, DataError
from featurecols.models import LinearClassifier
from featurecols.models.input import classes


def batch(values):
    return as_batch({"y": values})


def csv(values):
    return Batch.arrow(pa.table({"y": pa.array(values, pa.string())}), parse=True)


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
    assert classes.learn_words([batch(values), batch(["b"])], "y") == ("a", "b", "c")
    assert classes.read(batch(values), "y", ("a", "b", "c"), 3).tolist() == [1, 0, 2, 0]
    assert classes.read(batch(values), "y", ("c", "b", "a"), 3).tolist() == [1, 2, 0, 2]


def test_words_that_no_row_holds_are_not_learned():
    assert classes.learn_words([batch(["b", None, "a"])], "y") == ("a", "b")


@pytest.mark.parametrize(
    "values", [[0, 1, 2], [0.0, 1.0, 2.0], np.arange(3, dtype=np.int8), pd.Series([0, 1, 2], dtype="Int64")]
)
def test_numbers_are_class_numbers(values):
    assert classes.learn_words([batch(values)], "y") is None
    got = classes.read(batch(values), "y", None, 3)
    assert got.tolist() == [0, 1, 2]
    assert got.dtype == np.int64


def test_booleans_are_two_classes():
    assert classes.read(batch([True, False]), "y", None, 2).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "words", "message"),
    [
        (["a", "x"], ("a", "b"), "y: a label that training did not see at row 1, got 'x'; known labels are 'a', 'b'"),
        (["a", None], ("a", "b"), "y: a label is missing at row 1, got None; drop rows without a label, or predict them"),
        ([0, 3], None, "y: a label must be a class number from 0 to 1 at row 1, got 3.0; set n_classes"),
        ([1, 3], (1, 2), "y: a label that training did not see at row 1, got 3.0; known labels are 1, 2"),
        ([1.5, None], (0.5, 1.5), "y: a label is missing at row 1, got None; drop rows without a label, or predict them"),
        (["1", "2"], (1, 2), r"y: labels are words, got '1'; name them all with label_vocabulary=\[...\]"),
        ([-1, 0], None, "class number from 0 to 1 at row 0, got -1.0"),
        ([0.0, 0.5], None, "class number from 0 to 1 at row 1, got 0.5"),
        ([1, None], None, "y: a label is missing at row 1"),
        (["a", "b"], None, "y: labels are words, got 'a'; name them all with label_vocabulary"),
    ],
)
def test_what_is_no_label(values, words, message):
    with pytest.raises(DataError, match=message) as caught:
        classes.read(batch(values), "y", words, 2)
    assert isinstance(caught.value, DataError)


FRAMES = [
    ([1, 0, 1], 2, None),
    (np.array([0, 2], np.uint8), 3, None),
    (pd.Series([1, 0], dtype="Int64"), 2, None),
    ([2, 1, 2], 2, (1, 2)),
    ([-1, 1], 2, (-1, 1)),
    ([30, 4, 100], 3, (4, 30, 100)),
    ([True, False], 2, (False, True)),
    (pd.Series([True, True], dtype="boolean"), 2, (False, True)),
    ([1.0, 0.0], 2, (0.0, 1.0)),
    ([0.5, 1.5, None], 2, (0.5, 1.5)),
    (pd.Series([0.0, 2.0]), 3, (0.0, 1.0, 2.0)),
    (["no", "yes", None], 2, ("no", "yes")),
    (["10", "9"], 2, ("10", "9")),
    (pd.Series(pd.Categorical([2, 1, 2])), 2, (1, 2)),
]
FILES = [
    (["1", "0", "1"], 2, None),
    (["0", "2"], 3, None),
    (["2", "1"], 2, (1, 2)),
    (["10", "9", "2"], 3, (2, 9, 10)),
    ([" 1", "+2"], 2, (" 1", "+2")),  # docs/ids.md: blanks, plus signs and leading zeros make text
    (["007", "7"], 2, ("007", "7")),
    (["1e1", "-0"], 2, (0.0, 10.0)),
    (["tRUE", "False"], 2, ("False", "tRUE")),
    (["True", "False"], 2, (False, True)),
    (["true", "true"], 2, (False, True)),
    (["1.0", "0.0"], 2, (0.0, 1.0)),
    (["0.5", "1.5", None], 2, (0.5, 1.5)),
    (["1", "NA"], 2, ("1", "NA")),
    (["no", "yes"], 2, ("no", "yes")),
    (["nan", "1"], 2, ("1", "nan")),
]


def same(got, want):
    assert got == want
    assert [type(value) for value in got or ()] == [type(value) for value in want or ()]


@pytest.mark.parametrize(("values", "n_classes", "want"), FRAMES)
def test_classes_of_a_frame_have_the_type_of_the_label(values, n_classes, want):
    same(classes.learn([batch(values)], "y", n_classes), want)


@pytest.mark.parametrize(("values", "n_classes", "want"), FILES)
def test_classes_of_a_csv_file_are_numbers_or_booleans_where_all_are(values, n_classes, want):
    same(classes.learn([csv(values)], "y", n_classes), want)


def test_classes_are_learned_from_all_batches():
    same(classes.learn([batch([1, 1]), batch([2])], "y", 2), (1, 2))
    same(classes.learn([batch([0, 1]), batch([2])], "y", 3), None)
    same(classes.learn([batch([0, 1]), batch([2.5])], "y", 3), (0.0, 1.0, 2.5))
    same(classes.learn([csv(["1"]), csv(["x"])], "y", 2), ("1", "x"))
    same(classes.learn([batch([1, 1]), batch([2])], "y", 2, ends=False), None)
    with pytest.raises(DataError, match="y: labels are words in some batches only"):
        classes.learn([batch([1]), batch(["a"])], "y", 2)


def test_what_has_too_many_different_labels_is_no_label():
    with pytest.raises(DataError, match="y: has more than 10000 different labels, got 10001; is it the right field"):
        classes.learn([batch(np.arange(10_001) + 0.5)], "y", 2)
    with pytest.raises(DataError, match="y: has more than 10000 different labels, got 10001"):
        classes.learn([csv([f"w{i}" for i in range(10_001)])], "y", 2)
    with pytest.raises(DataError, match=r"y: a class is not below 2\^53, got"):
        classes.learn([batch([2**60, 1])], "y", 2)


@pytest.mark.parametrize(
    ("known", "values", "want"),
    [
        (None, csv(["1", "0", "1.0"]), [1, 0, 1]),
        (None, batch([True, False]), [1, 0]),
        (None, batch([1.0, 0.0]), [1, 0]),
        ((1, 2), csv(["2", "1", "1.0"]), [1, 0, 0]),
        ((1, 2), batch([2.0, 1.0]), [1, 0]),
        ((2, 10), batch([10, 2]), [1, 0]),
        ((2, 1), batch([1, 2]), [1, 0]),
        ((0.5, 1.5), csv(["1.50", "5e-1"]), [1, 0]),
        ((False, True), csv(["true", "FALSE", "True"]), [1, 0, 1]),
        ((False, True), csv(["1", "0"]), [1, 0]),
        ((False, True), batch([True, False]), [1, 0]),
        ((True, False), csv(["true", "FALSE"]), [0, 1]),
        ((False, True), batch([1, 0]), [1, 0]),
        (("0", "1"), batch([1, 0]), [1, 0]),
        (("1", "NA"), csv(["NA", "1"]), [1, 0]),
    ],
)
def test_a_model_of_either_side_reads_the_labels_of_the_other(known, values, want):
    got = classes.read(values, "y", known, 2)
    assert got.tolist() == want
    assert got.dtype == np.int64


@pytest.mark.parametrize(
    ("values", "want"),
    [
        (["0.5", "1.5"], None),
        (["1", "0"], None),
        ([str(i / 7) for i in range(20_000)], None),
        (["a", "1"], ("1", "a")),
        (["true", "false"], (False, True)),
        ([], None),
    ],
)
def test_plain_labels_of_a_csv_file_are_numbers_where_all_are(values, want):
    assert classes.learn_words([csv(values)], "y") == want


@pytest.mark.parametrize(
    "learn", [lambda batches: classes.learn(batches, "y", 3), lambda batches: classes.learn_words(batches, "y")]
)
@pytest.mark.parametrize("text", ["9007199254740992", "-1152921504606846976", "1" + "0" * 5000])
def test_integers_too_large_for_a_float_are_not_words_of_a_csv_file(learn, text):
    """B3: a table refuses such classes; from CSV they were words that no table has."""
    with pytest.raises(DataError, match=f"a class is not below 2\\^53, got '{text[:50]}"):
        learn([csv(["1", text, "-2"])])
    assert learn([csv(["1", text, "x"])]) == tuple(sorted(["1", text, "x"]))


@pytest.mark.parametrize("values", [[0.0, 1.0, np.inf], [-np.inf, 0.5]])
def test_infinite_numbers_are_not_classes(values):
    """The error said to set n_classes=3."""
    for batches in ([values], [values[:2], values[2:]]):
        with pytest.raises(DataError, match=r"y: a label must be finite, got -?inf; mend or drop the row"):
            classes.learn([batch(values) for values in batches if values], "y", 3)
    with pytest.raises(ColumnError, match=r"label_vocabulary must hold finite numbers, got -?inf"):
        LinearClassifier([], label_vocabulary=values)


@pytest.mark.parametrize(
    "batches", [[[True, False], [2, 0]], [[2, 0], [True]], [[0.5], [True]], [[True, False, 2]], [[True, 0.5]]]
)
def test_booleans_beside_numbers_are_refused_in_one_batch_and_in_several(batches):
    """B3: over batches, True was the class 1."""
    with pytest.raises(DataError, match=r"y: (labels are booleans in some batches only|holds values of several types)"):
        classes.learn([batch(values) for values in batches], "y", 3)


def test_no_labels_at_all_are_no_classes():
    assert classes.learn([batch([])], "y", 3) is None
