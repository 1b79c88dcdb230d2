"""The hashes of featurecols as functions of a DuckDB or SQLite connection, for queries of `to_sql`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Protocol, TypeVar

from featurecols import errors
from featurecols.columns._categorical import row_hash

Connection = TypeVar("Connection", bound="_Connection")
_MASK = 2**32 - 1


class _Connection(Protocol):
    """A connection of DuckDB or of sqlite3."""

    def close(self) -> object: ...


def register_functions(connection: Connection) -> Connection:
    """Add featurecols_hash, featurecols_mix and featurecols_finish to a connection; returns it.

    They are Python functions, called once for each row.

    Args:
        connection: of sqlite3 or duckdb.

    >>> import sqlite3
    >>> query = "SELECT featurecols_hash('Oslo', 'murmur3', 0, 1000)"
    >>> register_functions(sqlite3.connect(":memory:")).execute(query).fetchone()
    (85,)
    """
    if isinstance(connection, sqlite3.Connection):
        for name, (function, arguments) in _FUNCTIONS.items():
            connection.create_function(name, len(arguments), function, deterministic=True)
        return connection
    create = getattr(connection, "create_function", None)
    if create is None:
        hint = "give duckdb.connect() or sqlite3.connect(path)"
        raise errors.plan("register_functions", "needs a connection of DuckDB or SQLite", type(connection).__name__, hint)
    for name, (function, arguments) in _FUNCTIONS.items():
        create(name, function, list(arguments), "BIGINT")
    return connection


def _hash(text: str, hash: str, seed: int, num_buckets: int) -> int | None:
    return None if text is None else row_hash(hash, seed)(text.encode()) % num_buckets


def _mix(h: int, part: int) -> int:
    """Return the state of a murmur3 after one more block of 4 bytes (docs/ids.md, section 3)."""
    k = _rotated(part * 0xCC9E2D51 & _MASK, 15) * 0x1B873593 & _MASK
    return (_rotated(h ^ k, 13) * 5 + 0xE6546B64) & _MASK


def _finish(h: int, parts: int, num_buckets: int) -> int:
    h ^= 4 * parts
    h = (h ^ h >> 16) * 0x85EBCA6B & _MASK
    h = (h ^ h >> 13) * 0xC2B2AE35 & _MASK
    return (h ^ h >> 16) % num_buckets


def _rotated(x: int, by: int) -> int:
    return (x << by | x >> (32 - by)) & _MASK


_FUNCTIONS: dict[str, tuple[Callable[..., int | None], tuple[str, ...]]] = {
    "featurecols_hash": (_hash, ("VARCHAR", "VARCHAR", "BIGINT", "BIGINT")),
    "featurecols_mix": (_mix, ("BIGINT", "BIGINT")),
    "featurecols_finish": (_finish, ("BIGINT", "BIGINT", "BIGINT")),
}
