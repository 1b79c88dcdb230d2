"""Compile all kernels ahead, so that the first transform on this machine does not have to.

With --to, they are written into a folder, which other machines find by the environment variable FEATURECOLS_KERNEL_CACHE. It
holds machine code: ship it as you ship programs. Where it does not fit (other versions or sources, a processor that lacks
instructions), it is not used, with a warning, and kernels are compiled there.
"""

# mypy: disable-error-code="arg-type"
from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.cli import options, output

if TYPE_CHECKING:
    import pyarrow as pa

ROWS = 2048  # enough that no call takes the path for few rows


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--to", metavar="FOLDER", type=Path, help="write them here, for FEATURECOLS_KERNEL_CACHE")
    level = "for all processors of a level: x86-64-v2, x86-64-v3 or x86-64-v4 (default: for this one); with --to"
    parser.add_argument("--cpu", metavar="LEVEL", help=level)
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Compile all kernels and print how long it took."""
    if arguments.to is not None:
        _write(arguments)
        return
    if arguments.cpu is not None:
        from featurecols import errors

        raise errors.argument("--cpu", "needs --to", arguments.cpu, "give --to FOLDER, where the kernels go")
    seconds = warm()
    output.print_result(arguments.json, {"seconds": round(seconds, 3)}, f"kernels are ready ({seconds:.1f} s)")


def _write(arguments: argparse.Namespace) -> None:
    """Compile all kernels in a process that is told for what, and say beside them what they are for."""
    from featurecols import errors
    from featurecols.kernels import code_cache, shipped_code

    start, folder = time.monotonic(), Path(arguments.to)
    processor = shipped_code.processor_of(arguments.cpu)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.output(folder, "exists already", "choose a folder that is empty, or not there yet")
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    environment = {**os.environ, **shipped_code.variables_of(processor, folder)}
    program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import warm; warm()"
    if subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.DEVNULL).returncode:
        raise errors.output(folder, "was not written, since the kernels could not be compiled", "see the error above")
    (folder / shipped_code.ABOUT).write_text(code_cache.describe(processor), "utf-8")
    kernels = [path.stat().st_size for path in folder.glob("*.kernel")]
    found = {"folder": str(folder), "processor": processor.name, "kernels": len(kernels), "bytes": sum(kernels)}
    seconds = time.monotonic() - start
    text = f"{folder}: {len(kernels)} kernels for {processor.name}, {sum(kernels) / 1e6:.1f} MB ({seconds:.1f} s)"
    output.print_result(arguments.json, {**found, "seconds": round(seconds, 3)}, text)


def warm() -> float:
    """Run every kind of column over every form of data once; returns the seconds that it took."""
    import pyarrow as pa

    import featurecols as fc

    start = time.monotonic()
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
    return time.monotonic() - start


def _read(table: pa.Table) -> None:
    """Read pages of a Parquet file: codes and plain values, with nulls and without, compressed or not."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    import featurecols as fc

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
            fc.compile([fc.Numeric("whole"), fc.Indicator(fc.Hashed("word", 9))]).transform(path)


def _train(table: pa.Table) -> None:
    """Train a wide & deep model for one step: one id a row, lists, and embeddings of both."""
    import pyarrow.compute as pc

    import featurecols as fc

    ids = [fc.Hashed("text", 30), fc.Hashed("list", 30)]
    deep = [fc.Numeric("number", default=0.0), *map(fc.Indicator, ids), *[fc.Embedding(column, 4) for column in ids]]
    linear = [fc.Numeric("number", default=0.0), *ids]
    model = fc.models.WideDeepClassifier(linear, deep, [4], n_classes=12, dnn_optimizer="AdamW")
    model.train(table, label="small", steps=2, batch_size=ROWS // 4)
    two = table.append_column("yes", pc.greater(table["small"], 5))
    fc.models.LinearClassifier(linear).train(two, label="yes", steps=2, batch_size=ROWS // 4)
    for columns in (linear, linear[:2]):  # with lists and without; what is prepared for many batches at once begins in epoch 2
        fc.models.LinearRegressor(columns).train(table, label="small", epochs=2, batch_size=ROWS // 4).predict(table)


def _add_gradients() -> None:
    """Add gradients of rows as the chief of several processes does."""
    import numpy as np

    from featurecols._core.scratch_zeros import ScratchZeros
    from featurecols.models.autodiff.tape import IndexedSlices
    from featurecols.models.distributed.gradients import add_all

    add_all([{"table": IndexedSlices(np.arange(2), np.ones((2, 4), np.float32), (9, 4))}] * 2, ScratchZeros())


def _columns() -> list[object]:
    import featurecols as fc

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
