"""Claim: one-row predictions over HTTP, beside a scikit-learn pipeline behind FastAPI, on the same rows of the census."""

from __future__ import annotations

import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import featurecols as fc
from benchmarks import adult, data
from benchmarks.harness import Result

OURS, RIVAL = "featurecols", "FastAPI, scikit-learn pipeline"
CONNECTIONS = (1, 8, 32)


def run(seconds: float = 4.0, repeats: int = 5) -> list[Result]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = labelled()
        renamed = table.rename_columns([key.replace("-", "_") for key in table.column_names])
        save_model(table, folder / "income")
        save_pipeline(renamed, folder / "pipeline")
        rows = {OURS: table, RIVAL: renamed}
        bodies = {}
        for contestant, given in rows.items():
            bodies[contestant] = folder / f"{len(bodies)}.jsonl"
            given = given.drop_columns(["income"]).slice(0, 2000)
            bodies[contestant].write_text("".join(json.dumps({"instances": [row]}) + "\n" for row in given.to_pylist()))
        ports = free_port(), free_port()
        ours = ["featurecols", "serve", str(folder / "income"), "--port", str(ports[0])]
        rival = ["benchmarks.fastapi_rival", str(folder / "pipeline"), str(ports[1])]
        paths = {OURS: (ports[0], "/v1/models/income:predict"), RIVAL: (ports[1], "/predict")}
        with server(ours, ports[0]) as mine, server(rival, ports[1]) as theirs:
            processes = {OURS: mine, RIVAL: theirs}
            return [measured(n, paths, bodies, processes, seconds, repeats) for n in CONNECTIONS]


def measured(
    connections: int,
    paths: dict[str, tuple[int, str]],
    bodies: dict[str, Path],
    processes: dict[str, subprocess.Popen[bytes]],
    seconds: float,
    repeats: int,
) -> Result:
    """Load both in turn; seconds are those of a request, from all connections together."""
    what = f"{connections} connection{'s' if connections > 1 else ''}"
    versions = {name: importlib.metadata.version(name) for name in ("fastapi", "uvicorn", "httptools", "scikit-learn")}
    result = Result(f"One-row predictions over HTTP, {what}", 1, {OURS: [], RIVAL: []}, versions=versions)
    seen: dict[str, list[dict[str, float]]] = {OURS: [], RIVAL: []}
    for turn in range(repeats + 1):
        for name, (port, path) in paths.items():
            before = cpu_seconds(processes[name])
            found = load(port, path, bodies[name], connections, seconds if turn else 1.0)
            found["cpu us"] = 1e6 * (cpu_seconds(processes[name]) - before) / found["requests"]
            if found["errors"]:
                raise RuntimeError(f"{name}: {found['errors']} of {found['requests']} requests failed")
            if turn:  # the first run warms both
                seen[name].append(found)
                result.seconds[name].append(found["seconds"] / found["requests"])
    for name, runs in seen.items():
        middle = {key: sorted(run[key] for run in runs)[len(runs) // 2] for key in ("p50 ms", "p99 ms", "cpu us")}
        result.notes[name] = {"requests/s": round(1 / result.median(name)), **{k: round(v, 3) for k, v in middle.items()}}
    result.notes["ratio of requests/s"] = round(result.ratio(RIVAL), 1)
    return result


def labelled() -> Any:
    """The census with its label, without rows whose numbers are missing."""
    import pyarrow.parquet as pq

    keys = [*data.NUMBERS, *data.CATEGORIES, "income"]
    table = pq.read_table(data.folder() / "adult" / "adult_data.parquet", columns=keys)
    return table.filter(table["age"].is_valid())


def save_model(table: Any, folder: Path) -> None:
    fc.models.LinearClassifier(linear()).train(table, label="income", epochs=2).save(folder)


def linear() -> list[fc.Column]:
    """The columns of the census for a linear model: ids in the place of one-hots."""
    return [column.source if isinstance(column, fc.Indicator) else column for column in adult.columns()]


def save_pipeline(table: Any, path: Path) -> None:
    import joblib
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import KBinsDiscretizer, OneHotEncoder, StandardScaler

    names = {key: key.replace("-", "_") for key in (*data.NUMBERS, *data.CATEGORIES)}
    encoder = ColumnTransformer(
        [
            ("numbers", StandardScaler(), [names[key] for key in data.NUMBERS]),
            ("bands", KBinsDiscretizer(10, quantile_method="averaged_inverted_cdf"), ["age"]),
            ("categories", OneHotEncoder(handle_unknown="ignore"), [names[key] for key in data.CATEGORIES]),
        ]
    )
    frame = table.to_pandas()
    joblib.dump(make_pipeline(encoder, LogisticRegression(max_iter=200)).fit(frame, frame["income"]), path)


def load(port: int, path: str, bodies: Path, connections: int, seconds: float) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.http_load", str(port), path, str(bodies), str(connections), str(seconds)]
    found: dict[str, float] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return found


@contextmanager
def server(arguments: list[str], port: int) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", *arguments], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + 120
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except ConnectionRefusedError:
                if process.poll() is not None or time.monotonic() > end:
                    raise RuntimeError(f"{arguments[0]} does not start") from None
                time.sleep(0.1)
        yield process
    finally:
        process.terminate()
        process.wait(30)


def cpu_seconds(process: subprocess.Popen[bytes]) -> float:
    """Seconds of processor time that a process has taken."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
