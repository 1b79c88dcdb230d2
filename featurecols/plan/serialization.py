"""Plans as data: plan.json (what was declared) and learned.safetensors (what was learned, and trained tables).

One generic encoder over dataclass fields; no column has code of its own here. Nothing is imported by name, evaluated
or unpickled. A file is read only as far as its own length bounds what it may claim.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as tensors

from featurecols import errors
from featurecols._core import spec
from featurecols._core.arrays import Array
from featurecols.columns.base import Column, Field
from featurecols.plan.graph import Graph

FORMAT = 1
JSON_FILE, TENSOR_FILE = "plan.json", "learned.safetensors"
_LIMIT_JSON = 1 << 28
_LIMIT_NODES = 1_000_000
_TABLE = "table/"

Parts = tuple[Graph, dict[int, dict[str, dict[str, Array]]], dict[str, Array]]


def fingerprint(graph: Graph, learned: Mapping[int, Any]) -> str:
    """32 hex digits over what was declared and what was learned."""
    text = json.dumps(_document(graph), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode() + digest(_flatten(learned)).encode()).hexdigest()[:32]


def digest(arrays: Mapping[str, Array]) -> str:
    """32 hex digits over named arrays."""
    h = hashlib.sha256()
    for name in sorted(arrays):
        a = np.ascontiguousarray(arrays[name])
        h.update(json.dumps([name, a.dtype.str, a.shape]).encode())
        h.update(a.tobytes())
    return h.hexdigest()[:32]


def write(folder: Path, graph: Graph, learned: Mapping[int, Any], tables: Mapping[str, Array]) -> None:
    """Both files, each renamed into place when it is complete; the tensors carry the hash of the JSON they belong to."""
    text = _text(graph)
    blob = _tensors(text, learned, tables)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / TENSOR_FILE, blob)
        replace_file(folder / JSON_FILE, text)
    except OSError as e:
        raise errors.output(
            folder, f"cannot be written ({e.strerror})", "choose another path, or mend its permissions"
        ) from None


def replace_file(path: Path, data: bytes) -> None:
    """Write a file under another name beside it, and rename it into place when it is complete."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as f:
            f.write(data)
            f.flush()
            os.fsync(f.fileno())
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        os.unlink(name)
        raise


def read(folder: Path) -> Parts:
    text, blob = (_read(folder / name, folder) for name in (JSON_FILE, TENSOR_FILE))
    return _parts(folder, text, blob)


def _read(path: Path, folder: Path) -> bytes:
    try:
        if path.name == JSON_FILE and path.stat().st_size > _LIMIT_JSON:
            raise errors.saved_plan(path, f"larger than {_LIMIT_JSON >> 20} MiB")
        return path.read_bytes()
    except OSError as e:
        raise errors.saved_plan(folder, f"has no readable {path.name} ({e.strerror})", "give the folder of plan.save") from None


def to_bytes(graph: Graph, learned: Mapping[int, Any], tables: Mapping[str, Array]) -> bytes:
    text = _text(graph)
    return len(text).to_bytes(8, "little") + text + _tensors(text, learned, tables)


def from_bytes(data: bytes) -> Parts:
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, _LIMIT_JSON):
        raise errors.saved_plan("these bytes", "are not a plan", "give what plan.to_bytes() gave")
    return _parts("these bytes", data[8 : 8 + size], data[8 + size :])


# Writing ------------------------------------------------------------------------------------------------------------


def _document(graph: Graph) -> dict[str, Any]:
    index: dict[spec.Spec, int] = {}
    nodes = []
    for i, node in enumerate(graph.nodes):  # only earlier nodes can be referred to
        nodes.append(spec.fields_json(node, lambda v: {"node": index[v]} if v in index else None))
        index[node] = i
    return {"format": FORMAT, "nodes": nodes, "outputs": graph.outputs}


def _text(graph: Graph) -> bytes:
    return (json.dumps(_document(graph), indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode("utf-8", "surrogatepass")


def _flatten(learned: Mapping[int, Any]) -> dict[str, Array]:
    return {
        f"{i}/{slot}/{name}": a for i, slots in learned.items() for slot, arrays in slots.items() for name, a in arrays.items()
    }


def _tensors(text: bytes, learned: Mapping[int, Any], tables: Mapping[str, Array]) -> bytes:
    arrays = _flatten(learned) | {_TABLE + name: a for name, a in tables.items()}
    arrays = {name: np.ascontiguousarray(arrays[name]).reshape(np.shape(arrays[name])) for name in sorted(arrays)}
    return tensors.save(arrays, {"featurecols": hashlib.sha256(text).hexdigest()})  # type: ignore[no-any-return]


# Reading ------------------------------------------------------------------------------------------------------------


def _parts(where: object, text: bytes, blob: bytes) -> Parts:
    graph = _graph(where, text)
    try:
        head = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")]) if len(blob) >= 8 else {}
        arrays = tensors.load(blob)
        mark = head["__metadata__"]["featurecols"]
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as e:
        raise errors.saved_plan(where, f"learned tensors are damaged ({type(e).__name__})") from None
    if mark != hashlib.sha256(text).hexdigest():
        raise errors.saved_plan(where, "its two files do not belong together")
    learned: dict[int, dict[str, dict[str, Array]]] = {}
    tables: dict[str, Array] = {}
    for key, a in arrays.items():
        if key.startswith(_TABLE):
            tables[key[len(_TABLE) :]] = a
            continue
        node, slot, name = _place(where, key, graph)
        a.setflags(write=False)
        learned.setdefault(node, {}).setdefault(slot, {})[name] = a
    _check(where, graph, learned)
    return graph, learned, tables


def _graph(where: object, text: bytes) -> Graph:
    try:
        document = json.loads(text.decode("utf-8", "surrogatepass"))
        if not isinstance(document, dict) or document.get("format") != FORMAT:
            got = document.get("format") if isinstance(document, dict) else type(document).__name__
            raise errors.saved_plan(
                where, f"needs format {FORMAT}, has {errors.show(got)}", "use the version of featurecols that wrote it"
            )
        nodes: list[Any] = []
        if not isinstance(document["nodes"], list) or len(document["nodes"]) > _LIMIT_NODES:
            raise errors.saved_plan(where, f"needs at most {_LIMIT_NODES} nodes")
        for i, data in enumerate(document["nodes"]):
            nodes.append(
                spec.decode(
                    data,
                    f"node {i}",
                    refer=lambda k: nodes[k] if type(k) is int and 0 <= k < len(nodes) else None,
                    versions=True,
                )
            )
        outputs = [nodes[k] for k in document["outputs"] if type(k) is int and 0 <= k < len(nodes)]
        if not all(isinstance(node, (Field, Column)) for node in nodes) or len(outputs) != len(document["outputs"]):
            raise errors.saved_plan(where, "nodes are damaged")
        graph = Graph(outputs)
    except (ValueError, KeyError, TypeError, RecursionError) as e:
        if isinstance(e, errors.SavedPlanError):
            raise
        raise errors.saved_plan(where, f"is not a plan ({errors.show(str(e), 200)})") from None
    if graph.nodes != nodes:
        raise errors.saved_plan(where, "nodes are not in the order in which a plan writes them")
    return graph


def _place(where: object, key: str, graph: Graph) -> tuple[int, str, str]:
    parts = key.split("/")
    if len(parts) != 3 or not parts[0].isdecimal() or len(parts[0]) > 7 or int(parts[0]) >= len(graph.nodes):
        raise errors.saved_plan(where, f"learned tensor {errors.show(key)} belongs to no column")
    return int(parts[0]), parts[1], parts[2]


def _check(where: object, graph: Graph, learned: Mapping[int, Mapping[str, Mapping[str, Array]]]) -> None:
    """Every column has what it learns, in arrays that its tables can be built from."""
    for i, node in enumerate(graph.nodes):
        have = learned.get(i, {})
        expected: set[str] = set()
        if isinstance(node, Column) and node.num_passes():
            known: dict[str, Any] = {}
            for _ in range(node.num_passes()):
                for slot in node.analyzers(known):
                    if slot not in have:
                        raise errors.saved_plan(where, f"column {errors.show(node.name)} lacks what it learned")
                    problem = _problem(slot, have[slot])
                    if problem:
                        raise errors.saved_plan(where, f"column {errors.show(node.name)} has damaged {slot}: {problem}")
                    known[slot] = have[slot]
                    expected.add(slot)
        if set(have) - expected:
            raise errors.saved_plan(where, f"{errors.show(node.name)} has tensors that it never learned")


def _problem(slot: str, arrays: Mapping[str, Array]) -> str | None:
    """What makes learned arrays unusable; None when nothing does."""
    wanted = _LEARNED.get(slot.rpartition("_")[0] or slot)  # normalizer_0, normalizer_1, ... learn the same
    if wanted is not None and set(arrays) != wanted:
        return f"{', '.join(sorted(set(arrays) ^ wanted))} lacking, or too much"
    for name, a in arrays.items():
        if name not in _SHAPES or (a.dtype.str, a.ndim) != _SHAPES[name]:
            return f"{name} is {a.dtype} of {a.ndim} dimensions"
        if a.dtype.kind == "f" and not np.isfinite(a).all():
            return f"{name} is not finite"
    if "std" in arrays and (arrays["std"] < 0 or arrays["min"] > arrays["max"]):
        return "moments contradict each other"
    if "boundaries" in arrays and (np.diff(arrays["boundaries"]) <= 0).any():
        return "boundaries do not increase"
    if "offsets" in arrays:
        offsets = arrays["offsets"]
        if not len(offsets) or offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != len(arrays.get("data", ())):
            return "offsets do not fit the data"
    return None


_LEARNED = {
    "terms": {"offsets", "data", "counts"},
    "boundaries": {"boundaries", "rank_error"},
    "default": {"value"},
    "normalizer": {"count", "max", "mean", "min", "std"},
}
_SHAPES = {
    **dict.fromkeys(("mean", "std", "min", "max", "value", "rank_error"), ("<f8", 0)),
    "count": ("<i8", 0),
    "boundaries": ("<f8", 1),
    "offsets": ("<i8", 1),
    "counts": ("<i8", 1),
    "data": ("|u1", 1),
}
