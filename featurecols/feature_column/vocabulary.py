"""Ids of terms: a vocabulary given as a list, or read from a file when the column is first used."""

from __future__ import annotations

import gzip
import itertools
import os
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from featurecols.feature_column import base, dtypes, errors
from featurecols.feature_column.base import CategoricalColumn
from featurecols.feature_column.categorical import text_or_integer
from featurecols.feature_column.dtypes import DType
from featurecols.feature_column.parsing import VarLenFeature

LONGEST_RECORD = 1 << 24  # bytes; a larger record is damage, not a term


@dataclass(frozen=True)
class VocabularyListCategoricalColumn(CategoricalColumn):
    """Made by categorical_column_with_vocabulary_list."""

    key: str
    vocabulary_list: tuple[Any, ...]
    dtype: DType
    default_value: int
    num_oov_buckets: int

    @property
    def name(self) -> str:
        return self.key

    @property
    def num_buckets(self) -> int:
        return len(self.vocabulary_list) + self.num_oov_buckets

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}


@dataclass(frozen=True)
class VocabularyFileCategoricalColumn(CategoricalColumn):
    """Made by categorical_column_with_vocabulary_file."""

    key: str
    vocabulary_file: str
    vocabulary_size: int
    num_oov_buckets: int
    dtype: DType
    default_value: int
    file_format: str | None = None

    @property
    def name(self) -> str:
        return self.key

    @property
    def num_buckets(self) -> int:
        return self.vocabulary_size + self.num_oov_buckets

    @property
    def parse_example_spec(self) -> dict[str, Any]:
        return {self.key: VarLenFeature(self.dtype)}


def categorical_column_with_vocabulary_list(
    key: str, vocabulary_list: Any, dtype: Any = None, default_value: int = -1, num_oov_buckets: int = 0
) -> VocabularyListCategoricalColumn:
    """Terms from a list; the id is the position in it.

    Args:
        key: name of the feature.
        vocabulary_list: distinct strings or integers.
        dtype: string or an integer type; None takes that of the list.
        default_value: the id of unseen terms; -1 is none. It is not checked against the size.
        num_oov_buckets: how many further ids unseen terms are hashed into, instead of default_value.

    Raises:
        ValueError: an empty list, duplicates, terms neither strings nor integers or not of `dtype`, num_oov_buckets below 0
        or together with a default_value, or a key that is no string.

    >>> categorical_column_with_vocabulary_list("color", ["R", "G", "B"], num_oov_buckets=2).num_buckets
    5
    """
    subject = f"categorical_column_with_vocabulary_list {key}"
    if vocabulary_list is None or len(vocabulary_list) < 1:
        raise errors.argument(subject, "vocabulary_list must not be empty", vocabulary_list, "list the terms")
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise errors.argument(subject, "vocabulary_list has duplicates", vocabulary_list, "list every term once")
    held = _held(vocabulary_list, subject)
    if num_oov_buckets and default_value != -1:
        raise errors.argument(
            subject, "default_value and num_oov_buckets exclude each other", default_value, "give one of them"
        )
    _check_oov(num_oov_buckets, subject)
    text_or_integer(held, f"{subject} vocabulary_list")
    if dtype is not None:
        dtype = dtypes.of_argument(dtype, subject)
        if dtype.is_integer != held.is_integer:
            raise errors.argument(subject, f"dtype must fit vocabulary_list, which holds {held.name}", dtype, "leave it out")
    dtype = text_or_integer(held if dtype is None else dtype, subject)
    base.check_key(key, subject)
    return VocabularyListCategoricalColumn(key, tuple(vocabulary_list), dtype, default_value, num_oov_buckets)


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: Any,
    vocabulary_size: int | None = None,
    dtype: Any = dtypes.string,
    default_value: int | None = None,
    num_oov_buckets: int | None = 0,
    file_format: str | None = None,
) -> VocabularyFileCategoricalColumn:
    """Terms from a file, one a line; the id is the number of the line, from 0.

    Args:
        key: name of the feature.
        vocabulary_file: path of the file. One carriage return at the end of a line is no part of the term.
        vocabulary_size: how many lines to read; None reads all, and then the file must exist already.
        dtype: string, or an integer type (lines are then parsed as integers).
        default_value: the id of unseen terms; None is -1, none.
        num_oov_buckets: how many further ids unseen terms are hashed into, instead of default_value.
        file_format: "tfrecord_gzip" reads records of a gzipped TFRecord file; the default for paths ending in tfrecord.gz.

    Raises:
        ValueError: no path, no such file (where the size is to be counted), a size below 1, num_oov_buckets below 0 or
        together with a default_value, a dtype neither string nor integer, or a key that is no string.
        When the column is used: NotFoundError (no such file), InvalidArgumentError (a blank line, or fewer lines than
        vocabulary_size), FailedPreconditionError (a term occurs twice).
    """
    subject = f"categorical_column_with_vocabulary_file {key}"
    if not vocabulary_file:
        raise errors.argument(subject, "vocabulary_file must be a path", vocabulary_file, "name the file")
    path = os.fspath(vocabulary_file)
    if file_format is None and path.endswith("tfrecord.gz"):
        file_format = "tfrecord_gzip"
    if vocabulary_size is None:
        if not Path(path).exists():
            raise errors.argument(subject, "vocabulary_file does not exist", path, "write it, or give vocabulary_size")
        vocabulary_size = sum(1 for _ in lines(path, file_format))
    if base.below(vocabulary_size, 1, subject, "vocabulary_size"):
        raise errors.argument(subject, "vocabulary_size must be at least 1", vocabulary_size, "count the terms")
    if num_oov_buckets and default_value is not None:
        raise errors.argument(
            subject, "default_value and num_oov_buckets exclude each other", default_value, "give one of them"
        )
    _check_oov(num_oov_buckets, subject)
    dtype = text_or_integer(dtype, subject)
    base.check_key(key, subject)
    unseen = -1 if default_value is None else default_value
    return VocabularyFileCategoricalColumn(key, path, vocabulary_size, num_oov_buckets or 0, dtype, unseen, file_format)


def _held(vocabulary_list: Any, subject: str) -> DType:
    try:
        return dtypes.as_dtype(np.array(vocabulary_list).dtype)
    except ValueError:  # lists in the list, or text beside bytes that are no text
        raise errors.argument(
            subject, "vocabulary_list must be of one type", vocabulary_list, "list strings or integers"
        ) from None


def terms(column: VocabularyListCategoricalColumn | VocabularyFileCategoricalColumn) -> tuple[bytes, ...] | tuple[int, ...]:
    """The distinct terms of a column in the order of their ids: bytes, or integers where the dtype is one."""
    if isinstance(column, VocabularyFileCategoricalColumn):
        return _terms_of_file(column)
    given = column.vocabulary_list
    if column.dtype.is_integer:
        found: tuple[Any, ...] = tuple(int(np.asarray(term).astype(np.int64)) for term in given)
    elif all(isinstance(term, (str, bytes)) for term in given):
        found = tuple(term.encode() if isinstance(term, str) else bytes(term) for term in given)
    else:
        raise errors.argument(column.name, "vocabulary_list mixes strings with other values", given, "list strings only")
    for place, term in enumerate(found if len(set(found)) < len(found) else ()):
        if term in found[:place]:
            raise errors.duplicate_term(column.name, "vocabulary_list", term)
    return found


def _terms_of_file(column: VocabularyFileCategoricalColumn) -> tuple[Any, ...]:
    """The terms line by line; the first line that is wrong is the error, as in TensorFlow."""
    subject, path, size = column.name, column.vocabulary_file, column.vocabulary_size
    found: dict[Any, None] = {}
    try:
        for line in itertools.islice(lines(path, column.file_format), size):
            text = line.removesuffix(b"\r")
            if not text:
                hint = "remove the line, or give a smaller vocabulary_size"
                raise errors.invalid(subject, f"line {len(found) + 1} of the vocabulary file is blank", path, hint)
            term = _integer(subject, text) if column.dtype.is_integer else text
            if term in found:
                raise errors.duplicate_term(subject, path, term)
            found[term] = None
    except FileNotFoundError:
        raise errors.no_file(subject, path) from None
    if len(found) < size:
        raise errors.invalid(subject, f"the vocabulary file has {len(found)} lines", size, "give a smaller vocabulary_size")
    return tuple(found)


def _integer(subject: str, line: bytes) -> int:
    """A line as an int64: decimal digits, a minus before them, spaces around them."""
    match = re.fullmatch(rb"\s*(-?)0*([0-9]+)\s*", line)
    digits = int(match[2]) if match and len(match[2]) < 20 else 2**64
    value = -digits if match and match[1] else digits
    if not -(2**63) <= value < 2**63:
        raise errors.invalid(subject, "a line of the vocabulary file is no int64", line, "give dtype=string, or mend the file")
    return value


def lines(path: str, file_format: str | None) -> Iterator[bytes]:
    """The raw lines of a vocabulary file without their newline, or the records of a TFRecord file."""
    if file_format == "tfrecord_gzip":
        with gzip.open(path, "rb") as file:
            yield from _records(file, path)
        return
    with Path(path).open("rb") as file:
        for line in file:
            yield line.removesuffix(b"\n")


def _records(file: gzip.GzipFile, path: str) -> Iterator[bytes]:
    """A record is its length (8 bytes), a checksum of it, the data and a checksum; gzip has checked the bytes already."""
    while head := file.read(12):
        size = struct.unpack("<Q", head[:8])[0] if len(head) == 12 else LONGEST_RECORD + 1
        tail = file.read(size + 4) if size <= LONGEST_RECORD else b""
        if len(tail) != size + 4:
            raise errors.damaged_records(path)
        yield tail[:-4]


def _check_oov(num_oov_buckets: int | None, subject: str) -> None:
    if num_oov_buckets and base.below(num_oov_buckets, 0, subject, "num_oov_buckets"):
        raise errors.argument(subject, "num_oov_buckets must not be negative", num_oov_buckets, "give 0 or more")
