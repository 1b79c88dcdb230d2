from __future__ import annotations

import math
import statistics

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtri
from scipy.stats import kstest, truncnorm

from featurecols._core.spec import decode
from featurecols.columns.initializers import Constant, Initializer, TruncatedNormal, Uniform, Zeros
from featurecols.errors import ColumnError
from tests.kernels.fingerprints import GOLDEN

M = 2**64 - 1


def u(seed: int, fingerprint: int, i: int) -> float:
    """The generator as the module documents it, in Python integers."""
    cat = 0xC6A4A7935BD1E995
    k = fingerprint * cat & M
    r = (seed ^ cat ^ ((k ^ k >> 47) * cat & M)) * cat & M
    r = (r ^ r >> 47) * cat & M
    z = (r ^ r >> 47) + (i + 1) * 0x9E3779B97F4A7C15 & M
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 & M
    z = (z ^ z >> 27) * 0x94D049BB133111EB & M
    return ((z ^ z >> 31) // 4096 + 0.5) / 2**52


@pytest.mark.parametrize("seed", [0, 1, 12345, 2**63 - 1, M])
@pytest.mark.parametrize("name", [b"a", b"hello world", "日本語".encode()])
def test_every_cell_by_the_documented_formula(seed: int, name: bytes) -> None:
    cells = [u(seed, GOLDEN[name], i) for i in range(12)]
    table = Uniform(-1.0, 3.0).make(4, 3, seed, name.decode())
    assert (table.dtype, table.shape) == (np.float32, (4, 3))
    assert table.ravel().tolist() == [float(np.float32(-1.0 + 4.0 * x)) for x in cells]
    normal = TruncatedNormal(0.5, 2.0).make(4, 3, seed, name.decode()).ravel()
    want = [0.5 + 2.0 * float(ndtri(0.5 + (x - 0.5) * 0.9544997361036416)) for x in cells]
    np.testing.assert_allclose(normal, want, rtol=1e-6, atol=1e-7)


def test_literal_tables() -> None:
    assert Uniform(0, 1).make(2, 2, 7, "city").tolist() == [
        [0.0852883830666542, 0.8463350534439087],
        [0.4207654893398285, 0.2912438213825226],
    ]
    assert TruncatedNormal().make(2, 2, 7, "city").tolist() == [
        [-0.8896889686584473, 0.6763100028038025],
        [-0.13486264646053314, -0.36929839849472046],
    ]
    assert TruncatedNormal(1, 0.1).make(1, 3, 0, "").tolist() == [[1.158057689666748, 0.9320089221000671, 1.0318700075149536]]
    assert Constant(0.1).make(2, 1, 7, "city").tolist() == [[0.10000000149011612]] * 2
    assert Zeros().make(1, 2, 7, "city").tolist() == [[0.0, 0.0]]


def test_the_normal_is_normal_within_two_deviations() -> None:
    z = TruncatedNormal(0.0, 1.0).make(1000, 400, 5, "table").ravel().astype(float)
    assert np.abs(z).max() <= 2.0
    assert np.abs(z).max() > 1.9999
    assert abs(z.mean()) < 4 * 0.88 / math.sqrt(z.size)
    assert abs(z.std() - 0.87962566103423978) < 0.003  # the truncated normal's own, by its closed form
    assert kstest(z, truncnorm(-2, 2).cdf).pvalue > 0.001


def test_the_uniform_is_uniform() -> None:
    x = Uniform(2.0, 6.0).make(500, 400, 5, "table").ravel().astype(float)
    assert (x.min() >= 2.0, x.max() <= 6.0) == (True, True)
    assert abs(x.mean() - 4.0) < 4 * (4 / math.sqrt(12)) / math.sqrt(x.size)
    counts = np.bincount(((x - 2.0) / 4.0 * 100).astype(int).clip(0, 99), minlength=100)
    assert ((counts - x.size / 100) ** 2).sum() / (x.size / 100) < 160  # chi squared, 99 degrees of freedom


def test_mean_and_stddev_of_the_default() -> None:
    for dimension in (1, 4, 64):
        table = TruncatedNormal().make(20_000, dimension, 1, "t")
        assert abs(table).max() <= np.float32(2 / math.sqrt(dimension))
        assert statistics.pstdev(table.ravel()[:20_000].tolist()) == pytest.approx(0.8796 / math.sqrt(dimension), rel=0.03)


@pytest.mark.parametrize("initializer", [Zeros(), Constant(2.0), Uniform(-1, 1), TruncatedNormal()])
def test_larger_tables_begin_like_smaller_ones(initializer: Initializer) -> None:
    small, large = initializer.make(5, 7, 3, "t"), initializer.make(9000, 7, 3, "t")
    assert small.tobytes() == large[:5].tobytes()
    again = initializer.make(9000, 7, 3, "t")
    assert again.tobytes() == large.tobytes()
    assert initializer.make(0, 7, 3, "t").shape == (0, 7)


def test_tables_differ_by_seed_and_name() -> None:
    tables = [Uniform(0, 1).make(3, 3, seed, name).tobytes() for seed in (0, 1) for name in ("a", "b", "ab")]
    assert len(set(tables)) == 6
    rows = TruncatedNormal().make(5000, 2, 0, "a")
    assert len(np.unique(rows, axis=0)) == 5000
    other = TruncatedNormal().make(5000, 2, 1, "a")
    assert abs(np.corrcoef(rows.ravel(), other.ravel())[0, 1]) < 0.05


@given(low=st.floats(-1e38, 1e38), spread=st.floats(0, 1e38))
@settings(max_examples=50, deadline=None)
def test_uniform_stays_within_its_bounds(low: float, spread: float) -> None:
    table = Uniform(low, low + spread).make(4, 4, 0, "t")
    assert (table >= np.float32(low)).all()
    assert (table <= np.float32(low + spread)).all()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Constant(math.nan), "Constant: value must be a finite number, got nan"),
        (lambda: Constant(1e39), "Constant: value must be a finite number"),
        (lambda: Constant("1"), "Constant: value must be a finite number"),
        (lambda: Constant(True), "Constant: value must be a finite number"),
        (lambda: Constant(10**400), "Constant: value must be a finite number"),
        (lambda: Uniform(1, 0), "Uniform: low must not exceed high"),
        (lambda: Uniform(0, math.inf), "Uniform: high must be a finite number"),
        (lambda: TruncatedNormal(std=0), "TruncatedNormal: std must be positive"),
        (lambda: TruncatedNormal(std=-1.0), "TruncatedNormal: std must be positive"),
        (lambda: TruncatedNormal(mean=None), "TruncatedNormal: mean must be a finite number"),
    ],
)
def test_wrong_arguments(make: object, message: str) -> None:
    with pytest.raises(ColumnError, match=message):
        make()  # type: ignore[operator]


@pytest.mark.parametrize(
    "spec", [Zeros(), Constant(1), Uniform(-1, 1), TruncatedNormal(), TruncatedNormal(1, 2), TruncatedNormal(std=3.0)]
)
def test_values_read_back(spec: Initializer) -> None:
    names = {"Zeros": Zeros, "Constant": Constant, "Uniform": Uniform, "TruncatedNormal": TruncatedNormal}
    assert eval(repr(spec), names) == spec
    assert decode(spec.to_json()) == spec
    assert Uniform(-1, 1) == Uniform(-1.0, 1.0)
