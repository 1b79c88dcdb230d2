"""What each integration gives for a plan and rows: a matrix, which the table of kinds compares with plan.transform."""

import json
import os
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

import featurecols as fc
from featurecols.integrations.sklearn import FeatureColumns
from tests.integrations.onnx.runtime import run
from tests.integrations.serving.server import Server
from tests.integrations.sql.databases import ORDER, RUN, matrix, parsed

Run = Callable[[fc.Plan, pa.Table], np.ndarray | None]  # None: it is written, and runs elsewhere


def in_sklearn(plan: fc.Plan, data: pa.Table) -> np.ndarray:
    return FeatureColumns(plan).fit(data).transform(data)


def in_torch(plan: fc.Plan, data: pa.Table) -> np.ndarray:
    from featurecols.integrations.torch import FeatureInputs, as_tensors

    return FeatureInputs(plan)(as_tensors(plan.encode(data))).detach().numpy()


def in_keras(plan: fc.Plan, data: pa.Table) -> np.ndarray:
    os.environ.setdefault("KERAS_BACKEND", "torch")  # others: tests/integrations/keras
    import keras

    from featurecols.integrations.keras import FeatureInputs

    layer = FeatureInputs(plan)
    return keras.ops.convert_to_numpy(layer(layer.arrays(plan.encode(data))))


def in_onnx(plan: fc.Plan, data: pa.Table) -> np.ndarray:
    return run(plan.to_onnx(), data)["features"]


def in_sql(dialect: str) -> Run:
    def found(plan: fc.Plan, data: pa.Table) -> np.ndarray | None:
        sql = plan.to_sql(dialect=dialect, keep=[ORDER])  # type: ignore[arg-type]
        if dialect in RUN:
            return matrix(RUN[dialect](sql, data), plan.width)
        parsed(dialect, sql)
        return None

    return found


def ranked(plan: fc.Plan, data: pa.Table) -> np.ndarray:
    """The matrix of rows as items: of a request that gives nothing, and of requests that give the first field.

    The first 20 rows are items of a request each, all others are those of one more, which gives the value of row 20.
    """
    first, *others = [field.key for field in plan.fields]
    rows = data.select(others) if others else pa.table({"item": range(len(data))})
    given, field = data[first].to_pylist(), data.schema.field(first)
    bounds = [*range(21), len(data)]
    parts = [plan.begin({first: given[i]}).finish(rows.slice(i, j - i)) for i, j in pairwise(bounds)]
    repeated = pa.array([*given[:20], *[given[20]] * (len(data) - 20)], field.type)
    whole = data.set_column(data.column_names.index(first), field, repeated)
    np.testing.assert_array_equal(np.concatenate(parts), plan.transform(whole), strict=True)
    return plan.begin({}).finish(data)


RUNS: dict[str, Run] = {
    "scikit-learn": in_sklearn,
    "PyTorch": in_torch,
    "Keras": in_keras,
    "ONNX": in_onnx,
    "DuckDB": in_sql("duckdb"),
    "SQLite": in_sql("sqlite"),
    "BigQuery": in_sql("bigquery"),
    "Spark SQL": in_sql("spark"),
    "ranking": ranked,
}


def check_served(plans: Mapping[str, fc.Plan], data: Mapping[str, pa.Table], folder: Path) -> None:
    """Ask one server of all plans to transform the rows that JSON can hold: without infinities, and NaN as null."""
    for name, plan in plans.items():
        plan.save(folder / name)
    with Server(*(folder / name for name in plans), "--timeout", 60) as server:
        connection = server.connect()
        for name, plan in plans.items():
            rows = data[name].select(list(plan.input_uses))
            want = plan.transform(rows)
            numbers = [rows[f.name].to_numpy() for f in rows.schema if pa.types.is_floating(f.type)]
            held = np.isfinite(want).all(axis=1)
            for values in numbers:
                held &= ~np.isinf(values)
            asked = [_plain(row) for row, here in zip(rows.to_pylist(), held, strict=True) if here]
            connection.request("POST", f"/v1/models/{name}:transform", json.dumps({"instances": asked}).encode())
            answer = connection.getresponse()
            found = json.loads(answer.read())
            assert answer.status == 200, (name, found)
            assert len(asked) > len(rows) // 2
            got = np.array(next(iter(found.values())), np.float32).reshape(len(asked), plan.width)
            np.testing.assert_array_equal(got, want[held], err_msg=name)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    plain = {key: value.isoformat() if isinstance(value, datetime) else value for key, value in row.items()}
    return {key: None if value != value else value for key, value in plain.items()}
