from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from featurecols._core import farmhash
from tests.kernels.arrays import texts
from tests.kernels.fingerprints import GOLDEN

M = 2**64 - 1


def test_tensorflows_fingerprints() -> None:
    assert {item: farmhash.fingerprint64(item) for item in GOLDEN} == GOLDEN
    assert farmhash.fingerprint64(b"\xff" * 10_000) == 10743481260332099538
    assert farmhash.fingerprint64(bytes(range(256)) * 40) == 1669124556808919744


@given(st.binary(max_size=400))
@settings(max_examples=300, deadline=None)
def test_the_kernel_agrees(item: bytes) -> None:
    assert kernels.texts.farmhash64(*texts([item])).tolist() == [farmhash.fingerprint64(item)]


def test_combine_is_tensorflows_cross() -> None:
    # tf.raw_ops.SparseCross of TensorFlow 2.15: hash_key, the values of a row, and the id of 1000
    for key, values, bucket in (
        (956888297470, [7, 9], 746),
        (956888297470, [0, M], 764),
        (M, [7, 9], 541),
        (M, [0, M], 354),
        (956888297470, [farmhash.fingerprint64(b"a")], 915),
    ):
        h = key
        for value in values:
            h = farmhash.combine(h, value)
        assert 0 <= h <= M
        assert h % 1000 == bucket


@given(a=st.integers(0, M), b=st.integers(0, M))
@settings(max_examples=100, deadline=None)
def test_combine_is_the_kernel_s_step(a: int, b: int) -> None:
    step = kernels.crossing.cross(np.array([[b]], np.uint64), None, a, 2**63 - 1, farm=True)
    assert step.tolist() == [farmhash.combine(a or 956888297470, b) % (2**63 - 1)]
