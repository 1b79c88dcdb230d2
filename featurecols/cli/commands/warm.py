"""Compile the usual kernels ahead, so that the first transform on this machine does not have to.

With --to, they are written into a folder, which other machines find by the environment variable FEATURECOLS_KERNEL_CACHE. It
holds machine code: ship it as you ship programs. Where it does not fit (other versions or sources, a processor that lacks
instructions), it is not used, with a warning, and kernels are compiled there.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

from featurecols._core.progress import Progress
from featurecols.cli import options, output

# Numbers of the variants of each kernel that tables, files and models of the usual types need, the slowest to compile first.
USUAL = {
    "texts._FARM": (0, 1, 2, 3),
    "texts._MURMUR": (0, 1),
    "lookup._FIND": (0, 1),
    "sort_text.sort": (0,),
    "parquet.coded": (0,),
    "count_terms.add": (0,),
    "write_matrix._ASSEMBLE": (0,),
    "parquet.chunks": (0,),
    "numeric._NORMALIZE": (0, 1),
    "parquet.headers": (0,),
    "accumulate.count": (0,),
    "embedding_bag._POOL_GRADIENT": (0,),
    "parquet.plain": (0, 1),
    "embedding_bag._POOL": (0,),
    "crossing._MURMUR": (0,),
    "bucketize._BUCKETIZE": (0,),
    "accumulate.absorb": (0,),
    "accumulate.sums": (0,),
    "count_terms.take": (0,),
    "count_terms.tally": (0,),
    "cross_table._LOOK": (0,),
    "crossing._FARM": (0,),
    "crossing._FARM_LISTS": (0,),
    "crossing._MURMUR_LISTS": (0,),
    "crossing._SIZES": (0,),
    "lookup._BUILD": (0,),
    "numeric._GATHER": (0,),
    "numeric._GATHER_FEATURES": (0,),
    "one_hot_product._HOTS": (0, 1),
    "one_hot_product._HOTS_GRADIENT": (0,),
    "one_hot_product._LIST": (0, 1),
    "one_hot_product._LIST_GRADIENT": (0,),
    "optimizer_steps._ADAM": (1,),
    "optimizer_steps._FTRL": (0, 1),
    "pack_codes._PACK": (0,),
    "pack_ones._PACK": (0,),
    "parquet.texts": (0,),
    "pointwise._LOG_LOSS": (0, 1),
    "scatter._MULTIHOT": (0,),
    "texts._GATHER": (0,),
    "touched_rows._CLEAR": (0,),
    "touched_rows._HOTS_GRADIENT": (0,),
    "touched_rows._INDEX_BATCHES": (0,),
    "touched_rows._INDEX_HOTS": (0,),
    "touched_rows._INDEX_LIST": (0, 1),
    "touched_rows._LIST_GRADIENT": (0,),
    "touched_rows._SUM_HOTS": (0,),
    "touched_rows._SUM_LIST": (0,),
    "touched_rows._TAKE": (0, 1),
}
_MOST = 4  # processes: each takes the memory of a compiler


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("--to", metavar="FOLDER", type=Path, help="write them here, for FEATURECOLS_KERNEL_CACHE")
    level = "for all processors of a level: x86-64-v2, x86-64-v3 or x86-64-v4 (default: for this one); with --to"
    parser.add_argument("--cpu", metavar="LEVEL", help=level)
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Compile the usual kernels and print how long it took."""
    if arguments.to is not None:
        _write(arguments)
        return
    if arguments.cpu is not None:
        from featurecols import errors

        raise errors.argument("--cpu", "needs --to", arguments.cpu, "give --to FOLDER, where the kernels go")
    with output.show_progress("kernels", arguments.json) as bar:
        seconds = warm(bar)
    output.print_result(arguments.json, {"seconds": round(seconds, 3)}, f"kernels are ready ({seconds:.1f} s)")


def _write(arguments: argparse.Namespace) -> None:
    """Compile the usual kernels in a process that is told for what, and say beside them what they are for."""
    from featurecols import errors
    from featurecols.kernels import code_cache, shipped_code

    start, folder = time.monotonic(), Path(arguments.to)
    processor = shipped_code.processor_of(arguments.cpu)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise errors.output(folder, "exists already", "choose a folder that is empty, or not there yet")
    folder.mkdir(parents=True, exist_ok=True, mode=0o755)
    environment = {**os.environ, **shipped_code.variables_of(processor, folder)}
    program = f"import sys; sys.path[:] = {sys.path!r}; from {__name__} import warm; warm()"
    if subprocess.run([sys.executable, "-c", program], env=environment, stdout=subprocess.DEVNULL).returncode:
        raise errors.output(folder, "was not written, since the kernels could not be compiled", "see the error above")
    (folder / shipped_code.ABOUT).write_text(code_cache.describe(processor), "utf-8")
    kernels = [path.stat().st_size for path in folder.glob("*.kernel")]
    found = {"folder": str(folder), "processor": processor.name, "kernels": len(kernels), "bytes": sum(kernels)}
    seconds = time.monotonic() - start
    text = f"{folder}: {len(kernels)} kernels for {processor.name}, {sum(kernels) / 1e6:.1f} MB ({seconds:.1f} s)"
    output.print_result(arguments.json, {**found, "seconds": round(seconds, 3)}, text)


def warm(progress: Progress | None = None) -> float:
    """Compile what is not kept yet, in a process for each processor; returns the seconds that it took.

    progress: is given (variants done, variants in all).
    """
    from featurecols import kernels
    from featurecols._core import thread_pool
    from featurecols._core.processes import Workers

    start = time.monotonic()
    missing = {name: lacking for name, numbers in USUAL.items() if (lacking := kernels.lacking(name, numbers))}
    total, done = sum(map(len, missing.values())), 0
    if missing:
        tasks = [partial(kernels.compile_variants, name, numbers) for name, numbers in missing.items()]
        with Workers(min(thread_pool.count(), _MOST)) as workers:
            for finished in workers.run(tasks, None):
                done += finished
                if progress is not None:
                    progress(done, total)
    return time.monotonic() - start
