"""The state of an estimator: its variables, from memory, a checkpoint or another model, and what they belong to."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from featurecols._core.spec import decode, encode
from featurecols._core.suggestions import attributes_of, explain_arguments
from featurecols.data.files.paths import require_local
from featurecols.jobs import file_lock
from featurecols.models import errors, export
from featurecols.models.autodiff.variables import Variables
from featurecols.models.estimators import resume
from featurecols.models.estimators.config import RunConfig, WarmStartSettings
from featurecols.models.estimators.resume import Call, Position, TrainedOn, TrainingLength
from featurecols.models.input.labelled_rows import LABEL
from featurecols.models.objective.heads import Head, NumberHead
from featurecols.models.training import checkpoints, warm_start
from featurecols.models.training.history import History
from featurecols.models.training.run import Run
from featurecols.models.types import Numbers
from featurecols.plan import saved_files

if TYPE_CHECKING:
    from featurecols.columns.base import Column
    from featurecols.models.distributed.team import Team
    from featurecols.models.input.labelled_rows import LabelledRows
    from featurecols.plan.plan import Plan

PLAN = "plan"
RowsOf = dict[str, list[tuple[str, int, int]]]


class Keeper(ABC):
    """The state of an estimator that outlives a call."""

    config: RunConfig
    _plan: Plan | None
    head: Head
    label: tuple[str, ...]
    weight_column: str | None
    columns: tuple[Column, ...]
    warm_start_from: str | Path | WarmStartSettings | None
    warm_start_report: warm_start.WarmStartReport | None
    variables: Variables | None
    metrics: dict[str, dict[str, float]]
    data: TrainedOn
    params: dict[str, Any]
    history: History
    _last_run: Position | None  # of the last checkpoint
    _team: Team | None  # while several processes train
    _taken_from: tuple[Path, Mapping[str, Any]] | None  # the checkpoint that the model goes on from, and what it says

    if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
        __getattr__ = attributes_of("Model")

    @abstractmethod
    def _ready(self, rows: LabelledRows | None, *, training: bool = False, checkpoint: str | Path | None = None) -> None:
        """Have a plan."""

    @abstractmethod
    def _plan_in(self, folder: Path) -> Plan | None:
        """Return the plan in a model_dir or an export, None where there is none."""

    @property
    def _who(self) -> str:
        return type(self).__name__

    @property
    def _kind(self) -> str:
        """The name of the class that a saved model is loaded as."""
        return type(self).__name__

    def _require_plan(self) -> Plan:
        """Return the plan; raise ModelError where there is none yet."""
        if self._plan is None:
            raise errors.model(self._who, "its columns have not learned yet", None, "train it first")
        return self._plan

    @property
    def model_dir(self) -> Path | None:
        """The folder of checkpoints, or None."""
        return None if self.config.model_dir is None else Path(self.config.model_dir)

    def _variables(self, checkpoint_path: str | Path | None = None) -> Variables:
        """Return the model's variables: those in memory, else of the last checkpoint, else new ones."""
        if checkpoint_path is not None:
            return self._restore(Path(checkpoint_path))
        if self.variables is None:
            last = None if self.model_dir is None else checkpoints.latest(self.model_dir)
            if last is not None:
                self.variables = self._restore(last, take_up=True)
            else:
                self.variables = Variables(self.config.seed)
                if self.warm_start_from is not None:
                    self.warm_start_report = warm_start.start(
                        self.variables, self.warm_start_from, self._meanings, self._plan_in
                    )
                    self._take_scale(self.warm_start_report.head)
        return self.variables

    def _take_scale(self, theirs: Head | None) -> None:
        """Predict in the scale of the labels that the weights of a warm start were trained with."""
        mine = self.head
        if isinstance(theirs, NumberHead) and isinstance(mine, NumberHead) and theirs.replace(scaling=None) == mine:
            self.head = theirs

    def _meanings(self) -> warm_start.Meanings:
        """Return what the parameters mean, for a warm start."""
        return warm_start.Meanings(self._plan, self.head, self.label, self._rows_of(), self._outputs())

    def _restore(self, path: Path, *, take_up: bool = False) -> Variables:
        """Return the variables of a checkpoint; with take_up, go on as the model that wrote it."""
        arrays, about = checkpoints.read(path)
        self._check_same(path, about)
        head = self._head_of(path, about)
        theirs, ours = {**resume.UNSAID, **about.get("arguments", {})}, {**resume.UNSAID, **self._declared()}
        if found := resume.difference(theirs, ours, [name for name in theirs if not resume.only_trains(name)]):
            raise errors.other_model(path, f"was made with {found}")
        variables = Variables(self.config.seed)
        checkpoints.restore(variables, arrays, about)
        if not self._knows_labels:
            self.head = head
        if take_up:
            self._take_up(path, about, head)
        return variables

    def _take_up(self, path: Path, about: Mapping[str, Any], head: Head) -> None:
        """Go on as the model that wrote a checkpoint."""
        self.head, self.label = head, tuple(about["label"])
        self._last_run, self._taken_from = about["run"], (path, about)
        self.history = History(list(about["run"].get("history", ())))
        self.data, self.metrics = about.get("data", {}), dict(about.get("metrics", {}))

    def _know_names(self) -> None:
        """Go on from the last checkpoint, where that was not done yet: it knows the fields of labels and of weights."""
        if self.variables is None and self.model_dir is not None and checkpoints.latest(self.model_dir) is not None:
            self._open()

    def _weight_field(self) -> str | None:
        """Return the field of weights: as the model was told, or else as the training that it goes on from was."""
        found = self.weight_column
        if found is None and self._taken_from is not None:
            found = self._taken_from[1].get("weight_column")
        return found

    def _check_training(self) -> None:
        """Raise CheckpointError where training would go on otherwise than it began, and say how."""
        if self._taken_from is None:
            return
        path, about = self._taken_from
        theirs = {
            **resume.AT_FIRST,
            **about.get("arguments", {}),
            "weight_column": about["weight_column"],
            "seed": about["seed"],
        }
        ours = {**resume.AT_FIRST, **self._declared(), "weight_column": self.weight_column, "seed": self.config.seed}
        if (LABEL,) not in (before := tuple(about["label"]), self.label):  # labels that came apart have no field
            theirs["label"], ours["label"] = list(before), list(self.label)
        if found := resume.difference(theirs, ours, [name for name in theirs if not self._follows_rule(name, theirs[name])]):
            raise errors.other_training(path, f"was trained with {found}")

    def _follows_rule(self, name: str, theirs: object) -> bool:
        """Return whether an argument of a checkpoint is decided by the number of rows, so that it may differ."""
        return False

    def _declared(self) -> dict[str, Any]:
        """Return what the model was made with, beside columns and head, as JSON data."""
        params = {name: value for name, value in self.params.items() if name not in ("columns", "feature_columns")}
        return resume.declared(self._own_arguments(), params)

    def _head_of(self, where: Path, about: Mapping[str, Any]) -> Head:
        """Return the head of a checkpoint; raise CheckpointError where it is another kind of model, or answers otherwise."""
        if about.get("kind") != self._kind:
            raise errors.other_model(where, f"holds a {about.get('kind')}, and this is a {self._kind}")
        head: Head = decode(about["head"])
        same = self.head.with_words(None, "") == head.with_words(None, "")
        if not same or (self._knows_labels and self.head != head):
            raise errors.other_model(where, f"was trained as {head!r}, and this model is {self.head!r}")
        return head

    @property
    def _knows_labels(self) -> bool:
        """Whether the head was told of labels, or has learned of them."""
        return self.head != self.head.with_words(None, "")

    def _check_same(self, where: Path, about: Mapping[str, Any]) -> None:
        """Raise CheckpointError where a checkpoint belongs to other columns, and says how they differ."""
        plan = self._require_plan()
        theirs, ours = about.get("columns", {}), declared_as_json(plan.columns)
        if theirs != ours or list(theirs) != list(ours):
            raise errors.other_columns(where, warm_start.difference(theirs, ours))
        if about.get("fingerprint") != plan.fingerprint:
            raise errors.other_columns(where, "the columns are the same, but learned other values from other data")

    def _save(self, run: Run, call: Call) -> Path:
        """Write a checkpoint of the run's position; the plan is there before the first one."""
        folder = self.model_dir
        if folder is None:
            raise errors.model(self._who, "has no place for checkpoints", None, "give it a model_dir")
        if not checkpoints.found(folder):
            saved_files.remove_unfinished(folder / PLAN)  # nobody else writes here
            self._require_plan().save(folder / PLAN, overwrite=True)
        self._last_run, self.data = call.position(run), trained_on(call, run)
        about = {**self._about(), "arguments": self._declared(), "data": self.data, "metrics": self.metrics}
        about["run"] = self._last_run
        with errors.writing(folder):
            return checkpoints.save(folder, run.variables, about, self.config.keep_checkpoint_max or None)

    def _about(self) -> dict[str, Any]:
        """Return what a checkpoint belongs to, as JSON data."""
        plan = self._require_plan()
        return {
            "kind": self._kind,
            "columns": declared_as_json(plan.columns),
            "fingerprint": plan.fingerprint,
            "head": self.head.to_json(),
            "label": list(self.label),
            "weight_column": self._weight_field(),
            "rows": self._rows_of(),
        }

    def _rows_of(self) -> RowsOf:
        """Return (slot, first row, last row + 1) of parameters whose rows belong to slots, by name of the parameter."""
        return {}

    def _outputs(self) -> tuple[str, ...]:
        """Return the names of the parameters whose last axis is that of the logits."""
        return ()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Let no other training write into model_dir meanwhile; raise CheckpointError where one does."""
        if self.model_dir is None:
            yield
            return
        self.model_dir.mkdir(parents=True, exist_ok=True)
        path = self.model_dir / ".lock"
        handle = file_lock.acquire(path)
        if handle is None:
            raise errors.checkpoint(
                self.model_dir, "another training is writing into it", "wait for it, or give another model_dir"
            )
        try:
            yield
        finally:
            path.unlink(missing_ok=True)
            file_lock.release(handle)

    def _finished(self, asked: TrainingLength, rows: int | None) -> bool:
        """Return whether the last checkpoint is the end of a training of this length over so many rows."""
        about = self._last()
        return about is not None and bool(about["run"]["done"]) and _is_of(about["run"], asked, rows)

    def _other(self, asked: TrainingLength, rows: int | None) -> str | None:
        """Return what the last checkpoint is of, unless that is a training of this length over so many rows."""
        about = self._last()
        if about is None or _is_of(run := about["run"], asked, rows):
            return None
        there, here = (f"{_in_words(length)} over {n} rows" for length, n in ((run["asked"], run["rows"]), (asked, rows)))
        return f"step {about['step']:,} of another training ({there}, not {here})"

    def _last(self) -> dict[str, Any] | None:
        """Return what the last checkpoint says of itself."""
        last = None if self.model_dir is None else checkpoints.latest(self.model_dir)
        return None if last is None else checkpoints.read(last)[1]

    # As a folder ------------------------------------------------------------------------------------------------------

    @explain_arguments
    def save(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the model as one folder: its spec (model.json), what training found (card.json), the weights and the plan.

        featurecols.models.load(path) gives it back, ready to predict, evaluate, or train on. The folder is made where it is
        not there. An empty one is filled, and one that holds an equal model is written again; anything else is replaced
        only with `overwrite`.

        Returns:
            The path.

        Raises:
            OutputError: where something is there already, nothing can be written, or the path is a URL.
        """
        folder = require_local(path)
        variables, about = self._open(), self._about()
        found = {"head": about["head"], "metrics": self.metrics, "data": self.data, "rows": about["rows"]}
        export.write(folder, self.spec(), found, variables, self._plan, self.fingerprint, overwrite=overwrite)
        return folder

    export = save

    @explain_arguments
    def export_saved_model(self, path: str | Path, *, overwrite: bool = False) -> Path:
        """Write the model as `save` does, under the name that tf.estimator has for it."""
        return self.save(path, overwrite=overwrite)

    def spec(self) -> dict[str, Any]:
        """Return what makes an equal model that is not trained, as JSON data for model_from_json.

        What belongs to a run is not in it: it is given beside it, model_from_json(spec, seed=...), or added. `arguments` has
        the seed.
        """
        columns, arguments = {column.name: column.to_dict() for column in self.columns}, self._own_arguments()
        towers = {tower: arguments.pop(tower) for tower in ("linear", "dnn") if tower in arguments}
        spec: dict[str, Any] = {"model": self._kind}
        spec |= {tower: [columns[name] for name in names] for tower, names in towers.items() if names}
        if not towers:
            spec["columns"] = [*columns.values()]
        spec |= arguments
        if self.label:
            spec["label"] = self.label[0] if len(self.label) == 1 else list(self.label)
        weight = self._weight_field()
        return spec if weight is None else {**spec, "weight": weight}

    @property
    def fingerprint(self) -> str:
        """32 hex digits of all that predictions depend on: plan, model, weights (the code of a model_fn left out)."""
        variables = self._open()
        return export.fingerprint({**self._about(), "arguments": self._own_arguments()}, variables, self._plan)

    def _own_arguments(self) -> dict[str, Any]:
        """Return what makes an equal model of the same columns, as JSON data; a model_fn is code, and no folder holds code."""
        return {}

    def arguments(self) -> dict[str, Any]:
        """Return the values of arguments, those that were chosen included, as JSON data.

        All but "train" are of the class, which takes optimizers and losses as this JSON too; "train" has those of the last
        call of train, with the steps until the weights that were kept. An equal model that is made of these and trained so on
        the same rows has the same bits.
        """
        trained = self.data.get("arguments")
        return {**self._own_arguments(), **({} if trained is None else {"train": dict(trained)})}

    # tf.estimator's names ---------------------------------------------------------------------------------------------

    def latest_checkpoint(self) -> str | None:
        """Return the path of the last checkpoint, or None."""
        last = None if self.model_dir is None else checkpoints.latest(self.model_dir)
        return None if last is None else str(last)

    def get_variable_names(self) -> list[str]:
        """Return the names of all parameters and moving averages."""
        variables = self._open()
        return [*variables.values, *variables.states]

    def get_variable_value(self, name: str) -> Numbers:
        """Return a copy of one of them."""
        variables = self._open()
        everything = {**variables.values, **variables.states}
        if name not in everything:
            raise errors.unknown(type(self).__name__, "variable", name, everything)
        return everything[name].copy()

    def _open(self) -> Variables:
        """Return the variables of a model that is ready to predict."""
        self._ready(None)
        return self._variables()


def declared_as_json(columns: Iterable[Column]) -> dict[str, Any]:
    """Return columns as JSON data by name."""
    return {column.name: json.loads(json.dumps(encode(column, canonical=True))) for column in columns}


def trained_on(call: Call, run: Run) -> TrainedOn:
    """Return what a call trains on, and with which arguments."""
    stream = call.stream
    files = [Path(p).name for p in stream.pipeline.data.paths]
    length = {n: v for n, v in zip(("epochs", "steps", "max_steps"), call.asked, strict=True) if v is not None}
    given = {"batch_size": stream.batch_size, **length, **({} if call.share is None else {"validation_share": call.share})}
    moved = {} if run.bias_offset is None else {"calibrate": True}
    arguments = {**(run.same_call or given), **moved}
    found: TrainedOn = {"rows": stream.rows, "files": files, "fingerprint": stream.digest, "arguments": arguments}
    if run.automatic:
        found["automatic"] = run.automatic | ({} if run.bias_offset is None else {"bias_offset": run.bias_offset})
    return found


def _is_of(run: Mapping[str, Any], asked: TrainingLength, rows: int | None) -> bool:
    """Return whether a run is one of this length over so many rows."""
    return run["asked"] == list(asked) and run["rows"] == rows


def _in_words(asked: Iterable[int | None]) -> str:
    """Return how long a training is, as "20 epochs"."""
    names = ("epochs", "steps", "steps in all")
    return ", ".join(f"{n} {what}" for n, what in zip(asked, names, strict=True) if n)
