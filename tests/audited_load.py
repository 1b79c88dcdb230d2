"""Loads saved folders under an audit hook, and prints for each what Python did meanwhile, and the error.

Usage: python audited_load.py WARM FOLDER ..., in a process of its own. A folder with model.json is a model. WARM holds `plan`
and `model`, which are loaded first, so that the package has imported all of itself that loading needs.
"""

import contextlib
import json
import os
import resource
import sys
import warnings

QUIET = ("object.__getattr__", "object.__setattr__", "sys._getframe", "gc.", "builtins.id", "cpython.", "code.__new__")


def load(folder: str) -> None:
    import featurecols as fc

    if os.path.exists(os.path.join(folder, "model.json")):
        fc.models.load(folder)
    else:
        fc.load(folder)


def main(warm: str, folders: list[str]) -> None:
    for name in ("plan", "model"):
        load(os.path.join(warm, name))
    with contextlib.suppress(Exception):
        load(os.path.join(warm, "nothing"))
    seen: list[list[str]] = []
    watching = False

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if watching and not event.startswith(QUIET):
            seen.append([event, *(str(a)[:300] for a in arguments)])

    sys.addaudithook(hook)
    found = []
    for folder in folders:
        seen.clear()
        before, said = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, ""
        watching = True
        try:
            load(folder)
        except Exception as error:  # which is what the test looks at
            watching, said = False, f"{type(error).__name__}: {error}"
        watching = False
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        found.append({"folder": folder, "events": [list(e) for e in seen], "error": said, "grown": grown})
    print(json.dumps(found))


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main(sys.argv[1], sys.argv[2:])
