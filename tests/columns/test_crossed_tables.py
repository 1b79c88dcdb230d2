"""Crosses of small dictionaries are looked up in a table of all combinations; the ids are those of hashing each row."""

import struct

import mmh3
import numpy as np
import pyarrow as pa
import pytest

import featurecols as fc

JOBS = ["nurse", None, "pilot", "unknown", "nurse"] * 400
AGES = [3, 40, None, 70, 18, 64, 65] * 300


def literal(job: str | None, age: int | None, keep: bool) -> int:
    """The cross of Bucketized("age", [18, 65]) and the raw field "job", as docs/ids.md writes it."""
    bucket = None if age is None else (0 if age < 18 else 1 if age < 65 else 2)
    if (job is None or bucket is None) and not keep:
        return -1
    parts = [0xFFFFFFFF if bucket is None else bucket, 0xFFFFFFFF if job is None else mmh3.hash(job, 0, signed=False)]
    return mmh3.hash(struct.pack("<2I", *parts), 5, signed=False) % 1000


@pytest.mark.parametrize("keep", [False, True])
def test_a_table_gives_the_ids_of_each_row(keep):
    jobs, ages = JOBS[:1900], AGES[:1900]
    plan = fc.compile([fc.Crossed([fc.Bucketized("age", [18, 65]), "job"], 1000, seed=5, keep_unseen=keep)])
    data = {"job": pa.array(jobs).dictionary_encode(), "age": pa.array(ages)}
    found = plan.encode(data, threads=2).ids["age_bucketized_X_job"].values
    assert found.tolist() == [literal(j, a, keep) for j, a in zip(jobs, ages, strict=True)]
    assert len(set(found.tolist())) == (16 if keep else 10)


def test_tables_of_several_dictionaries_stay_apart():
    """Two batches whose dictionaries differ, and two columns over them, each with the ids of its own."""
    plan = fc.compile([fc.Crossed(["a", "b"], 50, name="ab"), fc.Crossed(["b", "a"], 50, name="ba")])
    first = {"a": ["x", "y"] * 500, "b": ["u", "v", "w", "u"] * 250}
    second = {"a": ["y", "z"] * 500, "b": ["w", "w", "u", "t"] * 250}
    for data in (first, second):
        coded = {key: pa.array(values).dictionary_encode() for key, values in data.items()}
        found = plan.encode(coded).ids
        for name, keys in (("ab", "ab"), ("ba", "ba")):
            parts = [[mmh3.hash(v, 0, signed=False) for v in data[key]] for key in keys]
            expected = [mmh3.hash(struct.pack("<2I", *p), 0, signed=False) % 50 for p in zip(*parts, strict=True)]
            assert found[name].values.tolist() == expected


def test_columns_alone_need_no_dictionary():
    plan = fc.compile([fc.Crossed([fc.Identity("i", 3), fc.Bucketized("x", [0])], 100)])
    data = {"i": np.arange(3000) % 3, "x": np.linspace(-1, 1, 3000)}
    expected = [
        mmh3.hash(struct.pack("<2I", i, int(x >= 0)), 0, signed=False) % 100 for i, x in zip(*data.values(), strict=True)
    ]
    for _ in range(2):
        assert plan.encode(data).ids["i_X_x_bucketized"].values.tolist() == expected
