"""Rows of Hugging Face's datasets, ibis and DuckDB: the plan and the features that a table gives, over more than one pass."""

from collections.abc import Callable
from typing import Any

import duckdb
import ibis
import pyarrow as pa
import pytest

import featurecols as fc

datasets = pytest.importorskip("datasets")
pytestmark = pytest.mark.filterwarnings("ignore:Arrow output on a DB-API result:UserWarning")

ROWS = {"a": [1.0, 2.0, 3.0, 5.0] * 5, "b": ["x", "y", "x", None] * 5, "l": [["p"], [], ["q", "p"], None] * 5, "y": [0, 1] * 10}
COLUMNS = [
    fc.Numeric("a", normalizer=[fc.Log1p(), fc.ZScore()]),
    fc.Indicator(fc.Vocabulary("b", fc.TopTerms(5))),
    fc.Indicator(fc.Crossed([fc.Vocabulary("b", fc.TopTerms(1)), fc.Bucketized("a", fc.Quantiles(3))], 7)),
]
LISTS = [*COLUMNS, fc.Indicator(fc.Vocabulary("l", fc.TopTerms(2)))]
TABLE = pa.table(ROWS)


class Stream:
    """Nothing but an Arrow stream."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> Any:
        return TABLE.__arrow_c_stream__(requested_schema)


def make_ways() -> dict[str, Callable[[], Any]]:
    hub = datasets.Dataset.from_dict(ROWS)
    connection = duckdb.connect()
    connection.register("rows", TABLE)
    tables = ibis.memtable(TABLE)
    return {
        "Dataset": lambda: hub,
        "Dataset of torch": lambda: hub.with_format("numpy"),
        "IterableDataset": lambda: hub.to_iterable_dataset(num_shards=3),
        "mapped": lambda: hub.to_iterable_dataset().map(lambda row: {**row, "new": 1}),
        "transformed": lambda: hub.with_transform(lambda rows: rows),
        "relation": lambda: connection.sql("select * from rows"),
        "result": lambda: lambda: connection.execute("select * from rows"),
        "ibis": lambda: tables,
        "ibis expression": lambda: tables.filter(tables.a > 0),
        "stream": Stream,
    }


WAYS = make_ways()


@pytest.mark.parametrize("way", WAYS)
def test_plans_and_models_are_those_of_the_table(way: str) -> None:
    columns = LISTS if way != "transformed" else COLUMNS
    want, made = fc.fit(columns, TABLE), WAYS[way]
    plan = fc.fit(columns, made())
    assert plan.fingerprint == want.fingerprint
    assert plan.transform(made()).tolist() == want.transform(TABLE).tolist()
    model = fc.models.LinearClassifier(columns).train(made(), label="y", epochs=2, batch_size=5)
    same = fc.models.LinearClassifier(columns).train(TABLE, label="y", epochs=2, batch_size=5)
    assert model.predict(made())["probabilities"].tolist() == same.predict(TABLE)["probabilities"].tolist()


def test_errors_lead_out() -> None:
    plan = fc.compile([fc.Numeric("a")])
    connection = duckdb.connect()
    with pytest.raises(fc.DataError, match=r"use connection.sql\(query\)"):
        plan.transform(connection)
    result = connection.execute("select 1.5 as a")
    assert plan.transform(result).tolist() == [[1.5]]
    with pytest.raises(fc.DataError, match=r"can be read once, and it was; give connection.sql\(query\)"):
        plan.transform(result)
    with pytest.raises(fc.DataError, match=r"give one split of it: data\['train'\]"):
        plan.transform(datasets.DatasetDict({"train": datasets.Dataset.from_dict(ROWS)}))
    with pytest.raises(fc.DataError, match="field is not in the data; the data has 'b'"):
        plan.transform(datasets.Dataset.from_dict({"b": [1]}))
    with pytest.raises(fc.DataError, match="field is not in the data; the data has 'b'"):
        plan.transform(ibis.memtable(pa.table({"b": [1]})))
    with pytest.raises(fc.DataError, match=r"use as_table\(\)"):
        plan.transform(ibis.memtable(TABLE).a)
    with pytest.raises(fc.DataError, match="cannot be read, got Column; a single column is not a table"):
        plan.transform(datasets.Dataset.from_dict(ROWS)["a"])
    with pytest.raises(
        fc.DataError, match=r"data: ibis could not compute the table, got Expression contains unbound.*to_pyarrow"
    ):
        plan.transform(ibis.table({"a": "int64"}, name="nowhere"))
