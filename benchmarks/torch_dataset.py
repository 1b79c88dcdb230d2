"""ParquetDataset beside a plain DataLoader over the same file: one that reads the same fields and computes no features."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import featurecols as fc
from benchmarks.harness import Result, measure

ROWS, GROUP, BATCH = 480_000, 20_000, 4_096
NUMBERS = ["distance", "hour", "month", "seats", "temp", "wind_speed"]
WORDS = ["carrier", "origin", "dest", "tailnum"]


def columns() -> list[Any]:
    """19 numbers and one-hots, and four embeddings of 8."""
    return [
        *(fc.Numeric(name, default=0.0, normalizer=fc.ZScore()) for name in NUMBERS),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(10))),
        fc.Indicator(fc.Vocabulary("origin", fc.TopTerms(3))),
        *(fc.Embedding(fc.Hashed(name, 1000), 8) for name in WORDS[1:]),
        fc.Embedding(fc.Crossed(["origin", "dest"], 1000), 8),
    ]


def plain(path: Path) -> Any:
    """The fields as tensors, numbers as they are and words by their codes, row groups shared by the workers."""
    import torch
    from torch.utils.data import IterableDataset, get_worker_info

    class Rows(IterableDataset):
        def __iter__(self) -> Iterator[Any]:
            worker = get_worker_info()
            file = pq.ParquetFile(path)
            number, workers = (0, 1) if worker is None else (worker.id, worker.num_workers)
            groups = list(range(number, file.num_row_groups, workers))
            for batch in file.iter_batches(BATCH, row_groups=groups, columns=[*NUMBERS, *WORDS, "arr_delay"]):
                arrays = [batch.column(name) for name in [*NUMBERS, *WORDS, "arr_delay"]]
                arrays = [a.indices if pa.types.is_dictionary(a.type) else a for a in arrays]
                yield torch.stack([torch.from_numpy(a.to_numpy(zero_copy_only=False).astype("float32")) for a in arrays], dim=1)

    return Rows()


def epoch(loader: Any) -> Callable[[], int]:
    def run() -> int:
        return sum(1 for _ in loader)

    return run


def run() -> list[Result]:
    from torch.utils.data import DataLoader

    from featurecols.integrations.torch import ParquetDataset

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "flights.parquet"
        flights = fc.datasets.flights().select([*NUMBERS, *WORDS, "arr_delay"])
        pq.write_table(pa.concat_tables([flights] * (ROWS // len(flights))), path, row_group_size=GROUP)
        plan = fc.fit(columns(), path)

        def ours(output: Any, workers: int, shuffle: bool) -> Callable[[], int]:
            data = ParquetDataset(plan, path, keep="arr_delay", batch_size=BATCH, output=output, shuffle=shuffle)
            return epoch(data.loader(workers, persistent_workers=workers > 0))

        cases = {}
        for workers in (0, 2):
            cases[f"featurecols, {plan.width} features, {workers} workers"] = ours("dense", workers, False)
            cases[f"shuffled, {workers} workers"] = ours("dense", workers, True)
            cases[f"shuffled, ids, {workers} workers"] = ours("ids", workers, True)
            loader = DataLoader(plain(path), batch_size=None, num_workers=workers, persistent_workers=workers > 0)
            cases[f"plain DataLoader, 11 fields and no features, {workers} workers"] = epoch(loader)
        result = measure("an epoch over Parquet in PyTorch", ROWS, cases, repeats=3)
    for workers in (0, 2):
        mine = result.median(f"featurecols, {plan.width} features, {workers} workers")
        other = result.median(f"plain DataLoader, 11 fields and no features, {workers} workers")
        result.notes[f"rows per second beside a plain DataLoader, {workers} workers"] = round(other / mine, 2)
    return [result]


if __name__ == "__main__":
    for found in run():
        print(found.text(next(name for name in found.seconds if name.startswith("featurecols"))))
