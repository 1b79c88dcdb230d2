"""A wide & deep classifier by hand in torch, over rows that our plan encoded: the same columns, network and schedule."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Network:
    """What a wide & deep model of ours is made with. `wide`: names of the slots of the linear part."""

    units: tuple[int, ...]
    dropout: float
    rate: float
    weight_decay: float
    wide_rate: float
    epochs: int
    batch_size: int
    wide: tuple[str, ...]


def wide_deep(train: Any, test: Any, y: Any, network: Network, seed: int) -> tuple[float, Any]:
    """Seconds of training, and the logits of the test rows. train, test: Features."""
    import torch
    from torch import nn

    torch.manual_seed(seed)
    deep, wide = [name for name in train.ids if name not in network.wide], list(network.wide)
    sizes = {slot.name: int(slot.num_buckets or 0) for slot in train.slots if slot.num_buckets}

    def ids(rows: Any, names: list[str]) -> Any:
        """One id a slot, shifted into one table whose first row is nothing."""
        starts = 1 + np.cumsum([0, *(sizes[name] for name in names)])[:-1]
        values = np.stack([np.asarray(rows.ids[name].values, np.int64) for name in names], axis=1)
        return torch.from_numpy(np.where(values < 0, 0, values + starts))

    def bag(names: list[str], width: int) -> Any:
        return nn.EmbeddingBag(1 + sum(sizes[name] for name in names), width, mode="sum", padding_idx=0)

    class Model(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            first, *rest = network.units
            self.words, self.numbers = bag(deep, first), nn.Linear(train.dense.shape[1], first)
            bound = (6 / (len(self.words.weight) + train.dense.shape[1] + first)) ** 0.5
            for weight in (self.words.weight, self.numbers.weight):  # one layer's, so one layer's spread (Glorot)
                nn.init.uniform_(weight, -bound, bound)
            parts: list[nn.Module] = [nn.ReLU(), nn.Dropout(network.dropout)]
            for a, b in zip(network.units, rest, strict=False):
                parts += [nn.Linear(a, b), nn.ReLU(), nn.Dropout(network.dropout)]
            self.rest, self.wide = nn.Sequential(*parts, nn.Linear(network.units[-1], 1)), bag(wide, 1)
            nn.init.zeros_(self.wide.weight)

        def forward(self, x: Any, words: Any, pairs: Any) -> Any:
            return (self.rest(self.words(words) + self.numbers(x)) + self.wide(pairs))[:, 0]

    given = [[torch.from_numpy(np.ascontiguousarray(f.dense)), ids(f, deep), ids(f, wide)] for f in (train, test)]
    target, model = torch.from_numpy(y.astype(np.float32)), Model()
    start = time.process_time()
    steps = network.epochs * -(-len(y) // network.batch_size)
    deep_part = [p for name, p in model.named_parameters() if not name.startswith("wide")]
    optimizers = [
        torch.optim.AdamW(deep_part, network.rate, weight_decay=network.weight_decay, fused=True),
        torch.optim.Adagrad(model.wide.parameters(), network.wide_rate, initial_accumulator_value=1e-6),
    ]
    schedules = [torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps) for optimizer in optimizers]
    loss = nn.BCEWithLogitsLoss()
    for _ in range(network.epochs):
        for rows in torch.randperm(len(y)).split(network.batch_size):
            for optimizer in optimizers:
                optimizer.zero_grad()
            loss(model(*(part[rows] for part in given[0])), target[rows]).backward()
            for optimizer, schedule in zip(optimizers, schedules, strict=True):
                optimizer.step()
                schedule.step()
    seconds = time.process_time() - start
    model.eval()
    with torch.no_grad():
        return seconds, model(*given[1]).numpy()
