"""HTML tables for notebooks, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

MOST = 60  # rows that are shown; of a longer table the first and the last


def table(caption: str, rows: Sequence[Sequence[str]], left: Sequence[bool]) -> str:
    """Return an HTML table; the first of `rows` is its header.

    Args:
        caption: the text above it.
        rows: texts, all rows equally long.
        left: for each column, whether it is aligned left (words) or right (numbers).

    >>> table("one", [("name", "n"), ("<b>", "1")], [True, False]).count("&lt;b&gt;")
    1
    """
    header, *body = rows
    if len(body) > MOST:
        body = [*body[: MOST // 2], ["..."] * len(header), *body[-MOST // 2 :]]
    sides = ["left" if side else "right" for side in left]
    lines = [_row("th", header, sides), *[_row("td", row, sides) for row in body]]
    return f"<table><caption>{escape(caption)}</caption>{''.join(lines)}</table>"


def _row(tag: str, texts: Sequence[str], sides: Sequence[str]) -> str:
    return "<tr>" + "".join(_entry(tag, text, side) for text, side in zip(texts, sides, strict=True)) + "</tr>"


def _entry(tag: str, text: str, side: str) -> str:
    return f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>'
