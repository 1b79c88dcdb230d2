"""Every kind is in the table of the README, in the guide from data to columns, and under the laws."""

import re
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

from featurecols._core.spec import KINDS, Spec
from featurecols.columns.initializers import Initializer
from tests.integrations.cases import examples

ROOT = Path(__file__).parent.parent


def test_every_kind_is_in_the_readme_in_the_guide_and_under_the_laws() -> None:
    table = (ROOT / "README.md").read_text("utf-8").partition("## The columns")[2].partition("## Integrations")[0]
    guide = (ROOT / "docs" / "columns.md").read_text("utf-8")
    parts = ("featurecols.columns.", "featurecols.analyzers.placeholders")
    kinds = {kind for kind in KINDS.values() if kind.__module__.startswith(parts) and not issubclass(kind, Initializer)}
    names = {kind.__name__ for kind in kinds} - {"Log1pV1", "Timestamp"}  # of old plans; within Elapsed
    assert len(names) > 35
    assert {name for name in names if not re.search(rf"`{name}\b", table)} == set()
    assert {name for name in names if not re.search(rf"\b{name}\b", guide)} == set()
    assert names - {type(spec).__name__ for e in examples() for column in e.columns for spec in _specs(column)} == set()


def _specs(value: object) -> Iterator[Spec]:
    """A declared value, and all that it is made of."""
    if isinstance(value, Spec):
        yield value
        value = tuple(getattr(value, field.name) for field in fields(value))
    for part in value if isinstance(value, tuple) else ():
        yield from _specs(part)
