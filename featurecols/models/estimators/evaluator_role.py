"""The evaluator of a cluster: it evaluates the checkpoints that a chief on another machine writes, as they come."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.models.training import checkpoints

if TYPE_CHECKING:
    from featurecols.models.estimators.base import Estimator

POLL = 1.0  # seconds between looks into the folder


def each_checkpoint(model: Estimator, folder: Path, evaluate: Callable[[bool], None]) -> None:
    """Call evaluate(last) with the weights of each checkpoint that is the newest when it is looked for, until the end."""
    before: tuple[Path, int, int] | None = None
    done = False
    while not done:
        path = checkpoints.latest(folder)
        try:
            now = None if path is None else _state(path)  # the last step may be written again, as the end
            if path is None or now == before:
                time.sleep(POLL)
                continue
            about = checkpoints.read(path)[1]
            model._know_names()
            model.variables = model._restore(path)
        except FileNotFoundError:  # newer ones have taken its place
            continue
        before, done = now, bool(about["run"]["done"])
        evaluate(done)


def _state(path: Path) -> tuple[Path, int, int]:
    """Return what tells a file from another one of its name."""
    found = path.stat()
    return path, found.st_ino, found.st_mtime_ns
