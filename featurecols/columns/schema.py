"""A JSON Schema (draft 2020-12) of spec files, made from the declared classes: kinds, arguments, defaults, choices."""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from typing import Any, Literal, get_args, get_origin

import numpy as np

from featurecols._core import spec
from featurecols._core.spec import Converted, Spec
from featurecols.columns.base import Column, Field

Schema = dict[str, Any]
DRAFT = "https://json-schema.org/draft/2020-12/schema"
_PLAIN: dict[type, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {
        "anyOf": [
            {"type": "number"},
            {"type": "object", "properties": {"float": {"enum": ["nan", "inf", "-inf"]}}, "required": ["float"]},
        ]
    },
    bytes: {"type": "object", "properties": {"hex": {"type": "string", "pattern": "^([0-9a-fA-F]{2})*$"}}, "required": ["hex"]},
    type(None): {"type": "null"},
}


def columns_schema() -> Schema:
    """Return the schema of a spec of columns: a list, or an object with "columns"."""
    listed = {"type": "array", "items": of_base(Column), "minItems": 1}
    whole = {
        "type": "object",
        "properties": {"$schema": {"type": "string"}, "columns": listed, "reasons": {"type": "array"}},
        "required": ["columns"],
        "additionalProperties": False,
    }
    return {"$schema": DRAFT, "title": "Columns of featurecols", "anyOf": [listed, whole], "$defs": definitions(Column, Field)}


def definitions(*bases: type[Spec]) -> dict[str, Schema]:
    """Return the schemas of these bases and of all kinds that their values can be made of, by name."""
    found: dict[str, Schema] = {}
    left = list(bases)
    while left:
        cls = left.pop()
        if name_of(cls) in found:
            continue
        if _is_kind(cls):
            found[name_of(cls)] = _kind(cls, left.append)
        else:
            found[name_of(cls)] = _choice(kinds_of(cls))
            left += kinds_of(cls)
    return dict(sorted(found.items()))


def kinds_of(base: type[Spec]) -> list[type[Spec]]:
    """Return the registered kinds that are `base` or below it, of each the newest version."""
    return [cls for _, cls in sorted(spec.KINDS.items()) if issubclass(cls, base) and _is_kind(cls)]


def _is_kind(cls: type[Spec]) -> bool:
    """Return whether a class is a registered kind, in its newest version, that can be declared."""
    return spec.KINDS.get(cls.kind) is cls and not cls.only_saved and spec.newest(spec.stem(cls.kind)) is cls


def name_of(cls: type[Spec]) -> str:
    """Return the name of a kind without its version, which a spec may say as well; of a base, the name of the class."""
    return cls.kind.rpartition(".v")[0] if _is_kind(cls) else cls.__name__


def bare_names(base: type[Spec]) -> list[str]:
    """Return the bare names that are values of a base: those of kinds that need no arguments."""
    return [cls.__name__ for cls in kinds_of(base) if not spec.needed(cls)]


def of_base(base: type[Spec], ask: Callable[[type[Spec]], None] = lambda _: None) -> Schema:
    """Return the schema of any value of a base; `ask` is called with it."""
    ask(base)
    options: list[Schema] = [{"$ref": f"#/$defs/{name_of(base)}"}]
    if issubclass(base, Field):
        options += [{"$ref": f"#/$defs/{name_of(kind)}"} for kind in kinds_of(Field) if kind is not base]
        for kind in kinds_of(Field):
            ask(kind)
        options.insert(0, {"type": "string", "description": "the key of a field"})
    elif not issubclass(base, Column) and (bare := bare_names(base)):
        options.insert(0, {"enum": bare})
    return options[0] if len(options) == 1 else {"anyOf": options}


def _choice(kinds: list[type[Spec]]) -> Schema:
    """Return the schema of an object of one of these kinds, chosen by its type, so that an error is about that kind alone."""
    names = [_names(cls) for cls in kinds]
    return {
        "type": "object",
        "properties": {"type": {"enum": sorted({name for some in names for name in some})}},
        "required": ["type"],
        "allOf": [
            {"if": {"properties": {"type": {"enum": some}}}, "then": {"$ref": f"#/$defs/{name_of(cls)}"}}
            for cls, some in zip(kinds, names, strict=True)
        ],
    }


def _names(cls: type[Spec]) -> list[str]:
    """Return all that a spec may call a kind."""
    name = name_of(cls)
    return sorted({cls.__name__, name, *(kind for kind in spec.KINDS if spec.stem(kind) == name)})


def of_type(hint: Any, ask: Callable[[type[Spec]], None] = lambda _: None) -> Schema:
    """Return the schema of what an argument of this type may be in JSON; {} for a type that says nothing."""
    origin, inner = get_origin(hint), get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is Converted:  # what is given, and what is there afterwards
        return _any_of([of_type(t, ask) for t in inner])
    if origin in (types.UnionType, typing.Union):
        return _any_of([of_type(t, ask) for t in inner if t is not np.generic])
    if origin is Literal:
        return {"enum": list(inner)}
    if origin is np.ndarray or hint is np.ndarray:
        return {"type": "array"}
    if inspect.isclass(hint) and issubclass(hint, Spec):
        return of_base(hint, ask)
    if inspect.isclass(origin) and issubclass(origin, Iterable):
        if origin is tuple and inner and inner[-1] is not Ellipsis:
            return {"type": "array", "prefixItems": [of_type(t, ask) for t in inner], "items": False}
        return {"type": "array", "items": of_type(inner[0], ask)} if inner else {"type": "array"}
    return {}


def _any_of(options: list[Schema]) -> Schema:
    """Return the schema of a value that fits one of several, without those that another one makes superfluous."""
    flat: list[Schema] = []
    for option in options:
        for one in option["anyOf"] if set(option) == {"anyOf"} else [option]:
            if one not in flat:
                flat.append(one)
    if {} in flat:
        return {}
    if any("enum" in one or "description" in one for one in flat):  # a string is one of these names, or a field
        flat = [one for one in flat if one != _PLAIN[str]]
    return flat[0] if len(flat) == 1 else {"anyOf": flat}


def _kind(cls: type[Spec], ask: Callable[[type[Spec]], None]) -> Schema:
    """Return the schema of a value of one kind."""
    hints = _hints(cls)
    properties: dict[str, Schema] = {"type": {"enum": _names(cls)}}
    required: list[str] = [name for name in spec.needed(cls) if name not in cls.old_names]
    either: list[Schema] = []  # arguments that have two names in JSON
    for f in fields(cls):
        schema = dict(of_type(hints.get(f.name), ask))
        default = f.default if f.default is not MISSING else MISSING
        if default is not MISSING and f.name != "name":
            schema["default"] = spec.encode(spec.canonical(default))
        name = cls.json_names.get(f.name, f.name)
        properties[name] = schema
        if f.name in cls.old_names:
            old = cls.old_names[f.name]
            properties[old] = schema
            one, other = {"required": [name]}, {"required": [old]}
            either.append({"oneOf": [one, other]} if f.name in spec.needed(cls) else {"not": {"required": [name, old]}})
    text = inspect.getdoc(cls) or ""
    return {
        "type": "object",
        "description": text.splitlines()[0] if text else cls.__name__,
        "properties": properties,
        "required": ["type", *required],
        "additionalProperties": False,
        **({"allOf": either} if either else {}),
    }


def _hints(cls: type[Spec]) -> dict[str, Any]:
    """Return the types of the arguments of a kind; none where they name what only a function knows, as in a notebook."""
    try:
        return typing.get_type_hints(cls)
    except NameError:
        return {}


def of_arguments(function: Callable[..., object], leave_out: Iterable[str], known: Mapping[str, Schema]) -> dict[str, Schema]:
    """Return the schemas of the arguments of a function by name, those in `known` as they are there."""
    hints = typing.get_type_hints(function)
    found: dict[str, Schema] = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if name in leave_out or parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            continue
        schema = dict(known[name] if name in known else of_type(hints.get(name, Any)))
        default = parameter.default
        if default is not parameter.empty and isinstance(default, (str, bool, int, float)):
            schema["default"] = default
        found[name] = schema
    return found
