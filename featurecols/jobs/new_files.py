"""A target folder that grows: which files earlier runs have done, by the identity of their sources."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from featurecols import errors
from featurecols._core import regular_files
from featurecols.data.files.paths import PARQUET
from featurecols.data.sources import state_of
from featurecols.jobs import staging
from featurecols.jobs.bad_rows import Written
from featurecols.jobs.inputs import Input, stem

NAME = "_done.json"  # in the target, whose readers leave out names that begin with "_"
_LARGEST = 1 << 30  # bytes


class Record:
    """What is known of a folder that earlier runs with `new_only` have written.

    Attributes:
        target: the folder.
        settings: all that the output depends on beside the files; empty where nothing is known.
        files: size, time of the last change, rows and bad rows of the source of each output file, by its name.
    """

    def __init__(self, target: Path, overwrite: bool) -> None:
        """overwrite: all files are to be done again.

        Raises OutputError for a target without a record.
        """
        self.target = target
        self.settings: dict[str, object] = {}
        self.files: dict[str, tuple[int, int, int, int]] = {}
        _restore(target)
        self.text = None if overwrite else self._read()
        if self.text is not None:
            self._parse(self.text)

    def _read(self) -> bytes | None:
        """Return the text of the record; None where there is no target."""
        try:
            return regular_files.read_regular(self.target / NAME, _LARGEST) or b""
        except FileNotFoundError:
            if self.target.is_dir() and not any(self.target.iterdir()):
                return None
        except (OSError, NotADirectoryError) as error:
            if self.target.exists():
                raise errors.output(self.target, f"its {NAME} cannot be read ({error})", staging.OVERWRITE) from None
        if not self.target.exists():
            return None
        hint = f"choose another target, or {staging.OVERWRITE}"
        raise errors.output(self.target, "exists already, and was not written with new_only", hint)

    def _parse(self, text: bytes) -> None:
        try:
            found = json.loads(text)
            self.settings = dict(found["settings"])
            self.files = {str(name): (int(a), int(b), int(c), int(d)) for name, (a, b, c, d) in found["files"].items()}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            hint = f"choose another target, or {staging.OVERWRITE}"
            raise errors.output(self.target, f"its {NAME} is damaged", hint) from None

    def leave(self, path: str, root: str) -> bool:
        """Return whether the output of a source file is there; where it was deleted, it is made again.

        Raises DataError where the source has changed since.
        """
        name = name_of(path, root)
        known, output = self.files.get(name), self.target / name
        if known is None or not output.exists():
            return False
        if state_of(path) != known[:2]:
            hint = f"delete {output} to have it done again, or do all files again: {staging.OVERWRITE}"
            raise errors.DataError(path, f"has changed since it was written to {output}", hint=hint)
        return True

    @property
    def digest(self) -> str | None:
        """A digest of the record; None where there is none."""
        return None if self.text is None else hashlib.sha256(self.text).hexdigest()

    def check(self, settings: Mapping[str, object]) -> None:
        """Raise OutputError where earlier runs were asked for something else."""
        wanted = json.loads(json.dumps(settings))
        known = {
            key: value for key, value in wanted.items() if value is not None
        }  # without new files, types of kept fields are not
        differs = [key for key, value in known.items() if self.settings.get(key) != value] if self.settings else []
        if differs:
            hint = f"choose another target, or do all files again: {staging.OVERWRITE}"
            raise errors.output(self.target, f"was written with other {', '.join(differs)}", hint)

    def check_unchanged(self) -> None:
        """Raise OutputError where another run has written the target since the record was read."""
        if self.text is not None and self._read() != self.text:
            raise errors.output(self.target, "was written by another run meanwhile", "run again")

    def add(self, data: Path, settings: Mapping[str, object], files: Sequence[Input], written: Sequence[Written]) -> None:
        """Complete the staged output: with the files that are left as they are, and with the record of all."""
        if self.text is not None:
            self._link_into(data)
        for file, found in zip(files, written, strict=True):
            self.files[file.relative] = (file.size, file.modified, found.rows, found.bad)
        path = data / NAME
        path.unlink(missing_ok=True)
        with path.open("x", encoding="utf-8") as out:
            json.dump({"format": 1, "settings": settings, "files": self.files}, out, indent=0)
            out.flush()
            os.fsync(out.fileno())

    def _link_into(self, data: Path) -> None:
        """Give each file of the target that is not written anew a second name in the staged output, or copy it."""
        for folder, _, names in os.walk(self.target):
            inside = data / Path(folder).relative_to(self.target)
            inside.mkdir(parents=True, exist_ok=True)
            for name in names:
                if os.path.lexists(inside / name) or (name == NAME and folder == str(self.target)):
                    continue
                try:
                    os.link(Path(folder, name), inside / name, follow_symlinks=False)
                except (OSError, NotImplementedError):  # a file system without links
                    shutil.copy2(Path(folder, name), inside / name, follow_symlinks=False)


def name_of(path: str, root: str) -> str:
    """Return the name of the output of a source file."""
    name = Path(os.path.relpath(path, root)).as_posix()
    return name if name.lower().endswith(PARQUET) else f"{stem(name)}.parquet"


def _restore(target: Path) -> None:
    """Put back a target that an earlier run was about to replace when it was killed, and drop what one left that was done."""
    if target.with_name(f".{target.name}.staging").is_dir():
        with staging.open_staging(target, single=False) as stage:
            stage.restore()
            if not stage.data.exists():
                stage.discard()
