"""Spark ML's times in a process of its own, two threads: Parquet to vectors, into the sink that keeps nothing (`noop`).

    python spark_rival.py adult|criteo FILE

Sparse vectors for the census (its one-hot encoder makes no others), 39 typed columns for the Criteo shape, which was faster
than FeatureHasher into one vector. Prints one line of JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import pyspark
from pyspark.ml import Pipeline
from pyspark.ml.feature import FeatureHasher, OneHotEncoder, QuantileDiscretizer, StandardScaler, StringIndexer, VectorAssembler
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

CATEGORIES = ["workclass", "education", "marital-status", "occupation", "relationship", "race", "sex", "native-country"]
NUMBERS = ["age", "education-num", "capital-gain", "capital-loss", "hours-per-week"]
I13, C26 = [f"I{i}" for i in range(1, 14)], [f"C{i}" for i in range(1, 27)]


def adult(frame: Any) -> dict[str, Any]:
    coded = [f"{key} id" for key in CATEGORIES] + ["age band"]
    stages = [
        VectorAssembler(inputCols=NUMBERS, outputCol="numbers"),
        StandardScaler(inputCol="numbers", outputCol="scaled", withMean=True),
        QuantileDiscretizer(inputCol="age", outputCol="age band", numBuckets=10),
        StringIndexer(inputCols=CATEGORIES, outputCols=coded[:-1], handleInvalid="keep"),
        OneHotEncoder(inputCols=coded, outputCols=[f"{key} one-hot" for key in coded], dropLast=False),
        VectorAssembler(inputCols=["scaled", *(f"{key} one-hot" for key in coded)], outputCol="features"),
    ]
    return {"Spark ML": Pipeline(stages=stages).fit(frame.limit(100_000)).transform(frame).select("features")}


def criteo(frame: Any) -> dict[str, Any]:
    numbers = [F.coalesce(F.col(key), F.lit(0)).cast("float").alias(key) for key in I13]
    ids = [F.when(F.col(key).isNotNull(), F.pmod(F.xxhash64(key), F.lit(100_000))).cast("int").alias(key) for key in C26]
    hasher = FeatureHasher(inputCols=I13 + C26, outputCol="features", numFeatures=2_600_013)
    return {
        "Spark, xxhash64 % n": frame.select(numbers + ids),
        "Spark, FeatureHasher": hasher.transform(frame.fillna(0, I13)).select("features"),
    }


def timed(write: Callable[[], None], repeats: int = 3) -> list[float]:
    """Seconds of each run, after one that warms the virtual machine."""
    write()
    seconds = []
    for _ in range(repeats):
        start = time.perf_counter()
        write()
        seconds.append(time.perf_counter() - start)
    return seconds


def main(claim: str, path: str) -> None:
    builder = SparkSession.builder.master("local[2]").config("spark.driver.memory", "4g").config("spark.ui.enabled", False)
    session = builder.config("spark.log.level", "OFF").getOrCreate()
    plans = {"adult": adult, "criteo": criteo}[claim](session.read.parquet(path))
    found = {name: timed(lambda plan=plan: plan.write.format("noop").mode("overwrite").save()) for name, plan in plans.items()}
    session.stop()
    print(json.dumps({"seconds": found, "versions": {"pyspark": pyspark.__version__}}))


if __name__ == "__main__":
    main(*sys.argv[1:])
