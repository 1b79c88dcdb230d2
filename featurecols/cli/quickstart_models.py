"""The end of the quickstart: will a flight arrive late? Three models of what is known before departure."""

# mypy: disable-error-code="arg-type"
from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias, cast

if TYPE_CHECKING:
    from featurecols.columns import Column
    from featurecols.models.estimators.canned import Canned

Say: TypeAlias = Callable[[object], None]
LABEL, HOLD_OUT = "late", 5  # 15 minutes or more; every fifth flight


def declare_columns() -> tuple[list[Column], list[Column]]:
    """Return linear and deep columns: no departure delay, no time of arrival."""
    import featurecols as fc

    words = {key: fc.Vocabulary(key, fc.TopTerms(200)) for key in ("carrier", "origin", "dest", "month", "weekday", "hour")}
    weather: list[Column] = [fc.Bucketized(key, fc.Quantiles(10)) for key in ("temp", "wind_speed", "pressure")]
    weather += [fc.Bucketized("visib", [1, 3, 5, 8, 10]), fc.Bucketized("precip", [0.001, 0.02, 0.05])]
    pairs = [["origin", "hour"], ["dest", "hour"], ["carrier", "dest"], ["month", "hour"]]
    numbers = ("distance", "sched_dep_time", "plane_year", "temp", "wind_speed", "pressure", "visib", "precip")
    linear = [*words.values(), *weather, *[fc.Crossed(pair, 4096) for pair in pairs]]
    deep: list[Column] = [fc.Indicator(column) for column in (*words.values(), *weather) if column is not words["dest"]]
    deep.append(fc.Embedding(words["dest"], 8))
    deep += [fc.Numeric(key, default=fc.Median(), normalizer=fc.ZScore()) for key in numbers]
    return linear, deep


def declare_models() -> dict[str, dict[str, object]]:
    """Return the models as train reads them; all but dropout is left to the defaults."""
    import featurecols as fc

    linear, deep = map(fc.columns_to_json, declare_columns())
    return {
        "the majority": {"model": "BaselineClassifier", "columns": linear[:1]},
        "linear": {"model": "LinearClassifier", "columns": linear},
        "wide & deep": {
            "model": "WideDeepClassifier",
            "linear": linear,
            "dnn": deep,
            "hidden_units": [100, 50],
            "dropout": 0.3,
        },
    }


def compare_models(folder: Path, say: Say, threads: int | None, quiet: bool) -> dict[str, dict[str, float]]:
    """Train, measure and compare; the last model stays in the folder. Returns the metrics of each."""
    from featurecols.jobs import staging
    from featurecols.models.estimators.config import RunConfig
    from featurecols.models.estimators.from_json import model_from_json

    train, test, held = _split(folder)
    say(f"\nWill a flight arrive 15 minutes late? By what is known before departure, on {held:,} flights held out:\n")
    say("model         AUC    accuracy  trained in")
    found: dict[str, dict[str, float]] = {}
    for name, spec in declare_models().items():
        start = time.monotonic()
        model = cast("Canned", model_from_json(spec, config=RunConfig(threads=threads, progress=not quiet)))
        model.train(train, LABEL)
        seconds = time.monotonic() - start
        found[name] = model.evaluate(test)
        say(f"{name:12}  {found[name]['auc']:.3f}  {found[name]['accuracy']:.3f}     {seconds:.1f} s")
    (folder / "late.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    with staging.write_folder(folder / "model", overwrite=True) as target:
        model.export(target)
    return found


def _split(folder: Path) -> tuple[str, str, int]:
    """Write the flights that arrived to two files; returns both and the number of rows of the second."""
    import numpy as np
    import pyarrow.parquet as pq

    from featurecols.datasets import flights

    table = flights()
    table = table.filter(table[LABEL].is_valid())
    held = np.arange(table.num_rows) % HOLD_OUT == 0
    paths = str(folder / "train.parquet"), str(folder / "test.parquet")
    for path, rows in zip(paths, (~held, held), strict=True):
        pq.write_table(table.filter(rows), path)
    return *paths, int(held.sum())
