"""The shipped sample is what its docstring says, checked against facts of the full data set."""

import datetime

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from featurecols import datasets


def test_flights_is_a_table_of_sixty_thousand_rows() -> None:
    table = datasets.flights()
    assert isinstance(table, pa.Table)
    assert (table.num_rows, table.num_columns) == (60_000, 31)
    assert pa.types.is_dictionary(table.schema.field("tailnum").type)
    assert table["arr_delay"].null_count == table["late"].null_count == 1690


def test_only_the_named_columns_are_read_in_their_order() -> None:
    assert datasets.flights(["dest", "carrier"]).column_names == ["dest", "carrier"]


def test_every_column_is_described() -> None:
    text = datasets.flights.__doc__ or ""
    assert [name for name in datasets.flights().column_names if f"`{name}`" not in text] == []


def test_facts_of_new_york_in_2013() -> None:
    table = datasets.flights()
    assert sorted(table["origin"].unique().to_pylist()) == ["EWR", "JFK", "LGA"]
    assert len(table["carrier"].unique()) == 16
    assert pc.min_max(table["distance"]).as_py() == {"min": 80, "max": 4983}  # Philadelphia, Honolulu
    first = table.slice(0, 1).to_pylist()[0]
    assert (first["month"], first["day"], first["weekday"]) == (1, 1, 1)  # a Tuesday


def test_late_weekday_and_time_agree_with_what_they_come_from() -> None:
    names = ["late", "arr_delay", "weekday", "month", "day", "hour", "time_hour"]
    for row in datasets.flights(names).slice(0, 2000).to_pylist():
        assert row["late"] == (None if row["arr_delay"] is None else int(row["arr_delay"] >= 15))
        day = datetime.date(2013, row["month"], row["day"])
        assert row["weekday"] == day.weekday()
        assert row["time_hour"].hour == (row["hour"] + 5) % 24  # New York is five hours behind in January


def test_history_is_of_earlier_days_and_its_lists_pair_up() -> None:
    table = datasets.flights(["earlier_dests", "earlier_delays", "day", "month"])
    lengths = pc.list_value_length(table["earlier_dests"])
    assert lengths.equals(pc.list_value_length(table["earlier_delays"]))
    assert pc.max(lengths).as_py() == 5
    new_year = table.filter(pc.and_(pc.equal(table["month"], 1), pc.equal(table["day"], 1)))
    assert new_year.num_rows > 100
    assert all(v == [] for v in new_year["earlier_dests"].to_pylist())


def test_the_file_is_small_and_has_row_groups() -> None:
    file = pq.ParquetFile(datasets.flights_path())
    assert file.num_row_groups == 3
    assert datasets.flights_path().stat().st_size < 2_000_000
