"""Training small models leaves BLAS one thread, large ones all, and puts back what was there."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from featurecols.models import Sequential
from featurecols.models.autodiff.variables import Variables
from featurecols.models.layers import Dense
from featurecols.models.training.blas_threads import SMALL, OneThread
from featurecols.models.training.hooks import Hook


def blas() -> set[int]:
    return {library["num_threads"] for library in threadpool_info() if library["user_api"] == "blas"}


class Watch(Hook):
    def __init__(self):
        self.seen = []

    def after_step(self, run):
        self.seen.append(blas())


def test_training_a_small_model():
    with threadpool_limits(2, "blas"):
        before, watch = blas(), Watch()
        x = np.ones((64, 3), np.float32)
        model = Sequential([Dense(1)])
        model.compile("sgd", "mse")
        model.fit(x, x[:, :1], batch_size=16, epochs=1, callbacks=[watch], verbose=0)
        assert before == {2}
        assert watch.seen == [{2}, {1}, {1}, {1}]  # the first step shows how large the model is
        assert blas() == before


@pytest.mark.parametrize(("rows", "expected"), [(SMALL // 12, 1), (SMALL // 12 + 1, 2)])
def test_what_is_small(rows, expected):
    variables = Variables()
    variables.values = {"dense/kernel": np.zeros((4, 3)), "linear/weights": np.zeros((10**6, 1)), "dense/bias": np.zeros(3)}
    with threadpool_limits(2, "blas"):
        with OneThread() as threads:
            threads.small(variables, rows)
            assert blas() == {expected}
        assert blas() == {2}


def test_an_error_puts_the_threads_back():
    variables = Variables()
    variables.values = {"kernel": np.zeros((4, 3))}

    def fail():
        with OneThread() as threads:
            threads.small(variables, 1)
            assert blas() == {1}
            raise ValueError("stop")

    with threadpool_limits(2, "blas"):
        with pytest.raises(ValueError, match="stop"):
            fail()
        assert blas() == {2}
