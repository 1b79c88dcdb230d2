"""One rank of a torch.distributed group: prints which rows it got, as JSON. Run by test_parquet_dataset."""

import json
import sys

import torch.distributed

import featurecols as fc
from featurecols.integrations.torch import ParquetDataset


def main(path: str, rendezvous: str, rank: str, world_size: str, workers: str) -> None:
    torch.distributed.init_process_group("gloo", init_method=f"file://{rendezvous}", rank=int(rank), world_size=int(world_size))
    plan = fc.load(f"{path}.plan")
    data = ParquetDataset(plan, path, keep="row", batch_size=32, shuffle=True, seed=1)
    rows, batches = [], 0
    for _, kept in data.loader(num_workers=int(workers)):
        rows += kept["row"].tolist()
        batches += 1
        torch.distributed.all_reduce(torch.zeros(1))  # hangs where ranks have other numbers of batches
    length = len(data)
    torch.distributed.barrier()
    torch.distributed.destroy_process_group()
    print(json.dumps({"rows": rows, "batches": batches, "length": length}))


if __name__ == "__main__":
    main(*sys.argv[1:])
