"""URLs as paths: what they mean, which files a folder or a glob of them holds, and their bytes as files of Python."""

from __future__ import annotations

import io
import json
import os
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from featurecols import errors
from featurecols.data.files.paths import is_url as is_url
from featurecols.data.files.paths import name_of as name_of
from featurecols.data.files.paths import plain as plain
from featurecols.data.files.paths import split
from featurecols.data.remote import fsspec_store, object_store, web
from featurecols.data.remote.base import CONDITIONAL, NoBucketError, Store

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MANIFEST = "_featurecols.json"  # in a folder that a job published: the files that it holds, and no others
_MAGIC = re.compile(r"[*?\[]")
_SETTINGS = ("AWS_", "GOOGLE_", "AZURE_")  # environment variables that a store is made from
_LARGEST = 1 << 28  # bytes of a manifest
WEB = ("http", "https")


def store_of(url: str) -> Store:
    """Return the store of a URL, which is kept. Raises DataError where the library for it is not installed."""
    scheme, host, _ = split(url)
    settings = tuple(sorted(item for item in os.environ.items() if item[0].startswith(_SETTINGS)))
    return _store(scheme, host, os.getpid(), settings)


@lru_cache(64)
def _store(scheme: str, host: str, process: int, settings: tuple[tuple[str, str], ...]) -> Store:
    if scheme in CONDITIONAL:
        return object_store.ObjectStore(f"{scheme}://{host}")
    if scheme in WEB:
        return web.WebStore()
    return fsspec_store.FsspecStore(scheme)


@contextmanager
def explain(url: str) -> Iterator[None]:
    """Raise what goes wrong with a store as DataError, with the way out."""
    try:
        yield
    except NoBucketError:
        bucket = "{}://{}".format(*split(url))
        raise errors.missing_data(url, f"there is no bucket {bucket}") from None
    except FileNotFoundError:
        raise errors.missing_data(url, "no such object or folder") from None
    except PermissionError as problem:
        raise errors.DataError(url, "may not be read", got=errors.printable(str(problem))[:200], hint=RIGHTS) from None
    except OSError as problem:
        raise errors.unreadable(url, "cannot be read", problem) from None


RIGHTS = "set the environment variables of an account that may (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...)"


def state_of(url: str) -> tuple[int, int]:
    """Return the bytes of an object and a number that differs for other contents. Raises DataError where there is none."""
    with explain(url):
        found = store_of(url).status(url)
    return found.size, zlib.crc32(found.version.encode()) << 32 | zlib.crc32(found.version[::-1].encode())


def expand(url: str) -> list[str]:
    """Return the objects that a URL, a folder or a glob means, sorted by bytes.

    In a folder that holds the manifest of a job, these are the files that the manifest names. Names that start with "." or
    "_" are markers and drafts of other programs.

    Raises DataError where there is none.
    """
    scheme, _, rest = split(url)
    if scheme in WEB:
        return [url]
    store = store_of(url)
    magic = _MAGIC.search(rest)
    if magic is None:
        with explain(url):
            return [url] if _exists(store, url) else _inside(store, url)
    root = root_of(url)
    pattern = _translate(url[len(root) :])
    with explain(url):
        found = [
            each for each in store.find(root) if not _is_hidden(each[len(root) :]) and pattern.fullmatch(each[len(root) :])
        ]
    if not found:
        raise errors.missing_data(url, "nothing matches")
    return sorted(found, key=os.fsencode)


def root_of(url: str) -> str:
    """Return the folder of a glob, or a folder itself, with a slash at its end.

    >>> root_of("s3://bucket/a/b*/c.csv"), root_of("s3://bucket/a")
    ('s3://bucket/a/', 's3://bucket/a/')
    """
    rest = split(url)[2]
    magic = _MAGIC.search(rest)
    if magic is None:
        return f"{url.rstrip('/')}/"
    literal = rest[: magic.start()]
    return url[: len(url) - len(rest)] + literal[: literal.rfind("/") + 1]


def name_in(root: str, url: str) -> str:
    """Return the name of an object in a folder; of one that a job has published, the name that the job gave it.

    >>> name_in("s3://bucket/", "s3://bucket/a/b.csv"), name_in("s3://bucket/out/", "s3://bucket/out/_data-0/data/a.csv")
    ('a/b.csv', 'a.csv')
    """
    name = name_of(url[len(root) :])
    return re.sub(r"^_data-[^/]*/data/", "", name)


def _exists(store: Store, url: str) -> bool:
    if url.endswith("/") or not split(url)[2]:
        return False
    try:
        store.status(url)
    except FileNotFoundError:
        return False
    return True


def _inside(store: Store, url: str) -> list[str]:
    """Return the objects of a folder that are named by its manifest, or else all that are not hidden."""
    root = f"{url.rstrip('/')}/"
    found = store.find(root)
    if not found:
        raise FileNotFoundError(url)
    if root + MANIFEST in found:
        return [root + name for name in published(store, root + MANIFEST)]
    return sorted((each for each in found if not _is_hidden(each[len(root) :])), key=os.fsencode)


def published(store: Store, url: str) -> list[str]:
    """Return the names of the files that a manifest lists, relative to its folder, in the order of their data."""
    data = store.read(url, 0, min(store.status(url).size, _LARGEST))
    try:
        return [str(entry["path"]) for entry in json.loads(data)["files"] if not _is_hidden(str(entry["name"]))]
    except (ValueError, KeyError, TypeError):
        raise errors.unreadable(url, "is not a manifest of a job") from None


def _is_hidden(relative: str) -> bool:
    return any(name.startswith((".", "_")) for name in relative.split("/"))


def _translate(pattern: str) -> re.Pattern[str]:
    """Return a glob as a regular expression, in which a star does not pass a slash and two stars pass any folders."""
    out, at = "", 0
    while at < len(pattern):
        if pattern.startswith("**/", at):
            out, at = f"{out}(?:.*/)?", at + 3
        elif pattern.startswith("**", at):
            out, at = f"{out}.*", at + 2
        elif pattern[at] == "[" and (end := pattern.find("]", at + 2)) > 0:
            inside = pattern[at + 1 : end].replace("\\", "\\\\")
            inside = f"^{inside[1:]}" if inside.startswith("!") else inside.replace("^", "\\^")
            out, at = f"{out}[{inside}]", end + 1
        else:
            out, at = out + {"*": "[^/]*", "?": "[^/]"}.get(pattern[at], re.escape(pattern[at])), at + 1
    return re.compile(out, re.DOTALL)


class RemoteFile(io.RawIOBase):
    """An object as a file of Python that is read by ranges. `buffered` gives one that reads ahead."""

    def __init__(self, url: str, size: int) -> None:
        super().__init__()
        self.url, self.size, self._at = url, size, 0
        self._store = store_of(url)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        self._at = max(0, offset + {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: self.size}[whence])
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        end = min(self._at + len(view), self.size)
        if end <= self._at:
            return 0
        data = self._store.read(self.url, self._at, end)
        view[: len(data)] = data
        self._at += len(data)
        return len(data)

    def buffered(self, size: int = 1 << 22) -> io.BufferedReader:
        """Return the same file with reads of `size` bytes."""
        return io.BufferedReader(self, size)


def open_url(url: str, size: int) -> RemoteFile:
    """Open an object of so many bytes to read."""
    return RemoteFile(url, size)
