"""Worker processes of one call: tasks out, results back in order, a worker that dies replaced, none left when the call ends.

A worker is a fresh interpreter that imports what a task names, and never the program that started it: scripts need no
`if __name__ == "__main__"`. Tasks and results are pickled, which stays between processes of one program.
"""

from __future__ import annotations

import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import IO, Any, TypeVar

from featurecols import errors
from featurecols._core.fork_safe import import_module
from featurecols._core.spec import KINDS
from featurecols._core.thread_pool import result_of

R = TypeVar("R")
S = TypeVar("S")
_Answer = tuple[Any, Exception | None, list[Warning]]
TRIES = 3  # of one task whose worker dies
_LENGTH = 8  # bytes before each message that say how long it is
_START = "import sys; sys.path[:] = {path!r}; from {module} import serve; serve()"


class WorkerDiedError(Exception):
    """The process ended before it gave a result."""


def count(processes: int | None) -> int:
    """Return how many processes to use: 1 without an argument."""
    if processes is None:
        return 1
    if type(processes) is not int or processes < 1:
        raise errors.argument("processes", "must be a positive integer", processes, "leave it out for one")
    return processes


def modules_of_kinds() -> tuple[str, ...]:
    """Return the modules outside the package whose kinds of columns this process knows; another must import them."""
    modules = {kind.__module__ for kind in KINDS.values()}
    return tuple(sorted(m for m in modules if not m.startswith("featurecols.") and m != "__main__"))


def import_kinds(modules: Iterable[str]) -> None:
    """Import modules of kinds; what needs a kind that is not there says so."""
    for module in modules:
        with suppress(ImportError):
            import_module(module)


class Workers:
    """So many processes at most, started when tasks come, ended with the block. A thread for each waits for its result.

    >>> from functools import partial
    >>> with Workers(1) as workers:
    ...     list(workers.run([partial(pow, 2), partial(pow, 3)], shared=4))
    [16, 81]
    """

    def __init__(self, number: int) -> None:
        self._threads = ThreadPoolExecutor(number, thread_name_prefix="featurecols-process")
        self._idle: queue.SimpleQueue[_Worker] = queue.SimpleQueue()
        self._all: list[_Worker] = []
        self._lock = threading.Lock()
        self._closed = False

    def run(self, tasks: Sequence[Callable[[S], R]], shared: S) -> Iterator[R]:
        """Yield task(shared) for each task, in order. Both are pickled, `shared` once for each worker.

        Warnings of a task are given here. The first error in the order of the tasks is the one that is raised; a task whose
        worker dies is tried again in another.

        Raises:
            PlanError: where workers die three times over one task.
        """
        common = pickle.dumps(shared)
        for future in [self._threads.submit(self._run, task, common) for task in tasks]:
            result, caught = result_of(future)
            for warning in caught:
                errors.warn(warning)
            yield result

    def _run(self, task: Callable[[S], R], common: bytes) -> tuple[R, list[Warning]]:
        message, last = pickle.dumps(task), ""
        for _ in range(TRIES):
            worker = self._take()
            try:
                result, error, caught = worker.run(common, message)
            except WorkerDiedError as died:
                last = str(died)
                continue
            self._idle.put(worker)
            if error is not None:
                raise error
            return result, caught
        hint = "give fewer processes, so that each has more memory, or look into the log of the system"
        raise errors.plan("processes", f"a worker died {TRIES} times over one task", last, hint)

    def _take(self) -> _Worker:
        try:
            return self._idle.get_nowait()
        except queue.Empty:
            with self._lock:
                if self._closed:
                    raise WorkerDiedError("the call has ended") from None
                self._all.append(_Worker())
                return self._all[-1]

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._closed = True
        for worker in self._all:
            worker.kill()
        self._threads.shutdown(cancel_futures=True)
        for worker in self._all:
            worker.close()


class Child:
    """A fresh interpreter that runs `serve` of a module, started when it is made; messages go through its two pipes.

    Args:
        module: what to import `serve` from; it begins with `open_pipes`.
    """

    def __init__(self, module: str) -> None:
        path = [os.path.abspath(path) for path in sys.path]
        command = [sys.executable, "-c", _START.format(path=path, module=module)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        if self._process.stdin is None or self._process.stdout is None:
            raise OSError("no pipes")
        self._in, self._out = self._process.stdin, self._process.stdout

    def send(self, message: bytes) -> None:
        """Send a message; raise WorkerDiedError where the process has ended."""
        try:
            send(self._in, message)
        except (OSError, ValueError):  # ValueError: the pipe was closed
            raise self._died() from None

    def receive(self) -> bytes:
        """Return its next message; raise WorkerDiedError where it ends before."""
        try:
            found = receive(self._out)
        except (OSError, ValueError):
            found = None
        if found is None:
            raise self._died()
        return found

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        with suppress(OSError):
            self._process.kill()

    def close(self) -> None:
        """Close the pipes, which ends the process, and wait for its end."""
        for pipe in (self._in, self._out):
            with suppress(OSError):
                pipe.close()
        self._process.wait()

    def _died(self) -> WorkerDiedError:
        return WorkerDiedError(f"exit status {self._process.wait()}")


class _Worker(Child):
    """A process that runs tasks."""

    def __init__(self) -> None:
        super().__init__(__name__)
        self._first = pickle.dumps(modules_of_kinds())
        self._common: bytes | None = None

    def run(self, common: bytes, message: bytes) -> _Answer:
        """Return what the task gave, or the error that it raised, and its warnings; common: what its tasks share."""
        if self._first:
            self.send(self._first)
            self._first = b""
        self.send(b"" if common is self._common else common)
        self.send(message)
        self._common = common
        return pickle.loads(self.receive())


def open_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Return where messages of the process that started this one come from, and where answers go, which prints do not."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started this process gets it too, and ends it
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a task prints is not a result
    return sys.stdin.buffer, out


def serve() -> None:
    """Run tasks that come through standard input until it ends; then end at once, whatever is being done."""
    pipe, out = open_pipes()
    tasks: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read, args=(pipe, tasks), daemon=True).start()
    import_kinds(pickle.loads(tasks.get()))
    shared = _Shared(b"")
    while True:
        common, message = tasks.get(), tasks.get()
        if common:
            shared = _Shared(common)
        send(out, _result(message, shared))


def _read(pipe: IO[bytes], tasks: queue.SimpleQueue[bytes]) -> None:
    while (message := receive(pipe)) is not None:
        tasks.put(message)
    os._exit(1)  # nobody waits any more, and nothing more may be written


class _Shared:
    """What tasks share, read when the first of them runs: what is wrong with it is an error of that task."""

    def __init__(self, message: bytes) -> None:
        self._message: bytes | None = message
        self._value: object = None

    def get(self) -> object:
        if self._message is not None:
            self._value, self._message = pickle.loads(self._message), None
        return self._value


def _result(message: bytes, shared: _Shared) -> bytes:
    """Return what a task gives, or raises, as a message."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found, raised = None, None
        try:
            found = pickle.loads(message)(shared.get())
        except Exception as error:
            found, raised = None, error
    told = [w.message for w in caught if isinstance(w.message, Warning)]
    try:
        return pickle.dumps((found, raised, told))
    except Exception as error:
        text = f"the result of a worker cannot be sent ({error}): {errors.show(raised or found, 500)}"
        return pickle.dumps((None, RuntimeError(text), []))


def send(pipe: IO[bytes], message: bytes) -> None:
    """Write one message."""
    pipe.write(len(message).to_bytes(_LENGTH, "little"))
    pipe.write(message)
    pipe.flush()


def receive(pipe: IO[bytes]) -> bytes | None:
    """Return one message; None where the pipe ends."""
    head = pipe.read(_LENGTH)
    if len(head) < _LENGTH:
        return None
    size = int.from_bytes(head, "little")
    message = pipe.read(size)
    return message if len(message) == size else None
