"""Ids of terms: a vocabulary given as a list, or read from a file when the column is first used."""

from __future__ import annotations

import itertools
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np

from featurecols._core.arrays import Array
from featurecols.errors import MissingSpecError
from featurecols.feature_column import base, dtypes, errors
from featurecols.feature_column.base import CategoricalColumn
from featurecols.feature_column.categorical import check_text_or_integer
from featurecols.feature_column.dtypes import DType, DTypeLike
from featurecols.feature_column.specs import Spec, VarLenFeature
from featurecols.feature_column.vocabulary_files import GZIPPED_RECORDS, parse_integer, read_terms

Term: TypeAlias = str | bytes | int


@dataclass(frozen=True)
class VocabularyListCategoricalColumn(CategoricalColumn):
    """Made by categorical_column_with_vocabulary_list."""

    key: str
    vocabulary_list: tuple[Term, ...]
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
    def parse_example_spec(self) -> Spec:
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
    def parse_example_spec(self) -> Spec:
        return {self.key: VarLenFeature(self.dtype)}


def categorical_column_with_vocabulary_list(
    key: str,
    vocabulary_list: Sequence[Term] | Array,
    dtype: DTypeLike | None = None,
    default_value: int = -1,
    num_oov_buckets: int = 0,
) -> VocabularyListCategoricalColumn:
    """Look terms up in a list; the id is the position in it.

    Args:
        key: name of the feature.
        vocabulary_list: distinct strings or integers.
        dtype: string or an integer type; None takes that of the list.
        default_value: the id of unseen terms; -1 stands for none. It is not checked against the size.
        num_oov_buckets: how many further ids unseen terms are hashed into, instead of default_value.

    Raises:
        ValueError: an empty list, duplicates, terms neither strings nor integers or not of `dtype`, num_oov_buckets below 0
        or together with a default_value, or a key that is not a string.

    >>> categorical_column_with_vocabulary_list("color", ["R", "G", "B"], num_oov_buckets=2).num_buckets
    5
    """
    subject = f"categorical_column_with_vocabulary_list {key}"
    if vocabulary_list is None or len(vocabulary_list) < 1:
        raise errors.argument(subject, "vocabulary_list must not be empty", vocabulary_list, "list the terms")
    if len(set(vocabulary_list)) != len(vocabulary_list):
        raise errors.argument(subject, "vocabulary_list has duplicates", vocabulary_list, "list every term once")
    default_value, num_oov_buckets = base.plain(default_value), base.plain(num_oov_buckets)
    held = _find_dtype(vocabulary_list, subject)
    if num_oov_buckets and default_value != -1:
        raise errors.argument(
            subject, "default_value and num_oov_buckets exclude each other", default_value, "give one of them"
        )
    _check_oov(num_oov_buckets, subject)
    check_text_or_integer(held, f"{subject} vocabulary_list")
    declared = held if dtype is None else dtypes.of_argument(dtype, subject)
    if declared.is_integer != held.is_integer:
        raise errors.argument(subject, f"dtype must fit vocabulary_list, which holds {held.name}", dtype, "leave it out")
    check_text_or_integer(declared, subject)
    base.check_key(key, subject)
    listed = tuple(base.plain(term) for term in vocabulary_list)
    return VocabularyListCategoricalColumn(key, listed, declared, default_value, num_oov_buckets)


def categorical_column_with_vocabulary_file(
    key: str,
    vocabulary_file: str | os.PathLike[str],
    vocabulary_size: int | None = None,
    dtype: DTypeLike = dtypes.string,
    default_value: int | None = None,
    num_oov_buckets: int | None = 0,
    file_format: str | None = None,
) -> VocabularyFileCategoricalColumn:
    """Look terms up in a file that has one a line; the id is the number of the line, from 0.

    Args:
        key: name of the feature.
        vocabulary_file: path of the file. One carriage return at the end of a line is not part of the term.
        vocabulary_size: how many lines to read; None reads all, and then the file must exist already.
        dtype: string, or an integer type (lines are then parsed as integers).
        default_value: the id of unseen terms; None is -1, which stands for none.
        num_oov_buckets: how many further ids unseen terms are hashed into, instead of default_value.
        file_format: "tfrecord_gzip" reads records of a gzipped TFRecord file; the default for paths ending in tfrecord.gz.

    Raises:
        ValueError: no path, no such file (where the size is to be counted), a size below 1, num_oov_buckets below 0 or
        together with a default_value, a dtype neither string nor integer, or a key that is not a string.
        When the column is used: NotFoundError (no such file), InvalidArgumentError (a blank line, or fewer lines than
        vocabulary_size), FailedPreconditionError (a term occurs twice, or fewer records than vocabulary_size), DataLossError
        (damaged records).
    """
    subject = f"categorical_column_with_vocabulary_file {key}"
    if not vocabulary_file:
        raise errors.argument(subject, "vocabulary_file must be a path", vocabulary_file, "name the file")
    if not isinstance(vocabulary_file, (str, os.PathLike)):
        raise errors.no_attribute(subject, "vocabulary_file must be a path", vocabulary_file, "name the file")
    path = os.fspath(vocabulary_file)
    if file_format is None and path.endswith("tfrecord.gz"):
        file_format = GZIPPED_RECORDS
    vocabulary_size, num_oov_buckets = base.plain(vocabulary_size), base.plain(num_oov_buckets)
    default_value = base.plain(default_value)
    if vocabulary_size is None:
        if not Path(path).exists():
            hint = "write it, or give vocabulary_size"
            raise MissingSpecError(str(errors.argument(subject, "vocabulary_file does not exist", Path(path), hint)))
        vocabulary_size = sum(1 for _ in read_terms(path, file_format))
    if base.is_below(vocabulary_size, 1, subject, "vocabulary_size"):
        raise errors.argument(subject, "vocabulary_size must be at least 1", vocabulary_size, "count the terms")
    if num_oov_buckets and default_value is not None:
        raise errors.argument(
            subject, "default_value and num_oov_buckets exclude each other", default_value, "give one of them"
        )
    _check_oov(num_oov_buckets, subject)
    declared = check_text_or_integer(dtype, subject)
    base.check_key(key, subject)
    unseen = -1 if default_value is None else default_value
    return VocabularyFileCategoricalColumn(key, path, vocabulary_size, num_oov_buckets or 0, declared, unseen, file_format)


def _find_dtype(vocabulary_list: Sequence[Term] | Array, subject: str) -> DType:
    try:
        return dtypes.as_dtype(np.array(vocabulary_list).dtype)
    except ValueError:  # lists in the list, or text beside bytes that are not text
        raise errors.argument(
            subject, "vocabulary_list must be of one type", vocabulary_list, "list strings or integers"
        ) from None


def terms(column: VocabularyListCategoricalColumn | VocabularyFileCategoricalColumn) -> tuple[bytes, ...] | tuple[int, ...]:
    """Return the distinct terms of a column in the order of their ids: bytes, or integers where the dtype is one.

    Raises the errors of TensorFlow's tables: FailedPreconditionError (a term twice, too few records), InvalidArgumentError (a
    blank line, too few lines), NotFoundError (no such file), ValueError (a list of strings and other values).
    """
    if isinstance(column, VocabularyFileCategoricalColumn):
        return _read_file(column)
    given = column.vocabulary_list
    found = _integers(column.name, given) if column.dtype.is_integer else _texts(column.name, given)
    for position, term in enumerate(found if len(set(found)) < len(found) else ()):
        if term in found[:position]:
            raise errors.duplicate_term(column.name, "vocabulary_list", term)
    return found


def _texts(subject: str, given: tuple[Term, ...]) -> tuple[bytes, ...]:
    texts = [term.encode() if isinstance(term, str) else term for term in given]
    found = tuple(bytes(text) for text in texts if isinstance(text, bytes))
    if len(found) < len(given):
        raise errors.argument(subject, "vocabulary_list mixes strings with other values", given, "list strings only")
    return found


def _integers(subject: str, given: tuple[Term, ...]) -> tuple[int, ...]:
    found = tuple(int(np.asarray(term).astype(np.int64)) for term in given)
    if any(isinstance(term, (int, np.integer)) and int(term) >= 2**63 for term in given):
        raise errors.argument(subject, "terms must fit int64", max(given), "hash larger integers")
    return found


def _read_file(column: VocabularyFileCategoricalColumn) -> tuple[bytes, ...] | tuple[int, ...]:
    """Return the terms, one by one as TensorFlow reads them: the first that is wrong is the error."""
    subject, path = column.name, column.vocabulary_file
    size, records = _check_size(subject, column.vocabulary_size), column.file_format == GZIPPED_RECORDS
    found: dict[bytes | int, None] = {}
    try:
        for line in itertools.islice(read_terms(path, column.file_format), size):
            text = line if records else line.removesuffix(b"\r")
            if not text and not records:
                hint = "remove the line, or give a smaller vocabulary_size"
                raise errors.invalid(subject, f"line {len(found) + 1} of the vocabulary file is blank", path, hint)
            term = parse_integer(subject, text) if column.dtype.is_integer else text
            if term in found:
                raise errors.duplicate_term(subject, path, term)
            found[term] = None
    except FileNotFoundError:
        raise errors.no_file(subject, path) from None
    if len(found) < size and records:
        raise errors.too_few_records(subject, len(found), size)
    if len(found) < size:
        raise errors.invalid(subject, f"the vocabulary file has {len(found)} lines", size, "give a smaller vocabulary_size")
    return tuple(found)  # type: ignore[return-value]


def _check_size(subject: str, size: float) -> int:
    """Return vocabulary_size as TensorFlow hands it to its kernels: cut off to an integer of 64 bits."""
    if size != size:
        raise errors.argument(subject, "vocabulary_size must be a number", size, "count the terms")
    if not size < 2**63:
        raise errors.overflow(subject, "vocabulary_size must fit 64 bits", size)
    return int(size)


def _check_oov(num_oov_buckets: int | None, subject: str) -> None:
    if num_oov_buckets and base.is_below(num_oov_buckets, 0, subject, "num_oov_buckets"):
        raise errors.argument(subject, "num_oov_buckets must not be negative", num_oov_buckets, "give 0 or more")
