"""Work whose kernels `featurecols warm` compiles: every kind of column over every form of data, and the usual models."""

# mypy: disable-error-code="arg-type"
from __future__ import annotations

import tempfile

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import featurecols as fc

ROWS = 2048  # enough that no call takes the path for few rows


def usual() -> None:
    """Run every kind of column over every form of data once, and train."""
    text = [None if i % 7 == 0 else f"t{i % 50}" for i in range(ROWS)]
    lists = [[f"t{(i + j) % 9}" for j in range(i % 4)] for i in range(ROWS)]
    table = pa.table(
        {
            "number": pa.array([None if i % 11 == 0 else i / 3 for i in range(ROWS)], pa.float64()),
            "small": pa.array([i % 12 for i in range(ROWS)], pa.int32()),
            "text": pa.array(text),
            "large": pa.array(text, pa.large_string()),  # the strings of pandas
            "coded": pa.array(text).dictionary_encode(),
            "list": pa.array(lists),
            "weights": pa.array([[1.0] * len(v) for v in lists]),
            "vector": pa.array([[float(i), 1.0] for i in range(ROWS)]),
        }
    )
    plan = fc.fit(_columns(), table)
    plan.transform(table)
    plan.encode(table)
    for chunk in table.to_batches():
        plan.transform(chunk)
    _read(table)
    _train(table)
    _add_gradients()


def _read(table: pa.Table) -> None:
    """Read pages of a Parquet file: codes and plain values, with nulls and without, compressed or not."""
    flat = table.select(["number", "small", "text"])
    full = pa.table(
        {"whole": flat["small"].cast(pa.int64()), "real": flat["number"].fill_null(0.0), "word": table["text"].fill_null("")}
    )
    for key in ("whole", "real"):  # of four and of eight bytes
        full = full.append_column(f"{key}4", full[key].cast(pa.int32() if key == "whole" else pa.float32()))
    both = pa.table([*flat.columns, *full.columns], names=[*flat.column_names, *full.column_names])
    texts = {"text", "word"}
    numbers = [fc.Numeric(key, default=fc.Median(), normalizer=fc.ZScore()) for key in both.column_names if key not in texts]
    columns = [
        *numbers,
        *(fc.Vocabulary(key, fc.TopTerms(20)) for key in sorted(texts)),
        fc.Hashed("small", 9, name="ids4"),
        fc.Hashed("whole", 9, name="ids8"),
    ]
    with tempfile.TemporaryDirectory() as folder:
        forms = ((True, "zstd"), (False, "none"), (False, "snappy"))
        for dictionary, compression in (f for f in forms if f[1] == "none" or pa.Codec.is_available(f[1])):
            path = f"{folder}/{compression}.parquet"
            pq.write_table(both, path, use_dictionary=dictionary, compression=compression)
            plan = fc.fit(columns, path)
            plan.encode(path)
            few = fc.compile([fc.Numeric("whole"), fc.Indicator(fc.Hashed("word", 9))])
            few.transform(path)
        few.transform_files(path, f"{folder}/out.parquet", layout="columns")
        fc.compile(columns[-2:]).transform_files(path, f"{folder}/ids.parquet", layout="ids")


def _train(table: pa.Table) -> None:
    """Train a wide & deep model for one step: one id a row, lists, and embeddings of both."""
    ids = [fc.Hashed("text", 30), fc.Hashed("list", 30)]
    deep = [fc.Numeric("number", default=0.0), *map(fc.Indicator, ids), *[fc.Embedding(column, 4) for column in ids]]
    linear = [fc.Numeric("number", default=0.0), *ids]
    model = fc.models.WideDeepClassifier(linear, deep, [4], n_classes=12, dnn_optimizer="AdamW")
    model.train(table, label="small", steps=2, batch_size=ROWS // 4)
    two = table.append_column("yes", pc.greater(table["small"], 5))
    fc.models.LinearClassifier(linear).train(two, label="yes", steps=2, batch_size=ROWS // 4)
    for columns in (linear, linear[:2]):  # with lists and without; what is prepared for many batches at once begins in epoch 2
        fc.models.LinearRegressor(columns).train(table, label="small", epochs=2, batch_size=ROWS // 4).predict(table)


def _columns() -> list[object]:

    scaled = [fc.ZScore(), fc.MinMax()]
    found: list[object] = [fc.Numeric("number", default=fc.Median(), normalizer=n, name=f"n{i}") for i, n in enumerate(scaled)]
    found += [fc.Numeric("vector", shape=(2,)), fc.Numeric("small", normalizer=[fc.Clip(0, 9), fc.Log1p()])]
    found += [fc.Indicator(fc.Bucketized("number", fc.Quantiles(5))), fc.Indicator(fc.Identity("small", 12))]
    found.append(fc.Numeric("number", default=0.0, dtype="float32", name="rounded"))
    for field in ("text", "large", "coded", "list", "small"):
        vocabulary = fc.Vocabulary(field, fc.TopTerms(20), num_oov_buckets=1, name=f"{field}_vocabulary")
        farm = fc.Hashed(field, 30, hash="farmhash64", name=f"{field}_farm")
        found += [fc.Indicator(vocabulary), fc.Embedding(fc.Hashed(field, 30), 4), fc.Embedding(farm, 4, combiner="sqrtn")]
        for scheme in ("murmur3", "farmhash64"):
            crossed = fc.Crossed([field, "coded", fc.Bucketized("number", [5.0])], 40, hash=scheme, name=f"{field}_{scheme}")
            found.append(fc.Indicator(crossed))
    found.append(fc.Embedding(fc.Weighted(fc.Hashed("list", 10, name="w"), "weights"), 4, combiner="sum", max_norm=1.0))
    found.append(fc.Sequence(fc.Embedding(fc.Hashed("list", 10, name="s"), 4), 3))
    return found


def _add_gradients() -> None:
    """Add gradients of rows as the chief of several processes does."""
    import numpy as np

    from featurecols._core.scratch_zeros import ScratchZeros
    from featurecols.models.autodiff.tape import IndexedSlices
    from featurecols.models.distributed.gradients import add_all

    add_all([{"table": IndexedSlices(np.arange(2), np.ones((2, 4), np.float32), (9, 4))}] * 2, ScratchZeros())
