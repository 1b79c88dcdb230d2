"""Faults planted in requests, expressions, ONNX and SQL: what compares them with the plan must notice each."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import featurecols as fc
from tests.integrations.hostile_rows import COLUMNS, hostile_rows
from tests.integrations.onnx.runtime import run
from tests.integrations.sql.databases import ORDER, RUN
from tests.mutation.planting import CAUGHT, Fault, planted

REQUEST = "featurecols.plan.execution.request"
ONNX, SQL = "featurecols.integrations.onnx.translate:Translator", "featurecols.integrations.sql.translate:Query"


def ranked() -> None:
    """Requests that give the texts of rows, one after another, beside whole rows."""
    data, columns = (
        hostile_rows(40),
        [*COLUMNS, fc.Indicator(fc.Hashed("whole", 9)), fc.Indicator(fc.Vocabulary("text", ["a"]))],
    )
    encoder, dense = fc.fit(columns, data), fc.fit([c for c in columns if not c.categorical], data)
    items = data.drop_columns(["text"])
    for text in ("a", None, "é" * 50):
        whole = [{**row, "text": text} for row in items.to_pylist()]
        np.testing.assert_array_equal(dense.begin({"text": text}).finish(items), dense.transform(whole))
        found, want = encoder.begin({"text": text}).encode(items), encoder.encode(whole)
        np.testing.assert_array_equal(found.dense, want.dense)
        assert list(found.ids) == list(want.ids)
        for name, ids in want.ids.items():
            np.testing.assert_array_equal(found.ids[name].values, ids.values, strict=True, err_msg=name)


def in_onnx() -> None:
    data = hostile_rows(200)
    plan = fc.fit([*COLUMNS, fc.Weighted(fc.Hashed("text", 31), "weight", name="weighted")], data)
    found, features = run(plan.to_onnx(outputs="ids"), data), plan.encode(data)
    np.testing.assert_array_equal(found["dense"], features.dense)
    for name, ids in features.ids.items():
        np.testing.assert_array_equal(found[f"{name}_ids"], ids.values)


def in_duckdb() -> None:
    data = hostile_rows(200)
    plan = fc.fit([*COLUMNS, fc.Indicator(fc.Hashed("text", 31), name="hot")], data)
    rows = RUN["duckdb"](plan.to_sql(dialect="duckdb", outputs="ids", keep=ORDER), data)
    features = plan.encode(data)
    dense = np.array([[np.nan if v is None else v for v in row[1 : 1 + features.dense.shape[1]]] for row in rows])
    np.testing.assert_array_equal(dense.astype(np.float32), features.dense)
    for at, (name, ids) in enumerate(features.ids.items(), start=1 + features.dense.shape[1]):
        np.testing.assert_array_equal(np.array([row[at] for row in rows]), ids.values, err_msg=name)


FAULTS: list[tuple[Callable[[], None], Fault]] = [
    (ranked, Fault(f"{REQUEST}:RequestRow.__init__", "np.frombuffer(found, np.float32)", "np.zeros(len(found), np.float32)")),
    (ranked, Fault(f"{REQUEST}:RequestRow.__init__", "i not in self._ids", "False")),
    (ranked, Fault(f"{REQUEST}:_as_column", "text = value.encode()", "text = value[:1].encode()")),
    (
        ranked,
        Fault(
            f"{REQUEST}:Request._complete",
            "{**features.ids, **{name: _repeat_ids(found, rows) for name, found in own.ids.items()}}",
            "features.ids",
        ),
    ),
    (in_onnx, Fault("featurecols.columns.base:Field.expression", "markers.texts", "()")),
    (in_duckdb, Fault("featurecols.plan.expressions:Expressions._output", "output.inputs[0]", "output.node")),
    (in_onnx, Fault(f"{ONNX}._search", '"GreaterOrEqual"', '"Greater"')),
    (in_onnx, Fault(f"{ONNX}._cross_of", "e.seed", "0")),
    (in_onnx, Fault(f"{ONNX}._integer_of", "self._integer(e.num_buckets)", "self._integer(e.num_buckets - 1)")),
    (in_duckdb, Fault(f"{SQL}._search", "e.missing", "-1")),
    (in_duckdb, Fault(f"{SQL}._lookup", "str(e.unseen)", "'-1'")),
    (in_duckdb, Fault(f"{SQL}._cross_of", "e.keep_unseen", "False")),
    (in_onnx, Fault(f"{ONNX}._id_if_missing", "self._integer(e.value)", "self._integer(0)")),
    (in_onnx, Fault(f"{ONNX}._position_of", "self._integer(e.missing)", "self._integer(e.unseen)")),
    (in_onnx, Fault("featurecols.integrations.onnx.inputs:Inputs.missing", "self.number(field)", "field.key")),
    (in_duckdb, Fault(f"{SQL}._absent", "d.is_nan(number)", "'FALSE'")),
    (in_duckdb, Fault(f"{SQL}._id_if_missing", "e.value", "0")),
    (in_duckdb, Fault(f"{SQL}._position_of", "e.unseen", "e.missing")),
    (in_duckdb, Fault(f"{SQL}._arithmetic", "of_two", "False")),
]


@pytest.mark.filterwarnings("ignore::featurecols.CoverageWarning")
@pytest.mark.parametrize(("check", "fault"), [pytest.param(*pair, id=str(pair[1])) for pair in FAULTS])
def test_a_planted_fault_is_noticed(check: Callable[[], None], fault: Fault) -> None:
    with planted(fault), pytest.raises(CAUGHT):
        check()


@pytest.mark.filterwarnings("ignore::featurecols.CoverageWarning")
@pytest.mark.parametrize("check", [ranked, in_onnx, in_duckdb])
def test_nothing_is_noticed_without_a_fault(check: Callable[[], None]) -> None:
    check()
