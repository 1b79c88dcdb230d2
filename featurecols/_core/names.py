"""Arguments that are lists of names."""

from __future__ import annotations

from collections.abc import Iterable


def names_of(names: str | Iterable[str]) -> tuple[str, ...]:
    """Return names as a tuple; a text is one name.

    >>> names_of("age"), names_of(["age", "job"])
    (('age',), ('age', 'job'))
    """
    return (names,) if isinstance(names, str) else tuple(names)
