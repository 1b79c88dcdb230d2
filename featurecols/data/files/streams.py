"""The bytes of a file that may be compressed: .gz, .bz2, .zst and .lz4 by Arrow, .xz and .zip by Python, read as they come."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Callable
from typing import IO, BinaryIO

import pyarrow as pa

from featurecols import errors
from featurecols._core import regular_files
from featurecols._core.limits import LIMITS, exceeded
from featurecols.data.files.paths import name_of
from featurecols.data.remote import urls

CODECS = {".gz": "gzip", ".bz2": "bz2", ".zst": "zstd", ".lz4": "lz4", ".xz": "xz", ".zip": "zip"}  # of paths.PACKED
DAMAGED = (lzma.LZMAError, zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)  # what Python's readers raise
_BAD_ARCHIVE = (*DAMAGED, RuntimeError, ValueError, OSError, IndexError, OverflowError, struct.error)  # one is a password
_BLOCK = 1 << 20
_XZ_MEMORY = 1 << 28  # bytes of a decoder: the largest preset needs 65 MiB
_FREE = 1 << 30  # bytes that a file may have whatever its size is packed


def codec_of(path: str) -> str | None:
    """Return how a file is compressed by its name; None for one that is not."""
    name = name_of(path)
    return CODECS.get(name[name.rfind(".") :].lower())


def open_bytes(path: str, size: int) -> BinaryIO:
    """Open a file, or an object of so many bytes, as it is."""
    return urls.open_url(path, size).buffered() if urls.is_url(path) else regular_files.open_regular(path)


def open_stream(path: str, size: int) -> pa.NativeFile:
    """Open a file of so many bytes to read what is in it, uncompressed.

    Raises DataError for a .zip file that does not hold one file, and while it is read for one that grows beyond all measure.
    """
    codec = codec_of(path)
    if codec == "xz":
        return pa.PythonFile(_Grown(_Unpacked(open_bytes(path, size)), path, size), mode="r")
    if codec == "zip":
        return pa.PythonFile(_Grown(open_member(path, size), path, size), mode="r")
    stream = pa.input_stream(open_bytes(path, size) if urls.is_url(path) else path, compression=codec)
    return stream if codec in (None, "gzip", "lz4") else pa.PythonFile(_Grown(stream, path, size), mode="r")


class _Unpacked:
    """What one or more .xz streams hold, with bounded memory, which lzma.LZMAFile does not promise."""

    closed = False

    def __init__(self, file: BinaryIO) -> None:
        self._file, self._decoder, self._rest = file, self._new(), b""

    @staticmethod
    def _new() -> lzma.LZMADecompressor:
        return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, nothing at the end."""
        while True:
            if self._decoder.eof:
                self._rest = (self._decoder.unused_data or self._file.read(_BLOCK)).lstrip(b"\0")
                if not self._rest:
                    return b""
                self._decoder = self._new()
            elif self._decoder.needs_input:
                self._rest = self._file.read(_BLOCK)
                if not self._rest:
                    raise EOFError("it ends in the middle of its data")
            found = self._decoder.decompress(self._rest, size)
            self._rest = b""
            if found:
                return found


class _Grown:
    """A stream of what was packed, which may not be beyond all measure larger than its file."""

    closed = False

    def __init__(self, stream: pa.NativeFile | IO[bytes] | _Unpacked, path: str, size: int) -> None:
        self._read: Callable[[int], bytes] = stream.read
        self._path, self._left, self._limit = path, 0, max(_FREE, size * LIMITS.expansion)
        self._size = size

    def read(self, size: int = -1) -> bytes:
        """Return at most `size` bytes, nothing at the end."""
        found = self._read(size)
        self._left += len(found)
        if self._left > self._limit:
            times = self._left // max(self._size, 1)
            raise exceeded("expansion", self._path, "is larger than its file beyond all measure: so many times", times)
        return found

    def close(self) -> None:
        """Note that nothing more is read."""
        self.closed = True


def open_member(path: str, size: int) -> IO[bytes]:
    """Open the one file that a .zip file holds; its name is not used. Raises DataError for any other number of them."""
    try:
        archive = zipfile.ZipFile(open_bytes(path, size))
        return archive.open(_member(path, archive))
    except errors.DataError:
        raise
    except _BAD_ARCHIVE as error:
        raise errors.unreadable(path, "is not a .zip file that can be read", error) from None


def member_of(path: str, size: int) -> str:
    """Return the name of the one file that a .zip file holds."""
    try:
        with zipfile.ZipFile(open_bytes(path, size)) as archive:
            return _member(path, archive).filename
    except errors.DataError:
        raise
    except _BAD_ARCHIVE as error:
        raise errors.unreadable(path, "is not a .zip file that can be read", error) from None


def _member(path: str, archive: zipfile.ZipFile) -> zipfile.ZipInfo:
    files = [m for m in archive.infolist() if not m.is_dir() and not m.filename.startswith("__MACOSX/")]
    if len(files) != 1:
        hint = "unpack it, and give the folder"
        raise errors.DataError(path, "must hold one file", got=f"{len(files)} files", hint=hint)
    return files[0]
