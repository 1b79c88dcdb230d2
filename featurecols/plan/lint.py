"""What looks wrong in declared columns: widths, buckets, dimensions, constants and duplicates."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import chain

from featurecols import errors
from featurecols._core import html
from featurecols._core.slots import IdSlot
from featurecols.columns._undecided import decided
from featurecols.columns.base import Column, as_columns
from featurecols.data.sources import Data
from featurecols.plan.compile import compile
from featurecols.plan.fit import fit
from featurecols.plan.graph import Graph
from featurecols.plan.plan import Plan

WIDE = 10_000  # features of one column from which a matrix is mostly zeros
CROWDED, EMPTY = 2.0, 0.1  # terms a bucket, above and below which there are too few and too many buckets
FEW_BUCKETS = 100  # of which empty ones cost nothing


@dataclass(frozen=True)
class Finding:
    """One thing that looks wrong.

    Attributes:
        column: the name of the declared column.
        rule: "wide", "crowded", "empty", "dimension", "constant" or "duplicate".
        problem: what it is, with numbers.
        hint: the way out.
    """

    column: str
    rule: str
    problem: str
    hint: str

    def __str__(self) -> str:
        return f"{self.column}: {self.problem}; {self.hint} ({self.rule})"


class Findings(list[Finding]):
    """What fc.lint found, in the order of the columns; empty where nothing looks wrong."""

    def to_dict(self) -> dict[str, object]:
        """Return everything as plain JSON data."""
        return {"findings": [asdict(finding) for finding in self]}

    def __repr__(self) -> str:
        return "\n".join(map(str, self)) or "nothing looks wrong"

    def _repr_html_(self) -> str:
        rows = [("column", "rule", "problem", "hint"), *((f.column, f.rule, f.problem, f.hint) for f in self)]
        return html.table(f"{len(self)} findings", rows, [True] * 4)


def lint(columns: Plan | Iterable[Column], data: Data | None = None) -> Findings:
    """Return what looks wrong in columns or a plan; with data also what numbers of terms and values show.

    Without data, columns that learn are judged by their declaration alone.

    - wide: a column of more than 10,000 features. An Embedding, or encode, takes less memory.
    - crowded: more than two terms, or combinations of a cross, for each bucket of a hash.
    - empty: less than a tenth of a term for each bucket.
    - dimension: an Embedding of more dimensions than ids.
    - constant: a column of a single id; with data, one whose features have one value in all rows.
    - duplicate: a column that is declared as another one.

    Args:
        columns: columns, or a plan.
        data: rows, as for plan.transform; read up to three times.

    Raises:
        ColumnError: for anything but columns or a plan. DataError: for data that does not fit the columns.

    >>> import featurecols as fc
    >>> job = fc.Vocabulary("job", ["cook", "nurse", "pilot"])
    >>> fc.lint([fc.Embedding(job, dimension=8), fc.Indicator(job), fc.Indicator(job, name="again")])
    job_embedding: 8 dimensions for 3 ids; give 3 or fewer, or use an Indicator (dimension)
    again: declared as job_indicator is; leave one of them out (duplicate)
    >>> fc.lint([fc.Hashed("city", 2)], {"city": ["Rome", "Oslo", "Bern", "Bonn", "Kyiv", "Rome"]})
    city: 5 terms share 2 buckets; give 10 buckets or more (crowded)
    """
    declared = columns.columns if isinstance(columns, Plan) else decided(as_columns(columns))
    plan = columns if isinstance(columns, Plan) else _bound(declared, data)
    found: dict[str, dict[str, Finding]] = {column.name: {} for column in declared}
    for finding in chain(_duplicates(declared), _of_plan(plan), _of_data(plan, data)):
        found[finding.column].setdefault(finding.rule, finding)
    return Findings(finding for rules in found.values() for finding in rules.values())


def _bound(columns: Sequence[Column], data: Data | None) -> Plan | None:
    """Return a plan of the columns, without data of those that learn nothing; None where there are none."""
    if data is not None:
        return fit(columns, data)
    ready = [column for column in columns if not Graph([column]).passes()]
    return compile(ready) if ready else None


def _duplicates(columns: Sequence[Column]) -> Iterator[Finding]:
    first: dict[str, str] = {}
    for column in columns:
        alike = json.dumps({key: value for key, value in column.to_dict().items() if key != "name"}, sort_keys=True)
        if alike in first:
            yield Finding(column.name, "duplicate", f"declared as {first[alike]} is", "leave one of them out")
        first.setdefault(alike, column.name)


def _of_plan(plan: Plan | None) -> Iterator[Finding]:
    """Yield what widths, ids and dimensions of bound columns show."""
    program = None if plan is None else plan._program
    for output in () if program is None else program.outputs:
        name, slot, width = output.name, output.slot, output.bound.width
        if width > WIDE:
            yield Finding(name, "wide", f"{width:,} features", "use an Embedding, or encode in place of transform")
        if not isinstance(slot, IdSlot):
            continue
        ids = slot.num_buckets
        if ids < 2:
            yield Finding(
                name, "constant", f"{ids} id" if ids else "no ids", "give it more terms or boundaries, or leave it out"
            )
        elif slot.dimension is not None and slot.dimension > ids:
            hint = f"give {ids} or fewer, or use an Indicator"
            yield Finding(name, "dimension", f"{slot.dimension:,} dimensions for {ids:,} ids", hint)
        combinations = _combinations(plan, name)
        if combinations > CROWDED * ids:
            yield _crowded(name, "combinations", combinations, ids)


def _of_data(plan: Plan | None, data: Data | None) -> Iterator[Finding]:
    """Yield what the terms and values of data show."""
    if plan is None or data is None:
        return
    report = plan.check(data)
    if report.problem is not None:
        raise errors.plan("lint", "data that the columns cannot read", report.problem, "mend the data, see plan.check")
    hashed = [slot for slot in plan.encoded_slots if isinstance(slot, IdSlot) and plan._is_hashed(slot.name)]
    for slot in hashed:
        terms = sum(map(len, plan.terms(data, {slot.name: None})[slot.name].values()))
        if terms > CROWDED * slot.num_buckets:
            yield _crowded(slot.name, "terms", terms, slot.num_buckets)
        elif terms < EMPTY * slot.num_buckets and slot.num_buckets > FEW_BUCKETS:
            hint = f"{max(2 * terms, 1):,} buckets would do"
            yield Finding(slot.name, "empty", f"{terms:,} terms in {slot.num_buckets:,} buckets", hint)
    for name, column in report.columns.items():
        if column.constant == 1 and report.rows > 1:
            yield Finding(name, "constant", f"one value in all {report.rows:,} rows", "leave it out, or look at the data")


def _crowded(name: str, what: str, terms: int, buckets: int) -> Finding:
    return Finding(name, "crowded", f"{terms:,} {what} share {buckets:,} buckets", f"give {2 * terms:,} buckets or more")


def _combinations(plan: Plan | None, slot: str) -> int:
    """Return how many combinations a hash mixes, where that is known of all that it reads; 0 where it is not."""
    node = None if plan is None or not plan._is_hashed(slot) else plan._node_of_ids(slot)
    if plan is None or node is None:
        return 0
    bounds, inputs = plan._program.bounds, plan._program.inputs[node]
    return math.prod(bounds[j].num_buckets if j in bounds else 0 for j in inputs)
