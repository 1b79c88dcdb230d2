from __future__ import annotations

import threading

import featurecols as fc
from featurecols import kernels
from featurecols._core import counters

AGE = fc.Bucketized("age", [18, 65])
JOB = fc.Vocabulary("job", ["cook", "nurse"])
COLUMNS = [
    fc.Indicator(JOB),
    fc.Indicator(fc.Crossed([AGE, fc.Identity("floor", 9)], 7)),
    fc.Embedding(JOB, 2),
]
TABLE = {"age": [20.0, 70.0] * 600, "job": ["cook", "clown"] * 600, "floor": [1, 8] * 600}


def made(run: object) -> dict[str, int]:
    before = counters.counts()
    run()  # type: ignore[operator]
    return {kind: n - before.get(kind, 0) for kind, n in counters.counts().items() if n != before.get(kind, 0)}


def test_what_is_made_when() -> None:
    assert kernels.texts
    fc.compile(COLUMNS).transform(TABLE)  # whatever kernels it needs are there
    assert made(lambda: fc.compile(COLUMNS)) == {"bound column": 7}
    plan = fc.compile(COLUMNS)
    assert made(lambda: plan.transform(TABLE)) == {"lookup": 1, "cross": 1, "embedding": 1}
    assert made(lambda: plan.transform(TABLE)) == {}
    assert made(lambda: plan.transform_row({"age": 20, "job": "cook", "floor": 1})) == {"terms": 1, "row function": 1}
    assert made(lambda: plan.transform_row({"age": 21, "job": "nurse", "floor": 2})) == {}


def test_a_kernel_is_made_once_a_variant() -> None:
    from featurecols.kernels import scatter
    from featurecols.kernels.compiler import JIT, Kernel

    fresh = Kernel(scatter._ONEHOT.function, scatter._ONEHOT.signatures)
    assert made(lambda: fresh[4]) == ({"kernel": 1} if JIT else {})
    assert made(lambda: fresh[4]) == {}


def test_threads_count_together() -> None:
    def note() -> None:
        for _ in range(1000):
            counters.increment("test")

    def run() -> None:
        threads = [threading.Thread(target=note) for _ in range(8)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()

    assert made(run) == {"test": 8000}
