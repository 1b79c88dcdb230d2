"""Numbers of CSV files whose decimal mark is not a point."""

from __future__ import annotations

import re

import pyarrow as pa

from featurecols import errors
from featurecols.data import arrow_compute as pc
from featurecols.data.batch import Needs

_POINT = r"^\s*[+-]?(?:\d+\.\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$"


def replace(batch: pa.RecordBatch, mark: str, needs: Needs, path: str, first_row: int) -> pa.RecordBatch:
    """Return text in which each value that is a number with this decimal mark has a point in its place.

    `first_row`: the number of the first row in the file. Raises DataError for a number with a point where numbers are needed:
    it may be a mark of thousands.
    """
    texts, numbers = {}, {key for key, use in needs if use == "number"}
    number = rf"^(\s*[+-]?)(?:(\d+){re.escape(mark)}(\d*)|{re.escape(mark)}(\d+))((?:[eE][+-]?\d+)?\s*)$"
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        if pa.types.is_dictionary(column.type):
            words = pc.replace_substring_regex(column.dictionary, number, r"\1\2.\3\4\5")
            words, codes = _join_equal(words, column.indices)
            texts[name] = pa.DictionaryArray.from_arrays(codes, words)
            continue
        if name in numbers:
            _refuse_point(name, column, mark, path, first_row)
        texts[name] = pc.replace_substring_regex(column, number, r"\1\2.\3\4\5")
    return pa.RecordBatch.from_arrays(list(texts.values()), names=list(texts))


def _join_equal(words: pa.Array, codes: pa.Array) -> tuple[pa.Array, pa.Array]:
    """Return distinct words and their codes: "1,5" and "1.5" are one word now."""
    coded = words.dictionary_encode()
    return coded.dictionary, coded.indices.take(codes)


def _refuse_point(key: str, column: pa.Array, mark: str, path: str, first_row: int) -> None:
    row = pc.index(pc.match_substring_regex(column, _POINT), pa.scalar(True)).as_py()
    if row >= 0:
        problem = f"a number has a point, and its decimal mark is {errors.show(mark)}"
        hint = "take marks of thousands out of the file, or leave decimal= out where the point is the decimal mark"
        raise errors.DataError(path, problem, field=key, row=first_row + row, got=errors.show(column[row].as_py()), hint=hint)
