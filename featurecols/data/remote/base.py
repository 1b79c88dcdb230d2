"""What the stores behind URLs have in common: the syntax of URLs, what a store answers, and the errors of one."""

from __future__ import annotations

import re
from types import ModuleType
from typing import Protocol

from featurecols import errors
from featurecols._core.fork_safe import import_module

_URL = re.compile(r"([a-z][a-z0-9+.-]+)://([^/]*)/?(.*)", re.DOTALL)


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


def is_url(path: str) -> bool:
    """Return whether a path is a URL.

    >>> is_url("s3://bucket/key"), is_url("folder/file.csv"), is_url("folder")
    (True, False, False)
    """
    return "://" in path and _URL.fullmatch(path) is not None


def split(url: str) -> tuple[str, str, str]:
    """Return scheme, host and the rest of a URL.

    >>> split("s3://bucket/a/b c.csv")
    ('s3', 'bucket', 'a/b c.csv')
    """
    found = _URL.fullmatch(url)
    if found is None:
        raise errors.unreadable(url, "is not a URL")
    scheme, host, rest = found.groups()
    return scheme, host, rest


def name_of(path: str) -> str:
    """Return a path, or a URL of a web server without its query.

    >>> name_of("https://host/a.csv?key=1"), name_of("s3://bucket/a?b.csv")
    ('https://host/a.csv', 's3://bucket/a?b.csv')
    """
    return path.partition("?")[0].partition("#")[0] if path.startswith(("http://", "https://")) else path


def plain(path: str) -> str:
    """Return the local path of a file:// URL; everything else as it is.

    >>> plain("file:///tmp/a%20b.csv"), plain("s3://bucket/key")
    ('/tmp/a b.csv', 's3://bucket/key')
    """
    if not path.startswith("file://"):
        return path
    from urllib.parse import urlsplit  # for these alone
    from urllib.request import url2pathname

    return url2pathname(urlsplit(path).path)


def library(name: str, url: str, extra: str) -> ModuleType:
    """Import the library that a store needs. Raises DataError that names the extra where it is not installed."""
    try:
        return import_module(name)
    except ImportError:
        hint = f"pip install 'featurecols[{extra}]'"
        raise errors.DataError(url, f"needs the package {name.partition('.')[0]}", hint=hint) from None
