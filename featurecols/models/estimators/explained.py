"""What the classic estimators say of themselves: contributions of columns to one prediction, and what fields are worth."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols.data.batch import Batch, Needs, Source, types_in
from featurecols.data.field_types import FieldType
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators.arguments import require_count
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.labelled_rows import LabelledRows
from featurecols.models.input.pipeline import Pipeline, rows_or_pipeline
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
    def evaluate(self, data: Data | Pipeline, label: Label | None = None, weight: Label | None = None) -> dict[str, float]:
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
        steps = require_count("explain", "steps", steps)
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
        data: Data | Pipeline,
        label: Label | None = None,
        weight: str | None = None,
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
            weight: the field that holds sample weights; the weight_column of the model where it is left out.
            metric: a metric of `evaluate`; None for auc, of more classes, and where all labels are alike, accuracy, of numbers
                rmse.
            repeats: how often each field is shuffled.
            seed: of shuffling.
            fields: which fields; None for all that the plan reads.

        Raises:
            ModelError: for a metric or a field that is not there.
        """
        require_count("importance", "repeats", repeats)
        plan = self._require_plan()
        keys = list(dict.fromkeys(field.key for field in plan.fields))
        if unknown := [key for key in fields or () if key not in keys]:
            raise errors.unknown("importance", "field", unknown[0], keys)
        found_rows = rows_or_pipeline(data, label if label is not None else self.label or None, weight or self.weight_column)
        rows = _FirstRows(found_rows.data if isinstance(found_rows, Pipeline) else found_rows, keys)
        before = self.evaluate(rows.data(), rows.labels, rows.weight)
        known = [name for name in ("auc", "accuracy", "rmse") if name in before]
        name = metric or next((name for name in known if not math.isnan(before[name])), known[0])  # of one class no auc
        if name not in before:
            raise errors.unknown("importance", "metric", name, before)
        sign, found = 1 if Monitor(name).rises else -1, []
        for number, key in enumerate(keys):
            if fields is not None and key not in fields:
                continue
            worse = []
            for repeat in range(repeats):
                order = np.random.default_rng([seed, number, repeat]).permutation(rows.table.num_rows)
                after = self.evaluate(rows.data(key, order), rows.labels, rows.weight)
                worse.append(sign * (before[name] - after[name]))
            found.append(FieldImportance(key, float(np.mean(worse)), float(np.std(worse))))
        return Importance(found, name, before[name], rows.table.num_rows)


class _Rows(Source):
    """A table, whose text is parsed where it came from a CSV file."""

    at_hand = True

    def __init__(self, table: pa.Table, *, parse: bool) -> None:
        self.table, self.parse = table, parse

    @property
    def num_rows(self) -> int:
        return int(self.table.num_rows)

    def read_batches(self, needs: Needs | None) -> Iterator[Batch]:
        return iter([Batch.arrow(self.table, self.parse)])

    def field_types(self, keys: Sequence[str]) -> dict[str, FieldType] | None:
        return None if self.parse else types_in(self.table.schema, keys)


class _FirstRows:
    """The first rows of data, with the labels and weights that came apart from them.

    Attributes:
        table: the fields that are read, of labels and weights too where these are fields.
        labels: the names of the fields that hold labels; None where labels came apart.
        weight: the field that holds weights; None without, and where weights came apart.

    Raises ModelError where there are no rows.
    """

    def __init__(self, rows: LabelledRows, keys: Sequence[str]) -> None:
        fields = [*keys, *(() if rows.pairs else rows.labels), *([] if rows.weight is None else [rows.weight])]
        fields, tables, count, self._parse = list(dict.fromkeys(fields)), [], 0, False
        labels, weights = dict[str, list[object]](), list[object]()
        for batch in rows.batches([(key, "category") for key in fields]):
            stop = min(batch.rows.num_rows, MOST_ROWS - count)
            if batch.weights is not None and batch.weights[0] is not batch.rows and not weights:
                fields = [key for key in fields if key in keys]
            tables.append(pa.table({key: _decoded(batch.rows.column(key).slice(0, stop)) for key in fields}))
            count, self._parse = count + stop, batch.rows.parse
            if rows.pairs and batch.labels is not None:
                for name in batch.labels.names:
                    labels.setdefault(name, []).extend(batch.labels.column(name).slice(0, stop).to_pylist())
                if batch.weights is not None and batch.weights[0] is not batch.rows:
                    weights += batch.weights[0].column(batch.weights[1]).slice(0, stop).to_pylist()
            if count == MOST_ROWS:
                break
        if not count:
            raise errors.model("importance", "needs rows", 0, "give rows that were not trained on")
        self.table = pa.concat_tables(tables, promote_options="default").combine_chunks()
        self.labels, self.weight = None if rows.pairs else list(rows.labels), None if weights else rows.weight
        apart = labels if rows.named else next(iter(labels.values()), [])
        self._apart: tuple[object, ...] = (apart, weights) if weights else (apart,)

    def data(self, key: str | None = None, order: Array | None = None) -> tuple[object, ...] | _Rows:
        """Return the rows as `evaluate` takes them, with the values of a field in another order."""
        table = self.table
        if key is not None:
            table = table.set_column(table.schema.get_field_index(key), key, table[key].take(pa.array(order)))
        return (table, *self._apart) if self.labels is None else _Rows(table, parse=self._parse)


def _decoded(column: pa.Array) -> pa.Array:
    """Return a column without a dictionary: Parquet files have one in some row groups and none in others."""
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column
