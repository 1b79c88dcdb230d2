"""Output that is there or not: a hidden folder beside the target, renamed into place when all of it is complete.

    target's folder/
      .features.staging/   a folder of this user alone, never a link
        lock               held while a run is alive (the system lets go of it when a run is killed)
        manifest.json      what the run was asked for; a later run continues only when it is asked for the same
        finished.jsonl     a line for each finished file: its name, rows, bytes and CRC-32
        position.json      how far a writer has come that continues inside a file
        data/...           finished files under their own names, the one being written with the suffix .partial
        aside/...          finished files that are read again and not published
        old                what an overwrite is about to replace, for the moment between two renames

Every file is flushed to the disk before it gets its name, and every folder after it has got a new name; of positions one in a
second.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
import tempfile
import time
import zlib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from io import FileIO
from pathlib import Path
from typing import BinaryIO, NamedTuple

from featurecols import errors
from featurecols._core import regular_files
from featurecols.jobs import file_lock
from featurecols.jobs.targets import Target

PARTIAL = ".partial"
BAD_ROWS = "aside/bad"  # a file for each source file that has some
ARRANGED = "aside/rows"  # a file for each source file, where the output has other files
OVERWRITE = "pass overwrite=True (--overwrite) to replace it"
_BLOCK = 1 << 20  # bytes that are read at once for a checksum
_FLUSHED = 1.0  # seconds between two positions that wait for the disk
_LARGEST = 1 << 30  # bytes of a manifest or a journal


class Staging:
    """The unfinished output of one target, owned by one run. Made by `open_staging`."""

    def __init__(self, target: Path, folder: Path, single: bool) -> None:
        self.target, self.folder, self.single = target, folder, single
        self.data = folder / "data"
        self.aside = folder / "aside"
        self._old = folder / "old"
        self._manifest = folder / "manifest.json"
        self._journal = folder / "finished.jsonl"
        self._position = folder / "position.json"
        self._finished: dict[str, list[object]] | None = None
        self._next_flush = 0.0

    def finished(self, relative: str) -> Finished | None:
        """Return what is known of a file that this run, or the one that it continues, has finished; None where there is none.

        A file that is not as it was written is removed, so that it is written again.
        """
        path = self.folder / relative
        if not os.path.lexists(path):
            return None
        if self._finished is None:
            self._finished = _read_journal(self._journal)
        match self._finished.get(relative):
            case [int(rows), int(bad), *wanted] if is_regular(path) and wanted == _checksum(path):
                return Finished(rows, bad)
        _remove(path)
        return None

    @contextmanager
    def write_file(self, relative: str) -> Iterator[PartialFile]:
        """Give a path to write one file to; it gets its name, in this folder, when the block ends without an error."""
        final = self.folder / relative
        final.parent.mkdir(parents=True, exist_ok=True)
        partial = PartialFile(final.with_name(final.name + PARTIAL))
        yield partial
        entry = [relative, partial.rows, partial.bad, *_flush(partial.path)]
        with open(self._journal, "ab", opener=_open_no_link) as journal:
            journal.write(b"\n" + json.dumps(entry).encode() + b"\n")  # a line of its own also after one that a kill cut short
        partial.path.rename(final)
        if self._is_due():  # before all is published, its folders are waited for; a power cut may take the names of a second
            sync_folder(final.parent)

    @property
    def position(self) -> Position:
        """How far a writer has come that continues inside a file; zeros at first."""
        found = _read(self._position)
        if isinstance(found, list) and len(found) == 4 and all(type(number) is int and number >= 0 for number in found):
            return Position(*found)
        return Position()

    def keep_position(self, done: Position, out: BinaryIO) -> None:
        """Remember how far the writer of an open file has come.

        A run that is killed goes on from there. A power cut may take the last second: a position waits for the disk once in a
        second, and not after each of many small files.
        """
        flush = self._is_due()
        out.flush()
        if flush:
            os.fsync(out.fileno())
        _write(self._position, done, flush)

    def _is_due(self) -> bool:
        """Return whether what is finished is to wait for the disk: once in a second, and not after each of many small files."""
        now = time.monotonic()
        if now < self._next_flush:
            return False
        self._next_flush = now + _FLUSHED
        return True

    def publish(self) -> None:
        """Make the whole output visible at the target, in the place of what was there, and drop the staging folder."""
        if self.single:
            for path in sorted(self.data.iterdir(), key=lambda path: path.name == self.target.name):  # the target last
                path.replace(self.target.parent / path.name)
            _remove(self.data)
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
        with suppress(OSError):
            _remove(self._old)
        shutil.rmtree(self.folder, ignore_errors=True)

    def _clear(self) -> None:
        for path in (self._manifest, self._position, self._journal, self.data, self.aside):
            _remove(path)
        self._finished = None

    def resume(
        self,
        manifest: Mapping[str, object],
        overwrite: bool,
        beside: Target | None = None,
        *,
        adopt: bool = False,
        grow: bool = False,
    ) -> bool:
        """Start from nothing or continue; return True when an equal run was killed after its output had become visible.

        Raises OutputError when the target exists and may not be replaced, or the files of another unfinished run exist.

        Args:
            manifest: all that the output depends on, the source files as `files`.
            overwrite: whether the target, and what another unfinished run has left, may be replaced.
            beside: a file that comes with the target.
            adopt: whether an unfinished run that differs in its source files alone is continued.
            grow: whether the target may be there, because its files are kept.
        """
        self.restore()
        wanted, found = json.loads(json.dumps(manifest)), _read(self._manifest)
        if found == wanted and not self.data.exists() and self.target.exists():
            self.discard()
            return True
        if self.target.exists():
            if not grow:
                self._require_replaceable(overwrite)
        elif found != wanted and beside is not None and os.path.lexists(str(beside)) and not overwrite:
            raise errors.output(beside, "exists already", f"choose another target, or {OVERWRITE}")
        if found == wanted and self.data.is_dir() and not self.data.is_symlink():
            if not is_regular(self._journal):  # a pipe, say, which would block
                _remove(self._journal)
            return False
        if adopt and self._adopt(found, wanted):
            return False
        if found is not None and found != wanted and not overwrite and not (grow and not self.data.exists()):
            raise self._other_run(found, wanted)
        self._clear()
        self.data.mkdir()
        _write(self._manifest, wanted)
        return False

    def restart(self, overwrite: bool) -> None:
        """Start from nothing, whatever an earlier run left. Raises OutputError when the target may not be replaced."""
        self.restore()
        if self.target.exists():
            self._require_replaceable(overwrite)
        self._clear()
        self.data.mkdir()

    def restore(self) -> None:
        """Put back what an overwrite was about to replace, where it was killed between its two renames."""
        if self._old.exists() and not self.target.exists():
            self._old.rename(self.target)
        with suppress(OSError):
            _remove(self._old)  # killed after them

    def _require_replaceable(self, overwrite: bool) -> None:
        if not overwrite:
            if not self.data.exists() or not any(self.data.iterdir()):  # remains of a run that had just finished
                self.discard()
            raise errors.output(self.target, "exists already", f"choose another target, or {OVERWRITE}")
        if self.target.is_dir() == self.single:
            is_now, to_be = ("a folder", "a file") if self.single else ("a file", "a folder")
            raise errors.output(self.target, f"is {is_now} and would become {to_be}", "delete it, or choose another target")

    def _adopt(self, found: object, wanted: Mapping[str, object]) -> bool:
        """Continue an unfinished run of other source files with those that are the same; return False where it was another."""
        now = wanted["files"]
        if not isinstance(found, dict) or {**found, "files": now} != wanted or not self.data.is_dir():
            return False
        before = found["files"]
        if not isinstance(before, list) or not isinstance(now, list):
            return False
        if self.single:
            done = self.position.files  # of a .npy file
            if not done or before[:done] != now[:done]:
                return False
        else:
            names = {each[1] for each in now if each in before}
            for folder in (self.data, self.folder / BAD_ROWS, self.folder / ARRANGED):
                for path in [path for path in folder.rglob("*") if not path.is_dir()]:
                    if path.relative_to(folder).as_posix() not in names:
                        _remove(path)
        _write(self._manifest, wanted)
        return True

    def _other_run(self, found: object, wanted: Mapping[str, object]) -> errors.OutputError:
        known = found if isinstance(found, dict) else {}
        differs = [key for key in wanted if known.get(key) != wanted[key]] or ["manifest"]
        problem = f"an unfinished run with other {', '.join(differs)} is in {self.folder.name}"
        hint = f"finish that run, delete {self.folder}, or {OVERWRITE}"
        if differs == ["files"]:
            hint = (
                f"pass resume=True (--resume) to go on with the files that are the same, delete {self.folder}, or {OVERWRITE}"
            )
        return errors.output(self.target, problem, hint)


class PartialFile:
    """A file that is being written: its path; once they are known, the rows it was made of, and how many of them are bad."""

    def __init__(self, path: Path) -> None:
        self.path, self.rows, self.bad = path, 0, 0


class Finished(NamedTuple):
    """The rows that a finished file was made of, and how many of them are bad."""

    rows: int
    bad: int


class Position(NamedTuple):
    """How far a writer has come inside a file: source files, their rows, CRC-32 of what was written, and bad rows."""

    files: int = 0
    rows: int = 0
    crc: int = 0
    bad: int = 0


@contextmanager
def open_staging(target: Path, *, single: bool) -> Iterator[Staging]:
    """Give the staging folder of a target, locked.

    Raises OutputError when another run holds it, when it cannot be made, and when it is a link or another user's.
    """
    check_target(target)
    folder = target.parent / f".{target.name}.staging"
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _require_private(target, folder)
        held = file_lock.acquire(folder / "lock", folder_mode=0o700)
    except errors.OutputError:
        raise
    except OSError as error:
        raise errors.output(target, f"cannot write there ({error.strerror or error})", "choose another target") from error
    if held is None:
        raise errors.output(target, "another run is writing this target", "wait for it, or choose another target")
    try:
        _require_private(target, folder)
        yield Staging(target, folder, single)
    finally:
        _close(folder, held)


def _close(folder: Path, held: FileIO) -> None:
    """Release the lock of a staging folder, which goes with it where nothing is staged."""
    with suppress(OSError):  # the lock file goes while it is held
        if [entry.name for entry in folder.iterdir()] == ["lock"]:
            (folder / "lock").unlink()
    file_lock.release(held)
    with suppress(OSError):
        folder.rmdir()


def check_target(target: Path) -> None:
    """Raise OutputError for a path at which nothing can be written: a name that no file can have, a link to nothing."""
    try:
        str(target).encode()  # which pyarrow wants
        target.resolve()
        broken = target.is_symlink() and not target.exists()
    except ValueError as error:  # a surrogate, or NUL; a loop of links is a RuntimeError in Python 3.11 and an OSError later
        raise errors.output(errors.show(str(target)), f"cannot be the name of a file ({error})", "choose another") from None
    except (OSError, RuntimeError) as error:
        raise errors.output(target, f"cannot be followed ({error})", "choose another target") from None
    if "\0" in str(target):
        raise errors.output(errors.show(str(target)), "cannot be the name of a file (it holds NUL)", "choose another")
    if broken:
        raise errors.output(target, "is a link to a place that does not exist", "delete the link, or choose another target")


def _require_private(target: Path, folder: Path) -> None:
    """Raise OutputError where the staging folder exists and others could have put, or put, things into it."""
    try:
        found = folder.lstat()
    except FileNotFoundError:
        return
    problem = None
    if not stat.S_ISDIR(found.st_mode):
        problem = "a link" if stat.S_ISLNK(found.st_mode) else "not a folder"
    elif not _is_own(found.st_uid, target.parent):
        problem = f"a folder of another user ({found.st_uid})"
    if problem is not None:
        hint = f"delete {folder} if it is not needed, or choose another target"
        raise errors.output(target, f"its staging folder {folder.name} is {problem}", hint)
    if stat.S_IMODE(found.st_mode) & 0o077:
        with suppress(OSError):  # file systems without permissions
            folder.chmod(0o700)


def _is_own(user: int, folder: Path) -> bool:
    """Whether new files in a folder belong to this user: on a network that is not always who runs the process."""
    if hasattr(os, "geteuid") and user == os.geteuid():
        return True
    with tempfile.TemporaryFile(dir=folder) as file:
        return user == os.fstat(file.fileno()).st_uid


@contextmanager
def write_folder(target: Path, overwrite: bool) -> Iterator[Path]:
    """Give a folder to fill, which is the target when the block ends; where the block fails nothing of it stays."""
    with open_staging(target, single=False) as stage:
        stage.restart(overwrite)
        try:
            yield stage.data
        except BaseException:
            stage.discard()
            raise
        stage.publish()


def _remove(path: Path) -> None:
    """Delete a file, a link (not what it points to), or a folder with all in it, where there is one."""
    if path.is_symlink() or not path.is_dir():
        path.unlink(missing_ok=True)
    else:
        shutil.rmtree(path)


def _open_no_link(path: str, flags: int) -> int:
    return os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), 0o644)


def is_regular(path: Path) -> bool:
    """Return whether there is a file, and not a link to one."""
    with suppress(OSError):
        return stat.S_ISREG(path.lstat().st_mode)
    return False


def _checksum(path: Path) -> list[object]:
    """Return the bytes of a file and their CRC-32."""
    size = crc = 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(_BLOCK):
            size, crc = size + len(block), zlib.crc32(block, crc)
    return [size, crc]


def _flush(path: Path) -> list[object]:
    """Wait until a file is on the disk; return its _checksum, of a large one computed meanwhile."""
    with path.open("rb+") as file:
        if os.fstat(file.fileno()).st_size <= _BLOCK:
            os.fsync(file.fileno())
            return _checksum(path)
        with ThreadPoolExecutor(1, thread_name_prefix="featurecols-flush") as thread:
            flushed = thread.submit(os.fsync, file.fileno())
            found = _checksum(path)
            flushed.result()
    return found


def _read_journal(path: Path) -> dict[str, list[object]]:
    """Return [rows, bad rows, bytes, CRC-32] of finished files by name; a line that a kill cut short is left out."""
    found: dict[str, list[object]] = {}
    with suppress(FileNotFoundError):
        for line in (regular_files.read_regular(path, _LARGEST) or b"").splitlines():
            with suppress(ValueError):
                match json.loads(line):
                    case [str(name), *entry]:
                        found[name] = entry
    return found


def _read(path: Path) -> object:
    """Return what _write wrote; None where there is nothing, "" where it cannot be read."""
    try:
        return json.loads((regular_files.read_regular(path, _LARGEST) or b"").decode())
    except FileNotFoundError:
        return None
    except (ValueError, OSError, RecursionError):
        return ""


def _write(path: Path, data: object, flush: bool = True) -> None:
    """Write JSON that is there in full or not at all; flush: after a power cut, too."""
    partial = path.with_name(path.name + PARTIAL)
    partial.unlink(missing_ok=True)
    with partial.open("x", encoding="utf-8") as file:
        json.dump(data, file, indent=1)
        if flush:
            file.flush()
            os.fsync(file.fileno())
    partial.replace(path)
    if flush:
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
