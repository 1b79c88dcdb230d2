"""Named arrays as the bytes of a safetensors file, with a text beside them and a checksum over the arrays.

Files without a checksum, as versions before 0.2 wrote them, load as well.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors import numpy as tensors

from featurecols._core import regular_files
from featurecols._core.arrays import Array

_KEY = "featurecols"  # one entry of the metadata: several would come in any order, and equal files would differ
_CHECKSUM = " sha256:"
_ESCAPED = "json:"


_DAMAGE = (SafetensorError, ValueError, LookupError, TypeError, AttributeError, RecursionError, MemoryError)


class DamagedError(ValueError):
    """The bytes are not a safetensors file, not written by featurecols, or not as they were written."""


def digest(arrays: Mapping[str, Array]) -> str:
    """Return 32 hex digits over named arrays: names, types, shapes and bytes."""
    h = hashlib.sha256()
    for name in sorted(arrays):
        a = np.ascontiguousarray(arrays[name])
        h.update(json.dumps([name, a.dtype.str, a.shape]).encode())
        h.update(a.reshape(-1).view(np.uint8).data)
    return h.hexdigest()[:32]


def encode(arrays: Mapping[str, Array], text: str) -> bytes:
    """Return a safetensors file of arrays by name and of a text."""
    ordered = {name: np.ascontiguousarray(arrays[name]).reshape(np.shape(arrays[name])) for name in sorted(arrays)}
    names = {name: _escape(name) for name in ordered}
    about = f"{text}{_CHECKSUM}{digest(ordered)}"
    return tensors.save({names[name]: a for name, a in ordered.items()}, {_KEY: about})  # type: ignore[no-any-return]


def decode(blob: bytes) -> tuple[dict[str, Array], str]:
    """Return what `encode` was given. Raises DamagedError for anything else."""
    try:
        arrays = tensors.load(blob)
        head = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")])
        return _verify(arrays, head["__metadata__"])
    except _DAMAGE as e:
        raise _damaged(e) from None


def read(path: Path) -> tuple[dict[str, Array], str]:
    """Return what `encode` was given from a file, of which no copy is held. Raises DamagedError, and OSError."""
    regular_files.status(path)
    try:
        with safe_open(path, "np") as file:
            return _verify({name: file.get_tensor(name) for name in file.keys()}, file.metadata())  # noqa: SIM118 - no dict
    except _DAMAGE as e:
        raise _damaged(e) from None


def _verify(found: Mapping[str, Array], metadata: Mapping[str, str]) -> tuple[dict[str, Array], str]:
    arrays = {_unescape(name): array for name, array in found.items()}
    text, mark, checksum = metadata[_KEY].rpartition(_CHECKSUM)
    if not mark:
        return arrays, metadata[_KEY]
    if checksum != digest(arrays):
        raise DamagedError("damaged (the checksum differs)")
    return arrays, text


def _damaged(cause: BaseException) -> DamagedError:
    return cause if isinstance(cause, DamagedError) else DamagedError(f"damaged ({type(cause).__name__})")


def _escape(name: str) -> str:
    """Return a name that UTF-8 can write: one with a lone surrogate as JSON."""
    writable = name.encode("utf-8", "replace").decode("utf-8") == name and not name.startswith(_ESCAPED)
    return name if writable else _ESCAPED + json.dumps(name)


def _unescape(name: str) -> str:
    if not name.startswith(_ESCAPED):
        return name
    found = json.loads(name.removeprefix(_ESCAPED))
    if not isinstance(found, str):
        raise TypeError(name)
    return found
