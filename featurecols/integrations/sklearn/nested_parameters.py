"""Arguments of columns as parameters of the estimator that holds them: `age__normalizer`, for GridSearchCV and set_params."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import ClassVar, Self

from featurecols._core.spec import Spec
from featurecols.columns.base import Column
from featurecols.plan.plan import Plan

SEPARATOR = "__"


class ColumnParameters:
    """The parameters of an estimator with lists of columns: each column by its name, and its arguments below that.

    `age` is the column of that name, or None to leave it out; `age__normalizer` is its argument, and
    `job_indicator__source__terms__n` one of what an argument holds. A parameter of the estimator itself hides a column of
    the same name.
    """

    _lists: ClassVar[tuple[str, ...]] = ("columns",)  # arguments that hold columns

    def get_params(self, deep: bool = True) -> dict[str, object]:
        """Return the parameters by name; deep: those of columns too."""
        own: dict[str, object] = super().get_params(deep)  # type: ignore[misc]
        nested: dict[str, object] = {}
        for column in self._columns() if deep else ():
            nested |= {column.name: column, **dict(_arguments(column, column.name))}
        return {**nested, **own}

    def set_params(self, **params: object) -> Self:
        """Set parameters by name, lists of columns before the columns in them.

        Raises ValueError for a name that is none.
        """
        own = super().get_params(False)  # type: ignore[misc]
        super().set_params(**{name: value for name, value in params.items() if name in own})  # type: ignore[misc]
        for name, value in params.items():
            if name not in own and not self._replace(name, value):
                super().set_params(**{name: value})  # type: ignore[misc]  # says which names there are
        return self

    def _columns(self) -> list[Column]:
        """Return the columns that are named in its arguments, each once."""
        found: dict[Column, None] = {}
        for argument in self._lists:
            found |= dict.fromkeys(_listed(getattr(self, argument)))
        return list(found)

    def _replace(self, name: str, value: object) -> bool:
        """Set a parameter of a column in all lists that have it; return whether there is such a column."""
        owners = [c.name for c in self._columns() if name == c.name or name.startswith(c.name + SEPARATOR)]
        if not owners:
            return False
        owner = max(owners, key=len)
        path = name[len(owner) + len(SEPARATOR) :].split(SEPARATOR) if name != owner else []
        for argument in self._lists:
            listed = _listed(getattr(self, argument))
            if any(column.name == owner for column in listed):
                changed = [_changed(column, path, value) if column.name == owner else column for column in listed]
                setattr(self, argument, [column for column in changed if column is not None])
        return True


def _listed(columns: object) -> list[Column]:
    """Return the columns of an argument that can be changed: not those of a plan, which has learned."""
    if isinstance(columns, Plan) or not isinstance(columns, Iterable):
        return []
    return [column for column in columns if isinstance(column, Column)]


def _arguments(value: Spec, prefix: str) -> Iterator[tuple[str, object]]:
    """Yield the arguments of a declared value by name, and those of declared values in them."""
    for field in dataclasses.fields(value):
        held = getattr(value, field.name)
        yield f"{prefix}{SEPARATOR}{field.name}", held
        if isinstance(held, Spec):
            yield from _arguments(held, f"{prefix}{SEPARATOR}{field.name}")


def _changed(value: object, path: list[str], to: object) -> object:
    """Return a declared value with the argument at a path changed; raise ValueError where there is none."""
    if not path:
        return to
    if not isinstance(value, Spec) or path[0] not in (names := [field.name for field in dataclasses.fields(value)]):
        known = f"it has {', '.join(names)}" if isinstance(value, Spec) else "it has no arguments"
        raise ValueError(f"Invalid parameter {path[0]!r} for {value!r}; {known}")
    return value.replace(**{path[0]: _changed(getattr(value, path[0]), path[1:], to)})
