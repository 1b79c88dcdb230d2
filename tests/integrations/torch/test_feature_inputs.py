"""FeatureInputs against plan.transform: every kind, weights, sequences, gradients, compiled and exported."""

from __future__ import annotations

import copy
import io
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

import featurecols as fc
import featurecols.extend
from featurecols.integrations.torch import FeatureInputs, as_tensors, to_device
from tests.integrations import cases
from tests.integrations.tolerance import assert_near


def assert_equal(plan: fc.Plan, data: Any, got: torch.Tensor) -> None:
    assert_near(plan, data, got.detach().cpu().numpy())


@pytest.mark.parametrize("name", cases.names())
def test_it_gives_what_transform_gives(name: str) -> None:
    case = cases.case(name)
    if case.plan is None:  # the ids of a column that is too wide for one-hots
        with pytest.raises(fc.PlanError, match="gives ids, not features"):
            FeatureInputs(case.encoder)
        return
    assert_equal(case.plan, case.data, FeatureInputs(case.plan)(as_tensors(case.plan.encode(case.data))))


def test_every_kind_is_tried() -> None:
    found = set().union(*map(cases.kinds_of, cases.names()))
    assert found >= {kind.__name__ for name in fc.__all__ if is_kind(kind := getattr(fc, name))}


def is_kind(value: object) -> bool:
    return isinstance(value, type) and issubclass(value, fc.extend.Column) and value is not fc.extend.Column


def flights_plan() -> tuple[fc.Plan, Any]:
    case = cases.case("flights")
    assert case.plan is not None
    return case.plan, case.data


def test_bare_columns_are_refused_by_name() -> None:
    plan = fc.compile([fc.Numeric("x"), fc.Hashed("city", 4)])
    with pytest.raises(fc.PlanError, match=r"gives ids, not features, got 'city'; wrap it in Indicator or Embedding"):
        FeatureInputs(plan)


def test_every_table_gets_a_gradient_and_trains() -> None:
    plan, data = flights_plan()
    inputs = FeatureInputs(plan)
    features = as_tensors(plan.encode(data))
    optimizer = torch.optim.SGD(inputs.parameters(), lr=0.5)
    before = {name: table.detach().clone() for name, table in inputs.tables.items()}
    loss = (inputs(features)[:, plan.matrix_slots[5].start :] ** 2).sum() / len(data)
    loss.backward()
    optimizer.step()
    for name, table in inputs.tables.items():
        assert (table != before[name]).any(), name
        assert torch.isfinite(table).all()
    trained = inputs.to_plan()
    assert trained != plan
    assert_equal(trained, data, inputs(features))
    np.testing.assert_array_equal(trained.tables["planes"], inputs.tables["planes"].detach())


@pytest.mark.parametrize("combiner", ["sum", "mean", "sqrtn", "mean_all", "sqrtn_all"])
@pytest.mark.parametrize("max_norm", [None, 0.7])
def test_gradients_are_those_of_differences(combiner: Any, max_norm: float | None) -> None:
    column = fc.Embedding(fc.Weighted(fc.Identity("i", 5), "w"), 3, combiner=combiner, max_norm=max_norm, table="t")
    plan = fc.compile([column])
    data = {"i": [[0, 1, 1], [], [4], [2, 3]], "w": [[0.5, 2.0, 1.5], [], [3.0], [0.25, 1.0]]}
    inputs = FeatureInputs(plan).double()
    torch.nn.init.normal_(inputs.tables["t"], generator=torch.Generator().manual_seed(1))
    features = as_tensors(plan.encode(data))

    def of(table: torch.Tensor) -> torch.Tensor:
        name = next(name for name, _ in inputs.named_parameters())
        return torch.func.functional_call(inputs, {name: table}, (features,))

    assert torch.autograd.gradcheck(of, (inputs.tables["t"].detach().requires_grad_(),))


def scaled(plan: fc.Plan, *_: object) -> np.ndarray:
    return plan.tables["t"] * 9


def test_the_gradient_is_that_of_our_own_models() -> None:
    from featurecols.models.autodiff.variables import Variables
    from featurecols.models.layers.embedding_bag import bag

    for combiner, max_norm in (("sum", None), ("mean", 0.8), ("sqrtn", 0.8)):
        column = fc.Embedding(fc.Weighted(fc.Hashed("i", 5), "w"), 3, combiner=combiner, max_norm=max_norm, table="t")  # type: ignore[arg-type]
        plan = fc.compile([column])
        encoded = plan.encode({"i": [[0, 1, 1, None], [], [4]], "w": [[0.5, 2.0, -1.5, 1.0], [], [3.0]]})
        variables = Variables()
        with variables.scope() as scope:
            table = scope.parameter("t", (5, 3), partial(scaled, plan))
            out = bag(variables, encoded.ids[column.name], table, combiner, max_norm)
        inputs = FeatureInputs(plan.with_tables({"t": scaled(plan)}))
        got = inputs(as_tensors(encoded))
        np.testing.assert_allclose(got.detach(), out.array, rtol=1e-6, atol=1e-6)
        d = np.random.default_rng(0).normal(size=out.shape).astype(np.float32)
        assert out.backward is not None
        slices = out.backward(d)[0]
        want = slices.dense()
        got.backward(torch.from_numpy(d))
        np.testing.assert_allclose(inputs.tables["t"].grad, want, rtol=1e-5, atol=1e-5)


def test_sparse_gradients_are_the_dense_ones() -> None:
    plan, data = flights_plan()
    features = as_tensors(plan.encode(data))
    dense, sparse = FeatureInputs(plan), FeatureInputs(plan, sparse=True)
    for inputs in (dense, sparse):
        (inputs(features)[:, -200:] ** 2).mean().backward()
    for name, table in dense.tables.items():
        found = sparse.tables[name].grad
        if table.grad is not None and found is not None:
            assert found.is_sparse
            torch.testing.assert_close(found.to_dense(), table.grad, rtol=1e-4, atol=1e-6)


def test_it_compiles_without_a_break() -> None:
    plan, data = flights_plan()
    inputs = FeatureInputs(plan)
    compiled = torch.compile(inputs, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (64, 100, 1):
        first = data.slice(0, rows)
        assert_equal(plan, first, compiled(as_tensors(plan.encode(first))))


def test_it_exports_with_any_number_of_rows() -> None:
    plan, data = flights_plan()
    inputs = FeatureInputs(plan).eval()
    features = as_tensors(plan.encode(data.slice(0, 200)))
    rows = torch.export.Dim.DYNAMIC
    shapes = torch.utils._pytree.tree_map(lambda t: {0: rows}, features)
    exported = torch.export.export(inputs, (features,), dynamic_shapes=(shapes,))
    file = io.BytesIO()
    torch.export.save(exported, file)
    file.seek(0)
    loaded = torch.export.load(file).module()
    for at, count in ((0, 200), (300, 57)):
        some = data.slice(at, count)
        assert_equal(plan, some, loaded(as_tensors(plan.encode(some))))


def test_its_state_is_named_after_its_tables_and_copies() -> None:
    plan = fc.compile(
        [fc.Embedding(fc.Hashed("a.b", 4), 2, table="city.100%"), fc.Embedding(fc.Hashed("c", 4), 2, table="keys")]
    )
    inputs = FeatureInputs(plan)
    assert list(inputs.state_dict()) == ["table_city%2E100%25", "table_keys"]
    assert repr(inputs) == "FeatureInputs(4 features; city.100% [4, 2], keys [4, 2])"
    assert inputs.out_features == 4
    other = copy.deepcopy(inputs)
    with torch.no_grad():
        other.tables["keys"].zero_()
    assert (inputs.tables["keys"] != 0).any()
    other.load_state_dict(inputs.state_dict())
    assert (inputs.tables["keys"] == other.tables["keys"]).all()


def test_columns_that_share_a_table_share_its_parameter() -> None:
    plan = fc.compile([fc.Embedding(fc.Hashed(name, 9), 2, table="places") for name in ("from", "to")])
    inputs = FeatureInputs(plan)
    assert len(list(inputs.parameters())) == 1
    data = {"from": ["a", None], "to": ["b", "c"]}
    assert_equal(plan, data, inputs(as_tensors(plan.encode(data))))


def test_features_follow_the_device() -> None:
    plan, data = flights_plan()
    inputs = FeatureInputs(plan).to("meta")
    features = to_device(as_tensors(plan.encode(data.slice(0, 5))), "meta")
    assert features["ids"]["w"]["weights"].device.type == "meta"
    found = inputs(features)
    assert (found.device.type, found.shape) == ("meta", (5, plan.width))


def test_tensors_share_memory_with_features() -> None:
    plan, data = flights_plan()
    features = plan.encode(data)
    tensors = as_tensors(features)
    for tensor, array in (
        (tensors["dense"], features.dense),
        (torch.from_dlpack(features.dense), features.dense),
        (tensors["ids"]["step_sequence"]["values"], features.ids["step_sequence"].values),
        (torch.from_dlpack(features.ids["step_sequence"].values), features.ids["step_sequence"].values),
    ):
        assert tensor.data_ptr() == array.__array_interface__["data"][0]
        assert tuple(tensor.shape) == array.shape
    matrix = plan.transform(data)
    tensor = torch.from_dlpack(matrix)
    matrix[0, 0] = 77
    assert tensor[0, 0] == 77
    tensor[1, 1] = 78
    assert matrix[1, 1] == 78
