"""The base of all declared components of a model: a Spec, so that layers, losses, optimizers and schedules are values.

A component holds what was declared and nothing that was learned; parameters live in `variables.Variables`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from featurecols._core.spec import KINDS, OURS, PUBLIC, Spec, decode, stem
from featurecols.models import errors


@dataclass(frozen=True, eq=False, repr=False)
class Component(Spec):
    """Base of layers, losses, optimizers, schedules and clippers; saved as {"type": "models.Dense.v1", ...}.

    The prefix keeps a Dense layer apart from what a column of the same name would be.
    """

    abstract: ClassVar[bool] = True
    called: ClassVar[tuple[str, ...]] = ()  # methods for users, beside those of every declared value

    def __dir__(self) -> list[str]:
        ours = [cls for cls in type(self).__mro__ if cls.__module__.partition(".")[0] == OURS]
        engine = {name for cls in ours for name in (*vars(cls), *cls.__annotations__) if not name.startswith("_")}
        shown = {field.name for field in fields(self)} | PUBLIC | set(self.called)
        return sorted(name for name in set(object.__dir__(self)) - (engine - shown) if not name.startswith("_"))

    def __init_subclass__(cls, **kwargs: Any) -> None:
        if "kind" not in cls.__dict__ and not cls.__dict__.get("abstract", False):
            cls.kind = f"models.{cls.__name__}.v1"
        super().__init_subclass__(**kwargs)


def component_from_json(data: Any, base: type[Component], name: str) -> Any:
    """Return an optimizer, a loss or a layer from its JSON object, whose types may be short ("Adam"); a name as it is.

    Raises ModelError for another type, ColumnError for wrong arguments; `name` says where.
    """
    if not isinstance(data, Mapping):
        return data
    known = {cls.__name__: kind for kind, cls in KINDS.items() if issubclass(cls, base)}
    full = _versioned(data)
    if full.get("type") not in known.values():
        raise errors.unknown(name, "type", data.get("type"), [cls for cls in known if not cls.startswith("Saved")])
    return decode(full, name)


def _short(kind: str) -> str:
    """Return "Adam" for "models.Adam.v1"."""
    return stem(kind).removeprefix("models.")


def _versioned(data: Any) -> Any:
    """Return the same, components that are named in short ("Adam") named as they are saved ("models.Adam.v1")."""
    if isinstance(data, Mapping):
        plain = {key: _versioned(value) for key, value in data.items()}
        name = data.get("type")
        kinds = [kind for kind, cls in KINDS.items() if issubclass(cls, Component) and name in (cls.__name__, _short(kind))]
        return {**plain, "type": max(kinds, key=lambda kind: int(kind.rpartition("v")[2]))} if kinds else plain
    return [_versioned(item) for item in data] if isinstance(data, (list, tuple)) else data
