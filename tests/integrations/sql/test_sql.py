"""Plans as SQL, run in DuckDB and SQLite against the plan; the texts for BigQuery and Spark are parsed."""

import math

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.columns.date_part import PARTS
from featurecols.integrations.sql import register_functions
from tests.integrations import cases
from tests.integrations.hostile_rows import COLUMNS, CURVES, hostile_rows
from tests.integrations.sql.databases import ORDER, RUN, matrix, parsed

REASONS = (
    *cases.REFUSED,
    "no cross by",
    "has no murmur3",
    "has no farmhash64",
    "has no float32",
    "of type bytes",
    "it has no rows of tables",
    "a name cannot be",
    "times are written for DuckDB alone",
    "its substr ends where a text holds a zero",
    "times have types of their own there",
)


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite", "bigquery", "spark"])
@pytest.mark.parametrize("name", cases.names())
def test_every_kind_gives_what_the_plan_gives(name: str, dialect: str) -> None:
    case = cases.case(name)
    for column in case.columns:
        plan = fc.fit([column], case.data)
        try:
            sql, refused = plan.to_sql(dialect=dialect, keep=[ORDER]), ""  # type: ignore[arg-type]
        except fc.PlanError as error:
            sql, refused = "", str(error)
        if refused:
            assert any(reason in refused for reason in REASONS)
        elif dialect in RUN:
            want = plan.transform(case.data)
            np.testing.assert_array_equal(matrix(RUN[dialect](sql, case.data), plan.width), want)
        else:
            parsed(dialect, sql)


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_hostile_rows_give_equal_ids_and_features(dialect: str) -> None:
    data = hostile_rows()
    if dialect == "sqlite":  # which has no NaN, and no float32
        columns = [c for c in COLUMNS if c.name not in ("log", "rounded")]
    else:
        columns = [*COLUMNS, fc.Hashed("text", 2**40, hash="farmhash64", name="farm")]
    weighted = fc.Weighted(fc.Hashed("text", 31), "weight", name="weighted")
    plan = fc.fit([*columns, weighted], data)
    rows = RUN[dialect](plan.to_sql(dialect=dialect, outputs="ids", keep=ORDER), data)  # type: ignore[arg-type]
    features = plan.encode(data)
    width = features.dense.shape[1]
    np.testing.assert_array_equal(matrix([row[: width + 1] for row in rows], width), features.dense)
    for at, (name, ids) in enumerate(features.ids.items(), start=width + 1):
        np.testing.assert_array_equal(np.array([row[at] for row in rows]), ids.values, err_msg=name)
    weights = np.array([row[-1] for row in rows], np.float64).astype(np.float32)
    np.testing.assert_array_equal(weights, features.ids["weighted"].weights)


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_curves_are_those_of_the_plan(dialect: str) -> None:
    data = hostile_rows(400)
    plan = fc.compile([fc.Numeric("number", default=math.nan, normalizer=c, name=repr(c)) for c in CURVES])
    found = matrix(RUN[dialect](plan.to_sql(dialect=dialect, keep=[ORDER]), data), plan.width)  # type: ignore[arg-type]
    np.testing.assert_array_max_ulp(found, plan.transform(data), maxulp=1)


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_flights(dialect: str) -> None:
    flights = fc.datasets.flights().slice(0, 5_000)
    columns = [
        fc.Numeric("temp", default=fc.Median(), normalizer=fc.ZScore()),
        fc.Numeric("distance", normalizer=[fc.Log1p(), fc.ZScore()]),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(10), num_oov_buckets=2)),
        fc.Indicator(fc.Identity("month", 13)),
        fc.Indicator(fc.Crossed([fc.Bucketized("hour", fc.Quantiles(4)), "carrier"], 50)),
    ]
    plan = fc.fit(columns, flights)
    found = matrix(RUN[dialect](plan.to_sql(dialect=dialect, keep=[ORDER]), flights), plan.width)  # type: ignore[arg-type]
    np.testing.assert_array_max_ulp(found, plan.transform(flights), maxulp=1)


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_names_and_terms_may_be_any(dialect: str) -> None:
    odd = 'a "b"; DROP TABLE data; -- é'
    data = pa.table({odd: ["x'; DROP TABLE data; --", "\\", "ok", None], "c0": [1.0, 2.0, 3.0, 4.0]})
    plan = fc.fit([fc.Indicator(fc.Vocabulary(odd, fc.TopTerms(5))), fc.Numeric("c0")], data)
    rows = RUN[dialect](plan.to_sql(dialect=dialect, keep=[ORDER]), data)  # type: ignore[arg-type]
    np.testing.assert_array_equal(matrix(rows, plan.width), plan.transform(data))


def test_names_and_terms_are_escaped_for_backslashes_and_backticks() -> None:
    plan = fc.compile([fc.Indicator(fc.Vocabulary("a`b\\c", ["it's\n", "\\"]))])
    bigquery, spark = plan.to_sql(dialect="bigquery", table="p.d.t"), plan.to_sql(dialect="spark", table=["d", "t"])
    assert r"t.`a\`b\\c` AS c0" in bigquery
    assert "FROM `p.d.t` AS t" in bigquery
    assert r"'it\'s\u000a'" in bigquery
    assert r"t.`a``b\c` AS c0" in spark
    assert "FROM `d`.`t` AS t" in spark
    assert r"= '\\' THEN 1" in spark


def test_farmhash64_is_farm_fingerprint_of_bigquery() -> None:
    sql = fc.compile([fc.Hashed("city", 1000, hash="farmhash64")]).to_sql(dialect="bigquery", outputs="ids")
    assert (
        "CASE WHEN c1 IS NULL THEN -1 ELSE CAST(MOD(CAST(FARM_FINGERPRINT(c1) AS BIGNUMERIC) + CASE WHEN FARM_FINGERPRINT(c1) "
        "< 0 THEN BIGNUMERIC '18446744073709551616' ELSE BIGNUMERIC '0' END, BIGNUMERIC '1000') AS INT64) END AS c2" in sql
    )


ZONES = ("UTC", "Europe/Paris", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu")


def test_parts_of_times_in_duckdb() -> None:
    random = np.random.default_rng(4)
    near = random.integers(-(2**31), 2**32, 300)  # 1901 to 2106
    far = random.integers(-62_135_596_800 + 86_400, 253_402_300_800 - 86_400, 60)
    seconds = np.concatenate([near, far, [0, -1, 951_782_399, 951_782_400, 1_711_846_799, 1_711_846_800, 1_729_990_800]])
    instants = pa.array([*seconds.tolist(), None]).cast(pa.timestamp("s")).cast(pa.timestamp("us"))
    nanoseconds = pa.array([*(near * 10**9).tolist(), *[-1] * 67, None]).cast(pa.timestamp("ns", "UTC"))
    data = pa.table(
        {
            "at": instants.cast(pa.timestamp("us", "UTC")),
            "nanoseconds": nanoseconds,
            "local": instants,
            "day": instants.cast(pa.date32()),
            "clock": pa.array([*(seconds % 86_400).tolist(), None]).cast(pa.time64("us")),
        }
    )
    years: dict = {"years": (1, 9999)}
    columns = [
        *(
            fc.DatePart("at", part, timezone=zone, name=f"{part} {zone}")
            for zone in ZONES
            for part in ("hour", "minute", "day")
        ),
        *(fc.DatePart("at", p, timezone=ZONES[1], **(years if p == "year" else {}), name=f"at {p}") for p in PARTS),
        *(fc.DatePart(k, p, **(years if p == "year" else {}), name=f"{k} {p}") for k in ("local", "day") for p in PARTS),
        *(fc.DatePart("clock", part) for part in ("hour", "minute")),
        fc.DatePart("nanoseconds", "hour", timezone="UTC"),
        fc.DatePart("local", "year", years=(1990, 1999)),
    ]
    plan = fc.fit(columns, data)
    rows = RUN["duckdb"](plan.to_sql(outputs="ids", keep=ORDER), data)
    for at, (name, ids) in enumerate(plan.encode(data).ids.items(), start=1):
        np.testing.assert_array_equal([row[at] for row in rows], ids.values, err_msg=name)


def test_times_that_a_part_does_not_take_have_no_id() -> None:
    plan = fc.compile([fc.DatePart("at", "hour", timezone="UTC"), fc.DatePart("at", "month", name="local")])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE data AS SELECT TIMESTAMP '2024-03-01 05:00:00' AS at")
        assert connection.execute(plan.to_sql(outputs="ids")).fetchall() == [(-1, 2)]
        connection.execute("CREATE OR REPLACE TABLE data AS SELECT TIMESTAMPTZ '2024-03-01 05:00:00Z' AS at")
        assert connection.execute(plan.to_sql(outputs="ids")).fetchall() == [(5, -1)]


def test_beginnings_of_texts_in_duckdb() -> None:
    data = hostile_rows(600)
    columns = [fc.Hashed(fc.Prefix("text", n, missing=("?", "5")), 1000, name=f"of {n}") for n in (1, 2, 60)]
    plan = fc.fit([*columns, fc.Vocabulary(fc.Prefix("whole", 2), fc.TopTerms(9)), fc.Count(fc.Prefix("float ids", 1))], data)
    rows, features = RUN["duckdb"](plan.to_sql(outputs="ids", keep=ORDER), data), plan.encode(data)
    np.testing.assert_array_equal(matrix([row[:2] for row in rows], 1), features.dense)
    for at, (name, ids) in enumerate(features.ids.items(), start=2):
        np.testing.assert_array_equal([row[at] for row in rows], ids.values, err_msg=name)


def test_nan_is_missing_in_a_field_of_unknown_type() -> None:
    plan = fc.compile([fc.Numeric("x", default=7), fc.Missing("x"), fc.Missing(fc.Field("t", missing="?"))])
    with duckdb.connect() as connection:
        connection.execute("CREATE TABLE data AS SELECT * FROM (VALUES ('NaN'::DOUBLE, 'nan'), (5, '?'), (NULL, NULL)) v(x, t)")
        assert connection.execute(plan.to_sql()).fetchall() == [(7, 1, 0), (5, 0, 1), (7, 1, 1)]


def test_a_schema_and_a_view() -> None:
    plan = fc.compile([fc.Numeric("x", default=1)])
    with duckdb.connect() as connection:
        connection.execute("CREATE SCHEMA s; CREATE TABLE s.t AS SELECT * FROM (VALUES (1, 'NaN'::DOUBLE), (2, 5)) v(id, x)")
        connection.execute(f"CREATE VIEW features AS {plan.to_sql(table=('s', 't'), keep=['id'])}")
        assert connection.execute("SELECT id, x FROM features ORDER BY id").fetchall() == [(1, 1.0), (2, 5.0)]


@pytest.mark.parametrize(
    ("columns", "dialect", "says"),
    [
        (
            [fc.Indicator(fc.Hashed("a", 3))],
            "spark",
            "a_indicator: Indicator cannot be written as SQL of spark, it has no murmur3",
        ),
        (
            [fc.Embedding(fc.Hashed("a", 3), 2)],
            "duckdb",
            "a_embedding: Embedding cannot be written as SQL of duckdb, it has no ro",
        ),
        ([fc.Numeric("x", dtype="float32")], "sqlite", "x: Numeric cannot be written as SQL of sqlite, it has no float32"),
        (
            [fc.Numeric(fc.Field("x", list=True), shape=2)],
            "duckdb",
            "field x: a field of lists cannot be written as SQL of duckdb",
        ),
        (
            [fc.Indicator(fc.Identity("i", 3000))],
            "sqlite",
            "plan: a matrix of 3000 features cannot be written as SQL of sqlite, a",
        ),
        ([fc.Numeric("x\0")], "duckdb", "x\\x00: Numeric cannot be written as SQL of duckdb, a name cannot be"),
    ],
)
def test_what_sql_cannot_compute_is_refused_by_name(columns: list[fc.Column], dialect: str, says: str) -> None:
    with pytest.raises(fc.PlanError) as error:
        fc.compile(columns).to_sql(dialect=dialect)  # type: ignore[arg-type]
    assert str(error.value).replace("\0", "\\x00").startswith(says)


def test_wrong_arguments_are_refused() -> None:
    plan = fc.compile([fc.Numeric("x")])
    with pytest.raises(fc.PlanError, match="dialect must be one of duckdb, sqlite, bigquery, spark"):
        plan.to_sql(dialect="oracle")  # type: ignore[arg-type]
    with pytest.raises(fc.PlanError, match='outputs must be "matrix" or "ids"'):
        plan.to_sql(outputs="rows")  # type: ignore[arg-type]
    with pytest.raises(fc.PlanError, match="table: its name cannot be written as SQL of duckdb"):
        plan.to_sql(table="")
    with pytest.raises(fc.PlanError, match="needs a connection of DuckDB or SQLite"):
        register_functions(3)  # type: ignore[type-var]
