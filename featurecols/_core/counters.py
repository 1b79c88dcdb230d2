"""How often something that is made to last was made in this process: kernels, tables of a plan, functions for rows.

A bound plan is final: while it transforms, none of these counts moves, but for what its first use makes.
"""

from __future__ import annotations

from collections import Counter

from featurecols._core.fork_safe import ProcessLock

_lock = ProcessLock()
_counts: Counter[str] = Counter()


def increment(kind: str) -> None:
    """One more of this kind was made."""
    with _lock:
        _counts[kind] += 1


def counts() -> dict[str, int]:
    """Number made so far, by kind: "kernel" (compiled or read from the cache), "bound column", "lookup" and "terms" of a
    vocabulary (over arrays, and for rows), "cross" of all combinations, "embedding" (an initial table), "row function".

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
