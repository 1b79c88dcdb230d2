"""What the classic estimators say of themselves: contributions of columns to one prediction, and what fields are worth."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data.batch import Source
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import labelled_rows
from featurecols.models.inspection.explanations import Contribution, Explanation, FieldImportance, Importance
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.multi_label import MultiLabelHead
from featurecols.models.trained_plan import PlanOwner
from featurecols.models.training.monitor import Monitor
from featurecols.models.types import Data, Label
from featurecols.plan.arguments import not_a_row
from featurecols.plan.graph import Graph

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

MOST_ROWS = 20_000  # that importance reads


class Parts(NamedTuple):
    """What slots add to one logit of a row, by slot, and the logit of a row of zeros without ids."""

    slots: dict[str, float]
    base: float

    def plus(self, other: Parts) -> Parts:
        """Return what both add up to."""
        names = dict.fromkeys([*self.slots, *other.slots])
        sums = {name: self.slots.get(name, 0.0) + other.slots.get(name, 0.0) for name in names}
        return Parts(sums, self.base + other.base)


class Explained(PlanOwner, ABC):
    """A model whose logits are sums over slots, or a network over them."""

    head: Head
    label: tuple[str, ...]
    weight_column: str | None

    @abstractmethod
    def _open(self) -> Variables:
        """Return the variables of a model that is ready to predict."""

    @abstractmethod
    def _require_plan(self) -> Plan:
        """Return the plan; raise ModelError where there is none yet."""

    @abstractmethod
    def evaluate(self, data: Data, label: Label | None = None, weight: Label | None = None) -> dict[str, float]:
        """Return metrics by name."""

    def _logits_of(self, x: Examples) -> Array:
        """Return the logits of encoded rows, [n, units]."""
        raise errors.model(type(self).__name__, "is not explained", None, "explain a linear, deep, or wide & deep model")

    def _parts(self, x: Examples, output: int, steps: int) -> Parts:
        """Return what slots add to a logit of one encoded row; networks are integrated over so many steps."""
        raise errors.model(type(self).__name__, "is not explained", None, "explain a linear, deep, or wide & deep model")

    def explain(self, row: Mapping[str, object], *, output: object = None, steps: int = 64) -> Explanation:
        """Return what each column adds to the prediction of one row, a dict of raw values, the largest first.

        Exact for linear models and the linear part of a wide & deep one; of networks integrated gradients (Sundararajan et
        al., 2017) from a row of zeros without ids, whose error of completeness is shown. What is explained is the logit of a
        class, or the prediction of a regressor in the units of the label (of a log1p transform: in logarithms).

        Args:
            row: the row.
            output: which class, as `classes_` has it, or which number; None for the second of two classes, the predicted one of
                more, and the first number.
            steps: points of the integral.

        Raises:
            ModelError: for another model, or an output that is not there. DataError: as predict does.

        >>> import featurecols as fc
        >>> rows = {"age": [20.0, 30.0, 40.0, 50.0], "paid": [1.0, 2.0, 3.0, 4.0]}
        >>> model = fc.models.LinearRegressor([fc.Numeric("age")]).train(rows, label="paid")
        >>> found = model.explain({"age": 50.0})
        >>> [row.meaning for row in found], abs(found.error) < 1e-6
        (['age = 50.0'], True)
        """
        if not isinstance(row, Mapping):
            raise not_a_row("explain", row)
        variables, plan = self._open(), self._require_plan()
        x = Examples.of(plan.encode([row]), Layout(plan.encoded_slots, plan.tables))
        with variables.scope():
            logits = self._logits_of(x)[0]
            which, name = self._output(output, logits)
            parts = self._parts(x, which, steps)
        scale, shift = 1.0, 0.0
        if isinstance(self.head, NumberHead) and self.head.scaling is not None:
            scale, shift = self.head.scaling.deviation[which], self.head.scaling.mean[which]
        found = []
        for column in plan.columns:
            if column.name in parts.slots:
                keys = list(dict.fromkeys(field.key for field in Graph([column]).fields()))
                given = ", ".join(f"{key} = {row.get(key)}" for key in keys)
                meaning = given if keys == [column.name] else f"{column.name}: {given}"
                found.append(Contribution(column.name, scale * parts.slots[column.name], meaning))
        return Explanation(found, name, scale * parts.base + shift, scale * float(logits[which]) + shift)

    def _output(self, output: object, logits: Array) -> tuple[int, str]:
        """Return the number of the logit that is meant, and what it is called."""
        head = self.head
        if isinstance(head, ClassHead):
            classes: list[object] = head.classes.tolist()
            if output is None:
                chosen = 1 if head.units == 1 else int(logits.argmax())
            elif output in classes and (head.units > 1 or output == classes[1]):
                chosen = classes.index(output)
            else:
                raise errors.unknown("explain", "output", output, map(str, classes[-1:] if head.units == 1 else classes))
            return (0 if head.units == 1 else chosen), f"logit of {head.names[chosen]}"
        if isinstance(head, MultiLabelHead):
            if output is not None and output not in head.names:
                raise errors.unknown("explain", "output", output, head.names)
            chosen = int(logits.argmax()) if output is None else head.names.index(str(output))
            return chosen, f"logit of {head.names[chosen]}"
        which = 0 if output is None else output
        if not isinstance(which, int) or not 0 <= which < len(logits):
            raise errors.model("explain", f"output must be from 0 to {len(logits) - 1}", output, "leave it out for the first")
        return which, "prediction"

    def importance(
        self,
        data: Data,
        label: Label | None = None,
        *,
        metric: str | None = None,
        repeats: int = 3,
        seed: int = 0,
        fields: Sequence[str] | None = None,
    ) -> Importance:
        """Return by how much a metric gets worse when the values of one field are shuffled among the rows (Breiman, 2001).

        Args:
            data: rows that were not trained on; the first 20,000 count.
            label: the field that holds labels; that of the training where it is left out.
            metric: a metric of `evaluate`; None for auc, of more classes accuracy, of numbers rmse.
            repeats: how often each field is shuffled.
            seed: of shuffling.
            fields: which fields; None for all that the plan reads.

        Raises:
            ModelError: for a metric or a field that is not there.
        """
        plan = self._require_plan()
        keys = list(dict.fromkeys(field.key for field in plan.fields))
        if unknown := [key for key in fields or () if key not in keys]:
            raise errors.unknown("importance", "field", unknown[0], keys)
        rows = labelled_rows(data, label if label is not None else self.label or None, self.weight_column)
        kept = [*keys, *(key for key in (*rows.labels, rows.weight) if key is not None and key not in keys)]
        table = _table(rows.features, list(dict.fromkeys(kept)))
        labels = list(rows.labels)
        before = self.evaluate(table, labels)
        name = metric or next(known for known in ("auc", "accuracy", "rmse") if known in before)
        if name not in before:
            raise errors.unknown("importance", "metric", name, before)
        sign, found = 1 if Monitor(name).rises else -1, []
        for number, key in enumerate(keys):
            if fields is not None and key not in fields:
                continue
            worse = []
            for repeat in range(repeats):
                order = np.random.default_rng([seed, number, repeat]).permutation(table.num_rows)
                shuffled = table.set_column(table.schema.get_field_index(key), key, table[key].take(pa.array(order)))
                worse.append(sign * (before[name] - self.evaluate(shuffled, labels)[name]))
            found.append(FieldImportance(key, float(np.mean(worse)), float(np.std(worse))))
        return Importance(found, name, before[name], table.num_rows)


def _table(source: Source, keys: Sequence[str]) -> pa.Table:
    """Return the first rows of these fields as a table; raise ModelError where there is none."""
    found, count = [], 0
    for batch in source.batches([(key, "category") for key in keys]):
        rows = min(batch.num_rows, MOST_ROWS - count)
        found.append(pa.table({key: _decoded(batch.column(key).slice(0, rows)) for key in keys}))
        count += rows
        if count == MOST_ROWS:
            break
    if not count:
        raise errors.model("importance", "needs rows", 0, "give rows that were not trained on")
    return pa.concat_tables(found, promote_options="default").combine_chunks()


def _decoded(column: pa.Array) -> pa.Array:
    """Return a column without a dictionary: Parquet files have one in some row groups and none in others."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
