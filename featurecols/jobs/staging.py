"""Output that is there or not: a hidden folder beside the target, renamed into place when all of it is complete.

    target's folder/
      .features.staging/
        lock             held while a run is alive (the system lets go of it when a run is killed)
        manifest.json    what the run was asked for; a later run continues only when it is asked for the same
        data/...         finished files under their own names, the one being written with the suffix .partial
        old              what an overwrite is about to replace, for the moment between two renames

Every file is flushed to the disk before it gets its name, and every folder after it has got a new name.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from featurecols import errors
from featurecols.jobs import file_lock

PARTIAL = ".partial"
OVERWRITE = "pass overwrite=True (--overwrite) to replace it"


class Staging:
    """The unfinished output of one target, owned by one run. Made by `opened`."""

    def __init__(self, target: Path, folder: Path, single: bool) -> None:
        self.target, self.folder, self.single = target, folder, single
        self.data = folder / "data"
        self._old = folder / "old"
        self._manifest = folder / "manifest.json"
        self._mark = folder / "mark.json"

    def has(self, relative: str) -> bool:
        """Whether this file was finished, by this run or by the one that it continues."""
        return (self.data / relative).is_file()

    @contextmanager
    def writing(self, relative: str) -> Iterator[Path]:
        """A path to write one file to; it gets its name when the block ends without an error."""
        final = self.data / relative
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = final.with_name(final.name + PARTIAL)
        yield partial
        with partial.open("rb+") as file:
            os.fsync(file.fileno())
        partial.rename(final)
        sync_folder(final.parent)

    @property
    def mark(self) -> tuple[int, int]:
        """(source files, rows) that are on the disk, for a writer that continues inside a file; (0, 0) at first."""
        found = _read(self._mark)
        return (found[0], found[1]) if found else (0, 0)

    @mark.setter
    def mark(self, done: tuple[int, int]) -> None:
        _write(self._mark, done)

    def publish(self) -> None:
        """Make the whole output visible at the target, in the place of what was there, and drop the staging folder."""
        if self.single:
            (made,) = self.data.iterdir()
            made.replace(self.target)
            self.data.rmdir()
        else:
            for folder, _, _ in os.walk(self.data):
                sync_folder(Path(folder))
            if self.target.exists():
                self.target.rename(self._old)
            self.data.rename(self.target)
        sync_folder(self.target.parent)
        self.discard()

    def discard(self) -> None:
        """Drop all that is staged. The manifest goes first: what no manifest describes is never taken for finished."""
        self._clear()
        shutil.rmtree(self._old, ignore_errors=True)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _clear(self) -> None:
        self._manifest.unlink(missing_ok=True)
        self._mark.unlink(missing_ok=True)
        if self.data.exists():
            shutil.rmtree(self.data)

    def resume(self, manifest: Mapping[str, Any], overwrite: bool) -> bool:
        """Start anew or continue; True when an equal run was killed after its output had become visible.

        Raises OutputError when the target exists and may not be replaced, or another run's remains are in the way.
        """
        self._restore()
        wanted, found = json.loads(json.dumps(manifest)), _read(self._manifest)
        if found == wanted and not self.data.exists() and self.target.exists():
            self.discard()
            return True
        if self.target.exists():
            self._may_replace(overwrite)
        if found == wanted and self.data.exists():
            return False
        if found is not None and found != wanted and not overwrite:
            raise self._foreign(found, wanted)
        self._clear()
        self.data.mkdir()
        _write(self._manifest, wanted)
        return False

    def anew(self, overwrite: bool) -> None:
        """Start from nothing, whatever an earlier run left; raises OutputError when the target may not be replaced."""
        self._restore()
        if self.target.exists():
            self._may_replace(overwrite)
        self._clear()
        self.data.mkdir()

    def _restore(self) -> None:
        """What an overwrite was about to replace, where it was killed between its two renames."""
        if self._old.exists() and not self.target.exists():
            self._old.rename(self.target)
        shutil.rmtree(self._old, ignore_errors=True)  # killed after them

    def _may_replace(self, overwrite: bool) -> None:
        if not overwrite:
            if not self.data.exists() or not any(self.data.iterdir()):  # remains of a run that had just finished
                self.discard()
            raise errors.output(self.target, "exists already", f"choose another target, or {OVERWRITE}")
        if self.target.is_dir() == self.single:
            is_now, to_be = ("a folder", "a file") if self.single else ("a file", "a folder")
            raise errors.output(self.target, f"is {is_now} and would become {to_be}", "delete it, or choose another target")

    def _foreign(self, found: Any, wanted: Mapping[str, Any]) -> errors.OutputError:
        known = found if isinstance(found, dict) else {}
        differs = [key for key in wanted if known.get(key) != wanted[key]] or ["manifest"]
        what = f"an unfinished run with other {', '.join(differs)} lies in {self.folder.name}"
        return errors.output(self.target, what, f"finish that run, delete {self.folder}, or {OVERWRITE}")


@contextmanager
def opened(target: Path, *, single: bool) -> Iterator[Staging]:
    """The staging folder of a target, locked; raises OutputError when another run holds it or it cannot be made."""
    folder = target.parent / f".{target.name}.staging"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        held = file_lock.acquire(folder / "lock")
    except OSError as error:
        raise errors.output(target, f"cannot write there ({error.strerror or error})", "choose another target") from error
    if held is None:
        raise errors.output(target, "another run is writing this target", "wait for it, or choose another target")
    try:
        yield Staging(target, folder, single)
    finally:
        with suppress(OSError):  # where nothing is staged nothing stays; the lock goes while it is held
            if [entry.name for entry in folder.iterdir()] == ["lock"]:
                (folder / "lock").unlink()
        file_lock.release(held)
        with suppress(OSError):
            folder.rmdir()


@contextmanager
def filled(target: Path, overwrite: bool) -> Iterator[Path]:
    """A folder to fill, which is the target when the block ends; where the block fails nothing of it stays."""
    with opened(target, single=False) as stage:
        stage.anew(overwrite)
        try:
            yield stage.data
        except BaseException:
            stage.discard()
            raise
        stage.publish()


def _read(path: Path) -> Any:
    """What _write wrote; None where there is nothing, "" where it cannot be read."""
    try:
        return json.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError):
        return ""


def _write(path: Path, data: Any) -> None:
    """JSON that is there in full or not at all."""
    partial = path.with_name(path.name + PARTIAL)
    with partial.open("w", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make renames inside a folder survive a power cut (where folders can be opened, that is not on Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
