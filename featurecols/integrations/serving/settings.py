"""What a server serves, and how."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from featurecols.integrations.serving.limits import Limits


@dataclass(frozen=True)
class Settings:
    """What to serve, and how.

    Attributes:
        folders: exports, plans, or folders of numbered versions of one, by name.
        host, port: where to listen; port 0 takes a free one, which the log names.
        workers: processes that answer.
        threads: of each, for calls of many rows; None shares the CPUs among the workers.
        poll_seconds: between looks for other versions.
        log_requests: whether each request is logged.
        limits: what is refused.
    """

    folders: dict[str, Path]
    host: str = "127.0.0.1"
    port: int = 8501
    workers: int = 1
    threads: int | None = None
    poll_seconds: float = 1.0
    log_requests: bool = False
    limits: Limits = field(default_factory=Limits)
