"""What differs between the dialects of SQL: names, literals, types, float32 and hashes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from featurecols._core.expressions import InexpressibleError

DialectName = Literal["duckdb", "sqlite", "bigquery", "spark"]
_LOCAL = ["DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"]  # types of DuckDB
_INSTANTS = ["TIMESTAMP WITH TIME ZONE", "TIMESTAMPTZ_NS"]
_PARTS = {  # of a time, as DatePart counts them
    "year": "year({0})",
    "month": "month({0}) - 1",
    "day": "day({0}) - 1",
    "quarter": "quarter({0}) - 1",
    "week": "week({0}) - 1",
    "day_of_year": "dayofyear({0}) - 1",
    "weekday": "isodow({0}) - 1",
    "hour": "hour({0})",
    "minute": "minute({0})",
    "is_weekend": "isodow({0}) // 6",
    "is_month_end": "CAST(day({0}) = day(last_day({0})) AS BIGINT)",
}
_FLOAT32 = float.fromhex("0x1.ffffffp+127")  # what is beyond it rounds to inf


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one system writes SQL.

    Args:
        name: of the system.
        double, integer, text: its types.
        single: its type of 32-bit floats, None without one.
        tried: the cast that gives NULL where a value does not fit.
        backslashes: whether a backslash escapes in literals, and names stand in backticks.
        registered: whether hashes are functions of `register_functions`.
        most_columns: of a result.
    """

    name: str
    double: str
    integer: str
    text: str
    single: str | None = None
    tried: str = "CAST"
    backslashes: bool = False
    registered: bool = False
    most_columns: int = 100_000

    def identifier(self, name: str) -> str:
        """Return a name of a table or column, quoted; raises InexpressibleError for one that has no form."""
        if not name or "\0" in name:
            raise InexpressibleError(f"a name cannot be {name!r} there")
        if not self.backslashes:
            return '"' + name.replace('"', '""') + '"'
        if self.name == "bigquery":
            return "`" + _escaped(name, "`") + "`"
        return "`" + name.replace("`", "``") + "`"

    def string(self, value: str) -> str:
        """Return a literal of a text."""
        if self.backslashes:
            return "'" + _escaped(value, "'") + "'"
        parts = ["'" + part.replace("'", "''") + "'" for part in value.split("\0")]
        zero = " || chr(0) || " if self.name == "duckdb" else " || char(0) || "
        return parts[0] if len(parts) == 1 else "(" + zero.join(parts) + ")"

    def number(self, value: float) -> str:
        """Return a literal of a float64, to the bit."""
        if math.isinf(value):
            sign = "-" if value < 0 else ""
            return f"{sign}9e999" if self.name == "sqlite" else f"CAST('{sign}{self._infinity}' AS {self.double})"
        if self.name == "sqlite":  # which reads decimals to about 15 digits: a fraction of whole numbers is exact
            above, below = value.as_integer_ratio()
            if max(abs(above), below) < 2**62 and not (value == 0 and math.copysign(1, value) < 0):
                return f"(CAST({above} AS REAL) / CAST({below} AS REAL))" if below > 1 else f"CAST({above} AS REAL)"
        text = repr(value)
        return f"({text if 'e' in text else f'{text}e0'})"

    @property
    def _infinity(self) -> str:
        return "inf" if self.name in ("duckdb", "bigquery") else "Infinity"

    def is_nan(self, x: str) -> str:
        """Return whether a double is NaN."""
        return {"duckdb": f"isnan({x})", "bigquery": f"IS_NAN({x})", "spark": f"isnan({x})"}.get(self.name, "0")

    def is_float(self, x: str) -> str:
        """Return whether a value of any type is a floating-point number; "" where a dialect cannot ask."""
        if self.name == "bigquery":
            return ""
        types = {"duckdb": "'DOUBLE', 'FLOAT'", "sqlite": "'real'", "spark": "'double', 'float'"}[self.name]
        return f"typeof({x}) IN ({types})"

    def at(self, table: Sequence[float], i: str) -> str:
        """Return element i of a table of numbers, counted from 0; NaN is NULL. It is asked for elements that are there."""
        numbers = ["NULL" if x != x else self.number(x) for x in table]
        if self.name == "duckdb":
            return f"([{', '.join(numbers)}])[{i} + 1]"
        if self.name == "sqlite":
            return f"CASE {i} {' '.join(f'WHEN {k} THEN {x}' for k, x in enumerate(numbers))} END"
        return f"[{', '.join(numbers)}][SAFE_OFFSET({i})]" if self.name == "bigquery" else f"array({', '.join(numbers)})[{i}]"

    def date_part(self, x: str, part: str, timezone: str | None) -> tuple[str, str]:
        """Return whether a value is a time that a DatePart takes, and the part; raises InexpressibleError."""
        if self.name != "duckdb":
            raise InexpressibleError("times are written for DuckDB alone")
        time, types = x, [*_LOCAL, "TIME"] if part in ("hour", "minute") else _LOCAL
        if timezone is not None:  # nanoseconds are cut off first: a cast rounds them towards 1970
            time, types = f"timezone({self.string(timezone)}, CAST(date_trunc('second', {x}) AS TIMESTAMPTZ))", _INSTANTS
        return f"typeof({x}) IN ({', '.join(map(self.string, types))})", _PARTS[part].format(time)

    def beginning(self, text: str, characters: int) -> str:
        """Return the first characters of a text; raises InexpressibleError."""
        if self.name == "sqlite":
            raise InexpressibleError("its substr ends where a text holds a zero")
        return f"substr({text}, 1, {characters})"

    def rounded(self, x: str) -> str:
        """Return a double rounded to float32; raises InexpressibleError without such a type."""
        if self.single is None:
            raise InexpressibleError("it has no float32")
        if self.name != "duckdb":
            return f"CAST({x} AS {self.single})"
        high, infinite = self.number(_FLOAT32), self.number(math.inf)
        return (
            f"CASE WHEN {x} >= {high} THEN CAST({infinite} AS {self.single}) WHEN {x} <= -{high} "
            f"THEN CAST(-{infinite} AS {self.single}) ELSE CAST({x} AS {self.single}) END"
        )

    def hashed(self, text: str, hash: str, seed: int, num_buckets: int) -> str:
        """Return the hash of a text modulo num_buckets; raises InexpressibleError where there is no such function."""
        if self.registered:
            return f"featurecols_hash({text}, {self.string(hash)}, {seed}, {num_buckets})"
        if self.name == "bigquery" and hash == "farmhash64":
            signed, whole = f"FARM_FINGERPRINT({text})", "BIGNUMERIC '18446744073709551616'"
            unsigned = f"CAST({signed} AS BIGNUMERIC) + CASE WHEN {signed} < 0 THEN {whole} ELSE BIGNUMERIC '0' END"
            return f"CAST(MOD({unsigned}, BIGNUMERIC '{num_buckets}') AS INT64)"
        raise InexpressibleError(f"it has no {hash}")


def _escaped(value: str, quote: str) -> str:
    """Return a text with backslash escapes, control characters too."""
    value = value.replace("\\", "\\\\").replace(quote, "\\" + quote)
    return "".join(f"\\u{ord(c):04x}" if ord(c) < 32 else c for c in value)


DIALECTS = {
    "duckdb": Dialect("duckdb", "DOUBLE", "BIGINT", "VARCHAR", "FLOAT", "TRY_CAST", registered=True),
    "sqlite": Dialect("sqlite", "REAL", "INTEGER", "TEXT", registered=True, most_columns=2_000),
    "bigquery": Dialect("bigquery", "FLOAT64", "INT64", "STRING", tried="SAFE_CAST", backslashes=True, most_columns=10_000),
    "spark": Dialect("spark", "DOUBLE", "BIGINT", "STRING", "FLOAT", "TRY_CAST", backslashes=True),
}
