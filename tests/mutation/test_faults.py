"""Planted faults: a law that nobody can break checks nothing, and a fault that no law notices is a law that is missing."""

from __future__ import annotations

import importlib
import sys

import pytest

from featurecols._core.spec import KINDS as SPECS
from featurecols.columns.base import Column
from tests.analyzers.test_faults import FAULTS
from tests.laws import Example, learns_little
from tests.mutation.faults import NOTICED, OWN, SEEN, SHARED
from tests.mutation.planting import CAUGHT, Fault, find, killer, planted

pytestmark = [pytest.mark.mutation, learns_little]

KINDS = sorted(OWN)
LEARNING = [fault for _, fault in FAULTS]
CASES = [
    *(pytest.param(kind, fault, id=f"{kind}-{fault}") for kind in KINDS for fault in OWN[kind]),
    *(pytest.param(kind, SHARED[name], id=f"{kind}-{name}") for kind in KINDS for name in SEEN[kind]),
]


def examples(kind: str) -> list[Example]:
    return importlib.import_module(f"tests.columns.test_{kind}").EXAMPLES


@pytest.mark.parametrize(("kind", "fault"), CASES)
def test_the_laws_notice(kind: str, fault: Fault, request: pytest.FixtureRequest) -> None:
    first = NOTICED.get(request.node.callspec.id, "")
    found = killer(fault, examples(kind), first)
    assert found is not None, f"survived every law of {kind}: {fault}"
    assert not first or found == first


def test_what_is_asked_first_is_asked_of_a_fault() -> None:
    assert sorted(NOTICED.keys() - {case.id for case in CASES}) == []


@pytest.mark.parametrize("fault", [*SHARED.values(), *(f for faults in OWN.values() for f in faults), *LEARNING], ids=str)
def test_every_fault_finds_its_code(fault: Fault) -> None:
    find(fault)


def test_every_kind_has_faults_enough() -> None:
    columns = [cls for cls in SPECS.values() if issubclass(cls, Column) and cls.__module__.startswith("featurecols.columns.")]
    assert {cls.__module__.rpartition(".")[2] for cls in columns} | {"token_fields", "gram_fields"} == set(KINDS)
    for kind in KINDS:
        assert len(OWN[kind]) >= 3
        assert {"slice offset", "bitmap offset", "dictionary of another chunk"} <= set(SEEN[kind])


@pytest.mark.parametrize("place", ["featurecols.data.fields.base:FieldView.map_texts", "featurecols.kernels.texts:_GATHER"])
def test_planting_nothing_changes_nothing(place: str) -> None:
    """What kills a fault is the fault: the same code, planted the same way, lives."""
    old = "tokens.offsets" if place.endswith("texts") else "value if known else -1"
    assert killer(Fault(place, old, old), examples("hashed")[:2]) is None


def test_planting_is_undone() -> None:
    from featurecols.columns.hashed import HashedBound

    before = HashedBound._id
    with pytest.raises(CAUGHT[0]), planted(OWN["hashed"][-1]):
        assert HashedBound._id is before
    assert HashedBound._id is before


@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (Fault(OWN["hashed"][0].place, "no_such_code", "0"), "has 'no_such_code' 0 times; write the fault anew"),
        (Fault(OWN["hashed"][0].place, "texts", "None"), "times; write the fault anew"),
        (Fault(OWN["hashed"][0].place, "seed", "0", call="murmur4"), "calls murmur4 0 times; write the fault anew"),
    ],
)
def test_a_fault_whose_code_has_changed_says_so(fault: Fault, says: str) -> None:
    with pytest.raises(AssertionError, match=says), planted(fault):
        pass


def add_twice(x: int, y: int) -> int:
    # fmt: off
    twice = (x+  # the code of a fault may be laid out and commented in any way
             y) * 2
    # fmt: on
    return twice


def test_layout_does_not_matter() -> None:
    here = sys.modules[__name__]
    with planted(Fault(f"{__name__}:add_twice", "x + y", "x - y")):
        assert here.add_twice(5, 3) == 4  # type: ignore[attr-defined]
    with planted(Fault(f"{__name__}:add_twice", "return twice", "return 7")):
        assert here.add_twice(5, 3) == 7  # type: ignore[attr-defined]
    assert here.add_twice(5, 3) == 16  # type: ignore[attr-defined]
