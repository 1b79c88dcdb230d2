"""Count the uses of `Any` in the package, read from the syntax trees of its files.

    python tools/typing_any.py           print how many there are
    python tools/typing_any.py --list    print how many each file has as well, most first

A use is the name `Any`, or an attribute of that name such as `typing.Any`; an import of it is none, and neither is a
comment or a text that mentions it. Compiled kernels are left out: numba reads no annotations, and arrays of every type
go through them.
"""

from __future__ import annotations

import argparse
import ast
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent.parent / "featurecols"
LEFT_OUT = (PACKAGE / "kernels", PACKAGE / "models" / "kernels")


def uses(source: str) -> int:
    """Return how often the source text of a module uses Any.

    >>> uses("from typing import Any\\ndef f(x: Any) -> list[Any]: ...")
    2
    """
    nodes = ast.walk(ast.parse(source))
    names = (n.id if isinstance(n, ast.Name) else n.attr for n in nodes if isinstance(n, ast.Name | ast.Attribute))
    return sum(name == "Any" for name in names)


def count() -> dict[str, int]:
    """Return the uses in each file that has some, by its path within the package."""
    files = [path for path in sorted(PACKAGE.rglob("*.py")) if not any(map(path.is_relative_to, LEFT_OUT))]
    found = {path.relative_to(PACKAGE).as_posix(): uses(path.read_text("utf-8")) for path in files}
    return {path: number for path, number in found.items() if number}


def main() -> None:
    """Print the total, after the number of each file where that is asked for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--list", action="store_true", help="print how many each file has as well, most first")
    found = count()
    if parser.parse_args().list:
        for path, number in sorted(found.items(), key=lambda item: -item[1]):
            print(f"{number:5} {path}")
    print(f"{sum(found.values())} uses of Any in {len(found)} files")


if __name__ == "__main__":
    main()
