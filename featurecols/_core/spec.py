"""Declared values: frozen, equal by value, written as plain JSON and as Python source.

Columns, fields, normalizers, initializers and things to learn are all Specs. A Spec is a frozen dataclass whose
fields are canonical (ndarrays and lists become tuples, numpy scalars become Python's). Two Specs are equal when they
have the same class and the same fields by type and bits: NaN equals NaN, 1 is not True, 0.0 is not -0.0. Equality is
the whole of common-subexpression elimination.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Hashable, Mapping
from dataclasses import MISSING, Field, dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeAlias, TypeVar, dataclass_transform

import numpy as np

from featurecols import errors
from featurecols._core.argument_defaults import read_block
from featurecols._core.suggestions import explain_arguments
from featurecols._core.values import exact

KINDS: dict[str, type[Spec]] = {}
_fields: dict[type, dict[str, Field[Hashable]]] = {}  # the fields of classes by name, which dataclasses.fields is slow to tell
_versions: dict[str, list[str]] = {}  # the kinds that were declared, by their name without a version
Refer: TypeAlias = "Callable[[Spec], Mapping[str, object] | None]"  # other JSON data for a value, where there is some
OURS = "featurecols"
Given = TypeVar("Given")
Held = TypeVar("Held")
PUBLIC = frozenset({"replace", "to_dict", "to_json"})  # methods of every declared value that are for users
_PLAIN = frozenset({type(None), bool, int, float, str, bytes})
_DEPTH = 64
_PARTS = 10_000  # values written out in one: a few levels that each read the one below twice would soon be more than memory


class Converted(Generic[Given, Held]):
    """The type of a field that takes more than it holds: `key: Converted[str | Field, Field]`.

    Type checkers see a descriptor, and so what __init__ takes (__set__) beside what is there then (__get__), as PEP 681 has
    it. Nothing of it exists when the program runs.
    """

    if TYPE_CHECKING:

        def __get__(self, instance: object, owner: type | None = None) -> Held: ...

        def __set__(self, instance: object, value: Given) -> None: ...


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def frozen(cls: type[Given]) -> type[Given]:
    """Make a Spec of a class: a frozen dataclass that leaves equality and repr to Spec, and may have fields of Converted."""
    made = dataclass(frozen=True, eq=False, repr=False)(cls)
    made.__init__ = read_block(explain_arguments(made.__init__))  # type: ignore[method-assign]
    return made


@dataclass(frozen=True, eq=False, repr=False)
class Spec:
    """Base of every declared value; subclasses are frozen dataclasses with eq=False and repr=False.

    `kind` is the saved name with a version ("Hashed.v1"), set from the class name when a subclass does not set it; classes of
    other packages have theirs before it ("mypkg.Hinge.v1"). A class that is defined again in its module, as by a notebook
    cell that is run twice, takes the place of the older one.
    """

    kind: ClassVar[str] = "Spec.v1"
    only_saved: ClassVar[bool] = False  # whether saved data alone names the kind: schemas do not offer it
    json_names: ClassVar[Mapping[str, str]] = {}  # arguments that JSON data calls otherwise
    old_names: ClassVar[Mapping[str, str]] = {}  # what arguments were called before: data may say so, and fingerprints do

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.__name__.startswith("_") or cls.__dict__.get("abstract", False):
            return
        package = cls.__module__.partition(".")[0]
        if "kind" not in cls.__dict__:
            cls.kind = f"{cls.__name__}.v1" if package == OURS else f"{package}.{cls.__name__}.v1"
        known = KINDS.get(cls.kind)
        if known is not None and (package == OURS or _place(known) != _place(cls)):
            hint = f'set kind = "{cls.__module__}.{cls.__name__}.v1" in the class'
            raise TypeError(f"{cls.kind} is the kind of {known!r} already; {hint}")
        KINDS[cls.kind] = cls
        if known is None and (name := stem(cls.kind)) != cls.kind:
            _versions.setdefault(name, []).append(cls.kind)

    def __post_init__(self) -> None:
        names, parts = _fields_of(type(self)), 1
        for name in names:
            given = getattr(self, name)
            value = canonical(given)
            if value is not given:
                object.__setattr__(self, name, value)
            parts += _parts(value)
        if parts > _PARTS:
            what = f"holds more than {_PARTS} values when it is written out"
            raise errors.argument(type(self).__name__, what, parts, "split it into several columns")
        object.__setattr__(self, "_parts", parts)
        self.check()
        self._seal()

    def _seal(self) -> None:
        key = (type(self).kind, tuple([_key(getattr(self, name)) for name in _fields_of(type(self))]))
        object.__setattr__(self, "_key", key)
        object.__setattr__(self, "_hash", hash(key))

    def check(self) -> None:
        """Validate the arguments and fill what is derived; raises ColumnError."""

    def default_of(self, name: str) -> Any:
        """Return what field `name` is when it is not given; MISSING where it must be. Derived names override this."""
        f = _fields_of(type(self)).get(name)
        if f is None:
            return MISSING
        return f.default if f.default_factory is MISSING else canonical(f.default_factory())

    def __eq__(self, other: object) -> bool:
        if self is other:
            return True
        return isinstance(other, Spec) and self._hash == other._hash and self._key == other._key  # type: ignore[attr-defined]

    def __hash__(self) -> int:
        return self._hash  # type: ignore[attr-defined,no-any-return]

    def __repr__(self) -> str:
        parts = []
        for f in sorted(fields(self), key=lambda f: bool(f.kw_only)):  # an inherited keyword comes first among the fields
            value = getattr(self, f.name)
            default = self.default_of(f.name)
            if default is MISSING:
                parts.append(_source(value) if not f.kw_only else f"{f.name}={_source(value)}")
            elif _key(value) != _key(default):
                parts.append(f"{f.name}={_source(value)}")
        return f"{type(self).__name__}({', '.join(parts)})"

    def _given_arguments(self) -> list[tuple[str, str]]:
        """Return the arguments that are not at their defaults, by name, as source."""
        values = [(f.name, getattr(self, f.name), self.default_of(f.name)) for f in fields(self)]
        return [(name, _source(v)) for name, v, default in values if default is MISSING or _key(v) != _key(default)]

    def __reduce__(
        self,
    ) -> tuple[
        Callable[..., Spec], tuple[type[Spec], dict[str, Any]]
    ]:  # made anew where it arrives: hashes of texts differ from process to process
        return _made, (type(self), {f.name: getattr(self, f.name) for f in fields(self)})

    def source_text(self) -> str:
        """How this value is written inside another one's repr."""
        return repr(self)

    def to_json(self) -> Any:
        """Return this value as plain JSON data: {"type": kind, argument: value, ...}; columns_from_json takes a list of it."""
        short = self._short_json()
        return fields_json(self) if short is None else short

    def _short_json(self) -> str | None:
        """Return the text that stands for the whole value in JSON data; None where there is none."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return this value as plain JSON data, {"type": kind, argument: value, ...}, without arguments at their defaults."""
        return fields_json(self)

    def replace(self, **changes: object) -> Self:
        """Return a copy with some fields changed. A derived name is derived anew."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        for name, value in given.items():
            if name not in changes and _key(value) == _key(self.default_of(name)):
                continue
            changes.setdefault(name, value)
        return type(self)(**changes)


def public_dir(value: Spec, engine: type[Spec]) -> list[str]:
    """Return what `dir` of a declared value shows: arguments, public methods, and not what the engine asks its base for."""
    hidden = (
        {name for name in (*dir(engine), *engine.__annotations__) if not name.startswith("_")}
        - {f.name for f in fields(value)}
        - PUBLIC
    )
    return sorted(name for name in set(object.__dir__(value)) - hidden if not name.startswith("_"))


def _made(cls: type[Spec], arguments: dict[str, Any]) -> Spec:
    return cls(**arguments)


def _fields_of(cls: type[Spec]) -> dict[str, Field[Hashable]]:
    """Return the fields of a class by name, in order."""
    found = _fields.get(cls)
    if found is None:
        found = _fields[cls] = {f.name: f for f in fields(cls)}
    return found


def canonical(value: Any, depth: int = 0) -> Any:
    """Return lists, arrays and columns of tables as tuples, numpy scalars as Python's, everything inside likewise."""
    if type(value) in _PLAIN:  # most arguments, of plans that may have thousands of columns
        return value
    if isinstance(value, np.ndarray):
        return canonical(value.tolist(), depth)
    if isinstance(value, (list, tuple)):
        if depth > _DEPTH:
            raise errors.argument("an argument", "nested too deep", f"more than {_DEPTH} levels", "flatten it")
        return tuple(canonical(v, depth + 1) for v in value)
    if isinstance(value, np.generic):
        return canonical(value.item(), depth)
    if isinstance(value, (str, bytes, int, float)):
        return exact(value)
    if value is None or isinstance(value, Spec):
        return value
    if hasattr(value, "__arrow_c_array__") or hasattr(value, "__arrow_c_stream__") or hasattr(value, "__array__"):
        return _listed(value, depth)
    return value


def _listed(value: Any, depth: int) -> Any:
    """Return a column of pandas, Polars or Arrow as a tuple of its values; a table, which is not an argument, unchanged."""
    for name in ("tolist", "to_list", "to_pylist"):
        if callable(found := getattr(value, name, None)):
            return canonical(found(), depth)
    return value


def _key(value: Any) -> Hashable:
    """Return a hashable stand-in that is equal exactly when the value is equal by type and bits."""
    kind = type(value)
    if kind is not float and kind in _PLAIN:
        return (kind.__name__, value)
    if kind is float:
        return ("float", b"nan" if math.isnan(value) else struct.pack("<d", value))
    if kind is tuple:
        return tuple(_key(v) for v in value)
    if isinstance(value, Spec):
        return value  # its hash is known already
    try:
        hash(value)
    except TypeError:
        raise errors.argument(
            kind.__name__, "an argument must be data", value, "give numbers, strings, tuples or columns"
        ) from None
    return (kind.__name__, value)


def _parts(value: Any) -> int:
    """Return how many declared values a field holds, those inside them included, each as often as it is written."""
    if type(value) in _PLAIN:
        return 0
    if isinstance(value, Spec):
        return value._parts  # type: ignore[attr-defined,no-any-return]
    return sum(map(_parts, value)) if isinstance(value, tuple) else 0


def _source(value: Any) -> str:
    if isinstance(value, float) and not math.isfinite(value):
        return f'float("{value}")'
    if isinstance(value, tuple):
        return f"({', '.join(_source(v) for v in value)}{',' if len(value) == 1 else ''})"
    return value.source_text() if isinstance(value, Spec) else repr(value)


def named(value: Any, base: type[Spec]) -> Any:
    """Return what a bare name stands for, where it names a kind of `base` that needs no arguments; else the value itself.

    >>> from featurecols.columns.normalizers import Normalizer
    >>> named("ZScore", Normalizer), named("Clip", Normalizer), named(5, Normalizer)
    (ZScore(), 'Clip', 5)
    """
    if not isinstance(value, str):
        return value
    cls = KINDS.get(value) or newest(value)
    return cls() if cls is not None and issubclass(cls, base) and not needed(cls) else value


def needed(cls: type[Spec]) -> list[str]:
    """Return the names of the arguments without which a kind cannot be made."""
    return [f.name for f in fields(cls) if f.init and f.default is MISSING and f.default_factory is MISSING]


def fields_json(value: Spec, refer: Refer = lambda _: None, *, canonical: bool = False) -> dict[str, Any]:
    """{"type": kind, argument: value, ...}, leaving out arguments at their defaults; see encode for `refer` and `canonical`."""
    out: dict[str, Any] = {"type": type(value).kind}
    for argument in _fields_of(type(value)):
        v, default = getattr(value, argument), value.default_of(argument)
        if default is MISSING or _key(v) != _key(default):
            name = value.json_names.get(argument, argument)
            out[value.old_names.get(argument, name) if canonical else name] = encode(v, refer, canonical=canonical)
    return out


def encode(value: Any, refer: Refer = lambda _: None, *, canonical: bool = False) -> Any:
    """Return a field's value as JSON data. Non-finite floats and bytes are marked objects, never ambiguous with text.

    `refer` may give other JSON data for a Spec inside, such as a reference to where it stands already. `canonical` data is what
    fingerprints are made of and states are compared by: it has the names that arguments had in the first format.
    """
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"}
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, tuple):
        return [encode(v, refer, canonical=canonical) for v in value]
    if isinstance(value, Spec):
        reference = refer(value)
        if reference is not None:
            return reference
        short = value._short_json()
        return fields_json(value, canonical=canonical) if short is None else short
    raise errors.argument(type(value).__name__, "only data can be saved", value, "give numbers, strings, lists or columns")


def decode(
    data: Any,
    where: str = "spec",
    depth: int = 0,
    *,
    refer: Callable[[Any], Any] = lambda _: None,
    versions: bool = False,
    beside: Mapping[str, Callable[[Spec, Any], None]] = MappingProxyType({}),
) -> Any:
    """Return the value that `encode` wrote; raises ColumnError for anything else. Never imports, never evaluates.

    `refer` gives the value of a {"node": ...} reference; with `versions` a kind must carry its version. `beside` names keys
    that may stand beside the arguments of a value: each function is called with the value and what stands there.
    """
    if depth > _DEPTH:
        raise errors.argument(where, "nested too deep", f"more than {_DEPTH} levels", "flatten it")
    if data is None or isinstance(data, (bool, int, float, str)):
        return data
    if isinstance(data, (list, tuple)):
        return tuple(
            decode(v, f"{where}[{i}]", depth + 1, refer=refer, versions=versions, beside=beside) for i, v in enumerate(data)
        )
    if isinstance(data, Mapping):
        if set(data) == {"float"} and data["float"] in ("nan", "inf", "-inf"):
            return float(data["float"])
        if set(data) == {"hex"} and isinstance(data["hex"], str):
            try:
                return bytes.fromhex(data["hex"])
            except ValueError:
                raise errors.argument(where, "not hexadecimal", data["hex"], "give pairs of hex digits") from None
        if set(data) == {"node"} and (found := refer(data["node"])) is not None:
            return found
        if "type" in data:
            cls = _kind(data["type"], where, versions)
            more = {key: found for key, found in beside.items() if key in data}
            given = {k: v for k, v in data.items() if k not in more} if more else data
            value = cls(
                **_arguments(
                    cls, given, where, lambda v, at: decode(v, at, depth + 1, refer=refer, versions=versions, beside=beside)
                )
            )
            for key, found in more.items():
                found(value, data[key])
            return value
    raise errors.argument(where, "not a declared value", data, 'give {"type": ..., field: value}')


def _kind(name: Any, where: str, versions: bool) -> type[Spec]:
    cls = KINDS.get(name) if isinstance(name, str) else None
    if cls is None and isinstance(name, str) and not versions:  # in a hand-written spec: the newest
        cls = newest(name)
    if cls is None:
        if (package := foreign_package(name)) is not None:
            raise errors.argument(
                where, f"type is defined in {package}, which is not imported", name, f"import {package} first"
            )
        raise errors.unknown_type(where, name, {stem(k) for k in KINDS})
    return cls


def newest(name: str) -> type[Spec] | None:
    """Return the newest version of a kind; None for an unknown name."""
    found = [kind for kind in _versions.get(name, ()) if kind in KINDS]
    return KINDS[max(found, key=lambda kind: int(kind.rpartition(".v")[2]))] if found else None


def stem(kind: str) -> str:
    """Return a kind without its version: "Hashed" of "Hashed.v1", "mypkg.Hinge" of "mypkg.Hinge.v1"."""
    name, _, version = kind.rpartition(".v")
    return name if name and version.isdecimal() else kind


def foreign_package(name: object) -> str | None:
    """Return the package that has to define the kind of this name; None where it is known, or one of featurecols."""
    if not isinstance(name, str) or name in KINDS or "." not in stem(name) or name == stem(name):
        return None
    package = name.partition(".")[0]
    return package if package.isidentifier() and package not in (OURS, "models") else None


def _place(cls: type[Spec]) -> tuple[str, str]:
    return cls.__module__, cls.__qualname__


def _arguments(cls: type[Spec], data: Mapping[str, Any], where: str, decoded: Callable[[Any, str], Any]) -> dict[str, Any]:
    """Return the arguments of cls in a JSON object: all that it needs, and none that it does not have."""
    names = {cls.json_names.get(f.name, f.name): f.name for f in fields(cls)}
    names |= {old: name for name, old in cls.old_names.items()}
    kind = stem(cls.kind)
    given: dict[str, str] = {}
    for k in data:
        if k != "type" and (other := given.setdefault(names.get(k, k), k)) != k:
            raise errors.argument(where, f"{kind} has {other!r} and {k!r}, which are one argument", k, "give one")
    unknown = sorted(str(k) for k in given.values() if k not in names)
    if unknown:
        takes = sorted(f.name if f.name in names else cls.json_names[f.name] for f in fields(cls))
        raise errors.argument(where, f"{kind} has no argument {unknown[0]!r}", unknown[0], f"it takes {', '.join(takes)}")
    missing = [name for name in needed(cls) if name not in given]
    if missing:
        raise errors.argument(where, f"{kind} needs {', '.join(missing)}", sorted(map(str, data)), f"give {missing[0]}")
    return {name: decoded(data[k], f"{where}.{k}") for name, k in given.items()}
