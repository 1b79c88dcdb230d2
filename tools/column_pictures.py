"""Draw docs/pictures/columns.png: what plan.plot shows of the flights. Run: python tools/column_pictures.py"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

import featurecols as fc


def main() -> None:
    """Draw four columns of the flights side by side."""
    data = fc.datasets.flights()
    plan = fc.fit(
        [
            fc.Indicator(fc.Bucketized("dep_delay", fc.Quantiles(10))),
            fc.Piecewise("distance", fc.Quantiles(5)),
            fc.Vocabulary("tailnum", fc.TopTerms(500)),
            fc.Hashed("dest", 256),
        ],
        data,
        statistics=True,
    )
    axes = plt.subplots(2, 2, figsize=(11, 6.6), layout="constrained")[1].ravel()
    for ax, name in zip(axes, ("dep_delay_bucketized", "distance_piecewise", "tailnum", "dest"), strict=True):
        plan.plot(name, ax=ax)
        ax.set_title(f'plan.plot("{name}")')
    plt.savefig(Path(__file__).parents[1] / "docs" / "pictures" / "columns.png", dpi=100)
    print("wrote docs/pictures/columns.png")


if __name__ == "__main__":
    main()
