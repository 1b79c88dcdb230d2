"""N-grams of tokens and of characters, and the beginnings of texts: whole columns at a time, or one row."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pyarrow as pa

from featurecols import errors, kernels
from featurecols._core.arrays import Array, Tokens
from featurecols._core.values import canonical
from featurecols.data import arrow_buffers
from featurecols.data import arrow_compute as pc
from featurecols.data.fields.base import FieldView
from featurecols.data.fields.convert import view_of
from featurecols.data.fields.dictionary import DictionaryField
from featurecols.data.fields.lists import ListField
from featurecols.data.fields.text import TextField
from featurecols.data.fields.tokens import one_by_one
from featurecols.errors import DataError

_AT_ONCE = 1 << 20  # n-grams that are found at a time
_HINT = "cast it to text"
TOKENS_HINT = "give Words(key) or Split(key), which make tokens of a text, or characters=True"


def as_text(key: str, value: object) -> str:
    """Return one value that is not missing as text: an integer as its digits; DataError for what is not text or an integer."""
    if type(value) is str:
        return value
    if isinstance(value, (bytes, list)):
        raise errors.bad_value(key, key, None, "needs text", value, _HINT)
    return canonical(value, key, key).decode()


def tokens_of(key: str, value: object) -> list[str]:
    """Return one row of tokens, missing ones left out; DataError where it is not a list."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise errors.bad_value(key, key, None, "needs a list of tokens", value, TOKENS_HINT)
    return [as_text(key, token) for token in value if token is not None]


def texts_of(key: str, value: object) -> list[str]:
    """Return the texts of one row, missing ones left out: one, or those of a list."""
    if value is None:
        return []
    return tokens_of(key, value) if isinstance(value, list) else [as_text(key, value)]


def grams_of(tokens: list[str], low: int, high: int) -> list[str]:
    """Return the n-grams of the tokens of one row, joined by a space, shortest first."""
    return [" ".join(tokens[i : i + n]) for n in range(low, high + 1) for i in range(len(tokens) - n + 1)]


def character_grams_of(texts: list[str], low: int, high: int) -> list[str]:
    """Return the n-grams of the characters of one text after the other, shortest first in each."""
    return [text[i : i + n] for text in texts for n in range(low, high + 1) for i in range(len(text) - n + 1)]


def token_grams(view: FieldView, row: Callable[[object], list[str]], low: int, high: int) -> FieldView:
    """Return lists of tokens as lists of their n-grams; row: the same of one value.

    Raises DataError at the first row that holds something else.
    """
    if view.depth == 0 and not (there := ~view.missing()).any():
        return ListField(view.key, np.zeros(len(view) + 1, np.int64), _texts(view.key, np.zeros(1, np.int64), _NO_BYTES))
    if view.depth == 0:
        at = int(there.argmax())
        raise errors.bad_value(
            view.key, view.key, at, "needs a list of tokens", view.slice(at, at + 1).to_pylist()[0], TOKENS_HINT
        )
    if not _is_text(view):
        return one_by_one(view, row)
    found = view.tokens()
    offsets, flat = _without_missing(found)
    joined = pc.binary_join(pa.LargeListArray.from_arrays(pa.array(offsets), flat), pa.scalar(" ", flat.type))
    row_starts, data = arrow_buffers.texts(joined)
    lengths, sizes = np.diff(arrow_buffers.texts(flat)[0]).astype(np.int64), np.diff(offsets)
    before = np.append(0, np.cumsum(lengths + 1))  # each token with a space after it
    begins = before[:-1] + np.repeat(row_starts[:-1].astype(np.int64) - before[offsets[:-1]], sizes)
    ends, grams = _joined(_slices(data, begins, begins + lengths, offsets, sizes, low, high))
    return ListField(view.key, ends, _texts(view.key, *grams))


def character_grams(view: FieldView, row: Callable[[object], list[str]], low: int, high: int) -> FieldView:
    """Return texts, or lists of them, as lists of the n-grams of their characters; row: the same of one value.

    Raises DataError at the first row that holds something else.
    """
    if not _is_text(view):
        return one_by_one(view, row)
    found = view.tokens()
    texts = found.texts
    start, stop = int(texts.offsets[0]), int(texts.offsets[-1])
    begins = start + np.flatnonzero((texts.data[start:stop] & 0xC0) != 0x80)  # the first byte of each code point
    groups = np.searchsorted(begins, texts.offsets)
    sizes = np.diff(groups) if texts.valid is None else np.where(texts.valid, np.diff(groups), 0)
    ends, grams = _joined(_slices(texts.data, begins, np.append(begins[1:], stop), groups, sizes, low, high))
    elements = _texts(view.key, *grams)
    if found.codes is None:
        return ListField(view.key, ends if found.offsets is None else ends[found.offsets], elements)
    sizes, starts = np.append(np.diff(ends), 0)[found.codes], ends[found.codes]
    offsets = np.append(0, np.cumsum(sizes)).astype(np.int64)
    encoded = elements.to_arrow().dictionary_encode()
    at = np.repeat(starts - offsets[:-1], sizes) + np.arange(offsets[-1])
    codes = np.asarray(encoded.indices)[at]
    rows = offsets if found.offsets is None else offsets[found.offsets]
    return ListField(view.key, rows, DictionaryField(view.key, codes, TextField.of(view.key, encoded.dictionary)))


def prefixes(view: FieldView, row: Callable[[object], object], n: int) -> FieldView:
    """Return the first n characters of texts, or of each in lists; row: the same of one value.

    Raises DataError at the first row that holds something else.
    """
    if not _is_text(view):
        return _prefixes_one_by_one(view, row)
    found = view.tokens()
    texts = found.texts
    cut = pc.utf8_slice_codeunits(arrow_buffers.arrow_texts(texts.offsets, texts.data, texts.valid, _kind(texts.offsets)), 0, n)
    elements: FieldView = TextField.of(view.key, cut)
    if found.codes is not None:
        elements = DictionaryField(view.key, found.codes, elements)
    return elements if found.offsets is None else ListField(view.key, found.offsets, elements)


_NO_BYTES = np.zeros(0, np.uint8)


def _kind(offsets: Array) -> pa.DataType:
    return pa.string() if offsets.dtype.itemsize == 4 else pa.large_string()


def _texts(key: str, offsets: Array, data: Array) -> TextField:
    return TextField(key, offsets, data, None, pa.large_string())


def _is_text(view: FieldView) -> bool:
    """Return whether all values are texts or integers that Arrow holds; False where each is looked at in Python."""
    while view.depth:
        view, _ = view.elements()
    return view._as_arrow() is not None and view.value_type().type != "bytes"


def _without_missing(found: Tokens) -> tuple[Array, pa.Array]:
    """Return the tokens that are not missing, and the int64 offsets [n + 1] of the rows among them."""
    texts, offsets = found.texts, np.asarray(found.offsets)
    flat = arrow_buffers.arrow_texts(texts.offsets, texts.data, texts.valid, _kind(texts.offsets)).cast(pa.large_string())
    if found.codes is not None:
        flat = flat.take(pa.array(found.codes, mask=found.codes < 0))
    if flat.null_count:
        there = np.asarray(flat.is_valid())
        offsets, flat = np.append(0, np.cumsum(there))[offsets], flat.drop_null()
    return offsets.astype(np.int64), flat


def _slices(
    data: Array, begins: Array, ends: Array, groups: Array, sizes: Array, low: int, high: int
) -> Iterator[tuple[Array, Array, Array]]:
    """Yield the n-grams of some groups at a time: how many each group has, how long each n-gram is, and their bytes.

    Element i is data[begins[i]:ends[i]], and group g has `sizes[g]` elements from groups[g] on.
    """
    lengths = np.arange(low, high + 1)
    per_group = np.maximum(sizes[:, None] - lengths + 1, 0)
    totals = np.append(0, np.cumsum(per_group.sum(1)))
    start = 0
    while start < len(sizes):
        stop = max(start + 1, int(np.searchsorted(totals, totals[start] + _AT_ONCE, side="right")) - 1)
        counts = per_group[start:stop].ravel()
        first = np.append(0, np.cumsum(counts))
        at = np.arange(first[-1]) + np.repeat(np.repeat(groups[start:stop], len(lengths)) - first[:-1], counts)
        last = at + np.repeat(np.tile(lengths, stop - start), counts) - 1
        bounds = np.zeros(2 * len(at) + 1, np.int64)
        bounds[:-1:2], bounds[1::2] = begins[at], ends[last]
        order, offsets = np.arange(0, 2 * len(at), 2, dtype=np.int32), np.zeros(len(at) + 1, np.int64)
        kernels.count_terms.take[0](bounds, data, order, offsets, _NO_BYTES)
        out = np.empty(offsets[-1], np.uint8)
        kernels.count_terms.take[0](bounds, data, order, offsets, out)
        yield np.diff(totals[start : stop + 1]), np.diff(offsets), out
        start = stop


def _joined(parts: Iterator[tuple[Array, Array, Array]]) -> tuple[Array, tuple[Array, Array]]:
    """Return the offsets of groups among n-grams, and those of n-grams among bytes with these bytes."""
    empty = np.zeros(0, np.int64), np.zeros(0, np.int64), _NO_BYTES
    counts, lengths, data = (np.concatenate(arrays) for arrays in zip(*[empty, *parts], strict=True))
    return np.append(0, np.cumsum(counts)).astype(np.int64), (np.append(0, np.cumsum(lengths)).astype(np.int64), data)


def _prefixes_one_by_one(view: FieldView, row: Callable[[object], object]) -> FieldView:
    """Return what `row` gives of each value, in lists where the field has lists."""
    found = []
    for at, value in enumerate(view.to_pylist()):
        try:
            found.append(row(value))
        except DataError as error:
            raise DataError(view.key, error.problem, field=view.key, row=at, got=error.got, hint=error.hint) from None
    return view_of(view.key, pa.array(found, pa.list_(pa.string()) if view.depth else pa.string()))
