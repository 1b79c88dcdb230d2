"""One `.npy` file of all rows: written from start to end through one buffer, continued at the last finished file.

In order rather than through a memory map: a full disk is then an error, and not the end of the process.
"""

from __future__ import annotations

import io
import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.progress import Progress
from featurecols.data.batch import Batch
from featurecols.jobs import quarantine
from featurecols.jobs.any_staging import AnyStaging
from featurecols.jobs.bad_rows import Tally, Written, mask_of
from featurecols.jobs.batch_transform import BatchTransform
from featurecols.jobs.inputs import Input, Inputs
from featurecols.jobs.quarantine import BadRowFile
from featurecols.jobs.staging import PARTIAL, Position, is_regular
from featurecols.jobs.write_file import describe, locate_errors

_BLOCK = 1 << 20  # bytes that are read at once for a checksum


def write(stage: AnyStaging, transform: BatchTransform, width: int, inputs: Inputs, report: Progress, tally: Tally) -> int:
    """Write the matrix float32 [rows of all files, width]; return how many files an earlier run had finished.

    Bad rows are left out; where they are to be null, they are rows of NaN.
    """
    name = f"data/{stage.target.name}"
    if (done := stage.finished(name)) is not None:
        tally.resume(*done, quarantine.first_of(stage.folder, inputs.files))
        return len(inputs.files)
    with stage.write_file(name) as partial:
        position = stage.position
        kept = tally.policy.kept(position.rows, position.bad)
        lost = position.bad != _count_bad(stage, inputs.files[: position.files])
        if lost or not _is_intact(partial.path, width, kept, position.crc):
            partial.path.unlink(missing_ok=True)
            position, kept = Position(), 0
        tally.resume(position.rows, position.bad, quarantine.first_of(stage.folder, inputs.files[: position.files]))
        with partial.path.open("r+b" if position.files else "wb") as out:
            out.truncate(_size(kept, width))
            out.seek(0, os.SEEK_END)
            _append(out, stage, transform, width, inputs, position, report, tally)
            out.seek(0)
            out.write(_header(tally.policy.kept(tally.rows, tally.bad), width))
        partial.rows, partial.bad = tally.rows, tally.bad
    return position.files


def _count_bad(stage: AnyStaging, files: Sequence[Input]) -> int:
    found = [stage.finished(quarantine.aside_of(file)) for file in files]
    return sum(aside.rows for aside in found if aside is not None)


def _append(
    out: BinaryIO,
    stage: AnyStaging,
    transform: BatchTransform,
    width: int,
    inputs: Inputs,
    position: Position,
    report: Progress,
    tally: Tally,
) -> None:
    """Append the rows of all files after the position."""
    buffer = np.empty((0, width), np.float32)
    crc, policy = position.crc, tally.policy
    resumable = len(inputs.files) > 1

    def fill(batch: Batch) -> Array:
        rows = buffer[: batch.num_rows]
        transform.write_matrix(batch, rows)
        return rows

    for count, file in enumerate(inputs.files[position.files :], start=position.files + 1):
        start, done = tally.rows, 0
        bad = BadRowFile(stage.folder / f"{quarantine.aside_of(file)}{PARTIAL}")
        for batch, _ in inputs.blocks(file):
            if len(buffer) < batch.num_rows:
                buffer = np.empty((batch.num_rows, width), np.float32)
            left = tally.left
            with locate_errors(file, inputs, start, done):
                rows, refused = policy.attempt(fill, batch, None if left is None else left - bad.rows)
            if refused:
                bad.add(describe(refused, file, done))
                if left is not None and bad.rows > left:
                    break
                rows = policy.replace_rows(rows, mask_of(refused, batch.num_rows))
            out.write(rows.data)
            crc = zlib.crc32(rows.data, crc) if resumable and rows.size else crc
            done += batch.num_rows
            report(start + done, inputs.rows)
        bad.close()
        tally.add(Written(done, bad.rows, bad.first))
        if bad.rows:
            with stage.write_file(quarantine.aside_of(file)) as aside:
                aside.rows = bad.rows
        stage.keep_position(Position(count, tally.rows, crc, tally.bad), out)


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
