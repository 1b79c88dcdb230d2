"""Output in an object store that is there or not: published by one put, on the condition that nobody else has put meanwhile.

A target that is one object is written to a temporary file, and put when it is complete. A folder is what its manifest says:

    s3://bucket/features/
      _featurecols.json       the manifest: the files of the folder, their rows and bytes, and the job that wrote them
      _data-<job>/...         files of that job, each put when it is complete; names with "_" are left out by readers of folders

The job is known by a digest of all that its output depends on. So a job that was killed finds what it has put, and the same job
run again finds its manifest and does nothing. An overwrite puts the manifest on the condition that it is still the one that
was found; the files of the manifest before stay until the next overwrite, for those who still read them.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from featurecols import errors
from featurecols.data.files.paths import split
from featurecols.data.remote import urls
from featurecols.data.remote.base import ConflictError, NoBucketError
from featurecols.data.remote.object_store import ObjectStore
from featurecols.jobs.staging import OVERWRITE, PARTIAL, Finished, PartialFile, Position
from featurecols.jobs.targets import Target, UrlTarget

_LARGEST_PUT = 5 << 30  # bytes of an object that is put at once, which a condition asks for
_JOB, _ROWS, _BAD, _BYTES = (f"featurecols-{name}" for name in ("job", "rows", "bad", "bytes"))


@dataclass(frozen=True)
class Entry:
    """One published file."""

    rows: int
    bad: int
    bytes: int


class ObjectStaging:
    """The unfinished output of one target in an object store. Made by `open_object_staging`; answers as `Staging` does."""

    def __init__(self, target: UrlTarget, store: ObjectStore, folder: Path, single: bool) -> None:
        self.target, self.store, self.folder, self.single = target, store, folder, single
        self.position = Position()
        self.entries: dict[str, Entry] = {}  # by name in the output
        self._job = ""
        self._version: str | None = None  # of what an overwrite replaces
        self._old: dict[str, object] = {}  # the manifest that it replaces
        self._there: set[str] = set()  # URLs of what this job has put

    def keep_position(self, done: Position, out: BinaryIO) -> None:
        """Do nothing: a run that is killed begins the file again."""

    @property
    def _root(self) -> str:
        return f"{self.target}/_data-{self._job}/"

    @property
    def _manifest(self) -> str:
        return f"{self.target}/{urls.MANIFEST}"

    def resume(self, manifest: Mapping[str, object], overwrite: bool, beside: Target | None = None) -> bool:
        """Find what there is; return True when this job has published its output already.

        Raises OutputError when the target exists and may not be replaced.
        """
        self._job = hashlib.sha256(json.dumps(manifest, sort_keys=True).encode()).hexdigest()[:20]
        return self._resume_object(overwrite) if self.single else self._resume_folder(overwrite)

    def _resume_object(self, overwrite: bool) -> bool:
        url = str(self.target)
        try:
            self._version = self.store.status(url).version
        except FileNotFoundError:
            self._check_bucket()
            return False
        about = self.store.attributes(url)
        if about.get(_JOB) == self._job:
            self.entries[self.target.name] = _entry(about)
            return True
        self._require(overwrite)
        return False

    def _resume_folder(self, overwrite: bool) -> bool:
        root = f"{self.target}/"
        found = set(self.store.find(root))
        self._there = {url for url in found if url.startswith(self._root)}
        if self._manifest in found:
            self._version = self.store.status(self._manifest).version
            self._old = _read_manifest(self.store, self._manifest)
            if self._old.get("job") == self._job:
                self._describe(self._old)
                return True
            self._require(overwrite)
        elif any(not url[len(root) :].startswith("_") for url in found):
            problem = "holds objects that no job has published"
            raise errors.output(self.target, problem, "choose another folder, or delete them")
        return False

    def _check_bucket(self) -> None:
        self.store.find(f"{self.target.parent}/_none/")

    def _require(self, overwrite: bool) -> None:
        if not overwrite:
            raise errors.output(self.target, "exists already", f"choose another target, or {OVERWRITE}")

    def finished(self, relative: str) -> Finished | None:
        """Return what is known of a file that this job has put before; None where there is none."""
        url = self._root + relative
        if self.single or url not in self._there:
            return None
        try:
            entry = _entry(self.store.attributes(url))
        except (KeyError, ValueError):  # not put by a job
            return None
        if relative.startswith("data/"):
            self.entries[relative.removeprefix("data/")] = entry
        else:  # read again, before it is complete
            path = self.folder / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(self.store.read(url, 0, entry.bytes))
        return Finished(entry.rows, entry.bad)

    @contextmanager
    def write_file(self, relative: str) -> Iterator[PartialFile]:
        """Give a path to write one file to; it is put when the block ends without an error."""
        path = self.folder / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = PartialFile(path.with_name(path.name + PARTIAL))
        yield partial
        partial.path.rename(path)
        entry = Entry(partial.rows, partial.bad, path.stat().st_size)
        if relative.startswith("data/"):
            self.entries[relative.removeprefix("data/")] = entry
        if not self.single:
            self.store.put(self._root + relative, path, _attributes(entry, self._job))
            self._there.add(self._root + relative)
            if relative.startswith("data/"):
                path.unlink()

    def publish(self) -> None:
        """Make the whole output visible by one put. Raises OutputError where another job has published meanwhile."""
        try:
            if self.single:
                self._publish_object()
            else:
                self._publish_folder()
        except ConflictError:
            if not self._is_published():
                if not self.single:
                    self.discard()
                problem = "was written by another job meanwhile"
                raise errors.output(self.target, problem, f"choose another target, or {OVERWRITE}") from None

    def _publish_object(self) -> None:
        entry = self.entries[self.target.name]
        if entry.bytes > _LARGEST_PUT:
            problem = f"would be one object of {entry.bytes:,} bytes, and {_LARGEST_PUT:,} can be put on a condition"
            raise errors.output(self.target, problem, "give a folder as the target")
        self._put(str(self.target), self.folder / "data" / self.target.name, _attributes(entry, self._job))

    def _publish_folder(self) -> None:
        about = {
            "format": 1,
            "job": self._job,
            "before": None if self._old.get("job") == self._job else self._old.get("job"),
            "files": [
                {"path": f"_data-{self._job}/data/{name}", "name": name, "rows": e.rows, "bad": e.bad, "bytes": e.bytes}
                for name, e in self.entries.items()
            ],
        }
        self._put(self._manifest, json.dumps(about, indent=1).encode(), {_JOB: self._job})
        older = self._old.get("before")
        if isinstance(older, str) and older != self._job:
            self._delete(f"{self.target}/_data-{older}/")
        self._delete(f"{self._root}aside/")

    def _put(self, url: str, data: Path | bytes, attributes: dict[str, str]) -> None:
        if self._version is None:
            self.store.put_new(url, data, attributes)
        else:
            self.store.replace(url, data, self._version, attributes)

    def _is_published(self) -> bool:
        """Whether what is at the target now is what this job has put, or another run of it."""
        if self.single:
            return self.store.attributes(str(self.target)).get(_JOB) == self._job
        return _read_manifest(self.store, self._manifest).get("job") == self._job

    def discard(self) -> None:
        """Delete what this job has put, unless it is published."""
        with suppress(OSError):
            if self.single:
                return
            try:
                now = _read_manifest(self.store, self._manifest)
            except FileNotFoundError:
                now = {}
            if self._job not in (now.get("job"), now.get("before")):
                self._delete(self._root)

    def _delete(self, root: str) -> None:
        found = self.store.find(root)
        if found:
            self.store.delete(found)

    def _describe(self, manifest: Mapping[str, object]) -> None:
        files = manifest.get("files")
        for each in files if isinstance(files, list) else ():
            self.entries[each["name"]] = Entry(each["rows"], each["bad"], each["bytes"])


@contextmanager
def open_object_staging(target: UrlTarget, *, single: bool) -> Iterator[ObjectStaging]:
    """Give the staging of a target in an object store, with a temporary folder for what is being written.

    Raises OutputError for everything that goes wrong there, and where the library for it is not installed.
    """
    try:
        store = urls.store_of(str(target))
    except errors.DataError as error:
        raise errors.output(target, error.problem, error.hint) from None
    if not isinstance(store, ObjectStore):
        raise errors.output(target, "is not in an object store", "choose another target")
    folder = Path(tempfile.mkdtemp(prefix="featurecols-"))
    try:
        yield ObjectStaging(target, store, folder, single)
    except errors.OutputError:
        raise
    except NoBucketError:
        scheme, bucket, _ = split(str(target))
        raise errors.output(target, f"there is no bucket {scheme}://{bucket}", "make it, or choose another target") from None
    except PermissionError as error:
        raise errors.output(target, f"may not be written ({errors.printable(str(error))[:200]})", urls.RIGHTS) from None
    except OSError as error:
        problem = f"cannot be written ({errors.printable(str(error))[:300]})"
        raise errors.output(target, problem, "run again: files that were put are kept") from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _attributes(entry: Entry, job: str) -> dict[str, str]:
    return {_JOB: job, _ROWS: str(entry.rows), _BAD: str(entry.bad), _BYTES: str(entry.bytes)}


def _entry(about: Mapping[str, str]) -> Entry:
    return Entry(int(about[_ROWS]), int(about[_BAD]), int(about[_BYTES]))


def _read_manifest(store: ObjectStore, url: str) -> dict[str, object]:
    """Return a manifest. Raises OutputError where it is damaged."""
    data = store.read(url, 0, store.status(url).size)
    with suppress(ValueError):
        found = json.loads(data)
        if isinstance(found, dict):
            return found
    raise errors.output(url, "is not a manifest of a job", "delete it, or choose another target")
