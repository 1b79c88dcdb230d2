"""Types of fields: names of Arrow types, the join, and what a Field declares."""

from __future__ import annotations

import itertools
from typing import Any

import pyarrow as pa
import pytest

import featurecols as fc
from featurecols.data import field_types
from featurecols.data.field_types import FieldType


@pytest.mark.parametrize(
    ("kind", "want"),
    [
        (pa.bool_(), ("boolean", 0)),
        (pa.int8(), ("integer", 0)),
        (pa.uint64(), ("integer", 0)),
        (pa.float16(), ("float", 0)),
        (pa.float64(), ("float", 0)),
        (pa.decimal128(10, 2), ("decimal", 0)),
        (pa.string(), ("text", 0)),
        (pa.large_string(), ("text", 0)),
        (pa.string_view(), ("text", 0)),
        (pa.binary(), ("bytes", 0)),
        (pa.binary(4), ("bytes", 0)),
        (pa.timestamp("ns", "UTC"), ("timestamp", 0)),
        (pa.date32(), ("date", 0)),
        (pa.time64("us"), ("time", 0)),
        (pa.duration("s"), ("duration", 0)),
        (pa.null(), (None, 0)),
        (pa.struct({"a": pa.int8()}), (None, 0)),
        (pa.list_(pa.int8()), ("integer", 1)),
        (pa.large_list(pa.list_(pa.string(), 3)), ("text", 2)),
        (pa.dictionary(pa.int8(), pa.string()), ("text", 0)),
        (pa.list_(pa.dictionary(pa.int8(), pa.int64())), ("integer", 1)),
        *(
            (getattr(pa, name)(), want)
            for name, want in [("bool8", ("boolean", 0)), ("json_", ("text", 0)), ("uuid", (None, 0))]
            if hasattr(pa, name)  # older Arrow has no such types
        ),
    ],
)
def test_arrow_types_have_a_logical_type(kind: pa.DataType, want: Any) -> None:
    assert field_types.of_arrow(kind) == want


def test_the_join_of_types_does_not_depend_on_their_order() -> None:
    names = [None, *field_types.TYPE_NAMES]
    join = field_types.join_names
    for a, b, c in itertools.product(names, repeat=3):
        assert join(a, b) == join(b, a)
        assert join(join(a, b), c) == join(a, join(b, c))
    assert join("integer", "float") == "float"
    assert join("boolean", "integer") == join("boolean", "text") == join("float", "text") == "text"
    assert join("boolean", None) == "boolean"


def test_a_field_declares_its_type() -> None:
    field = fc.Field("paid", type="boolean", list=True)
    assert repr(fc.Hashed(field, 10)) == "Hashed(Field('paid', type='boolean', list=True), 10)"
    assert field.to_json() == {"type": "Field.v1", "key": "paid", "value_type": "boolean", "list": True}
    column = fc.Hashed(field, 10)
    assert fc.columns_from_json(fc.columns_to_json([column])) == (column,)
    plan = fc.compile([column, fc.Hashed("city", 10)])
    assert plan.input_schema == {"paid": FieldType("boolean", 1), "city": FieldType(None, 0)}


@pytest.mark.parametrize(
    ("arguments", "says"),
    [({"type": "bool"}, "type must be one of boolean, integer"), ({"list": 1}, "list must be True or False")],
)
def test_what_is_not_a_type_is_refused(arguments: Any, says: str) -> None:
    with pytest.raises(fc.ColumnError, match=f"Field x: {says}"):
        fc.Field("x", **arguments)


def test_all_fields_of_a_key_share_a_type() -> None:
    plan = fc.compile([fc.Hashed(fc.Field("x", type="integer"), 10), fc.Hashed(fc.Field("x", "?", list=True), 10, name="y")])
    assert plan.input_schema == {"x": ("integer", 1)}
    with pytest.raises(fc.ColumnError, match=r"Field x: two Fields of it differ in type.*\('integer', 'text'\)"):
        fc.compile([fc.Hashed(fc.Field("x", type=name), 10, name=name) for name in ("integer", "text")])


def test_types_are_saved(tmp_path: Any) -> None:
    plan = fc.compile([fc.Indicator(fc.Hashed(fc.Field("x", type="integer", list=True), 10)), fc.Numeric("y")])
    plain = fc.compile([fc.Indicator(fc.Hashed("x", 10)), fc.Numeric("y")])
    assert plan.fingerprint != plain.fingerprint
    plan.save(tmp_path / "typed")
    plain.save(tmp_path / "plain")
    assert '"fields": {\n    "x": {"type": "integer", "list_depth": 1}\n }' in (tmp_path / "typed" / "plan.json").read_text()
    assert '"fields"' not in (tmp_path / "plain" / "plan.json").read_text()
    assert fc.load(tmp_path / "typed").input_schema == plan.input_schema == fc.Plan.from_bytes(plan.to_bytes()).input_schema
    assert fc.load(tmp_path / "typed") == plan
    text = (tmp_path / "typed" / "plan.json").read_text()
    for wrong in ("words", '"integer", "list_depth": -1', '"integer", "more": 1'):
        (tmp_path / "typed" / "plan.json").write_text(
            text.replace('"integer", "list_depth": 1', f'"{wrong.strip(chr(34))}' + ("" if wrong[0] == '"' else '"'))
        )
        with pytest.raises(fc.SavedPlanError):
            fc.load(tmp_path / "typed")
