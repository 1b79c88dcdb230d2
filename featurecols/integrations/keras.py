"""Keras 3: the columns of a plan as a layer, on the torch, jax and tensorflow backends."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np

try:
    import keras
except ImportError as error:
    hint = 'pip install "featurecols[keras]", and a backend that KERAS_BACKEND names: torch, jax or tensorflow'
    raise ModuleNotFoundError(f"featurecols.integrations.keras needs Keras 3 and a backend: {hint}", name=error.name) from error
from keras import KerasTensor, ops

from featurecols import errors
from featurecols._core.arrays import Array, Features, Ids
from featurecols._core.slots import DenseSlot, IdSlot, Slot
from featurecols.data.batch import no_rows
from featurecols.plan.plan import Plan

__all__ = ["FeatureInputs"]

Inputs: TypeAlias = Mapping[str, KerasTensor]  # or tensors of the backend, or arrays


@keras.saving.register_keras_serializable(package="featurecols")
class FeatureInputs(keras.layers.Layer):
    """Encoded rows to the matrix of plan.transform, float32 [n, plan.width], with embedding tables that train.

    Numbers, one-hots and counts are those of plan.transform bit for bit, and rows of tables to within k + 4 units in the last
    place of the sum of magnitudes of the k ids of a row. Tables start as the plan's. The layer is saved with its model: the
    plan in its config, without tables, which are weights.

    Args:
        plan: its outputs must be dense; `arrays` makes inputs of what its encode gives.
        max_values: ids of a row in each column of lists, at most: rows of ids are padded to it. None pads them to the longest
            row at hand, which backends that compile do again for each new length.

    Raises:
        PlanError: for a column that gives bare ids, and for one whose features are not those of its slot.
        ColumnError: for a wrong max_values.
    """

    def __init__(self, plan: Plan, *, max_values: int | None = None, **arguments: object) -> None:
        super().__init__(**arguments)
        if max_values is not None and (type(max_values) is not int or max_values < 1):
            hint = "leave it out to pad to the longest row"
            raise errors.argument("FeatureInputs", "max_values must be an integer of at least 1", max_values, hint)
        self.plan, self.max_values = plan, max_values
        self._slots, widths = plan.encoded_slots, {slot.name: slot.width for slot in plan.matrix_slots}
        for slot in self._slots:
            if slot.name not in widths:
                hint = "wrap it in Indicator or Embedding"
                raise errors.plan("FeatureInputs", "a categorical column gives ids, not features", slot.name, hint)
            if _width(slot) != widths[slot.name]:
                hint = "give its slot the kind of its features"
                raise errors.plan("FeatureInputs", "the features of a column are not those of its slot", slot.name, hint)
        self._weighted = {name for name, ids in plan.encode(no_rows()).ids.items() if ids.weights is not None}
        self._numbers = sum(slot.width for slot in self._slots)
        self.tables = {
            name: self.add_weight(shape=table.shape, initializer=_Start(table), name=f"table_{_escape(name)}", trainable=True)
            for name, table in plan.tables.items()
        }

    # Inputs -------------------------------------------------------------------------------------------------------------

    def arrays(self, features: Features | Mapping[str, Mapping[str, Mapping[str, Array]] | Array]) -> dict[str, Array]:
        """Return encoded rows as the arrays that the layer takes, each of n rows, for fit, predict and generators.

        `numbers` is float32 [n, w]. ids_<slot> is int32 [n, k], -1 where a row has fewer ids, and weights_<slot> float32 [n, k]
        where ids have weights: divided already as the combiner says.

        Args:
            features: what plan.encode gives, or tensors of featurecols.integrations.torch.ParquetDataset(output="ids").

        Raises:
            DataError: for a row with more ids than max_values.
        """
        dense, by_name = _parts(features)
        found = {"numbers": np.ascontiguousarray(dense, np.float32)} if self._numbers else {}
        for slot in self._slots:
            if isinstance(slot, IdSlot):
                found |= self._padded(slot, by_name[slot.name])
        return found

    def _padded(self, slot: IdSlot, ids: Ids) -> dict[str, Array]:
        flat, offsets = ids.elements()
        lengths = np.diff(offsets)
        longest = int(lengths.max(initial=1))
        most = slot.max_length or (1 if ids.offsets is None else self.max_values or longest)
        if longest > most:
            row = int((lengths > most).argmax())
            hint = f"give FeatureInputs(plan, max_values={longest})"
            raise errors.bad_value(slot.name, None, row, f"a row has more than {most} ids", int(lengths[row]), hint)
        at = np.repeat(np.arange(len(lengths)), lengths), np.arange(len(flat.values)) - np.repeat(offsets[:-1], lengths)
        values = np.full((len(lengths), most), -1, np.int32 if slot.num_buckets < 2**31 else np.int64)
        there = (flat.values >= 0) & (flat.values < slot.num_buckets)
        values[at] = np.where(there, flat.values, -1)
        found = {f"ids_{_escape(slot.name)}": values}
        if flat.weights is not None:
            bags = np.arange(len(at[0])) if slot.max_length else at[0]
            weights = np.zeros(values.shape, np.float32)
            weights[at] = _divide(np.where(there, flat.weights, 0), bags, slot.combiner or "sum")
            found[f"weights_{_escape(slot.name)}"] = weights
        return found

    def symbolic_inputs(self) -> dict[str, KerasTensor]:
        """Return a keras.Input for each of the arrays, by name: `keras.Model(inputs, head(layer(inputs)))`."""
        found = {"numbers": keras.Input((self._numbers,), name="numbers", dtype="float32")} if self._numbers else {}
        for slot in self._slots:
            if isinstance(slot, IdSlot):
                name, of = _escape(slot.name), "int32" if slot.num_buckets < 2**31 else "int64"
                found[f"ids_{name}"] = keras.Input((slot.max_length,), name=f"ids_{name}", dtype=of)
                if slot.name in self._weighted:
                    found[f"weights_{name}"] = keras.Input((slot.max_length,), name=f"weights_{name}", dtype="float32")
        return found

    # The layer ----------------------------------------------------------------------------------------------------------

    def call(self, inputs: Inputs) -> KerasTensor:
        """Return float32 [n, plan.width]."""
        found = []
        for slot in self._slots:
            if isinstance(slot, DenseSlot):
                found.append(inputs["numbers"][:, slot.start : slot.stop])
                continue
            name = _escape(slot.name)
            ids, weights = inputs[f"ids_{name}"], inputs.get(f"weights_{name}")
            there = ids >= 0
            rows = self._rows(slot, ops.where(there, ids, 0))
            w = ops.cast(there, rows.dtype) if weights is None else ops.cast(weights, rows.dtype)
            named = ops.expand_dims(there, -1) if slot.table is not None else ops.expand_dims(there, -1) & (rows > 0)
            rows = ops.where(named, rows * ops.expand_dims(w, -1), 0)  # an infinite weight is that of its own id alone
            if slot.max_length is not None:
                found.append(ops.reshape(rows, (-1, _width(slot))))
                continue
            total = ops.sum(rows, axis=1)
            if weights is None and slot.combiner not in (None, "sum"):
                count = ops.maximum(ops.sum(w, axis=1, keepdims=True), 1)
                total = total / (ops.sqrt(count) if slot.combiner in ("sqrtn", "sqrtn_all") else count)
            found.append(total)
        return found[0] if len(found) == 1 else ops.concatenate(found, axis=1)

    def _rows(self, slot: IdSlot, ids: KerasTensor) -> KerasTensor:
        """Return the rows of the slot's table [n, k, dimension], or one-hots [n, k, num_buckets]."""
        if slot.table is None:
            return ops.one_hot(ids, slot.num_buckets, dtype="float32")
        rows = ops.take(self.tables[slot.table], ids, axis=0)
        if slot.max_norm is None:
            return rows
        squares = ops.sum(ops.square(rows), axis=-1, keepdims=True)
        return rows * (slot.max_norm / ops.sqrt(ops.maximum(squares, slot.max_norm**2)))

    def compute_output_shape(self, input_shape: Mapping[str, tuple[int | None, ...]]) -> tuple[int | None, int]:
        """Return (n, plan.width)."""
        return next(iter(input_shape.values()))[0], self.plan.width

    # Plans and configs --------------------------------------------------------------------------------------------------

    def to_plan(self) -> Plan:
        """Return the plan with the tables as they are now."""
        return self.plan.with_tables({name: ops.convert_to_numpy(table) for name, table in self.tables.items()})

    def get_config(self) -> dict[str, object]:
        """Return the arguments as JSON data: the plan as base64 of its bytes, without tables, which are weights."""
        untrained = Plan(self.plan._graph, self.plan._learned)
        plan = base64.b64encode(untrained.to_bytes()).decode("ascii")
        return {**super().get_config(), "plan": plan, "max_values": self.max_values}

    @classmethod
    def from_config(cls, config: Mapping[str, object]) -> FeatureInputs:
        """Return the layer of a config. Raises SavedPlanError for a plan that is damaged; never runs code."""
        plan, most = Plan.from_bytes(base64.b64decode(str(config["plan"]))), config.get("max_values")
        arguments = {name: value for name, value in config.items() if name not in ("plan", "max_values")}
        return cls(plan, max_values=most if isinstance(most, int) else None, **arguments)


class _Start(keras.initializers.Initializer):
    """A table of the plan as the start of a weight; loading replaces what it gives."""

    def __init__(self, table: Array) -> None:
        self.table = table

    def __call__(self, shape: tuple[int, ...], dtype: str | None = None) -> KerasTensor:
        return ops.convert_to_tensor(np.array(self.table), dtype=dtype)


def _width(slot: Slot) -> int:
    """Return the number of features that a slot stands for."""
    return slot.width if isinstance(slot, DenseSlot) else (slot.dimension or slot.num_buckets) * (slot.max_length or 1)


def _parts(features: Features | Mapping[str, Mapping[str, Mapping[str, Array]] | Array]) -> tuple[Array, Mapping[str, Ids]]:
    """Return the dense block, and the ids by name of the slot."""
    if isinstance(features, Features):
        return features.dense, features.ids
    ids = {}
    for name, found in dict(features["ids"]).items():
        arrays = {key: np.asarray(value) for key, value in found.items()}
        ids[name] = Ids(arrays["values"], arrays.get("offsets"), arrays.get("weights"))
    return np.asarray(features["dense"]), ids


def _divide(weights: Array, bags: Array, combiner: str) -> Array:
    """Return weights [m], 0 where there is no id, divided as a combiner divides the sum of their bag; in float64."""
    wide = weights.astype(np.float64)
    if combiner == "sum":
        return wide
    if combiner in ("mean", "sqrtn"):
        wide = np.where(wide > 0, wide, 0.0)
    squared = combiner in ("sqrtn", "sqrtn_all")
    total = np.bincount(bags, wide * wide if squared else wide)[bags] if len(bags) else wide
    divisor = np.sqrt(total) if squared else total
    with np.errstate(invalid="ignore"):
        return np.divide(wide, divisor, out=np.zeros(len(wide)), where=divisor != 0)


def _escape(name: str) -> str:
    """Return a name in the characters that every backend takes in names; distinct names stay distinct."""
    return re.sub(r"[^A-Za-z0-9_]", lambda found: f"-{ord(found[0]):X}-", name)
