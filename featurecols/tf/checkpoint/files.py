"""Find and open the files of a checkpoint: only regular files, only inside the folder that was named."""

from __future__ import annotations

import io
import os
import re
import stat
from pathlib import Path

from featurecols import errors

_STATE = "checkpoint"
_MAX_STATE = 1 << 20
_LATEST = re.compile(rb'^\s*model_checkpoint_path\s*:\s*"((?:[^"\\\n]|\\.)*)"', re.MULTILINE)


def find_prefix(path: str | os.PathLike[str]) -> Path:
    """Return the checkpoint that `path` names: a prefix, one of its files, a model folder or a SavedModel.

    Raises SavedPlanError where there is none.

    In a model folder it is the latest one, which the file `checkpoint` names, or the only one there is.
    """
    given = Path(path)
    if given.is_dir():
        return _in_folder(given)
    prefix = given.with_name(re.sub(r"\.(index|data-\d{5}-of-\d{5})$", "", given.name))
    if not os.path.lexists(f"{prefix}.index"):
        hint = "name a model folder, or a checkpoint without its .index"
        raise errors.saved_plan(given, "no checkpoint here", hint, missing=True)
    return prefix


def _in_folder(folder: Path) -> Path:
    if os.path.lexists(folder / _STATE):
        return _named_by_state(folder)
    if os.path.lexists(folder / "variables" / "variables.index"):
        if (folder / "variables").is_symlink():
            raise errors.saved_plan(
                folder / "variables", "a symbolic link is not followed", "copy the folder that it points to"
            )
        return folder / "variables" / "variables"
    found = sorted(p for p in os.listdir(folder) if p.endswith(".index"))
    if len(found) != 1:
        listed = ", ".join(errors.show(f, 40) for f in found[:6]) or "none"
        raise errors.saved_plan(folder, f"one checkpoint is needed, there are: {listed}", "name the checkpoint itself")
    return folder / found[0].removesuffix(".index")


def _named_by_state(folder: Path) -> Path:
    with open_regular(folder / _STATE) as file:
        state = file.read(_MAX_STATE + 1)
    match = _LATEST.search(state)
    if match is None or len(state) > _MAX_STATE:
        raise errors.saved_plan(folder / _STATE, "names no latest checkpoint", "name the checkpoint itself")
    name = re.sub(rb"\\(.)", rb"\1", match[1]).decode("utf-8", "surrogateescape")
    head, tail = os.path.split(name)
    # A training run may have written its own folder's full path; anything else points out of the folder.
    inside = not head or os.path.abspath(head) == os.path.abspath(folder)
    if not inside or tail in ("", ".", "..") or "\0" in tail:
        raise errors.saved_plan(
            folder / _STATE, f"names {errors.show(name)}, which is not in this folder", "name the checkpoint itself"
        )
    return folder / tail


def open_regular(path: Path) -> io.BufferedReader:
    """Open a regular file for reading. Links, devices and pipes are refused: a checkpoint does not contain them."""
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    if path.is_symlink():
        raise errors.saved_plan(path, "a symbolic link is not followed", "copy the file that it points to")
    try:
        handle = os.open(path, flags)
    except OSError as error:
        raise errors.saved_plan(path, error.strerror or "cannot be opened", "copy the whole checkpoint") from None
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise errors.saved_plan(path, "not a regular file", "copy the whole checkpoint")
    return os.fdopen(handle, "rb")
