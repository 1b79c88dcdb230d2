"""Several worker processes behind one socket: started, replaced when one dies, and stopped together."""

from __future__ import annotations

import multiprocessing
import signal
import socket
import sys
import tempfile
import time
from multiprocessing.connection import wait
from multiprocessing.context import SpawnProcess
from pathlib import Path
from types import FrameType

from featurecols import errors
from featurecols.integrations.serving import logs
from featurecols.integrations.serving.logs import log, log_error
from featurecols.integrations.serving.process import run
from featurecols.integrations.serving.settings import Settings

REFUSED = 2  # the exit status of a worker that has nothing to serve
PAUSE = 1.0  # seconds between a worker that died and its successor
_SPAWN = multiprocessing.get_context("spawn")


class Stop:
    """Whether a signal came, and a connection that says so to who waits."""

    def __init__(self) -> None:
        self.asked = False
        self.reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        self._writer.send(b"x")


def run_workers(settings: Settings, listener: socket.socket) -> None:
    """Keep as many workers as were asked for until SIGTERM or Ctrl-C.

    Raises PlanError where the first workers have nothing to serve; what each of them found is in the log.
    """
    listener.set_inheritable(True)
    stop = Stop()
    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    workers: dict[int, SpawnProcess] = {}
    with tempfile.TemporaryDirectory(prefix="featurecols-serve-") as folder:
        try:
            for number in range(settings.workers):
                workers[number] = _start(settings, listener, number, Path(folder))
            _keep(settings, listener, Path(folder), workers, stop)
        finally:
            _stop(workers, settings.limits.stop_seconds + 5)
            for number, handler in before.items():
                signal.signal(number, handler)
    log("stopped")


def _start(settings: Settings, listener: socket.socket, number: int, folder: Path) -> SpawnProcess:
    process = _SPAWN.Process(target=work, args=(settings, listener, number, folder), name=f"featurecols-serve-{number}")
    process.start()
    return process


def _keep(settings: Settings, listener: socket.socket, folder: Path, workers: dict[int, SpawnProcess], stop: Stop) -> None:
    """Replace workers that die, until there is a signal."""
    lasted: set[int] = set()  # workers that have had a predecessor, or have lived
    started = time.monotonic()
    while not stop.asked:
        wait([stop.reader, *(process.sentinel for process in workers.values())])
        for number, process in list(workers.items()):
            if stop.asked or process.is_alive():
                continue
            if process.exitcode == REFUSED and number not in lasted:
                raise errors.plan(
                    "serve", "a worker found nothing to serve", list(map(str, settings.folders.values())), "see the log"
                )
            log_error("a worker died", worker=number, exit_status=process.exitcode)
            lasted.add(number)
            time.sleep(PAUSE)
            workers[number] = _start(settings, listener, number, folder)
    log("stopping", workers=len(workers), seconds=round(time.monotonic() - started, 1))


def _stop(workers: dict[int, SpawnProcess], seconds: float) -> None:
    """Let all workers end, and kill those that do not."""
    for process in workers.values():
        process.terminate()
    end = time.monotonic() + seconds
    for process in workers.values():
        process.join(max(0.0, end - time.monotonic()))
        if process.is_alive():
            log_error("a worker was killed", name=process.name)
            process.kill()
            process.join()


def work(settings: Settings, listener: socket.socket, number: int, folder: Path) -> None:
    """Be one worker."""
    logs.set_up()
    try:
        run(settings, listener, number=number, folder=folder)
    except errors.FeatureColumnsError as error:
        log_error("a worker has nothing to serve", worker=number, error=str(error))
        sys.exit(REFUSED)
