"""Claim: ParquetDataset gives features at the speed at which a plain DataLoader gives the fields of the same file.

Two rivals, both an IterableDataset of the kind that people write, with row groups shared by the workers: one reads the same
fields with pyarrow and computes nothing (11 numbers a row instead of 52), the other computes the same features with numpy, and
hashes the distinct words of each batch with mmh3. Times are of the processor, of all processes, and of the clock.
"""

from __future__ import annotations

import struct
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import mmh3
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks.harness import Result, seen_on

ROWS, GROUP, BATCH = 480_000, 20_000, 4_096
NUMBERS = ["distance", "hour", "month", "seats", "temp", "wind_speed"]
WORDS, LABEL = ["carrier", "origin", "dest", "tailnum"], "arr_delay"
OURS, FIELDS, FEATURES = "featurecols", "DataLoader, the 11 fields alone", "DataLoader, the same features by numpy"


def columns() -> list[Any]:
    """19 numbers and one-hots, and four embeddings of 8."""
    return [
        *(fc.Numeric(name, default=0.0, normalizer=fc.ZScore()) for name in NUMBERS),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(10))),
        fc.Indicator(fc.Vocabulary("origin", fc.TopTerms(3))),
        *(fc.Embedding(fc.Hashed(name, 1000), 8) for name in WORDS[1:]),
        fc.Embedding(fc.Crossed(["origin", "dest"], 1000), 8),
    ]


def rival(path: Path, convert: Callable[[pa.RecordBatch], np.ndarray]) -> Any:
    """The file in batches, as tensors of what `convert` makes of them; row groups shared by the workers."""
    import torch
    from torch.utils.data import IterableDataset, get_worker_info

    class Rows(IterableDataset):
        def __iter__(self) -> Iterator[Any]:
            worker = get_worker_info()
            file = pq.ParquetFile(path, read_dictionary=WORDS)
            number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
            groups = list(range(number, file.num_row_groups, workers))
            for batch in file.iter_batches(BATCH, row_groups=groups, columns=[*NUMBERS, *WORDS, LABEL]):
                label = batch.column(LABEL).to_numpy(zero_copy_only=False).astype("float32")
                yield torch.from_numpy(convert(batch)), torch.from_numpy(label)

    return Rows()


def fields(batch: pa.RecordBatch) -> np.ndarray:
    """Numbers as they are, and words by their codes."""
    words = [batch.column(name).indices.to_numpy(zero_copy_only=False) for name in WORDS]
    return np.stack([*(batch.column(name).to_numpy(zero_copy_only=False) for name in NUMBERS), *words], 1).astype("float32")


class ByHand:
    """The features of `columns`, written with numpy for this very plan."""

    def __init__(self, plan: fc.Plan, table: pa.Table) -> None:
        values = [table[name].to_numpy().astype(float) for name in NUMBERS]
        filled = [np.nan_to_num(x) for x in values]
        self.moments = [(x[~np.isnan(v)].mean(), x[~np.isnan(v)].std()) for x, v in zip(filled, values, strict=True)]
        named = [name.split("_indicator=") for name in plan.feature_names if "_indicator=" in name]
        terms = {field: [term for of, term in named if of == field] for field in ("carrier", "origin")}
        self.terms = {field: {term: i for i, term in enumerate(found)} for field, found in terms.items()}
        self.tables = plan.tables
        self.width = plan.width

    def __call__(self, batch: pa.RecordBatch) -> np.ndarray:
        out, at = np.zeros((batch.num_rows, self.width), np.float32), len(NUMBERS)
        for i, (name, (mean, std)) in enumerate(zip(NUMBERS, self.moments, strict=True)):
            x = batch.column(name).to_numpy(zero_copy_only=False).astype(float)
            out[:, i] = (np.nan_to_num(x) - mean) / std
        words = {name: batch.column(name).dictionary.to_pylist() for name in WORDS}
        codes = {name: batch.column(name).indices.fill_null(-1).to_numpy(zero_copy_only=False) for name in WORDS}
        for name, terms in self.terms.items():
            ids = np.array([*(terms.get(word, -1) for word in words[name]), -1])[codes[name]]
            there = np.flatnonzero(ids >= 0)
            out[there, at + ids[there]] = 1
            at += len(terms)
        hashes = {}
        for name in WORDS[1:]:
            hashes[name] = np.array([*(mmh3.hash(word, 0, False) for word in words[name]), 0], np.uint32)
            self._look_up(out[:, at : at + 8], f"{name}_embedding", hashes[name][codes[name]] % 1000, codes[name] >= 0)
            at += 8
        one, other = hashes["origin"][codes["origin"]], hashes["dest"][codes["dest"]]
        pairs, rows = np.unique(one.astype(np.uint64) << np.uint64(32) | other, return_inverse=True)
        crossed = [mmh3.hash(struct.pack("<2I", int(pair) >> 32, int(pair) & 0xFFFFFFFF), 0, False) % 1000 for pair in pairs]
        both = (codes["origin"] >= 0) & (codes["dest"] >= 0)
        self._look_up(out[:, at : at + 8], "dest_X_origin_embedding", np.array(crossed)[rows], both)
        return out

    def _look_up(self, out: np.ndarray, table: str, ids: np.ndarray, there: np.ndarray) -> None:
        out[...] = np.where(there[:, None], self.tables[table][ids], 0)


def run() -> list[Result]:
    from torch.utils.data import DataLoader

    from featurecols.integrations.torch import ParquetDataset

    results = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flights.parquet"
        flights = fc.datasets.flights().select([*NUMBERS, *WORDS, LABEL])
        pq.write_table(pa.concat_tables([flights] * (ROWS // len(flights))), path, row_group_size=GROUP)
        plan = fc.fit(columns(), path)
        by_hand = ByHand(plan, flights)
        first = next(pq.ParquetFile(path, read_dictionary=WORDS).iter_batches(BATCH, columns=[*NUMBERS, *WORDS]))
        np.testing.assert_allclose(by_hand(first), plan.transform(first), atol=1e-5)
        for workers in (0, 1, 2):
            keep = {"num_workers": workers, "persistent_workers": workers > 0}
            loaders = {
                name: ParquetDataset(plan, path, keep=LABEL, batch_size=BATCH, output=output, shuffle=shuffle).loader(**keep)
                for name, output, shuffle in (
                    (OURS, "dense", False),
                    ("featurecols, shuffled", "dense", True),
                    ("featurecols, ids, shuffled", "ids", True),
                )
            } | {
                FIELDS: DataLoader(rival(path, fields), batch_size=None, **keep),
                FEATURES: DataLoader(rival(path, by_hand), batch_size=None, **keep),
            }
            results.append(compared(loaders, workers, plan.width))
    results[-1].notes["remark"] = seen_on()
    return results


def compared(loaders: Mapping[str, Any], workers: int, width: int) -> Result:
    """An epoch of each in turn, seven times after one to start the workers."""
    claim = f"an epoch over Parquet in PyTorch, {width} features, {workers} workers"
    result = Result(claim, ROWS, {name: [] for name in loaders}, processor={name: [] for name in loaders})
    for turn in range(8):
        for name, loader in loaders.items():
            start, busy = time.perf_counter(), processor_time()
            for _ in loader:
                pass
            if turn:
                result.seconds[name].append(time.perf_counter() - start)
                result.processor[name].append(processor_time() - busy)
    for name in (FIELDS, FEATURES):
        result.notes[f"processor time of {name}"] = f"{result.processor_ratio(name, OURS):.2f} x"
        result.notes[f"time of {name}"] = f"{result.ratio(name, OURS):.2f} x"
    return result


def processor_time() -> float:
    """Seconds of this process and the workers that it started."""
    import psutil

    found = [psutil.Process(), *psutil.Process().children()]
    return sum(sum(process.cpu_times()[:2]) for process in found)


if __name__ == "__main__":
    for found in run():
        print(found.text())
