"""Models for the commands that read one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from featurecols.models.estimators.base import Estimator
    from featurecols.models.sequential import Sequential


def load_model(folder: Path, threads: int | None = None) -> Estimator | Sequential:
    """Load the model that train, or export, wrote, with as many threads where that is said."""
    from featurecols.models.estimators.loading import load

    model: Estimator | Sequential = load(folder)
    if threads is not None and hasattr(model, "config"):
        model.config = model.config.replace(threads=threads)
    return model
