"""One version of a model or a plan, loaded and ready: rows in, arrays by name out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.data.field_types import FieldType
from featurecols.integrations.serving.http_errors import HttpError
from featurecols.integrations.serving.json_text import Json
from featurecols.integrations.serving.limits import Limits
from featurecols.integrations.serving.requests import NO_FIELD, RowReader, Rows
from featurecols.models.errors import ModelError
from featurecols.models.estimators.base import Estimator
from featurecols.models.estimators.loading import load as load_model
from featurecols.models.objective.heads import ClassHead, NumberHead
from featurecols.models.sequential import Sequential
from featurecols.plan.load import load as load_plan
from featurecols.plan.plan import Plan

Arrays = Mapping[str, Array]  # n rows each, by name; the only one of a model without names is named ""
Call = Callable[[Rows], Arrays]
PREDICT, CLASSIFY, REGRESS, TRANSFORM, EXPLAIN = "predict", "classify", "regress", "transform", "explain"
FEW = 32  # rows that a plan transforms one by one, which costs less than a table
_SAMPLES: Mapping[str | None, Json] = {"boolean": True, "integer": 0, "float": 0.5, "decimal": 0.5, "text": "a", "bytes": b"a"}


class Servable(ABC):
    """One version.

    Attributes:
        name: of the model.
        version: its number.
        plan: what reads its rows.
        reader: reads the rows of requests.
        verbs: what can be asked of it; the first one gives all that it knows of rows.
        kind: what it is, in a word: the class of a model, or "Plan".
        fingerprint: of all that its answers depend on.
        outputs: type and shape of a row of what the first verb gives, by name; known once it is warm.
    """

    labels: tuple[str, ...] = ()  # the classes as text, of a classifier

    def __init__(
        self, name: str, version: int, plan: Plan, about: tuple[str, str], verbs: Iterable[str], limits: Limits
    ) -> None:
        """about: kind and fingerprint."""
        self.name, self.version, self.plan, self.verbs = name, version, plan, (*verbs, EXPLAIN)
        self.kind, self.fingerprint = about
        self.reader = RowReader(plan.input_schema, limits)
        self.outputs: dict[str, tuple[np.dtype[np.generic], tuple[int, ...]]] = {}

    def call(self, verb: str) -> Call:
        """Return the function that answers for rows; raises HttpError 400 where this is not to be asked."""
        if verb in self.verbs:
            return self._call(verb)
        raise HttpError(400, f"{self.name}: a {self.kind} has no {verb}; ask for {' or '.join(self.verbs)}")

    @abstractmethod
    def _call(self, verb: str) -> Call:
        """Return the function of a verb that is there."""

    def warm(self) -> None:
        """Answer for made-up rows, so that kernels are there; raises an error of the package where no row can be answered."""
        uses = self.plan.input_uses
        row = {key: sample(of, uses[key]) for key, of in self.reader.schema.items()}
        empty = self._call(self.verbs[0])(_rows_of([], row))
        self.outputs = {name: (array.dtype, array.shape[1:]) for name, array in empty.items()}
        for rows in ([row], [row] * (FEW + 1), [dict.fromkeys(row)]):
            for verb in self.verbs[:-1]:
                try:
                    self._call(verb)(_rows_of(rows, row))
                except errors.DataError:  # it may want values of its own choosing
                    continue


class ModelServable(Servable):
    """An estimator: `predict` answers with the keys that model.predict has."""

    def __init__(self, name: str, version: int, model: Estimator, plan: Plan, limits: Limits) -> None:
        head = model.head
        verbs = [PREDICT]
        if isinstance(head, ClassHead):
            verbs.append(CLASSIFY)
            self.labels = head.names
        elif isinstance(head, NumberHead) and head.dimension == 1:
            verbs.append(REGRESS)
        super().__init__(name, version, plan, (type(model).__name__, model.fingerprint), verbs, limits)
        self.model = model

    def _call(self, verb: str) -> Call:
        return self._predict

    def _predict(self, rows: Rows) -> Arrays:
        if rows.count != 1 or rows.alone:
            return self.model.predict(rows.columns).arrays
        try:
            found = self.model.predict_row({key: values[0] for key, values in rows.columns.items()})
        except errors.DataError as e:
            raise errors.DataError(e.subject, e.problem, field=e.field, row=0, got=e.got, hint=e.hint) from None
        return {name: np.asarray(value)[None] for name, value in found.items()}


class SequentialServable(Servable):
    """A Sequential over tables: `predict` answers with the outputs of the last layer, which have no name."""

    def __init__(self, name: str, version: int, model: Sequential, plan: Plan, limits: Limits) -> None:
        try:
            self.labels = tuple(str(label) for label in model.classes_.tolist())
        except ModelError:  # its loss is not one of classes
            self.labels = ()
        verbs = (PREDICT, CLASSIFY if self.labels else REGRESS)
        super().__init__(name, version, plan, ("Sequential", model.fingerprint), verbs, limits)
        self.model = model

    def _call(self, verb: str) -> Call:
        return self._probabilities if verb == CLASSIFY else self._predict

    def _predict(self, rows: Rows) -> Arrays:
        return {"": self.model.predict(rows.columns)}

    def _probabilities(self, rows: Rows) -> Arrays:
        return {"probabilities": self.model.predict_proba(rows.columns)}


class PlanServable(Servable):
    """A plan alone: `transform` answers with the rows of its matrix."""

    def __init__(self, name: str, version: int, plan: Plan, limits: Limits) -> None:
        super().__init__(name, version, plan, ("Plan", plan.fingerprint), (TRANSFORM,), limits)

    def _call(self, verb: str) -> Call:
        return self._transform

    def _transform(self, rows: Rows) -> Arrays:
        if not 0 < rows.count <= FEW or rows.alone:
            return {"features": self.plan.transform(rows.columns)}
        out = np.empty((rows.count, self.plan.width), np.float32)
        for i, values in enumerate(zip(*rows.columns.values(), strict=True)):
            try:
                out[i] = self.plan.transform_row(dict(zip(rows.columns, values, strict=True)))
            except errors.DataError as e:
                raise errors.DataError(e.subject, e.problem, field=e.field, row=i, got=e.got, hint=e.hint) from None
        return {"features": out}


def load(folder: Path, version: int, *, name: str, limits: Limits, threads: int | None) -> Servable:
    """Return what is in a folder, loaded and warm.

    Raises the errors of fc.load and fc.models.load, and PlanError for what cannot be served.
    """
    if (folder / "plan.json").is_file():
        found: Servable = PlanServable(name, version, load_plan(folder), limits)
    else:
        model = load_model(folder)
        if threads is not None and isinstance(model, Estimator):
            model.config = model.config.replace(threads=threads)
        plan = model.plan
        if plan is None:
            raise errors.plan(
                "serve", "the model reads arrays, which have no fields", str(folder), "begin it with DenseFeatures"
            )
        if isinstance(model, Sequential):
            found = SequentialServable(name, version, model, plan, limits)
        else:
            found = ModelServable(name, version, model, plan, limits)
    found.warm()
    return found


def sample(of: FieldType, uses: frozenset[str]) -> Json:
    """Return a value that a field may have, by its type, or else by how it is read."""
    value = _SAMPLES.get(of.type, 0.5 if uses == {"number"} else "a")
    for _ in range(of.list_depth):
        value = [value]
    return value


def _rows_of(rows: Sequence[Mapping[str, Json]], keys: Iterable[str]) -> Rows:
    columns = {key: [row[key] for row in rows] for key in keys}
    return Rows(columns or {NO_FIELD: [None] * len(rows)}, len(rows))
