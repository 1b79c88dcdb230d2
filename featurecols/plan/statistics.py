"""How the fields of a plan were distributed in some rows: bounded values that are compared, shown and saved with the plan."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise

from featurecols import errors
from featurecols._core import html
from featurecols._core.json_layout import lay_out

VERSION = 1
MOST_TERMS = 1000  # that are kept of a field
_MOST_BARS = 400  # that a file may claim
_MOST_FIELDS = 100_000


@dataclass(frozen=True)
class NumberStatistics:
    """How the numbers of a field are distributed; bins and bars are half open, [edge, next edge).

    Attributes:
        infinite: how many values are infinite; they are in none of what follows.
        low, high, mean, std: of the others; None where there are none. std is that of the population.
        edges: where the bins of about equal counts begin, ascending.
        counts: values in each of them.
        bars: edges of the bars of a histogram, one more than bars.
        heights: values in each bar; those beyond the bars are in none.
    """

    infinite: int
    low: float | None
    high: float | None
    mean: float | None
    std: float | None
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    bars: tuple[float, ...]
    heights: tuple[int, ...]


@dataclass(frozen=True)
class TermStatistics:
    """How the terms of a field are distributed.

    Attributes:
        distinct: how many terms there are.
        once: how many of them occur once.
        terms: the most frequent ones, at most 1000, most frequent first, as canonical bytes.
        counts: how often each of them occurs.
    """

    distinct: int
    once: int
    terms: tuple[bytes, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class FieldStatistics:
    """How one field is distributed.

    Attributes:
        values: how many there are: rows, or elements of lists; a list without elements counts as one missing value.
        missing: how many of them are missing.
        unseen: how many no column with terms knows; None where none has terms.
        out_of_range: how many a column does not cover, as in FieldReport; None where all cover everything. Where more than
            4096 numbers differ, those that share a bin with the end of a range count as the lower end of the bin does.
        numbers: where a column reads it as numbers.
        terms: where a column reads it as categories.
    """

    values: int
    missing: int
    unseen: int | None
    out_of_range: int | None
    numbers: NumberStatistics | None
    terms: TermStatistics | None


@dataclass(frozen=True)
class Statistics:
    """How the fields of a plan were distributed in some rows: what fit(..., statistics=True) keeps of the training rows.

    It is bounded whatever the rows: at most 1000 terms, about 10 bins and 40 bars a field.

    Attributes:
        rows: how many rows there were.
        fields: a FieldStatistics by key.

    >>> import featurecols as fc
    >>> plan = fc.fit([fc.Numeric("age"), fc.Hashed("job", 100)], {"age": [31, 25], "job": ["cook", None]}, statistics=True)
    >>> plan.statistics
    2 rows
    field  missing  mean  std  distinct  most frequent
    age        0 %    28    3
    job     50.0 %                    1         cook 1
    """

    rows: int
    fields: Mapping[str, FieldStatistics]

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON data; terms that are not UTF-8 as {"hex": ...}."""
        return {"version": VERSION, "rows": self.rows, "fields": {key: _field_json(f) for key, f in self.fields.items()}}

    @staticmethod
    def from_dict(data: object) -> Statistics:
        """Return what to_dict gave. Raises DataError for anything else."""
        try:
            return _Reader().statistics(data)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError) as error:
            what = f"not what to_dict gave ({errors.show(str(error), 200)})"
            raise errors.DataError("Statistics", what, hint="give it unchanged") from None

    def __repr__(self) -> str:
        rows = self._table()
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join([r[0].ljust(widths[0]), *(t.rjust(w) for t, w in zip(r[1:], widths[1:], strict=True))]).rstrip()
            for r in rows
        ]
        return "\n".join([f"{self.rows:,} rows", *lines])

    def _repr_html_(self) -> str:
        return html.table(f"{self.rows:,} rows", self._table(), [True, False, False, False, False, True])

    def _table(self) -> list[tuple[str, ...]]:
        rows: list[tuple[str, ...]] = [("field", "missing", "mean", "std", "distinct", "most frequent")]
        for key, f in self.fields.items():
            missing = percent(f.missing / f.values if f.values else 0.0)
            numbers = (number(f.numbers.mean), number(f.numbers.std)) if f.numbers else ("", "")
            terms = (f"{f.terms.distinct:,}", _first(f.terms)) if f.terms else ("", "")
            rows.append((key, missing, *numbers, *terms))
        return rows


def percent(share: float | None) -> str:
    """Return a share in percent: 0 % and 100 % are exact.

    >>> [percent(s) for s in (None, 0.0, 0.00004, 0.5, 0.99999, 1.0)]
    ['', '0 %', '<0.1 %', '50.0 %', '>99.9 %', '100 %']
    """
    if share is None:
        return ""
    if share in (0.0, 1.0):
        return f"{share:.0%}".replace("%", " %")
    return "<0.1 %" if share < 0.001 else ">99.9 %" if share > 0.999 else f"{100 * share:.1f} %"


def number(value: float | None) -> str:
    """Return a number for people, "" for None."""
    return "" if value is None else f"{value:.6g}"


def term_text(term: bytes) -> str:
    """Return a term for people, on one line of at most 40 characters."""
    text = "".join(c if c.isprintable() else repr(c)[1:-1] for c in term[:200].decode("utf-8", "backslashreplace"))
    return text if len(text) <= 40 else f"{text[:39]}…"


def to_file(statistics: Statistics) -> bytes:
    """Return statistics as the text of a file for review."""
    return (lay_out(statistics.to_dict()) + "\n").encode("utf-8", "surrogatepass")


def of_file(text: bytes) -> Statistics:
    """Return the statistics of a file; raises ValueError or DataError for another text."""
    return Statistics.from_dict(json.loads(text.decode("utf-8", "surrogatepass")))


def digest(statistics: Statistics) -> str:
    """Return 32 hex digits over statistics, whatever text they come from."""
    text = json.dumps(statistics.to_dict(), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _first(terms: TermStatistics) -> str:
    return f"{term_text(terms.terms[0])} {terms.counts[0]:,}" if terms.terms else ""


def _field_json(found: FieldStatistics) -> dict[str, object]:
    about: dict[str, object] = {
        "values": found.values,
        "missing": found.missing,
        "unseen": found.unseen,
        "out_of_range": found.out_of_range,
    }
    if found.numbers is not None:
        about["numbers"] = {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(found.numbers).items()}
    if found.terms is not None:
        pairs = [[_term_json(t), n] for t, n in zip(found.terms.terms, found.terms.counts, strict=True)]
        about["terms"] = {"distinct": found.terms.distinct, "once": found.terms.once, "top": pairs}
    return about


def _term_json(term: bytes) -> object:
    try:
        return term.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": term.hex()}


class _Reader:
    """Checks JSON data while it becomes statistics; raises ValueError where it cannot have been written."""

    def statistics(self, data: object) -> Statistics:
        about = self._object(data, {"version", "rows", "fields"})
        if about["version"] != VERSION:
            raise ValueError(f"version {errors.show(about['version'])}; this version of featurecols reads {VERSION}")
        fields = self._object(about["fields"])
        if len(fields) > _MOST_FIELDS:
            raise ValueError("too many fields")
        return Statistics(self._count(about["rows"]), {key: self._field(found) for key, found in fields.items()})

    def _field(self, data: object) -> FieldStatistics:
        about = self._object(data)
        if not {"values", "missing", "unseen", "out_of_range"} <= set(about) <= {*_NAMES, "numbers", "terms"}:
            raise ValueError("a field has other names")
        values, missing = self._count(about["values"]), self._count(about["missing"])
        if missing > values:
            raise ValueError("more missing values than values")
        return FieldStatistics(
            values,
            missing,
            None if about["unseen"] is None else self._count(about["unseen"]),
            None if about["out_of_range"] is None else self._count(about["out_of_range"]),
            self._numbers(about["numbers"]) if "numbers" in about else None,
            self._terms(about["terms"]) if "terms" in about else None,
        )

    def _numbers(self, data: object) -> NumberStatistics:
        about = self._object(data, set(NumberStatistics.__dataclass_fields__))
        edges, bars = self._floats(about["edges"]), self._floats(about["bars"])
        counts, heights = self._counts(about["counts"]), self._counts(about["heights"])
        if len(edges) != len(counts) or len(bars) != len(heights) + bool(bars):
            raise ValueError("as many counts as bins are needed")
        low, high, mean, std = (None if about[n] is None else self._float(about[n]) for n in ("low", "high", "mean", "std"))
        if any((v is None) == bool(counts) for v in (low, high, mean, std)):
            raise ValueError("low, high, mean and std are known where there are numbers")
        return NumberStatistics(self._count(about["infinite"]), low, high, mean, std, edges, counts, bars, heights)

    def _terms(self, data: object) -> TermStatistics:
        about = self._object(data, {"distinct", "once", "top"})
        terms, counts = [], []
        for term, count in self._list(about["top"], MOST_TERMS):
            terms.append(
                term.encode("utf-8") if isinstance(term, str) else bytes.fromhex(str(self._object(term, {"hex"})["hex"]))
            )
            counts.append(self._count(count))
        distinct, once = self._count(about["distinct"]), self._count(about["once"])
        if not once <= distinct or len(terms) > distinct or len(set(terms)) < len(terms):
            raise ValueError("more terms than distinct ones")
        return TermStatistics(distinct, once, tuple(terms), tuple(counts))

    def _object(self, data: object, names: set[str] | None = None) -> dict[str, object]:
        if not isinstance(data, dict) or (names is not None and set(data) != names):
            raise ValueError(f"an object {'of ' + ', '.join(sorted(names)) if names else ''} is needed")
        return data

    def _list(self, data: object, most: int) -> Sequence[Sequence[object]]:
        if not isinstance(data, list) or len(data) > most:
            raise ValueError(f"a list of at most {most} is needed")
        return data

    def _count(self, data: object) -> int:
        if type(data) is not int or not 0 <= data < 2**62:
            raise ValueError(f"{errors.show(data)} is not a count")
        return data

    def _counts(self, data: object) -> tuple[int, ...]:
        return tuple(self._count(v) for v in self._list(data, _MOST_BARS))

    def _float(self, data: object) -> float:
        if type(data) not in (int, float) or not math.isfinite(data):  # type: ignore[arg-type]
            raise ValueError(f"{errors.show(data)} is not a number")
        return float(data)  # type: ignore[arg-type]

    def _floats(self, data: object) -> tuple[float, ...]:
        found = tuple(self._float(v) for v in self._list(data, _MOST_BARS))
        if any(a >= b for a, b in pairwise(found)):
            raise ValueError("edges do not increase")
        return found


_NAMES = ("values", "missing", "unseen", "out_of_range")
