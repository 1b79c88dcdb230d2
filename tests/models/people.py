"""A small table that models can learn: age, job and city decide who is rich, how many cars there are, and a colour."""

from __future__ import annotations

import numpy as np

import featurecols as fc

JOBS = ["cook", "nurse", "pilot", "judge", "clerk"]
CITIES = [f"city{i}" for i in range(20)]


def people(rows: int = 2000, seed: int = 0) -> dict:
    random = np.random.default_rng(seed)
    age = random.uniform(18, 80, rows).round(1)
    job, city = random.integers(0, len(JOBS), rows), random.integers(0, len(CITIES), rows)
    score = (age - 50) / 15 + np.array([-1.5, 0.0, 2.0, 1.0, -1.0])[job] + np.sin(city) + (job == 3) * (city % 2) * 2
    chance = 1 / (1 + np.exp(-2 * score))
    rich = random.random(rows) < chance
    return {
        "age": age,
        "job": [JOBS[i] for i in job],
        "city": [CITIES[i] for i in city],
        "income": np.where(rich, ">50K", "<=50K").tolist(),
        "rich": rich.astype(int),
        "cars": random.poisson(np.exp(0.3 * score)).astype(float),
        "wealth": score + random.normal(size=rows) * 0.1,
        "debt": -0.5 * score + age / 50,
        "colour": np.array(["blue", "green", "red"])[np.clip(np.round(score / 2 + 1), 0, 2).astype(int)].tolist(),
        "weight": random.uniform(0.5, 2.0, rows),
        "chance": chance,
    }


AGE = fc.Numeric("age", normalizer=fc.ZScore())
JOB = fc.Vocabulary("job", fc.TopTerms(10))
CITY = fc.Hashed("city", 1000)
BOTH = fc.Crossed(["job", "city"], 5000)
WIDE = [AGE, JOB, CITY, BOTH]
DEEP = [AGE, fc.Indicator(JOB), fc.Embedding(CITY, 4)]
