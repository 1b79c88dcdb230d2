"""The tables of models with default arguments, and what of their aim is reached: a part of docs/models.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

Results = Sequence[dict[str, Any]]
LINEAR, DNN, SUGGESTED = "featurecols linear", "featurecols dnn", "suggested dnn"
TIMED = (LINEAR, DNN, "featurecols wide & deep", SUGGESTED, "MLP", "MLP, scaled", "LightGBM", "CatBoost")
SCORES = (("numbers", "RMSE", "rmse"), ("classes", "AUC", "auc"), ("classes", "log loss", "log loss"))
RIVALS = "Ridge or LogisticRegression"
AIMS = {  # the model, the one beside it, and how much behind it may be in RMSE or AUC: a share of it, or a difference
    "linear model": (LINEAR, RIVALS, 0.02, 0.02, False),
    "dnn and linear model": (DNN, LINEAR, 0.03, 0.03, False),
    "dnn and LightGBM": (DNN, "LightGBM", 0.10, 0.01, True),
    "suggested dnn and LightGBM": (SUGGESTED, "LightGBM", 0.02, 0.02, False),
    "suggested dnn and linear rivals": (SUGGESTED, RIVALS, 0.0, 0.0, False),
}


def tables(results: Results) -> list[tuple[str, list[str], list[list[str]]]]:
    """Return (title, head, rows) of the tables: scores, times of training, and the aims; a row for each model."""
    found = []
    for kind, title, score in SCORES:
        part = [result for result in results if result["notes"]["regression"] == (kind == "numbers")]
        if part:
            models = dict.fromkeys(model for r in part for model in r["scores"])
            rows = [[model, *(_spread(r["scores"].get(model, {}).get(score, [])) for r in part)] for model in models]
            found.append((f"Default arguments, {kind}: {title}", ["model", *map(_named, part)], rows))
    for kind in ("numbers", "classes"):
        part = [result for result in results if result["notes"]["regression"] == (kind == "numbers")]
        timed = [name for name in TIMED if all(name in r["seconds"] for r in part)]
        rows = [[name, *(f"{statistics.median(r['seconds'][name]):.2f} s" for r in part)] for name in timed]
        found.append((f"Default arguments, {kind}: time of training", ["model", *map(_named, part)], rows))
    found.append(
        ("Default arguments: aims", ["model", "data set", "score", "beside", "difference", "aim", "reached"], aims(results))
    )
    return found


def _named(result: dict[str, Any]) -> str:
    return f"{result['claim']} ({result['rows']:,} rows)"


def aims(results: Results) -> list[list[str]]:
    """Return a row for each aim and data set: the means of both scores, how far ours is behind, and whether that will do."""
    rows = []
    for aim, (model, beside, share, auc_share, absolute) in AIMS.items():
        for result in (result for result in results if model in result["scores"]):
            regression = result["notes"]["regression"]
            score = "rmse" if regression else "auc"
            found, bar = _mean(result, model, score), _bar(result, beside, score)
            behind = found / bar - 1 if regression else bar - found if absolute else 1 - found / bar
            may = share if regression else auc_share
            shown, limit = (f"{x:+z.4f}" if absolute and not regression else f"{x:+z.1%}" for x in (behind, may))
            reached = "yes" if behind <= may else "no"
            rows.append([aim, result["claim"], _number(found), _number(bar), shown, limit, reached])
    return rows


def _bar(result: dict[str, Any], beside: str, score: str) -> float:
    """Return the mean score to be compared with: the better one of a linear rival with and without a scaler."""
    if beside in result["scores"]:
        return _mean(result, beside, score)
    linear = [name for name in result["scores"] if name.startswith(("Ridge", "LogisticRegression"))]
    return (min if score == "rmse" else max)(_mean(result, name, score) for name in linear)


def _mean(result: dict[str, Any], model: str, score: str) -> float:
    return statistics.mean(result["scores"][model][score])


def _spread(runs: Sequence[float]) -> str:
    """Return mean and deviation, with as many decimals as the mean needs; nothing of no runs."""
    if not runs:
        return ""
    mean = statistics.mean(runs)
    return f"{_number(mean)} ± {_number(statistics.stdev(runs) if len(runs) > 1 else 0.0, mean)}"


def _number(value: float, like: float | None = None) -> str:
    """Return a score with about four digits; `like`: with as many decimals as that one."""
    size = abs(value if like is None else like)
    return f"{value:,.{0 if size >= 1000 else 1 if size >= 10 else 3 if size > 1 else 4}f}"
