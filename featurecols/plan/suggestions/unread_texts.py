"""Texts that write dates, numbers or lists in a way that no column reads: what they are, and what to do."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from featurecols import errors

MOST = 0.95  # share of the texts that are written so, from which on all are taken to be
_CLOCK = r"(?:,?[ T]+\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|[A-Z]{3,4}|[+-]\d{2}:?\d{2}))?)?"
_DAY = r"(?:(?:mon|tue|wed|thu|fri|sat|sun)[a-z]*\.?,? +)?"
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?"
_DATES = (
    rf"{_DAY}{_MONTH} +\d{{1,2}}(?:st|nd|rd|th)?,? +\d{{4}}{_CLOCK}",  # January 1, 2020
    rf"{_DAY}\d{{1,2}}(?:st|nd|rd|th)?[ .-]+{_MONTH},?[ -]+(?:\d{{4}}|\d{{2}}){_CLOCK}",  # 1 Jan 2020
    rf"(?:0?[1-9]|[12]\d|3[01])([/.-])(?:0?[1-9]|[12]\d|3[01])\1\d{{4}}{_CLOCK}",  # 31/12/2020
    rf"(?:0?[1-9]|[12]\d|3[01])/(?:0?[1-9]|[12]\d|3[01])/\d{{2}}{_CLOCK}",  # 12/31/20
    rf"\d{{4}}([/.-])(?:0?[1-9]|1[0-2])\2(?:0?[1-9]|[12]\d|3[01]){_CLOCK}",  # 2020/12/31, and 2020-12-31 among others
)
_DATE = re.compile("|".join(f"(?:{date})" for date in _DATES), re.IGNORECASE)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}.*)?")
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?")
_GROUPED = re.compile(r"\(?[+-]?\s?[$€£¥]?\s?[+-]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?\s?[%$€£¥]?\)?")
_DECIMAL = re.compile(r"[+-]?\d+(?:,(\d+))?")
_NESTED = re.compile(r"\[.*\]|\{.*\}|\(.*,.*\)", re.DOTALL)
_SEVERAL = re.compile(rf"{_PLAIN.pattern}(?:\s*[,;|]\s*{_PLAIN.pattern})*")


def problem_of(texts: Counter[str], *, few: bool) -> str | None:
    """Return what texts are that no column reads as what they mean, and what to do; None where they are none of these.

    Args:
        texts: how often each text occurs, none of them empty.
        few: whether they are terms all the same, unless they are dates or numbers.

    >>> problem_of(Counter(["January 1, 2020", "March 31, 2020"]), few=False)  # doctest: +ELLIPSIS
    "dates such as 'January 1, 2020', which are not written as ISO 8601 has them (2020-12-31): parse them first, ..."
    """
    stripped = Counter[str]()
    for text, count in texts.items():
        stripped[text.strip()] += count
    least = MOST * sum(stripped.values())

    def all_are(found: Callable[[str], object]) -> bool:
        return sum(count for text, count in stripped.items() if found(text)) >= least

    if all_are(_DATE.fullmatch):
        if like := _least(stripped, lambda text: _DATE.fullmatch(text) and not _ISO.fullmatch(text)):
            said = f"dates such as {like}, which are not written as ISO 8601 has them (2020-12-31)"
            return f"{said}: parse them first, in pandas by to_datetime"
        if like := _least(stripped, lambda text: not _DATE.fullmatch(text)):
            return f"dates, but for texts such as {like}: make them missing, by Field(key, missing=[{like}])"
        return None
    if all_are(_GROUPED.fullmatch) and (like := _least(stripped, _is_grouped)):
        return f"numbers with separators of thousands, currencies or percent, such as {like}: make them numbers first"
    if all_are(_DECIMAL.fullmatch) and _are_decimals(stripped):
        like = _least(stripped, lambda text: "," in text)
        return f'numbers with a decimal comma, such as {like}: fc.csv(path, decimal=","), or make them numbers first'
    if few:
        return None
    if all_are(_NESTED.fullmatch):
        like = _least(stripped, _NESTED.fullmatch)
        return f"lists or dicts that are written as text, such as {like}: parse them into lists, or into fields of their own"
    if all_are(_SEVERAL.fullmatch) and any("." in text and not _PLAIN.fullmatch(text) for text in stripped):
        like = _least(stripped, lambda text: not _PLAIN.fullmatch(text))
        return f"several numbers in one text, such as {like}: make them fields, or lists, of numbers"
    return None


def is_number(text: str) -> bool:
    """Return whether a text is a number that is written with commas, a currency or percent."""
    return _is_grouped(text.strip()) or ("," in text and _DECIMAL.fullmatch(text.strip()) is not None)


def _is_grouped(text: str) -> bool:
    return _GROUPED.fullmatch(text) is not None and _PLAIN.fullmatch(text) is None


def _least(texts: Counter[str], found: Callable[[str], object]) -> str:
    """Return the first such text in the order of code points, as messages show it; "" where there is none."""
    like = min((text for text in texts if found(text)), default=None)
    return "" if like is None else errors.show(like)


def _are_decimals(texts: Counter[str]) -> bool:
    """Return whether integers with at most one comma are decimals, and not lists of one or two integers."""
    parts = [text.split(",") for text in texts if _DECIMAL.fullmatch(text)]
    after = [part[1] for part in parts if len(part) == 2]
    if not after:
        return False
    if any(len(part) > 1 and part[0] == "0" for part in after) or any(part[0][0] in "+-" for part in parts):
        return True
    return len({len(part) for part in after}) == 1 and len({len(part[0]) for part in parts}) > 1
