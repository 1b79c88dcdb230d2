"""The table of models on suggested columns beside those by hand: a part of docs/models.md."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from typing import Any

LEAST_AUC, MOST_RMSE = 0.99, 1.03  # of the best model by hand
HEAD = ["data set", "model", "score", "by hand", "suggested", "suggested / by hand"]


def rows(results: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Return a row for each task and model, and one for the best of each side, which says whether the goal is reached."""
    found = []
    for result in results:
        score = "rmse" if result["notes"]["regression"] else "auc"
        means = {name: statistics.mean(scores[score]) for name, scores in result["scores"].items()}
        best = min if score == "rmse" else max
        sides = {side: _of(means, side) for side in ("by hand", "suggested")}
        pairs = {kind: (mean, sides["suggested"][kind]) for kind, mean in sides["by hand"].items()}
        pairs["the best of them"] = best(sides["by hand"].values()), best(sides["suggested"].values())
        for kind, (hand, suggested) in pairs.items():
            ratio = suggested / hand
            reached = ratio <= MOST_RMSE if score == "rmse" else ratio >= LEAST_AUC
            said = "" if kind in sides["by hand"] else " (reached)" if reached else " (not reached)"
            found.append([result["claim"], kind, score.upper(), f"{hand:.4f}", f"{suggested:.4f}", f"{ratio:.3f}{said}"])
    return found


def _of(means: dict[str, float], side: str) -> dict[str, float]:
    """Return the means of one side by kind of model."""
    return {name.removeprefix(f"{side}, "): mean for name, mean in means.items() if name.startswith(side)}
