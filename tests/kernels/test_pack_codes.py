from __future__ import annotations

import numpy as np
import pytest

from featurecols.kernels.pack_codes import pack_codes


@pytest.mark.parametrize("rows", [1, 7, 8, 9, 100, 1000])
@pytest.mark.parametrize(("span", "width"), [(1, 1), (2, 1), (3, 2), (60, 6), (129, 8)])
def test_codes_are_those_of_numpy(rows: int, span: int, width: int) -> None:
    values = ((np.arange(rows) * 37 + 5) % span).astype(np.int32)
    found = pack_codes(values, span)
    terms = list(dict.fromkeys(values.tolist()))
    codes = np.array([terms.index(value) for value in values.tolist()])
    bits = codes[:, None] >> np.arange(found.width) & 1
    padded = np.zeros((-(-rows // 8) * 8, found.width), np.uint8)
    padded[:rows] = bits
    assert found.terms.tolist() == terms
    assert found.width == width if rows > span else found.width <= width
    assert found.packed.tolist() == np.packbits(padded.reshape(-1), bitorder="little").tolist()


def test_a_width_of_words_is_packed_without_a_rest() -> None:
    values = np.arange(1 << 16, dtype=np.int32)[::-1].copy()
    found = pack_codes(values, 1 << 16)
    assert found.width == 16
    assert np.array_equal(found.packed.view(np.uint16), np.arange(1 << 16))
    assert np.array_equal(found.terms, values)
