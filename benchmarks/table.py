"""The tables of docs/performance.md and docs/models.md, written from the JSON of the last runs: python -m benchmarks.table"""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from benchmarks import default_table, speed_table, suggest_table
from benchmarks.harness import RESULTS, in_units

DOCS = Path(__file__).parent.parent / "docs"
COMPARED = ("adult", "criteo", "csv_files", "strings", "crosses", "fit", "sklearn_pipeline")
START, END = "<!-- figures: written by python -m benchmarks -->\n", "<!-- end of figures -->\n"
SPEED = "<!-- speed: written by python -m benchmarks speed -->\n"
SUGGESTED = "<!-- suggested: written by python -m benchmarks -->\n"
DEFAULTS = "<!-- defaults: written by python -m benchmarks -->\n"
TITLES = {
    "adult": "Census income: above 50,000 dollars or not",
    "flights, month, schedule known": "Late flights, from month and schedule",
    "flights, date, schedule known": "Late flights, from date and schedule",
    "flights, date, schedule and departure delay known": "Late flights, from date, schedule and departure delay",
    "california_housing": "California housing: median value of a district",
    "diamonds": "Diamonds: logarithm of the price",
    "covtype_sample": "Forest cover: one of seven kinds of trees",
    "womens_clothing": "Reviews of clothing: four stars or more, from the text",
}
SCORES = {
    "auc": "AUC",
    "accuracy": "accuracy",
    "average_loss": "log loss",
    "rmse": "RMSE",
    "mae": "MAE",
    "r2": "R2",
}
Row = list[str]
_NAMES = {"polars": "Polars", "torch": "PyTorch"}


def write() -> None:
    """Replace what both pages hold between their marks."""
    for name, start, made in (
        ("performance.md", SPEED, speed()),
        ("performance.md", START, transforms()),
        ("models.md", START, models()),
        ("models.md", DEFAULTS, defaults()),
        ("models.md", SUGGESTED, suggested()),
    ):
        page = DOCS / name
        before, rest = page.read_text().split(start)
        _, after = rest.split(END, 1)
        page.write_text(before + start + "\n" + made + END + after)


def transforms() -> str:
    """Return a table for every claim about transforms, and the machine."""
    documents = {
        name: found
        for name in (
            "serving",
            "ranking",
            "torch_dataset",
            *COMPARED,
            "batch_job",
            "small_calls",
            "one_row",
            "cold",
            "growth",
            "memory",
            "columns",
            "extension",
        )
        if (found := _document(name))
    }
    sections = [_compared(result) for name in COMPARED if name in documents for result in documents[name]["results"]]
    rest: dict[str, Callable[[list[dict[str, Any]]], str]] = {
        "batch_job": _jobs,
        "small_calls": _small,
        "one_row": _one_row,
        "cold": _cold,
        "growth": _growth,
        "memory": _memory,
        "columns": _kinds,
        "extension": _beside,
        "ranking": _ranking,
    }
    rest |= {"torch_dataset": _loaders, "serving": _serving}
    sections += [describe(documents[name]["results"]) for name, describe in rest.items() if name in documents]
    return "\n".join([*sections, f"Measured with {_machine(documents.values())}.\n"])


def speed() -> str:
    """Return the table of what people wait for, and the machine."""
    document = _document("speed")
    if document is None:
        return ""
    results = document["results"]
    section = _section("Times and goals", speed_table.HEAD, speed_table.rows(results))
    load = results[0]["notes"]["load"]
    return f"{section}\nMeasured with {_machine([document])}; {load:g} other programs were running when it began.\n"


def models() -> str:
    """Return a table of scores for every task, then one of speed for every claim about training, and the machine."""
    document = _document("models")
    if document is None:
        return ""
    results = document["results"]
    seeds = max((len(runs) for result in results if result["scores"] for runs in result["seconds"].values()), default=0)
    sections = [_scores(result) if result["scores"] else _speed(result) for result in results]
    return "\n".join([*sections, f"Measured with {seeds} seed{_plural(seeds)}, {_machine([document])}.\n"])


def suggested() -> str:
    """Return the table of models on suggested columns, and the machine."""
    document = _document("suggest")
    if document is None:
        return ""
    results = document["results"]
    seeds = min(len(runs) for result in results for of in result["scores"].values() for runs in of.values())
    section = _section("Suggested columns", suggest_table.HEAD, suggest_table.rows(results))
    return f"{section}\nMeasured with {seeds} seed{_plural(seeds)}, {_machine([document])}.\n"


def defaults() -> str:
    """Return the tables of models with default arguments, and the machine."""
    document = _document("defaults")
    if document is None:
        return ""
    results = document["results"]
    sections = [_section(title, head, rows) for title, head, rows in default_table.tables(results)]
    splits = min(result["notes"]["splits"] for result in results)
    return "\n".join([*sections, f"Measured with {splits} split{_plural(splits)}, {_machine([document])}.\n"])


def _section(title: str, head: Row, rows: Iterable[Row]) -> str:
    """Return a heading and a table whose columns after the texts at the left are figures."""
    texts = sum(name in ("program", "form", "model", "work", "data set") for name in head)
    rule = ["---"] * texts + ["---:"] * (len(head) - texts)
    lines = ["| " + " | ".join(row) + " |" for row in (head, rule, *rows)]
    return "\n".join([f"### {title}\n", *lines, ""])


def _compared(result: dict[str, Any]) -> str:
    """Return the table of a claim: the fastest form of every program, all of ours and of the lower bounds."""
    medians = fastest_forms(result)
    ours = medians["featurecols"]
    rows = []
    for name, seconds in sorted(medians.items(), key=lambda item: item[1]):
        runs = result["seconds"][name]
        spread = [in_units(min(runs)), in_units(max(runs))]
        rows.append(
            [*_split(name), in_units(seconds), *spread, _number(1e9 * seconds / result["rows"]), _ratio(seconds / ours)]
        )
    head = ["program", "form", "median", "fastest run", "slowest run", "ns a row", "ratio to featurecols"]
    return _section(f"{result['claim']} ({result['rows']:,} rows)", head, rows) + _remarks([result])


def _jobs(results: list[dict[str, Any]]) -> str:
    sections = []
    for result in results:
        sizes, busy = result["notes"]["MB"], {name: statistics.median(runs) for name, runs in result["processor"].items()}
        rows = []
        for name, seconds in result["seconds"].items():
            times = [in_units(statistics.median(seconds)), in_units(busy[name]), _ratio(busy[name] / busy["featurecols"])]
            rows.append([*_split(name), *times, f"{sizes[name]} MB"])
        head = ["program", "form", "time", "processor time", "ratio of processor time", "size"]
        sections.append(_section(f"{result['claim']} ({result['rows']:,} rows)", head, rows))
    return "\n".join(sections) + _remarks(results[:1])


def _kinds(results: list[dict[str, Any]]) -> str:
    """Return processor times of the same features elsewhere, as multiples of ours."""
    others = list(dict.fromkeys(name for result in results for name in result["processor"] if name != "featurecols"))
    rows = []
    for result in results:
        busy = {name: statistics.median(runs) for name, runs in result["processor"].items()}
        ratios = [_ratio(busy[name] / busy["featurecols"]) if name in busy else "" for name in others]
        rows.append([result["claim"].replace("|", "\\|"), f"{result['rows']:,}", in_units(busy["featurecols"]), *ratios])
    head = ["work", "rows", "processor time", *(_NAMES.get(name, name) for name in others)]
    return _section("Columns: processor time elsewhere, as a multiple of that of featurecols", head, rows)


def _small(results: list[dict[str, Any]]) -> str:
    rows = []
    for result in results:
        for name, (seconds,) in result["seconds"].items():
            rows.append([f"{result['rows']:,}", _split(name)[1], in_units(seconds), in_units(result["processor"][name][0])])
    section = _section("Small calls of transform, kernels loaded", ["rows", "form", "time", "processor time"], rows)
    return section + _remarks(results[:1])


def _one_row(results: list[dict[str, Any]]) -> str:
    rows = [[result["claim"], *(f"{result['notes'][name]:.3g} us" for name in ("p50 us", "p99 us"))] for result in results]
    return _section("One row", ["work", "median", "99th percentile"], rows)


def _cold(results: list[dict[str, Any]]) -> str:
    names = {"featurecols": "import featurecols", "numpy and pyarrow": "import numpy, pyarrow"}
    rows = [
        [names.get(name, name), in_units(statistics.median(runs)), in_units(min(runs)), in_units(max(runs))]
        for result in results
        for name, runs in result["seconds"].items()
    ]
    return _section("Start of a process", ["work", "median", "fastest run", "slowest run"], rows)


def _growth(results: list[dict[str, Any]]) -> str:
    by_rows, transform, compiled = (next(iter(result["notes"].values())) for result in results)
    rows = [[count, _number(ns), in_units(ns * int(count.replace(",", "")) / 1e9)] for count, ns in by_rows.items()]
    columns = [[count, f"{ms:.3g} ms", f"{compiled[count]:.3g} ms"] for count, ms in transform.items()]
    return "\n".join(
        [
            _section("Growth with rows: a stream of 3 numbers and 5 ids", ["rows", "ns a row", "time"], rows),
            _section("Growth with columns: 10,000 rows", ["columns", "transform", "compile"], columns),
        ]
    )


def _beside(results: list[dict[str, Any]]) -> str:
    (result,) = results
    medians = {name: statistics.median(runs) for name, runs in result["seconds"].items()}
    least = min(medians.values())
    rows = [[n, in_units(s), _number(1e9 * s / result["rows"]), _ratio(s / least)] for n, s in medians.items()]
    return _section(f"{result['claim']} ({result['rows']:,} rows)", ["work", "median", "ns a row", "ratio"], rows)


def _ranking(results: list[dict[str, Any]]) -> str:
    rows = []
    for result in results:
        work, _, form = result["claim"].rpartition(", ")
        ours, whole = (statistics.median(result["seconds"][name]) for name in ("featurecols", "whole rows"))
        busy = result["notes"]["ratio of processor time"]
        rows.append([work, form, f"{result['rows']:,}", in_units(ours), in_units(whole), _ratio(whole / ours), _ratio(busy)])
    head = ["work", "form", "items", "one request", "whole rows", "ratio", "ratio of processor time"]
    return _section("One request against many items, beside rows that repeat its fields", head, rows) + _remarks(results)


def _loaders(results: list[dict[str, Any]]) -> str:
    rows = []
    for result in results:
        workers = result["claim"].rpartition(", ")[2].partition(" ")[0]
        busy = {name: statistics.median(runs) for name, runs in result["processor"].items()}
        for name, seconds in result["seconds"].items():
            times = [in_units(statistics.median(seconds)), in_units(busy[name]), _ratio(busy[name] / busy["featurecols"])]
            rows.append([*_split(name), workers, *times])
    head = ["program", "form", "workers", "time", "processor time", "ratio of processor time"]
    count = results[0]["rows"]
    return _section(f"An epoch over Parquet in PyTorch ({count:,} rows, 51 features)", head, rows) + _remarks(results)


def _remarks(results: list[dict[str, Any]]) -> str:
    return "".join(f"\n{result['notes']['remark']}\n" for result in results if "remark" in result["notes"])


def _serving(results: list[dict[str, Any]]) -> str:
    rows = []
    for result in results:
        connections = result["claim"].rpartition(", ")[2].partition(" ")[0]
        for name in result["seconds"]:
            seen = result["notes"][name]
            times = [f"{seen[key]:.3g} ms" for key in ("p50 ms", "p99 ms")]
            rows.append([*_split(name), connections, f"{seen['requests/s']:,}", *times, f"{seen['cpu us']:,.0f} us"])
    head = ["program", "form", "connections", "requests/s", "median", "99th percentile", "CPU a request"]
    found = _section("One-row predictions over HTTP, one process each, census", head, rows)
    return found + _remarks(results)


def _memory(results: list[dict[str, Any]]) -> str:
    rows = []
    for result in results:
        mib = result["notes"]["MiB"]
        work, size = result["claim"].removesuffix(", as Arrow, in one Parquet file").split(" of ")
        flight, peak = mib["in flight"], mib["peak"]
        rows.append([work, size, f"{flight:.0f} MiB", f"{peak:.0f} MiB", f"{peak / flight:.2g} x"])
    head = ["work", "size as Arrow", "blocks in flight", "peak above rest", "peak / blocks in flight"]
    return _section("Memory while one Parquet file streams through", head, rows)


def _scores(result: dict[str, Any]) -> str:
    names = list(next(iter(result["scores"].values())))
    ranked = sorted(
        result["scores"].items(), key=lambda item: statistics.mean(item[1][names[0]]), reverse=names[0] in ("auc", "accuracy")
    )
    rows, peaks = [], result["notes"].get("MiB", {})
    for contestant, scores in ranked:
        first = scores[names[0]]
        means = [f"{statistics.mean(scores[name]):.4f}" for name in names]
        spread = [f"{min(first):.4f}", f"{max(first):.4f}"] if len(first) > 1 else ["", ""]
        memory = _mebibytes(peaks.get(contestant)) if peaks else []
        seconds = in_units(statistics.median(result["seconds"][contestant]))
        rows.append([contestant, means[0], *spread, *means[1:], seconds, *memory])
    main, *others = (SCORES[name] for name in names)
    training = "processor time" if result["notes"].get("clock") == "processor" else "training"
    head = ["model", f"mean {main}", "lowest", "highest", *others, training, *(["memory"] if peaks else [])]
    return _section(f"{TITLES.get(result['claim'], result['claim'])} ({result['rows']:,} training rows)", head, rows)


def _mebibytes(peak: float | None) -> Row:
    return ["" if peak is None else f"{peak:,.0f} MiB"]


def _speed(result: dict[str, Any]) -> str:
    rows = []
    medians = fastest_forms(result)
    for name, seconds in sorted(medians.items(), key=lambda item: item[1]):
        rows.append([*_split(name), in_units(seconds), f"{result['rows'] / seconds:,.0f}"])
    return _section(f"{result['claim']} ({result['rows']:,} rows)", ["program", "form", "time", "rows a second"], rows)


def fastest_forms(result: dict[str, Any]) -> dict[str, float]:
    """Return the median seconds of the fastest form of every rival, and of all forms of ours and of lower bounds."""
    medians = {name: statistics.median(runs) for name, runs in result["seconds"].items()}
    best: dict[str, str] = {}
    for name, seconds in medians.items():
        rival = name if name.startswith(("featurecols", "lower bound")) else name.split(",")[0]
        if rival not in best or seconds < medians[best[rival]]:
            best[rival] = name
    return {name: medians[name] for name in best.values()}


def _split(name: str) -> Row:
    """Return the program and the form that a contestant's name says: what follows the first comma or "lower bound:"."""
    if name.startswith("lower bound: "):
        return ["lower bound", name.removeprefix("lower bound: ")]
    program, _, form = name.partition(", ")
    return [program, form]


def _document(name: str) -> dict[str, Any] | None:
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"


def _plural(count: int) -> str:
    return "" if count == 1 else "s"


def _machine(documents: Iterable[dict[str, Any]]) -> str:
    """Return the machine of the last document, and every package that any used."""
    versions: dict[str, str] = {}
    machine: dict[str, Any] = {}
    for document in documents:
        machine = document["machine"]
        versions |= machine["versions"]
    listed = ", ".join(f"{name} {version}" for name, version in versions.items() if name != "featurecols")
    cores = f"{machine['cores']} core{_plural(machine['cores'])}"
    return f"{cores} ({machine.get('processor')}), Python {machine.get('python')}, {listed}"


def _ratio(ratio: float) -> str:
    return f"{ratio:.0f} x" if ratio >= 100 else f"{ratio:.2g} x"


if __name__ == "__main__":
    write()
