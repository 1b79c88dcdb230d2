"""Workers on other machines: connections over TCP on which both sides have shown that they know the key.

Messages are arrays and JSON, never pickles. They are neither encrypted nor signed: the network must be one that is trusted.
"""

from __future__ import annotations

import contextlib
import queue
import socket
import threading
import time
from collections.abc import Iterator
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection, Listener, answer_challenge, deliver_challenge

from featurecols._core.processes import WorkerDiedError
from featurecols.models import errors
from featurecols.models.distributed.cluster import Cluster
from featurecols.models.distributed.replica import serve_messages
from featurecols.models.distributed.team import Link

WAIT = 600.0  # seconds for a worker to connect, and for a chief to listen
_GONE = (OSError, EOFError)
_MOST_ASKED = 64  # connections that have not shown yet that they know the key


class _Remote:
    """The chief's end of a connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def send(self, message: bytes) -> None:
        try:
            self._connection.send_bytes(message)
        except _GONE as error:
            raise WorkerDiedError(f"the connection ended ({error})") from None

    def receive(self) -> bytes:
        try:
            return self._connection.recv_bytes()
        except _GONE as error:
            raise WorkerDiedError(f"the connection ended ({error})") from None

    def kill(self) -> None:
        """End the connection, and with it the worker."""
        self._connection.close()

    def close(self) -> None:
        self._connection.close()


class Chief:
    """Where workers connect, for as long as the block.

    Who connects is asked to show that it knows the key in a thread of its own, so that nobody who says nothing is waited for.

    Args:
        cluster: where to listen.
        wait: seconds for a worker to connect, at the beginning and again where one was lost.

    Raises:
        ModelError: where nobody can listen there.
    """

    def __init__(self, cluster: Cluster, wait: float = WAIT) -> None:
        self._key, self._wait = cluster.key.encode(), wait
        self._ready: queue.SimpleQueue[Connection] = queue.SimpleQueue()
        self._asked = threading.BoundedSemaphore(_MOST_ASKED)
        self._listener = _listen(cluster)
        threading.Thread(target=self._accept, name="featurecols-chief", daemon=True).start()

    def start(self, number: int) -> Link:
        """Return the next worker that connects; raise WorkerDiedError where none does in time."""
        try:
            return _Remote(self._ready.get(timeout=self._wait))
        except queue.Empty:
            raise WorkerDiedError(f"no worker has connected within {self._wait:g} seconds") from None

    def _accept(self) -> None:
        with contextlib.suppress(*_GONE):  # the listener was closed
            while True:
                connection = self._listener.accept()
                if self._asked.acquire(blocking=False):
                    threading.Thread(target=self._ask, args=(connection,), daemon=True).start()
                else:
                    connection.close()

    def _ask(self, connection: Connection) -> None:
        try:
            deliver_challenge(connection, self._key)
            answer_challenge(connection, self._key)
            _keep_alive(connection)
            self._ready.put(connection)
        except (AuthenticationError, *_GONE):
            connection.close()
        finally:
            self._asked.release()

    def __enter__(self) -> Chief:
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.close()
        with contextlib.suppress(queue.Empty):
            while True:
                self._ready.get_nowait().close()


def _listen(cluster: Cluster) -> Listener:
    for host in (cluster.host, ""):  # a name of a service may be that of no interface of this machine
        with contextlib.suppress(OSError):
            return Listener((host, cluster.port), "AF_INET", backlog=64)
    hint = "free the port, or name another one"
    raise errors.model("cluster", "the chief cannot listen", f"{cluster.host}:{cluster.port}", hint)


def work(cluster: Cluster, wait: float = WAIT) -> None:
    """Be a worker of the chief until it closes the connection.

    Raises ModelError where it does not listen, or has another key.
    """
    where, connection = f"{cluster.host}:{cluster.port}", None
    until = time.monotonic() + wait
    while connection is None:
        try:
            connection = Client((cluster.host, cluster.port), "AF_INET", cluster.key.encode())
        except AuthenticationError:
            hint = "give all machines the same secret in FEATURECOLS_CLUSTER_KEY"
            raise errors.model("cluster", "the chief has another key", where, hint) from None
        except _GONE:
            if time.monotonic() > until:
                raise errors.model("cluster", "no chief listens", where, "start it, or correct its address") from None
            time.sleep(0.2)
    with connection:
        _keep_alive(connection)
        messages = _messages(connection)
        serve_messages(lambda: next(messages, None), connection.send_bytes)


def _messages(connection: Connection) -> Iterator[bytes]:
    with contextlib.suppress(*_GONE):
        while True:
            yield connection.recv_bytes()


def _keep_alive(connection: Connection) -> None:
    """Let the system notice that the other machine is gone, and send small messages at once."""
    with socket.socket(fileno=socket.dup(connection.fileno())) as same:
        same.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        same.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for name, value in (("TCP_KEEPIDLE", 30), ("TCP_KEEPINTVL", 10), ("TCP_KEEPCNT", 3)):
            if hasattr(socket, name):
                same.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)


__all__ = ["Chief", "work"]
