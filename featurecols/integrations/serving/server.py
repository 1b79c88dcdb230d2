"""The server: one process, or several workers behind one socket, until SIGTERM or Ctrl-C."""

from __future__ import annotations

import socket
from pathlib import Path

from featurecols import errors
from featurecols.integrations.serving import logs
from featurecols.integrations.serving.process import run
from featurecols.integrations.serving.settings import Settings
from featurecols.integrations.serving.workers import run_workers


def name_of(folder: Path) -> str:
    """Return the name of the model in a folder: that of the folder."""
    return folder.resolve().name


def check_name(name: str) -> str:
    """Return a name of a model; raises ColumnError for one that no path can hold."""
    if not name or set(name) & set("/:") or name.strip() != name:
        raise errors.argument("serve", "a model needs a name without / and :", name, "give --name")
    return name


def serve(settings: Settings) -> None:
    """Serve until SIGTERM or Ctrl-C.

    Raises ColumnError where the address is not free, and PlanError where a folder holds nothing that can be served.
    """
    logs.set_up()
    listener = listen(settings.host, settings.port)
    with listener:
        if settings.workers > 1:
            run_workers(settings, listener)
        else:
            run(settings, listener)


def listen(host: str, port: int) -> socket.socket:
    """Return a socket that is bound to an address, and does not listen yet."""
    try:
        family, kind, number, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        found = socket.socket(family, kind, number)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, OverflowError) as error:
        problem = f"the address cannot be bound ({getattr(error, 'strerror', None) or error})"
        raise errors.argument("serve", problem, f"{host}:{port}", "give another --host or --port") from None
    found.setblocking(False)
    return found
