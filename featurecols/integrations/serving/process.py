"""One process that answers the connections of a socket until it is told to end."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import uvicorn

from featurecols._core import thread_pool
from featurecols._core.blas import one_thread
from featurecols.integrations.serving.app import App
from featurecols.integrations.serving.logs import log, log_error
from featurecols.integrations.serving.metrics import Metrics
from featurecols.integrations.serving.protocols import protocol
from featurecols.integrations.serving.settings import Settings

IDLE_SECONDS = 30  # that a connection without a request is kept
BACKLOG = 2048  # connections that wait to be accepted
_SIGNALS = (signal.SIGTERM, signal.SIGINT)


class GracefulServer(uvicorn.Server):  # type: ignore[misc]  # where uvicorn is not installed
    """uvicorn's server, which ends well on the first signal: what runs is answered, what is new is refused."""

    should_exit: bool
    force_exit: bool

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Stop on a signal; a second one does not wait."""
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.stop, number)
        try:
            yield
        finally:
            for number in _SIGNALS:
                loop.remove_signal_handler(number)

    def stop(self, number: int | None = None) -> None:
        """Refuse new requests, and end when those that run are answered."""
        if self.should_exit:
            self.force_exit = True
        else:
            log("stopping", signal=None if number is None else signal.Signals(number).name)
        self._app.stopping = self.should_exit = True


def run(settings: Settings, listener: socket.socket, *, number: int | None = None, folder: Path | None = None) -> None:
    """Answer the connections of a socket in this process.

    Args:
        settings: what to serve.
        listener: a bound socket.
        number: of the worker; None for the only process.
        folder: where workers leave their metrics for each other.
    """
    threads = settings.threads or max(1, thread_pool.count() // settings.workers)
    app = App(
        settings.folders,
        settings.limits,
        threads=threads,
        metrics=Metrics(folder),
        log_requests=settings.log_requests,
    )
    app.load()
    with one_thread:  # once for all calls, and not at every one
        asyncio.run(_serve(settings, app, listener, number))
    log("stopped", worker=number)


async def _serve(settings: Settings, app: App, listener: socket.socket, number: int | None) -> None:
    config = uvicorn.Config(
        app,  # type: ignore[arg-type]
        http=protocol(settings.limits.read_seconds),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        backlog=BACKLOG,
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=max(1, round(settings.limits.stop_seconds)),
    )
    server = GracefulServer(config, app)
    watching = asyncio.create_task(app.watch(settings.poll_seconds))
    parent = asyncio.create_task(_follow_parent(server)) if number is not None else None
    listener.listen(BACKLOG)
    host, port = listener.getsockname()[:2]
    log("listening", url=f"http://{f'[{host}]' if ':' in host else host}:{port}", models=list(app.models), worker=number)
    try:
        await server.serve(sockets=[listener])
    finally:
        for task in (watching, parent):
            if task is not None:
                task.cancel()
        app.metrics.save()


async def _follow_parent(server: GracefulServer) -> None:
    """Stop a worker whose parent is gone."""
    parent = os.getppid()
    while os.getppid() == parent:
        await asyncio.sleep(1)
    log_error("the parent process is gone")
    server.stop()
