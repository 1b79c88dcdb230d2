"""Types that the signatures of several modules of the models share."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import Any, Protocol

from numpy.typing import ArrayLike

from featurecols.data.batch import Batch
from featurecols.data.sources import Source


class ArrowStream(Protocol):
    """A table that hands its rows over as an Arrow stream: of pyarrow, pandas, Polars, DuckDB and others."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


# Rows in any form: tables, dicts of fields, rows, paths, iterables of tables or of pairs (features, labels), sources, and
# functions that give any of these.
Data = ArrowStream | Mapping[str, Any] | Iterable[Any] | PathLike[str] | Source | Batch | Callable[..., Any]

# The name of the field that holds labels, the names of several, or the labels themselves.
Label = ArrayLike
