"""Exported models, loaded from their folders."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, overload

from featurecols._core.suggestions import explain_arguments
from featurecols.models import errors, export
from featurecols.models.estimators import baseline, canned, dnn, linear, wide_deep
from featurecols.models.estimators.base import Estimator
from featurecols.models.estimators.config import EstimatorSpec
from featurecols.models.estimators.head_arguments import head_arguments
from featurecols.models.estimators.state import PLAN
from featurecols.models.objective.heads import Head
from featurecols.models.sequential import Sequential
from featurecols.plan.load import load as load_plan
from featurecols.plan.plan import Plan

KINDS: dict[str, type[canned.Canned]] = {
    kind.__name__: kind
    for kind in (
        linear.LinearClassifier,
        linear.LinearRegressor,
        dnn.DNNClassifier,
        dnn.DNNRegressor,
        wide_deep.WideDeepClassifier,
        wide_deep.WideDeepRegressor,
        baseline.BaselineClassifier,
        baseline.BaselineRegressor,
    )
}
FIELDS: dict[str, Callable[[object], bool]] = {  # of an estimator's card, and what each must be
    "kind": lambda value: isinstance(value, str),
    "plan": lambda value: isinstance(value, str),
    "head": lambda value: isinstance(value, dict),
    "label": lambda value: isinstance(value, list) and all(isinstance(name, str) for name in value),
    "weight_column": lambda value: value is None or isinstance(value, str),
    "arguments": lambda value: isinstance(value, dict),
    "metrics": lambda value: isinstance(value, dict),
    "data": lambda value: isinstance(value, dict),
}


@overload
@explain_arguments
def load(path: str | Path, model_fn: None = None) -> canned.Canned | Sequential: ...


@overload
@explain_arguments
def load(path: str | Path, model_fn: Callable[..., EstimatorSpec], params: Mapping[str, object] | None = None) -> Estimator: ...


@explain_arguments
@explain_arguments
def load(
    path: str | Path, model_fn: Callable[..., EstimatorSpec] | None = None, params: Mapping[str, object] | None = None
) -> Estimator | Sequential:
    """Return the model in a folder that `save` wrote. Opens its files alone, and never runs code.

    Args:
        path: the folder.
        model_fn: of an Estimator with a model_fn of its own, which a folder cannot hold.
        params: what model_fn is called with.

    Raises:
        CheckpointError, SavedPlanError: for anything that is not an exported model, or is damaged.
    """
    folder = Path(path)
    card = export.read(folder)
    kind = card.get("kind")
    if kind == "Sequential":
        return Sequential.load(folder)
    for name, fits in FIELDS.items():
        if name not in card:
            raise errors.checkpoint(folder, f"the card lacks {name!r}", export.AGAIN)
        if not fits(card[name]):
            raise errors.checkpoint(folder, f"the card has a wrong {name}, {errors.show(card[name])}", export.AGAIN)
    plan = load_plan(folder / PLAN)
    if plan.fingerprint != card.get("plan"):
        raise errors.checkpoint(folder, "the plan is not the one that the card names", export.AGAIN)
    head = export.components([card.get("head")])[0]
    if kind == "Estimator":
        if model_fn is None:
            raise errors.model("load", "the model has a model_fn of its own", None, "give it: load(path, model_fn=...)")
        model = Estimator(model_fn, params=params, columns=plan, weight_column=card["weight_column"], head=head)
    else:
        model = estimator_of_card(folder, plan, head, card)
    model.variables, model.label = export.weights(folder), tuple(card["label"])
    export.check_fingerprint(folder, card, model.variables, plan)
    model.metrics, model.data = card["metrics"], card["data"]
    if card["format"] != 1:
        _check_spec(folder, model, card)
    return model


def _check_spec(folder: Path, model: Estimator, card: Mapping[str, Any]) -> None:
    """Raise CheckpointError where model.json tells of other columns or labels than the plan and the card."""
    if card["declared"] != model.columns:
        raise errors.checkpoint(folder, f"the columns of {export.SPEC} are not those of the plan", export.AGAIN)
    if card["head_arguments"] != head_arguments(model.head) and isinstance(model, canned.Canned):
        raise errors.checkpoint(folder, f"{export.SPEC} and {export.CARD} name different labels or losses", export.AGAIN)


def estimator_of_card(where: Path | str, plan: Plan, head: Head, card: Mapping[str, Any]) -> canned.Canned:
    """Return the estimator of a card, without weights; raise CheckpointError for a card that no estimator wrote."""
    kind = card.get("kind")
    if kind not in KINDS:
        raise errors.checkpoint(where, f"holds a {errors.show(kind)}", f"known are {', '.join(KINDS)}")
    try:
        return KINDS[kind]._from_card(plan, head, card)
    except (KeyError, TypeError, ValueError) as e:
        raise errors.checkpoint(where, f"is damaged ({errors.show(str(e), 200)})", export.AGAIN) from None
