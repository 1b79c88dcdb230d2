"""Requests that share a call: each has its own rows, its own error, and what it has alone."""

import asyncio
import random
import threading
import time
from collections.abc import Awaitable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import featurecols as fc
from featurecols.integrations.serving.batching import FEW, Batcher, Slice
from featurecols.integrations.serving.http_errors import HttpError
from featurecols.integrations.serving.limits import Limits
from featurecols.integrations.serving.requests import Rows
from featurecols.integrations.serving.servable import load

Calls = list[tuple[int, int]]


def rows_of(*values: Any) -> Rows:
    return Rows({"x": list(values)}, len(values))


def double(rows: Rows) -> dict[str, np.ndarray[Any, Any]]:
    if "bad" in rows.columns["x"]:
        raise ValueError(f"bad among {rows.count}")
    return {"y": np.array([2 * value for value in rows.columns["x"]])}


def run(work: Any, *, batch_rows: int = 8, seconds: float = 30.0) -> tuple[list[Any], Calls]:
    """What the awaitables that work(batcher) gives come to, and requests and rows of each call."""
    calls: Calls = []

    async def gather(of: Iterable[Awaitable[Any]]) -> list[Any]:
        return await asyncio.gather(*of, return_exceptions=True)

    async def main() -> list[Any]:
        with ThreadPoolExecutor(2) as executor:
            batcher = Batcher(executor, batch_rows, seconds, lambda requests, rows, _: calls.append((requests, rows)))
            return await gather(work(batcher))

    return asyncio.run(main()), calls


def values(found: Slice) -> list[Any]:
    return found.arrays["y"][found.start : found.stop].tolist()


def test_what_waits_is_answered_together_up_to_the_rows_of_a_call() -> None:
    given = [rows_of(1), rows_of(2, 3), rows_of(4, 5, 6, 7, 8), rows_of(9), rows_of(10)]
    found, calls = run(lambda b: [b.run(double, rows) for rows in given])
    assert [values(f) for f in found] == [[2], [4, 6], [8, 10, 12, 14, 16], [18], [20]]
    assert calls == [(3, 8), (2, 2)]


def test_a_larger_request_and_one_that_must_be_alone_have_their_own_call() -> None:
    given = [rows_of(*range(9)), rows_of(1), Rows({"x": [5]}, 1, alone=True), rows_of(2)]
    found, calls = run(lambda b: [b.run(double, rows) for rows in given])
    assert [values(f) for f in found] == [list(range(0, 18, 2)), [2], [10], [4]]
    assert calls == [(1, 9), (2, 2), (1, 1)]


def test_an_error_is_that_of_its_request_alone() -> None:
    found, _ = run(lambda b: [b.run(double, rows_of(v)) for v in (1, "bad", 3)])
    assert [values(found[0]), values(found[2])] == [[2], [6]]
    assert str(found[1]) == "bad among 1"


def test_calls_of_two_kinds_are_not_mixed() -> None:
    def triple(rows: Rows) -> dict[str, np.ndarray[Any, Any]]:
        return {"y": np.array([3 * value for value in rows.columns["x"]])}

    found, calls = run(lambda b: [b.run(f, rows_of(v)) for f, v in ((double, 1), (triple, 2), (double, 3), (triple, 4))])
    assert [values(f) for f in found] == [[2], [6], [6], [12]]
    assert calls == [(2, 2), (2, 2)]


def test_long_calls_run_in_a_thread_and_late_answers_are_a_504() -> None:
    threads = []

    def slow(rows: Rows) -> dict[str, np.ndarray[Any, Any]]:
        threads.append(threading.current_thread() is threading.main_thread())
        time.sleep(0.5)
        return double(rows)

    found, _ = run(lambda b: [b.run(slow, rows_of(*range(FEW + 1))), b.run(slow, rows_of(1))], seconds=0.2)
    assert [type(f) for f in found] == [HttpError, HttpError]
    assert [f.status for f in found] == [504, 504]
    assert threads == [False]  # the second had expired before its turn


def test_what_a_request_is_told_does_not_depend_on_its_company(tmp_path: Path) -> None:
    """Rows of any values, alone and together: the same bits, the same errors."""
    columns = [fc.Hashed("a", 50), fc.Vocabulary("b", ["x", "1", "true"], num_oov_buckets=3), fc.Numeric("c", default=0.5)]
    table = {"a": ["x", "y"] * 8, "b": ["x", "1"] * 8, "c": [1.0, 2.0] * 8, "y": [0, 1] * 8}
    fc.models.LinearClassifier(fc.compile(columns)).train(table, label="y", epochs=3).save(tmp_path / "m")
    servable = load(tmp_path / "m", 1, name="m", limits=Limits(), threads=1)
    draw = random.Random(7)
    pool: list[Any] = [
        "x",
        "y",
        "1",
        "",
        None,
        1,
        0,
        -3,
        2**53 + 1,
        2**70,
        1.0,
        0.5,
        -0.0,
        True,
        False,
        b"x",
        "\ud800",
        "é",
        [],
        ["x"],
    ]
    pool += [["x", None], [1, 2], [[1], []], [1.5, "x"], 1e300]
    bodies = []
    for _ in range(400):
        many = draw.choice((1, 1, 1, 2, 3))
        bodies.append({"instances": [{key: draw.choice(pool) for key in "abc"} for _ in range(many)]})

    def answer(rows: Rows) -> Any:
        try:
            return {name: array.tolist() for name, array in servable.call("predict")(rows).items()}
        except fc.errors.FeatureColumnsError as e:
            return str(e)

    requests = [servable.reader.read(body, "predict") for body in bodies]
    alone = [answer(rows) for rows in requests]
    found, calls = run(lambda b: [b.run(servable.call("predict"), rows) for rows in requests], batch_rows=64)
    together = [
        {name: array[f.start : f.stop].tolist() for name, array in f.arrays.items()} if isinstance(f, Slice) else str(f)
        for f in found
    ]
    assert together == alone
    assert len(calls) < 0.9 * len(requests)
    assert sum(isinstance(a, str) for a in alone) > 50
    assert sum(not isinstance(a, str) for a in alone) > 50


@pytest.mark.parametrize("count", [0, 1, 5])
def test_rows_of_an_answer_are_those_of_the_request(count: int) -> None:
    found, _ = run(lambda b: [b.run(double, rows_of(*range(count))), b.run(double, rows_of(7))])
    assert values(found[0]) == list(range(0, 2 * count, 2))
    assert values(found[1]) == [14]
