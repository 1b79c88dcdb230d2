"""Claim: fit over 5 GB of Parquet with 50 million distinct terms stays under 1 GB of memory and counts exactly.

    python -m benchmarks.fit_memory --dir SCRATCH

Makes the data there (reused when it is there), learns in fresh processes whose resident memory is sampled, and compares
with what DuckDB counts in another one. Not among the claims that `python -m benchmarks` runs: it takes many minutes and
some 20 GB of disk. `--terms` and `--rows` make it smaller.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np

TOP = 1000
_FILES = 10
_GROUP = 500_000


def mixed(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """A permutation of the 64-bit integers (the finalizer of splitmix64)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def make(folder: Path, terms: int, rows: int) -> None:
    """Rows in an order without order: every term once, then terms drawn with a skew; a number beside each."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    digits = np.frombuffer("".join(f"{i:02x}" for i in range(256)).encode(), np.uint8).reshape(256, 2)
    per_file = rows // _FILES
    for i in range(_FILES):
        path = folder / f"part-{i:02d}.parquet"
        if path.exists():
            continue
        schema = pa.schema({"term": pa.string(), "x": pa.float64()})
        with pq.ParquetWriter(f"{path}.new", schema, compression="none", use_dictionary=False) as writer:
            for start in range(i * per_file, (i + 1) * per_file, _GROUP):
                row = np.arange(start, min(start + _GROUP, (i + 1) * per_file), dtype=np.uint64)
                draw = mixed(row + np.uint64(2**40)) / 2.0**64
                term = np.where(row < terms, row, (terms * draw**3).astype(np.uint64))
                text = np.empty((len(row), 22), np.uint8)
                text[:, :6] = np.frombuffer(b"https:", np.uint8)
                text[:, 6:] = digits[mixed(term).view(np.uint8).reshape(-1, 8)].reshape(-1, 16)
                offsets = np.arange(len(row) + 1, dtype=np.int32) * 22
                buffers = [None, pa.py_buffer(offsets), pa.py_buffer(text)]
                strings = pa.Array.from_buffers(pa.string(), len(row), buffers)
                writer.write_table(pa.table({"term": strings, "x": np.sqrt(draw)}, schema=schema))
        os.replace(f"{path}.new", path)


def by_fit(folder: str) -> dict[str, Any]:
    """fc.fit as a user calls it: the top terms, quantiles and moments in one pass."""
    import featurecols as fc

    columns = [
        fc.Vocabulary("term", fc.TopTerms(TOP)),
        fc.Numeric("x", normalizer=fc.ZScore()),
        fc.Bucketized("x", fc.Quantiles(10)),
    ]
    plan = fc.fit(columns, folder)
    found = next(slots["terms"] for slots in plan._learned.values() if "terms" in slots)
    return {"top": _pairs(found)}


def by_analyzer(folder: str) -> dict[str, Any]:
    """The analyzer alone, which lets us look at every count: how many terms were seen how often."""
    from featurecols.analyzers.top_terms import TermCounts
    from featurecols.data.sources import as_source

    analyzer = TermCounts(TOP)
    state = analyzer.empty()
    for batch in as_source(folder).batches([("term", "category")]):
        state = analyzer.update(state, batch.field("term"))
    top = _pairs(analyzer.finish(state))
    state.spill()
    seen: dict[int, int] = {}
    for chunk in state.runs.merged():
        for count, terms in zip(*(a.tolist() for a in np.unique(chunk.counts, return_counts=True)), strict=True):
            seen[count] = seen.get(count, 0) + terms
    return {"top": top, "seen": sorted(seen.items()), "spilled": state.runs.spilled}


def by_duckdb(folder: str) -> dict[str, Any]:
    """The independent count."""
    import duckdb

    connection = duckdb.connect(f"{folder}/count.duckdb")
    connection.execute("set memory_limit = '4GB'; set preserve_insertion_order = false")
    connection.execute(f"create or replace table counts as select term, count(*) as n from '{folder}/*.parquet' group by term")
    top = connection.execute(f"select term, n from counts order by n desc, term limit {TOP}").fetchall()
    seen = connection.execute("select n, count(*) from counts group by n order by n").fetchall()
    connection.close()
    os.remove(f"{folder}/count.duckdb")
    return {"top": [list(pair) for pair in top], "seen": [list(pair) for pair in seen]}


def _pairs(found: Any) -> list[list[Any]]:
    cut, data = found["offsets"].tolist(), found["data"].tobytes()
    return [[data[cut[i] : cut[i + 1]].decode(), n] for i, n in enumerate(found["counts"].tolist())]


def measured(name: str, folder: Path) -> dict[str, Any]:
    """The result of one of the above in a process of its own, with its minutes and its resident memory."""
    code = (
        "import json; from benchmarks import fit_memory as f\n"
        f"found = getattr(f, {name!r})({str(folder)!r})\n"
        "found['peak'] = [int(l.split()[1]) * 1024 for l in open('/proc/self/status') if l.startswith('VmHWM')][0]\n"
        f"json.dump(found, open({str(folder / name)!r}, 'w'))"
    )
    environment = {**os.environ, "TMPDIR": str(folder)}
    samples: list[int] = []
    start = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.DEVNULL, env=environment)
    page = os.sysconf("SC_PAGE_SIZE")
    while process.poll() is None:
        try:
            samples.append(int(Path(f"/proc/{process.pid}/statm").read_text().split()[1]) * page)
        except (OSError, IndexError):
            break
        time.sleep(0.1)
    if process.wait():
        raise SystemExit(f"{name} failed")
    found: dict[str, Any] = json.loads((folder / name).read_text())
    (folder / name).unlink()
    found["minutes"] = (time.perf_counter() - start) / 60
    found["samples"] = samples
    return found


def report(name: str, found: dict[str, Any]) -> None:
    tenths = [max(part) / 2**20 for part in np.array_split(np.array(found["samples"]), 10) if len(part)]
    spilled = f", {found['spilled'] / 2**20:,.0f} MiB spilled" if "spilled" in found else ""
    print(f"{name:12} {found['minutes']:6.2f} minutes, peak {found['peak'] / 2**20:6.0f} MiB resident{spilled}")
    print("             MiB by tenths of the time: " + " ".join(f"{v:.0f}" for v in tenths), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fit_memory")
    parser.add_argument("--dir", type=Path, required=True, help="scratch folder; the data stays there")
    parser.add_argument("--terms", type=int, default=50_000_000)
    parser.add_argument("--rows", type=int, default=150_000_000)
    arguments = parser.parse_args()
    folder = arguments.dir / f"terms-{arguments.terms}-{arguments.rows}"
    make(folder, arguments.terms, arguments.rows)
    size = sum(path.stat().st_size for path in folder.glob("*.parquet"))
    print(f"{arguments.rows:,} rows, {arguments.terms:,} distinct terms, {size / 1e9:.2f} GB of Parquet", flush=True)
    results = {}
    for name in ("by_duckdb", "by_analyzer", "by_fit"):
        results[name] = measured(name, folder)
        report(name, results[name])
    want = results["by_duckdb"]
    assert sum(terms for _, terms in want["seen"]) == arguments.terms
    assert results["by_analyzer"]["seen"] == want["seen"], "counts differ"
    assert results["by_analyzer"]["top"] == results["by_fit"]["top"] == want["top"], "top terms differ"
    print("every count equals DuckDB's")


if __name__ == "__main__":
    main()
