"""Kernels that were compiled elsewhere, in the folder that FEATURECOLS_KERNEL_CACHE names: `featurecols warm --to` writes it.

The folder holds files of `code_cache` and kernels.json, which says what they are for: a processor, the instructions that it
must have, the interpreter, the versions and sources. Where that does not fit, the folder is left alone, with a warning, and
kernels are compiled as without it. It holds machine code, so it is looked for under that variable alone, never beside data.
"""

from __future__ import annotations

import functools
import json
import os
import platform
import stat
from pathlib import Path
from typing import NamedTuple

import llvmlite.binding as llvm  # type: ignore[import-untyped]

from featurecols import errors
from featurecols._core.version import __version__

VARIABLE, ABOUT = "FEATURECOLS_KERNEL_CACHE", "kernels.json"
_V2 = ("cx16", "popcnt", "sahf", "sse3", "sse4.1", "sse4.2", "ssse3")
_V3 = (*_V2, "avx", "avx2", "bmi", "bmi2", "f16c", "fma", "lzcnt", "movbe")
_V4 = (*_V3, "avx512bw", "avx512cd", "avx512dq", "avx512f", "avx512vl")
LEVELS = {"x86-64-v2": _V2, "x86-64-v3": _V3, "x86-64-v4": _V4}  # what psABI names, by the instructions beyond x86-64


class Processor(NamedTuple):
    """What code is compiled for: a name and instructions as LLVM has them, and which of these a processor must have."""

    name: str
    instructions: str
    needs: tuple[str, ...]


def processor_of(name: str | None) -> Processor:
    """Return a level by its name; None is this processor. Raises ColumnError for another name, or on another architecture."""
    if name is None:
        found = llvm.get_host_cpu_features()
        return Processor(llvm.get_host_cpu_name(), found.flatten(), tuple(sorted(k for k, there in found.items() if there)))
    if name not in LEVELS or platform.machine() not in ("x86_64", "AMD64"):
        hint = f"known on x86-64 are {', '.join(LEVELS)}; without it kernels are for this processor"
        raise errors.argument("cpu", "not a level of processors", name, hint)
    there = llvm.get_host_cpu_features()
    if lacking := [feature for feature in LEVELS[name] if not there.get(feature)]:
        hint = "choose a lower level, or a machine that has it: each kernel is loaded once"
        raise errors.argument("cpu", f"this processor lacks {', '.join(lacking[:4])}", name, hint)
    return Processor(name, ",".join(f"+{feature}" for feature in LEVELS[name]), LEVELS[name])


def variables_of(processor: Processor, folder: Path) -> dict[str, str]:
    """Return the environment of a process that compiles for a processor into a folder."""
    return {
        "NUMBA_CPU_NAME": processor.name,
        "NUMBA_CPU_FEATURES": processor.instructions,
        "NUMBA_CACHE_DIR": str(folder),
        VARIABLE: "",
    }


def describe(processor: Processor, environment: str, sources: str) -> str:
    """Return what kernels.json says: for what the files of a folder are."""
    said = {"format": 1, "featurecols": __version__, "processor": processor.name, "instructions": processor.instructions}
    return json.dumps({**said, "needs": processor.needs, "environment": environment, "sources": sources}, indent=1) + "\n"


class Shipped(NamedTuple):
    """A folder that fits this process, as far as its processor goes."""

    folder: Path
    processor: Processor
    environment: str
    sources: str


@functools.cache
def find() -> Shipped | None:
    """Return the folder that the environment names; None without one, and with a warning for one that cannot be used."""
    named = os.environ.get(VARIABLE)
    if not named:
        return None
    folder = Path(named)
    try:
        _check_owner(folder)
        found = json.loads((folder / ABOUT).read_bytes())
        needs = tuple(map(str, found["needs"]))
        about = Processor(str(found["processor"]), str(found["instructions"]), needs)
        if found["format"] != 1:
            raise ValueError(f"format {found['format']}")
        if lacking := [feature for feature in needs if feature not in _available()]:
            raise ValueError(f"for {about.name}, and this processor lacks {', '.join(lacking[:4])}")
        return Shipped(folder, about, str(found["environment"]), str(found["sources"]))
    except (OSError, ValueError, LookupError, TypeError) as error:
        refuse(folder, str(error))
        return None


def refuse(folder: Path, why: str) -> None:
    """Warn that a folder is not used."""
    hint = "kernels are compiled here; write another one with featurecols warm --to"
    errors.warn(f"{VARIABLE}: {folder} is not used ({errors.printable(why)[:200]}); {hint}")


def _available() -> set[str]:
    """Return the instructions of this processor, or of the one that NUMBA_CPU_NAME pretends."""
    pretended = os.environ.get("NUMBA_CPU_FEATURES")
    if pretended:
        return {feature[1:] for feature in pretended.split(",") if feature.startswith("+")}
    name = os.environ.get("NUMBA_CPU_NAME", "")
    if name in LEVELS or name == "x86-64":
        return set(LEVELS.get(name, ()))
    return {feature for feature, there in llvm.get_host_cpu_features().items() if there}


def _check_owner(folder: Path) -> None:
    """Raise ValueError where others than the user and root can write."""
    if not hasattr(os, "getuid"):
        return
    for path in (folder, folder / ABOUT):
        found = path.stat()
        if found.st_uid not in (0, os.getuid()):
            raise ValueError(f"{path.name} belongs to another user")
        if found.st_mode & (stat.S_IWOTH | stat.S_IWGRP):
            raise ValueError(f"others can write {path.name}")
