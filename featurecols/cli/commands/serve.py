"""Serve models and plans over HTTP, by the REST of TensorFlow Serving, until SIGTERM or Ctrl-C.

FOLDER is what train or fit wrote, or a folder of numbered versions of one (1, 2, ...). The highest complete version is
served; one that appears later is served within seconds, and one that cannot be loaded is logged and left out. A model is
asked for by the name of its folder:

    curl -d '{"instances": [{"age": 39, "job": "nurse"}]}' http://localhost:8501/v1/models/NAME:predict

/v1/models/NAME:classify, :regress and /metadata are TensorFlow Serving's, :transform is that of a plan, :explain says what
the columns made of a row. / is a page to try rows; /healthz and /metrics (Prometheus) are for those who run it. gRPC is not
served. The log is JSON on standard error. Needs the extra: pip install 'featurecols[serve]'.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

from featurecols.cli import options


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument(
        "folders", metavar="FOLDER", type=Path, nargs="+", help="a model, a plan, or a folder of versions of one"
    )
    parser.add_argument("--name", metavar="NAME", action="append", default=[], help="of each FOLDER in turn (default: its own)")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen at (default: 127.0.0.1; 0.0.0.0 for all)")
    parser.add_argument("--port", metavar="N", type=_port, default=8501, help="default: 8501; 0 takes a free one, see the log")
    parser.add_argument(
        "--workers", metavar="N", type=options.parse_positive, default=1, help="processes that answer (default: 1)"
    )
    options.add_threads(parser)
    limits = parser.add_argument_group("limits, and the status of what is beyond them")
    limits.add_argument("--max-body", dest="body_bytes", metavar="BYTES", type=options.parse_positive, help="of a request: 413")
    limits.add_argument("--max-rows", dest="rows", metavar="N", type=options.parse_positive, help="of a request: 400")
    limits.add_argument(
        "--max-list", dest="elements", metavar="N", type=options.parse_positive, help="elements in a list of a row: 400"
    )
    limits.add_argument("--max-requests", dest="requests", metavar="N", type=options.parse_positive, help="at once: 429")
    limits.add_argument("--timeout", dest="seconds", metavar="SECONDS", type=_seconds, help="of an answer: 504")
    limits.add_argument(
        "--read-timeout", dest="read_seconds", metavar="SECONDS", type=_seconds, help="of a request's arrival: 408"
    )
    limits.add_argument(
        "--stop-timeout", dest="stop_seconds", metavar="SECONDS", type=_seconds, help="for what runs at the end"
    )
    limits.add_argument(
        "--batch-rows", dest="batch_rows", metavar="N", type=options.parse_positive, help="of requests answered together"
    )
    parser.add_argument("--poll", metavar="SECONDS", type=_seconds, default=1.0, help="between looks for versions (default: 1)")
    parser.add_argument("--log-requests", action="store_true", help="log each request")


def run(arguments: argparse.Namespace) -> None:
    """Serve until a signal."""
    from featurecols import errors

    try:
        from featurecols.integrations.serving import limits, server, settings
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("uvicorn"):
            raise
        raise errors.argument("serve", "uvicorn is not installed", error.name, "pip install 'featurecols[serve]'") from None
    names = [*arguments.name, *map(server.name_of, arguments.folders[len(arguments.name) :])]
    if len(arguments.name) > len(arguments.folders) or len(set(names)) != len(names):
        raise errors.argument("serve", "each folder needs a name of its own", names, "give one --name for each FOLDER")
    given = {f.name: getattr(arguments, f.name) for f in dataclasses.fields(limits.Limits)}
    found = settings.Settings(
        {server.check_name(name): folder for name, folder in zip(names, arguments.folders, strict=True)},
        host=arguments.host,
        port=arguments.port,
        workers=arguments.workers,
        threads=arguments.threads,
        poll_seconds=arguments.poll,
        log_requests=arguments.log_requests,
        limits=limits.Limits(**{key: value for key, value in given.items() if value is not None}),
    )
    server.serve(found)


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"must be a port from 0 to 65535, got {text!r}")
    return int(text)


def _seconds(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        found = 0.0
    if not 0 < found < 1e6:
        raise argparse.ArgumentTypeError(f"must be seconds above 0, got {text!r}")
    return found
