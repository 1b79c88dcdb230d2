"""Kills jobs at named phases and runs them again: the result is that of an undisturbed run, and a reader never sees a part.

    python -m tests.integrations.kill_campaign --kills 300 [--seed 1] [--targets folder,file,object-folder,...]

Each trial is one job in a child process (by fork, before any thread exists) that gets SIGKILL at one event of one phase: by
itself at what Python does there (read, write, fsync, manifest, rename, clean), or by the S3 server, before or after it has done
what a request asks for (put, publish). A second process reads the target all the while. Then the same job runs again, and what
is at the target is compared with the result of a job that was left alone. Prints how often each phase was met, and what was
wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ClassVar

import deltalake
import pyarrow as pa
import pyarrow.dataset
import pyarrow.fs
import pyiceberg.catalog
import pyiceberg.catalog.sql
import pyiceberg.io.pyarrow
from pyiceberg.utils.config import Config

import featurecols as fc
from featurecols.jobs import transform_parquet  # noqa: F401 - loaded once, as much above, and not in each child
from featurecols.jobs.inputs import Inputs
from tests.integrations.s3_server import ENVIRONMENT, Bucket, new_bucket, serve_s3
from tests.jobs import data

PLAN = fc.compile(data.COLUMNS)
PLAN.transform(data.table(3, 0), threads=1)
PLAN.fingerprint  # noqa: B018
BEFORE = "before"  # what is at a target that is replaced
Report = Callable[[str], None]
ABSENT = "nothing"
HERE = ("read", "write", "fsync", "manifest", "rename", "clean")  # phases in which a job kills itself


class Place:
    """One kind of target: how a job writes it, what a reader sees there, and the requests that change it."""

    requests: ClassVar[dict[str, str]] = {}  # phases in which the server kills, and where their objects are in the bucket
    old = ABSENT

    def __init__(self, name: str, bucket: Bucket, scratch: Path) -> None:
        self.name, self.bucket, self.scratch = name, bucket, scratch
        self.target = self.where()

    def where(self) -> str:
        return str(self.scratch / self.name)

    def prepare(self) -> None:
        """Put there what is replaced, where something is."""

    def see(self) -> str:
        """What a reader sees, in short."""
        raise NotImplementedError

    def single(self) -> bool:
        return self.target.endswith(".parquet")


class Folder(Place):
    def see(self) -> str:
        path = Path(self.target)
        try:
            files = {p.relative_to(path).as_posix(): p.read_bytes() for p in sorted(path.rglob("*")) if p.is_file()}
        except FileNotFoundError:
            return self.see()
        return _digest(files) if path.is_dir() else ABSENT


class File(Place):
    """A file that replaces another."""

    old = BEFORE

    def where(self) -> str:
        return f"{super().where()}.parquet"

    def prepare(self) -> None:
        Path(self.target).write_text(BEFORE)

    def see(self) -> str:
        found = Path(self.target).read_bytes()
        return BEFORE if found == BEFORE.encode() else _digest({"": found})


class ObjectFolder(Place):
    """A folder in an object store, as its manifest describes it."""

    requests: ClassVar = {"put": "_data-", "publish": "_featurecols.json"}

    def where(self) -> str:
        return f"{self.bucket.url}/{self.name}"

    def see(self) -> str:
        manifest = _get(self.bucket, f"{self.name}/_featurecols.json")
        if manifest is None:
            return ABSENT
        files = json.loads(manifest)["files"]
        return _digest({each["name"]: _get(self.bucket, f"{self.name}/{each['path']}") or b"" for each in files})


class Object(Place):
    """An object that replaces another."""

    requests: ClassVar = {"publish": ""}
    old = BEFORE

    def where(self) -> str:
        return f"{self.bucket.url}/{self.name}.parquet"

    def prepare(self) -> None:
        self.bucket.put(f"{self.name}.parquet", BEFORE.encode())

    def see(self) -> str:
        found = _get(self.bucket, f"{self.name}.parquet") or b""
        return BEFORE if found == BEFORE.encode() else _digest({"": found})


class Delta(Place):
    requests: ClassVar = {"put": "part-", "publish": "_delta_log/"}

    def where(self) -> str:
        return f"delta:{self.bucket.url}/{self.name}"

    def see(self) -> str:
        place, options = self.target.removeprefix("delta:"), {"AWS_ALLOW_HTTP": "true"}
        if not deltalake.DeltaTable.is_deltatable(place, options):
            return ABSENT
        table = deltalake.DeltaTable(place, storage_options=options)
        jobs = [each for each in table.history() if "featurecols.job" in each]
        return f"{len(jobs)} commit, {_rows(table.to_pyarrow_table())}"


class Iceberg(Place):
    requests: ClassVar = {"put": "data/", "publish": "metadata/"}

    def where(self) -> str:
        return f"iceberg:local/ml.{self.name}"

    def see(self) -> str:
        catalog = pyiceberg.catalog.load_catalog("local")
        if not catalog.table_exists(f"ml.{self.name}"):
            return ABSENT
        table = catalog.load_table(f"ml.{self.name}")
        jobs = [each for each in table.snapshots() if "featurecols.job" in each.summary.additional_properties]
        return f"{len(jobs)} commit, {_rows(table.scan().to_arrow())}" if jobs else ABSENT


PLACES: dict[str, type[Place]] = {
    "folder": Folder,
    "file": File,
    "object-folder": ObjectFolder,
    "object": Object,
    "delta": Delta,
    "iceberg": Iceberg,
}


def _get(bucket: Bucket, key: str) -> bytes | None:
    """An object as it is now; the server believes every signature."""
    signed = {"Authorization": "AWS4-HMAC-SHA256 Credential=key/20250101/us-east-1/s3/aws4_request, Signature=0"}
    try:
        with urllib.request.urlopen(urllib.request.Request(f"{bucket.endpoint}/{bucket.name}/{key}", headers=signed)) as answer:
            return bytes(answer.read())
    except urllib.error.HTTPError as error:
        if error.code == 404:
            return None
        raise


def _digest(files: dict[str, bytes]) -> str:
    found = hashlib.sha256()
    for name in sorted(files):
        found.update(f"{name} {len(files[name])} ".encode() + files[name])
    return found.hexdigest()[:16]


def _rows(table: pa.Table) -> str:
    sink = pa.BufferOutputStream()
    columns = table.sort_by("id").combine_chunks()
    with pa.ipc.new_stream(sink, columns.schema) as stream:
        stream.write_table(columns)
    return f"{table.num_rows} rows {hashlib.sha256(sink.getvalue()).hexdigest()[:16]}"


class Steps:
    """The events of a job by phase; at one of them the process kills itself."""

    def __init__(self, phase: str = "", number: int = 0) -> None:
        self.phase, self.number, self.seen = phase, number, Counter[str]()

    def take(self, phase: str) -> None:
        self.seen[phase] += 1
        if phase == self.phase and self.seen[phase] == self.number:
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self) -> None:
        """Watch this process from now on."""
        sync, kept = os.fsync, Inputs._kept_columns

        def fsync(handle: int) -> None:
            self.take("fsync")
            sync(handle)
            self.take("fsync")

        def read(inputs: Inputs, block: Any) -> pa.Table:
            self.take("read")
            return kept(inputs, block)

        os.fsync, Inputs._kept_columns = fsync, read  # type: ignore[method-assign]
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        where = " ".join(str(each) for each in arguments[:2])
        if ".staging" not in where and "featurecols-" not in where:
            return
        if "manifest.json" in where:
            self.take("manifest")
        elif event == "os.rename":
            self.take("rename")
        elif event == "open":
            self.take("write")
        elif event in ("os.remove", "os.rmdir", "shutil.rmtree"):
            self.take("clean")


def job(source: Path, place: Place, steps: Steps) -> None:
    """The job of every trial."""
    steps.watch()
    fc.transform_parquet(
        PLAN,
        source / "part-0.parquet" if place.single() else source,
        place.target,
        keep=["id", "city"],
        overwrite=place.old != ABSENT,
        progress=lambda done, total: steps.take("write"),
    )


def in_child(work: Callable[[], object]) -> tuple[bool, Any]:
    """Whether the child was killed, and what it returned."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.close(read)
            os.write(write, json.dumps(work()).encode())
        except BaseException as error:
            os.write(write, json.dumps({"error": f"{type(error).__name__}: {error}"}).encode())
        os._exit(0)
    os.close(write)
    said = b""
    while more := os.read(read, 65536):
        said += more
    os.close(read)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status), json.loads(said) if said else None


@contextmanager
def reader(place: Place) -> Iterator[list[str]]:
    """Look at a target from another process; what it saw is there when the block has ended."""
    stop_read, stop = os.pipe()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        seen: list[str] = []
        try:
            os.set_blocking(stop_read, False)
            while True:
                now = place.see()
                if now not in seen:
                    seen.append(now)
                try:
                    if os.read(stop_read, 1):
                        break
                except BlockingIOError:
                    time.sleep(0.002)
            os.write(write, json.dumps(seen).encode())
        except BaseException as error:
            os.write(write, json.dumps([f"{type(error).__name__}: {error}"[:300]]).encode())
        os._exit(0)
    seen_here: list[str] = []
    os.close(write)
    try:
        yield seen_here
    finally:
        os.write(stop, b"x")
        said = b""
        while more := os.read(read, 65536):
            said += more
        os.waitpid(child, 0)
        for handle in (stop, stop_read, read):
            os.close(handle)
        seen_here.extend(json.loads(said))


def run(kills: int, seed: int, names: list[str], report: Report) -> dict[str, Any]:
    """Do all trials and return what was found."""
    chance, start = random.Random(seed), time.monotonic()
    found: dict[str, Any] = {"kills": 0, "phases": Counter[str](), "visible": 0, "wrong": []}
    with serve_s3() as endpoint, tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        os.environ.update({**ENVIRONMENT, "AWS_ENDPOINT_URL": endpoint})
        bucket = new_bucket(endpoint)
        _configure(bucket, endpoint, scratch)
        (scratch / "tmp").mkdir()
        tempfile.tempdir = str(scratch / "tmp")
        os.environ["TMPDIR"] = tempfile.tempdir
        source = scratch / "raw"
        in_child(lambda: str(data.folder(source, files=3, rows=30, row_group=10)))
        events = {name: _measure(PLACES[name](f"whole{i}", bucket, scratch), source, endpoint) for i, name in enumerate(names)}
        choices = [(name, phase) for name in names for phase in events[name][1]]
        number = 0
        while found["kills"] < kills and number < 2 * kills:
            name, phase = choices[number % len(choices)]
            place = PLACES[name](f"t{number}", bucket, scratch)
            number += 1
            what = events[name]
            at, when = chance.randint(1, what[1][phase]), chance.choice(["before", "after"])
            _try(found, place, source, endpoint, (phase, at, when), what[0], report)
            if found["kills"] and found["kills"] % 50 == 0:
                report(f"{found['kills']} kills, {len(found['wrong'])} wrong, {time.monotonic() - start:.0f} s")
    found["seconds"] = round(time.monotonic() - start)
    return found


def _configure(bucket: Bucket, endpoint: str, scratch: Path) -> None:
    """Say where Iceberg's catalog is, and how its files are reached."""
    settings = {"URI": f"sqlite:///{scratch}/catalog.db", "WAREHOUSE": f"{bucket.url}/lake", "S3__ENDPOINT": endpoint}
    for name, value in {"TYPE": "sql", "S3__REGION": "us-east-1", **settings}.items():
        os.environ[f"PYICEBERG_CATALOG__LOCAL__{name}"] = value
    pyiceberg.catalog._ENV_CONFIG = Config()


def _measure(place: Place, source: Path, endpoint: str) -> tuple[str, dict[str, int]]:
    """What a job that is left alone gives, and how many events of each phase it has."""

    def alone() -> dict[str, object]:
        place.prepare()
        steps = Steps()
        job(source, place, steps)
        return {"seen": place.see(), "events": steps.seen}

    counts: dict[str, int] = {}
    _, said = in_child(alone)
    if "error" in said:
        raise RuntimeError(f"{place.target}: {said['error']}")
    for phase, where in place.requests.items():
        again = type(place)(f"{place.name}{phase}", place.bucket, place.scratch)
        in_child(lambda again=again: again.prepare())
        _arm(endpoint, 0, 0, "before", _prefix(again, where))
        in_child(lambda again=again: job(source, again, Steps()))
        counts[phase] = _arm(endpoint, 0, 0, "before", "-")
    counts.update({phase: said["events"][phase] for phase in HERE if said["events"].get(phase)})
    return said["seen"], {phase: count for phase, count in counts.items() if count}


def _prefix(place: Place, where: str) -> str:
    """The path of the objects of a phase, as the server sees it."""
    root = f"{place.bucket.name}/{'lake/ml/' if isinstance(place, Iceberg) else ''}{place.name}"
    return f"{root}.parquet" if isinstance(place, Object) else f"{root}/{where}"


def _arm(endpoint: str, process: int, number: int, when: str, prefix: str) -> int:
    with urllib.request.urlopen(f"{endpoint}/kill/{process}/{number}/{when}/{prefix}") as answer:
        return int(answer.read())


def _try(
    found: dict[str, Any], place: Place, source: Path, endpoint: str, where: tuple[str, int, str], new: str, report: Report
) -> None:
    """One trial: a job is killed, and runs again, while another process looks."""
    phase, number, when = where
    in_child(place.prepare)

    def first() -> None:
        if phase in HERE:
            job(source, place, Steps(phase, number))
        else:
            _arm(endpoint, os.getpid(), number, when, _prefix(place, place.requests[phase]))
            job(source, place, Steps())

    with reader(place) as seen:
        killed, _ = in_child(first)
        _arm(endpoint, 0, 0, "before", "-")
        _, between = in_child(place.see)
        _, error = in_child(lambda: job(source, place, Steps()))
    if not killed:
        return
    _, after = in_child(place.see)
    found["kills"] += 1
    found["phases"][f"{type(place).__name__} {phase}"] += 1
    found["visible"] += between == new
    left = [p.name for p in (place.scratch / "tmp").glob(f"featurecols-{os.geteuid()}/*")]  # staged rows
    seen_wrong = after != new or between not in (place.old, new) or not set(seen) <= {place.old, new}
    if seen_wrong or _is_refusal(error, between, new) or (left and isinstance(place, Delta | Iceberg)):
        wrong = {"target": place.target, "where": where, "seen": seen, "between": between, "after": after}
        found["wrong"].append({**wrong, "new": new, "error": error, "left": left})
        report(f"wrong: {found['wrong'][-1]}")
    for path in (place.scratch / place.name, place.scratch / f"{place.name}.parquet"):
        if path.is_dir():
            shutil.rmtree(path)
        path.unlink(missing_ok=True)


def _is_refusal(error: object, between: str, new: str) -> bool:
    """Whether the second run ended with an error, other than that a target of a local run is there already."""
    return error is not None and not (between == new and "exists already" in str(error))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--targets", default=",".join(PLACES))
    arguments = parser.parse_args()
    found = run(
        arguments.kills, arguments.seed, arguments.targets.split(","), lambda text: print(text, file=sys.stderr, flush=True)
    )
    print(json.dumps(found, indent=1))
    sys.exit(bool(found["wrong"]))


if __name__ == "__main__":
    main()
