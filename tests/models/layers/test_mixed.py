"""Inputs and Linear over encoded rows: against the matrix that the plan writes, and against finite differences."""

from __future__ import annotations

import numpy as np
import pytest

import featurecols as fc
from featurecols._core.arrays import Ids
from featurecols.models.autodiff.tape import IndexedSlices, gradients
from featurecols.models.autodiff.variables import Variables
from featurecols.models.errors import ModelError
from featurecols.models.input.examples import Examples, Layout
from featurecols.models.input.pipeline import InMemoryStream
from featurecols.models.layers import BatchNormalization, Dense, Dropout, Inputs, Linear
from featurecols.models.layers.mixed import multi_hot
from featurecols.models.objective.losses import CategoricalCrossentropy, MeanSquaredError
from tests.models.gradients import check

DATA = {
    "age": [31.0, 25.0, 40.0, 18.0, 77.0, 31.0],
    "hours": [40.0, 20.0, 60.0, 38.0, 0.0, 45.0],
    "job": ["nurse", None, "cook", "nurse", "pilot", "cook"],
    "city": ["Paris", "Rome", "Paris", "Oslo", None, "Rome"],
    "tags": [["a", "b", "a"], [], None, ["c", None], ["b"], ["a", "c"]],
    "scores": [[1.0, 0.5, 2.0], [], None, [1.0, 0.25], [3.0], [0.0, -1.0]],
}
Y = np.random.default_rng(3).normal(size=(6, 3))
JOB = fc.Vocabulary("job", ["nurse", "cook"])
CITY = fc.Hashed("city", 5)
TAGS = fc.Vocabulary("tags", ["a", "b", "c"])
COLUMNS = [
    fc.Numeric("age"),
    fc.Indicator(JOB),
    fc.Embedding(CITY, 3),
    fc.Indicator(TAGS),
    fc.Numeric("hours"),
    fc.Indicator(fc.Weighted(fc.Vocabulary("tags", ["c", "b"], name="few"), "scores")),
    fc.Embedding(fc.Vocabulary("tags", ["b", "a"], name="pair"), 2, combiner="sqrtn"),
    fc.Indicator(fc.Bucketized("hours", [30, 50])),
]


def examples(columns):
    plan = fc.compile(columns)
    features = plan.encode(DATA)
    return Examples.of(features, Layout(features.slots, plan.tables)), plan


def test_inputs_are_the_matrix_of_the_plan():
    x, plan = examples(COLUMNS)
    with Variables().scope() as scope:
        got = Inputs()(x)
        written = got.value(scope.variables).array
    want = plan.transform(DATA)
    kinds = {"numbers": [], "hot": []}
    for slot, column in zip(plan.matrix_slots, COLUMNS, strict=True):
        kinds["hot" if isinstance(column, fc.Indicator) else "numbers"].append(want[:, slot.start : slot.stop])
    age, city, hours, pair = kinds["numbers"]  # numbers come before embeddings, and both before one-hots
    want = np.concatenate([age, hours, city, pair, *kinds["hot"]], axis=1)
    assert got.width == want.shape[1] == plan.width
    assert written.tobytes() == want.tobytes()


@pytest.mark.parametrize("slots", [None, ("age", "job_indicator"), ("tags_indicator",), ("city_embedding", "hours")])
def test_a_dense_layer_on_ids_equals_one_on_the_written_rows(slots):
    x, _ = examples(COLUMNS)
    variables = Variables(seed=1)
    with variables.scope() as scope:
        mixed = Inputs(slots, name="inputs")(x)
        fast = Dense(4, "tanh", name="d")(mixed).array
        slow = Dense(4, "tanh", name="d")(mixed.value(scope.variables)).array
    np.testing.assert_allclose(fast, slow, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[:1], COLUMNS[1:2], COLUMNS[2:3], COLUMNS[3:4], COLUMNS[5:7]])
def test_gradients(columns):
    x, _ = examples(columns)
    variables = Variables(seed=1, dtype="float64")
    found = check(lambda: MeanSquaredError()(Y, Dense(3)(Dense(4, "tanh")(Inputs()(x)))), variables)
    tables = {f"inputs/tables/{s.table}" for s in x.layout.slots if s.table}
    assert found == {"dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias"} | tables


@pytest.mark.parametrize("layer", [BatchNormalization(), Dropout(0.3)])
def test_other_layers_take_the_rows_written_out(layer):
    x, _ = examples(COLUMNS)
    variables = Variables(seed=1, dtype="float64")
    found = check(lambda: MeanSquaredError()(Y, Dense(3)(layer(Inputs()(x)))), variables)
    assert {"dense/kernel", "inputs/tables/city_embedding"} <= found


WIDE = [
    fc.Numeric("age", normalizer=fc.ZScore(mean=40, std=20)),
    JOB,
    fc.Crossed([JOB, CITY], 50),
    TAGS,
    fc.Weighted(fc.Vocabulary("tags", ["c", "b"], name="few"), "scores"),
]


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn"])
@pytest.mark.parametrize("columns", [WIDE, WIDE[:1], WIDE[1:3], WIDE[3:]])
def test_linear_gradients(columns, combiner):
    x, _ = examples(columns)
    variables = Variables(seed=1, dtype="float64")
    labels = np.array([0, 2, 1, 1, 0, 2])
    found = check(lambda: CategoricalCrossentropy(from_logits=True)(labels, Linear(3, combiner=combiner)(x)), variables)
    assert "linear/bias" in found
    assert len(found) == 1 + (columns[0] is WIDE[0]) + (len(columns) > 1)


def test_linear_is_csr_times_weights():
    x, plan = examples(WIDE)
    variables, random = Variables(dtype="float64"), np.random.default_rng(1)
    csr = plan.encode(DATA).to_scipy()
    weights = random.normal(size=(csr.shape[1], 2))
    variables.values.update({"linear/kernel": weights[:1], "linear/weights": weights[1:], "linear/bias": np.array([0.5, -1.0])})
    with variables.scope():
        got = Linear(2)(x).array
    np.testing.assert_allclose(got, csr @ weights + [0.5, -1.0], rtol=1e-12)


def test_linear_gradients_touch_only_what_was_seen():
    x, _ = examples(WIDE)
    variables = Variables()
    with variables.scope(training=True):
        found = gradients(MeanSquaredError()(Y[:, :1], Linear()(x)))
    assert isinstance(found["linear/weights"], IndexedSlices)
    lit = set(plan_columns(x))
    assert set(found["linear/weights"].ids.tolist()) == lit
    assert len(found["linear/weights"].ids) == len(lit)
    assert not x.layout.scratch.of(57).any()


def test_linear_in_training_has_the_bits_of_prediction():
    x, _ = examples(WIDE)
    variables, random = Variables(), np.random.default_rng(1)
    for name, shape in (("kernel", (1, 3)), ("weights", (57, 3)), ("bias", (3,))):
        variables.values[f"linear/{name}"] = random.normal(size=shape).astype(np.float32)
    found = []
    for training in (True, False):
        with variables.scope(training=training):
            found.append(Linear(3)(x).array.tobytes())
    assert found[0] == found[1]


def test_batches_come_with_what_layers_work_out_about_them():
    x, _ = examples(WIDE)
    variables, key = Variables(), ("touched rows", None, "sum")
    first, second = InMemoryStream(x, 3, False, 0).epoch(0)
    assert not first.memo
    with variables.scope(training=True):
        Linear()(first)
    assert key in first.memo
    again = list(InMemoryStream(x, 3, False, 0).epoch(1))
    assert [key in batch.memo for batch in again] == [True, True]
    assert again[1].memo[key].touched[1:].tolist() == Linear()._touched_rows(second).touched[1:].tolist()


def plan_columns(x):
    csr = fc.compile(WIDE).encode(DATA).to_scipy()
    assert csr.shape[1] - 1 == 57
    yield from (np.unique(csr.indices[csr.indices > 0]) - 1).tolist()


def test_only_a_bias():
    x, _ = examples(WIDE)
    variables = Variables()
    variables.values["linear/bias"] = np.array([2.0], np.float32)
    with variables.scope():
        assert Linear(slots=())(x).array.tolist() == [[2.0]] * 6


def test_combiners_of_lists():
    ids = Ids(np.array([0, 1, -1, 2, 9]), np.array([0, 3, 3, 5]), np.array([1.0, 3.0, 5.0, 2.0, -1.0], np.float32))
    assert multi_hot(ids, 0, 3).weights.tolist() == [1.0, 3.0, 5.0, 2.0, -1.0]
    assert multi_hot(ids, 0, 3, "mean").weights.tolist() == [0.25, 0.75, 0.0, 1.0, 0.0]
    root = np.sqrt(np.float32(10))
    assert multi_hot(ids, 0, 3, "sqrtn").weights.tolist() == pytest.approx([1 / root, 3 / root, 0.0, 1.0, 0.0])


def test_ids_out_of_range_light_nothing():
    columns = [fc.Identity("n", 3, out_of_range="keep"), fc.Numeric("x")]
    features = fc.compile(columns).encode({"n": [0, 7, 2], "x": [0.0, 0.0, 0.0]})
    x = Examples.of(features, Layout(features.slots))
    variables = Variables()
    variables.values["linear/weights"] = np.array([[1.0], [2.0], [4.0]], np.float32)
    with variables.scope():
        assert Linear()(x).array.tolist() == [[1.0], [0.0], [4.0]]


def test_what_cannot_be_an_input():
    x, _ = examples(COLUMNS)
    with Variables().scope():
        with pytest.raises(ModelError, match="Linear: an embedding has no weights of its own, got 'city_embedding'"):
            Linear()(x)
        with pytest.raises(ModelError, match="features: unknown slot 'wages'; known are age, job_indicator"):
            Inputs(("wages",))(x)
    x, _ = examples([fc.Sequence(fc.Embedding(fc.Hashed("tags", 4), 2), 2)])
    with Variables().scope(), pytest.raises(ModelError, match="a sequence of ids is not a plain input"):
        Inputs()(x)
