"""Reads the files of a folder in a process of its own, with the package or with pyarrow, and says what came of each.

    python -m tests.data.files.read_files ours|pyarrow FOLDER

A line for each file and set of fields: the name, the fields, and the rows and a digest of the features, or the error. A
process that ends early is seen by the lines that are not there.
"""

from __future__ import annotations

import functools
import hashlib
import json
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

import featurecols as fc

MEMORY = 4 << 30  # bytes of address space: a file that says that it is huge must not take the machine's
READ = (["x"], ["y"], ["x", "y"])


@functools.cache
def plan_of(kind: Callable[[str], fc.Column], *keys: str) -> fc.Plan:
    return fc.compile([kind(key) for key in keys])


def features(plan: fc.Plan, data: object) -> list[object]:
    """What a plan gives, in short: how many rows, and a digest of their features."""
    found = plan.encode(data, threads=1)
    digest = hashlib.sha256(repr(found.dense.shape).encode() + found.dense.tobytes())
    for name, ids in found.ids.items():
        flat, ends = ids.elements()
        digest.update(repr((name, flat.values.dtype, len(flat.values), len(ends))).encode())
        digest.update(flat.values.tobytes() + ends.tobytes())
    return [len(found), digest.hexdigest()]


def hashed(key: str) -> fc.Column:
    return fc.Hashed(key, 2**31 - 1)


def outcome(reader: str, path: Path, keys: list[str]) -> object:
    """What a reader gives of some fields, as ids and as numbers: features, or the error."""
    data: object = path
    if reader == "pyarrow":
        try:
            data = pq.read_table(path, columns=keys, partitioning=None, use_threads=False)
        except Exception:
            return ["error", "error"]
    return [attempt(reader, data, plan_of(kind, *keys)) for kind in (hashed, fc.Numeric)]


def attempt(reader: str, data: object, plan: fc.Plan) -> object:
    """What a plan gives of the data, or the error."""
    try:
        if reader == "ours" and plan.encoded_slots[0].kind == "dense":
            plan.transform(data, threads=1)
        return features(plan, data)
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
