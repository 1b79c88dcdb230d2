"""Predictions of one row: the bits of `predict` over that row alone, in microseconds."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import Slot
from featurecols.models.estimators.row_model import RowPart
from featurecols.models.objective.heads import Head
from featurecols.models.trained_plan import PlanOwner
from featurecols.plan.arguments import not_a_row

if TYPE_CHECKING:
    from featurecols.models.autodiff.variables import Variables
    from featurecols.models.estimators.predictions import Predictions
    from featurecols.plan.execution.row_encoder import RowEncoder
    from featurecols.plan.plan import Plan

RowPrediction = dict[str, Array | np.generic]  # what predict says of one row: a number, a word, or an array


class RowModel:
    """A plan and a model for rows of single ids, as long as both stay what they are.

    Args:
        encoder: None where no row is of that form.
        parts: what gives logits, which add up; none where the model is not made of such.
        predictions: what the model says of logits [1, units].
    """

    def __init__(
        self,
        plan: Plan | None,
        variables: Variables | None,
        head: Head,
        encoder: RowEncoder | None,
        parts: Sequence[RowPart],
        predictions: Callable[[Array], dict[str, Array]],
    ) -> None:
        self.plan, self.variables, self.head = plan, variables, head
        self._encoder, self._parts, self._predictions = encoder, parts, predictions

    def predict(self, row: Mapping[str, object]) -> RowPrediction | None:
        """Return what the model says; None for a row that it must read as a table, or that has no finite prediction."""
        if self._encoder is None or self.variables is None:
            return None
        dense, ids = self._encoder.encode(row)
        plain = [i for i in ids if type(i) is int]
        if len(plain) != len(ids):
            return None
        logits: Array | None = None
        try:
            for part in self._parts:
                found = part.logits(dense, plain, self.variables.values)
                if found is None:
                    return None
                logits = found if logits is None else logits + found
        except KeyError:  # parameters are made by the first call of a model
            return None
        if logits is None:
            return None
        if not all(map(math.isfinite, self.head.outputs(logits).reshape(-1).tolist())):
            return None
        return {name: array[0] for name, array in self._predictions(logits).items()}


class RowPredictor(PlanOwner, ABC):
    """A model that says of one row, a dict, what it says of tables."""

    head: Head
    _row_model: RowModel | None = None

    @abstractmethod
    def predict(self, data: Sequence[Mapping[str, object]]) -> Predictions:
        """Return what the model says of rows."""

    def _row_parts(self, slots: Sequence[Slot]) -> Sequence[RowPart]:
        """Return what computes the logits of one row, which add up; none where only `predict` does."""
        return ()

    def _row_predictions(self, logits: Array) -> dict[str, Array]:
        """Return what the model says of logits [n, units]."""
        return self.head.predictions(logits)

    def predict_row(self, row: Mapping[str, object]) -> RowPrediction:
        """Return what the model says of one row, a dict of raw values: by name, the bits of `predict` over that row alone.

        Linear models, networks without batch normalization and wide & deep models answer in microseconds, without threads,
        where each categorical column gives one id a row and embeddings have no max_norm; others, and other rows, as `predict`
        does. Products of matrices may round otherwise where a row is predicted among others.

        Raises:
            DataError: for a field that is not there, and for values that do not fit the columns. ModelError: as predict does.

        >>> import featurecols as fc
        >>> rows = {"age": [20, 30, 40, 50], "bought": ["no", "yes", "no", "yes"]}
        >>> model = fc.models.LinearClassifier([fc.Numeric("age")]).train(rows, label="bought")
        >>> found = model.predict_row({"age": 35})
        >>> bool(found["classes"] == model.predict({"age": [35]})["classes"][0])
        True
        """
        if type(row) is not dict and not isinstance(row, Mapping):
            raise not_a_row("predict_row", row)
        known = self._row_model
        if (
            known is None
            or known.plan is not self._plan
            or known.variables is not self.variables
            or known.head is not self.head
        ):
            known = self._row_model = self._make_row_model()
        found = known.predict(row)
        return {name: array[0] for name, array in self.predict([row]).arrays.items()} if found is None else found

    def _make_row_model(self) -> RowModel:
        plan, variables = self._plan, self.variables
        parts = () if plan is None or variables is None else self._row_parts(plan.encoded_slots)
        encoder = None if plan is None or not parts else plan._row_encoder()
        return RowModel(plan, variables, self.head, encoder, parts, self._row_predictions)
