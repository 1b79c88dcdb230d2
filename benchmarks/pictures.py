"""Pictures of README and docs/performance.md, drawn from the JSON of the last runs, and of docs/cookbook.md.

python -m benchmarks.pictures          draw all of them into docs/pictures
python -m benchmarks.pictures census   draw one
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from benchmarks.harness import RESULTS
from benchmarks.table import fastest_forms

FOLDER = Path(__file__).parent.parent / "docs" / "pictures"
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#777777"
INK, BRIGHT = "#7a828c", "#2f81f7"  # a grey and a blue that are readable on white and on the black of dark pages
PROGRAMS = {
    "featurecols": "featurecols",
    "Keras 3 FeatureSpace": "Keras 3 FeatureSpace",
    "Polars": "Polars",
    "TensorFlow DenseFeatures": "TensorFlow feature columns",
    "scikit-learn": "scikit-learn ColumnTransformer",
    "Spark ML": "Spark ML",
}


def census(results: list[dict[str, Any]], pyplot: Any) -> Any:
    """Return a bar for each program: rows of the census transformed in a second, in its fastest form.

    The background is transparent, so that one picture serves light and dark pages.
    """
    (result,) = results
    found = {
        name.split(",")[0]: seconds for name, seconds in fastest_forms(result).items() if not name.startswith("featurecols,")
    }
    seconds = {label: found[program] for program, label in PROGRAMS.items() if program in found}
    names = sorted(seconds, key=seconds.__getitem__, reverse=True)
    millions = [result["rows"] / seconds[name] / 1e6 for name in names]
    figure, axes = pyplot.subplots(figsize=(8, 3.1), layout="constrained")
    title = f"{result['claim']}: rows per second, longer is faster"
    figure.suptitle(title, color=INK, fontsize=12.5, x=0.01, ha="left")
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    axes.barh(names, millions, color=[BRIGHT if name == "featurecols" else INK for name in names], height=0.68)
    for place, (name, speed) in enumerate(zip(names, millions, strict=True)):
        slower = "" if name == "featurecols" else f" ({seconds[name] / seconds['featurecols']:.2g} x the time)"
        axes.text(speed + 0.15, place, f"{speed:.1f} million{slower}", color=INK, va="center", fontsize=11)
    axes.tick_params(left=False, labelcolor=INK, labelsize=11)
    axes.get_yticklabels()[names.index("featurecols")].set_color(BRIGHT)
    axes.get_yticklabels()[names.index("featurecols")].set_fontweight("bold")
    axes.set_xticks([])
    axes.set_xlim(0, 1.14 * max(millions))
    axes.spines[:].set_visible(False)
    return figure


def memory(results: list[dict[str, Any]], pyplot: Any) -> Any:
    """Return a plot of memory above rest for each call, while a file many times larger streams through, with the limit."""
    figure, axes = pyplot.subplots(1, len(results), figsize=(4 * len(results), 3), layout="constrained")
    for plot, result in zip(axes, results, strict=True):
        seconds, mib = zip(*result["notes"]["curve"], strict=True)
        flight = result["notes"]["MiB"]["in flight"]
        plot.plot(seconds, mib, color=BLUE, linewidth=1.2)
        plot.axhline(2 * flight, color=ORANGE, linestyle="--", linewidth=1)
        plot.axhline(flight, color=GREY, linestyle=":", linewidth=1)
        top = 1.25 * max(2 * flight, *mib)
        for times, color, name in ((2, ORANGE, "limit: 2 x the blocks in flight"), (1, GREY, "the blocks in flight")):
            above = times == 1 and sorted(mib)[len(mib) // 2] < flight  # on the side of the line where the curve is not
            at = times * flight + (top / 50 if above else -top / 40)
            plot.text(seconds[-1] / 2, at, name, color=color, ha="center", va="bottom" if above else "top", fontsize=8)
        plot.set_ylim(0, top)
        plot.set_title(result["claim"].replace(", as Arrow, in one Parquet file", ""), fontsize=10)
        plot.set_xlabel("seconds")
        plot.spines[["top", "right"]].set_visible(False)
    axes[0].set_ylabel("MiB above rest")
    return figure


def growth(results: list[dict[str, Any]], pyplot: Any) -> Any:
    """Return plots of the time of a row by number of rows, and of transform and compile by number of columns."""
    rows, transforms, compiles = results
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained")
    each = rows["notes"]["ns a row"]
    left.plot([int(n.replace(",", "")) for n in each], each.values(), marker="o", color=BLUE)
    left.set_xscale("log")
    left.set_yscale("log")
    left.set_ylim(10)
    left.set_xlabel("rows, streamed")
    left.set_ylabel("ns a row")
    left.set_title("a row of 3 numbers and 5 ids", fontsize=10)
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


def piecewise(_: list[dict[str, Any]], pyplot: Any) -> Any:
    """Return plots of the features of a Piecewise, and of what networks learn of a number alone and of its Embedding."""
    import numpy as np

    import featurecols as fc

    x = np.linspace(-3, 3, 2_000)
    data, few = {"x": x, "y": np.sin(3 * x)}, fc.Piecewise("x", [-3, -1.5, 0, 1, 3])
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 3), layout="constrained")
    plan = fc.compile([few])
    for i, (feature, name) in enumerate(zip(plan.transform(data).T, plan.feature_names, strict=True)):
        left.plot(
            x, feature, color=(BLUE, ORANGE, GREY, "#009e73")[i], label=name.removeprefix("x_piecewise[").removesuffix("]")
        )
    for boundary in few.boundaries:  # type: ignore[union-attr]
        left.axvline(boundary, color=INK, linewidth=0.5, linestyle=":")
    left.set_title("the features of Piecewise, five boundaries", fontsize=10)
    left.legend(frameon=False, fontsize=8)
    right.plot(x, data["y"], color=GREY, linewidth=3, alpha=0.4, label="what is to be learned")
    columns = {
        "Numeric": fc.Numeric("x", normalizer=fc.ZScore()),
        "Embedding of a Piecewise": fc.Embedding(fc.Piecewise("x", fc.Quantiles(24)), 8),
    }
    for (name, column), color in zip(columns.items(), (ORANGE, BLUE), strict=True):
        model = fc.models.DNNRegressor([column], [32], seed=1).train(data, label="y", epochs=30)
        right.plot(x, np.asarray(model.predict(data)["predictions"]).ravel(), color=color, linewidth=1.2, label=name)
    right.set_title("a network of 32 units, 30 epochs", fontsize=10)
    right.set_ylim(-1.2, 2)
    right.legend(frameon=False, fontsize=8, loc="upper left")
    for plot in (left, right):
        plot.set_xlabel("x")
        plot.spines[["top", "right"]].set_visible(False)
    return figure


DRAWN = {
    "census": (census, "adult", 200),
    "memory": (memory, "memory", 110),
    "growth": (growth, "growth", 110),
    "piecewise": (piecewise, None, 110),
}


def main() -> None:
    from matplotlib import pyplot

    FOLDER.mkdir(exist_ok=True)
    for name in sys.argv[1:] or DRAWN:
        draw, claim, dpi = DRAWN[name]
        results = [] if claim is None else json.loads((RESULTS / f"{claim}.json").read_text())["results"]
        draw(results, pyplot).savefig(FOLDER / f"{name}.png", dpi=dpi)


if __name__ == "__main__":
    main()
