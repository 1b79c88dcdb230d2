"""A server under load with faults for so many minutes: python -m tests.load_serving --minutes N

Clients ask for predictions that they know the answers of. Meanwhile others send what is malformed, too long or too slow, or
go away; versions of the model are put in, replaced and damaged; and at the end the server gets SIGTERM while clients ask on.
Prints what was seen:

    right answers      equal, to the last digit, to what one version of the model says about all rows of the request
    400, 404, 408, ... requests that had to be refused, and were, with field and row where there is one
    faults             anything else: a wrong answer, another status, an answer cut short, a version that is not served
                       within 5 s (--patience), memory that grows, another exit status than 0

Exit status 1 where there is a fault.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import signal
import statistics
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path

from tests.integrations.serving.conftest import columns, people
from tests.integrations.serving.server import Server
from tests.load_serving.clients import LIMITS, BadClient, GoodClient, Seen, Truth

MODELS = 4  # that differ; versions are copies of them in turn
KEYS = ("age", "job", "city", "tags")
GROWTH = 32 << 20  # bytes that memory may differ by between the second quarter of the time and the last


def make_models(folder: Path, rows: list[dict[str, object]]) -> dict[int, list[dict[str, object]]]:
    """Save models that differ; return what each says about rows."""
    import featurecols as fc

    found, table = {}, people()
    for number in range(MODELS):
        model = fc.models.LinearClassifier(columns(), seed=number)
        model.train(table, label="rich", epochs=1 + number)
        model.save(folder / str(number))
        said = model.predict(rows)
        lists = {key: said[key].tolist() for key in said.arrays}
        found[number] = [{key: lists[key][i] for key in lists} for i in range(len(rows))]
    return found


class Versions:
    """The folder of versions, where new ones appear, damaged ones too, and old ones go."""

    def __init__(self, folder: Path, models: Path, answers: dict[int, list[dict[str, object]]], patience: float) -> None:
        self.folder, self.models, self.answers, self.patience = folder, models, answers, patience
        self.truth_answers: dict[int, list[dict[str, object]]] = {}
        self.there: set[int] = set()
        self.number, self.swaps, self.damaged = 0, 0, 0
        self.waits: list[float] = []
        self.seen = Seen()
        self.stop = False
        self.add()

    def add(self) -> None:
        """Put the next version in, complete at once."""
        self.number += 1
        model = self.number % MODELS
        self.truth_answers[self.number] = self.answers[model]
        self.there.add(self.number)
        shutil.copytree(self.models / str(model), self.folder.with_name("draft"))
        self.folder.mkdir(exist_ok=True)
        self.folder.with_name("draft").rename(self.folder / str(self.number))

    def damage(self) -> None:
        """Put a version in that cannot be loaded."""
        self.damaged += 1
        place = self.folder / str(10**6 + self.damaged)
        shutil.copytree(self.models / "0", self.folder.with_name("draft"))
        (self.folder.with_name("draft") / "weights.safetensors").write_bytes(b"damaged")
        self.folder.with_name("draft").rename(place)
        time.sleep(2)
        shutil.rmtree(place)

    def run(self, server: Server) -> None:
        draw = random.Random(1)
        while not self.stop:
            time.sleep(draw.uniform(0.5, 2))
            if draw.random() < 0.3:
                self.damage()
            self.add()
            start = time.monotonic()
            while self._served(server) != self.number and not self.stop:
                time.sleep(0.05)
                if time.monotonic() - start > 60:
                    break
            self.waits.append(time.monotonic() - start)
            if self.waits[-1] > self.patience:
                self.seen.fault(f"version {self.number} was served after {self.waits[-1]:.1f} s")
            self.swaps += 1
            for old in [number for number in self.there if number < self.number - 2]:
                shutil.rmtree(self.folder / str(old), ignore_errors=True)
                self.there.discard(old)

    def _served(self, server: Server) -> int:
        states = server.ask("/v1/models/m")[1]["model_version_status"]
        return max((int(state["version"]) for state in states if state["state"] == "AVAILABLE"), default=0)


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * 4096


def run(seconds: float, connections: int = 8, patience: float = 5.0) -> tuple[Counter[str], list[str], dict[str, object]]:
    """Return outcomes, faults, and figures."""
    table = people()
    rows = [{key: table[key][i] for key in KEYS} for i in range(120)]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        answers = make_models(folder / "models", rows)
        versions = Versions(folder / "m", folder / "models", answers, patience)
        truth = Truth(rows, versions.truth_answers, versions.there)
        with Server(folder / "m", *LIMITS) as server:
            good = [GoodClient(server.address, truth, seed) for seed in range(connections)]
            bad = [BadClient(server.address, rows, seed) for seed in range(3)]
            threads = [threading.Thread(target=client.run, daemon=True) for client in (*good, *bad)]
            threads.append(threading.Thread(target=versions.run, args=(server,), daemon=True))
            memory: list[int] = []
            start = time.monotonic()
            for thread in threads:
                thread.start()
            while time.monotonic() - start < seconds and server.process.poll() is None:
                time.sleep(min(1.0, seconds / 20))
                memory.append(resident(server.process.pid))
            for client in (*bad, versions):
                client.stop = True
            for thread in threads[connections:]:
                thread.join(120)
            took = time.monotonic() - start
            for client in good:
                client.stopping = True
            status = server.stop(signal.SIGTERM)
            for client in good:
                client.stop = True
            for thread in threads:
                thread.join(120)
            return report(
                [*(c.seen for c in good), *(c.seen for c in bad), versions.seen], versions, memory, took, status, server
            )


def report(
    seen: list[Seen], versions: Versions, memory: list[int], took: float, status: int, server: Server
) -> tuple[Counter[str], list[str], dict[str, object]]:
    """Return what all saw, together, and what the server itself did wrong."""
    end = Seen()
    if status != 0:
        end.fault(f"exit status {status}")
    for event in server.events("a request failed"):
        end.fault(f"the server failed: {event}")
    early, late = memory[len(memory) // 4 : len(memory) // 2], memory[-max(1, len(memory) // 4) :]
    if statistics.median(late) - statistics.median(early) > GROWTH:
        end.fault(f"memory grew from {statistics.median(early) / 2**20:.0f} to {statistics.median(late) / 2**20:.0f} MiB")
    outcomes: Counter[str] = sum((s.outcomes for s in [*seen, end]), Counter())
    latencies = sorted(value for s in seen for value in s.latencies)
    figures: dict[str, object] = {
        "seconds": round(took, 1),
        "predictions/s": round(len(latencies) / took),
        "p50 ms": round(1000 * latencies[len(latencies) // 2], 2) if latencies else None,
        "p99 ms": round(1000 * latencies[len(latencies) * 99 // 100], 2) if latencies else None,
        "versions": versions.swaps,
        "damaged versions": versions.damaged,
        "slowest version s": round(max(versions.waits, default=0.0), 2),
        "memory MiB": [round(statistics.median(part) / 2**20, 1) for part in (early, late)],
        "most MiB": round(max(memory) / 2**20, 1),
    }
    return outcomes, [fault for s in [*seen, end] for fault in s.faults], figures


def main() -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--connections", type=int, default=8)
    parser.add_argument("--patience", type=float, default=5.0, help="seconds until a version must be served")
    arguments = parser.parse_args()
    outcomes, faults, figures = run(60 * arguments.minutes, arguments.connections, arguments.patience)
    for name, count in sorted(outcomes.items()):
        print(f"{count:>10,}  {name}")
    print(json.dumps(figures))
    for fault in faults:
        print(f"fault: {fault}")
    return int(bool(faults))


if __name__ == "__main__":
    sys.exit(main())
