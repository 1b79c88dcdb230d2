"""Object code of kernels on disk: one file for each variant, found without numba.

Files lie in NUMBA_CACHE_DIR, or else beside the kernels or in the user's cache folder: they are written into the first of these
two that can be written, and read from both. A file's name says what it is for: the kernel, then a digest of the processor, the
interpreter, numba and its settings, then one of the sources of all kernels. Nothing depends on where a file lies or when it
was written, so that a folder may be copied into an image. A damaged file counts as missing.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import importlib.util
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import llvmlite  # type: ignore[import-untyped]
import llvmlite.binding as llvm  # type: ignore[import-untyped]
import numpy as np

from featurecols.kernels import shipped_code
from featurecols.kernels.machine_code import HEADER, Code

_BEGIN = b"featurecols kernel 1\n"
_SETTINGS_OF_A_RUN = {"NUMBA_CACHE_DIR", "NUMBA_NUM_THREADS", "NUMBA_DISABLE_JIT", "NUMBA_CPU_NAME", "NUMBA_CPU_FEATURES"}


def read(name: str) -> Code | None:
    """Return the code that was kept for a variant of a kernel, if it was; what was compiled elsewhere first."""
    shipped = _shipped()
    places = [] if shipped is None else [shipped.folder / f"{name}.{shipped.environment}.{shipped.sources}.kernel"]
    for path in (*places, *(folder / _file_name(name) for folder in _folders())):
        with contextlib.suppress(OSError, ValueError, LookupError, TypeError):
            data = path.read_bytes()
            begin, head, image = data[: len(_BEGIN)], *data[len(_BEGIN) :].split(b"\n", 1)
            known = json.loads(head.decode())
            if begin == _BEGIN and known["digest"] == _digest(image):
                return Code(known["entry"], tuple(known["needs"]), image)
    return None


def write(name: str, code: Code) -> None:
    """Keep the code of a variant, where anything can be written."""
    head = json.dumps({"entry": code.entry, "needs": code.needs, "digest": _digest(code.image)}).encode()
    for folder in _folders():
        with contextlib.suppress(OSError):
            folder.mkdir(parents=True, exist_ok=True)
            with _replacing(folder / _file_name(name)) as temporary:
                temporary.write_bytes(_BEGIN + head + b"\n" + code.image)
            if folder.parent == _beside():  # what earlier sources gave
                for old in folder.glob(f"{name}.{_environment()}.*.kernel"):
                    if old.name != _file_name(name):
                        old.unlink(missing_ok=True)
            return


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a temporary file that takes the place of a path when all is written: others see one or the other."""
    handle, name = tempfile.mkstemp(dir=path.parent, suffix=".tmp")
    os.close(handle)
    try:
        yield Path(name)
        os.replace(name, path)
    finally:
        with contextlib.suppress(OSError):
            os.unlink(name)


def _digest(*data: bytes) -> str:
    found = hashlib.blake2b(digest_size=10)
    for some in data:
        found.update(len(some).to_bytes(8, "little") + some)
    return found.hexdigest()


def _file_name(name: str) -> str:
    return f"{name}.{_environment()}.{_sources()}.kernel"


@functools.cache
def _sources() -> str:
    found = [f for f in files("featurecols.kernels").iterdir() if f.name.endswith(".py")]
    return _digest(*(part for f in sorted(found, key=lambda f: f.name) for part in (f.name.encode(), f.read_bytes())))


@functools.cache
def _shipped() -> shipped_code.Shipped | None:
    """Return the folder of code that was compiled elsewhere, where there is one and all that it is for is as here."""
    found = shipped_code.find()
    if found is None:
        return None
    if found.sources != _sources() or found.environment != _environment_for(*found.processor[:2]):
        shipped_code.refuse(found.folder, "other versions of featurecols, numba, llvmlite, numpy or Python made it")
        return None
    return found


def describe(processor: shipped_code.Processor) -> str:
    """Return what is written beside code for a processor, so that other machines can use it."""
    return shipped_code.describe(processor, _environment_for(*processor[:2]), _sources())


@functools.cache
def _environment() -> str:
    processor = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    return _environment_for(processor, os.environ.get("NUMBA_CPU_FEATURES") or llvm.get_host_cpu_features().flatten())


def _environment_for(processor: str, instructions: str) -> str:
    settings = {k: v for k, v in os.environ.items() if k.startswith("NUMBA_") and k not in _SETTINGS_OF_A_RUN}
    versions = (sys.implementation.cache_tag, HEADER, np.__version__, llvmlite.__version__)
    told = repr((llvm.get_process_triple(), processor, instructions, versions, sorted(settings.items())))
    return _digest(told.encode(), _numba())


def _numba() -> bytes:
    """Return what says which numba is installed, without importing it."""
    spec = importlib.util.find_spec("numba")
    assert spec is not None
    assert spec.origin is not None
    version = Path(spec.origin).with_name("_version.py")
    settings = Path(".numba_config.yaml")  # numba reads it from the folder where a program starts
    return version.read_bytes() + (settings.read_bytes() if settings.is_file() else b"")


def _beside() -> Path:
    return Path(__file__).parent


def _folders() -> list[Path]:
    named = os.environ.get("NUMBA_CACHE_DIR")
    return [Path(named)] if named else [_beside() / "__pycache__", _of_user() / "featurecols"]


def _of_user() -> Path:
    """Return the folder for caches of this user."""
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
