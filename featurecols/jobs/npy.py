"""One `.npy` file of all rows: written from start to end through one buffer, continued at the last finished file.

In order rather than through a memory map: a full disk is then an error, and not the end of the process.
"""

from __future__ import annotations

import io
import os
from typing import Any

import numpy as np

from featurecols.jobs.inputs import Inputs
from featurecols.jobs.staging import Staging
from featurecols.jobs.write_file import Progress, located
from featurecols.jobs.writer import Maker


def write(stage: Staging, maker: Maker, inputs: Inputs, report: Progress) -> int:
    """Write the matrix float32 [rows of all files, maker.width]; how many files an earlier run had finished."""
    name = stage.target.name
    assert maker.width is not None
    if stage.has(name):
        return len(inputs.files)
    with stage.writing(name) as path:
        files, rows = stage.mark if path.exists() else (0, 0)
        with path.open("r+b" if files else "wb") as out:
            out.truncate(len(_header(0, maker.width)) + rows * maker.width * 4)
            out.seek(0, os.SEEK_END)
            done = _fill(out, stage, maker, inputs, (files, rows), report)
            out.seek(0)
            out.write(_header(done, maker.width))
    return files


def _fill(out: Any, stage: Staging, maker: Maker, inputs: Inputs, mark: tuple[int, int], report: Progress) -> int:
    """Append the rows of all files from the mark on; how many rows there are then."""
    assert maker.width is not None
    buffer = np.empty((0, maker.width), np.float32)
    finished, done = mark
    for file in inputs.files[finished:]:
        start = done
        for batch, _ in inputs.pieces(file):
            if len(buffer) < batch.num_rows:
                buffer = np.empty((batch.num_rows, maker.width), np.float32)
            rows = buffer[: batch.num_rows]
            with located(file, inputs, start, done - start):
                maker.into(batch, rows)
            out.write(rows.data)
            done += batch.num_rows
            report(done, inputs.rows)
        out.flush()
        os.fsync(out.fileno())
        finished += 1
        stage.mark = (finished, done)
    return done


def _header(rows: int, width: int) -> bytes:
    """The header of the file; its length does not depend on the rows (numpy leaves room for 21 digits)."""
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (rows, width)})
    return header.getvalue()
