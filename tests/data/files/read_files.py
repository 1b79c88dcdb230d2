"""Reads the files of a folder in a process of its own, with the package or with pyarrow, and says what came of each.

    python -m tests.data.files.read_files ours|pyarrow FOLDER

A line for each file and set of fields: the name, the fields, and a digest of the features, or the type of the error. A
process that ends early is seen by the lines that are not there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import featurecols as fc

MEMORY = 4 << 30  # bytes of address space: a file that says that it is huge must not take the machine's
READ = (["x"], ["y"], ["x", "y"])


def features(plan: fc.Plan, data: object) -> list[object]:
    """What a plan gives, as plain values."""
    found = plan.encode(data, threads=1)
    ids = {name: [part.tolist() for part in (v.elements()[0].values, v.elements()[1])] for name, v in found.ids.items()}
    return [found.dense.view(np.uint32).tolist(), ids]


def outcome(reader: str, path: Path, keys: list[str]) -> object:
    """What a reader gives of some fields, as ids and as numbers: features, or the error."""
    return [attempt(reader, path, keys, kind) for kind in (lambda key: fc.Hashed(key, 2**31 - 1), fc.Numeric)]


def attempt(reader: str, path: Path, keys: list[str], kind: Callable[[str], fc.Column]) -> object:
    """What a reader gives of fields by columns of one kind."""
    plan = fc.compile([kind(key) for key in keys])
    try:
        if reader == "pyarrow":
            return features(plan, pq.read_table(path, columns=keys, partitioning=None))
        if plan.encoded_slots[0].kind == "dense":
            plan.transform(path, threads=1)
        return features(plan, path)
    except fc.FeatureColumnsError:
        return "error"
    except Exception as error:
        return "error" if reader == "pyarrow" else f"{type(error).__name__}: {error}"


def main(reader: str, folder: str, *names: str) -> None:
    """Print a line for each file."""
    if sys.platform == "linux":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    for path in [Path(folder) / name for name in names]:
        for keys in READ:
            print(json.dumps([path.name, keys, outcome(reader, path, keys)]), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
