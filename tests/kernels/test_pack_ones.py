from __future__ import annotations

import numpy as np
import pytest

from featurecols.kernels.pack_ones import pack_ones


@pytest.mark.parametrize("rows", [0, 1, 7, 8, 9, 63, 64, 65, 200])
@pytest.mark.parametrize("width", [1, 5, 33])
def test_bits_are_those_of_numpy(rows: int, width: int) -> None:
    rng = np.random.default_rng(rows)
    matrix = rng.integers(0, 2, (rows, width)).astype(np.float32)
    bits = np.full((width, -(-rows // 8)), 255, np.uint8)
    half = rows // 16 * 8
    other = pack_ones(matrix, 0, half, bits) | pack_ones(matrix, half, rows, bits)
    assert not other.any()
    assert np.array_equal(bits, np.packbits(matrix == 1, axis=0, bitorder="little").T)


def test_other_numbers_are_found() -> None:
    values = np.array([0.0, 1.0, -0.0, 0.5, np.nan, 1e-45, np.nextafter(np.float32(1), np.float32(2)), -1.0], np.float32)
    matrix = np.zeros((70, len(values)), np.float32)
    matrix[69] = values
    bits = np.zeros((len(values), 9), np.uint8)
    assert pack_ones(matrix, 0, 70, bits).tolist() == [False, False, *[True] * 6]
    assert bits[:, 8].tolist() == [0, 32, *bits[2:, 8]]
