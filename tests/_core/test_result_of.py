"""Waiting for a task: its result, its errors, and an interrupt that comes before the wait."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from featurecols._core import thread_pool


def _late(error: Exception | None) -> int:
    time.sleep(0.05)
    if error is not None:
        raise error
    return 7


def test_a_result_that_takes_longer_than_a_slice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thread_pool, "_SLICE", 0.01)
    with ThreadPoolExecutor(1) as pool:
        assert thread_pool.result_of(pool.submit(_late, None)) == 7
        with pytest.raises(TimeoutError, match="its own"):
            thread_pool.result_of(pool.submit(_late, TimeoutError("its own")))
        with pytest.raises(ValueError, match="of the task"):
            thread_pool.result_of(pool.submit(_late, ValueError("of the task")))
