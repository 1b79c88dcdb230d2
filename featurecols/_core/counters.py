"""Counts of what is made to last in this process: kernels, tables of a plan, row functions.

A bound plan is final: after its first use, none of these counts changes while it transforms.
"""

from __future__ import annotations

from collections import Counter

from featurecols._core.fork_safe import ProcessLock

_lock = ProcessLock()
_counts: Counter[str] = Counter()


def increment(kind: str, times: int = 1) -> None:
    """Count so many more of this kind."""
    with _lock:
        _counts[kind] += times


def counts() -> dict[str, int]:
    """Return the number made so far, by kind.

    Kinds are "kernel" (compiled or read from the cache), "bound column", "lookup" and "terms" of a vocabulary (for arrays and
    for rows), "cross" (a table of all combinations), "embedding" (an initial table), "row function", and
    "pyarrow: reason" for each column of a Parquet row group that was left to pyarrow.

    >>> import featurecols as fc
    >>> plan = fc.compile([fc.Numeric("age")])
    >>> plan.transform_row({"age": 31})
    array([31.], dtype=float32)
    >>> before = counts()
    >>> plan.transform_row({"age": 45})
    array([45.], dtype=float32)
    >>> counts() == before
    True
    """
    with _lock:
        return dict(_counts)
