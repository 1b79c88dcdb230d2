"""Models as plain JSON, so that what is trained can be a file under review."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from featurecols.columns.json import BESIDE, declared
from featurecols.columns.spec_files import read_data
from featurecols.models import errors
from featurecols.models.component import component_from_json
from featurecols.models.estimators.arguments import held_share
from featurecols.models.estimators.canned import OPTIMIZERS, Canned
from featurecols.models.estimators.loading import KINDS
from featurecols.models.objective import losses
from featurecols.models.optimization import optimizers
from featurecols.models.sequential import Sequential

COLUMNS = ("columns", "linear", "dnn")
RUNNING = ("model_dir", "config", "warm_start_from", "threads")  # how a model runs, not what it is: never in a spec
TENSORFLOW = ("feature_columns", "activation_fn")  # other names of arguments, for programs that move
WEIGHT = "weight"  # of a spec: the name that weight_column has in training
GIVE = {"hidden_units": "give hidden_units=[100, 50] (--hidden-units 100,50)"}


class Training(NamedTuple):
    """What a spec says of training: `featurecols train` does so unless its options say otherwise."""

    label: list[str] | None = None
    epochs: int | None = None
    validation: list[str] | None = None
    steps: int | None = None
    batch_size: int | None = None
    validation_share: float | None = None
    class_weight: dict[str, float] | str | None = None


def read_spec(data: Any) -> tuple[str, dict[str, Any], Training]:
    """Return where a spec of a model is, the spec without what it says of training, and what it says of training.

    Args:
        data: an object, a list of columns, or the path of a JSON, TOML or YAML file.

    Raises:
        ColumnError: where a file cannot be read. ModelError: for anything that is not a spec.
    """
    where = str(data) if isinstance(data, (str, Path)) else "spec"
    found = read_data(data) if isinstance(data, (str, Path)) else data
    if isinstance(found, (list, tuple)):
        found = {"columns": found}
    if not isinstance(found, Mapping):
        hint = 'give {"model": "LinearClassifier", "columns": [...]}'
        raise errors.model(where, "must be an object, or a list of columns", found, hint)
    spec = {key: value for key, value in found.items() if key not in (*BESIDE, *Training._fields)}
    if WEIGHT in spec:
        spec.setdefault("weight_column", spec[WEIGHT])
        if spec["weight_column"] != spec.pop(WEIGHT):
            raise errors.model(where, "weight and weight_column are one thing", spec["weight_column"], "give one of them")
    label, validation = (_names(where, name, found.get(name)) for name in ("label", "validation"))
    counts = {name: found.get(name) for name in ("epochs", "steps", "batch_size")}
    for name, value in counts.items():
        if value is not None and (type(value) is not int or value < 1):
            raise errors.model(where, f"{name} must be a positive integer", value, "leave it out: it follows from the rows")
    share = held_share(where, found.get("validation_share"), validation)
    weights = found.get("class_weight")
    if not (weights is None or weights == "balanced" or isinstance(weights, Mapping)):
        raise errors.model(where, "class_weight must be an object", weights, 'give {"yes": 20}, or "balanced"')
    return where, spec, Training(label, validation=validation, validation_share=share, class_weight=weights, **counts)


def _names(where: str, key: str, value: Any) -> list[str] | None:
    """Return one name or several as a list."""
    listed = [value] if isinstance(value, str) else value
    if listed is None or (isinstance(listed, (list, tuple)) and listed and all(isinstance(v, str) for v in listed)):
        return None if listed is None else list(listed)
    raise errors.model(where, f"{key} must be a name, or a list of names", value, f'give "{key}": "..."')


def model_from_json(data: Any, **more: Any) -> Canned | Sequential:
    """Return the model of a JSON object, or of a file that holds one: an estimator, or a Sequential.

    {"model": "LinearClassifier", "columns": [...], argument: value, ...}; a wide & deep model has "linear" and "dnn" in the
    place of "columns". Arguments are those of the class. Optimizers and losses are names, or objects such as {"type": "AdamW",
    "learning_rate": {"type": "Cosine", "rate": 0.02}}. A list alone is the columns, as columns_from_json takes them.

    A spec may say "seed", "weight", the field of weights, and for `featurecols train` "label" and "validation" (fields and
    paths by name), "epochs", "steps", "batch_size", "validation_share" and "class_weight"; here these are checked
    and left to train. "$schema" is for editors. The model.json of a saved model is such a spec.

    Args:
        data: the object, the list, or the path of a JSON, TOML or YAML file.
        more: arguments that are added, or taken in the place of those in data; `model` and `config` may be among them.

    Raises:
        ModelError: no model or an unknown one is named, or it lacks an argument, or has none of such a name.
        ColumnError: for what cannot be read, for what is not a column, and for arguments that no model can work with.

    >>> model_from_json({"model": "LinearClassifier", "columns": [{"type": "Numeric", "source": "age"}], "optimizer": "Adam"})
    LinearClassifier(1 columns, step 0)
    """
    where, found, _ = read_spec(data)
    given = {**found, **more}
    if given.get("model") == "Sequential":
        return Sequential._from_spec(given)
    if given.get("model") == "Estimator":
        hint = "give its export to fc.models.load(path, model_fn=...)"
        raise errors.model(where, "a model_fn is code, and no spec holds code", "Estimator", hint)
    kind = kind_of(where, given.pop("model", None))
    _check_names(where, kind, given, {name for name in RUNNING if name in more and name not in found})
    arguments = {name: value if name in RUNNING else _decode(value, name, where) for name, value in given.items()}
    first = [arguments.pop("columns")] if "columns" in arguments else []
    try:
        return KINDS[kind](*first, **arguments)
    except (TypeError, AttributeError) as e:
        raise errors.model(where, f"an argument of {kind} has the wrong type", str(e), "mend it") from None


def kind_of(where: str, name: Any) -> str:
    """Return the name of a class: as it is, or in words with hyphens (wide-deep-classifier)."""
    if name is None:
        raise errors.model(where, "names no model", None, f'give "model" (--model): one of {", ".join(KINDS)}')
    plain = {kind.lower(): kind for kind in KINDS}
    kind = plain.get(name.replace("-", "").lower()) if isinstance(name, str) else None
    if kind is None:
        raise errors.unknown(where, "model", name, KINDS)
    return kind


def _check_names(where: str, kind: str, given: Mapping[str, Any], allowed: set[str]) -> None:
    """Require all arguments that the class needs, and none that it does not know."""
    others = (*RUNNING, *TENSORFLOW)
    takes = [name for name in inspect.signature(KINDS[kind]).parameters if name not in others]
    for name in given:
        if name not in takes and name not in allowed:
            raise errors.model(where, f"{kind} has no argument {name!r}", given[name], f"it takes {', '.join(takes)}")
    needs: list[str] = [name for name in ("columns", "hidden_units") if name in takes]
    if "linear" in takes:
        needs = ([] if "linear" in given else ["dnn"]) + (["hidden_units"] if "dnn" in given else [])
    for name in needs:
        if name not in given:
            got = sorted(set(given) - allowed)
            raise errors.model(where, f"{kind} needs {name}", got, GIVE.get(name, f'give "{name}": [...]'))


def _decode(value: Any, name: str, where: str) -> Any:
    """Return an argument from its JSON."""
    if name in COLUMNS:
        if not isinstance(value, (list, tuple)):
            raise errors.model(where, f"{name} must be a list of columns", value, 'give [{"type": "Numeric", "source": "age"}]')
        return declared(value, name)
    if name == "loss":
        known = losses.KNOWN.get(value) if isinstance(value, str) else None  # Keras' name; else it is that of the class
        value = known or (value if isinstance(value, (Mapping, losses.Loss)) else {"type": value})
        return component_from_json(value, losses.Loss, name)
    return component_from_json(value, optimizers.Optimizer, name) if name in OPTIMIZERS else value
