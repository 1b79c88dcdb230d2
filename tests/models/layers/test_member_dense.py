"""Layers of several networks side by side: gradients against finite differences, whatever they read."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols.models.autodiff.tape import Value
from featurecols.models.autodiff.variables import Variables, current
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.layers.cross import Cross
from featurecols.models.layers.member_dense import MemberDense, for_members, mean_of_members
from featurecols.models.layers.member_inputs import member_rows
from featurecols.models.objective.losses import MeanSquaredError
from tests.models.gradients import check

ROWS = {
    "x": [0.5, -1.0, 2.0, 0.25, -0.5, 1.5],
    "job": ["cook", "nurse", "judge", "cook", "pilot", "nurse"],
    "tags": [["a", "b"], [], ["c"], ["a"], ["b", "c", "c"], ["d"]],
}
JOB, TAGS = fc.Vocabulary("job", ["cook", "nurse", "judge"]), fc.Vocabulary("tags", ["a", "b", "c"])
COLUMNS = {
    "numbers": [fc.Numeric("x")],
    "one-hots": [fc.Indicator(JOB), fc.Indicator(TAGS)],
    "embeddings": [fc.Embedding(JOB, 2), fc.Embedding(TAGS, 3, combiner="sqrtn")],
    "curves and bounded rows": [
        fc.Embedding(fc.Piecewise("x", [-1.0, 0.0, 1.0, 2.0]), 2),
        fc.Embedding(TAGS, 2, max_norm=0.3),
    ],
    "all": [fc.Numeric("x"), fc.Indicator(TAGS), fc.Embedding(JOB, 2), fc.Embedding(TAGS, 2)],
}
Y = np.random.default_rng(2).normal(size=(6, 2))


@pytest.mark.parametrize("first", ["dense", "cross"])
@pytest.mark.parametrize("columns", COLUMNS.values(), ids=COLUMNS)
def test_gradients_of_all_that_members_read(columns, first):
    plan = fc.compile(columns)
    x, variables = Examples.of(plan.encode(ROWS), Layout(plan.encoded_slots, plan.tables)), Variables(seed=1, dtype="float64")

    def build():
        found = member_rows(x, None, 3)
        if first == "cross":
            found = Cross(2, 3, name="cross")(found)
        hidden = MemberDense(3, 4, "tanh", name="hidden")(found)
        return MeanSquaredError()(Y, mean_of_members(MemberDense(3, 2, name="logits")(hidden), 3))

    with variables.scope():
        build()
    random = np.random.default_rng(4)
    for name, array in variables.values.items():
        array += random.normal(size=array.shape) * (0.3 if "cross" in name else 0.05)
    found = check(build, variables)
    assert {"hidden/kernel", "hidden/bias", "logits/kernel", "logits/bias"} <= found
    assert any("tables/" in name for name in found) == any(slot.table is not None for slot in plan.encoded_slots)


@pytest.mark.parametrize("activation", [None, "relu", "softmax", "gelu"])
def test_gradients_for_the_input_and_what_members_share(activation):
    variables, given = Variables(seed=1, dtype="float64"), np.random.default_rng(3).normal(size=(6, 8))

    def build():
        x = current("input").parameter("input", given.shape, lambda shape, random: given.copy())
        own = MemberDense(2, 3, activation, name="own")(x)
        return (for_members(own, 2) * Value(np.tile(Y, (1, 6)))).sum()

    assert check(build, variables) == {"input", "own/kernel", "own/bias"}
