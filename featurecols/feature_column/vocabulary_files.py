"""Terms in files: one a line, or the records of a gzipped TFRecord file."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from featurecols.feature_column import errors
from featurecols.tf.checkpoint.crc32c import crc32c, unmask

GZIPPED_RECORDS = "tfrecord_gzip"
_LONGEST_RECORD = 1 << 24  # bytes; a larger record is damage, not a term
_BLOCK = 1 << 16
_GZIP = 31  # zlib's window bits of a gzip file


def read_terms(path: str, file_format: str | None) -> Iterator[bytes]:
    """Yield the lines of a vocabulary file without their newline, or the records of a TFRecord file.

    Raises DataLossError for a TFRecord file that is damaged, OSError where the file cannot be opened.
    """
    with Path(path).open("rb") as file:
        if file_format == GZIPPED_RECORDS:
            yield from _read_records(_Inflated(file, path), path)
        else:
            for line in file:
                yield line.removesuffix(b"\n")


class _Inflated:
    """What a gzip file holds, as far as it goes: an end that is cut off is noticed by those who read records."""

    def __init__(self, file: BinaryIO, path: str) -> None:
        self.file, self.path = file, path
        self.stream, self.packed, self.ready = zlib.decompressobj(_GZIP), b"", b""

    def read(self, size: int) -> bytes:
        """Return the next `size` bytes, fewer at the end."""
        while len(self.ready) < size:
            self.packed = self.packed or self.file.read(_BLOCK)
            if not self.packed:
                break
            try:
                self.ready += self.stream.decompress(self.packed, _BLOCK)
            except zlib.error as error:
                raise errors.damaged_records(self.path, str(error)) from None
            self.packed = self.stream.unconsumed_tail
            if self.stream.eof:  # another member of the gzip file may follow
                self.packed, self.stream = self.stream.unused_data, zlib.decompressobj(_GZIP)
        found, self.ready = self.ready[:size], self.ready[size:]
        return found


def _read_records(file: _Inflated, path: str) -> Iterator[bytes]:
    """Yield records: the length of each in 8 bytes, its checksum, the data and its checksum."""
    while head := file.read(12):
        if len(head) < 12 or not _fits(head[:8], head[8:]):
            raise errors.damaged_records(path, "a wrong checksum of a record's length")
        size = int.from_bytes(head[:8], "little")
        data = file.read(size + 4) if size <= _LONGEST_RECORD else b""
        if len(data) != size + 4 or not _fits(data[:-4], data[-4:]):
            raise errors.damaged_records(path, "a record is cut short, or its checksum is wrong")
        yield data[:-4]


def _fits(data: bytes, masked: bytes) -> bool:
    return crc32c(data) == unmask(int.from_bytes(masked, "little"))


def parse_integer(subject: str, line: bytes) -> int:
    """Return a term as an int64: decimal digits, a minus before them, blanks around them."""
    match = re.fullmatch(rb"\s*(-?)0*([0-9]+)\s*", line)
    digits = int(match[2]) if match and len(match[2]) < 20 else 2**64
    value = -digits if match and match[1] else digits
    if not -(2**63) <= value < 2**63:
        hint = "give dtype=string, or correct the file"
        raise errors.invalid(subject, "a term of the vocabulary file is not an int64", line, hint)
    return value
