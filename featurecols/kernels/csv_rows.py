"""CSV text to columns of codes: where rows end, where values lie, and which texts they are.

Text is looked at 64 bytes at a time: a word has one bit for each byte that is a mark. An odd number of quotes before a byte
says that it lies inside of them, as long as every quote stands where one may: the first pass over a piece checks that.

A piece that is not plain is left to another parser: one with quotes in other places than around values, with two of them that
mean one, with lone carriage returns, or with rows of another number of values than expected.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import (
    I32,
    I64,
    U8,
    U64,
    equal64,
    helper,
    kernel,
    load64,
    ones,
    opaque,
    read,
    stack,
    trailing_zeros,
    write,
)
from featurecols.kernels.lookup import _SECRET, _inner, _mix, _same

SPARE = 64  # bytes after the text that may be read; they hold no mark
NOT_PLAIN, UNSURE, FULL = -1, -2, -3

_0, _1, _2 = np.uint64(0), np.uint64(1), np.uint64(2)
_63 = np.uint64(63)
_ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
_HIGH, _INDEX = np.uint64(0xFFFFFFFF00000000), np.uint64(0xFFFFFFFF)
_LF, _CR = np.uint8(10), np.uint8(13)
_ENDS = 1 << 13  # ends of values that are kept before the values are looked at: as many stay in the first cache
_ends = stack((_ENDS + 64,), I32)
TEXTS, CODES = 0, 1  # the forms of a column


@helper
def _prefix(word: Any) -> Any:
    """Return in bit i whether the bits 0 ... i that are set are an odd number."""
    word ^= word << _1
    word ^= word << _2
    word ^= word << np.uint64(4)
    word ^= word << np.uint64(8)
    word ^= word << np.uint64(16)
    return word ^ (word << np.uint64(32))


@kernel({0: (read(U8), I64, U8, U8, write(I64))})
def measure(data: Any, size: Any, quote: Any, quotes: Any, found: Any) -> Any:
    """Find the last row end of a text, if all its quotes stand where they may: its position + 1, 0 where there is none.

    quotes: whether values may be quoted. found: line breaks outside of quotes; whether the text ends inside quotes.
    """
    inside, last, lines = _0, np.int64(0), np.int64(0)
    for at in range(0, size, 64):
        ends = equal64(data, at, _LF)
        if quotes:
            marks = equal64(data, at, quote)
            if marks != _0 or inside != _0:
                state = _prefix(marks) ^ inside
                inside = _ALL if state >> _63 else _0
                ends &= ~state
        lines += ones(ends)
        if ends != _0:
            while ends & (ends - _1) != _0:
                ends &= ends - _1
            last = at + trailing_zeros(ends) + 1
    found[0], found[1] = lines, np.int64(inside != _0)
    return last


@helper
def _is_null(data: Any, start: Any, n: Any, null_offsets: Any, nulls: Any) -> Any:
    for k in range(len(null_offsets) - 1):
        first = null_offsets[k]
        if null_offsets[k + 1] - first == n:
            same = True
            for i in range(n):
                if data[start + i] != nulls[first + i]:
                    same = False
            if same:
                return True
    return False


@helper
def _value(data: Any, ends: Any, j: Any, last: Any, quote: Any, quoted: Any) -> Any:
    """Return where value j of those whose ends are known starts and ends; the last of a row ends before a carriage return."""
    start, end = np.int64(ends[j]) + 1, np.int64(ends[j + 1])
    if last and end > start and data[end - 1] == _CR:
        end -= 1
    if quoted and end - start >= 2 and data[start] == quote:
        start, end = start + 1, end - 1
    return start, end


@kernel(
    {
        0: (
            read(U8), I64, I64, U8, U8, U8, I64, read(I64), read(U8), read(U64),
            read(I64, 2), write(U64), write(U64, 2), write(I32), write(I32), write(I32),
            write(I32, 2), write(I64, 2), write(I64),
        )
    }
)  # fmt: skip
def parse(
    data: Any, first: Any, size: Any, delimiter: Any, quote: Any, quotes: Any, width: Any,
    null_offsets: Any, nulls: Any, secret: Any,
    columns: Any, slots: Any, edges: Any, starts: Any, sizes: Any, numbers: Any, codes: Any, found: Any, state: Any,
) -> Any:  # fmt: skip
    """Read the rows in data[first:size], which end with a line break; returns how many, or NOT_PLAIN, UNSURE or FULL.

    UNSURE where the quotes of the text are such that it may have been cut at the wrong place. FULL where column state[0] of
    those that are read has more texts than it has room for; state[1] rows were read.

    Row i of columns is (number in a row, form, first text, texts that have room, first slot, slots, shift). Its texts are
    entries of edges, starts, sizes and numbers: where they lie in data, and which code they have, -1 for missing ones. edges:
    their first and last 8 bytes, as in `lookup`.
    A column of the form TEXTS has a text for each row, one of CODES each distinct one once; slots are zeros and at least twice
    as many as texts. codes: [columns, rows]. found: for each column its texts, and the codes that it has.
    """
    ends = _ends()
    ends[0] = first - 1
    count, rows, lines = np.int64(0), np.int64(0), np.int64(0)
    inside, after_quote, after_return = _0, _0, _0
    starts_value = _1  # whether a value may start at the first byte of a word
    quoted, doubled = False, False
    at = first
    while at < size:
        while at < size and count <= _ENDS - 64:
            line_ends = equal64(data, at, _LF)
            marks = line_ends | equal64(data, at, delimiter)
            returns = equal64(data, at, _CR)
            beyond = _ALL if size - at >= 64 else (_1 << np.uint64(size - at)) - _1
            line_ends, marks, returns = line_ends & beyond, marks & beyond, returns & beyond
            signs = equal64(data, at, quote) & beyond if quotes else _0
            outside = _ALL
            if signs != _0 or inside != _0 or after_quote != _0:
                between = _prefix(signs) ^ inside  # a quote that opens is inside, one that closes is not
                outside = ~between
                opens, closes = signs & between, signs & outside
                closed_before = (closes << _1) | after_quote
                may_start = ((marks & outside) << _1) | starts_value
                if opens & ~(may_start | closed_before) != _0:
                    return UNSURE
                if closed_before & beyond & ~(signs | marks | returns) != _0:
                    return UNSURE
                doubled = doubled or (opens & closed_before) != _0
                quoted = True
                inside = _ALL if between >> _63 else _0
                after_quote = closes >> _63
            marks &= outside
            if ((((returns & outside) << _1) | after_return) & beyond & ~line_ends) != _0:
                return UNSURE
            after_return = (returns & outside) >> _63
            starts_value = marks >> _63
            lines += ones(line_ends & outside)
            while marks != _0:
                count += 1
                ends[count] = np.int32(at + trailing_zeros(marks))
                marks &= marks - _1
            at += 64
        here = count // width
        for i in range(1, here + 1):
            if data[ends[i * width]] != _LF:
                return NOT_PLAIN
        if here == 0 or rows + here > codes.shape[1]:
            return NOT_PLAIN
        for c in range(len(columns)):
            number, form, text, room = columns[c, 0], columns[c, 1], columns[c, 2], columns[c, 3]
            slot_at, mask, shift = np.uint64(columns[c, 4]), np.uint64(columns[c, 5] - 1), np.uint64(columns[c, 6])
            last = number == width - 1
            if form == TEXTS:
                for i in range(here):
                    start, end = _value(data, ends, i * width + number, last, quote, quoted)
                    null = end == start or _is_null(data, start, end - start, null_offsets, nulls)
                    starts[text + rows + i], sizes[text + rows + i] = np.int32(start), np.int32(end - start)
                    numbers[text + rows + i] = np.int32(-1 if null else 0)
                continue
            used, known = found[c, 0], found[c, 1]
            for i in range(here):
                start, end = _value(data, ends, i * width + number, last, quote, quoted)
                n = end - start
                if n == 0:
                    codes[c, rows + i] = -1
                    continue
                long = opaque(-np.int64(n >= 8))  # all ones or none: sizes are irregular, a branch would often be mispredicted
                a = load64(data, start) & ((_1 << np.uint64(8 * (n & ~long))) - _1 | np.uint64(long))
                b = load64(data, start + ((n - 8) & long)) & np.uint64(long)
                h = _mix(a, b, _inner(data, start, n, secret), n, secret)
                slot = h >> shift
                entry = slots[slot_at + slot]
                while entry != _0:
                    if (entry ^ h) & _HIGH == _0:
                        k = text + np.int64(entry & _INDEX) - 1
                        same = (edges[k, 0] == a) & (edges[k, 1] == b) & (sizes[k] == n)
                        if same and (n <= 16 or _same(data, start, n, data, np.int64(starts[k]))):
                            codes[c, rows + i] = numbers[k]
                            break
                    slot = (slot + _1) & mask
                    entry = slots[slot_at + slot]
                if entry == _0:
                    if used == room:
                        state[0], state[1] = c, rows + i
                        return FULL
                    k = text + used
                    used += 1
                    slots[slot_at + slot] = (h & _HIGH) | np.uint64(used)
                    edges[k, 0], edges[k, 1], starts[k], sizes[k] = a, b, np.int32(start), np.int32(n)
                    if _is_null(data, start, n, null_offsets, nulls):
                        numbers[k] = -1
                    else:
                        numbers[k] = np.int32(known)
                        known += 1
                    codes[c, rows + i] = numbers[k]
            found[c, 0], found[c, 1] = used, known
        rows += here
        left = count - here * width
        for j in range(left + 1):
            ends[j] = ends[here * width + j]
        count = left
    if inside != _0:
        return UNSURE
    if doubled or count != 0 or lines != rows:
        return NOT_PLAIN
    return rows


@kernel({0: (read(U8), read(I32), read(I32), read(I32), write(I32), write(U8))})
def take(data: Any, starts: Any, sizes: Any, numbers: Any, offsets: Any, texts: Any) -> Any:
    """Put texts one after another, offsets [texts + 1]; return how many bytes they have.

    Those with number -1 are empty where there is an offset for them, and else left out.
    """
    every = len(offsets) == len(starts) + 1
    at, end = np.int64(0), np.int32(0)
    offsets[0] = 0
    for k in range(len(starts)):
        if numbers[k] >= 0:
            for i in range(starts[k], starts[k] + sizes[k]):
                texts[end] = data[i]
                end += 1
        elif not every:
            continue
        at += 1
        offsets[at] = end
    return np.int64(end)


def secret() -> Any:
    """Return the numbers that texts are hashed with: of this process."""
    return _SECRET
