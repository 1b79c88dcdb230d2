"""Plans as data: a folder for review, or bytes. Nothing is imported by name, evaluated or unpickled.

plan.json              what was declared and what was learned (see saved_text)
terms-<column>.jsonl   long lists of terms, a line for each
learned.safetensors    long arrays and trained tables, where there are some
statistics.json        how fields were distributed, where the plan knows it

One generic encoder over dataclass fields; no column has code of its own here. A file is read only as far as its own length
bounds what it may claim. Plans of format 1 (plan.json as a list of nodes, everything learned in learned.safetensors) are
read as well.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors import numpy as tensors

from featurecols import errors
from featurecols._core import spec
from featurecols._core.arrays import Array
from featurecols.columns.base import Column, Field
from featurecols.plan.fingerprint import Learned, digest, document, fingerprint, flatten, types_digest, types_json
from featurecols.plan.graph import Graph
from featurecols.plan.saved_checks import check_learned, check_types, types_of
from featurecols.plan.saved_files import JSON_FILE, LIMIT_JSON, TENSOR_FILE, read_file, write_files
from featurecols.plan.saved_text import FORMAT, Parts, from_document, save_tensors, to_files
from featurecols.plan.statistics import Statistics

MODEL_FILE = "model.json"
_WEIGHTS = "weights.safetensors"
_LIMIT_NODES = 1_000_000
_TABLE = "table/"


def write(
    folder: Path,
    graph: Graph,
    learned: Learned,
    tables: Mapping[str, Array],
    statistics: Statistics | None,
    *,
    overwrite: bool,
) -> None:
    """Write the files of a plan, plan.json last.

    Raises OutputError where they cannot be written, where the folder holds a model, and where it holds something that is not
    an equal plan, unless `overwrite` is true.
    """
    try:
        if all(os.path.isfile(folder / name) for name in (MODEL_FILE, _WEIGHTS)):  # both loaders would take the folder then
            raise errors.output(folder, "holds a model", "choose another path")
        if folder.exists() and not folder.is_dir():
            raise errors.not_a_folder(folder, "a plan")
        if not overwrite and _is_taken(folder, _marks(graph, learned, tables, statistics)):
            raise errors.output(folder, "exists already", errors.OVERWRITE_HINT)
        write_files(folder, to_files(graph, learned, tables, statistics))
    except OSError as e:
        if isinstance(e, errors.OutputError):
            raise
        hint = "choose another path, or mend its permissions"
        raise errors.output(folder, f"cannot be written ({e.strerror})", hint) from None
    except ValueError as e:  # NUL or a surrogate in the name
        raise errors.output(errors.show(str(folder)), f"cannot be the name of a folder ({e})", "choose another path") from None


def _is_taken(folder: Path, marks: tuple[object, ...]) -> bool:
    """Whether something is there that a plan of these marks may not replace unasked: all but an empty folder and its equal."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    if not (folder / JSON_FILE).is_file():
        return True
    try:
        return _marks(*read(folder)) != marks
    except errors.SavedPlanError:
        return True


def _marks(graph: Graph, learned: Learned, tables: Mapping[str, Array], statistics: Statistics | None) -> tuple[object, ...]:
    """Return what is the same for equal plans with equal statistics."""
    return fingerprint(graph, learned), digest(tables), statistics


def read(folder: Path) -> Parts:
    """Return the parts of the plan in a folder; raises SavedPlanError."""
    if not os.path.exists(folder / JSON_FILE) and os.path.exists(folder / MODEL_FILE):  # False for impossible names
        hint = "use fc.models.load(path), whose plan is model.plan (featurecols predict)"
        raise errors.saved_plan(folder, "holds a model", hint)
    return _read_parts(folder, read_file(folder, JSON_FILE), lambda name: read_file(folder, name))


def to_bytes(graph: Graph, learned: Learned, tables: Mapping[str, Array], statistics: Statistics | None = None) -> bytes:
    """Return a plan as bytes, compact and equal for equal plans and statistics.

    They are the length of a JSON text, the text, and a safetensors file.
    """
    about = {"format": FORMAT, "fingerprint": fingerprint(graph, learned), "tables": digest(tables) if tables else ""}
    known = graph.types
    beside: dict[str, object] = {"fields": types_json(known), "fields_digest": types_digest(known)} if known else {}
    if statistics is not None:
        beside["statistics"] = statistics.to_dict()
    whole = {**about, **document(graph), **beside}
    text = json.dumps(whole, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    data = text.encode("utf-8", "surrogatepass")
    arrays = flatten(learned) | {_TABLE + json.dumps(name)[1:-1]: a for name, a in tables.items()}
    return len(data).to_bytes(8, "little") + data + save_tensors(arrays)


def from_bytes(data: bytes, *, complete: bool = True) -> Parts:
    """Return the parts of the plan that to_bytes wrote, in this version or an earlier one; raises SavedPlanError.

    complete: False where columns may lack what they learn.
    """
    size = int.from_bytes(data[:8], "little")
    if len(data) < 8 or size > min(len(data) - 8, LIMIT_JSON):
        raise errors.saved_plan("these bytes", "are not a plan", "give what plan.to_bytes() gave")
    return _read_parts("these bytes", data[8 : 8 + size], lambda _: data[8 + size :], complete)


def _read_parts(where: object, text: bytes, read: Callable[[str], bytes], complete: bool = True) -> Parts:
    try:
        found = json.loads(text.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as e:
        raise errors.saved_plan(where, f"is not a plan ({errors.show(str(e), 200)})") from None
    _require_kinds(where, found)
    got = found.get("format") if isinstance(found, dict) else None
    if got == FORMAT and "columns" in found:
        return from_document(where, found, read)
    if type(got) is not int or not 1 <= got <= FORMAT:
        shown = errors.show(got if isinstance(found, dict) else type(found).__name__)
        newer = type(got) is int and got > FORMAT
        hint = "upgrade featurecols: a newer version wrote it" if newer else errors.SAVE_PLAN_HINT
        raise errors.saved_plan(where, f"needs format {FORMAT}, has {shown}", hint)
    return _read_nodes(where, found, text, read(TENSOR_FILE), complete)


def _require_kinds(where: object, document: object) -> None:
    """Raise where a kind of another package is needed that this program did not import; loading never imports it."""
    waiting = [document]
    while waiting:
        data = waiting.pop()
        if isinstance(data, dict):
            if (package := spec.foreign_package(data.get("type"))) is not None:
                here = package == "__main__"
                hint = "define the class first, as the program that saved it did" if here else f"import {package} first"
                raise errors.saved_plan(where, f"needs the kind {data['type']!r}, which {package} defines", hint)
            waiting += data.values()
        elif isinstance(data, list):
            waiting += data


# Nodes and tensors: bytes, and folders of format 1 --------------------------------------------------------------------


def _read_nodes(where: object, found: Mapping[str, Any], text: bytes, blob: bytes, complete: bool) -> Parts:
    graph = _graph(where, found)
    try:
        head = json.loads(blob[8 : 8 + int.from_bytes(blob[:8], "little")]) if len(blob) >= 8 else {}
        arrays = tensors.load(blob)
        mark = head["__metadata__"]["featurecols"] if found["format"] == 1 else None
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError, MemoryError) as e:
        raise errors.saved_plan(where, f"learned tensors are damaged ({type(e).__name__})") from None
    if mark is not None and mark != hashlib.sha256(text).hexdigest():
        raise errors.saved_plan(where, "its two files do not belong together")
    learned: dict[int, dict[str, dict[str, Array]]] = {}
    tables: dict[str, Array] = {}
    for key, a in arrays.items():
        if key.startswith(_TABLE):
            name = key[len(_TABLE) :]
            tables[name if mark is not None else _unescaped(where, name)] = a
            continue
        node, slot, name = _place(where, key, graph)
        a.setflags(write=False)
        learned.setdefault(node, {}).setdefault(slot, {})[name] = a
    check_learned(where, graph, learned, complete=complete)
    marks = (fingerprint(graph, learned), digest(tables) if tables else "")
    if mark is None and marks != (found.get("fingerprint"), found.get("tables")):
        raise errors.saved_plan(where, "is damaged: columns, learned values or tables are not those that were saved")
    beside = found.get("statistics")
    return graph, learned, tables, None if beside is None else _statistics(where, beside)


def _statistics(where: object, data: object) -> Statistics:
    try:
        return Statistics.from_dict(data)
    except errors.DataError as e:
        raise errors.saved_plan(where, f"has damaged statistics ({e.problem})") from None


def _unescaped(where: object, name: str) -> str:
    try:
        return str(json.loads(f'"{name}"'))
    except ValueError:
        raise errors.saved_plan(where, f"{errors.show(name)} is not the name of a table") from None


def _graph(where: object, found: Mapping[str, Any]) -> Graph:
    try:
        nodes: list[Any] = []
        if not isinstance(found["nodes"], list) or len(found["nodes"]) > _LIMIT_NODES:
            raise errors.saved_plan(where, f"needs at most {_LIMIT_NODES} nodes")
        for i, data in enumerate(found["nodes"]):
            nodes.append(
                spec.decode(
                    data,
                    f"node {i}",
                    refer=lambda k: nodes[k] if type(k) is int and 0 <= k < len(nodes) else None,
                    versions=True,
                )
            )
        outputs = [nodes[k] for k in found["outputs"] if type(k) is int and 0 <= k < len(nodes)]
        if not all(isinstance(node, (Field, Column)) for node in nodes) or len(outputs) != len(found["outputs"]):
            raise errors.saved_plan(where, "nodes are damaged")
        types = types_of(where, found.get("fields", {}))
        graph = Graph(outputs, types)
        check_types(where, graph, types)
        if types_digest(types) != found.get("fields_digest", ""):
            raise errors.saved_plan(where, "has other types of fields than it was saved with")
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
