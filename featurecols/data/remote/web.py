"""Files of web servers, by the standard library: in ranges where the server gives them, else copied to a temporary file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from email.message import Message
    from http.client import HTTPResponse

TIMEOUT = 60.0  # seconds without an answer


@dataclass(frozen=True)
class WebStatus:
    """Bytes of a file, and its entity tag or its time."""

    size: int
    version: str


class WebStore:
    """The files behind http:// and https://."""

    def __init__(self) -> None:
        self._copies: dict[str, tuple[str, BinaryIO]] = {}  # by URL: of servers that give no ranges

    def status(self, url: str) -> WebStatus:
        with _open(url, "HEAD") as found:
            size = found.headers["Content-Length"]
            version = _version(found.headers)
        return WebStatus(self._copy(url, version)[1] if size is None else int(size), version)

    def find(self, url: str) -> list[str]:
        raise FileNotFoundError(f"{url}: a web server lists no files")

    def read(self, url: str, start: int, end: int) -> bytes:
        if url in self._copies:
            return self._read_copy(url, start, end)
        with _open(url, "GET", {"Range": f"bytes={start}-{end - 1}"}) as found:
            if found.status == 206:
                return found.read(end - start)
        self._copy(url, None)
        return self._read_copy(url, start, end)

    def _read_copy(self, url: str, start: int, end: int) -> bytes:
        file = self._copies[url][1]
        file.seek(start)
        return file.read(end - start)

    def _copy(self, url: str, version: str | None) -> tuple[BinaryIO, int]:
        """Return the file as it was read whole, and its bytes; it goes with the process."""
        import shutil
        import tempfile

        known = self._copies.get(url)
        if known is None or version not in (None, known[0]):
            with _open(url, "GET") as found:
                file = tempfile.TemporaryFile()  # noqa: SIM115 - kept for the readings to come
                shutil.copyfileobj(found, file)
                known = self._copies[url] = (_version(found.headers), file)
        return known[1], known[1].seek(0, 2)


def _version(headers: Message) -> str:
    return str(headers["ETag"] or headers["Last-Modified"] or headers["Content-Length"])


def _open(url: str, method: str, headers: dict[str, str] | None = None) -> HTTPResponse:
    import urllib.error
    import urllib.request

    request = urllib.request.Request(url, method=method, headers={"User-Agent": "featurecols", **(headers or {})})
    try:
        answer: HTTPResponse = urllib.request.urlopen(request, timeout=TIMEOUT)
        return answer
    except urllib.error.HTTPError as error:
        error.close()
        if error.code in (404, 410):
            raise FileNotFoundError(f"{error.code} {error.reason}") from None
        if error.code in (401, 403):
            raise PermissionError(f"{error.code} {error.reason}") from None
        raise OSError(f"{error.code} {error.reason}") from None
    except urllib.error.URLError as error:
        raise OSError(str(error.reason)) from None
