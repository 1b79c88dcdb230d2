"""Estimators from the card of an exported model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from featurecols.models import errors, export
from featurecols.models.estimators import baseline, canned
from featurecols.models.estimators.base import Estimator
from featurecols.models.objective.heads import ClassHead, Head, NumberHead

KINDS: dict[str, type[Estimator]] = {
    c.__name__: c
    for c in (
        canned.LinearClassifier,
        canned.LinearRegressor,
        canned.DNNClassifier,
        canned.DNNRegressor,
        canned.WideDeepClassifier,
        canned.WideDeepRegressor,
        baseline.BaselineClassifier,
        baseline.BaselineRegressor,
    )
}
OPTIMIZERS = ("optimizer", "linear_optimizer", "dnn_optimizer")


def estimator(kind: Any, plan: Any, head: Head, card: Mapping[str, Any]) -> Estimator:
    """The estimator of that kind over a plan; raises CheckpointError for a card that no estimator wrote."""
    if kind not in KINDS:
        raise errors.checkpoint("model.json", f"holds a {errors.show(kind)}", f"known are {', '.join(KINDS)}")
    arguments = dict(card["arguments"])
    for name in OPTIMIZERS:
        if name in arguments:
            arguments[name] = export.parts([arguments[name]])[0]
    if isinstance(head, ClassHead):
        arguments |= {"n_classes": head.n_classes, "label_vocabulary": head.words}
    elif isinstance(head, NumberHead):
        arguments |= {"label_dimension": head.dimension, "loss": head.loss}
    try:
        if "linear" in arguments:
            columns = {column.name: column for column in plan.columns}
            arguments |= {part: [columns[name] for name in arguments[part]] for part in ("linear", "dnn")}
            model = KINDS[kind](**arguments, weight_column=card["weight_column"])
            model.plan, model.columns = plan, plan.columns
            return model
        return KINDS[kind](plan, **arguments, weight_column=card["weight_column"])  # type: ignore[arg-type]
    except (KeyError, TypeError, ValueError) as e:
        raise errors.checkpoint("model.json", f"is damaged ({errors.show(str(e), 200)})", "export the model again") from None
