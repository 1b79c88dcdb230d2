"""S3, Google Cloud Storage and Azure through obstore: one wheel without dependencies that can put on a condition.

Credentials, region and endpoint come from the environment (AWS_ACCESS_KEY_ID, AWS_ENDPOINT_URL, ...), as obstore reads them.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from featurecols.data.remote.base import ConflictError, NoBucketError, library


@dataclass(frozen=True)
class ObjectStatus:
    """Bytes and entity tag of an object."""

    size: int
    version: str


class ObjectStore:
    """The objects of one bucket."""

    def __init__(self, root: str) -> None:
        self.root, self._obstore = root, library("obstore", root, "remote")
        plain = any(os.environ.get(name, "").startswith("http://") for name in _ENDPOINTS)
        self._store = library("obstore.store", root, "remote").from_url(
            root, client_options={"allow_http": True} if plain else {}
        )

    def status(self, url: str) -> ObjectStatus:
        with _errors():
            found = self._obstore.head(self._store, self._key(url))
        return ObjectStatus(int(found["size"]), str(found["e_tag"] or found["last_modified"]))

    def find(self, url: str) -> list[str]:
        with _errors():
            found = self._obstore.list(self._store, self._key(url).rstrip("/") or None).collect()
        return [f"{self.root}/{each['path']}" for each in found]

    def read(self, url: str, start: int, end: int) -> bytes:
        with _errors():
            return bytes(self._obstore.get_range(self._store, self._key(url), start=start, end=end))

    def attributes(self, url: str) -> dict[str, str]:
        """Return the metadata of an object."""
        with _errors():
            found = self._obstore.get(self._store, self._key(url), options={"head": True})
            return {str(name): str(value) for name, value in found.attributes.items()}

    def put(self, url: str, data: Path | bytes, attributes: dict[str, str] | None = None) -> None:
        """Write an object, a large one in several uploads; it appears when all of it is there."""
        with _errors():
            self._obstore.put(self._store, self._key(url), data, attributes=attributes)

    def put_new(self, url: str, data: Path | bytes, attributes: dict[str, str] | None = None) -> str:
        """Write an object that does not exist yet, and return its version. Raises ConflictError where it does."""
        with _errors():
            made = self._obstore.put(
                self._store, self._key(url), data, mode="create", use_multipart=False, attributes=attributes
            )
        return str(made["e_tag"])

    def replace(self, url: str, data: Path | bytes, version: str, attributes: dict[str, str] | None = None) -> str:
        """Write an object in the place of that version, and return the new one. Raises ConflictError where it is another."""
        with _errors():
            made = self._obstore.put(
                self._store,
                self._key(url),
                data,
                mode={"e_tag": version},
                use_multipart=False,
                attributes=attributes,
            )
        return str(made["e_tag"])

    def delete(self, objects: list[str]) -> None:
        """Delete objects; one that is not there is left out."""
        with _errors():
            self._obstore.delete(self._store, [self._key(url) for url in objects])

    def _key(self, url: str) -> str:
        return url[len(self.root) + 1 :]


_ENDPOINTS = ("AWS_ENDPOINT_URL", "AWS_ENDPOINT", "AWS_ENDPOINT_URL_S3")


@contextmanager
def _errors() -> Iterator[None]:
    """Raise errors of obstore as the OSError that they mean."""
    from obstore import exceptions as found

    try:
        yield
    except found.AlreadyExistsError as error:
        raise ConflictError(_shorten(error)) from None
    except found.PreconditionError as error:
        raise ConflictError(_shorten(error)) from None
    except (found.PermissionDeniedError, found.UnauthenticatedError) as error:
        raise PermissionError(_shorten(error)) from None
    except (FileNotFoundError, found.BaseError) as error:
        text = str(error)
        if "403 Forbidden" in text or "401 Unauthorized" in text:
            raise PermissionError(_shorten(error)) from None
        if "NoSuchBucket" in text or "bucket does not exist" in text:
            raise NoBucketError(_shorten(error)) from None
        if isinstance(error, FileNotFoundError):
            raise FileNotFoundError(_shorten(error)) from None
        raise OSError(_shorten(error)) from None


def _shorten(error: BaseException) -> str:
    """Return what obstore says without the dump of its structures."""
    return " ".join(str(error).partition("Debug source:")[0].split())
