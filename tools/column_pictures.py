"""Draw docs/pictures/columns.png, numbers.png and categories.png: what plan.plot shows. Run: python tools/column_pictures.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

import featurecols as fc

ROW = ("time_hour", "carrier", "flight")  # what makes a flight one of a kind
PICTURES = {
    "columns": ("dep_delay_bucketized", "distance_piecewise", "tailnum", "dest", "carrier_mean_late", "tailnum_count"),
    "numbers": ("dep_delay_bucketized", "distance_piecewise"),
    "categories": ("tailnum", "dest", "dest_mean_late"),
}


def main() -> None:
    """Draw columns of the flights side by side."""
    data = fc.datasets.flights()
    columns = [
        fc.Indicator(fc.Bucketized("dep_delay", fc.Quantiles(10))),
        fc.Piecewise("distance", fc.Quantiles(5)),
        fc.Vocabulary("tailnum", fc.TopTerms(500)),
        fc.Hashed("dest", 256),
        fc.TargetMean("carrier", "late", fold_by=ROW),
        fc.TargetMean("dest", "late", fold_by=ROW),
        fc.Count("tailnum"),
    ]
    plan = fc.fit(columns, data, statistics=True)
    for picture, names in PICTURES.items():
        across = 2 if len(names) > 3 else len(names)
        down = len(names) // across
        size = (5.5 * across if across < 3 else 13.5, 3.3 * down)
        axes = plt.subplots(down, across, figsize=size, layout="constrained")[1].ravel()
        for ax, name in zip(axes, names, strict=True):
            plan.plot(name, ax=ax)
            ax.set_title(f'plan.plot("{name}")')
        plt.savefig(Path(__file__).parents[1] / "docs" / "pictures" / f"{picture}.png", dpi=100 if down > 1 else 80)
        print(f"wrote docs/pictures/{picture}.png")


if __name__ == "__main__":
    main()
