"""F6: what is trained, predicted and measured has the same bits on one CPU and on two, also where a run moves between them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPT = """
import hashlib, os, sys
import numpy as np
import featurecols as fc
from featurecols import models

random = np.random.default_rng(0)
x = random.normal(size=(900, 700)).astype(np.float32)
data = {"x": list(x), "y": (x[:, :5].sum(axis=1) > 0).astype(int)}

class Kill(models.hooks.Hook):
    def __init__(self, at):
        self.at = at

    def after_step(self, run):
        if run.step == self.at:
            os._exit(3)

def train(folder, kill):
    config = models.RunConfig(save_checkpoints_steps=1, progress=False)
    columns = [fc.Numeric("x", shape=(700,))]
    model = models.DNNClassifier(columns, [512, 400], optimizer="sgd", model_dir=folder, config=config)
    model.train(data, label="y", epochs=2, batch_size=600, hooks=[Kill(kill)])
    measured = sorted(model.evaluate(data).items())
    logits = model.predict(data)["logits"].tobytes()
    one = model.predict({"x": data["x"][:1]})["logits"].tobytes()
    linear = models.LinearClassifier(columns, config=models.RunConfig(progress=False)).train(data, label="y")
    print(linear.fingerprint, model.fingerprint, hashlib.sha256(repr(measured).encode() + logits + one).hexdigest(), flush=True)

models.DNNClassifier  # imported before the children begin: none of them has a thread yet
for cpus, folder, kill in zip(*[iter(sys.argv[1:])] * 3):
    child = os.fork()
    if child == 0:
        os.sched_setaffinity(0, map(int, cpus.split(",")))
        train(folder, int(kill))
        os._exit(0)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not bind processes to CPUs")
def test_f6_one_cpu_and_two(tmp_path):
    """F6: one CPU and two."""
    first, *rest = map(str, sorted(os.sched_getaffinity(0))[:2])
    both = ",".join([first, *rest])
    runs = [(both, "two", "0"), (first, "one", "0"), (both, "moved", "2"), (first, "moved", "0")]
    arguments = [x for cpus, folder, kill in runs for x in (cpus, str(tmp_path / folder), kill)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", SCRIPT, *arguments]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, check=True)
    found = done.stdout.splitlines()
    assert len(found) == 7, done.stderr
    assert found == [found[0], "0", found[0], "0", "3", found[0], "0"], done.stderr
