"""Drift as one HTML page that needs no other file: a table of all fields, and a picture of each, those that drifted first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape

from featurecols._core.html_page import document
from featurecols.plan.drift import MAX_PSI, Bin, FieldDrift
from featurecols.plan.statistics import FieldStatistics, number, percent

MOST_FIELDS = 200  # that have a picture; the table has all
_WIDTH, _HEIGHT, _TOP = 520, 150, 8
_STYLE = """
.badge { font-size: 12px; font-weight: 600; border-radius: 99px; padding: 2px 10px; white-space: nowrap }
.drifted { color: var(--bad); background: var(--badbg) } .steady { color: var(--good); background: var(--goodbg) }
.fields { display: grid; grid-template-columns: repeat(auto-fill, minmax(500px, 1fr)); gap: 16px; margin-top: 16px;
  align-items: start }
.fields .card { margin: 0 } .head { display: flex; justify-content: space-between; gap: 12px; align-items: baseline }
.facts { display: grid; grid-template-columns: auto 1fr 1fr; gap: 2px 18px; margin-top: 10px; font-size: 13px;
  font-variant-numeric: tabular-nums }
.facts b { font-weight: 400; color: var(--soft) } .facts span { text-align: right }
.meter { display: inline-block; width: 110px; height: 8px; border-radius: 4px; background: var(--line); margin-right: 8px;
  vertical-align: middle } .meter i { display: block; height: 8px; border-radius: 4px; background: var(--now) }
.drift .meter i { background: var(--bad) }
.terms { display: grid; grid-template-columns: minmax(80px, 34%) 1fr auto; gap: 4px 10px; margin-top: 12px; font-size: 12.5px;
  align-items: center } .terms div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.terms em { display: block; height: 6px; border-radius: 3px; margin: 1px 0; min-width: 1px }
.terms span { text-align: right; font-variant-numeric: tabular-nums; color: var(--soft) }
@media (max-width: 600px) { .fields { grid-template-columns: 1fr } }
"""


def page(
    title: str, rows: tuple[int, int], drift: Mapping[str, FieldDrift], tables: str = "", problem: str | None = None
) -> str:
    """Return the page.

    Args:
        title: its heading.
        rows: how many training rows, and rows of the data.
        drift: by key of the field.
        tables: HTML that follows the pictures.
        problem: a line of text above all, if there is one.
    """
    ordered = sorted(drift.items(), key=lambda item: (not item[1].exceeds(), -item[1].psi))
    worse = sum(found.exceeds() for found in drift.values())
    said = f"{worse} of {len(drift)} fields drifted" if worse else f"none of {len(drift)} fields drifted"
    head = (
        f"<h1>{escape(title)}</h1><div class='soft key'>{rows[1]:,} rows compared with {rows[0]:,} training rows: <b>{said}</b>"
        "<i class='before'></i>training<i class='now'></i>data</div>"
    )
    shown = "".join(_field(at, *item) for at, item in enumerate(ordered[:MOST_FIELDS]))
    more = (
        f"<p class='soft'>{len(ordered) - MOST_FIELDS} more fields are in the table alone.</p>"
        if len(ordered) > MOST_FIELDS
        else ""
    )
    warning = f"<div class='card'><span class='badge drifted'>cannot be read</span> {escape(problem)}</div>" if problem else ""
    body = f"{head}{warning}{_summary(ordered)}<div class='fields'>{shown}</div>{more}{tables}"
    return document(title, f"{body}{_LEGEND}", _STYLE)


_LEGEND = (
    "<p class='soft'>PSI: population stability index, less what chance alone gives; by custom below 0.1 is no change, above "
    "0.25 a large one. Chance: what it stays below by chance, in all fields together 999 times of 1000. JS: Jensen-Shannon "
    "divergence in bits. L&infin;: the largest difference of shares. A field drifted where its PSI is above "
    f"{MAX_PSI} and above chance.</p>"
)


def _summary(ordered: Sequence[tuple[str, FieldDrift]]) -> str:
    most = max([MAX_PSI * 2, *(found.psi for _, found in ordered)])
    lines = []
    for i, (key, found) in enumerate(ordered):
        name = f"<a href='#f{i}'>{escape(key)}</a>" if i < MOST_FIELDS else escape(key)
        meter = f"<span class='meter'><i style='width: {100 * found.psi / most:.1f}%'></i></span>"
        missing = f"{_missing(found.training)} &rarr; {_missing(found.data)}"
        cells = [f"{meter}{found.psi:.3f}", *(f"{v:.3f}" for v in (found.noise, found.js, found.linf)), missing, _badge(found)]
        style = " class='drift'" if found.exceeds() else ""
        lines.append(f"<tr{style}><td>{name}</td>{''.join(f'<td>{c}</td>' for c in cells)}</tr>")
    names = ("field", "PSI", "chance", "JS", "L&infin;", "missing", "")
    return f"<div class='card'><table><tr>{''.join(f'<th>{n}</th>' for n in names)}</tr>{''.join(lines)}</table></div>"


def _badge(found: FieldDrift) -> str:
    return "<span class='badge drifted'>drifted</span>" if found.exceeds() else "<span class='badge steady'>steady</span>"


def _field(at: int, key: str, found: FieldDrift) -> str:
    picture = _histogram(found) if found.bars else _terms(found.terms, found)
    facts = "".join(f"<b>{name}</b><span>{before}</span><span>{now}</span>" for name, before, now in _facts(found))
    measures = f"PSI {found.psi:.3f} &nbsp; JS {found.js:.3f} &nbsp; L&infin; {found.linf:.3f}"
    return (
        f"<section class='card' id='f{at}'><div class='head'><h2>{escape(key)}</h2>{_badge(found)}</div>"
        f"<div class='soft'>{measures}</div>{picture}<div class='facts'><b></b><b style='text-align: right'>training</b>"
        f"<b style='text-align: right'>data</b>{facts}</div></section>"
    )


def _facts(found: FieldDrift) -> Iterator[tuple[str, str, str]]:
    """Yield what is worth knowing of both sides, as texts."""
    before, now = found.training, found.data
    yield "values", f"{before.values:,}", f"{now.values:,}"
    yield "missing", _missing(before), _missing(now)
    for name, attribute in (("unseen", "unseen"), ("out of range", "out_of_range")):
        counts = [getattr(side, attribute) for side in (before, now)]
        if any(counts):
            shares = [None if n is None else n / max(1, f.values) for n, f in zip(counts, (before, now), strict=True)]
            yield name, percent(shares[0]), percent(shares[1])
    if before.numbers is not None and now.numbers is not None:
        for name in ("mean", "std", "low", "high"):
            yield name, number(getattr(before.numbers, name)), number(getattr(now.numbers, name))
    if before.terms is not None and now.terms is not None:
        yield "distinct", f"{before.terms.distinct:,}", f"{now.terms.distinct:,}"


def _missing(found: FieldStatistics) -> str:
    return percent(found.missing / found.values if found.values else 0.0)


def _histogram(found: FieldDrift) -> str:
    """Return the bars of both sides as shares of all values: training filled, data as a line over it."""
    sides = [[bar.training or 0 for bar in found.bars], [bar.data for bar in found.bars]]
    shares = [[n / max(1, f.values) for n in side] for side, f in zip(sides, (found.training, found.data), strict=True)]
    top = max([1e-12, *shares[0], *shares[1]])
    step, base = _WIDTH / len(found.bars), _HEIGHT + _TOP
    bars = "".join(
        f"<rect x='{i * step:.1f}' y='{base - height:.1f}' width='{max(0.5, step - 1):.1f}' height='{height:.1f}'/>"
        for i, height in enumerate(_HEIGHT * share / top for share in shares[0])
    )
    corners = [(i * step, (i + 1) * step, base - _HEIGHT * s / top) for i, s in enumerate(shares[1])]
    line = " ".join(f"L{x:.1f} {y:.1f} L{end:.1f} {y:.1f}" for x, end, y in corners)
    area = f"M0 {base} {line} L{_WIDTH} {base}"
    numbers = found.training.numbers
    edges = numbers.bars if numbers is not None else (0.0, 0.0)
    places = [(0, "start", edges[0]), (_WIDTH / 2, "middle", (edges[0] + edges[-1]) / 2), (_WIDTH, "end", edges[-1])]
    labels = "".join(f"<text x='{x}' y='{base + 14}' text-anchor='{a}'>{number(v)}</text>" for x, a, v in places)
    ends = [(b.label, b.data) for b in found.bins if b.label.startswith(("below ", "above ")) and b.data]
    beyond = "; ".join(f"{percent(n / max(1, found.data.values))} {escape(label)}" for label, n in ends)
    note = f"<div style='color: var(--bad)'>beyond the training rows: {beyond}</div>" if beyond else ""
    return (
        f"<svg viewBox='0 0 {_WIDTH} {base + 18}' role='img'><g fill='var(--before)'>{bars}</g>"
        f"<path d='{area}' fill='var(--now)' fill-opacity='.16' stroke='var(--now)' stroke-width='1.8'/>"
        f"<path d='M0 {base} H{_WIDTH}' stroke='var(--line)'/>{labels}</svg>{note}"
    )


def _terms(terms: Sequence[Bin], found: FieldDrift) -> str:
    """Return the terms of both sides as pairs of bars."""
    sizes = max(1, found.training.values), max(1, found.data.values)
    rest = [b for b in found.bins if b.label in ("other terms", "new terms", "rarer and new terms", "missing")]
    rows = [*terms, *rest]
    most = max([1e-12, *((b.training or 0) / sizes[0] for b in rows), *(b.data / sizes[1] for b in rows)])
    lines = []
    for i, b in enumerate(rows):
        shares = (None if b.training is None else b.training / sizes[0]), b.data / sizes[1]
        bars = "".join(
            f"<em class='{name}' style='width: {100 * (s or 0) / most:.1f}%'></em>"
            for name, s in zip(("before", "now"), shares, strict=True)
        )
        label = escape(b.label) if i < len(terms) else f"<i class='soft'>{b.label}</i>"
        said = f"{percent(shares[0]) or '?'} &rarr; {percent(shares[1])}"
        lines.append(f"<div title='{escape(b.label)}'>{label}</div><div>{bars}</div><span>{said}</span>")
    return f"<div class='terms'>{''.join(lines)}</div>"
