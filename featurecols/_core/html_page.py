"""A page for a browser that needs no other file and no network: one document with its style, light or dark."""

from __future__ import annotations

from html import escape

STYLE = """
:root { --ink: #1c2330; --soft: #667085; --line: #e3e7ee; --card: #ffffff; --page: #f4f6f9; --before: #b8c0cc; --now: #2563eb;
  --bad: #c2410c; --good: #15803d; --badbg: #fff1e8; --goodbg: #eaf7ee }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e9ef; --soft: #98a2b3; --line: #2c3442; --card: #171c26;
  --page: #0f131a; --before: #5b6575; --now: #60a5fa; --bad: #fb923c; --good: #4ade80; --badbg: #3a2113; --goodbg: #12301d } }
* { box-sizing: border-box }
body { margin: 0; background: var(--page); color: var(--ink); font: 14px/1.45 system-ui, "Segoe UI", Roboto, Helvetica, Arial,
  sans-serif }
main { max-width: 1180px; margin: 0 auto; padding: 28px 24px 60px }
h1 { font-size: 22px; margin: 0 0 2px } h2 { font-size: 16px; margin: 0; overflow-wrap: anywhere }
.soft { color: var(--soft) } .key i { display: inline-block; width: 11px; height: 11px;
  border-radius: 2px; margin: 0 5px -1px 14px }
.before { background: var(--before) } .now { background: var(--now) }
.card { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 16px 18px; margin-top: 16px }
table { border-collapse: collapse; width: 100% } th { font-weight: 600; color: var(--soft); font-size: 12px }
th, td { text-align: right; padding: 5px 10px; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left; padding-left: 0; overflow-wrap: anywhere } tr:last-child td { border: 0 }
td a { color: inherit; text-decoration: none; border-bottom: 1px dotted var(--soft) }
svg { display: block; width: 100%; height: auto; margin-top: 10px } svg text { fill: var(--soft); font-size: 11px }
@media (max-width: 600px) { main { padding: 16px 10px } }
"""


def document(title: str, body: str, style: str = "") -> str:
    """Return the document.

    Args:
        title: of the window; text.
        body: HTML.
        style: CSS that follows that of all pages.

    >>> document("a < b", "").count("<title>a &lt; b</title>")
    1
    """
    return (
        "<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><meta name='viewport' content='width=device-width'>"
        f"<title>{escape(title)}</title><style>{STYLE}{style}</style></head><body><main>{body}</main></body></html>\n"
    )
