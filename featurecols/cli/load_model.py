"""What the commands over models share: loading one, and its metrics as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any


def load(folder: Path, threads: int | None) -> Any:
    """Load the model that train, or export, wrote."""
    from featurecols.models.estimators.loading import load as loaded

    model = loaded(folder)
    if threads is not None and hasattr(model, "config"):
        model.config = model.config.replace(threads=threads)
    return model


def table(found: Mapping[str, float]) -> str:
    """Return metrics as text, one a line.

    >>> print(table({"auc": 0.91, "loss": 0.25}))
    auc   0.91
    loss  0.25
    """
    width = max(map(len, found))
    return "\n".join(f"{name.ljust(width)}  {value:.6g}" for name, value in found.items())


def one(values: list[str]) -> Any:
    """Return a single value as itself and several as a list, as paths and labels are given in Python."""
    return values[0] if len(values) == 1 else values
