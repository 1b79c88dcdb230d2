"""What pictures share: colours, and axes without a frame. matplotlib (the `plot` extra) is imported when one is drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# The colours of Okabe and Ito (2008), which people who confuse red and green can tell apart.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
GREY = "0.65"


def new_axes(size: tuple[float, float], columns: int = 1) -> list[Axes]:
    """Return the axes of a new figure, side by side, in our colours; ImportError without matplotlib."""
    import matplotlib.pyplot as plt

    axes = list(plt.subplots(1, columns, figsize=size, layout="constrained", squeeze=False)[1][0])
    for ax in axes:
        ax.set_prop_cycle(color=COLOURS)
    return axes


def remove_frame(ax: Axes) -> Axes:
    """Leave the axes at the left and below alone."""
    for side in ("top", "right"):
        ax.spines[side].set_visible(False)
    return ax
