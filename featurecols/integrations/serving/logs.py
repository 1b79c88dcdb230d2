"""Logs as JSON, one object a line, on standard error."""

from __future__ import annotations

import json
import logging
import os
import sys
import time

LOG = logging.getLogger("featurecols.serving")
_OF_UVICORN = ("uvicorn", "uvicorn.error", "uvicorn.access")


class JsonFormatter(logging.Formatter):
    """Records as JSON: `time` (UTC), `level`, `event`, `process`, and what the event is about."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line of a record."""
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(record.created))
        found: dict[str, object] = {
            "time": f"{at}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            "process": os.getpid(),
            **getattr(record, "about", {}),
        }
        if record.exc_info:
            found["traceback"] = self.formatException(record.exc_info)
        return json.dumps(found)


def set_up() -> None:
    """Send the logs of the server, and of the libraries under it, to standard error as JSON."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    LOG.handlers, LOG.propagate = [handler], False
    LOG.setLevel(logging.INFO)
    for name in _OF_UVICORN:
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.ERROR)
    logging.captureWarnings(True)
    logging.getLogger("py.warnings").handlers = [handler]


def log(event: str, **about: object) -> None:
    """Log an event, with what it is about."""
    LOG.info(event, extra={"about": about})


def log_error(event: str, *, trace: bool = False, **about: object) -> None:
    """Log what went wrong, with what it is about; `trace` adds the traceback of the error that is being handled."""
    LOG.error(event, extra={"about": about}, exc_info=trace)
