from __future__ import annotations

import numpy as np
import pytest

from featurecols.models.autodiff.tape import IndexedSlices
from featurecols.models.optimization.clipping import ClipNorm, ClipValue

FOUND = {"a": np.array([3.0, 0.0]), "b": IndexedSlices(np.array([5]), np.array([[0.0, -4.0]]), (9, 2))}


def test_norm_is_global_over_arrays_and_rows():
    clipped = ClipNorm(1.0)(FOUND)
    assert clipped["a"].tolist() == pytest.approx([0.6, 0.0])
    assert clipped["b"].rows.tolist() == [pytest.approx([0.0, -0.8])]
    assert clipped["b"].ids.tolist() == [5]
    assert clipped["b"].shape == (9, 2)


def test_a_smaller_norm_is_left_alone():
    assert ClipNorm(5.0)(FOUND) is FOUND


def test_value():
    clipped = ClipValue(2.0)(FOUND)
    assert clipped["a"].tolist() == [2.0, 0.0]
    assert clipped["b"].rows.tolist() == [[0.0, -2.0]]


def test_float32_stays():
    assert ClipNorm(1.0)({"a": np.array([3.0, 4.0], np.float32)})["a"].dtype == np.float32
