"""Vocabularies from lists and files: checks, reading, and damage."""

from __future__ import annotations

import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from featurecols import feature_column as fc
from featurecols.feature_column import vocabulary_files
from tests.tf.tf_writer import masked

STRING, INT32 = fc.dtypes.string, fc.dtypes.int32


def of_list(terms: Any, **arguments: Any) -> Any:
    return fc.categorical_column_with_vocabulary_list("v", terms, **arguments)


def of_file(path: Any, **arguments: Any) -> Any:
    return fc.categorical_column_with_vocabulary_file("v", path, **arguments)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: of_list(None), ValueError),
        (lambda: of_list([]), ValueError),
        (lambda: of_list(t for t in "ab"), TypeError),
        (lambda: of_list(["a", "a"]), ValueError),
        (lambda: of_list([1, 1.0]), ValueError),
        (lambda: of_list([1.5]), ValueError),
        (lambda: of_list([True, False]), ValueError),
        (lambda: of_list([["a"], ["b"]]), TypeError),
        (lambda: of_list(["a", b"\xff"]), ValueError),
        (lambda: of_list(["a"], num_oov_buckets=1, default_value=0), ValueError),
        (lambda: of_list(["a"], num_oov_buckets=1, default_value=None), ValueError),
        (lambda: of_list(["a"], num_oov_buckets=-1), ValueError),
        (lambda: of_list([1, 2], dtype=STRING), ValueError),
        (lambda: of_list(["a"], dtype=INT32), ValueError),
        (lambda: of_list(["a"], dtype=fc.dtypes.float32), ValueError),
        (lambda: of_list(["a"], dtype="string"), AttributeError),
        (lambda: fc.categorical_column_with_vocabulary_list(3, ["a"]), ValueError),
        (lambda: of_file(""), ValueError),
        (lambda: of_file(None), ValueError),
        (lambda: of_file("/nowhere"), ValueError),
        (lambda: of_file("/nowhere", vocabulary_size=0), ValueError),
        (lambda: of_file("/nowhere", vocabulary_size=3, num_oov_buckets=2, default_value=-1), ValueError),
        (lambda: of_file("/nowhere", vocabulary_size=3, num_oov_buckets=-2), ValueError),
        (lambda: of_file("/nowhere", vocabulary_size=3, dtype=fc.dtypes.float64), ValueError),
        (lambda: fc.categorical_column_with_vocabulary_file(3, "/nowhere", 3), ValueError),
    ],
)
def test_wrong_arguments(make: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        make()


def test_a_list_tells_its_type() -> None:
    assert of_list(["a", 1]).dtype == STRING
    assert of_list([1, 2]).dtype == fc.dtypes.int64
    assert of_list(np.array([1, 2], np.int32)).dtype == INT32
    assert of_list([1, 2], dtype=fc.dtypes.uint8).dtype == fc.dtypes.uint8
    assert of_list(["a", "b"], num_oov_buckets=3).num_buckets == 5


def ids(column: Any, values: Any) -> list[int]:
    return fc.sparse_tensors(column, {"v": values}).id_tensor.values.tolist()  # type: ignore[no-any-return]


def test_lookup() -> None:
    assert ids(of_list([b"a", b"\xff", b"\xc3\xa9"]), np.array(["é", b"\xff", "e"], object)) == [2, 1, -1]
    assert ids(of_list([10, 20], default_value=7), [20, 5]) == [1, 7]
    assert ids(of_list(["a"], default_value=-5), ["a", "b"]) == [0, -5]
    assert ids(of_list([-(2**63)], dtype=fc.dtypes.uint64), np.array([2**63], np.uint64)) == [0]  # both are the same 64 bits
    with pytest.raises(ValueError, match="terms must fit int64"):
        ids(of_list([2**63], dtype=fc.dtypes.uint64), np.array([2**63], np.uint64))


def test_lists_that_fail_in_use() -> None:
    with pytest.raises(ValueError, match="mixes strings"):
        ids(of_list(["a", 1]), ["a"])
    with pytest.raises(ValueError, match="default_value"):
        ids(of_list(["a"], default_value=None), ["a"])
    with pytest.raises(TypeError, match="default_value"):
        ids(of_list(["a"], default_value=1.0), ["a"])
    with pytest.raises(fc.FailedPreconditionError, match="twice"):  # the same bytes
        ids(of_list(np.array(["a", b"a"], object)), ["a"])


def write(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    return str(path)


def test_files(tmp_path: Path) -> None:
    path = tmp_path / "terms.txt"
    assert of_file(write(path, b"a\nb\r\nc\r\r")).num_buckets == 3
    assert ids(of_file(path), ["a", "b", "c\r", "c", "b\r"]) == [0, 1, 2, -1, -1]
    assert ids(of_file(path, vocabulary_size=1, num_oov_buckets=1), ["a", "b"]) == [0, 1]
    assert of_file(path, num_oov_buckets=None).num_buckets == 3
    assert ids(of_file(write(path, b" a\n\xff\n")), np.array([" a", b"\xff", "a"], object)) == [0, 1, -1]
    assert ids(of_file(write(path, b"%s7\n-3\n\x0b5 \r\n-0\n" % (b"0" * 5000)), dtype=fc.dtypes.int64), [5, -3, 7, 0, 1]) == [
        2,
        1,
        0,
        3,
        -1,
    ]


@pytest.mark.parametrize(
    ("content", "arguments", "error"),
    [
        (b"a\n\nb\n", {}, "InvalidArgumentError"),
        (b"a\nb\n\n", {}, "InvalidArgumentError"),
        (b"a\n\r\nb\n", {}, "InvalidArgumentError"),
        (b"a\nb\n", {"vocabulary_size": 3}, "InvalidArgumentError"),
        (b"a\nb\na\n", {}, "FailedPreconditionError"),
        (b"5\n05\n", {"dtype": fc.dtypes.int64}, "FailedPreconditionError"),
        (b"a\na\n\n", {}, "FailedPreconditionError"),  # the first line that is wrong
        (b"a\n\na\n", {}, "InvalidArgumentError"),
        (b"a\na\n", {"vocabulary_size": 5}, "FailedPreconditionError"),
        (b"5\n+7\n", {"dtype": fc.dtypes.int64}, "InvalidArgumentError"),
        (b"5\n- 7\n", {"dtype": fc.dtypes.int64}, "InvalidArgumentError"),
        (b"5\nx\n", {"dtype": fc.dtypes.int64}, "InvalidArgumentError"),
        (b"9223372036854775808\n", {"dtype": fc.dtypes.int64}, "InvalidArgumentError"),
        (b"1" * 10**6 + b"\n", {"dtype": fc.dtypes.int64}, "InvalidArgumentError"),
    ],
)
def test_damage_is_found_when_the_file_is_used(tmp_path: Path, content: bytes, arguments: Any, error: str) -> None:
    column = of_file(write(tmp_path / "terms.txt", content), **arguments)
    values = [1] if "dtype" in arguments else ["a"]
    for _ in range(2):  # an error is not remembered as a table
        with pytest.raises(getattr(fc, error)):
            ids(column, values)


def test_a_file_may_come_later(tmp_path: Path) -> None:
    path = tmp_path / "later.txt"
    column = of_file(str(path), vocabulary_size=2)
    with pytest.raises(fc.NotFoundError, match="does not exist"):
        ids(column, ["b"])
    write(path, b"a\nb\nc\n")
    assert ids(column, ["b", "c"]) == [1, -1]


def record(term: bytes, size: int | None = None) -> bytes:
    """A TFRecord; another size than that of the term is damage."""
    length = struct.pack("<Q", len(term) if size is None else size)
    return length + struct.pack("<I", masked(length)) + term + struct.pack("<I", masked(term))


def records(*terms: bytes) -> bytes:
    return gzip.compress(b"".join(map(record, terms)))


def test_records(tmp_path: Path) -> None:
    path = write(tmp_path / "terms.tfrecord.gz", records(b"a", b"b\nc"))
    column = of_file(path)
    assert (column.num_buckets, column.file_format) == (2, "tfrecord_gzip")
    assert ids(column, ["b\nc", "a", "b"]) == [1, 0, -1]
    named = write(tmp_path / "terms.bin", records(b"x"))
    assert ids(of_file(named, file_format="tfrecord_gzip"), ["x"]) == [0]


@pytest.mark.parametrize("size", [2**63, 2**40, 2, 100])
def test_records_that_lie_about_their_size(tmp_path: Path, size: int) -> None:
    path = write(tmp_path / "bad.tfrecord.gz", gzip.compress(record(b"a", size)))
    with pytest.raises(fc.DataLossError, match="cut short"):
        list(vocabulary_files.read_terms(path, "tfrecord_gzip"))


def test_the_sequence_form_has_the_older_order_of_arguments(tmp_path: Path) -> None:
    path = write(tmp_path / "terms.txt", b"a\nb\n")
    inner = fc.sequence_categorical_column_with_vocabulary_file("v", path, 1, 4).categorical_column
    assert inner == of_file(path, vocabulary_size=1, num_oov_buckets=4)
    assert fc.v1.categorical_column_with_vocabulary_file("v", path, 1, 4) == inner


@pytest.mark.parametrize("size", [3, 4])
def test_too_few_records(tmp_path: Path, size: int) -> None:
    """G9: another error than that of too few lines, as in TensorFlow."""
    path = write(tmp_path / "terms.tfrecord.gz", records(b"a", b"b"))
    with pytest.raises(fc.FailedPreconditionError, match="has 2 records"):
        ids(of_file(path, vocabulary_size=size), ["a"])
    with pytest.raises(fc.FailedPreconditionError, match="has 0 records"):
        ids(of_file(write(tmp_path / "none.tfrecord.gz", records()), vocabulary_size=size), ["a"])


def test_records_are_terms_as_they_are(tmp_path: Path) -> None:
    """G9: an empty record and a carriage return are terms, which they are not in a line."""
    path = write(tmp_path / "terms.tfrecord.gz", records(b"a", b"", b"c\r"))
    assert ids(of_file(path), ["a", "c", "c\r"]) == [0, -1, 2]
    integers = write(tmp_path / "integers.tfrecord.gz", records(b"5", b"7\r", b"9"))
    assert ids(of_file(integers, dtype=fc.dtypes.int64), [5, 7, 9]) == [0, 1, 2]


def test_damaged_records(tmp_path: Path) -> None:
    """G9: DataLossError, as in TensorFlow; a gzip file that lacks its last bytes is read as far as it goes."""
    good = b"".join(map(record, (b"a", b"b", b"c")))
    wrong = bytearray(good)
    wrong[12] ^= 1
    for content in (gzip.compress(bytes(wrong)), gzip.compress(good[:-3]), b"hello world"):
        column = of_file(write(tmp_path / "bad.tfrecord.gz", content), vocabulary_size=3)
        with pytest.raises(fc.DataLossError, match="TFRecord file: cannot be read"):
            ids(column, ["a"])
    assert ids(of_file(write(tmp_path / "cut.tfrecord.gz", gzip.compress(good)[:-6])), ["a", "c"]) == [0, 2]
    twice = gzip.compress(record(b"a")) + gzip.compress(record(b"b"))
    assert ids(of_file(write(tmp_path / "twice.tfrecord.gz", twice)), ["b"]) == [1]


@pytest.mark.parametrize(
    ("size", "error", "message"),
    [
        (2**63, OverflowError, "v: vocabulary_size must fit 64 bits"),
        (float("inf"), OverflowError, "v: vocabulary_size must fit 64 bits"),
        (float("nan"), ValueError, "v: vocabulary_size must be a number"),
    ],
)
def test_sizes_that_no_file_has(tmp_path: Path, size: Any, error: type[Exception], message: str) -> None:
    """G10."""
    path = write(tmp_path / "terms.txt", b"a\nb\n")
    with pytest.raises(error, match=message):
        ids(of_file(path, vocabulary_size=size), ["a"])
    assert ids(of_file(path, vocabulary_size=2.0), ["a", "b"]) == [0, 1]
    with pytest.raises(AttributeError, match="must be a path"):
        of_file(3.5)
