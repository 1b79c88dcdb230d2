"""Small models and plans to serve, and one server of all of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import featurecols as fc
from tests.integrations.serving import browser
from tests.integrations.serving.server import Server

collect_ignore = ["test_page.py"] if browser.PROGRAM is None else []  # a browser is a program, and comes with no extra

JOBS, CITIES = ("nurse", "pilot", "cook"), ("Ulm", "Rome", "Oslo", "Lima")


def people(n: int = 240) -> dict[str, list[Any]]:
    """Rows with a label that can be learned, another of words, and a number."""
    ages = [18 + (i * 37) % 60 for i in range(n)]
    jobs = [None if i % 17 == 0 else JOBS[i % 3] for i in range(n)]
    cities = [CITIES[(i * i) % 4] for i in range(n)]
    tags = [[f"t{(i + j) % 5}" for j in range(i % 3)] for i in range(n)]
    rich = [int(age > 40 and job != "cook") for age, job in zip(ages, jobs, strict=True)]
    return {
        "age": ages,
        "job": jobs,
        "city": cities,
        "tags": tags,
        "rich": rich,
        "team": [("red", "green", "blue")[i % 3] for i in range(n)],
        "pay": [100.5 * age for age in ages],
    }


def columns() -> list[Any]:
    return [
        fc.Numeric("age", default=fc.Median(), normalizer=fc.ZScore()),
        fc.Vocabulary("job", fc.TopTerms(10)),
        fc.Hashed("city", 20),
        fc.Hashed("tags", 20),
    ]


def save_versions(folder: Path, *numbers: int) -> None:
    """Save a version of a model under each number, each trained for longer than the last."""
    model = fc.models.LinearClassifier(columns())
    for number in numbers:
        model.train(people(), label="rich", epochs=1, more=True)
        model.save(folder / str(number))


@pytest.fixture(scope="session")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models and a plan: rich (2 classes), team (3 classes of words), pay and both (numbers), net, plan."""
    folder, table = tmp_path_factory.mktemp("exports"), people()
    save_versions(folder / "rich", 3)
    cs = columns()
    deep = [cs[0], *(fc.Embedding(c, 3) for c in cs[1:])]
    settings: dict[str, Any] = {"epochs": 2, "batch_size": 64}
    fc.models.DNNClassifier(deep, [8], n_classes=3).train(table, label="team", **settings).save(folder / "team")
    fc.models.LinearRegressor(cs[:2]).train(table, label="pay", **settings).save(folder / "pay")
    fc.models.LinearRegressor(cs[:1], label_dimension=2).train(table, label=["pay", "rich"], **settings).save(folder / "both")
    layers = [fc.models.layers.DenseFeatures(deep), fc.models.layers.Dense(3)]
    net = fc.models.Sequential(layers)
    net.compile("adam", fc.models.losses.SparseCategoricalCrossentropy(from_logits=True))
    net.fit(table, label="team", epochs=1, verbose=0)
    net.save(folder / "net")
    plan = fc.fit([cs[0], fc.Indicator(cs[1])], table)
    plan.save(folder / "plan")
    return folder


@pytest.fixture(scope="session")
def server(exports: Path) -> Iterator[Server]:
    """One server of all exports, with small limits."""
    limits = ["--max-body", 100_000, "--max-rows", 500, "--max-list", 50, "--read-timeout", 2, "--timeout", 20]
    with Server(*sorted(exports.iterdir()), *limits) as found:
        found.wait_for("listening")
        yield found
