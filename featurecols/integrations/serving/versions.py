"""The versions of a model in a folder: which are complete, which one is served, and what is wrong with the others."""

from __future__ import annotations

import gc
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from featurecols import errors
from featurecols.integrations.serving.logs import log, log_error
from featurecols.integrations.serving.servable import Servable

COMPLETE = ("card.json", "plan.json")  # each is the last file that is written of a model, and of a plan
SPEC = "model.json"
Stamp = tuple[tuple[str, int, int, int], ...]
Loader = Callable[[Path, int], Servable]  # of a folder, and the number of the version


class Version(NamedTuple):
    """A complete version on the disk; its stamp changes with its files."""

    number: int
    folder: Path
    stamp: Stamp


class State(NamedTuple):
    """What became of a version: LOADING, AVAILABLE or END, with an error where it could not be loaded."""

    state: str
    code: str = "OK"
    message: str = ""


class ServedModel:
    """The model in a folder, which is an export or a plan, or holds numbered versions of one.

    Attributes:
        name: by which it is asked for.
        folder: where it is.
        current: the version that is served; None before the first one is loaded.
        states: what became of each version that was tried, by number.
    """

    def __init__(self, name: str, folder: Path, load: Loader) -> None:
        self.name, self.folder, self._load = name, folder, load
        self.current: Servable | None = None
        self.states: dict[int, State] = {}
        self._served: Version | None = None
        self._broken: dict[int, Stamp] = {}

    def refresh(self) -> bool:
        """Load the highest complete version that is not served yet; return whether another one is served now.

        A version that cannot be loaded is logged, and tried again when its files change; what was served is served on.
        """
        for version in versions(self.folder):
            if version == self._served:
                return False
            if self._broken.get(version.number) != version.stamp and self._try(version):
                return True
            if self._served is not None and version.number == self._served.number:  # its files were replaced by wrong ones
                return False
        return False

    def _try(self, version: Version) -> bool:
        """Load a version and serve it; return whether that worked."""
        before = self.current
        self.states[version.number] = State("LOADING")
        try:
            found = self._load(version.folder, version.number)
        except Exception as error:
            text = str(error) if isinstance(error, errors.FeatureColumnsError) else f"{type(error).__name__}: {error}"
            self._broken[version.number] = version.stamp
            self.states[version.number] = State("END", "INVALID_ARGUMENT", text)
            where = str(version.folder)
            log_error("version cannot be served", model=self.name, version=version.number, folder=where, error=text)
            return False
        self.current, self._served = found, version
        self.states[version.number] = State("AVAILABLE")
        if before is not None and before.version != version.number:
            self.states.pop(before.version, None)
        replaced = None if before is None else before.version
        log("version is served", model=self.name, version=version.number, fingerprint=found.fingerprint, replaces=replaced)
        del before
        gc.collect()  # models refer to themselves, and what was replaced is large
        return True

    @property
    def error(self) -> str:
        """Return why nothing is served."""
        wrong = [state.message for _, state in sorted(self.states.items()) if state.message]
        return wrong[-1] if wrong else f"{self.folder}: holds no complete export and no numbered folder with one"


def versions(folder: Path) -> Iterator[Version]:
    """Yield the complete versions in a folder, the highest first; an export or a plan by itself is version 1."""
    if is_complete(folder):
        yield Version(1, folder, _stamp(folder))
        return
    try:
        numbered = [(int(entry.name), entry.name) for entry in os.scandir(folder) if _is_number(entry.name) and entry.is_dir()]
    except OSError:  # it is not there, or no longer
        return
    for number, name in sorted(numbered, reverse=True):
        if is_complete(folder / name):
            yield Version(number, folder / name, _stamp(folder / name))


def is_complete(folder: Path) -> bool:
    """Return whether all files of a model or a plan are there, by the one that is written last."""
    if any((folder / name).is_file() for name in COMPLETE):
        return True
    try:  # of format 1, which has no card
        return "format" in json.loads((folder / SPEC).read_bytes())
    except (OSError, ValueError, TypeError):
        return False


def _is_number(name: str) -> bool:
    return name.isascii() and name.isdigit() and len(name) <= 18


def _stamp(folder: Path) -> Stamp:
    """Return name, size, time and number of each file below a folder."""
    found = []
    for root, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(root, name)
            try:
                state = os.stat(path)
            except OSError:  # gone meanwhile
                continue
            found.append((os.path.relpath(path, folder), state.st_size, state.st_mtime_ns, state.st_ino))
    return tuple(sorted(found))
