"""Models as ONNX: raw named inputs to what `predict` says; a Sequential without columns from a matrix."""

from __future__ import annotations

import json
from collections.abc import Container, Sequence
from dataclasses import replace

import numpy as np
from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from featurecols._core.expressions import InexpressibleError, TableRow, WeightedIds, as_features
from featurecols._core.slots import IdSlot, Slot
from featurecols.integrations.onnx.builder import Builder
from featurecols.integrations.onnx.export import PlanGraph, finished
from featurecols.integrations.onnx.heads import Output, outputs_of
from featurecols.integrations.onnx.layers import Hot, Layers, Rows
from featurecols.models import errors
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators.canned import Canned
from featurecols.models.estimators.dnn import DNNClassifier, DNNRegressor
from featurecols.models.estimators.linear import LinearClassifier, LinearRegressor
from featurecols.models.estimators.wide_deep import WideDeepClassifier, WideDeepRegressor
from featurecols.models.layers import Activation, BatchNormalization, Dense, DenseFeatures, Dropout
from featurecols.models.objective.heads import ClassHead
from featurecols.models.sequential import Sequential
from featurecols.models.trained_plan import TABLES
from featurecols.plan.expressions import Expressed, Expressions, refused
from featurecols.plan.plan import Plan


class _Columns:
    """The columns of a plan in a graph, slot by slot, as layers read them."""

    def __init__(self, plan: Plan, slots: Sequence[Slot]) -> None:
        expressions = Expressions(plan._program, "ONNX")
        hot = {s.name for s in slots if isinstance(s, IdSlot) and s.table is None}
        dense = {s.name: e for s, e in _paired(slots, expressions.features([s.name for s in slots if s.name not in hot]))}
        ids = {s.name: e for s, e in _paired(slots, expressions.ids(hot))}
        self._slots, self._found = slots, {**dense, **ids}
        self.graph = PlanGraph(plan, list(self._found.values()), expressions)

    def rows(self, names: Container[str], layers: Layers, *, embedded: bool = True) -> Rows:
        """Return the slots of these names as a layer reads them: numbers, embeddings where they are wanted, one-hots."""
        slots = [slot for slot in self._slots if slot.name in names]
        wide: list[Slot] = [slot for slot in slots if slot.kind == "dense"]
        wide += [slot for slot in slots if slot.table is not None and embedded]
        features = [self._found[slot.name] for slot in wide]
        width = sum(as_features(e.expression).width for e in features)
        hots = [self._hot(slot, layers) for slot in slots if slot.kind == "ids" and slot.table is None]
        return Rows(self.graph.matrix(features) if width else None, width, hots)

    def embeddings(self, plan: Plan, names: Container[str], member: int) -> str | None:
        """Return the embeddings of these slots, float32 [n, width], by the tables of a member; None where there are none."""
        tables = [slot.name for slot in self._slots if slot.table is not None and slot.name in names]
        found = [_of_member(column, member) for column in Expressions(plan._program, "ONNX").features(tables)]
        return self.graph.matrix(found) if found else None

    def _hot(self, slot: Slot, layers: Layers) -> Hot:
        column = self._found[slot.name]
        ids, weight = self.graph.value(column), None
        if isinstance(column.expression, WeightedIds):
            weight = layers.column(self.graph.weights(column, column.expression))
        return Hot(ids, slot.num_buckets, weight)


def _of_member(column: Expressed, member: int) -> Expressed:
    """Return a column whose table has a name of its own, so that it is not taken for that of another member."""
    row = column.expression
    if not isinstance(row, TableRow):
        return column
    return column._replace(expression=replace(row, name=f"{row.name} of member {member}"))


def _paired(slots: Sequence[Slot], found: Sequence[Expressed]) -> list[tuple[Slot, Expressed]]:
    by_name = {slot.name: slot for slot in slots}
    return [(by_name[e.name], e) for e in found]


def estimator_to_onnx(model: Canned) -> ModelProto:
    """Return an estimator as an ONNX model. See Canned.to_onnx."""
    kind = type(model).__name__
    linear = isinstance(model, LinearClassifier | LinearRegressor)
    both = model if isinstance(model, WideDeepClassifier | WideDeepRegressor) else None
    if not linear and both is None and not isinstance(model, DNNClassifier | DNNRegressor):
        raise refused("ONNX", "model", kind, "only linear, deep, and wide & deep estimators can")
    plan, variables = _trained(model.plan, model.variables, kind)
    every = tuple(slot.name for slot in plan.encoded_slots)
    wide = both.wide if both is not None else every if linear else ()
    deep = both.deep if both is not None else () if linear else every
    columns = _Columns(plan, plan.encoded_slots)
    b = columns.graph.builder
    layers, spec = Layers(b, {**variables.values, **variables.states}), model.spec()
    try:
        logits = []
        if wide:
            logits.append(_linear(columns.rows(wide, layers), layers, str(spec["sparse_combiner"])))
        if deep:
            hidden, activation, crosses = len(spec["hidden_units"]), spec["activation"], int(spec.get("cross_layers", 0))
            plans, batch_norm = _plans_of_members(model, int(spec.get("members", 1))), bool(spec["batch_norm"])
            rows = columns.rows(deep, layers, embedded=len(plans) == 1)
            if len(plans) == 1:
                logits.append(layers.network(rows, hidden, activation, batch_norm=batch_norm, cross_layers=crosses))
            else:
                own = [
                    found for member, each in enumerate(plans) if (found := columns.embeddings(each, deep, member)) is not None
                ]
                network = layers.members(rows, own, len(plans), hidden, activation, batch_norm=batch_norm, cross_layers=crosses)
                logits.append(network)
        outputs = outputs_of(model.head, b, logits[0] if len(logits) == 1 else b.op("Add", *logits))
    except InexpressibleError as e:
        raise refused("ONNX", "model", kind, str(e)) from None
    about = {"featurecols_model": kind}
    if isinstance(model.head, ClassHead):
        about["featurecols_classes"] = json.dumps(model.head.names)
    return columns.graph.model(_declared(b, outputs), "model", about)


def _plans_of_members(model: Canned, members: int) -> list[Plan]:
    """Return the plan of a network with its tables; of several networks one for each."""
    plan, variables = _trained(model.plan, model.variables, type(model).__name__)
    if members == 1:
        return [plan]
    tables = {slot.table: f"dnn/inputs/{TABLES}{slot.table}" for slot in plan.encoded_slots if slot.table is not None}
    own = {
        table: np.split(variables.values[name], members, axis=1) for table, name in tables.items() if name in variables.values
    }
    return [plan.with_tables({table: parts[j] for table, parts in own.items()}) for j in range(members)]


def _linear(rows: Rows, layers: Layers, combiner: str) -> str:
    """Return the logits of a linear model; its weights of ids are a parameter of their own."""
    bias, found = layers.array("linear/bias"), None
    if rows.hots:
        found = layers.product(Rows(None, 0, rows.hots), layers.array("linear/weights"), bias, combiner)
    if rows.numbers is None:
        if found is None:
            raise InexpressibleError("it reads no columns")
        return found
    numbers = Rows(rows.numbers, rows.numbers_width)
    of_numbers = layers.product(numbers, layers.array("linear/kernel"), bias if found is None else None)
    return of_numbers if found is None else layers.added(of_numbers, found)


def sequential_to_onnx(model: Sequential) -> ModelProto:
    """Return a Sequential as an ONNX model. See Sequential.to_onnx."""
    first = model.layers[0] if model.layers else None
    if isinstance(first, DenseFeatures):
        plan, variables = _trained(model.plan, model.variables, "Sequential")
        columns = _Columns(plan, plan.encoded_slots)
        b = columns.graph.builder
        layers = Layers(b, {**variables.values, **variables.states})
        rows = columns.rows({slot.name for slot in plan.encoded_slots}, layers)
        output = _layers(model, model.layers[1:], layers, rows)
        return columns.graph.model(_declared(b, [output]), "model", {"featurecols_model": "Sequential"})
    variables, width = model.variables, _width(model)
    b = Builder(["x"])
    layers = Layers(b, {**variables.values, **variables.states})
    output = _layers(model, model.layers, layers, Rows("x", width))
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, ["n", width])
    return finished(b, [x], _declared(b, [output]), "model", {"featurecols_model": "Sequential"})


def _layers(model: Sequential, layers: Sequence[object], write: Layers, rows: Rows) -> Output:
    """Return the output of layers over rows."""
    width = 0
    for layer in layers:
        if isinstance(layer, Dense):
            x = write.activated(layer.activation, write.dense(rows, str(layer.name), use_bias=layer.use_bias))
            rows = Rows(x, layer.units)
        elif isinstance(layer, Activation):
            rows = _after(rows, write.activated(layer.function, write.written_out(rows)))
        elif isinstance(layer, BatchNormalization):
            rows = _after(rows, write.normalized(write.written_out(rows), str(layer.name), layer.epsilon))
        elif not isinstance(layer, Dropout):
            raise refused("ONNX", "model", f"the layer {type(layer).__name__}", "it has no operation for it")
    x, width = write.written_out(rows), rows.numbers_width + sum(hot.num_buckets for hot in rows.hots)
    if width == 1:
        return Output(write.squeezed(x), "predictions", TensorProto.FLOAT)
    return Output(x, "predictions", TensorProto.FLOAT, width)


def _after(rows: Rows, x: str) -> Rows:
    return Rows(x, rows.numbers_width + sum(hot.num_buckets for hot in rows.hots))


def _width(model: Sequential) -> int:
    """Return the width of the matrix that the layers take."""
    for layer in model.layers:
        name = str(getattr(layer, "name", ""))
        for key in (f"{name}/kernel", f"{name}/gamma"):
            if key in model.variables.values:
                return int(model.variables.values[key].shape[0])
    raise errors.model("to_onnx", "the model has no weights yet", None, "fit it first")


def _trained(plan: Plan | None, variables: Variables | None, kind: str) -> tuple[Plan, Variables]:
    if plan is None or variables is None or not variables.values:
        raise errors.model("to_onnx", f"{kind} has no weights yet", None, "train it first")
    return plan, variables


def _declared(b: Builder, outputs: Sequence[Output]) -> list[ValueInfoProto]:
    return [b.output(o.value, o.name, o.element, ["n", o.columns] if o.columns else ["n"]) for o in outputs]


__all__ = ["estimator_to_onnx", "sequential_to_onnx"]
