"""Rows of one value a field that somebody wrote to break things."""

import math

import numpy as np
import pyarrow as pa

import featurecols as fc

TEXTS = ["", "\0", "a\0", "é" * 50, "x" * 10_000, "🎉", "a", "b", "05", "5", "?", None, "Łódź", "\u202e", "\n", " a", "É"]
NUMBERS = [0.0, -0.0, 5e-324, -1e300, 1e300, 2.0**53, math.inf, -math.inf, math.nan, None, 0.1, 1.0, 2.0, -999.0, 3.5]
WHOLE = [0, -1, 2**53 + 1, -(2**63), 2**63 - 1, 5, None, 1, 2, -999]


COLUMNS = (
    fc.Numeric("number", default=-7.0, normalizer=fc.Clip(-5, 5)),
    fc.Numeric("number", default=float("nan"), name="let through"),
    fc.Numeric("number", default=float("nan"), dtype="float32", normalizer=[fc.Log1p(), fc.ZScore()], name="log"),
    fc.Numeric("number", default=1.0, normalizer=[fc.Clip(-1e3, 1e3), fc.MinMax()], name="scaled"),
    fc.Numeric("number", default=float("nan"), normalizer=fc.ZScore(mean=3, std=0), name="constant"),
    fc.Numeric("number", default=float("nan"), normalizer=fc.MinMax(min=-1.7e308, max=1.7e308), name="wide"),
    fc.Numeric(fc.Field("number", missing=(-999, 3.5)), default=-4.0, normalizer=fc.Clip(-9, 9), name="marked"),
    fc.Numeric(fc.Field("whole", missing=-999), default=0.0),
    fc.Vocabulary("text", ["a", "", "🎉", "\0", "x" * 10_000], num_oov_buckets=7, seed=2**32 - 1),
    fc.Vocabulary(fc.Field("text", missing=("?", "5")), ["?", "a"], unseen=1, name="unseen is a"),
    fc.Vocabulary("whole", [5, -1, 2**63 - 1], name="numbers"),
    fc.Vocabulary("flag", [True], name="true"),
    fc.Vocabulary("text", fc.TopTerms(5), name="learned"),
    fc.Hashed("text", 1000, seed=3, name="hashed text"),
    fc.Hashed(fc.Field("whole", missing=-999), 97, name="hashed"),
    fc.Hashed("float ids", 97),
    fc.Hashed("flag", 97),
    fc.Identity("whole", 6, out_of_range="drop", name="ids"),
    fc.Identity("whole", 6, out_of_range=2, name="ids or 2"),
    fc.Identity("float ids", 6, out_of_range="keep", name="kept"),
    fc.Bucketized("number", [-1, 0, 0.1, 1e300]),
    fc.Bucketized("number", [-1, 0.1], missing_bucket=3, name="missing"),
    fc.Bucketized(fc.Numeric("number", default=0.5, dtype="float32", normalizer=fc.Clip(-2, 2)), [0.1, 1], name="rounded"),
    fc.Crossed(["text", "whole"], 1000, seed=9, name="cross"),
    fc.Crossed([fc.Bucketized("number", [0, 1], missing_bucket=3), "text", "flag"], 97, keep_unseen=True, name="cross 3"),
    fc.Missing("number"),
    fc.Missing(fc.Field("number", missing=(-999, 3.5)), name="number or a marker is missing"),
    fc.Missing(fc.Field("text", missing=("?", "", b"\0")), name="text is missing"),
    fc.Missing(fc.Field("whole", missing=(-999, 5)), name="integer is missing"),
    fc.Missing("flag"),
    fc.Vocabulary("text", ["a", ""], num_oov_buckets=3, missing_bucket=5, name="missing term"),
    fc.Hashed(fc.Field("whole", missing=5), 97, missing_bucket=7, name="hashed or missing"),
    fc.Hashed("float ids", 97, missing_bucket=97, name="hashed floats or missing"),
    fc.Identity("whole", 6, out_of_range="drop", missing_bucket=6, name="ids or missing"),
    fc.Identity("float ids", 6, out_of_range=2, missing_bucket=0, name="0 for missing"),
    fc.Crossed(["text", fc.Bucketized("number", [0])], 97, missing_bucket=97, name="cross or missing"),
    fc.Ratio("number", "whole", default=float("nan")),
    fc.Numeric(fc.Ratio("number", "float ids", default=-1.0), normalizer=fc.Clip(-9, 9), name="ratio or -1"),
    fc.Numeric(fc.Difference("number", "number", default=3.0, name="inner"), normalizer=fc.Clip(-9, 9), name="difference"),
    fc.Bucketized(fc.Product("number", "float ids", name="product"), [-1, 0, 1], missing_bucket=4, name="product buckets"),
    fc.Count("text", log=False),
    fc.Count("float ids"),
    fc.Count(fc.Hashed("whole", 2**31 - 1), name="count of ids"),
    fc.TargetMean(fc.Field("text", missing="?"), "flag", fold_by="whole"),
    fc.TargetMean(fc.Bucketized("number", [-1, 0.1, 2]), "flag", fold_by="whole", name="mean of buckets"),
    fc.TargetMean(fc.Crossed(["flag", "text"], 50), "label", fold_by="whole", name="means"),
    fc.Crossed([fc.Identity("whole", 6, out_of_range="drop"), fc.Vocabulary("text", ["a", "b"])], 2**31 - 1, name="wide cross"),
)


CURVES = [  # of numbers, to within one unit in the last place of float32
    *(fc.Power(exponent=e) for e in (-1024.0, -3.5, 0.0, 0.25, 1.0, 2.0, 1024.0)),
    fc.RankGauss(quantiles=[-1e300, -1.0, -1.0, 0.0, 5e-324, 0.1, 0.1, 0.1, 2.0, 1e300]),
    fc.SignedLog1p(),
]


def hostile_rows(rows: int = 3_000, seed: int = 5) -> pa.Table:
    """Texts, floats, integers, whole floats and booleans; unicode, 10 kB, missing ones, NaN, infinities, extremes."""
    random = np.random.default_rng(seed)

    def draw(values: list, kind: pa.DataType) -> pa.Array:
        return pa.array([values[i] for i in random.integers(0, len(values), rows)], kind)

    words = ["".join(chr(c) for c in random.integers(1, 0xD7FF, random.integers(0, 9))) for _ in range(200)]
    return pa.table(
        {
            "text": draw([*TEXTS, *words], pa.string()),
            "number": draw([*NUMBERS, *random.normal(0, 3, 100).tolist()], pa.float64()),
            "whole": draw([*WHOLE, *random.integers(-(2**63), 2**63 - 1, 50).tolist()], pa.int64()),
            "float ids": draw([0.0, 1.0, -0.0, 5.0, None, -7.0, 2.0**53 - 1], pa.float64()),
            "flag": draw([True, False, None], pa.bool_()),
            "weight": draw([0.0, -1.5, 2.0, 1e-30, 0.3], pa.float64()),
            "label": draw(["no", "perhaps", "yes", None], pa.string()),
        }
    )
