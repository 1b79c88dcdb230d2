"""Types that the signatures of several modules of the models share."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from featurecols.data.sources import Data as Data

# The name of the field that holds labels, the names of several, or the labels themselves.
Label = ArrayLike

ClassLabels = NDArray[np.bool_ | np.int64 | np.float64 | np.str_]  # classes in the label's own type
Numbers = NDArray[np.float32 | np.float64]  # float64 where float32 would not tell labels apart
