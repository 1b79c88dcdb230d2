"""The page of a report: metrics, pictures, importance and slices as HTML, every text escaped."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Protocol

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.html_page import document
from featurecols._core.svg import Chart
from featurecols.models.inspection.explanations import Importance
from featurecols.models.inspection.measured import Confusion, Errors, corner_of
from featurecols.models.inspection.slices import Slice
from featurecols.models.objective.metrics import Calibration, Curve
from featurecols.plan.statistics import percent

_CLASSES = 12  # of a confusion matrix that are shown
_DOTS = 1_500  # of a scatter plot
_BARS = 40  # of a histogram
_FIELDS = 200  # that have a card of their own
_MEANS = ("label/mean", "prediction/mean")  # metrics whose name holds a slash
_STYLE = """
.tiles { display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 12px; margin-top: 16px }
.tiles div { background: var(--card); border: 1px solid var(--line); border-radius: 10px; padding: 10px 14px }
.tiles b { display: block; font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums }
.tiles span { color: var(--soft); font-size: 12px; overflow-wrap: anywhere }
.pictures { columns: 500px auto; column-gap: 16px; margin-top: 16px } .pictures .card { margin: 0 0 16px; break-inside: avoid }
h2 + .soft { font-size: 13px }
.bars { display: grid; grid-template-columns: minmax(80px, 38%) 1fr auto; gap: 5px 10px; margin-top: 12px; font-size: 12.5px;
  align-items: center } .bars div { overflow: hidden; text-overflow: ellipsis; white-space: nowrap }
.bars em { display: block; height: 9px; border-radius: 3px; min-width: 1px; background: var(--now) }
.bars em.worse { background: var(--bad) } .bars em.noise { background: var(--before) }
.bars .track { position: relative; overflow: visible } .bars .mark { position: absolute; top: -4px; bottom: -4px; width: 1px;
  background: var(--ink); opacity: .45 }
.bars span { text-align: right; font-variant-numeric: tabular-nums; color: var(--soft) }
.matrix { overflow-x: auto; margin-top: 12px } .matrix .hit { color: var(--good); font-weight: 600 }
.matrix .miss { color: var(--bad) } .matrix td.empty { color: var(--soft) }
"""


class Shown(Protocol):
    """What the page shows: see ModelReport."""

    @property
    def title(self) -> str: ...
    @property
    def rows(self) -> int: ...
    @property
    def label(self) -> str: ...
    @property
    def metrics(self) -> Mapping[str, float]: ...
    @property
    def slices(self) -> Sequence[Slice]: ...
    @property
    def score(self) -> str: ...
    @property
    def importance(self) -> Importance | None: ...
    @property
    def calibration(self) -> Calibration | None: ...
    @property
    def confusion(self) -> Confusion | None: ...
    @property
    def roc(self) -> Curve | None: ...
    @property
    def precision_recall(self) -> Curve | None: ...
    @property
    def errors(self) -> Errors | None: ...
    def worst(self, n: int = 15) -> list[Slice]:
        """Return the worst slices."""
        ...


def page(report: Shown) -> str:
    """Return the page of a report."""
    steps = f", after {report.metrics['global_step']:,.0f} steps" if "global_step" in report.metrics else ""
    head = f"<h1>{escape(report.title)}</h1><div class='soft'>{escape(report.label)} of {report.rows:,} rows{steps}</div>"
    pictures = [
        *_curves(report),
        *([] if report.calibration is None else [_calibration(report.calibration, report.roc is None)]),
        *([] if report.confusion is None else [_confusion(report.confusion)]),
        *([] if report.errors is None else _errors(report.errors)),
        *([] if report.importance is None else [_importance(report.importance)]),
    ]
    body = f"{head}{_tiles(report.metrics)}<div class='pictures'>{''.join(pictures)}</div>{_worst(report)}{_fields(report)}"
    return document(report.title, body, _STYLE)


def _card(title: str, said: str, content: str) -> str:
    return f"<section class='card'><h2>{escape(title)}</h2><div class='soft'>{escape(said)}</div>{content}</section>"


def _tiles(metrics: Mapping[str, float]) -> str:
    """Return the metrics of all rows as tiles; those of single classes as a table."""
    metrics = {name: value for name, value in metrics.items() if name != "global_step"}
    plain = {name: value for name, value in metrics.items() if "/" not in name or name in _MEANS}
    tiles = "".join(f"<div><b>{_number(value)}</b><span>{escape(name)}</span></div>" for name, value in plain.items())
    parts = [_split(name) for name in metrics if name not in plain]
    classes = list(dict.fromkeys(k for _, k in parts))
    if not classes:
        return f"<div class='tiles'>{tiles}</div>"
    names = list(dict.fromkeys(name for name, _ in parts))
    rows = [[escape(k), *(_number(metrics.get(f"{name}/{k}", math.nan)) for name in names)] for k in classes]
    return f"<div class='tiles'>{tiles}</div><div class='card'><h2>Classes</h2>{_table(['class', *names], rows)}</div>"


def _split(metric: str) -> tuple[str, str]:
    """Return the name of a metric and its class, of which either may hold a slash: recall/yes, label/mean/yes."""
    for name in _MEANS:
        if metric.startswith(f"{name}/"):
            return name, metric[len(name) + 1 :]
    name, _, k = metric.partition("/")
    return name, k


def _curves(report: Shown) -> list[str]:
    found = []
    if report.roc is not None:
        chart = Chart((0, 1), (0, 1), ("false positive rate", "true positive rate"))
        chart.line([(0, 0), (1, 1)], "var(--before)", dashed=True).line(_points(report.roc), "var(--now)")
        said = f"area {_number(report.metrics.get('auc', math.nan))}; the dashed line is chance"
        found.append(_card("ROC curve", said, chart.svg()))
    if report.precision_recall is not None:
        base = report.metrics.get("label/mean", 0.0)
        chart = Chart((0, 1), (0, 1), ("recall", "precision"))
        chart.line([(0, base), (1, base)], "var(--before)", dashed=True).line(_points(report.precision_recall), "var(--now)")
        area = _number(report.metrics.get("auc_precision_recall", math.nan))
        found.append(_card("Precision and recall", f"average precision {area}; the dashed line is chance", chart.svg()))
    return found


def _points(curve: Curve) -> list[tuple[float, float]]:
    return list(zip(curve.x.tolist(), curve.y.tolist(), strict=True))


def _calibration(found: Calibration, of_largest: bool) -> str:
    """Return the card of a calibration: what happened by what was predicted, above how often it was predicted."""
    what = ("largest probability", "share that is right") if of_largest else ("predicted probability", "share that is positive")
    share = found.weight / max(found.weight.sum(), 1e-300)
    dots = zip(found.predicted.tolist(), found.observed.tolist(), (3 + 14 * np.sqrt(share)).tolist(), strict=True)
    chart = Chart((0, 1), (0, 1), what).line([(0, 0), (1, 1)], "var(--before)", dashed=True)
    chart.line(zip(found.predicted.tolist(), found.observed.tolist(), strict=True), "var(--now)").dots(dots, "var(--now)", 0.5)
    said = f"error {_number(found.error)}, Brier score {_number(found.brier)}; the area of a dot is its share of the rows"
    return _card("Calibration", said, chart.svg())


def _confusion(found: Confusion) -> str:
    """Return the card of a confusion matrix; of many classes those with the most rows."""
    names, weight = corner_of(found, _CLASSES)
    totals = found.weight.sum(axis=1)
    most = max(float(weight.max(initial=0.0)), 1e-300)
    shown = [found.classes.index(name) for name in names]
    rows = []
    for i, name in enumerate(names):
        cells = []
        for j, value in enumerate(weight[i].tolist()):
            share = value / totals[shown[i]] if totals[shown[i]] else 0.0
            kind = "empty" if not value else "hit" if i == j else "miss"
            shade = f"color-mix(in srgb, var(--{'good' if i == j else 'bad'}) {round(22 * value / most)}%, transparent)"
            cells.append(
                f"<td class='{kind}' style='background: {shade}'>{_number(value)}<br><small>{percent(share)}</small></td>"
            )
        rows.append(f"<tr><td>{escape(name)}</td>{''.join(cells)}</tr>")
    header = "".join(f"<th>{escape(name)}</th>" for name in ("label", *names))
    left = len(found.classes) - len(names)
    said = "rows by label, columns by predicted class; in percent of the label" + (f"; {left} more classes" if left else "")
    return _card("Confusion", said, f"<div class='matrix'><table><tr>{header}</tr>{''.join(rows)}</table></div>")


def _errors(found: Errors) -> list[str]:
    """Return the cards of a regressor: predicted against true, residuals, and labels by predictions."""
    y, p = found.labels.reshape(-1), found.predictions.reshape(-1)
    if not len(y):
        return []
    of = "all rows" if len(found.labels) == found.rows else f"{len(found.labels):,} of {found.rows:,} rows"
    low, high = _range(np.concatenate([y, p]))
    few = slice(None, None, max(1, -(-len(y) // _DOTS)))
    inside = (np.minimum(y[few], p[few]) >= low) & (np.maximum(y[few], p[few]) <= high)
    dots = [(b, a, 2.0) for a, b in zip(y[few][inside].tolist(), p[few][inside].tolist(), strict=True)]
    scatter = Chart((low, high), (low, high), ("predicted", "true")).dots(dots, "var(--now)", 0.35)
    scatter.line([(low, low), (high, high)], "var(--before)", dashed=True).line(_steps(p, y, low, high), "var(--bad)")
    said = f"{of}, {len(dots):,} of them drawn; the line is the mean label of a twentieth of the rows each"
    miss = y - p
    left, right = _range(miss)
    counts, edges = np.histogram(miss.clip(left, right), bins=_BARS, range=(left, right))
    bars = zip(edges[:-1].tolist(), edges[1:].tolist(), (counts / len(miss)).tolist(), strict=True)
    histogram = Chart((left, right), (0, float(counts.max()) / len(miss) * 1.05), ("true minus predicted", "share of rows"))
    histogram.bars(bars, "var(--now)").line([(0, 0), (0, float(counts.max()) / len(miss))], "var(--ink)", dashed=True)
    middle, tail = np.quantile(miss, 0.5), np.quantile(np.abs(miss), 0.95)
    about = f"{of}; median {_number(float(middle))}; 95 % are off by at most {_number(float(tail))}"
    return [_card("Predicted and true", said, scatter.svg()), _card("Residuals", about, histogram.svg())]


def _range(values: Array) -> tuple[float, float]:
    """Return where nearly all values are: a few far away would leave no room for the others."""
    low, first, last, high = np.quantile(values, [0.0, 0.005, 0.995, 1.0]).tolist()
    room = 0.25 * (last - first)
    return max(low, first - room), min(high, last + room)


def _steps(p: Array, y: Array, low: float, high: float) -> list[tuple[float, float]]:
    """Return the mean prediction and the mean label of each twentieth of the rows, in the order of predictions."""
    order = np.argsort(p, kind="stable")
    parts = [part for part in np.array_split(order, 20) if len(part)]
    found = [(float(p[part].mean()), float(y[part].mean())) for part in parts]
    return [(a, min(max(b, low), high)) for a, b in found if low <= a <= high]


def _importance(found: Importance) -> str:
    rows = [(row.field, row.weight, f"{row.weight:+.4g}", False, row.field) for row in found[:_FIELDS]]
    said = f"by how much {found.metric} is worse when a field is shuffled among {found.rows:,} rows"
    return _card("Importance of fields", said, _bars(rows))


def _bars(rows: Iterable[tuple[str, float, str, bool, str]], mark: float | None = None) -> str:
    """Return bars: what it is, its length, the text at its end, whether it is bad, and the text that hovers over it."""
    shown = list(rows)
    most = max([1e-300, *(value for _, value, *_ in shown if math.isfinite(value))])
    lines = []
    for name, value, text, bad, hover in shown:
        line = "" if mark is None else f"<i class='mark' style='left: {100 * min(mark / most, 1):.1f}%'></i>"
        bar = f"<em{' class=worse' if bad else ''} style='width: {100 * max(value, 0) / most:.1f}%'></em>"
        said = f"<span>{escape(text)}</span>"
        lines.append(f"<div title='{escape(hover)}'>{escape(name)}</div><div class='track'>{bar}{line}</div>{said}")
    return f"<div class='bars'>{''.join(lines)}</div>"


def _worst(report: Shown) -> str:
    found = report.worst()
    said = "the loss is above that of all rows by more than twice its standard error"
    if not found:
        return f"<section class='card'><h2>Worst slices</h2><div class='soft'>none: no slice where {said}</div></section>"
    classes = math.isnan(found[0].label)
    names = [
        "slice",
        "rows",
        "loss",
        "above all",
        "± error",
        report.score,
        *([] if classes else ["label mean", "predicted mean"]),
    ]
    rows = []
    for one in found:
        numbers = [one.loss, one.excess, one.noise, one.score, *([] if classes else [one.label, one.prediction])]
        rows.append([escape(one.meaning), f"{one.rows:,}", *map(_number, numbers)])
    return f"<section class='card'><h2>Worst slices</h2><div class='soft'>{said}</div>{_table(names, rows)}</section>"


def _fields(report: Shown) -> str:
    """Return a card for each field: the mean loss of each of its slices, those that are worse than chance in another colour."""
    by_field: dict[str, list[Slice]] = {}
    for one in report.slices:
        by_field.setdefault(one.field, []).append(one)
    cards = []
    loss = report.metrics.get("average_loss", math.nan)
    for key, slices in list(by_field.items())[:_FIELDS]:
        rows = []
        for one in slices:
            worse = one.excess > 2 * one.noise and one.excess > 0
            hover = f"{one}; {report.score} {_number(one.score)}"
            rows.append((one.meaning, one.loss, f"{_number(one.loss)} · {one.rows:,}", worse, hover))
        cards.append(_card(key, "mean loss and rows of each slice; the line is the mean of all rows", _bars(rows, loss)))
    return f"<div class='pictures'>{''.join(cards)}</div>" if cards else ""


def _table(names: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; its entries are HTML, its names text."""
    body = "".join(f"<tr>{''.join(f'<td>{entry}</td>' for entry in row)}</tr>" for row in rows)
    return f"<table><tr>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>{body}</table>"


def _number(value: float) -> str:
    """Return a number for people."""
    if math.isnan(value):
        return "–"
    if value == int(value) and abs(value) < 1e15:
        return f"{int(value):,}"
    return f"{value:,.1f}" if abs(value) >= 1e4 else f"{value:.4g}"
