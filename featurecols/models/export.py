"""Models as folders: a spec and a card (JSON), weights (safetensors), and the plan. Nothing in them is code, and none is run.

model.json           what it is: a spec, which model_from_json and `featurecols train` take as it stands
card.json            what training found: fingerprint, classes, steps, scores, data, versions
weights.safetensors  parameters, moving averages, and what the optimizer remembers, so that training goes on after load
plan/                the plan, where the model reads tables
"""

from __future__ import annotations

import hashlib
import json
import os
import platform
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from featurecols import errors as base_errors
from featurecols._core import regular_files
from featurecols._core.json_layout import lay_out
from featurecols._core.spec import canonical, decode, encode
from featurecols._core.version import __version__
from featurecols.columns.json import declared
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.component import Component
from featurecols.models.training import checkpoints
from featurecols.plan.fingerprint import digest
from featurecols.plan.saved_text import FORMAT

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

SPEC, CARD, PLAN, PLAN_FILE = "model.json", "card.json", "plan", "plan.json"
COLUMNS = ("columns", "linear", "dnn")
HEAD_ARGUMENTS = ("n_classes", "multi_label", "label_vocabulary", "label_dimension", "loss", "label_transform")
WEIGHT_COLUMN = "weight_column"
NOT_ARGUMENTS = (*COLUMNS, *HEAD_ARGUMENTS, "model", "label", "weight", "normalize")  # of a spec: what a card says elsewhere
CARD_KEYS = ("format", "created_by", "fingerprint", "plan", "head", "words", "metrics", "data", "step", "versions")
AGAIN = "save the model again"
_LIMIT = 1 << 26


def write(
    folder: Path,
    spec: Mapping[str, Any],
    about: Mapping[str, Any],
    variables: Variables,
    plan: Plan | None,
    mark: str,
    *,
    overwrite: bool,
) -> None:
    """Write a model as a folder; the card comes last, so that a folder with a card is complete.

    Args:
        folder: where to; it is made where it is not there.
        spec: what makes an equal model that is not trained, as JSON data for model_from_json.
        about: what training found, as JSON data: the card.
        variables: its parameters and moving averages.
        plan: the plan that it reads tables with, where it has one.
        mark: the fingerprint of the model.
        overwrite: whether to replace what is there.

    Raises OutputError where something else than an equal model is there and `overwrite` is false, where a plan is there, and
    where nothing can be written.
    """
    try:
        if os.path.isfile(folder / PLAN_FILE):  # both loaders would take the folder then
            raise base_errors.output(folder, "holds a plan", "choose another path")
        if folder.exists() and not folder.is_dir():
            raise base_errors.not_a_folder(folder, "a model")
        if not overwrite and _is_taken(folder, mark):
            raise base_errors.output(folder, "exists already", base_errors.OVERWRITE_HINT)
        _write(folder, spec, about, variables, plan, mark)
    except OSError as e:
        if isinstance(e, base_errors.OutputError):
            raise
        hint = "choose another path, or correct its permissions"
        raise base_errors.output(folder, f"cannot be written ({e.strerror or e})", hint) from None


def _is_taken(folder: Path, mark: str) -> bool:
    """Whether something is there that a model may not replace unasked: all but an empty folder and an equal model."""
    if not folder.is_dir() or not any(folder.iterdir()):
        return False
    try:
        return bool(read(folder).get("fingerprint") != mark)
    except errors.CheckpointError:
        return True


def _write(
    folder: Path, spec: Mapping[str, Any], about: Mapping[str, Any], variables: Variables, plan: Plan | None, mark: str
) -> None:
    seen = {"step": variables.step, "start": 0, "seed": variables.seed, "rows": about.get("rows", {})}
    card = {
        "format": FORMAT,
        "created_by": f"featurecols {__version__}",
        "fingerprint": mark,
        "plan": None if plan is None else plan.fingerprint,
        **{key: value for key, value in about.items() if key != "rows"},
        "step": variables.step,
        "versions": {"featurecols": __version__, "numpy": np.__version__, "python": platform.python_version()},
    }
    texts = {
        name: (lay_out(strict(data)) + "\n").encode("utf-8", "surrogatepass") for name, data in ((SPEC, spec), (CARD, card))
    }
    files = {checkpoints.WEIGHTS: checkpoints.encode(variables.arrays(), seen), **texts}
    there = folder.exists()
    try:
        checkpoints.replace_all(folder, files, lambda: None if plan is None else plan.save(folder / PLAN, overwrite=True))
    except BaseException:
        if not there:  # nothing of it stays
            with suppress(OSError):
                (folder / PLAN).rmdir()
            with suppress(OSError):
                folder.rmdir()
        raise


def strict(data: Any) -> Any:
    """Return JSON data with NaN and infinities as {"float": ...}, which strict JSON has no numbers for."""
    if isinstance(data, Mapping):
        return {key: strict(value) for key, value in data.items()}
    if isinstance(data, (list, tuple)):
        return [strict(value) for value in data]
    return encode(canonical(data)) if isinstance(data, (float, np.generic)) else data


def numbers_of(data: Any) -> Any:
    """Return data with the numbers that strict took out."""
    if isinstance(data, dict):
        return decode(data) if set(data) == {"float"} else {key: numbers_of(value) for key, value in data.items()}
    return data


def fingerprint(about: Mapping[str, Any], variables: Variables, plan: Plan | None) -> str:
    """Return 32 hex digits of a SHA-256 over all that predictions depend on: the plan and its tables, components, weights."""
    declared = {name: about.get(name) for name in ("kind", "head", "arguments", "layers", "words")}
    plans = ["", ""] if plan is None else [plan.fingerprint, plan.tables_digest]
    weights = variables.arrays("values", "states")
    return hashlib.sha256(json.dumps([declared, *plans, digest(weights)], sort_keys=True).encode()).hexdigest()[:32]


def read(folder: Path) -> dict[str, Any]:
    """Return what the files of a model say of it: model.json and card.json as one, in the form of format 1.

    Raises CheckpointError where they are not there, or cannot be read.
    """
    if folder.is_file():
        raise errors.checkpoint(folder, "is a file, and a saved model is a folder", f"give {folder.parent}")
    if os.path.exists(folder / CARD):  # False for impossible names
        card = _object(folder / CARD)
        _require_format(folder / CARD, card, FORMAT)
        spec = _object(folder / SPEC)
        try:
            found = {"metrics": numbers_of(card["metrics"] if "metrics" in card else spec.get("metrics"))}
            found |= {"data": numbers_of(card["data"])} if "data" in card else {}
        except base_errors.ColumnError as e:
            raise errors.checkpoint(folder / CARD, f"has a number that is none ({errors.show(str(e), 200)})", AGAIN) from None
        return {**about_spec(folder / SPEC, spec), **card, **found}
    if not os.path.exists(folder / SPEC) and checkpoints.latest(folder) is not None:
        hint = "make the model again with model_dir=, which goes on from them, and save it"
        raise errors.checkpoint(folder, "holds the checkpoints of a training, and no saved model", hint)
    if os.path.exists(folder / PLAN_FILE) and not os.path.exists(folder / SPEC):
        raise errors.checkpoint(folder, "holds a plan", "use fc.load(path) (featurecols transform)")
    card = _object(folder / SPEC)
    if "model" in card and "format" not in card:
        hint = "use fc.models.model_from_json(path) (featurecols train)"
        raise errors.checkpoint(folder, "holds the spec of a model and no card.json", hint)
    if {"linear", "dnn", "units"} <= set(card):
        raise errors.checkpoint(folder, "holds an imported estimator", "use featurecols.tf.ImportedEstimator.load(path)")
    _require_format(folder / SPEC, card, 1)
    return card


def about_spec(where: Path | str, spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a spec says of a model, with what it says of columns as their names."""
    label = spec.get("label", [])
    about = {
        "kind": spec.get("model"),
        "label": [label] if isinstance(label, str) else label,
        WEIGHT_COLUMN: spec.get("weight"),
    }
    if about["kind"] == "Sequential":
        return {**spec, **about}
    arguments = {key: value for key, value in spec.items() if key not in NOT_ARGUMENTS}
    try:
        columns = {argument: declared(spec[argument], argument) for argument in COLUMNS if argument in spec}
    except (base_errors.ColumnError, TypeError, RecursionError) as e:
        raise errors.checkpoint(where, f"has damaged columns ({errors.show(str(e), 200)})", AGAIN) from None
    if "columns" not in columns:
        arguments |= {argument: [column.name for column in columns.get(argument, ())] for argument in ("linear", "dnn")}
    every = dict.fromkeys(column for listed in columns.values() for column in listed)
    return {**about, "arguments": arguments, "declared": tuple(every), "head_arguments": _head_arguments(spec)}


def _head_arguments(spec: Mapping[str, Any]) -> dict[str, Any]:
    return {key: spec[key] for key in HEAD_ARGUMENTS if key in spec}


def _object(path: Path) -> dict[str, Any]:
    """Return the JSON object of a file; raises CheckpointError where there is none."""
    try:
        text = regular_files.read_regular(path, _LIMIT)
        if text is None:
            raise errors.checkpoint(path, f"is larger than {_LIMIT >> 20} MiB", AGAIN)
        found = json.loads(text.decode("utf-8", "surrogatepass"))
    except (OSError, ValueError, RecursionError) as e:
        if isinstance(e, errors.CheckpointError):
            raise
        hint = "give the folder of a saved model"
        problem = f"cannot be read as a model ({type(e).__name__})"
        raise errors.checkpoint(path, problem, hint, missing=isinstance(e, FileNotFoundError)) from None
    if not isinstance(found, dict):
        raise errors.checkpoint(path, "is not an object", AGAIN)
    return found


def check_fingerprint(folder: Path, found: Mapping[str, Any], variables: Variables, plan: Plan | None) -> None:
    """Raise CheckpointError where a card, weights and a plan are not those that were exported together."""
    if found.get("fingerprint") != fingerprint(found, variables, plan):
        raise errors.checkpoint(folder, "is damaged, or was changed (its fingerprint differs)", AGAIN)


def _require_format(path: Path, card: Mapping[str, Any], wanted: int) -> None:
    got = card.get("format")
    if got != wanted or type(got) is not int:
        newer = type(got) is int and got > FORMAT
        hint = "upgrade featurecols: a newer version wrote it" if newer else "give the folder of a saved model"
        raise errors.checkpoint(path, f"needs format {FORMAT}, has {errors.show(got)}", hint)


def weights(folder: Path) -> Variables:
    """Return the variables of a folder."""
    arrays, about = checkpoints.read(folder / checkpoints.WEIGHTS)
    variables = Variables()
    checkpoints.restore(variables, arrays, about)
    return variables


def components(data: Iterable[object]) -> list[Any]:
    """Return components from their JSON; raise CheckpointError for anything that is not one."""
    try:
        found = [decode(item, SPEC) for item in data]
    except (ValueError, TypeError, RecursionError) as e:
        raise errors.checkpoint(SPEC, f"holds a component that is not known ({errors.show(str(e), 200)})", AGAIN) from None
    if not all(isinstance(component, Component) for component in found):
        raise errors.checkpoint(SPEC, "holds something that is not a component of a model", AGAIN)
    return found
