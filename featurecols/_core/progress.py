"""Progress of a call over many rows: a function of the caller, or a bar on standard error."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import TypeAlias

from featurecols import errors

Progress: TypeAlias = Callable[[int, int | None], None]
_EVERY = 0.1  # seconds between two lines


@contextmanager
def reporter(progress: Progress | bool | None, subject: str) -> Iterator[Progress | None]:
    """Give the function to call with (rows done, rows in all or None): the caller's, that of a bar, or None.

    Args:
        progress: a function; True for a bar on standard error, drawn by tqdm where it is installed; False or None for nothing.
        subject: what the bar is called, and the subject of errors.

    Raises:
        ColumnError: for anything else.
    """
    if progress is None or progress is False:
        yield None
    elif progress is not True:
        if not callable(progress):
            hint = "give True for a progress bar, or a function of (rows done, rows in all)"
            raise errors.argument(subject, "progress must be True or a function", progress, hint)
        yield progress
    else:
        with bar(subject) as report:
            yield report


@contextmanager
def bar(label: str) -> Iterator[Progress]:
    """Give the function that draws a bar on standard error, by tqdm where it is installed, else as one line."""
    try:
        from tqdm import tqdm
    except ImportError:
        yield from _line(label)
        return
    with tqdm(desc=label, unit=" rows", unit_scale=True, leave=False, file=sys.stderr) as shown:

        def report(done: int, total: int | None) -> None:
            shown.total = total
            shown.update(done - shown.n)

        yield report


def _line(label: str) -> Iterator[Progress]:
    """Give a function that writes how far it is over one line, at most ten times a second, and the last state at the end."""
    text, width, last = "", 0, float("-inf")

    def show() -> None:
        nonlocal width
        sys.stderr.write("\r" + text.ljust(width))
        sys.stderr.flush()
        width = len(text)

    def report(done: int, total: int | None) -> None:
        nonlocal text, last
        text = f"{label}: {done:,} rows" if total is None else f"{label}: {done:,} of {total:,} rows"
        if perf_counter() - last >= _EVERY:
            last = perf_counter()
            show()

    try:
        yield report
    finally:
        if text:
            show()
            sys.stderr.write("\n")
            sys.stderr.flush()
