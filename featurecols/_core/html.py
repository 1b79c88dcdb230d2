"""What notebooks show: tables as HTML, every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

MOST = 60  # rows that are shown; of a longer table the first and the last


def table(caption: str, rows: Sequence[Sequence[str]], left: Sequence[bool]) -> str:
    """An HTML table with a caption, the first of `rows` being its header.

    Args:
        rows: texts, all rows equally long.
        left: for each column, whether it stands left (words) or right (numbers).

    >>> table("one", [("name", "n"), ("<b>", "1")], [True, False]).count("&lt;b&gt;")
    1
    """
    header, *body = rows
    if len(body) > MOST:
        body = [*body[: MOST // 2], ["..."] * len(header), *body[-MOST // 2 :]]
    sides = ["left" if side else "right" for side in left]
    lines = [_row("th", header, sides), *[_row("td", row, sides) for row in body]]
    return f"<table><caption>{escape(caption)}</caption>{''.join(lines)}</table>"


def _row(tag: str, cells: Sequence[str], sides: Sequence[str]) -> str:
    return "<tr>" + "".join(_cell(tag, cell, side) for cell, side in zip(cells, sides, strict=True)) + "</tr>"


def _cell(tag: str, text: str, side: str) -> str:
    return f'<{tag} style="text-align: {side}">{escape(text)}</{tag}>'
