"""Kernels that write sorted texts as records and merge many such streams into one.

A record is one byte, the number of first bytes that it has in common with the text before, at most 255; then how many
bytes follow and the count, in 7 bits a byte, low bits first, the high bit set where more follow; then those bytes.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import I32, I64, U8, U64, helper, kernel, read, write
from featurecols.kernels.sort_text import word

DONE, FULL, HUNGRY, NARROW, DAMAGED = 0, 1, 2, 3, -1
OVERHEAD = 1 + 10 + 10  # bytes of a record beside its text, at most
# the state of the merge between two calls, in status
PHASE, AT, LACKS, ENTRIES, OPEN, COUNT = range(6)
LOADING, ADVANCING, TAKING = range(3)
_BLOCK = 64  # texts whose reads are overlapped


@helper
def _put(out: Any, at: Any, value: Any) -> Any:
    while value >= 128:
        out[at] = np.uint8((value & 127) | 128)
        value >>= 7
        at += 1
    out[at] = np.uint8(value)
    return at + 1


@helper
def _touch(offsets: Any, data: Any, counts: Any, order: Any, at: Any) -> Any:
    """Read what the next texts need, which is scattered over memory, so that these reads overlap."""
    stop, last, total = min(at + _BLOCK, len(order)), len(data) - 1, 0
    for i in range(at, stop):
        total += offsets[order[i]] + counts[order[i]]
    for i in range(at, stop if last >= 0 else at):
        total += data[min(offsets[order[i]], last)]
    return total


@kernel({0: (read(I64), read(U8), read(I64), read(I32), I64, read(U8), write(U8), write(I64))})
def encode(offsets: Any, data: Any, counts: Any, order: Any, at: Any, before: Any, out: Any, status: Any) -> Any:
    """Write the texts order[at:] as records until `out` is full; returns where it stopped.

    before: the text before order[0]. status: [bytes written, bytes that the next record may take, unspecified].
    """
    end = 0
    for i in range(at, len(order)):
        if (i - at) % _BLOCK == 0:
            status[2] += _touch(offsets, data, counts, order, i)
        start, n = offsets[order[i]], offsets[order[i] + 1] - offsets[order[i]]
        if end + n + OVERHEAD > len(out):
            status[0], status[1] = end, n + OVERHEAD
            return i
        shared = 0
        if i > 0:
            last, limit = offsets[order[i - 1]], min(n, offsets[order[i - 1] + 1] - offsets[order[i - 1]], 255)
            while shared < limit and data[last + shared] == data[start + shared]:
                shared += 1
        else:
            limit = min(n, len(before), 255)
            while shared < limit and before[shared] == data[start + shared]:
                shared += 1
        out[end] = np.uint8(shared)
        end = _put(out, _put(out, end + 1, n - shared), counts[order[i]])
        for j in range(shared, n):
            out[end] = data[start + j]
            end += 1
    status[0], status[1] = end, 0
    return len(order)


@helper
def _get(buffer: Any, at: Any, stop: Any) -> Any:
    """Return a number and where it ends; -1 where the buffer ends first, -2 where it is beyond 2^56."""
    value, shift = np.int64(0), np.int64(0)
    while at < stop:
        byte = np.int64(buffer[at])
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
        if shift > 49:
            return np.int64(-2), at
    return np.int64(-1), at


@helper
def _advance(r: Any, buffer: Any, window: Any, texts: Any, keys: Any, status: Any) -> Any:
    """Read run r's next text; windows and texts are rows of the two buffers. See `merge` for the columns of window."""
    start, stop, final, length = window[r, 0], window[r, 1], window[r, 2], window[r, 3]
    width = (len(texts) - 8) // len(window)
    if start == stop and final:
        window[r, 3] = -1
        return DONE
    short = DAMAGED if final else HUNGRY
    status[LACKS] = OVERHEAD
    if stop - start < 1:
        return short
    shared = np.int64(buffer[start])
    rest, at = _get(buffer, start + 1, stop)
    count, at = _get(buffer, at, stop)
    if rest == -2 or count == -2 or shared > max(length, 0) or count == 0:
        return DAMAGED
    if rest < 0 or count < 0:
        return short
    status[LACKS] = max(rest + OVERHEAD, shared + rest)
    if rest > stop - at:
        return short
    if shared + rest > width:
        return NARROW
    text = r * width
    for j in range(rest):
        texts[text + shared + j] = buffer[at + j]
    window[r, 0], window[r, 3], window[r, 4] = at + rest, shared + rest, count
    keys[r] = word(texts, text, text + shared + rest)
    return DONE


@helper
def _less(a: Any, b: Any, window: Any, texts: Any, keys: Any) -> Any:
    """Return whether run a's text comes before run b's; a run that has ended comes last."""
    n, m = window[a, 3], window[b, 3]
    if n < 0 or m < 0:
        return n >= 0
    if keys[a] != keys[b]:
        return keys[a] < keys[b]
    width = (len(texts) - 8) // len(window)
    for j in range(8, min(n, m)):
        x, y = texts[a * width + j], texts[b * width + j]
        if x != y:
            return x < y
    return n < m


@helper
def _replay(r: Any, tree: Any, window: Any, texts: Any, keys: Any) -> None:
    """Move run r up the tree of losers; tree[0] is the run with the first text, -1 a node that is not used yet."""
    node = (r + len(tree)) >> 1
    while node > 0:
        if tree[node] < 0:
            tree[node] = r
            return
        if _less(tree[node], r, window, texts, keys):
            other = tree[node]
            tree[node] = r
            r = other
        node >>= 1
    tree[0] = r


@helper
def _same_as_open(r: Any, window: Any, texts: Any, start: Any, stop: Any, out: Any) -> Any:
    if stop - start != window[r, 3]:
        return False
    text = r * ((len(texts) - 8) // len(window))
    j = 0
    while j < stop - start and out[start + j] == texts[text + j]:
        j += 1
    return j == stop - start


@kernel({0: (read(U8), write(I64, 2), write(U8), write(U64), write(I64), I64, write(I64), write(U8), write(I64), write(I64))})
def merge(
    buffer: Any, window: Any, texts: Any, keys: Any, tree: Any, minimum: Any,
    offsets: Any, data: Any, counts: Any, status: Any,
) -> Any:  # fmt: skip
    """Merge the runs, adding up counts of equal texts; those seen `minimum` times or more go to offsets, data, counts.

    window [k, 5] is, for each run: start and stop of its bytes in `buffer`, whether they are its last, length and count of
    its current text, which is row r of `texts`; keys holds the first words of these. Returns DONE at the end, FULL when
    the output is (status[ENTRIES] of it is valid; the caller takes it and sets it to 0), HUNGRY when run status[AT]
    needs more bytes, NARROW when its text needs wider rows (status[LACKS] says how many bytes), or DAMAGED.
    The text that is being added up comes after the entries: status[OPEN] is its length or -1, status[COUNT] its count.
    """
    while True:
        if status[PHASE] != TAKING:
            r = status[AT]
            code = _advance(r, buffer, window, texts, keys, status)
            if code != DONE:
                return code
            _replay(r, tree, window, texts, keys)
            status[AT] = r + 1
            if status[PHASE] == ADVANCING or status[AT] == len(window):
                status[PHASE] = TAKING
            continue
        r, entries = tree[0], status[ENTRIES]
        end = offsets[entries]
        if status[OPEN] >= 0:
            if _same_as_open(r, window, texts, end, end + status[OPEN], data):
                status[COUNT] += window[r, 4]
                status[PHASE], status[AT] = ADVANCING, r
                continue
            if status[COUNT] >= minimum:
                end += status[OPEN]
                counts[entries] = status[COUNT]
                entries += 1
                offsets[entries], status[ENTRIES] = end, entries
            status[OPEN] = -1
        n = window[r, 3]
        if n < 0:
            return DONE
        if entries == len(counts) or end + n > len(data):
            status[LACKS] = n
            return FULL
        text = r * ((len(texts) - 8) // len(window))
        for j in range(n):
            data[end + j] = texts[text + j]
        status[OPEN], status[COUNT] = n, window[r, 4]
        status[PHASE], status[AT] = ADVANCING, r
