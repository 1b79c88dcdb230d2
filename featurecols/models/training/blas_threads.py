"""Threads of BLAS in training: small products lose more by waiting for each other than they win by being shared.

Waiting is busy, so that with another process on the machine a step can take ten times as long; and the input pipeline has
work for the second core.
"""

from __future__ import annotations

from contextlib import AbstractContextManager, ExitStack
from types import TracebackType

from featurecols.models.autodiff.variables import Variables

SMALL = 1 << 27  # multiplications of the largest product of a step: about 5 ms on one core


class OneThread(AbstractContextManager["OneThread"]):
    """Inside, BLAS has one thread once `small` has found a model small; afterwards it has what it had."""

    def __init__(self) -> None:
        self._asked, self._limits = False, ExitStack()

    def small(self, variables: Variables, rows: int) -> None:
        """Look at a model, once: `rows` times its largest kernel is what its largest product multiplies."""
        if self._asked:
            return
        self._asked = True
        sizes = [v.size for name, v in variables.values.items() if name.endswith("kernel")]
        if not sizes or rows * max(sizes) > SMALL:
            return
        from threadpoolctl import threadpool_limits

        self._limits.enter_context(threadpool_limits(1, "blas"))

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._limits.close()
