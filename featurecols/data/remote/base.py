"""What the stores behind URLs have in common: what a store answers, and the errors of one."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

from featurecols import errors
from featurecols._core.fork_safe import import_module


class NoBucketError(FileNotFoundError):
    """The bucket of a URL does not exist."""


class ConflictError(FileExistsError):
    """A put on a condition that does not hold: the object exists, or is not the version that was named."""


class Status(Protocol):
    """What is known of an object.

    Attributes:
        size: its bytes.
        version: differs for other contents: an entity tag, or a time.
    """

    @property
    def size(self) -> int: ...
    @property
    def version(self) -> str: ...


class Store(Protocol):
    """Where the objects of one scheme and host are. All methods take URLs and raise OSError with what is wrong."""

    def status(self, url: str) -> Status:
        """Return the status of an object; raise FileNotFoundError where there is none."""

    def find(self, url: str) -> list[str]:
        """Return the URLs of all objects that begin with a URL which ends in `/`."""

    def read(self, url: str, start: int, end: int) -> bytes:
        """Return the bytes from start to end, which is not included."""


CONDITIONAL = ("s3", "s3a", "gs", "az", "abfs", "abfss")  # schemes of stores that put on a condition


def library(name: str, url: str, extra: str) -> ModuleType:
    """Import the library that a store needs. Raises DataError that names the extra where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        hint = f"pip install 'featurecols[{extra}]'"
        raise errors.DataError(url, f"needs the package {name.partition('.')[0]}", hint=hint) from None
