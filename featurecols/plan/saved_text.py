"""plan.json as text for review: columns nested under their names, what each learned beside what it declares.

    {"format": 2, "created_by": ..., "fingerprint": ..., "fields_digest": ..., "tables_digest": ...,
     "fields": {key: {"type": ..., "list_depth": ...}, ...},
     "columns": {name: {"type": kind, argument: value, ..., "learned": {slot: ...}}, ...},
     "tables": {name: {"tensor": ..., "dtype": ..., "shape": ..., "digest": ...}},
     "statistics": {"file": "statistics.json", "sha256": ...}}

A column that several others read is repeated in each of them, so that a column's entry depends on no other entry. Long lists of
terms are in JSON-lines files beside it (a line for each term), long arrays and trained tables in learned.safetensors; the
text names each with its size, its first values and a digest, and loading checks the digest.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors import numpy as tensors

from featurecols import errors
from featurecols._core import spec
from featurecols._core.arrays import Array
from featurecols._core.json_layout import Json, Lines, lay_out_entries
from featurecols._core.version import __version__
from featurecols.columns.base import Column
from featurecols.plan.fingerprint import Learned, digest, fingerprint, types_digest, types_json
from featurecols.plan.graph import Graph
from featurecols.plan.saved_checks import array_form, check_learned, check_types, types_of
from featurecols.plan.saved_files import JSON_FILE, STATISTICS_FILE, TENSOR_FILE, TERM_FILE
from featurecols.plan.statistics import Statistics, of_file, to_file

FORMAT = 2  # of saved plans and of saved models
LONG = 50  # terms or numbers beyond which a list is not in plan.json
HEAD = 5  # terms of a long list that plan.json shows
HEADER = ["term", "count"]
KEYS = ("format", "created_by", "fingerprint", "fields_digest", "tables_digest", "fields", "tables", "columns", "statistics")
TERMS = {"offsets", "data", "counts"}
_MOST_TERMS = 50_000_000  # in all lists of a plan together, each counted as often as a column names it

Parts = tuple[Graph, dict[int, dict[str, dict[str, Array]]], dict[str, Array], Statistics | None]
Read = Callable[[str], bytes]


# Writing ------------------------------------------------------------------------------------------------------------


def to_files(
    graph: Graph, learned: Learned, tables: Mapping[str, Array], statistics: Statistics | None = None
) -> dict[str, bytes]:
    """Return the files of a saved plan by name; plan.json comes last."""
    return _Writer(graph, learned).files(tables, statistics)


class _Writer:
    def __init__(self, graph: Graph, learned: Learned) -> None:
        self._graph, self._learned = graph, learned
        self._index = {node: i for i, node in enumerate(graph.nodes)}
        self._columns: dict[Column, dict[str, object]] = {}
        self._files: dict[str, bytes] = {}
        self._tensors: dict[str, Array] = {}

    def files(self, tables: Mapping[str, Array], statistics: Statistics | None) -> dict[str, bytes]:
        head = {
            "format": FORMAT,
            "created_by": f"featurecols {__version__}",
            "fingerprint": fingerprint(self._graph, self._learned),
            **({"tables_digest": digest(tables)} if tables else {}),
        }
        lines = [f" {json.dumps(key)}: {json.dumps(value)}" for key, value in head.items()]
        if self._graph.types:  # on the line that every change of a plan changes anyway
            lines[2] += f', "fields_digest": "{types_digest(self._graph.types)}"'
        entries = [(column.name, self._column(column)) for column in self._graph.columns]
        if self._graph.types:
            types = [f" {_term_text(key)}: {json.dumps(about)}" for key, about in types_json(self._graph.types).items()]
            lines.append(' "fields": {\n  ' + "\n  ,".join([" " + types[0], *types[1:]]) + "\n }")  # a new one changes no line
        lines.append(f' "columns": {lay_out_entries(entries, 1)}')
        if tables:
            stored = [(name, self._tensor(f"table/{_ascii(name)}", tables[name])) for name in sorted(tables)]
            lines.append(f' "tables": {lay_out_entries(stored, 1)}')
        if self._tensors:
            self._files[TENSOR_FILE] = save_tensors(self._tensors)
        if statistics is not None:
            data = self._files[STATISTICS_FILE] = to_file(statistics)
            about = {"file": STATISTICS_FILE, "sha256": hashlib.sha256(data).hexdigest()}
            lines.append(f' "statistics": {json.dumps(about)}')
        text = "{\n" + ",\n".join(lines) + "\n}\n"
        return {**self._files, JSON_FILE: text.encode("utf-8", "surrogatepass")}

    def _column(self, column: Column) -> dict[str, object]:
        """Return a column as JSON data, with what it and the columns that it reads learned."""
        if column in self._columns:
            return self._columns[column]
        data = spec.fields_json(column, lambda v: self._column(v) if isinstance(v, Column) else None)
        for key, value in data.items():
            if isinstance(value, list) and len(value) > LONG and all(map(_is_plain, value)):
                data[key] = self._file(column, key, value, [json.dumps(v, ensure_ascii=False) for v in value])
        slots = self._learned.get(self._index.get(column, -1), {})  # what a Sequence reads is not a node
        if slots:
            data["learned"] = {slot: self._slot(column, slot, arrays) for slot, arrays in sorted(slots.items())}
        self._columns[column] = data
        return data

    def _slot(self, column: Column, slot: str, arrays: Mapping[str, Array]) -> object:
        if set(arrays) != TERMS:
            return {name: self._array(column, slot, name, arrays[name]) for name in sorted(arrays)}
        terms, counts = _decoded_terms(arrays["offsets"], arrays["data"]), arrays["counts"].tolist()
        if len(terms) <= LONG:
            return Lines([HEADER, *map(list, zip(terms, counts, strict=True))])
        lines = [f"[{_term_text(t)}, {n}]" for t, n in zip(terms, counts, strict=True)]
        head = list(map(list, zip(terms[:HEAD], counts[:HEAD], strict=True)))
        return self._file(column, slot, head, lines)

    def _array(self, column: Column, slot: str, name: str, array: Array) -> object:
        kind, ndim = array_form(name) or ("", -1)
        if (array.dtype.str, array.ndim) == (kind, ndim) and ndim < 2 and array.size <= LONG and kind in ("<f8", "<i8"):
            return spec.encode(spec.canonical(array))
        return self._tensor(f"{_ascii(column.name)}/{slot}/{name}", array)

    def _tensor(self, name: str, array: Array) -> dict[str, object]:
        key, number = name, 1
        while key in self._tensors:  # two columns inside others may have one name
            number += 1
            key = f"{name}#{number}"
        self._tensors[key] = array
        about: dict[str, object] = {"tensor": key, "dtype": array.dtype.str, "shape": list(array.shape)}
        if array.ndim == 1:
            about["head"] = spec.encode(spec.canonical(array[:HEAD]))
        return {**about, "digest": digest({"": array})}

    def _file(self, column: Column, key: str, values: Sequence[object], lines: list[str]) -> dict[str, object]:
        """Put values into a file of their own, a line for each; return what plan.json says of it."""
        base = f"terms-{_plain(column.name)}" + ("" if key == "terms" else f"-{_plain(key)}")
        name, number = f"{base}.jsonl", 1
        while name in self._files:
            number += 1
            name = f"{base}-{number}.jsonl"
        data = ("\n".join(lines) + "\n").encode("utf-8", "surrogatepass")
        self._files[name] = data
        about = {"count": len(lines), "head": list(values[:HEAD]), "file": name}
        return {**about, "sha256": hashlib.sha256(data).hexdigest()}


def save_tensors(arrays: Mapping[str, Array], metadata: Mapping[str, str] | None = None) -> bytes:
    """Return arrays as the bytes of a safetensors file, the same for the same arrays in any order."""
    ordered = {name: np.ascontiguousarray(arrays[name]).reshape(np.shape(arrays[name])) for name in sorted(arrays)}
    return tensors.save(ordered, None if metadata is None else dict(metadata))  # type: ignore[no-any-return]


def _decoded_terms(offsets: Array, data: Array) -> list[str | dict[str, str]]:
    """Return terms as str where they are UTF-8, else as {"hex": ...}."""
    ends, blob = offsets.tolist(), data.tobytes()
    found: list[str | dict[str, str]] = []
    for start, end in pairwise(ends):
        term = blob[start:end]
        try:
            found.append(term.decode("utf-8"))
        except UnicodeDecodeError:
            found.append({"hex": term.hex()})
    return found


def _term_text(term: object) -> str:
    return json.dumps(term, ensure_ascii=False)


def _is_plain(value: object) -> bool:
    """Whether a value is one term or number, and not a column or a list."""
    return not isinstance(value, list) and not (isinstance(value, dict) and "type" in value)


def _plain(name: str) -> str:
    """Return a name that any file system can hold; names that differ give names that differ."""
    if re.fullmatch(r"[a-z0-9_-]{1,40}", name):
        return name
    plain = re.sub(r"[^A-Za-z0-9_-]+", "_", name)[:30]
    return f"{plain}-{hashlib.sha256(name.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _ascii(name: str) -> str:
    return json.dumps(name)[1:-1]


# Reading ------------------------------------------------------------------------------------------------------------


def from_document(where: object, document: Mapping[str, Json], read: Read) -> Parts:
    """Return the parts of a plan whose plan.json holds this; `read` gives the bytes of a file beside it, by name.

    Raises SavedPlanError for anything that a plan did not write, and for what was changed since.
    """
    try:
        return _Reader(where, read).parts(document)
    except errors.SavedPlanError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError, MemoryError) as e:
        text = f"{type(e).__name__}: {e}" if not isinstance(e, errors.FeatureColumnsError) else str(e)
        raise errors.saved_plan(where, f"is not a plan ({errors.show(text, 200)})") from None


class _Reader:
    def __init__(self, where: object, read: Read) -> None:
        self._where, self._read = where, read
        self._lists: dict[str, tuple[list[Json], str]] = {}
        self._learned: dict[Column, Json] = {}
        self._tensors: dict[str, Array] | None = None
        self._used: set[str] = set()
        self._terms = 0

    def parts(self, document: Mapping[str, Json]) -> Parts:
        if unknown := [key for key in document if key not in KEYS]:
            raise self._error(f"holds {errors.show(unknown[0])}, which this version does not know")
        columns = [self._column(name, data) for name, data in self._object("columns", document.get("columns")).items()]
        types = types_of(self._where, document.get("fields", {}))
        graph = Graph(columns, types)
        check_types(self._where, graph, types)
        if document.get("fields_digest", types_digest(types)) != types_digest(types):  # plans of before have none
            raise self._error("has other types of fields than it was saved with")
        index = {node: i for i, node in enumerate(graph.nodes)}
        learned = {
            index[column]: {slot: self._slot(column, slot, data) for slot, data in self._object("learned", slots).items()}
            for column, slots in self._learned.items()
        }
        tables = {
            name: self._tensor(f"table {errors.show(name)}", data)
            for name, data in self._object("tables", document.get("tables", {})).items()
        }
        if document.get("tables_digest", "") != (digest(tables) if tables else ""):
            raise self._error("has other tables than it was saved with")
        if self._tensors is not None and (left := sorted(set(self._tensors) - self._used)):
            raise self._error(f"tensor {errors.show(left[0])} belongs to no column")
        check_learned(self._where, graph, learned)
        found, said = fingerprint(graph, learned), document.get("fingerprint")
        if found != said:
            raise self._error(f"was changed since it was saved: its fingerprint is {found}, and {errors.show(said)} is written")
        return graph, learned, tables, self._statistics(document.get("statistics"))

    def _statistics(self, about: Json) -> Statistics | None:
        if about is None:
            return None
        said = self._object("statistics", about)
        if said.get("file") != STATISTICS_FILE:
            raise self._error(f"names the file {errors.show(said.get('file'))}, which is not one of a plan")
        text = self._read(STATISTICS_FILE).replace(b"\r\n", b"\n")
        if hashlib.sha256(text).hexdigest() != said.get("sha256"):
            raise self._error(f"{STATISTICS_FILE} is not the file that plan.json was written with")
        return of_file(text)

    def _column(self, name: str, data: Json) -> Column:
        where = f"column {errors.show(name)}"
        column = spec.decode(self._expand(self._object(where, data)), where, versions=True, beside={"learned": self._note})
        if not isinstance(column, Column):
            raise self._error(f"{where} is a {type(column).__name__}")
        if column.name != name:
            raise self._error(f"{where} is named {errors.show(column.name)}")
        return column

    def _note(self, column: spec.Spec, data: Json) -> None:
        if not isinstance(column, Column):
            raise self._error(f"a {type(column).__name__} learns nothing")
        if self._learned.setdefault(column, data) != data:
            raise self._error(f"column {errors.show(column.name)} learned different things in two places")

    def _expand(self, data: Json) -> Json:
        """Return JSON data with the lists that are in files, those of learned things apart."""
        if isinstance(data, list):
            return [self._expand(v) for v in data]
        if not isinstance(data, dict):
            return data
        if "file" in data and "type" not in data:
            return self._list(data)
        return {key: value if key == "learned" else self._expand(value) for key, value in data.items()}

    def _list(self, about: Mapping[str, Json]) -> list[Json]:
        """Return the values of a file that plan.json names; raises SavedPlanError unless they are those that it describes."""
        name = about["file"]
        if not isinstance(name, str) or not TERM_FILE.fullmatch(name):
            raise self._error(f"names the file {errors.show(name)}, which is not one of a plan")
        if name not in self._lists:
            lines = self._read(name).replace(b"\r\n", b"\n").removesuffix(b"\n").split(b"\n")
            text = b"\n".join(lines)
            found = json.loads((b"[" + text.replace(b"\n", b",") + b"]").decode("utf-8", "surrogatepass"))
            self._lists[name] = found, hashlib.sha256(text + b"\n").hexdigest()
        values, mark = self._lists[name]
        if mark != about.get("sha256") or len(values) != about.get("count") or values[:HEAD] != about.get("head"):
            raise self._error(f"{name} is not the file that plan.json was written with")
        self._terms += len(values)
        if self._terms > _MOST_TERMS:
            raise self._error(f"more than {_MOST_TERMS} terms")
        return values

    def _slot(self, column: Column, slot: str, data: Json) -> dict[str, Array]:
        where = f"column {errors.show(column.name)}, learned {errors.show(slot)}"
        if isinstance(data, list):
            if data[:1] != [HEADER]:
                raise self._error(f"{where}: not a list of terms")
            return _encoded_terms(data[1:])
        data = self._object(where, data)
        if "file" in data:
            return _encoded_terms(self._list(data))
        return {name: self._array(f"{where}, {errors.show(name)}", name, value) for name, value in data.items()}

    def _array(self, where: str, name: str, data: Json) -> Array:
        if isinstance(data, dict) and "tensor" in data:
            return self._tensor(where, data)
        values = spec.decode(data, where)
        kind, ndim = array_form(name) or ("", -1)
        want = {"<f8": float, "<i8": int}.get(kind)
        flat = values if isinstance(values, tuple) else (values,)
        if want is None or isinstance(values, tuple) != bool(ndim) or any(type(v) is not want for v in flat):
            raise self._error(f"{where}: needs {'a list of ' if ndim > 0 else ''}{kind or 'an array of a known name'}")
        return _final(np.array(values, kind))

    def _tensor(self, where: str, data: Json) -> Array:
        about = self._object(where, data)
        name = about["tensor"]
        array = self._all_tensors().get(name) if isinstance(name, str) else None
        if (
            not isinstance(name, str)
            or array is None
            or (array.dtype.str, list(array.shape)) != (about.get("dtype"), about.get("shape"))
        ):
            raise self._error(f"{where}: {TENSOR_FILE} does not have the tensor {errors.show(name)}")
        if digest({"": array}) != about.get("digest"):
            raise self._error(f"{where}: {TENSOR_FILE} holds other values than plan.json was written with")
        self._used.add(name)
        return _final(array)

    def _all_tensors(self) -> dict[str, Array]:
        if self._tensors is None:
            try:
                self._tensors = tensors.load(self._read(TENSOR_FILE))
            except SafetensorError as e:
                raise self._error(f"{TENSOR_FILE} is damaged ({e})") from None
        return self._tensors

    def _object(self, where: str, data: Json) -> dict[str, Json]:
        if not isinstance(data, dict):
            raise self._error(f"{where}: must be an object")
        return data

    def _error(self, problem: str) -> errors.SavedPlanError:
        return errors.saved_plan(self._where, problem)


def _encoded_terms(rows: Sequence[Any]) -> dict[str, Array]:
    """Return [term, count] pairs as the arrays that were learned; raises ValueError for anything else."""
    texts = []
    for term, count in rows:
        if type(count) is not int:
            raise ValueError(f"{errors.show(count)} is not a count")
        texts.append(term.encode("utf-8") if isinstance(term, str) else bytes.fromhex(term["hex"]))
    offsets = np.zeros(len(texts) + 1, np.int64)
    np.cumsum([len(text) for text in texts], out=offsets[1:])
    data = np.frombuffer(b"".join(texts), np.uint8)
    return {
        "offsets": _final(offsets),
        "data": _final(data),
        "counts": _final(np.array([count for _, count in rows], np.int64)),
    }


def _final(array: Array) -> Array:
    array.setflags(write=False)
    return array
