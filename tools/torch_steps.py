"""Write tests/models/optimization/torch_steps.json: five steps of every torch optimizer in float64.

Read by tests/models/optimization/test_optimizers.py.

Needs torch (made with 2.13.0); run from the root of the repository: python tools/torch_steps.py
"""

from __future__ import annotations

import json
from pathlib import Path

import torch

START = [[0.5, -1.0, 2.0], [0.0, 0.25, -3.0], [1.5, 1.0, -0.125], [4.0, -2.0, 0.75]]
GRADIENTS = [
    [[0.1, -0.2, 0.3], [1.0, 0.0, -1.0], [0.0, 0.0, 0.0], [2.0, 3.0, -4.0]],
    [[-0.3, 0.1, 0.7], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0], [-2.0, 1.0, 0.01]],
    [[0.9, 0.8, -0.7], [0.0, 0.0, 0.0], [1e-3, -1e-3, 1e3], [0.2, 0.2, 0.2]],
    [[0.1, 0.1, 0.1], [-1.0, -2.0, -3.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]],
    [[-0.5, 0.25, 0.125], [1.0, 1.0, 1.0], [5.0, -5.0, 5.0], [0.3, -0.3, 0.3]],
]
ROWS = [[0, 2], [3], [0, 1, 3], [2], [0, 3]]  # rows that the sparse gradient of each step holds

CASES = {
    "sgd": (torch.optim.SGD, {"lr": 0.1}, True),
    "sgd_momentum": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9}, False),
    "sgd_nesterov": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.8, "nesterov": True}, False),
    "sgd_decay": (torch.optim.SGD, {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.05}, False),
    "adagrad": (torch.optim.Adagrad, {"lr": 0.5, "initial_accumulator_value": 0.1, "eps": 1e-10}, True),
    "adam": (torch.optim.Adam, {"lr": 0.1, "betas": (0.8, 0.99), "eps": 1e-6}, False),
    "adam_decay": (torch.optim.Adam, {"lr": 0.1, "weight_decay": 0.1}, False),
    "adamw": (torch.optim.AdamW, {"lr": 0.1, "weight_decay": 0.2}, False),
    "sparse_adam": (torch.optim.SparseAdam, {"lr": 0.1, "betas": (0.8, 0.99), "eps": 1e-30}, True),
    "nadam": (torch.optim.NAdam, {"lr": 0.1, "betas": (0.8, 0.99), "momentum_decay": 0.3}, False),
    "nadam_decay": (torch.optim.NAdam, {"lr": 0.1, "weight_decay": 0.1}, False),
    "adamax": (torch.optim.Adamax, {"lr": 0.1, "betas": (0.8, 0.99), "weight_decay": 0.1}, False),
    "adadelta": (torch.optim.Adadelta, {"lr": 0.7, "rho": 0.9, "weight_decay": 0.1}, False),
    "rmsprop": (torch.optim.RMSprop, {"lr": 0.05, "alpha": 0.9, "eps": 1e-7}, False),
    "rmsprop_momentum": (torch.optim.RMSprop, {"lr": 0.05, "alpha": 0.95, "eps": 1e-5, "momentum": 0.7}, False),
    "rmsprop_centered": (
        torch.optim.RMSprop,
        {"lr": 0.05, "alpha": 0.95, "eps": 1e-5, "momentum": 0.7, "centered": True},
        False,
    ),
}


def steps(kind: type, options: dict, sparse: bool) -> list:
    p = torch.nn.Parameter(torch.tensor(START, dtype=torch.float64))
    optimizer = kind([p], **options)
    out = []
    for gradient, rows in zip(GRADIENTS, ROWS, strict=True):
        g = torch.tensor(gradient, dtype=torch.float64)
        p.grad = torch.sparse_coo_tensor(torch.tensor([rows]), g[rows], g.shape).coalesce() if sparse else g
        optimizer.step()
        out.append(p.detach().tolist())
    return out


def main() -> None:
    data = {"torch": torch.__version__, "start": START, "gradients": GRADIENTS, "rows": ROWS, "steps": {}}
    for name, (kind, options, takes_rows) in CASES.items():
        if kind is not torch.optim.SparseAdam:
            data["steps"][name] = steps(kind, options, False)
        if takes_rows:
            data["steps"][f"{name} rows"] = steps(kind, options, True)
    Path("tests/models/optimization/torch_steps.json").write_text(json.dumps(data, indent=1) + "\n")


if __name__ == "__main__":
    main()
