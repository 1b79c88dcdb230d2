"""Children forked beside threads that read, transform, fit and predict: none may hang or fail."""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import featurecols as fc
from featurecols import models
from tests.interrupts.jobs import COLUMNS, make
from tests.interrupts.processes import wait


def run(times: int, seed: int, folder: Path, patience: float) -> Counter[str]:
    """Fork so many children; return how many ended how."""
    make(folder)
    raw, labelled = str(folder / "raw"), str(folder / "labelled")
    plan, model = fc.load(folder / "plan"), models.load(folder / "model")
    works: list[Callable[[], object]] = [
        lambda: plan.transform(raw),
        lambda: plan.transform(raw, threads=1),
        lambda: plan.encode(raw),
        lambda: fc.fit(COLUMNS, raw),
        lambda: model.predict(raw),
        lambda: model.evaluate(labelled, "label"),
        lambda: models.DNNClassifier(plan, hidden_units=[8]).train(labelled, "label", steps=3),
    ]
    for work in works:
        work()
    over, moments, found = threading.Event(), random.Random(seed), Counter[str]()

    def read(work: Callable[[], object]) -> None:
        while not over.is_set():
            work()

    threads = [threading.Thread(target=read, args=(work,), daemon=True) for work in (works[0], works[3], works[5])]
    for thread in threads:
        thread.start()
    try:
        for number in range(times):
            time.sleep(moments.random() * 0.05)
            work = works[moments.randrange(len(works))]
            child = os.fork()
            if child == 0:
                _end(work)
            status = wait(child, patience)
            outcome = "hangs" if status is None else "complete" if status == 0 else "crashes"
            found[outcome] += 1
            if outcome != "complete":
                print(f"fork {number}: {outcome}, exit status {status}", flush=True)
    finally:
        over.set()
        for thread in threads:
            thread.join(30)
    return found


def _end(work: Callable[[], object]) -> None:
    """Do the work of a child and end it."""
    try:
        work()
    except BaseException as error:
        print(f"child: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
        os._exit(1)
    os._exit(0)
