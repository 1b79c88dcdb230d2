"""Starting from another model's weights, row by row of equal meaning, and saying how two models' columns differ."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from featurecols._core.arrays import Array
from featurecols._core.slots import Slot
from featurecols._core.spec import decode
from featurecols.errors import ColumnError
from featurecols.models import errors, export
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators.config import WarmStartSettings
from featurecols.models.layers.cross import CROSS
from featurecols.models.objective.heads import ClassHead, Head, NumberHead
from featurecols.models.objective.multi_label import MultiLabelHead
from featurecols.models.trained_plan import TABLES
from featurecols.models.training import checkpoints
from featurecols.models.training.kept_weights import PREFIXES
from featurecols.plan.row_meanings import RowMeanings

if TYPE_CHECKING:
    from featurecols.plan.plan import Plan

Rows = Mapping[str, Sequence[tuple[str, int, int]]]


@dataclass
class WarmStartReport:
    """What a warm start took over, by parameter.

    Attributes:
        source: the file that the weights came from.
        head: what the labels of that model were, where its file says so.
        matched: how many rows of each parameter have the weights of a row that means the same.
        kept: how many rows of each parameter kept their initial value.

    A parameter is counted once the model has made it: after the first step or prediction.
    """

    source: str
    head: Head | None = None
    matched: dict[str, int] = field(default_factory=dict)
    kept: dict[str, int] = field(default_factory=dict)

    def add(self, name: str, matched: int, rows: int) -> None:
        """Count one parameter."""
        self.matched[name], self.kept[name] = matched, rows - matched

    def to_dict(self) -> dict[str, dict[str, int]]:
        """Return {parameter: {"matched": rows, "kept": rows}}."""
        return {name: {"matched": self.matched[name], "kept": self.kept[name]} for name in self.matched}

    def __str__(self) -> str:
        lines = [f"{name}: {self.matched[name]:,} matched, {self.kept[name]:,} kept initial values" for name in self.matched]
        return "\n".join([f"warm start from {self.source}", *lines])

    __repr__ = __str__


class Meanings(NamedTuple):
    """What the parameters of a model mean.

    rows: (slot, first row, last row + 1) of parameters whose rows belong to slots. outputs: parameters with an entry for each
    logit on their last axis. labels: the label fields.
    """

    plan: Plan | None
    head: Head | None
    labels: Sequence[str]
    rows: Rows
    outputs: Sequence[str] = ()


def start(
    variables: Variables,
    given: str | Path | WarmStartSettings,
    ours: Callable[[], Meanings],
    plan_in: Callable[[Path], Plan | None],
) -> WarmStartReport:
    """Give the model the weights of another one where it makes its parameters.

    Rows go where a row of the same meaning is: of the same term, interval or hash bucket of a column of the same name and
    fields, and of the same label where the model has an output for each. All other rows keep their initial value. A parameter
    without such rows is taken whole; ModelError is raised where its shape is another. `ours` is asked when a parameter is
    made, which training does when it knows the labels; `plan_in` gives the plan of a folder.
    """
    if not isinstance(given, (str, Path, WarmStartSettings)):
        raise errors.model(
            "warm start", "needs a place", given, "give a checkpoint, a model_dir, an export, or WarmStartSettings"
        )
    settings = given if isinstance(given, WarmStartSettings) else WarmStartSettings(str(given))
    path = where(Path(settings.ckpt_to_initialize_from))
    arrays, about = checkpoints.read(path)
    theirs = _meanings(path, about, plan_in(path.parent))
    report, wanted = WarmStartReport(str(path), theirs.head), re.compile(settings.vars_to_warm_start)
    taken = 0
    for full, array in arrays.items():
        kind, _, name = full.partition("/")
        if kind not in ("values", "states") or not wanted.fullmatch(name) or name.startswith(PREFIXES):
            continue
        taken += 1
        if kind == "states":
            if name not in (mine := ours()).outputs or _outputs(mine, theirs) == SAME:
                variables.states[name] = np.array(array)
            continue
        variables.given[name] = _change(name, array, path, ours, theirs, report)
        variables.trained.add(name)
    if not taken:
        raise errors.unknown("warm start", "parameter", settings.vars_to_warm_start, (n.partition("/")[2] for n in arrays))
    return report


def _meanings(path: Path, about: Mapping[str, object], plan: Plan | None) -> Meanings:
    """Return what the parameters of a file mean, as far as the folder that it is in says so."""
    card = export.read(path.parent) if path.name == checkpoints.WEIGHTS else about
    head, rows, labels = card.get("head"), about.get("rows"), card.get("label")
    try:
        return Meanings(plan, None if head is None else export.components([head])[0], tuple(labels or ()), dict(rows or {}))  # type: ignore[call-overload, arg-type]
    except (TypeError, ValueError) as e:
        raise errors.checkpoint(path, f"is damaged ({errors.show(str(e), 200)})", export.AGAIN) from None


def _change(
    name: str, array: Array, path: Path, ours: Callable[[], Meanings], theirs: Meanings, report: WarmStartReport
) -> Callable[[Array], Array]:
    """Return the function that puts the weights of `array` into the initial value of a parameter, and counts its rows."""

    def change(value: Array) -> Array:
        mine = ours()
        outputs = _outputs(mine, theirs) if name in mine.outputs else SAME
        if outputs is not None and outputs != SAME and mine.head is not None and theirs.head is not None:
            members = value.shape[-1] // mine.head.units
            if name.startswith("dnn/") and members > 1 and array.shape[-1] == members * theirs.head.units:
                outputs = outputs.of_members(members, mine.head.units, theirs.head.units)
        rows = _rows(name, path, mine, theirs)
        if rows is not None and name.startswith(CROSS):
            return _merge_cross(name, value, array, rows, [_width(of.rows.get(name, [])) for of in (mine, theirs)], report)
        if outputs is None or (rows is not None and _table_slots(name, mine.plan) and array.shape[1:] != value.shape[1:]):
            report.add(name, 0, value.shape[0])
            return value
        kept = slice(1) if outputs == SAME else slice(-1) if rows is None else slice(1, -1)  # what must be of one shape
        if (array.shape != value.shape) if rows is None and outputs == SAME else array.shape[1:][kept] != value.shape[1:][kept]:
            raise errors.shape_changed(name, array.shape, value.shape)
        return _merge(name, value, array, rows, outputs, report)

    return change


def _merge(
    name: str, value: Array, array: Array, rows: tuple[Array, Array] | None, outputs: Outputs, report: WarmStartReport
) -> Array:
    """Return `value` with the matched rows (None: all) and outputs of `array`."""
    if value.ndim == 1 and outputs != SAME:  # a bias: its only axis is that of the outputs
        value[list(outputs.ours)] = outputs.sign * array[list(outputs.theirs)]
        report.add(name, len(outputs.ours), len(value))
        return value
    to, at = (np.arange(len(value)),) * 2 if rows is None else rows
    if outputs == SAME:
        value[to] = array[at]
    else:
        value[np.ix_(to, np.array(outputs.ours))] = outputs.sign * array[np.ix_(at, np.array(outputs.theirs))]
    report.add(name, len(to), len(value))
    return value


def _merge_cross(
    name: str, value: Array, array: Array, rows: tuple[Array, Array], widths: Sequence[int], report: WarmStartReport
) -> Array:
    """Return `value`, a kernel [width, members * width] or a bias of cross layers, with what is between matched inputs."""
    members = value.shape[-1] // widths[0]
    if array.ndim != value.ndim or array.shape[-1] != members * widths[1]:
        raise errors.shape_changed(name, array.shape, value.shape)
    each = np.arange(members)[:, None]
    to, at = ((each * width + found).reshape(-1) for width, found in zip(widths, rows, strict=True))
    if value.ndim == 1:
        value[to] = array[at]
    else:
        value[np.ix_(rows[0], to)] = array[np.ix_(rows[1], at)]
    report.add(name, len(rows[0]), widths[0])
    return value


def _width(spans: Sequence[tuple[str, int, int]]) -> int:
    return max((stop for _, _, stop in spans), default=0)


def _rows(name: str, path: Path, ours: Meanings, theirs: Meanings) -> tuple[Array, Array] | None:
    """Return the rows of our parameter that mean the same as rows of theirs, and those; None where rows have no meaning."""
    table = bool(_table_slots(name, ours.plan))
    if ours.plan is None or (not table and name not in ours.rows):
        return None
    if theirs.plan is None:
        what, hint = "its plan is not beside it, so that its rows cannot be told apart", "give the model_dir or the export"
        raise errors.checkpoint(path, what, hint)
    if table:
        return _rows_of_table(ours.plan, _table_slots(name, ours.plan), theirs.plan, _table_slots(name, theirs.plan))
    have = {slot: first for slot, first, _ in theirs.rows.get(name, [])}
    found = [NONE]
    for slot, first, _ in ours.rows[name]:
        if slot in have:
            to, at = _kernel_meanings(ours.plan, slot).match(_kernel_meanings(theirs.plan, slot))
            found.append((to + first, at + have[slot]))
    return np.concatenate([to for to, _ in found]), np.concatenate([at for _, at in found])


def _kernel_meanings(plan: Plan, slot: str) -> RowMeanings:
    """Return what the rows of a kernel mean that belong to a slot: its features, its ids, or the numbers of its embedding."""
    found = next(s for s in plan.encoded_slots if s.name == slot)
    if found.dimension is not None:
        return RowMeanings(("embedding", found.dimension), found.dimension)
    return plan._row_meanings(slot)


def _rows_of_table(ours: Plan, our_slots: Sequence[Slot], theirs: Plan, their_slots: Sequence[Slot]) -> tuple[Array, Array]:
    """Return the rows of a table that mean the same: by the first of the slots that share it which both models have."""
    for mine in our_slots:
        for other in their_slots:
            found = ours._row_meanings(mine.name).match(theirs._row_meanings(other.name))
            if len(found[0]):
                return found
    return NONE


def _table_slots(name: str, plan: Plan | None) -> list[Slot]:
    """Return the slots that read the embedding table that a parameter is; none where it is not one."""
    before, _, table = f"/{name}".rpartition(f"/{TABLES}")
    slots = () if plan is None or not before.endswith("/inputs") else plan.encoded_slots
    return [s for s in slots if s.table == table]


class Outputs(NamedTuple):
    """Which outputs of ours are which of theirs, and with which sign."""

    ours: tuple[int, ...]
    theirs: tuple[int, ...]
    sign: int = 1

    def of_members(self, members: int, ours: int, theirs: int) -> Outputs:
        """Return the same for several networks side by side, each with so many outputs."""
        mine = tuple(j * ours + i for j in range(members) for i in self.ours)
        return Outputs(mine, tuple(j * theirs + i for j in range(members) for i in self.theirs), self.sign)


SAME = Outputs((), ())  # all, one for one
NONE = np.zeros(0, np.int64), np.zeros(0, np.int64)  # no rows


def _outputs(ours: Meanings, theirs: Meanings) -> Outputs | None:
    """Return which outputs mean the same label, None where none do."""
    a, b = ours.head, theirs.head
    if isinstance(a, ClassHead) and isinstance(b, ClassHead):
        unknown = a.words is None and not ours.labels  # a prediction before training: the words are theirs
        if a.names == b.names or (unknown and a.n_classes == b.n_classes):
            return SAME
        if a.units == b.units == 1:
            return Outputs((0,), (0,), -1) if a.names == b.names[::-1] else None
        pairs = [(i, b.names.index(name)) for i, name in enumerate(a.names) if name in b.names]
        return _paired(pairs) if a.units > 1 and b.units > 1 else None
    if isinstance(a, MultiLabelHead) and isinstance(b, MultiLabelHead):
        if a.words is None or b.words is None or a.words == b.words:
            return SAME
        return _paired([(i, b.words.index(name)) for i, name in enumerate(a.words) if name in b.words])
    if isinstance(a, NumberHead) and isinstance(b, NumberHead):
        if type(a.loss) is not type(b.loss) or a.transform != b.transform:
            return None
        if len(ours.labels) != a.units or len(theirs.labels) != b.units or a.units == b.units == 1:
            return SAME
        return _paired([(i, theirs.labels.index(name)) for i, name in enumerate(ours.labels) if name in theirs.labels])
    return SAME if type(a) is type(b) or b is None else None


def _paired(pairs: Sequence[tuple[int, int]]) -> Outputs | None:
    return Outputs(tuple(i for i, _ in pairs), tuple(j for _, j in pairs)) if pairs else None


def where(path: Path) -> Path:
    """Return the file that holds the weights: of an export, the last one of a model_dir, or the path itself."""
    if path.is_dir():
        weights = path / checkpoints.WEIGHTS
        found = weights if weights.exists() else checkpoints.latest(path)
        if found is None:
            raise errors.checkpoint(path, "holds no checkpoint and no exported model", "train or export one there first")
        return found
    return path


def difference(old: Mapping[str, object], new: Mapping[str, object]) -> str:
    """Return the differences of two sets of declared columns (JSON by name), in words."""
    differences = []
    if gone := [name for name in old if name not in new]:
        differences.append(f"it has {', '.join(gone)}, which this model lacks")
    if more := [name for name in new if name not in old]:
        differences.append(f"this model has {', '.join(more)}, which it lacks")
    differences += [_declared_otherwise(name, old[name], new[name]) for name in old if name in new and old[name] != new[name]]
    return "; ".join(differences) or "the same columns in another order"


def _declared_otherwise(name: str, old: object, new: object) -> str:
    """Return how two declarations of a column, as JSON data, differ, in words."""
    if not isinstance(old, Mapping) or not isinstance(new, Mapping):
        return f"{name} is declared otherwise"
    keys = [key for key in {**old, **new} if old.get(key) != new.get(key)]
    said = [f"{key} {_in_words(old, key)} there and {_in_words(new, key)} here" for key in keys]
    return f"{name} is declared with {', '.join(said)}"


def _in_words(declared: Mapping[str, object], key: str) -> str:
    """Return an argument of a declaration as a program would write it."""
    if key not in declared:
        return "at its default"
    try:
        return errors.show(decode(declared[key]))
    except ColumnError:  # a value that is no Spec, such as a nested name
        return errors.show(declared[key])
