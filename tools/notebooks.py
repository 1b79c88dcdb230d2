"""Run every notebook from top to bottom; the outputs that are stored must be the outputs that come.

    python tools/notebooks.py            run, compare, fail with the first difference
    python tools/notebooks.py --write    run and store the outputs
    python tools/notebooks.py --extras   those that need more than the extra `test`; without it, the others
    python tools/notebooks.py NOTEBOOK   this one, whatever it needs

Cells tagged `varies` (times, machine) are run but not compared. Pictures are compared by being there.
"""

from __future__ import annotations

import argparse
import difflib
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "notebooks"
EXTRAS = {"04_serving": "serve", "06_torch": "torch"}  # notebooks that need an extra beside `test`; .ci/run has it later


def run(path: Path) -> tuple[nbformat.NotebookNode, nbformat.NotebookNode]:
    """The notebook as stored and as it comes out of a run in an empty folder."""
    stored = nbformat.read(path, as_version=4)
    fresh = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        where = {"metadata": {"path": folder}}
        # progress lines write over themselves; what is stored is what is left on the screen
        NotebookClient(fresh, timeout=600, kernel_name="python3", coalesce_streams=True, resources=where).execute()
    for cell in fresh.cells:
        cell.metadata.pop("execution", None)  # times of day
    fresh.metadata.pop("widgets", None)
    return stored, fresh


def text(cell: Any) -> list[str]:
    """What a cell shows, line by line."""
    lines: list[str] = []
    for output in cell.get("outputs", []):
        data = output.get("data", {})
        lines += output.get("text", data.get("text/plain", "")).splitlines()
        lines += [f"<{kind}>" for kind in sorted(data) if kind.startswith("image/")]
    return lines


def compare(stored: nbformat.NotebookNode, fresh: nbformat.NotebookNode) -> str:
    """The first difference as a diff; empty when there is none."""
    for i, (old, new) in enumerate(zip(stored.cells, fresh.cells, strict=True)):
        if old.cell_type != "code" or "varies" in old.metadata.get("tags", []):
            continue
        found = "\n".join(difflib.unified_diff(text(old), text(new), f"cell {i} stored", f"cell {i} run", lineterm=""))
        if found:
            return found
    return ""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--extras", action="store_true")
    parser.add_argument("notebooks", nargs="*", type=Path)
    arguments = parser.parse_args()
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    failed = 0
    chosen = [path for path in sorted(FOLDER.glob("*.ipynb")) if (path.stem in EXTRAS) is arguments.extras]
    for path in arguments.notebooks or chosen:
        stored, fresh = run(path)
        if arguments.write:
            nbformat.write(fresh, path)
            print(f"{path.name}: written")
            continue
        difference = compare(stored, fresh)
        print(f"{path.name}: {difference or 'as stored'}")
        failed += bool(difference)
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
