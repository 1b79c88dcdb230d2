"""Plans in ONNX Runtime: every kind against the plan, and what ONNX cannot compute refused by name."""

import json

import numpy as np
import onnx
import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.integrations.onnx import onnx_inputs
from tests.integrations import cases
from tests.integrations.hostile_rows import COLUMNS, CURVES, hostile_rows
from tests.integrations.onnx.runtime import run

NAN = float("nan")
REASONS = (*cases.REFUSED, "it has no farmhash64", "it has no type for times", "strings of ONNX are text")


@pytest.mark.parametrize("name", cases.names())
def test_every_kind_gives_what_the_plan_gives(name: str) -> None:
    case = cases.case(name)
    for column in case.columns:
        plan = fc.fit([column], case.data)
        plan = plan.with_tables({t: np.random.default_rng(3).normal(size=a.shape) for t, a in plan.tables.items()})
        try:
            found = run(plan.to_onnx(), case.data)
        except (fc.PlanError, fc.DataError) as error:
            refused = str(error)
        else:
            refused = ""
        if refused:
            assert any(reason in refused for reason in REASONS)
            continue
        assert list(found) == ["features"]
        want = plan.transform(case.data)
        if isinstance(column, fc.Cyclic):  # its cosine of a right angle is 0, and not 6e-17
            np.testing.assert_allclose(found["features"], want, rtol=0, atol=1e-7, strict=True)
        else:
            np.testing.assert_array_equal(found["features"], want, strict=True)


def test_hostile_rows_give_equal_ids_and_features() -> None:
    data = hostile_rows()
    dense = [fc.Indicator(c, name=f"{c.name} hot") if c.categorical and c.name != "wide cross" else c for c in COLUMNS]
    weighted = fc.Weighted(fc.Hashed("text", 31), "weight")
    tables = [
        fc.Embedding(weighted, 3, combiner=how, max_norm=norm, name=f"{how} {norm}")
        for how in ("sum", "mean", "sqrtn", "mean_all", "sqrtn_all")
        for norm in (None, 0.5)
    ]
    columns = [
        *(c for c in dense if not c.categorical),
        *tables,
        fc.Indicator(weighted),
        fc.Embedding(COLUMNS[-1].sources[0], 2),
    ]
    plan = fc.fit(columns, data)
    random = np.random.default_rng(8)
    plan = plan.with_tables({t: random.normal(size=a.shape).astype(np.float32) for t, a in plan.tables.items()})
    np.testing.assert_array_equal(run(plan.to_onnx(), data)["features"], plan.transform(data), strict=True)


def test_curves_are_those_of_the_plan() -> None:
    data = hostile_rows(400)
    plan = fc.compile([fc.Numeric("number", default=NAN, normalizer=c, name=repr(c)) for c in CURVES])
    np.testing.assert_array_max_ulp(run(plan.to_onnx(), data)["features"], plan.transform(data), maxulp=1)


def test_ids_are_those_of_encode() -> None:
    data = hostile_rows(seed=6)
    weighted = fc.Weighted(fc.Hashed("text", 31), "weight", name="weighted")
    plan = fc.fit([*COLUMNS, weighted], data)
    found, features = run(plan.to_onnx(outputs="ids"), data), plan.encode(data)
    np.testing.assert_array_equal(found.pop("dense"), features.dense, strict=True)
    np.testing.assert_array_equal(found.pop("weighted_weights"), features.ids["weighted"].weights)
    assert list(found) == [f"{name}_ids" for name in features.ids]
    for name, ids in features.ids.items():
        np.testing.assert_array_equal(found[f"{name}_ids"], ids.values.astype(np.int64), strict=True)


def test_flights() -> None:
    flights = fc.datasets.flights()
    route = fc.Crossed(["origin", "dest"], 500)
    columns = [
        fc.Numeric("temp", default=fc.Median(), normalizer=fc.ZScore()),
        fc.Indicator(fc.Vocabulary("carrier", fc.TopTerms(10), num_oov_buckets=2)),
        fc.Indicator(fc.Identity("month", 13)),
        fc.Embedding(route, 6),
        fc.Embedding(fc.Hashed("tailnum", 300), 4),
        fc.Indicator(fc.Crossed([fc.Bucketized("hour", fc.Quantiles(4)), "carrier", route], 50), name="cross of a cross"),
    ]
    plan = fc.fit(columns, flights)
    np.testing.assert_array_equal(run(plan.to_onnx(), flights)["features"], plan.transform(flights), strict=True)


def test_inputs_have_the_types_of_their_fields() -> None:
    data = hostile_rows(50)
    columns = [
        fc.Numeric("number", default=float("nan")),
        fc.Numeric("whole", default=0),
        fc.Indicator(fc.Hashed("whole", 5)),
        fc.Indicator(fc.Hashed("float ids", 5)),
        fc.Indicator(fc.Hashed("flag", 5)),
        fc.Indicator(fc.Hashed("text", 5)),
    ]
    model = fc.fit(columns, data).to_onnx()
    types = {i.name: onnx.TensorProto.DataType.Name(i.type.tensor_type.elem_type) for i in model.graph.input}
    assert types == {
        "flag": "BOOL",
        "flag_present": "BOOL",
        "float ids": "DOUBLE",
        "float ids_present": "BOOL",
        "number": "DOUBLE",
        "number_present": "BOOL",
        "text": "STRING",
        "text_present": "BOOL",
        "whole": "INT64",
        "whole_present": "BOOL",
    }
    assert [(o.domain, o.version) for o in model.opset_import] == [("", 18), ("ai.onnx.ml", 3), ("com.microsoft", 1)]


def test_a_plan_without_types_reads_numbers_integers_and_texts() -> None:
    columns = [fc.Numeric("n"), fc.Indicator(fc.Identity("i", 4)), fc.Indicator(fc.Hashed("t", 3)), fc.Numeric("both")]
    plan = fc.compile([*columns, fc.Indicator(fc.Hashed("both", 3))])
    model = plan.to_onnx()
    inputs = onnx_inputs(model, {"n": [1.5], "i": [3], "t": ["a"], "both": [4]})
    assert {key: str(array.dtype) for key, array in inputs.items() if not key.endswith("_present")} == {
        "both": "float64",
        "i": "int64",
        "n": "float64",
        "t": "object",
    }
    data = {"n": [1.5], "i": [3], "t": ["a"], "both": [4.0]}
    np.testing.assert_array_equal(run(model, data)["features"], plan.transform(data))


def test_what_a_plan_refuses_is_nan_and_no_id() -> None:
    columns = [fc.Numeric("n"), fc.Indicator(fc.Identity("i", 2)), fc.Indicator(fc.Hashed(fc.Field("f", type="float"), 2))]
    found = run(fc.compile(columns).to_onnx(), {"n": [None, 1.0], "i": [0, 7], "f": [1.0, 2.0]})["features"]
    np.testing.assert_array_equal(found[:, :3], [[np.nan, 1, 0], [1, 0, 0]])


def test_a_model_says_which_plan_it_is() -> None:
    plan = fc.compile([fc.Embedding(fc.Hashed("features", 3), 1)]).with_tables({"features_embedding": [[1], [2], [3]]})
    model = plan.to_onnx()
    about = {p.key: p.value for p in model.metadata_props}
    assert about["featurecols_fingerprint"] == plan.fingerprint
    assert about["featurecols_tables_digest"] == plan.tables_digest
    assert about["featurecols_version"] == fc.__version__
    assert json.loads(about["featurecols_feature_names"]) == list(plan.feature_names)
    assert [o.name for o in model.graph.output] == ["features_"]  # the name is that of an input


def test_names_of_fields_may_be_any() -> None:
    columns = [fc.Numeric("/Cast_0"), fc.Numeric("//x"), fc.Numeric('a "b" é')]
    data = {"/Cast_0": [1.0], "//x": [2.0], 'a "b" é': [3.0]}
    assert run(fc.compile(columns).to_onnx(), data)["features"].tolist() == [[1, 2, 3]]


@pytest.mark.parametrize(
    ("columns", "says"),
    [
        (
            [fc.Hashed("city", 9, hash="farmhash64", name="farm")],
            "farm_indicator: Indicator cannot be written as ONNX, it has no",
        ),
        ([fc.Hashed(fc.Field("tags", list=True), 9)], "field tags: a field of lists cannot be written as ONNX"),
        ([fc.Numeric("xy", shape=2)], "xy: Numeric cannot be written as ONNX, it reads lists"),
        ([fc.Sequence(fc.Numeric("v"), 2)], "v_sequence: Sequence cannot be written as ONNX, it reads lists"),
        ([fc.Numeric("x"), fc.Hashed("x_present", 4)], "field x_present: a field of this name cannot be written as ONNX"),
        (
            [fc.Numeric(fc.Field("x", type="text"))],
            "field x: a field of type text cannot be written as ONNX, it is read as num",
        ),
        ([fc.Hashed(fc.Field("when", type="date"), 3)], "field when: a field of type date cannot be written as ONNX"),
    ],
)
def test_what_onnx_cannot_compute_is_refused_by_name(columns: list[fc.Column], says: str) -> None:
    plan = fc.compile([fc.Indicator(c) if c.categorical else c for c in columns])
    with pytest.raises(fc.PlanError) as error:
        plan.to_onnx()
    assert str(error.value).startswith(says)


def test_a_bare_column_of_ids_has_no_place_in_a_matrix() -> None:
    plan = fc.compile([fc.Hashed("city", 9)])
    with pytest.raises(fc.PlanError, match="a categorical column gives ids"):
        plan.to_onnx()
    with pytest.raises(fc.PlanError, match='outputs must be "matrix" or "ids"'):
        plan.to_onnx(outputs="rows")  # type: ignore[arg-type]


def test_a_kind_without_an_expression_is_refused_by_name() -> None:
    from mypkg import Hinge

    with pytest.raises(fc.PlanError, match="hour: Hinge cannot be written as ONNX, its kind does not define `expression`"):
        fc.compile([Hinge("hour", 12)]).to_onnx()


def test_inputs_that_do_not_fit_are_refused() -> None:
    model = fc.compile([fc.Indicator(fc.Hashed("b", 3)), fc.Indicator(fc.Identity("i", 3))]).to_onnx()
    with pytest.raises(fc.DataError, match="bytes are not UTF-8"):
        onnx_inputs(model, {"b": [b"\xff"], "i": [0]})
    with pytest.raises(fc.DataError, match=r"an integer is beyond int64 in field 'i' at row 1"):
        onnx_inputs(model, pa.table({"b": ["a", "b"], "i": pa.array([0, 2**64 - 1], pa.uint64())}))
    with pytest.raises(fc.DataError, match="needs one value a row"):
        onnx_inputs(model, {"b": [["a"]], "i": [0]})
