"""CRC-32C (Castagnoli) over large buffers with numpy alone, and LevelDB's masking of it.

A CRC is linear over GF(2), so the words of a message may be added up in any order once each has been moved to its
position. A buffer is read as rows of C words; the rows are folded into one row of C words that has the same CRC, which
costs two table reads a word over long arrays. The rest is short and is read byte by byte.
"""

from __future__ import annotations

import functools

import numpy as np

from featurecols._core.arrays import Array

_POLYNOMIAL = 0x82F63B78  # reflected 0x1EDC6F41
_MASK_DELTA = 0xA282EAD8
_FOLDS = (8192, 128)  # words a row: the first keeps a row in the L1 cache, the second leaves 512 bytes


def crc32c(data: bytes | memoryview | Array, crc: int = 0) -> int:
    """Return CRC-32C of `data`, continuing from `crc`, the CRC of what came before it.

    >>> hex(crc32c(b"123456789"))
    '0xe3069283'
    >>> crc32c(b"456789", crc32c(b"123")) == crc32c(b"123456789")
    True
    """
    state = crc ^ 0xFFFFFFFF
    rest = np.frombuffer(data, dtype=np.uint8)
    for width in _FOLDS:
        rows = len(rest) // (4 * width)
        if rows > 1:
            state = _bytewise(_fold(rest[: rows * 4 * width], width, state), 0)
            rest = rest[rows * 4 * width :]
    return _bytewise(rest.tobytes(), state) ^ 0xFFFFFFFF


def unmask(masked: int) -> int:
    """Return the CRC that LevelDB stored as `masked`: rotated and shifted, so that a CRC of CRCs remains a good one."""
    rotated = (masked - _MASK_DELTA) & 0xFFFFFFFF
    return (rotated >> 17 | rotated << 15) & 0xFFFFFFFF


def _fold(data: Array, width: int, state: int) -> bytes:
    """Return 4 * width bytes whose CRC from state 0 is that of `data` from `state`; `data` is whole rows."""
    rows = data.view("<u4").reshape(-1, width)
    low, high = _shift_tables(4 * width)
    row = rows[0].astype(np.uint32)
    row[0] ^= np.uint32(state)
    for following in rows[1:]:
        row = low[row & 0xFFFF] ^ high[row >> 16] ^ following
    if width != _FOLDS[-1]:
        return _fold(row.astype("<u4").view(np.uint8), _FOLDS[-1], 0)
    return bytes(row.astype("<u4").data)


def _bytewise(data: bytes, state: int) -> int:
    table = _byte_table()
    for byte in data:
        state = table[(state ^ byte) & 0xFF] ^ state >> 8
    return state


@functools.cache
def _byte_table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)


@functools.cache
def _shift_tables(count: int) -> tuple[Array, Array]:
    """Return tables of the state after `count` more zero bytes: one for its low 16 bits, one for the high ones."""
    images = [_bytewise(b"\0" * 4, 1 << bit) for bit in range(32)]
    step = 4
    while step < count:  # doubling: the images of the images
        images = [_combine(images, image) for image in images]
        step *= 2
    return _span(images[:16]), _span(images[16:])


def _combine(images: list[int], state: int) -> int:
    result = 0
    for bit in range(32):
        if state >> bit & 1:
            result ^= images[bit]
    return result


def _span(images: list[int]) -> Array:
    table = np.zeros(1 << len(images), np.uint32)
    for bit, image in enumerate(images):
        table[1 << bit : 2 << bit] = table[: 1 << bit] ^ np.uint32(image)
    return table
