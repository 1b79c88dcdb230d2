from __future__ import annotations

from xml.etree import ElementTree

import featurecols as fc
from featurecols._core import html
from featurecols.models import History


def read(html: str) -> tuple[str, list[list[str]]]:
    """Caption and rows of a table, by a parser that refuses what is not well-formed."""
    root = ElementTree.fromstring(html)
    caption = root.find("caption")
    assert caption is not None
    return caption.text or "", [[cell.text or "" for cell in row] for row in root.iter("tr")]


def test_a_plan_is_a_table_with_its_names_escaped():
    plan = fc.compile([fc.Numeric("<script>alert(1)</script>"), fc.Indicator(fc.Vocabulary('a&"b', ["x"]))])
    html = plan._repr_html_()
    assert "<script>" not in html
    caption, rows = read(html)
    assert caption == repr(plan).splitlines()[0]
    assert rows == [
        ["features", "name", "kind", "reads", "ids"],
        ["0:1", "<script>alert(1)</script>", "Numeric", "<script>alert(1)</script>", ""],
        ["1:2", 'a&"b_indicator', "Indicator", 'a&"b', "1"],
    ]


def test_an_explained_row_is_a_table():
    plan = fc.compile([fc.Numeric("age"), fc.Indicator(fc.Vocabulary("tag", ["<b>", "c"]))])
    caption, rows = read(plan.explain({"age": 3.0, "tag": "<b>"})._repr_html_())
    assert caption == "2 of 3 features are not zero"
    assert rows[1:] == [["0", "3", "age", "age=3.0"], ["1", "1", "tag_indicator=<b>", "tag='<b>'"]]


def test_a_history_is_a_table_of_its_rows():
    history = History([{"step": 5, "loss": 0.25}, {"step": 10, "epoch": 1, "loss": 0.123456789}])
    assert read(history._repr_html_()) == (
        "History of 2 rows",
        [["step", "loss", "epoch"], ["5", "0.25", ""], ["10", "0.123457", "1"]],
    )
    assert read(History()._repr_html_()) == ("History of 0 rows", [["step"]])


def test_a_long_table_shows_its_ends():
    _, rows = read(html.table("many", [["n"], *[[str(i)] for i in range(100)]], [False]))
    assert [row[0] for row in rows] == ["n", *map(str, range(30)), "...", *map(str, range(70, 100))]
