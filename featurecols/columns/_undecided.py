"""Columns that leave an argument to the columns beside them, as TargetMean does with the fields that decide a fold."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from featurecols.columns.base import Column, Field


def decided(columns: tuple[Column, ...]) -> tuple[Column, ...]:
    """Return columns with all that they leave to each other; the same ones where they leave nothing, or nothing is found."""
    nodes = dict.fromkeys(node for column in columns for node in _below(column))
    if not any(isinstance(node, Column) and node.undecided for node in nodes):
        return columns
    fields = _read_by(nodes)
    return tuple(_decide(column, fields) for column in columns)


def require_training_rows(columns: Iterable[Column]) -> None:
    """Raise ColumnError for a column that has no training rows, among columns and all that they read."""
    for column in columns:
        for node in _below(column):
            if isinstance(node, Column):
                node.check_training()


def learned_labels(columns: Iterable[Column]) -> tuple[str, ...]:
    """Return the keys of the fields that columns, and what they read, learn to predict."""
    fields = (node.label_field for column in columns for node in _below(column) if isinstance(node, Column))
    return tuple(dict.fromkeys(field.key for field in fields if field is not None))


def _below(node: Field | Column) -> Iterator[Field | Column]:
    """Yield a node and all that it reads, in training too."""
    yield node
    if isinstance(node, Column):
        for one in node.training_inputs():
            yield from _below(one)


def _read_by(nodes: Iterable[Field | Column]) -> tuple[Field, ...]:
    """Return a field of each key that nodes read, in the order of the keys, without labels."""
    nodes = tuple(nodes)
    labels = {node.label_field.key for node in nodes if isinstance(node, Column) and node.label_field is not None}
    found: dict[str, Field] = {}
    for field in sorted((node.whole() for node in nodes if isinstance(node, Field)), key=lambda f: (f.key, repr(f))):
        if field.key not in labels:
            found.setdefault(field.key, field)
    return tuple(found.values())


def _decide(column: Column, fields: tuple[Field, ...]) -> Column:
    changes: dict[str, Column | tuple[Field | Column, ...]] = {}
    for attribute in column.reads:
        value = getattr(column, attribute)
        if isinstance(value, tuple):
            new = tuple(_decide(one, fields) if isinstance(one, Column) else one for one in value)
            if new != value:
                changes[attribute] = new
        elif isinstance(value, Column) and (other := _decide(value, fields)) != value:
            changes[attribute] = other
    found = column.replace(**changes) if changes else column
    return found.decide(fields) if found.undecided else found
