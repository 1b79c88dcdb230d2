"""An optimizer from outside the package. Workers of calls with `processes` import its module, so nothing else is in it."""

from __future__ import annotations

from featurecols.models.optimization import optimizers


class Slow(optimizers.SGD):
    """An optimizer of a user."""

    def halve(self) -> Slow:
        """Return one of half the rate."""
        return self.replace(learning_rate=0.5)
