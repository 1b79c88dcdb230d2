"""Sorted runs of counted texts in temporary files, merged as streams.

A file has no name from the moment it is made (on Windows it is deleted as it is closed): nothing is left behind however
the process ends. They lie in the folder for temporary files, which TMPDIR sets.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import IO, Any, NamedTuple

import numpy as np

from featurecols import errors, kernels
from featurecols._core.arrays import Array
from featurecols.analyzers import base

FAN_IN = 32  # runs of one level that are merged into one of the next
_WINDOW = 2**17  # bytes that one read takes of each run
_ENTRIES = 2**15  # texts that one merge call gives


class Chunk(NamedTuple):
    """Texts ascending by bytes: offsets int64 [k + 1] from 0, data uint8, counts int64 [k]."""

    offsets: Array
    data: Array
    counts: Array


@dataclass(frozen=True, slots=True)
class Run:
    """Records in file[start:stop]."""

    file: IO[bytes]
    start: int
    stop: int


class Runs:
    """Runs by level. A run of level n + 1 is FAN_IN runs of level n, so that few are open at once however many are written."""

    def __init__(self) -> None:
        self.levels: list[list[Run]] = []
        self.spilled = 0  # bytes written

    def __bool__(self) -> bool:
        return any(self.levels)

    def write(self, records: Iterable[bytes | memoryview], level: int = 0) -> None:
        """Add one run; raises OutputError when the disk refuses."""
        runs = self._level(level)
        try:
            file = runs[-1].file if runs else tempfile.TemporaryFile(prefix="featurecols-", buffering=0)  # noqa: SIM115
            start = file.seek(0, 2)
            for part in records:
                self.spilled += _write_all(file, part)
            runs.append(Run(file, start, file.tell()))
        except OSError as e:
            hint = "free the disk, or point TMPDIR to a folder with enough space for the distinct terms"
            raise errors.output(tempfile.gettempdir(), f"term counts cannot be spilled, {e.strerror or e}", hint) from e
        self._compact(level)

    def _level(self, level: int) -> list[Run]:
        while len(self.levels) <= level:
            self.levels.append([])
        return self.levels[level]

    def _compact(self, level: int) -> None:
        runs = self.levels[level]
        if len(runs) >= FAN_IN:
            self.write(records_of(merged(runs)), level + 1)
            self.levels[level] = []
            _close(runs)

    def extend(self, other: Runs) -> None:
        """Take over the runs of another."""
        self.spilled += other.spilled
        for level, runs in enumerate(other.levels):
            self._level(level).extend(runs)
        other.levels = []
        for level in range(len(self.levels)):
            self._compact(level)

    def close(self) -> None:
        """Delete the files."""
        _close([run for runs in self.levels for run in runs])
        self.levels = []

    __del__ = close

    def merged(self, minimum: Callable[[], int] = lambda: 1) -> Iterator[Chunk]:
        """Every distinct text, ascending, its counts of all runs added up; those below minimum() are left out."""
        return merged([run for runs in self.levels for run in runs], minimum)


def _close(runs: list[Run]) -> None:
    for run in runs:
        run.file.close()


def _write_all(file: IO[bytes], part: bytes | memoryview) -> int:
    view = memoryview(part)
    done = 0
    while done < len(view):
        done += file.write(view[done:])
    return done


def merged(runs: list[Run], minimum: Callable[[], int] = lambda: 1) -> Iterator[Chunk]:
    """See Runs.merged. A chunk is valid until the next one is asked for."""
    k = kernels.merge_sorted
    if not runs:
        return
    reader = _Reader(runs)
    status = np.zeros(6, np.int64)
    status[k.OPEN] = -1
    offsets, data, counts = np.zeros(_ENTRIES + 1, np.int64), np.empty(32 * _ENTRIES, np.uint8), np.empty(_ENTRIES, np.int64)
    while True:
        code = k.merge[0](*reader.arrays, minimum(), offsets, data, counts, status)
        lacks = int(status[k.LACKS])
        if code == k.HUNGRY:
            reader.feed(int(status[k.AT]), lacks)
        elif code == k.NARROW:
            reader.widen(lacks)
        elif code == k.DAMAGED:
            raise base.damaged("TermCounts.v1")
        else:
            entries = int(status[k.ENTRIES])
            if entries:
                yield Chunk(offsets[: entries + 1], data[: offsets[entries]], counts[:entries])
            if code == k.DONE:
                return
            status[k.ENTRIES] = 0
            if lacks > len(data):
                data = np.empty(2 * lacks, np.uint8)


class _Reader:
    """The windows of `kernels.merging.merge` over some runs."""

    def __init__(self, runs: list[Run]) -> None:
        k = len(runs)
        self.runs, self.at = runs, [run.start for run in runs]
        self.buffer, self.texts = np.empty(k * _WINDOW, np.uint8), np.zeros(k * 256 + 8, np.uint8)
        self.window, self.keys, self.tree = np.zeros((k, 5), np.int64), np.zeros(k, np.uint64), np.full(k, -1, np.int64)
        self.window[:, :2] = np.arange(k)[:, None] * _WINDOW
        for r in range(k):
            self.feed(r, 0)

    @property
    def arrays(self) -> tuple[Array, ...]:
        return self.buffer, self.window, self.texts, self.keys, self.tree

    def feed(self, r: int, lacks: int) -> None:
        """Read on in run r: what it has not used moves to the front of its part of the buffer, which grows to hold `lacks`."""
        k, size = len(self.runs), len(self.buffer) // len(self.runs)
        if lacks > self.runs[r].stop - self.runs[r].start + 512:  # more than a whole text's record: no written run says so
            raise base.damaged("TermCounts.v1")
        if lacks > size:
            larger = np.empty((k, 2 * lacks), np.uint8)
            larger[:, :size] = self.buffer.reshape(k, size)
            self.window[:, :2] += np.arange(k)[:, None] * (2 * lacks - size)
            self.buffer, size = larger.reshape(-1), 2 * lacks
        start, stop = self.window[r, :2].tolist()
        front, left = r * size, stop - start
        self.buffer[front : front + left] = self.buffer[start:stop].copy()
        run = self.runs[r]
        want = min(size - left, run.stop - self.at[r])
        run.file.seek(self.at[r])
        got = _read_into(run.file, self.buffer[front + left : front + left + want].data)
        self.at[r] += got
        self.window[r, :3] = front, front + left + got, self.at[r] == run.stop

    def widen(self, lacks: int) -> None:
        """Make the rows of `texts` hold texts of `lacks` bytes."""
        k = len(self.runs)
        width = (len(self.texts) - 8) // k
        larger = np.zeros(k * 2 * lacks + 8, np.uint8)
        larger[:-8].reshape(k, 2 * lacks)[:, :width] = self.texts[:-8].reshape(k, width)
        self.texts = larger


def _read_into(file: IO[bytes], view: memoryview) -> int:
    done = 0
    while done < len(view):
        got: Any = file.readinto(view[done:])  # type: ignore[attr-defined]
        if not got:
            raise base.damaged("TermCounts.v1")
        done += got
    return done


def records_of(chunks: Iterable[Chunk]) -> Iterator[bytes]:
    """Return the records of chunks that follow one another in order."""
    before = np.empty(0, np.uint8)
    for chunk in chunks:
        yield from encoded(chunk.offsets, chunk.data, chunk.counts, np.arange(len(chunk.counts), dtype=np.int32), before)
        before = chunk.data[int(chunk.offsets[-2]) :].copy()


def encoded(offsets: Array, data: Array, counts: Array, order: Array, before: Array) -> Iterator[bytes]:
    """Texts in the order of their numbers `order` as records; `before` is the text written last."""
    k = kernels.merge_sorted
    out, status, at = np.empty(2**20, np.uint8), np.zeros(3, np.int64), 0
    while at < len(order):
        at = k.encode[0](offsets, data, counts, order, at, before, out, status)
        if status[0]:
            yield out[: int(status[0])].tobytes()
        elif at < len(order):
            out = np.empty(2 * int(status[1]), np.uint8)
