"""Messages between the processes of one training: JSON data and named arrays as bytes. Nothing in them is code.

8 bytes   length of the text, little-endian
text      JSON: {"about": ..., "arrays": [[name, type, shape], ...]}
arrays    one after another, each from a multiple of 8 bytes on
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypedDict

import numpy as np

from featurecols._core.arrays import Array, Ids
from featurecols.models import errors
from featurecols.models.autodiff.tape import Gradient, IndexedSlices
from featurecols.models.input.examples import Examples, Layout

_LENGTH, _ALIGNED = 8, 8
_TYPES = ("|u1", "|b1", "|i1", "<i4", "<i8", "<f4", "<f8")


class About(TypedDict, total=False):
    """What a message says beside its arrays.

    Attributes:
        kind: "load", "step", "apply", "digest" of the chief; "gradients", "error", "digest" of a worker.
        rows: first row, last row + 1 and number of rows of a batch.
        loss: the share that these rows have in the loss of the batch.
        single: names of the slots with one plain id a row.
        shapes: of parameters whose gradients are rows.
        modules: that define kinds of columns.
        progress: step, first step of the run and, where that is known, the step at which it ends.
        trained: parameters that an optimizer has moved.
        text: of an error; a digest.
    """

    kind: str
    rows: tuple[int, int, int]
    loss: float
    single: list[str]
    shapes: dict[str, list[int]]
    modules: list[str]
    progress: tuple[int, int, int | None]
    trained: list[str]
    text: str


def pack(about: About, arrays: Mapping[str, Array]) -> bytes:
    """Return a message."""
    found = {name: np.ascontiguousarray(a).reshape(np.shape(a)) for name, a in arrays.items()}
    heads = [[name, a.dtype.str, a.shape] for name, a in found.items()]
    text = json.dumps({"about": about, "arrays": heads}).encode()
    parts: list[bytes | memoryview] = [len(text).to_bytes(_LENGTH, "little"), text, b"\0" * (-len(text) % _ALIGNED)]
    for a in found.values():
        parts += [a.reshape(-1).view(np.uint8).data, b"\0" * (-a.nbytes % _ALIGNED)]
    return b"".join(parts)


def unpack(message: bytes) -> tuple[About, dict[str, Array]]:
    """Return what `pack` was given, the arrays read-only; raise ModelError for anything else."""
    try:
        size = int.from_bytes(message[:_LENGTH], "little")
        found = json.loads(message[_LENGTH : _LENGTH + size])
        at, arrays = _LENGTH + size + -size % _ALIGNED, dict[str, Array]()
        for name, kind, shape in found["arrays"]:
            if kind not in _TYPES or min(shape, default=0) < 0:
                raise ValueError(kind)
            dtype, count = np.dtype(kind), int(np.prod(shape, dtype=np.int64))
            arrays[str(name)] = np.frombuffer(message, dtype, count, at).reshape(shape)
            at += count * dtype.itemsize + -count * dtype.itemsize % _ALIGNED
        about: About = found["about"]
        return about, arrays
    except (ValueError, LookupError, TypeError, RecursionError) as error:
        hint = "let all processes have one version of featurecols"
        raise errors.model("processes", "a message is damaged", str(error), hint) from None


def pack_rows(x: Examples, rows: tuple[int, int, int]) -> bytes:
    """Return the rows of a step as a message; rows: which of the batch they are, and how many it has."""
    arrays = {"dense": x.dense, "singles": x.singles}
    for name, ids in x.lists.items():
        flat, offsets = ids.elements()
        arrays |= {f"values/{name}": flat.values, f"offsets/{name}": offsets}
        if ids.offsets is None:
            del arrays[f"offsets/{name}"]
        if flat.weights is not None:
            arrays[f"weights/{name}"] = flat.weights
    arrays |= {f"lengths/{name}": steps for name, steps in x.lengths.items()}
    arrays |= {} if x.labels is None else {"labels": x.labels}
    arrays |= {} if x.weights is None else {"weights": x.weights}
    return pack({"kind": "step", "rows": rows, "single": list(x.single)}, arrays)


def rows_of(about: About, arrays: Mapping[str, Array], layout: Layout) -> Examples:
    """Return the rows of a message of pack_rows."""
    lists = {
        name.removeprefix("values/"): Ids(values, arrays.get(f"offsets/{name[7:]}"), arrays.get(f"weights/{name[7:]}"))
        for name, values in arrays.items()
        if name.startswith("values/")
    }
    lengths = {name.removeprefix("lengths/"): steps for name, steps in arrays.items() if name.startswith("lengths/")}
    single = tuple(about["single"])
    return Examples(
        layout, arrays["dense"], single, arrays["singles"], lists, lengths, arrays.get("labels"), arrays.get("weights")
    )


def pack_gradients(kind: str, loss: float, found: Mapping[str, Gradient]) -> bytes:
    """Return gradients by name of parameter as a message."""
    arrays: dict[str, Array] = {}
    shapes: dict[str, list[int]] = {}
    for name, gradient in found.items():
        if isinstance(gradient, IndexedSlices):
            arrays |= {f"ids/{name}": gradient.ids, f"rows/{name}": gradient.rows}
            shapes[name] = list(gradient.shape)
        else:
            arrays[f"all/{name}"] = np.asarray(gradient)
    return pack({"kind": kind, "loss": loss, "shapes": shapes}, arrays)


def gradients_of(about: About, arrays: Mapping[str, Array]) -> dict[str, Gradient]:
    """Return the gradients of a message of pack_gradients, in its order."""
    found: dict[str, Gradient] = {}
    for key, array in arrays.items():
        kind, _, name = key.partition("/")
        if kind == "all":
            found[name] = array
        elif kind == "ids":
            found[name] = IndexedSlices(array, arrays[f"rows/{name}"], tuple(about["shapes"][name]))
    return found
