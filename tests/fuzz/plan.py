"""Saved plans with damaged files: refused, or the plan that was saved."""

from __future__ import annotations

import shutil
from pathlib import Path
from random import Random

import numpy as np

import featurecols as fc
from tests.fuzz.damage import damage_bytes, damage_json

SAVED = Path(__file__).parents[1] / "saved" / "v0_60ad15a" / "plans"
DATA = {
    "x": [1.0, None, 3.5, 2.0, 9.0] * 30,
    "c": ["a", "b", None, "é", "a"] * 30,
    "l": [["a"], [], ["b", "c"], ["a", "a"], []] * 30,
    "i": list(range(150)),
}


def columns() -> list[fc.Column]:
    """Columns that learn everything that can be learned, and refer to each other."""
    words = fc.Vocabulary("c", fc.TopTerms(3), num_oov_buckets=1)
    return [
        fc.Numeric("x", default=fc.Median(), normalizer=[fc.Clip(0, 5), fc.ZScore()]),
        fc.Indicator(fc.Bucketized("x", fc.Quantiles(4))),
        fc.Indicator(fc.Crossed([words, "l"], 20)),
        fc.Embedding(words, 2, table="t"),
        fc.Embedding(fc.Vocabulary("i", fc.TopTerms(80)), 2, name="many"),
        fc.Indicator(fc.Hashed("l", 7, hash="farmhash64")),
    ]


def make(folder: Path) -> PlanTarget:
    """Save a plan, beside those that an older version saved."""
    if not (folder / "base").exists():
        plan = fc.fit(columns(), DATA)
        plan.with_tables({"t": np.arange(8, dtype=np.float32).reshape(4, 2)}).save(folder / "base")
    found = [folder / "base"]
    for path in sorted(path.parent for path in SAVED.rglob("plan.json")):
        found.append(folder / "old" / path.parent.name)
        if not found[-1].exists():  # as this version saves it: format 1 has no checksum of what was learned
            fc.load(path).save(found[-1])
    return PlanTarget(found)


class PlanTarget:
    """A folder in which one file is damaged."""

    def __init__(self, folders: list[Path]) -> None:
        self.folders = folders
        self.whole = [fc.load(path) for path in folders]
        self.which = 0

    def damage(self, random: Random, path: Path) -> str:
        self.which = random.randrange(len(self.folders)) if random.randrange(3) else 0
        return damage_folder(random, self.folders[self.which], path)

    def read(self, path: Path) -> object:
        plan = fc.load(path)
        return plan, plan.fingerprint, plan.tables_digest, None if self.which else features(plan)

    def judge(self, path: Path, ours: object) -> str | None:
        if isinstance(ours, Exception):
            return None
        assert isinstance(ours, tuple)
        whole = self.whole[self.which]
        wanted = (whole, whole.fingerprint, whole.tables_digest, None if self.which else features(whole))
        return None if ours == wanted else "wrong"


def features(plan: fc.Plan) -> bytes:
    """The output for some rows, and for one."""
    row = {key: values[3] for key, values in DATA.items()}
    return plan.transform(DATA, threads=1).tobytes() + plan.transform_row(row).tobytes()


def damage_folder(random: Random, source: Path, target: Path) -> str:
    """Copy a folder and damage one of its files."""
    shutil.copytree(source, target)
    path = random.choice(sorted(path for path in target.rglob("*") if path.is_file()))
    data = path.read_bytes()
    if path.suffix == ".json" and random.randrange(4):
        damaged, done = damage_json(random, data)
    elif path.suffix == ".safetensors" and random.randrange(2):
        damaged, done = damage_bytes(random, data, 0, 8 + int.from_bytes(data[:8], "little"))
    else:
        damaged, done = damage_bytes(random, data)
    path.write_bytes(damaged)
    return f"{source.name}/{path.relative_to(target)}: {done}"
