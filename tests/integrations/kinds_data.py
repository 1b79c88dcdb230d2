"""The rows of the table of kinds: every kind of column, over flights, people of a made-up census, and hostile rows."""

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import pyarrow as pa

import featurecols as fc
from featurecols.columns.base import Column
from tests.integrations.hostile_rows import hostile_rows

NAN, ROWS = float("nan"), 240
PAIRS, WORDS = pa.list_(pa.float64()), pa.list_(pa.string())


@dataclass(frozen=True)
class Data:
    """Rows whose fields are named by what they hold.

    text, number, whole (integers), "whole number" (from 0), flag, time (instants), weight (never missing), words (lists),
    pair (two numbers).
    terms: some texts.
    """

    table: pa.Table
    terms: tuple[str, ...]

    def columns(self) -> dict[str, Column]:
        """Return a column of each kind, dense, by its name in the table."""
        terms, small = list(self.terms), fc.Identity("whole", 6, out_of_range="drop")
        weighted = fc.Weighted(fc.Vocabulary("text", terms), "weight")
        found: dict[str, Column] = {
            "`Numeric`": fc.Numeric("number", default=NAN, normalizer=[fc.Clip(-9, 9), fc.ZScore(), fc.MinMax()]),
            "`Numeric(normalizer=Robust())`": fc.Numeric("whole number", default=0, normalizer=fc.Robust()),
            "`Numeric(normalizer=SignedLog1p())`": fc.Numeric("whole number", default=0, normalizer=fc.SignedLog1p()),
            "`Numeric(normalizer=Power())`": fc.Numeric("whole number", default=0, normalizer=fc.Power()),
            "`Numeric(normalizer=RankGauss())`": fc.Numeric("whole number", default=0, normalizer=fc.RankGauss(9)),
            "`Numeric(normalizer=Log1p())`": fc.Numeric("whole number", default=0, normalizer=fc.Log1p()),
            '`Numeric(dtype="float32")`': fc.Numeric("number", default=NAN, dtype="float32"),
            "`Numeric(shape=...)`": fc.Numeric("pair", shape=2),
            "`Bucketized`": fc.Bucketized("number", [-1, 0, 0.1], missing_bucket=4),
            "`Bucketized` of `EqualWidth`": fc.Bucketized("whole number", fc.EqualWidth(5)),
            "`Piecewise`": fc.Piecewise("number", [-1, 0, 0.1, 7]),
            "`Embedding` of a `Piecewise`": fc.Embedding(fc.Piecewise("number", [-1, 0, 0.1, 7]), 3),
            "`Ratio`": fc.Ratio("number", "whole", default=NAN),
            "`Difference`": fc.Difference("number", "whole", default=NAN),
            "`Product`": fc.Product("number", "whole", default=NAN),
            "`Identity`": small,
            "`Vocabulary`": fc.Vocabulary("text", terms, unseen=1),
            "`Vocabulary(num_oov_buckets=...)`": fc.Vocabulary("text", terms[:1], num_oov_buckets=3),
            "`Hashed`": fc.Hashed("text", 50),
            '`Hashed(hash="farmhash64")`': fc.Hashed("text", 50, hash="farmhash64"),
            "`Crossed`": fc.Crossed(["text", fc.Bucketized("number", [0, 1])], 50),
            '`Crossed(hash="farmhash64")`': fc.Crossed(["text", "flag"], 50, hash="farmhash64"),
            "`DatePart`": fc.DatePart("time", "weekday", timezone="Europe/Paris"),
            "`Elapsed`": fc.Elapsed("time", fc.Timestamp("2013-01-01T00:00Z"), default=0),
            "`Cyclic`": fc.Cyclic("number", 24, default=math.nan),  # without a default, infinite numbers are refused
            "`Cyclic` of a `DatePart`": fc.Cyclic(fc.DatePart("time", "hour", timezone="UTC"), 24, default=0),
            "`Missing`": fc.Missing("number"),
            "`TargetMean`": fc.TargetMean("text", "flag", fold_by="whole"),
            "`Count`": fc.Count("text"),
            "`Vocabulary(missing_bucket=...)`": fc.Vocabulary("text", terms, missing_bucket=len(terms)),
            "any kind over `Split`": fc.Hashed(fc.Split("text", "-"), 20),
            "any kind over `Words`": fc.Hashed(fc.Words("text"), 20),
            "any kind over `NGrams`": fc.Hashed(fc.NGrams("text", (1, 2), characters=True), 20),
            "any kind over `Prefix`": fc.Hashed(fc.Prefix("text", 2), 20),
            "any kind over `Field(strip=True, ...)`": fc.Hashed(fc.Field("text", strip=True, lowercase=True), 20),
            "`Weighted`": weighted,
            "`Tfidf`": fc.Tfidf(fc.Hashed(fc.Words("text"), 20)),
            "`Indicator`": fc.Indicator(fc.Vocabulary("flag", [True, False])),
            "`Embedding`": fc.Embedding(small, 3),
            "`Embedding` of weighted ids": fc.Embedding(weighted, 3, combiner="sqrtn"),
            "`Sequence`": fc.Sequence(fc.Indicator(fc.Vocabulary("words", terms)), 2),
            "any kind over lists": fc.Hashed("words", 20),
            "`Embedding` of lists": fc.Embedding(fc.Hashed("words", 20), 3),
        }
        return {name: fc.Indicator(column) if column.categorical else column for name, column in found.items()}


def flights() -> Data:
    """Rows of the flights that come with the package."""
    rows = fc.datasets.flights().slice(20_000, ROWS)
    names = {
        "text": "dest",
        "number": "temp",
        "whole": "weekday",
        "whole number": "distance",
        "words": "earlier_dests",
        "time": "time_hour",
    }
    found = {name: rows[key] for name, key in names.items()} | {"flag": rows["late"].cast(pa.bool_())}
    pairs = [
        [float(hour), float(minute)] for hour, minute in zip(*(rows[k].to_pylist() for k in ("hour", "minute")), strict=True)
    ]
    weight = rows["wind_speed"].fill_null(0.5)
    return Data(pa.table(found | {"weight": weight, "pair": pa.array(pairs, PAIRS)}), ("ATL", "ORD", "MIA"))


def people() -> Data:
    """Rows as a census has them."""
    random = np.random.default_rng(7)
    jobs = ("Sales", "Tech-support", "Craft-repair", "Adm-clerical", "?")

    def some(values: list[object], kind: pa.DataType, missing: float = 0.05) -> pa.Array:
        return pa.array([None if gone else v for gone, v in zip(random.random(ROWS) < missing, values, strict=True)], kind)

    gain = np.where(random.random(ROWS) < 0.8, 0.0, np.round(random.lognormal(8, 1, ROWS)))
    words = [random.choice(jobs, k).tolist() for k in random.integers(0, 4, ROWS)]
    table = {
        "text": some(random.choice(jobs, ROWS).tolist(), pa.string()),
        "number": some((gain / 1000).tolist(), pa.float64()),
        "whole": some(random.integers(1, 17, ROWS).tolist(), pa.int8()),
        "whole number": some(random.integers(17, 91, ROWS).tolist(), pa.int32()),
        "flag": some((random.random(ROWS) < 0.67).tolist(), pa.bool_()),
        "weight": pa.array(np.round(random.lognormal(12, 0.5, ROWS)) / 1e5),
        "words": some(words, WORDS),
        "pair": pa.array(random.normal(40, 12, (ROWS, 2)).round(1).tolist(), PAIRS),
        "time": some((random.integers(-(2**31), 2**31, ROWS) * 1000).tolist(), pa.timestamp("ms", "UTC")),
    }
    return Data(pa.table(table), ("Sales", "Craft-repair"))


def hostile() -> Data:
    """Rows that somebody wrote to break things, lists among them."""
    words = pa.array([["a", "c"], [], None, ["b", "", "🎉"]] * (ROWS // 4), WORDS)
    whole = pa.array([0, 1, 10**6, None] * (ROWS // 4), pa.int64())
    table = hostile_rows(ROWS).append_column("words", words).append_column("whole number", whole)
    times = pa.array([-62135596800, 253402300799, 1711846800, None] * (ROWS // 4), pa.timestamp("s", "UTC"))
    table = table.append_column("time", times)
    return Data(table.append_column("pair", pa.array([[1.0, -0.0], [2.0, 5e-324]] * (ROWS // 2), PAIRS)), ("a", "", "🎉"))


@cache
def every() -> dict[str, Data]:
    return {"flights": flights(), "people": people(), "hostile": hostile()}
