from __future__ import annotations

import itertools
import struct

import mmh3
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import errors, kernels
from featurecols._core import farmhash
from tests.kernels.arrays import frozen

SIZES = [1, 3, 1000, 2**31 - 1]


def murmur_cross(parts: list[int], seed: int, n: int) -> int:
    return mmh3.hash(struct.pack(f"<{len(parts)}I", *parts), seed, signed=False) % n


def farm_cross(parts: list[int], seed: int, n: int) -> int:
    h = seed or 956888297470
    for part in parts:
        h = farmhash.combine(h, part)
    return h % n


def expected(parts: list[int], valid: list[bool], seed: int, n: int, farm: bool, keep: bool) -> int:
    if not all(valid) and not keep:
        return -1
    ones = 2**64 - 1 if farm else 2**32 - 1
    return (farm_cross if farm else murmur_cross)([p if v else ones for p, v in zip(parts, valid, strict=True)], seed, n)


@pytest.mark.parametrize("farm", [False, True])
@pytest.mark.parametrize("keep", [False, True])
@pytest.mark.parametrize("rows", [0, 1, 5, 511, 512, 1300])
def test_cross_of_values(farm: bool, keep: bool, rows: int) -> None:
    random = np.random.default_rng(rows)
    for k in (1, 2, 3, 5):
        parts = random.integers(0, 2**64 if farm else 2**32, (k, rows), dtype=np.uint64 if farm else np.uint32)
        valid = random.random((k, rows)) < 0.8
        for n, checked in itertools.product((*SIZES, *((2**40,) if farm else ())), (False, True)):
            there = valid if checked else np.ones_like(valid)
            found = kernels.crossing.cross(parts, valid if checked else None, 7, n, farm, keep)
            want = [expected(parts[:, i].tolist(), there[:, i].tolist(), 7, n, farm, keep) for i in range(rows)]
            assert (found.dtype, found.tolist()) == (np.int32 if n < 2**31 else np.int64, want)


def test_literal_crosses() -> None:
    parts = frozen([[7, 0], [9, 2**32 - 1]], np.uint32)
    assert kernels.crossing.cross(parts, None, 0, 1000).tolist() == [592, 670]
    farm = frozen([[7, 0], [9, 2**64 - 1]], np.uint64)
    assert kernels.crossing.cross(farm, None, 0, 1000, True).tolist() == [746, 764]  # by TensorFlow 2.15
    assert kernels.crossing.cross(farm, None, 956888297470, 1000, True).tolist() == [746, 764]
    assert kernels.crossing.cross(farm, None, -1, 1000, True).tolist() == [541, 354]


Row = tuple[list[tuple[int, bool]], list[tuple[int, bool]]]
PARTS = st.lists(st.tuples(st.integers(0, 2**32 - 1), st.booleans()), max_size=3)
LISTS = st.lists(st.tuples(PARTS, PARTS), max_size=5)


@pytest.mark.parametrize("farm", [False, True])
@pytest.mark.parametrize("keep", [False, True])
@given(rows=LISTS, checked=st.booleans(), skip=st.integers(0, 2))
@settings(max_examples=40, deadline=None)
def test_cross_of_lists(farm: bool, keep: bool, rows: list[Row], checked: bool, skip: int) -> None:
    parts, there, offsets = [5] * skip, [True] * skip, []
    for j in range(2):
        offsets.append([len(parts)])
        for row in rows:
            parts += [p for p, _ in row[j]]
            there += [v or not checked for _, v in row[j]]
            offsets[j].append(len(parts))
    values, ends = kernels.crossing.cross_lists(
        frozen(parts, np.uint64 if farm else np.uint32),
        frozen(there, bool) if checked else None,
        frozen(offsets, np.int64),
        3,
        997,
        farm,
        keep,
    )
    want = [
        [
            expected([p, q], [v or not checked, w or not checked], 3, 997, farm, keep)
            for (p, v), (q, w) in itertools.product(*row)
        ]
        for row in rows
    ]
    assert [values[a:b].tolist() for a, b in itertools.pairwise(ends.tolist())] == want
    assert (values.dtype, ends.dtype, len(values)) == (np.int32, np.int64, sum(map(len, want)))


def test_three_lists_the_last_fastest() -> None:
    parts = frozen([1, 2, 3, 4, 5, 6], np.uint32)
    offsets = frozen([[0, 2], [2, 3], [3, 6]], np.int64)
    values, ends = kernels.crossing.cross_lists(parts, None, offsets, 0, 2**31 - 1)
    want = [murmur_cross([a, 3, c], 0, 2**31 - 1) for a in (1, 2) for c in (4, 5, 6)]
    assert (values.tolist(), ends.tolist()) == (want, [0, 6])


def test_wide_buckets_of_lists() -> None:
    parts = frozen([1, 2], np.uint64)
    values, _ = kernels.crossing.cross_lists(parts, None, frozen([[0, 1], [1, 2]], np.int64), 5, 2**40, True)
    assert (values.dtype, values.tolist()) == (np.int64, [farm_cross([1, 2], 5, 2**40)])


def test_offsets_outside_the_parts_are_an_error() -> None:
    for bad in ([[0, 3]], [[-1, 1]], [[2, 1]]):
        with pytest.raises(errors.DataError, match="list offsets point outside"):
            kernels.crossing.cross_lists(frozen([1, 2], np.uint32), None, frozen(bad, np.int64), 0, 10)


def test_a_product_beyond_memory_is_refused_before_it_is_made() -> None:
    parts = np.zeros(10_000, np.uint32)
    offsets = np.array([[0, 10_000]] * 6)
    with pytest.raises(errors.SizeError, match="product of the lists"):
        kernels.crossing.cross_lists(parts, None, offsets, 0, 10)
