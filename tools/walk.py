"""Count the files and functions of the package that two everyday calls go through.

    python tools/walk.py            print the counts of both calls
    python tools/walk.py --list     also print every file and function in the order of first entry
    python tools/walk.py --check    exit with 1 when a call enters more files than its limit

The calls are `plan.transform` of one float64 column of a pandas DataFrame by `Numeric("x")`, and `plan.encode` of one
dictionary-coded column of a Parquet file by `Hashed("k", 1000)`. Both run on one thread, after three runs that are not
counted, so that imports, compiled kernels and caches are in place.

What is counted is every Python function whose code belongs to the package: helpers, `__init__` (those that dataclasses
generate too), properties, lambdas, and what runs on reader threads. A comprehension belongs to the function around it,
and a generator counts as one call however often it is continued. A compiled kernel counts as one call, too, and what it
calls does not show. A call changes file when the nearest function of the package below it on the stack is in another
file; a call from outside the package, or the first one on a thread, does not.
"""

from __future__ import annotations

import argparse
import dis
import gc
import inspect
import sys
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FrameType

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc

PACKAGE = Path(fc.__file__).resolve().parent
ROWS = 5000
WARM_RUNS = 3
COMPREHENSIONS = ("<listcomp>", "<dictcomp>", "<setcomp>", "<genexpr>")


@dataclass
class Walk:
    """What one run of a call entered, in order of first entry.

    Attributes:
        functions: how often each function was called, by (file, name, line).
        other_threads: the functions that were first entered on a thread other than the caller's.
        changes: how many calls had a caller in another file of the package.
    """

    functions: dict[tuple[str, str, int], int] = field(default_factory=dict)
    other_threads: set[tuple[str, str, int]] = field(default_factory=set)
    changes: int = 0

    @property
    def files(self) -> dict[str, list[tuple[str, str, int]]]:
        """The functions of each file, both in order of first entry."""
        found: dict[str, list[tuple[str, str, int]]] = {}
        for function in self.functions:
            found.setdefault(function[0], []).append(function)
        return found

    @property
    def calls(self) -> int:
        """How many calls were made in all."""
        return sum(self.functions.values())


@dataclass(frozen=True)
class Case:
    """One call to count.

    Args:
        name: what is called, for the reader.
        limit: how many files it may enter.
        make: given a folder for temporary files, returns the call.
    """

    name: str
    limit: int
    make: Callable[[Path], Callable[[], object]]


def transform_pandas_column(folder: Path) -> Callable[[], object]:
    """Return a call that transforms one float64 column of a DataFrame by a Numeric."""
    plan = fc.compile([fc.Numeric("x")])
    frame = pd.DataFrame({"x": np.arange(ROWS, dtype=np.float64) / 7})
    return lambda: plan.transform(frame, threads=1)


def encode_parquet_column(folder: Path) -> Callable[[], object]:
    """Return a call that encodes one dictionary-coded column of a Parquet file, given by its path, by a Hashed."""
    plan = fc.compile([fc.Hashed("k", 1000)])
    path = str(folder / "column.parquet")
    pq.write_table(pa.table({"k": [f"key {i * i % 97}" for i in range(ROWS)]}), path, row_group_size=ROWS)
    return lambda: plan.encode(path, threads=1)


CASES = (
    Case("transform of a pandas column by Numeric", 12, transform_pandas_column),
    Case("encode of a Parquet column by Hashed", 14, encode_parquet_column),
)


@cache
def package_file(path: str) -> str | None:
    """Return the path of a source file relative to the package, or None for a file elsewhere."""
    found = Path(path)
    return found.relative_to(PACKAGE).as_posix() if found.is_relative_to(PACKAGE) else None


def is_generated(code: CodeType) -> bool:
    """Return whether code was made from a string, as the methods that dataclasses add are."""
    return code.co_filename == "<string>"


def file_of(frame: FrameType) -> str | None:
    """Return the file of the package that a frame runs code of, or None.

    Generated code names no file; it belongs to the module whose globals it runs in.
    """
    generated = is_generated(frame.f_code)
    return package_file(frame.f_globals.get("__file__") or "" if generated else frame.f_code.co_filename)


def name_of(frame: FrameType) -> str:
    """Return the name of a frame's function within its file, that of a generated method by the class of its object."""
    if is_generated(frame.f_code) and "self" in frame.f_locals:
        return f"{type(frame.f_locals['self']).__qualname__}.{frame.f_code.co_name}"
    return frame.f_code.co_qualname


def file_of_caller(frame: FrameType) -> str | None:
    """Return the file of the nearest frame of the package below a frame, or None where there is none."""
    below = frame.f_back
    while below is not None:
        found = file_of(below)
        if found is not None:
            return found
        below = below.f_back
    return None


@cache
def start_of(code: CodeType) -> int:
    """Return the offset of the instruction at which a generator starts for the first time."""
    return next((i.offset for i in dis.get_instructions(code) if i.opname == "RESUME"), -1)


def is_continued(frame: FrameType) -> bool:
    """Return whether a call event is a generator that goes on after a yield."""
    return bool(frame.f_code.co_flags & inspect.CO_GENERATOR) and frame.f_lasti > start_of(frame.f_code)


def record(call: Callable[[], object]) -> Walk:
    """Run a call three times, then once more with a profile function on all threads, and return what that run entered."""
    walk, caller, lock, recording = Walk(), threading.get_ident(), threading.Lock(), False

    def note(frame: FrameType, event: str, argument: object) -> None:
        if not recording or event != "call" or frame.f_code.co_name in COMPREHENSIONS or is_continued(frame):
            return
        file = file_of(frame)
        if file is None:
            return
        function = (file, name_of(frame), frame.f_code.co_firstlineno)
        with lock:
            if function not in walk.functions and threading.get_ident() != caller:
                walk.other_threads.add(function)
            walk.functions[function] = walk.functions.get(function, 0) + 1
            walk.changes += file_of_caller(frame) not in (None, file)

    threading.setprofile(note)  # before the first run: threads that are kept from run to run must have it too
    try:
        for _ in range(WARM_RUNS):
            call()
        gc.collect()
        gc.disable()
        sys.setprofile(note)
        recording = True
        result = call()
        recording = False
        del result
    finally:
        sys.setprofile(None)
        threading.setprofile(None)  # type: ignore[arg-type]
        gc.enable()
    return walk


def show(case: Case, walk: Walk, functions: bool) -> None:
    """Print the counts of a walk, and its files and functions in order of first entry where they are asked for."""
    counts = f"{len(walk.files)} files (limit {case.limit}), {len(walk.functions)} functions"
    print(f"{case.name}: {counts}, {walk.calls} calls, {walk.changes} of them into another file")
    if not functions:
        return
    for number, (file, entered) in enumerate(walk.files.items(), 1):
        print(f"  {number:2} {file}")
        for function in entered:
            times = f" x {walk.functions[function]}" if walk.functions[function] > 1 else ""
            thread = " (other thread)" if function in walk.other_threads else ""
            print(f"       {function[1]}{times}{thread}")


def main() -> int:
    """Count both calls, print the counts, and return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print files and functions in the order of first entry")
    parser.add_argument("--check", action="store_true", help="exit with 1 when a call enters more files than its limit")
    arguments = parser.parse_args()
    above = []
    for case in CASES:
        with tempfile.TemporaryDirectory() as folder:
            walk = record(case.make(Path(folder)))
        show(case, walk, arguments.list)
        if len(walk.files) > case.limit:
            above.append(case.name)
    if not arguments.check:
        return 0
    for name in above:
        print(f"too many files: {name}", file=sys.stderr)
    return 1 if above else 0


if __name__ == "__main__":
    sys.exit(main())
