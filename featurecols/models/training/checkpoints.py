"""Checkpoints: one safetensors file each, its header holding the JSON that says what it belongs to.

A file appears under its name when it is complete (written beside, synced, renamed), so that a kill at any moment
leaves the last complete one.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featurecols._core import tensor_files
from featurecols._core.arrays import Array
from featurecols._core.suggestions import module_names
from featurecols.errors import printable
from featurecols.models import errors
from featurecols.models.autodiff.variables import KINDS, Variables

FORMAT = 1
WEIGHTS = "weights.safetensors"  # of an exported model
_NAME = re.compile(r"step-(\d{9,})\.safetensors")


def save(folder: Path, variables: Variables, about: Mapping[str, Any], keep: int | None = None) -> Path:
    """Write the variables and `about` (JSON data) as folder/step-<step>; then delete all but the last `keep`."""
    path = folder / f"step-{variables.step:09d}.safetensors"
    arrays = variables.arrays()
    for left in folder.glob(".step-*.safetensors.*"):  # what a kill left behind, perhaps at another step
        left.unlink(missing_ok=True)
    write(path, arrays, {**about, "step": variables.step, "start": variables.start, "seed": variables.seed})
    for old in found(folder)[: -keep if keep else 0]:
        if old != path:
            old.unlink(missing_ok=True)
    return path


def write(path: Path, arrays: Mapping[str, Array], about: Mapping[str, Any]) -> None:
    """Write one file of named arrays and JSON data, in full or not at all."""
    replace(path, encode(arrays, about))


def encode(arrays: Mapping[str, Array], about: Mapping[str, Any]) -> bytes:
    """Return named arrays and JSON data as the bytes of a file."""
    return tensor_files.encode(arrays, json.dumps({"format": FORMAT, **about}))


def replace(path: Path, data: bytes) -> None:
    """Write bytes under this name, in full or not at all, also after a power cut."""
    replace_all(path.parent, {path.name: data})


def replace_all(folder: Path, files: Mapping[str, bytes], meanwhile: Callable[[], object] = lambda: None) -> None:
    """Write files of a folder: all of them beside those that are there, which are replaced when all are on the disk.

    `meanwhile` is called before any is replaced. Where it or a write fails, nothing is replaced, and nothing stays.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written: dict[Path, Path] = {}
    try:
        for name, data in files.items():
            for left in folder.glob(f".{name}.*"):  # what a kill left behind
                left.unlink(missing_ok=True)
            beside = folder / f".{name}.{os.getpid()}"
            with open(beside, "xb") as f:  # never through a link that somebody put there
                written[beside] = folder / name
                f.write(data)
                f.flush()
                os.fsync(f.fileno())
        meanwhile()
        for beside, path in list(written.items()):
            os.replace(beside, path)
            del written[beside]
    finally:
        for beside in written:
            beside.unlink(missing_ok=True)
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def read(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return the arrays and the JSON data of a file; raise CheckpointError where it is not a checkpoint, or is damaged."""
    try:
        arrays, text = tensor_files.read(path)
        about = json.loads(text)
    except FileNotFoundError:
        hint = "give a checkpoint, or the folder of a model"
        raise errors.checkpoint(path, "not a file", hint, missing=True) from None
    except (OSError, ValueError, RecursionError) as e:
        hint = "delete it, and the one before it is used"
        raise errors.checkpoint(path, f"not a readable checkpoint ({printable(str(e))[:200]})", hint) from None
    if not isinstance(about, dict) or about.get("format") != FORMAT:
        raise errors.checkpoint(path, f"needs format {FORMAT}", "use the version of featurecols that wrote it")
    if lacks := [name for name in ("step", "start", "seed") if type(about.get(name)) is not int]:
        raise errors.checkpoint(path, f"is damaged (it has no {lacks[0]})", "delete it, and the one before it is used")
    return arrays, about


def restore(variables: Variables, arrays: Mapping[str, Array], about: Mapping[str, Any]) -> None:
    """Put a checkpoint's arrays, step and seed into the variables."""
    for kind in KINDS:
        variables.of_kind(kind).clear()
    for name, array in arrays.items():
        kind, _, rest = name.partition("/")
        if kind in KINDS:
            variables.of_kind(kind)[rest] = np.array(array)
    variables.trained = set(variables.values) if int(about["step"]) else set()
    variables.step, variables.start, variables.seed = int(about["step"]), int(about["start"]), int(about["seed"])


def found(folder: Path) -> list[Path]:
    """Return the checkpoints of a folder, by step."""
    return [path for _, path in sorted(_numbered(folder))]


def latest(folder: Path) -> Path | None:
    """Return the checkpoint of the highest step, or None."""
    paths = found(folder)
    return paths[-1] if paths else None


def _numbered(folder: Path) -> Iterator[tuple[int, Path]]:
    if folder.is_dir():
        for path in folder.iterdir():
            if match := _NAME.fullmatch(path.name):
                yield int(match[1]), path


__all__ = ["found", "latest", "read", "restore", "save"]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names("featurecols.models.checkpoints", __all__)
