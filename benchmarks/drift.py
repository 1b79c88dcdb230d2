"""Claim: injected shifts of each kind are found at the limits that are set without arguments, and unshifted rows are not.

The rates over trials of Plan.check, each with training rows and data of their own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

import featurecols as fc
from benchmarks.harness import Result

Rows = dict[str, np.ndarray]
SIZES = (500, 2_000, 10_000, 100_000)
TRAINING = 30_000
TRIALS = 200
WORDS = np.array([f"w{i:04}" for i in range(2_000)])
COLUMNS = (
    fc.Numeric("income", normalizer=fc.ZScore()),
    fc.Numeric("amount", normalizer=fc.MinMax()),
    fc.Indicator(fc.Bucketized("age", fc.Quantiles(10))),
    fc.Indicator(fc.Vocabulary("job", fc.TopTerms(5))),
    fc.Hashed("word", 500),
    fc.Indicator(fc.Identity("day", 7, out_of_range="drop")),
)


def draw(rng: np.random.Generator, n: int) -> Rows:
    """Return rows as training rows are drawn: a skewed and a normal number, integers, few and many terms."""
    zipf = 1.0 / np.arange(1, len(WORDS) + 1)
    found: Rows = {
        "income": rng.lognormal(10, 1, n),
        "amount": rng.normal(50, 10, n),
        "age": rng.integers(17, 90, n).astype(float),
        "job": rng.choice(np.array(["cook", "nurse", "pilot", "clerk", "other"], object), n, p=[0.4, 0.3, 0.15, 0.1, 0.05]),
        "word": rng.choice(WORDS, n, p=zipf / zipf.sum()).astype(object),
        "day": rng.integers(0, 7, n),
    }
    found["income"][rng.random(n) < 0.02] = np.nan
    return found


def _some(rng: np.random.Generator, n: int, share: float) -> np.ndarray:
    return rng.random(n) < share


def nulls(rows: Rows, rng: np.random.Generator) -> str:
    """A fifth more of the values are missing."""
    rows["income"][_some(rng, len(rows["income"]), 0.2)] = np.nan
    return "income"


def unseen(rows: Rows, rng: np.random.Generator) -> str:
    """One term in ten is new."""
    rows["job"][_some(rng, len(rows["job"]), 0.1)] = "Nurse"
    return "job"


def new_words(rows: Rows, rng: np.random.Generator) -> str:
    """One of ten terms of a field with thousands of them is new."""
    rows["word"][_some(rng, len(rows["word"]), 0.15)] = "null"
    return "word"


def mean(rows: Rows, rng: np.random.Generator) -> str:
    """The mean moves by half a standard deviation."""
    rows["amount"] += 5.0
    return "amount"


def scale(rows: Rows, rng: np.random.Generator) -> str:
    """The standard deviation grows by half."""
    rows["amount"] = 50 + 1.5 * (rows["amount"] - 50)
    return "amount"


def unit(rows: Rows, rng: np.random.Generator) -> str:
    """Another unit: dollars became cents."""
    rows["income"] *= 100
    return "income"


def mix(rows: Rows, rng: np.random.Generator) -> str:
    """The shares of two terms change places: 0.4 and 0.15."""
    job = rows["job"].copy()
    rows["job"][job == "cook"], rows["job"][job == "pilot"] = "pilot", "cook"
    return "job"


def outside(rows: Rows, rng: np.random.Generator) -> str:
    """One number in twenty lies beyond all that fit has seen."""
    rows["amount"][_some(rng, len(rows["amount"]), 0.05)] = 1_000.0
    return "amount"


def days(rows: Rows, rng: np.random.Generator) -> str:
    """One id in twenty is out of range."""
    rows["day"][_some(rng, len(rows["day"]), 0.05)] = 7
    return "day"


SHIFTS: Mapping[str, Callable[[Rows, np.random.Generator], str]] = {
    "missing: 2 to 22 %": nulls,
    "unseen terms: 10 %": unseen,
    "unseen terms among 2,000: 15 %": new_words,
    "mean: half a deviation": mean,
    "scale: half as large again": scale,
    "unit: a hundredfold": unit,
    "mix: two of five terms swapped": mix,
    "out of range: 5 %": outside,
    "ids out of range: 5 %": days,
}


def rates(trials: int, training: int, size: int, seed: int = 1) -> dict[str, tuple[int, int]]:
    """Return how often each shift was found in its field, and how many fields were wrongly found in all trials, by name.

    "none" counts reports in which any field was found though nothing had changed.
    """
    found = dict.fromkeys([*SHIFTS, "none"], 0)
    wrong = dict.fromkeys([*SHIFTS, "none"], 0)
    for trial in range(trials):
        rng = np.random.default_rng([seed, trial, training, size])
        plan = fc.fit(COLUMNS, draw(rng, training), statistics=True)
        drifted = plan.check(draw(rng, size)).drifted()
        found["none"] += bool(drifted)
        wrong["none"] += len(drifted)
        for name, shift in SHIFTS.items():
            rows = draw(rng, size)
            field = shift(rows, rng)
            drifted = plan.check(rows).drifted()
            found[name] += field in drifted
            wrong[name] += len(set(drifted) - {field})
    return {name: (found[name], wrong[name]) for name in found}


def run(trials: int = TRIALS) -> list[Result]:
    """Return the rates for data of several sizes."""
    notes = {}
    for size in SIZES:
        found = rates(trials, TRAINING, size)
        none, fields = found.pop("none")
        notes[f"{size} rows: found of {trials}"] = {name: right for name, (right, _) in found.items()}
        notes[f"{size} rows: false alarms"] = {
            "reports of unshifted rows": f"{none} of {trials}",
            "fields that were not shifted": f"{fields + sum(wrong for _, wrong in found.values())} of "
            f"{trials * (len(COLUMNS) + len(SHIFTS) * (len(COLUMNS) - 1))}",
        }
    return [Result(f"Drift: shifts found at PSI above 0.1, of {TRAINING} training rows", TRAINING, notes=notes)]
