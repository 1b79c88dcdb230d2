"""JSON laid out for review: short values on one line, long ones over several, each entry on lines of its own."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

WIDTH = 110  # characters of a line that holds a whole list or object
_STRINGS = 3  # more strings than these get a line each, so that a changed one is a changed line


class Lines(list[object]):
    """A list that gets a line for each element, however short it is."""


Json = Mapping[str, "Json"] | Sequence["Json"] | str | int | float | bool | None  # data as json.loads gives it


def lay_out(data: object, indent: int = 0) -> str:
    """Return JSON data as text; the first line starts where the caller is, the others are indented by `indent`.

    A list of scalars that needs several lines begins each with its comma, so that a value which is added at the end changes
    no line before it. Raises ValueError for NaN and infinite numbers, TypeError for what is not JSON data.
    """
    flat = _one_line(data)
    if flat is not None and len(flat) + indent <= WIDTH:
        return flat
    inner = " " * (indent + 1)
    if isinstance(data, Mapping):
        entries = (f"{inner}{json.dumps(str(k), ensure_ascii=False)}: {lay_out(v, indent + 1)}" for k, v in data.items())
        return "{\n" + ",\n".join(entries) + "\n" + " " * indent + "}"
    if isinstance(data, (list, tuple)):
        if isinstance(data, Lines) or not any(isinstance(v, (Mapping, list, tuple)) for v in data):
            return (
                "[\n"
                + f"\n{inner},".join(f" {_dump(v)}" if i else f"{inner} {_dump(v)}" for i, v in enumerate(data))
                + ("\n" + " " * indent + "]")
            )
        return "[\n" + ",\n".join(f"{inner}{lay_out(v, indent + 1)}" for v in data) + "\n" + " " * indent + "]"
    return _dump(data)


def lay_out_entries(entries: Iterable[tuple[str, Mapping[str, object]]], indent: int = 0) -> str:
    """Return an object of objects as text, with the commas between its entries on lines of their own.

    So an entry that is added, in any place, adds its lines and changes no others.
    """
    inner = " " * (indent + 1)
    texts = []
    for name, entry in entries:
        fields = (f"{inner} {json.dumps(k)}: {lay_out(v, indent + 2)}" for k, v in entry.items())
        texts.append(f"{inner}{json.dumps(name, ensure_ascii=False)}: {{\n" + ",\n".join(fields) + f"\n{inner}}}\n")
    return "{\n" + f"{inner},\n".join(texts) + " " * indent + "}"


def _one_line(data: object) -> str | None:
    """Return data as one line, or None where part of it wants lines of its own."""
    if isinstance(data, Lines):
        return None
    if isinstance(data, Mapping):
        return None if any(_one_line(v) is None for v in data.values()) else _dump(data)
    if isinstance(data, (list, tuple)):
        if _many_strings(data) or any(_one_line(v) is None for v in data):
            return None
        return _dump(data)
    return _dump(data)


def _many_strings(data: Sequence[object]) -> bool:
    return len(data) > _STRINGS and all(isinstance(v, str) for v in data)


def _dump(data: object) -> str:
    return json.dumps(data, ensure_ascii=False, allow_nan=False)
