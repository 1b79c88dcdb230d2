"""F6: products have the same bits on any number of CPUs, and BLAS libraries get back the threads that they had."""

from __future__ import annotations

import threading

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from featurecols._core import blas
from featurecols.models import Sequential
from featurecols.models.layers import Dense
from featurecols.models.training.hooks import Hook


def threads() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


class Watch(Hook):
    def __init__(self):
        self.seen = []

    def before_step(self, run):
        self.seen.append(threads())


@pytest.mark.filterwarnings("ignore:.*are alike")
def test_f11_training_leaves_blas_one_thread_and_puts_back_what_was_there():
    """F11: training leaves BLAS one thread and puts back what was there."""
    with threadpool_limits(2, "blas"):
        watch = Watch()
        x = np.ones((64, 3), np.float32)
        model = Sequential([Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], batch_size=16, epochs=1, callbacks=[watch], verbose=0)
        assert watch.seen == [{1}] * 4
        assert threads() == {2}


def test_an_error_puts_the_threads_back():
    with threadpool_limits(2, "blas"):
        with pytest.raises(ValueError, match=r"\{1\}"), blas.one_thread:
            raise ValueError(threads())
        assert threads() == {2}


def test_limits_that_overlap_in_several_threads():
    inside, leave = threading.Barrier(2), threading.Event()

    def first():
        with blas.one_thread:
            inside.wait()
            leave.wait()

    with threadpool_limits(2, "blas"):
        other = threading.Thread(target=first)
        other.start()
        with blas.one_thread:
            inside.wait()
            leave.set()
            other.join()  # the first to come leaves first
            assert threads() == {1}
        assert threads() == {2}


SHAPES = [(1, 40, 300), (300, 40, 1), (64, 64, 64), (1000, 784, 200), (700, 1500, 300), (300, 1500, 700), (65, 2100, 1001)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_f6_a_product_has_the_same_bits_for_any_number_of_threads(monkeypatch, shape, dtype):
    """F6: a product has the same bits for any number of threads."""
    m, k, n = shape
    random = np.random.default_rng(0)
    a, b = random.normal(size=(m, k)).astype(dtype), random.normal(size=(n, k)).astype(dtype).T
    found = []
    for number in (1, 2, 3):
        monkeypatch.setenv("FEATURECOLS_THREADS", str(number))
        with threadpool_limits(number, "blas"):
            found.append(blas.matmul(a, b))
            out = np.full((m, n), np.nan, dtype)
            assert blas.matmul(a, b, out=out) is out
            assert out.tobytes() == found[0].tobytes()
    assert len({product.tobytes() for product in found}) == 1
    np.testing.assert_allclose(found[0], a.astype(np.float64) @ b, rtol=1e-5 if dtype == np.float32 else 1e-12, atol=1e-3)


def test_f6_only_large_products_are_cut():
    """F6: only large products are cut."""
    assert 700 * 1500 * 300 > blas.LARGE > 1000 * 784 * 100
