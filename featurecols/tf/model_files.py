"""An imported estimator as files: model.json (columns and settings) and weights.safetensors. No pickle, no paths inside."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from featurecols import errors
from featurecols._core import regular_files, tensor_files
from featurecols._core.arrays import Array
from featurecols.feature_column.base import FeatureColumn
from featurecols.feature_column.serialize import Objects
from featurecols.feature_column.vocabulary import VocabularyFileCategoricalColumn
from featurecols.plan.saved_files import replace_file
from featurecols.tf.columns import columns_from_json, columns_to_json, map_columns

JSON_FILE, TENSOR_FILE = "model.json", "weights.safetensors"
FORMAT = 1
AGAIN = "import it again with import_tf"
SETTINGS: dict[str, Callable[[object], bool]] = {  # what the document holds beside the columns, and what each must be
    "units": lambda v: _is_size(v),
    "hidden_units": lambda v: isinstance(v, list) and all(map(_is_size, v)),
    "batch_norm": lambda v: isinstance(v, bool),
    "activation": lambda v: isinstance(v, str),
    "sparse_combiner": lambda v: isinstance(v, str),
    "kind": lambda v: v is None or isinstance(v, str),
    "label_vocabulary": lambda v: v is None or (isinstance(v, list) and all(isinstance(word, str) for word in v)),
}
_LIMIT_JSON = 1 << 28


def write(
    folder: Path,
    linear: Sequence[FeatureColumn],
    dnn: Sequence[FeatureColumn],
    weights: Mapping[str, Array],
    settings: Mapping[str, object],
    *,
    overwrite: bool,
) -> None:
    """Write what `read` returns: both files, each renamed into place when it is complete.

    The tensors carry the hash of the JSON that they belong to. Raises OutputError where something else is there, unless
    `overwrite` is true.
    """
    document = {"format": FORMAT, "linear": columns_to_json(linear), "dnn": columns_to_json(dnn)}
    document |= {name: settings[name] for name in SETTINGS}
    text = (json.dumps(document, indent=1, ensure_ascii=False) + "\n").encode()
    blob = tensor_files.encode(weights, hashlib.sha256(text).hexdigest())
    try:
        if folder.exists() and not folder.is_dir():
            raise errors.not_a_folder(folder, "a model")
        if not overwrite and _is_taken(folder, {JSON_FILE: text, TENSOR_FILE: blob}):
            raise errors.output(folder, "exists already", errors.OVERWRITE_HINT)
        folder.mkdir(parents=True, exist_ok=True)
        replace_file(folder / TENSOR_FILE, blob)
        replace_file(folder / JSON_FILE, text)
    except errors.OutputError:
        raise
    except OSError as e:
        raise errors.output(folder, f"cannot be written ({e.strerror})", "choose another path") from None


def _is_taken(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Return whether something is there that is not replaced unasked: all but an empty folder and an equal model."""
    return (
        folder.is_dir()
        and any(folder.iterdir())
        and not all((folder / name).is_file() and (folder / name).read_bytes() == data for name, data in files.items())
    )


def read(
    folder: Path, custom_objects: Objects | None
) -> tuple[list[FeatureColumn], list[FeatureColumn], dict[str, Array], dict[str, object]]:
    """Return linear columns, dnn columns, weights and settings; the weights and settings are still to be checked."""
    try:
        text = regular_files.read_regular(folder / JSON_FILE, _LIMIT_JSON)
        if text is None:
            raise errors.saved_plan(folder, f"{JSON_FILE} is larger than {_LIMIT_JSON >> 20} MiB", AGAIN)
        weights, mark = tensor_files.read(folder / TENSOR_FILE)
        data = json.loads(text)
    except OSError as e:
        missing = isinstance(e, FileNotFoundError)
        raise errors.saved_plan(folder, f"is not a saved model ({e.strerror})", AGAIN, missing=missing) from None
    except tensor_files.DamagedError as e:
        raise errors.saved_plan(folder, f"is {e}", AGAIN) from None
    except (ValueError, RecursionError) as e:
        raise errors.saved_plan(folder, f"is damaged ({type(e).__name__})", AGAIN) from None
    if mark != hashlib.sha256(text).hexdigest():
        raise errors.saved_plan(folder, "its two files do not belong together", AGAIN)
    if not isinstance(data, dict) or data.get("format") != FORMAT or set(data) != {"format", "linear", "dnn", *SETTINGS}:
        raise errors.saved_plan(folder, "is of another version", AGAIN)
    try:
        linear, dnn = (columns_from_json(data[part], custom_objects) for part in ("linear", "dnn"))
        for column in (*linear, *dnn):
            map_columns(column, _refuse_path)
    except errors.FeatureColumnsError as e:
        raise errors.saved_plan(folder, f"has a column that cannot be read ({e})", AGAIN) from None
    for name, fits in SETTINGS.items():
        if not fits(data[name]):
            raise errors.saved_plan(folder, f"has a wrong {name}, {errors.show(data[name])}", AGAIN)
    return linear, dnn, weights, {name: data[name] for name in SETTINGS}


def _is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _refuse_path(column: FeatureColumn) -> FeatureColumn:
    if isinstance(column, VocabularyFileCategoricalColumn):
        raise errors.argument(column.name, "a saved model does not name files", column.vocabulary_file, "save it again")
    return column
