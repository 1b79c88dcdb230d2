"""Estimators with a linear part whose learning rate follows from when it is best."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from featurecols.models.component import component_from_json
from featurecols.models.estimators.canned import Canned
from featurecols.models.input.pipeline import Pipeline
from featurecols.models.objective.heads import Head
from featurecols.models.optimization.optimizers import Ftrl
from featurecols.models.training import automatic
from featurecols.models.training.all_rows import FoundPasses
from featurecols.models.training.automatic import Choice


class HalvedFtrl(Canned):
    """An estimator whose linear part has FTRL, by its name.

    Where the loss over rows held out is lowest within two passes, the learning rate is too high for so many rows, and a
    pass is too long to say when to stop: it is halved, as long as the loss gets lower. Where that is not far below
    the loss of predicting the mean of the labels, as with more features than rows, all lower rates are tried. A step over
    many numbers that say much the same goes too far, all weights moving at once: the rate is then quartered, likewise.
    """

    _ftrl_argument = "optimizer"

    @property
    @abstractmethod
    def _ftrl(self) -> Ftrl | None:
        """The optimizer of the linear part, where it was given as "Ftrl"."""

    @_ftrl.setter
    def _ftrl(self, optimizer: Ftrl) -> None: ...

    def _search(self, pipeline: Pipeline, choice: Choice) -> FoundPasses | None:
        if self._ftrl is None:
            return super()._search(pipeline, choice)
        self._ftrl = best = rate = Ftrl()  # also where an earlier search was cut short
        found = super()._search(pipeline, choice)
        numbers = self._linear_numbers()
        full = choice.rows * numbers > automatic.FULL
        wide = numbers >= automatic.WIDE and found is not None and (not full or found.ratio > automatic.POOR)
        while found is not None and (wide or found.found <= automatic.EARLY or found.ratio > automatic.WEAK):
            slower = automatic.halved(rate, wide=wide)
            if slower is None:
                break
            self._ftrl = rate = slower
            other = super()._search(pipeline, choice)
            if other is not None and other.best < found.best:
                found, best = other, rate
            elif other is None or (found.found and found.ratio <= automatic.WEAK):
                break
        self._ftrl = best
        return found

    def _linear_numbers(self) -> int:
        """Return how many numbers of a row the linear part reads."""
        return sum(slot.width for slot in self._require_plan().encoded_slots)

    def _follows_rule(self, name: str, theirs: object) -> bool:
        halved = name == self._ftrl_argument and self._ftrl is not None and automatic.is_halved(theirs)
        return halved or super()._follows_rule(name, theirs)

    def _take_up(self, path: Path, about: Mapping[str, Any], head: Head) -> None:
        super()._take_up(path, about, head)
        theirs = about.get("arguments", {}).get(self._ftrl_argument)
        if self._follows_rule(self._ftrl_argument, theirs) and automatic.is_halved(theirs):
            self._ftrl = component_from_json(theirs, Ftrl, self._ftrl_argument)  # weights of FTRL are proportional to its rate
