"""A plan as an ONNX model: raw named inputs to the matrix, or to ids."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from onnx import ModelProto, TensorProto, ValueInfoProto, helper

from featurecols import errors
from featurecols._core.expressions import WeightedIds, as_features
from featurecols._core.version import __version__
from featurecols.integrations.onnx.builder import IR_VERSION, VERSIONS, Builder
from featurecols.integrations.onnx.inputs import Inputs, input_types
from featurecols.integrations.onnx.translate import Translator
from featurecols.plan.expressions import Expressed, Expressions, refused

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

_NAMED = 100_000  # features of more are not named in the file


class PlanGraph:
    """A graph that holds the columns of a plan; a model adds its own nodes.

    Args:
        plan: the plan.
        wanted: the declared columns that it computes.
        expressions: where they come from, which names the column in errors.

    Raises:
        PlanError: for a field that cannot be an input.
    """

    def __init__(self, plan: Plan, wanted: Sequence[Expressed], expressions: Expressions) -> None:
        self._plan, self._expressions = plan, expressions
        types = input_types([e.expression for e in wanted], plan.input_schema)
        self.builder = Builder([name for key in types for name in (key, f"{key}_present")])
        self._inputs = Inputs(self.builder, types)
        self._translator = Translator(self.builder, self._inputs)

    def value(self, column: Expressed) -> str:
        """Return the name of what a declared column gives; raises PlanError for one that ONNX cannot compute."""
        return self._expressions.attempt(column.name, column.kind, self._translator.value, column.expression)

    def weights(self, column: Expressed, ids: WeightedIds) -> str:
        """Return the name of the weights of a column's ids, float32 [n]."""
        weight = self._expressions.attempt(column.name, column.kind, self._translator.value, ids.weight)
        return self.builder.op("Cast", weight, to=TensorProto.FLOAT)

    def matrix(self, columns: Sequence[Expressed]) -> str:
        """Return the features of columns side by side, float32 [n, width]; one without features (no terms) has none."""
        found = [self.value(column) for column in columns if as_features(column.expression).width]
        if not found:
            raise refused("ONNX", "plan", "a matrix of no features", "there is nothing to compute")
        return found[0] if len(found) == 1 else self.builder.op("Concat", *found, axis=1)

    def model(self, outputs: Sequence[ValueInfoProto], name: str, about: dict[str, str]) -> ModelProto:
        """Return the graph as a model; about: metadata beside what is known of the plan."""
        plan = self._plan
        known = {"featurecols_fingerprint": plan.fingerprint}
        if plan.tables_digest:
            known["featurecols_tables_digest"] = plan.tables_digest
        return finished(self.builder, self._inputs.declared(), outputs, name, {**known, **about})


def finished(
    b: Builder, inputs: Sequence[ValueInfoProto], outputs: Sequence[ValueInfoProto], name: str, about: dict[str, str]
) -> ModelProto:
    """Return a graph as a model, with what is known of it as metadata."""
    graph = helper.make_graph(b.nodes, name, inputs, outputs, list(b.constants.values()))
    opsets = [helper.make_opsetid(domain, version) for domain, version in VERSIONS.items()]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION)
    model.producer_name, model.producer_version = "featurecols", __version__
    helper.set_model_props(model, {"featurecols_version": __version__, **about})
    return model


def plan_to_onnx(plan: Plan, outputs: Literal["matrix", "ids"] = "matrix") -> ModelProto:
    """Return a plan as an ONNX model. See Plan.to_onnx."""
    if outputs not in ("matrix", "ids"):
        raise errors.plan("to_onnx", 'outputs must be "matrix" or "ids"', outputs, "matrix is the default")
    expressions = Expressions(plan._program, "ONNX")
    return _ids(plan, expressions) if outputs == "ids" else _matrix(plan, expressions)


def _matrix(plan: Plan, expressions: Expressions) -> ModelProto:
    plan._require_matrix("to_onnx")
    wanted = expressions.features()
    graph = PlanGraph(plan, wanted, expressions)
    output = graph.builder.output(graph.matrix(wanted), "features", TensorProto.FLOAT, ["n", plan.width])
    names = {"featurecols_feature_names": json.dumps(plan.feature_names)} if plan.width <= _NAMED else {}
    return graph.model([output], "plan", names)


def _ids(plan: Plan, expressions: Expressions) -> ModelProto:
    dense = expressions.features([slot.name for slot in plan.encoded_slots if slot.kind == "dense"])
    ids = expressions.ids()
    graph = PlanGraph(plan, [*dense, *ids], expressions)
    b = graph.builder
    outputs = []
    if dense:
        width = sum(slot.width for slot in plan.encoded_slots)
        outputs.append(b.output(graph.matrix(dense), "dense", TensorProto.FLOAT, ["n", width]))
    for column in ids:
        outputs.append(b.output(graph.value(column), f"{column.name}_ids", TensorProto.INT64, ["n"]))
        if isinstance(column.expression, WeightedIds):
            weights = graph.weights(column, column.expression)
            outputs.append(b.output(weights, f"{column.name}_weights", TensorProto.FLOAT, ["n"]))
    names = [column.name for column in ids]
    return graph.model(outputs, "plan", {"featurecols_ids": json.dumps(names)})


__all__ = ["PlanGraph", "finished", "plan_to_onnx"]
