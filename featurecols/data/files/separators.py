"""What the first lines of a CSV file that was read wrongly say: which separator they have, and whether there is a header."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence

from featurecols.errors import show

_MARKS = (";", "\t", "|", ",")
_LINES = 20  # that are looked at
_NUMBER = re.compile(r"\s*[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?\s*")
NO_HEADER = (
    "the first row looks like values: for a file without a header give fc.csv(path, header=None, names=[...]) "
    "(--no-header --names a,b,c)"
)


def find_other(head: bytes, separator: str, quote: str | None) -> str | None:
    r"""Return a mark that stands equally often in all of the first lines, where the separator does not; None without one.

    >>> find_other(b"a;b;c\n1,5;2;3\n2,5;3;x\n", ",", '"')
    ';'
    >>> find_other(b"a,b\n1,2\n", ";", None), find_other(b"a,b\n1,2\n", ",", None)
    (',', None)
    """
    text = head.decode("utf-8", "replace")
    lines = [line for line in text.splitlines() if line]
    lines = (lines[:-1] if len(lines) > 1 and len(head) >= 1 << 16 else lines)[:_LINES]
    if quote is not None:
        inside = re.compile(re.escape(quote) + "[^" + re.escape(quote) + "]*" + re.escape(quote))
        lines = [inside.sub("", line) for line in lines]
    counts = {mark: {line.count(mark) for line in lines} for mark in (*_MARKS, separator)}
    if counts[separator] not in ({0}, set()) and len(counts[separator]) == 1:
        return None
    found = [mark for mark in _MARKS if mark != separator and len(counts[mark]) == 1 and counts[mark] != {0}]
    return max(found, key=lambda mark: max(counts[mark]), default=None)


def find_encoding(head: bytes) -> str | None:
    r"""Return the encoding of text of two or four bytes a character, by its first bytes; None where it is of another.

    >>> find_encoding("a,b".encode("utf-16")), find_encoding("a,b\n1,x\n".encode("utf-16-be")), find_encoding(b"a,b\n1,\0\n")
    ('utf-16', 'utf-16-be', None)
    """
    for mark, name in ((codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32")):
        if head.startswith(mark):
            return name
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    start = head[:1000]
    even, odd = start[::2].count(0), start[1::2].count(0)
    if not start or 4 * (even + odd) < len(start) or min(even, odd) * 4 > max(even, odd):
        return None
    return "utf-16-be" if even > odd else "utf-16-le"


def describe(mark: str) -> str:
    """Return the way out of a file whose separator is another one.

    >>> describe(";")
    "its lines have ';' in them, which looks like the separator: give fc.csv(path, separator=';') (--separator ';')"
    """
    return (
        f"its lines have {show(mark)} in them, which looks like the separator: "
        f"give fc.csv(path, separator={show(mark)}) (--separator {show(mark)})"
    )


def are_values(names: Sequence[str]) -> bool:
    """Return whether some names of a header are numbers, as those of years are not alone."""
    return sum(_NUMBER.fullmatch(name) is not None for name in names) * 4 >= max(len(names), 1)
