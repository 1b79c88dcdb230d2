"""Types that the signatures of several modules of the models share."""

from __future__ import annotations

from numpy.typing import ArrayLike

from featurecols.data.sources import Data as Data

# The name of the field that holds labels, the names of several, or the labels themselves.
Label = ArrayLike
