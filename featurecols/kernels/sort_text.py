"""A kernel that sorts texts by their bytes: quicksort on words of 8 bytes, then on the next 8 of those that are equal.

Texts are data[offsets[i]:offsets[i + 1]]; `data` has 8 spare bytes at its end, so that a word may be loaded anywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from featurecols.kernels.compiler import I32, I64, U8, U64, helper, kernel, load64, read, write

_0, _1, _7, _8, _16, _32, _INDEX = (np.uint64(n) for n in (0, 1, 7, 8, 16, 32, 2**32 - 1))
_BYTES, _PAIRS = np.uint64(0x00FF00FF00FF00FF), np.uint64(0x0000FFFF0000FFFF)
_SMALL = 20  # ranges that insertion sorts


@helper
def word(data: Any, start: Any, stop: Any) -> Any:
    """Return the 8 bytes from start on as a number in the order of bytes, 0 from stop on."""
    n = stop - start
    if n <= 0:
        return _0
    x = load64(data, start)
    x = ((x & _BYTES) << _8) | ((x >> _8) & _BYTES)
    x = ((x & _PAIRS) << _16) | ((x >> _16) & _PAIRS)
    x = (x << _32) | (x >> _32)
    return x if n >= 8 else x >> np.uint64(64 - 8 * n) << np.uint64(64 - 8 * n)


@helper
def _draw(random: Any, keys: Any, low: Any, n: Any) -> Any:
    """Return the median of three keys at random positions, and the next random word."""
    random ^= random << np.uint64(13)
    random ^= random >> _7
    random ^= random << np.uint64(17)
    size = np.uint64(n)
    a = keys[low + np.int64((random & _INDEX) % size)]
    b = keys[low + np.int64((random >> _16 & _INDEX) % size)]
    c = keys[low + np.int64((random >> _32) % size)]
    return max(min(a, b), min(max(a, b), c)), random


@helper
def _split(keys: Any, order: Any, low: Any, high: Any, pivot: Any) -> Any:
    """Move keys less than or equal to pivot to the front of [low, high), without a branch; returns where they end."""
    end = low
    for i in range(low, high):
        key = keys[i]
        index = order[i]
        keys[i] = keys[end]
        order[i] = order[end]
        keys[end] = key
        order[end] = index
        end += key <= pivot
    return end


@helper
def _insert(keys: Any, order: Any, low: Any, high: Any) -> None:
    """Sort keys[low:high] by insertion, and order with them."""
    for i in range(low + 1, high):
        key = keys[i]
        index = order[i]
        j = i
        while j > low and keys[j - 1] > key:
            keys[j] = keys[j - 1]
            order[j] = order[j - 1]
            j -= 1
        keys[j] = key
        order[j] = index


@helper
def _sort_words(keys: Any, order: Any, low: Any, high: Any, stack: Any) -> None:
    """Sort keys[low:high], and order with them, by quicksort with random pivots."""
    top = 0
    random = (np.uint64(high - low) << _16) | _1
    while True:
        while high - low > _SMALL:
            pivot, random = _draw(random, keys, low, high - low)
            middle = _split(keys, order, low, high, pivot)
            if middle == high:  # the pivot is the largest: set it and its equals aside, by asking for less
                if pivot == _0:
                    low = high
                    break
                high = _split(keys, order, low, high, pivot - _1)
                continue
            stack[top] = low
            stack[top + 1] = middle
            low = middle
            if middle - stack[top] < high - middle:  # the larger side waits, so the stack stays short
                low = stack[top]
                stack[top] = middle
                stack[top + 1] = high
                high = middle
            top += 2
        _insert(keys, order, low, high)
        if top == 0:
            return
        top -= 2
        low = stack[top]
        high = stack[top + 1]


@helper
def _ended_first(offsets: Any, order: Any, low: Any, high: Any, depth: Any) -> Any:
    """Move those texts, all equal up to depth + 8, that end there to the front, shorter first; returns how many."""
    end = low
    for i in range(low, high):
        index = order[i]
        n = offsets[index + 1] - offsets[index]
        if n <= depth + 8:  # of distinct texts at most nine
            order[i] = order[end]
            j = end
            while j > low and offsets[order[j - 1] + 1] - offsets[order[j - 1]] > n:
                order[j] = order[j - 1]
                j -= 1
            order[j] = index
            end += 1
    return end


@kernel({0: (read(I64), read(U8), write(I32), write(U64), write(I64))})
def sort(offsets: Any, data: Any, order: Any, keys: Any, stack: Any) -> Any:
    """Sort the numbers of distinct texts in `order` by their bytes, ascending.

    keys: scratch memory for as many words. stack: int64 [256 + 3 * m], m > the square root of the texts' bytes: m texts that
    wait at m depths differ in at least 8 bytes a depth.
    """
    top, low, high, depth, fresh = 256, 0, len(order), 0, True
    while True:
        if fresh:  # words at this depth; ranges within come back here with the next ones
            for i in range(low, high):
                start, stop = offsets[order[i]], offsets[order[i] + 1]
                keys[i] = word(data, start + depth, stop) if start + depth < stop else _0
            _sort_words(keys, order, low, high, stack)
            fresh = False
        while low < high:
            end = low + 1
            while end < high and keys[end] == keys[low]:
                end += 1
            rest = _ended_first(offsets, order, low, end, depth) if end - low > 1 else end
            low = end
            if end - rest > 1:
                if low < high:
                    stack[top] = low
                    stack[top + 1] = high
                    stack[top + 2] = depth
                    top += 3
                low, high, depth, fresh = rest, end, depth + 8, True
                break
        if not fresh:
            if top == 256:
                return
            top -= 3
            low, high, depth = stack[top], stack[top + 1], stack[top + 2]
