"""Pictures of docs/performance.md, drawn from the JSON of the last runs: python -m benchmarks.pictures"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from benchmarks.harness import RESULTS

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"


def memory(results: list[dict[str, Any]], pyplot: Any) -> Any:
    """Memory above rest while files many times larger go through, beside the limit."""
    figure, axes = pyplot.subplots(1, len(results), figsize=(4 * len(results), 3), layout="constrained")
    for plot, result in zip(axes, results, strict=True):
        seconds, mib = zip(*result["notes"]["curve"], strict=True)
        flight = result["notes"]["MiB"]["in flight"]
        plot.plot(seconds, mib, color=BLUE, linewidth=1.2)
        plot.axhline(2 * flight, color=ORANGE, linestyle="--", linewidth=1)
        plot.axhline(flight, color=GREY, linestyle=":", linewidth=1)
        top = 1.25 * max(2 * flight, *mib)
        for times, color, name in ((2, ORANGE, "2 x the blocks in flight"), (1, GREY, "the blocks in flight")):
            plot.text(seconds[-1] / 2, times * flight - top / 50, name, color=color, ha="center", va="top", fontsize=8)
        plot.set_ylim(0, top)
        plot.set_title(result["claim"].replace(", as Arrow, in one Parquet file", ""), fontsize=10)
        plot.set_xlabel("seconds")
        plot.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("MiB above rest")
    return figure


def growth(results: list[dict[str, Any]], pyplot: Any) -> Any:
    """What a row costs by how many there are, and what a transform and a compilation cost by columns."""
    rows, transforms, compiles = results
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained")
    each = rows["notes"]["ns a row"]
    left.plot([int(n.replace(",", "")) for n in each], each.values(), marker="o", color=BLUE)
    left.set_xscale("log")
    left.set_yscale("log")
    left.set_ylim(10)
    left.set_xlabel("rows, streamed")
    left.set_ylabel("ns a row")
    left.set_title("3 numbers and 5 ids", fontsize=10)
    for result, name, color in ((transforms, "transform of 10,000 rows", BLUE), (compiles, "compile", ORANGE)):
        times = result["notes"]["ms by columns"]
        right.plot([int(n.replace(",", "")) for n in times], times.values(), marker="o", color=color, label=name)
    right.set_xlim(0)
    right.set_ylim(0)
    right.set_xlabel("columns")
    right.set_ylabel("ms")
    right.legend(frameon=False, fontsize=9)
    right.set_title("plans of many columns", fontsize=10)
    for plot in (left, right):
        plot.spines[["top", "right"]].set_visible(False)
    return figure


def main() -> None:
    from matplotlib import pyplot

    FOLDER.mkdir(exist_ok=True)
    for draw in (memory, growth):
        results = json.loads((RESULTS / f"{draw.__name__}.json").read_text())["results"]
        draw(results, pyplot).savefig(FOLDER / f"{draw.__name__}.png", dpi=110)


if __name__ == "__main__":
    main()
