"""One `.npy` file of all rows: written from start to end through one buffer, continued at the last finished file.

In order rather than through a memory map: a full disk is then an error, and not the end of the process.
"""

from __future__ import annotations

import io
import os
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from featurecols._core.progress import Progress
from featurecols.jobs.batch_transform import BatchTransform
from featurecols.jobs.inputs import Inputs
from featurecols.jobs.staging import Staging, is_regular
from featurecols.jobs.write_file import locate_errors

_BLOCK = 1 << 20  # bytes that are read at once for a checksum


def write(stage: Staging, transform: BatchTransform, width: int, inputs: Inputs, report: Progress) -> int:
    """Write the matrix float32 [rows of all files, width]; return how many files an earlier run had finished."""
    name = stage.target.name
    if stage.finished_rows(name) is not None:
        return len(inputs.files)
    with stage.write_file(name) as partial:
        position = stage.position
        if not _is_intact(partial.path, width, *position[1:]):
            partial.path.unlink(missing_ok=True)
            position = (0, 0, 0)
        with partial.path.open("r+b" if position[0] else "wb") as out:
            out.truncate(_size(position[1], width))
            out.seek(0, os.SEEK_END)
            partial.rows = _append(out, stage, transform, width, inputs, position, report)
            out.seek(0)
            out.write(_header(partial.rows, width))
    return position[0]


def _append(
    out: BinaryIO,
    stage: Staging,
    transform: BatchTransform,
    width: int,
    inputs: Inputs,
    position: tuple[int, int, int],
    report: Progress,
) -> int:
    """Append the rows of all files after the position; return how many rows there are then."""
    buffer = np.empty((0, width), np.float32)
    finished, done, crc = position
    resumable = len(inputs.files) > 1
    for file in inputs.files[finished:]:
        start = done
        for batch, _ in inputs.blocks(file):
            if len(buffer) < batch.num_rows:
                buffer = np.empty((batch.num_rows, width), np.float32)
            rows = buffer[: batch.num_rows]
            with locate_errors(file, inputs, start, done - start):
                transform.write_matrix(batch, rows)
            out.write(rows.data)
            crc = zlib.crc32(rows.data, crc) if resumable and rows.size else crc
            done += batch.num_rows
            report(done, inputs.rows)
        out.flush()
        os.fsync(out.fileno())
        finished += 1
        stage.position = (finished, done, crc)
    return done


def _is_intact(path: Path, width: int, rows: int, crc: int) -> bool:
    """Whether it is a file of its own that begins with so many rows, and with those that were written."""
    left = _size(rows, width)
    found = 0
    if not is_regular(path) or path.stat().st_size < left:
        return False
    with path.open("rb") as file:
        left -= file.seek(len(_header(0, width)))
        while left and (block := file.read(min(left, _BLOCK))):
            found, left = zlib.crc32(block, found), left - len(block)
    return left == 0 and found == crc


def _size(rows: int, width: int) -> int:
    return len(_header(0, width)) + rows * width * 4


def _header(rows: int, width: int) -> bytes:
    """Return the header of the file; its length does not depend on the rows (numpy leaves space for 21 digits)."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (rows, width)})
    return header.getvalue()
