"""Claim: a kind from outside the package, written in numpy, is at most five times as slow as one with compiled code."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd

import featurecols as fc
from benchmarks.harness import Result, measure

sys.path.append(str(Path(__file__).parent.parent / "examples"))
COMPILED, OUTSIDE = "Numeric(normalizer=Log1p())", "Hinge of examples/mypkg"


def run(rows: int = 1_000_000) -> list[Result]:
    """Time the outside Hinge, which writes two features, beside a Numeric of one."""
    from mypkg import Hinge

    frame = pd.DataFrame({"x": np.random.default_rng(0).uniform(0, 24, rows)})
    compiled = fc.compile([fc.Numeric("x", normalizer=fc.Log1p())])
    outside = fc.compile([Hinge("x", 12)])
    cases = {COMPILED: lambda: compiled.transform(frame), OUTSIDE: lambda: outside.transform(frame)}
    result = measure("A kind from outside the package", rows, cases)
    result.notes["ratio"] = result.ratio(OUTSIDE, COMPILED)
    return [result]
