"""Fields of text taken apart into lists of tokens: each distinct text once, whole columns at a time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.data import arrow_buffers
from featurecols.data import arrow_compute as pc
from featurecols.data.field_types import UNREAD
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.cleaning import SPACES
from featurecols.data.fields.convert import view_of
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.fields.lists import ListField
from featurecols.data.fields.text import TextField

TEXT_HINT = "read it as it is, or cast it to text"
TokensOf = Callable[[object], list[str]]
Cut = Callable[[pa.Array], pa.Array | None]


def take_apart(view: FieldView, tokens_of: TokensOf, cut: Cut, max_tokens: int | None = None) -> FieldView:
    """Return a field of text as lists of tokens.

    Args:
        view: one text a row.
        tokens_of: the tokens of one Python value.
        cut: the same of an Arrow array of texts, as an array of lists, in which tokens may be empty; None where it does not.
        max_tokens: so many tokens of a row are kept, the first ones.

    Raises DataError at the first value that is not text.
    """
    if view.depth:
        raise errors.bad_value(view.key, view.key, 0 if len(view) else None, "needs one text a row", "a list", TEXT_HINT)
    if view.value_type().type in UNREAD and (there := ~view.missing()).any():  # some are text where Python has no such time
        row = int(there.argmax())
        raise errors.bad_value(view.key, view.key, row, "needs text", view.slice(row, row + 1).to_pylist()[0], TEXT_HINT)
    if not isinstance(view, (TextField, DictionaryField)) or not view.textual:
        return one_by_one(view, tokens_of)
    tokens = view.tokens()
    texts, codes = tokens.texts, tokens.codes
    array = arrow_buffers.arrow_texts(texts.offsets, texts.data, texts.valid, _kind(texts.offsets))
    lists = cut(array)
    if lists is None:
        return one_by_one(view, tokens_of)
    offsets, flat = _without_empty(lists, max_tokens)
    if codes is None:
        return ListField(view.key, offsets, TextField.of(view.key, flat))
    sizes, starts = np.append(np.diff(offsets), 0)[codes], offsets[codes]
    ends = np.append(0, np.cumsum(sizes)).astype(np.int64)
    encoded = flat.dictionary_encode()
    at = np.repeat(starts - ends[:-1], sizes) + np.arange(ends[-1])
    distinct = TextField.of(view.key, encoded.dictionary)
    return ListField(view.key, ends, DictionaryField(view.key, np.asarray(encoded.indices)[at], distinct))


def one_by_one(view: FieldView, tokens_of: TokensOf) -> FieldView:
    """Return lists of tokens of values that are looked at in Python, each distinct text once."""
    known: dict[object, list[str]] = {}
    rows: list[list[str]] = []
    for row, value in enumerate(view.to_pylist()):
        found = known.get(value) if isinstance(value, str) else None
        if found is None:
            try:
                found = tokens_of(value)
            except errors.DataError as e:
                raise errors.DataError(view.key, e.problem, field=view.key, row=row, got=e.got, hint=e.hint) from None
            if isinstance(value, str):
                known[value] = found
        rows.append(found)
    offsets = np.append(0, np.cumsum([len(found) for found in rows])).astype(np.int64)
    return ListField(view.key, offsets, view_of(view.key, pa.array([token for row in rows for token in row], pa.string())))


def _kind(offsets: Array) -> pa.DataType:
    return pa.string() if offsets.dtype.itemsize == 4 else pa.large_string()


def _without_empty(lists: pa.Array, max_tokens: int | None) -> tuple[Array, pa.Array]:
    """Return int64 offsets [n + 1] and the tokens that are not empty, the first max_tokens of each list."""
    starts, flat = arrow_buffers.list_parts(lists)
    there = np.asarray(pc.not_equal(pc.binary_length(flat), 0).cast(pa.uint8())).astype(np.bool_)
    before = np.append(0, np.cumsum(there)).astype(np.int64)
    if max_tokens is not None:
        place = before[:-1] - np.repeat(before[starts[:-1]], np.diff(starts))
        there &= place < max_tokens
        before = np.append(0, np.cumsum(there)).astype(np.int64)
    return before[starts], flat if there.all() else flat.filter(pa.array(there))


def text_of(key: str, value: object) -> str | None:
    """Return one value of a row as text, None where it is missing; DataError where it is not text."""
    if value is None or isinstance(value, str):
        return value
    problem = "needs one text a row" if isinstance(value, (list, tuple)) else "needs text"
    got = "a list" if isinstance(value, (list, tuple)) else value
    raise errors.bad_value(key, key, None, problem, got, TEXT_HINT)


def cut_at(separator: str, strip: bool, lowercase: bool) -> Cut:
    """Return what cuts texts at a separator; None for text whose case Python alone changes as Python does."""

    def cut(array: pa.Array) -> pa.Array | None:
        lists = pc.split_pattern(array, separator)
        if not strip and not lowercase:
            return lists
        offsets, flat = arrow_buffers.list_parts(lists)
        if lowercase:
            if not pc.all(pc.string_is_ascii(flat)).as_py() and len(flat):
                return None
            flat = pc.ascii_lower(flat)
        if strip:
            flat = pc.utf8_trim(flat, characters=SPACES)
        return pa.LargeListArray.from_arrays(pa.array(offsets), flat)

    return cut


def cut_words(array: pa.Array) -> pa.Array | None:
    """Return the lower-cased words of texts; None for text that is not ASCII, whose letters Python knows."""
    if not pc.all(pc.string_is_ascii(array.drop_null())).as_py() and array.null_count < len(array):
        return None
    offsets, flat = arrow_buffers.list_parts(pc.split_pattern_regex(array, "[^0-9A-Za-z_]+"))
    return pa.LargeListArray.from_arrays(pa.array(offsets), pc.ascii_lower(flat))
