"""Every other scheme, such as hf://, sftp:// or memory://, through fsspec: to read."""

from __future__ import annotations

from dataclasses import dataclass

from featurecols import errors
from featurecols.data.remote.base import library


@dataclass(frozen=True)
class FsspecStatus:
    """Bytes of a file, and what fsspec's `ukey` says of its content."""

    size: int
    version: str


class FsspecStore:
    """The files of one scheme."""

    def __init__(self, scheme: str) -> None:
        fsspec = library("fsspec", f"{scheme}://", "remote")
        try:
            self._files = fsspec.filesystem(scheme)
        except (ValueError, ImportError) as error:
            hint = "choose s3://, gs://, az://, https:// or file://, or install what fsspec asks for"
            raise errors.DataError(f"{scheme}://", "is not a scheme that can be read", got=str(error), hint=hint) from None

    def status(self, url: str) -> FsspecStatus:
        found = self._files.info(url)
        if found["type"] != "file":
            raise FileNotFoundError(url)
        return FsspecStatus(int(found["size"]), str(self._files.ukey(url)))

    def find(self, url: str) -> list[str]:
        root = self._files._strip_protocol(url).rstrip("/")
        return [f"{url}{path[len(root) + 1 :]}" for path in self._files.find(url)]

    def read(self, url: str, start: int, end: int) -> bytes:
        return bytes(self._files.cat_file(url, start=start, end=end))
