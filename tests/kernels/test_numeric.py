from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from featurecols import kernels
from tests.kernels.arrays import Array, frame_intact, framed, frozen, same_bits

ZSCORE, MINMAX, LOG1P, CLIP = range(4)
FINITE = st.one_of(
    st.sampled_from([0.0, -0.0, 1.0, -1.0, 5e-324, 2.0**-1074, 1e308, -1e308, 0.1]),
    st.floats(allow_nan=False, allow_infinity=False),
)
VALUES = st.one_of(FINITE, st.sampled_from([math.nan, math.inf, -math.inf]))
Op = tuple[int, float, float]


def one(x: float, op: Op) -> float:
    """The definition, in Python's own floats."""
    code, a, b = op
    if math.isnan(x):
        return x
    if code == ZSCORE:
        return (x - a) / b if b != 0.0 else 0.0
    if code == MINMAX and math.isinf(b - a):
        return (x / 2 - a / 2) / (b / 2 - a / 2)
    if code == MINMAX:
        return (x - a) / (b - a) if b != a else 0.0
    if code == LOG1P:
        return math.log1p(x) if x > -1.0 else (-math.inf if x == -1.0 else math.nan)
    return a if x < a else b if x > b else x


def is_refused(x: float, ops: Sequence[Op]) -> bool:
    """NaN, what has no logarithm on its way, and an infinite number that no clip holds."""
    infinite = math.isinf(x)
    for op in ops:
        if math.isnan(x) or (op[0] == LOG1P and x <= op[1]):
            return True
        x = x if infinite and op[0] in (ZSCORE, MINMAX) else one(x, op)
        infinite = infinite and math.isinf(x)
    return math.isnan(x) or infinite


def operations(ops: Sequence[Op]) -> tuple[Array, Array, Array]:
    codes, a, b = (frozen([op[i] for op in ops], t) for i, t in enumerate((np.int64, float, float)))
    return codes, a, b


def run(x: Array, default: Sequence[float], ops: Sequence[Op], out: Array) -> int:
    return kernels.numeric.normalize(x, frozen(default, float), *operations(ops), out)


def chain(x: float, ops: Sequence[Op]) -> float:
    for op in ops:
        x = one(x, op)
    return x


def as_bits(values: Sequence[float]) -> list[bytes]:
    """Bits of float64, every NaN alike: which NaN an operation gives is not defined."""
    return [b"nan" if math.isnan(v) else np.float64(v).tobytes() for v in values]


OPS = st.lists(
    st.one_of(
        st.tuples(st.just(ZSCORE), FINITE, st.one_of(st.just(0.0), FINITE.map(abs))),
        st.tuples(FINITE, FINITE).map(lambda p: (MINMAX, min(p), max(p))),
        st.just((LOG1P, -1.0, 0.0)),
        st.tuples(FINITE, FINITE).map(lambda p: (CLIP, min(p), max(p))),
    ),
    max_size=3,
)


@given(x=st.lists(VALUES, max_size=24), default=VALUES, ops=OPS)
@settings(max_examples=200, deadline=None)
@pytest.mark.filterwarnings("ignore:overflow")
def test_normalize_has_the_bits_of_python(x: list[float], default: float, ops: list[Op]) -> None:
    out = np.full(len(x), 7.0)
    suspect = run(frozen(x, float), [default], ops, out)
    want = [chain(default if math.isnan(v) else v, ops) for v in x]
    found = kernels.numeric.refused(np.array([default if math.isnan(v) else v for v in x]), *operations(ops))
    assert found.tolist() == [is_refused(default if math.isnan(v) else v, ops) for v in x]
    assert suspect in (-1, 0) if not found.any() else suspect == 0
    assert as_bits(out.tolist()) == as_bits(want)
    view, matrix = framed(len(x), 1, 9)
    assert run(frozen(x, float), [default], ops, view) == suspect
    with np.errstate(over="ignore"):
        assert as_bits(view[:, 0].tolist()) == as_bits(np.array(want, np.float64).astype(np.float32).tolist())
    assert frame_intact(matrix, 1)


def test_no_operation_is_fused_or_reordered() -> None:
    x = np.random.default_rng(1).normal(size=5000) * 1e3
    for ops in (
        [(ZSCORE, 0.1, 3.0)],
        [(MINMAX, 0.1, 0.7)],
        [(ZSCORE, 0.1, 1 / 3), (CLIP, -1e3, 1e3), (MINMAX, -7.7, 9.3)],
        [(CLIP, 0.0, math.inf), (LOG1P, -1.0, 0.0), (ZSCORE, 0.3, 0.7)],
    ):
        out = np.empty(len(x))
        assert run(x, [0.0], ops, out) == -1
        assert out.tolist() == [chain(v, ops) for v in x.tolist()]


def test_log1p_is_the_c_library_s() -> None:
    x = np.concatenate(
        [np.random.default_rng(2).normal(size=20_000) ** 2, 10.0 ** np.arange(-320, 308), [-0.0, 0.0, -0.999999]]
    )
    out = np.empty(len(x))
    run(x, [0.0], [(LOG1P, -1, 0)], out)
    assert out.tolist() == [math.log1p(v) for v in x.tolist()]
    edge = np.empty(4)
    run(np.array([-1.0, -1.5, math.inf, -math.inf]), [0.0], [(LOG1P, -1, 0)], edge)
    assert as_bits(edge.tolist()) == as_bits([-math.inf, math.nan, math.inf, math.nan])


def test_nothing_varies_nothing_divides() -> None:
    x = np.array([1.0, 2.0, math.inf, math.nan])
    for op in ((ZSCORE, 1.0, 0.0), (MINMAX, 3.0, 3.0)):
        out = np.empty(4)
        run(x, [math.nan], [op], out)
        assert as_bits(out.tolist()) == as_bits([0.0, 0.0, 0.0, math.nan])


def test_defaults_go_round_with_the_elements_of_a_row() -> None:
    x = np.full((300, 3), np.nan)
    x[1] = [5.0, 6.0, 7.0]
    view, matrix = framed(300, 3)
    assert run(x.ravel(), [1.0, 2.0, 3.0], [(ZSCORE, 1.0, 2.0)], view) == -1
    want = np.tile([0.0, 0.5, 1.0], (300, 1))
    want[1] = [2.0, 2.5, 3.0]
    assert view.tolist() == want.tolist()
    assert frame_intact(matrix, 3)
    flat = np.empty(900)
    assert run(x.ravel(), [1.0, 2.0, 3.0], [(ZSCORE, 1.0, 2.0)], flat) == -1
    assert flat.tolist() == want.ravel().tolist()


@pytest.mark.parametrize("at", [0, 1, 255, 256, 700])
@pytest.mark.parametrize(("odd", "ops"), [(math.nan, []), (math.inf, []), (-1.0, [(LOG1P, -1, 0)]), (-7.0, [(LOG1P, -1, 0)])])
def test_the_block_of_the_first_number_to_look_at_is_named(at: int, odd: float, ops: list[Op]) -> None:
    x = np.ones(800)
    x[[at, 750]] = odd
    out = np.empty(800)
    assert run(x, [math.nan], ops, out) == at // 256 * 256
    assert np.flatnonzero(kernels.numeric.refused(x, *operations(ops))).tolist() == [at, 750]
    assert np.flatnonzero(out == chain(1.0, ops)).tolist() == [k for k in range(800) if k not in (at, 750)]
    assert run(x, [math.nan, math.nan], ops, np.empty((400, 2), np.float32)) == at // 256 * 256


def test_float32_overflow_is_infinite_and_rounding_is_to_even() -> None:
    x = np.array([1e39, -1e39, 3.4028235677973366e38, 3.4028235677973362e38, 1e-46, 16777217.0, 16777219.0])
    out = np.empty((7, 1), np.float32)
    assert run(x, [0.0], [], out) == -1
    assert out[:, 0].tolist() == [math.inf, -math.inf, math.inf, 3.4028234663852886e38, 0.0, 16777216.0, 16777220.0]


def test_nothing_to_normalize() -> None:
    assert run(np.empty(0), [math.nan], [(LOG1P, -1, 0)], np.empty(0)) == -1
    assert run(np.empty(0), [1.0, 2.0], [], np.empty((0, 2), np.float32)) == -1


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8", "f2", "f4", "f8", "?"])
def test_to_float64(dtype: str) -> None:
    values = frozen([0, 1, 100], dtype)
    assert same_bits(kernels.numeric.to_float64(values), values.astype(float))
    found = kernels.numeric.to_float64(values, frozen([True, False, True], bool))
    assert as_bits(found.tolist()) == as_bits([0.0, math.nan, float(values[2])])
    assert values.tolist() == np.array([0, 1, 100], dtype).tolist()


def test_to_float64_rounds_large_integers_to_even() -> None:
    big = [2**53 + 1, 2**53 + 3, 2**63 - 1, -(2**63)]
    assert kernels.numeric.to_float64(np.array(big)).tolist() == [float(v) for v in big]
    assert kernels.numeric.to_float64(np.array([2**64 - 1], np.uint64)).tolist() == [2.0**64]


def test_gathered_numbers() -> None:
    codes = frozen([1, -1, 0, 7, -(2**31)], np.int32)
    found = kernels.numeric.gather_numbers(frozen([0.5, -0.0], np.float64), codes)
    assert str(found.tolist()) == "[-0.0, nan, 0.5, nan, nan]"
    assert np.isnan(kernels.numeric.gather_numbers(np.empty(0), codes)).all()


def test_gathered_features_have_the_last_entry_for_other_codes() -> None:
    out = np.zeros((4, 2), np.float32)
    kernels.numeric.gather_features(frozen([0.5, 2.0, 9.0], np.float32), frozen([1, -1, 0, 7], np.int32), out[:, 1:])
    assert out.tolist() == [[0.0, 2.0], [0.0, 9.0], [0.0, 0.5], [0.0, 9.0]]
