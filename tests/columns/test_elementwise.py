"""A dense kind from outside the package: one numpy function, the same bits in tables and rows, saved under its own name."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import featurecols as fc
from featurecols._core.spec import KINDS
from tests.columns.own_cyclic import Cyclic

HOURS = [0.0, 6, 12, 18.5, 1e300, -7.25, 1e-310, 23.999]


def test_in_numbers() -> None:
    plan = fc.compile([Cyclic("hour", 24)])
    assert plan.feature_names == ("hour[sin]", "hour[cos]")
    assert plan.transform({"hour": [0, 6, 12]}).round(6).tolist() == [[0, 1], [1, 0], [0, -1]]
    assert plan.encode({"hour": [6.0]}).dense.round(6).tolist() == [[1, 0]]


@pytest.mark.parametrize("rows", [1, 2, 7, 63, 64, 65, 1000, 70_001])
def test_rows_and_tables_have_the_same_bits_at_every_place(rows: int) -> None:
    plan = fc.compile([Cyclic("hour", 24), fc.Numeric("hour", name="plain"), fc.Embedding(fc.Hashed("k", 3), 2)])
    hours = np.resize(np.concatenate([HOURS, np.random.default_rng(0).normal(size=90) * 1e3]), rows)
    found = plan.transform({"hour": hours, "k": ["a"] * rows})
    want = {h: plan.transform_row({"hour": h, "k": "a"}).tobytes() for h in set(hours.tolist())}
    assert [row.tobytes() for row in found] == [want[h] for h in hours.tolist()]


def test_missing_numbers() -> None:
    plain, filled = fc.compile([Cyclic("hour", 24)]), fc.compile([Cyclic("hour", 24, default=6)])
    assert filled.transform({"hour": [None, 6.0]}).tolist()[0] == filled.transform({"hour": [6.0]}).tolist()[0]
    assert filled.transform_row({"hour": None}).tolist() == filled.transform_row({"hour": 6}).tolist()
    through = fc.compile([Cyclic("hour", 24, default=float("nan"))])
    assert np.isnan(through.transform({"hour": [None]})).all()
    assert np.isnan(through.transform_row({"hour": float("nan")})).all()
    for run in (lambda: plain.transform({"hour": [1.0, None]}), lambda: plain.transform_row({"hour": None})):
        with pytest.raises(fc.DataError, match=r"hour: a number is missing and there is no default.*give default="):
            run()
    with pytest.raises(fc.DataError) as caught:
        plain.transform({"hour": [1.0, None]})
    assert caught.value.row == 1


def test_what_is_not_a_number_is_refused() -> None:
    plan = fc.compile([Cyclic("hour", 24)])
    for value, says in (("6", "needs a number"), ([1.0], "needs one number a row"), (10**400, "beyond float64")):
        with pytest.raises(fc.DataError, match=says):
            plan.transform_row({"hour": value})
    with pytest.raises(fc.DataError, match="needs one number a row"):
        plan.transform({"hour": [[1.0], [2.0]]})
    assert plan.transform({"hour": np.empty(0)}).shape == (0, 2)


def test_steps_of_a_sequence() -> None:
    plan = fc.compile([fc.Sequence(Cyclic("hour", 24), 2)])
    found = plan.transform({"hour": [[0.0, 6.0, 12.0], []]})
    assert found.round(6).tolist() == [[1, 0, 0, -1], [0, 0, 0, 0]]
    assert plan.transform_row({"hour": [0.0, 6.0, 12.0]}).tobytes() == found[0].tobytes()


@pytest.fixture
def forgotten() -> Iterator[None]:
    """As in a program that did not import the module of the kind."""
    kind = KINDS.pop("tests.Cyclic.v1")
    yield
    KINDS["tests.Cyclic.v1"] = kind


def test_a_plan_is_saved_under_the_name_of_the_package(tmp_path: Path) -> None:
    plan = fc.compile([Cyclic("hour", 24)])
    plan.save(tmp_path)
    assert '"tests.Cyclic.v1"' in (tmp_path / "plan.json").read_text()
    assert fc.load(tmp_path) == plan
    assert fc.columns_from_json(plan.to_json()) == plan.columns


def test_a_plan_with_a_kind_that_nobody_imported_names_the_package(tmp_path: Path, request: pytest.FixtureRequest) -> None:
    fc.compile([fc.Sequence(Cyclic("hour", 24), 2)]).save(tmp_path)
    request.getfixturevalue("forgotten")
    with pytest.raises(fc.SavedPlanError, match=r"needs the kind 'tests\.Cyclic\.v1', which tests defines; import tests first"):
        fc.load(tmp_path)


@pytest.mark.parametrize("default", ["0", [1.0], True, 10**400, object], ids=["text", "list", "bool", "huge", "class"])
def test_a_default_that_is_no_number_is_refused_by_name(default: object) -> None:
    with pytest.raises(fc.ColumnError, match=r"hour: default must be a number, got .*; give a number, or None to refuse"):
        fc.compile([Cyclic("hour", 24, default=default)])  # type: ignore[arg-type]


@pytest.mark.parametrize("value", ["6", b"6", 10**400, [6.0], {"a": 6}])
def test_one_row_that_holds_no_number_is_refused_alike(value: object) -> None:
    columns = [Cyclic("x", 24), fc.Cyclic("x", 24), fc.Piecewise("x", [0, 1]), fc.Embedding(fc.Piecewise("x", [0, 1]), 2)]
    said = set()
    for column in columns:
        with pytest.raises(fc.DataError) as caught:
            fc.compile([column]).transform_row({"x": value})
        said.add(str(caught.value).split(": ", 1)[1])
    assert len(said) == 1
