"""Predictions as files: Parquet or CSV in, kept columns and predictions out, there when all is complete."""

from __future__ import annotations

import json
import math
import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

import numpy as np
import pyarrow as pa

from featurecols._core.arrays import Array
from featurecols._core.progress import Progress
from featurecols._core.suggestions import explain_arguments
from featurecols._core.version import __version__
from featurecols.jobs.bad_rows import MaxErrors
from featurecols.jobs.batch_transform import BatchTransform, Columns, Rows
from featurecols.jobs.inputs import BLOCK_BYTES, Paths
from featurecols.jobs.output_columns import fixed_size_lists
from featurecols.models import errors
from featurecols.models.input.pipeline import needs_of
from featurecols.models.trained_plan import PlanOwner

if TYPE_CHECKING:
    from featurecols.jobs.job_result import JobResult

BATCH = 4096  # rows that a model sees at once, the same as in predict(data)
MAX_BATCHES = 16  # batches in one row group


class FilePredictor(PlanOwner, ABC):
    """A model that predicts the rows of files.

    `label` are the fields that it was trained to predict.
    """

    label: tuple[str, ...]

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """32 hex digits of all that predictions depend on."""

    @abstractmethod
    def _open_for_files(self) -> None:
        """Be ready to predict; raise ModelError where that is not possible."""

    @abstractmethod
    def _file_classes(self) -> Array | None:
        """Return the classes of a classifier; None where a row is not of one class."""

    @abstractmethod
    def _file_columns(self, data: Rows, classes: Array | None) -> Columns:
        """Return what a file holds of rows: `class_columns` or `number_columns` of predictions."""

    @explain_arguments
    def predict_files(
        self,
        source: Paths,
        target: str | os.PathLike[str],
        *,
        keep: str | Sequence[str] = (),
        progress: Progress | bool | None = None,
        overwrite: bool = False,
        on_error: str = "fail",
        max_errors: MaxErrors = None,
        resume: bool = False,
        new_only: bool = False,
        partition_by: str | Sequence[str] = (),
        rows_per_file: int | None = None,
    ) -> JobResult:
        """Predict the rows of Parquet or CSV files, in bounded memory, into Parquet files of the same names.

        The target appears when everything is complete, a run that was killed continues, and errors come before anything is
        written, as in plan.transform_files. Each file holds what model.predict(file) says, to the bit, however it is cut
        into row groups.

        Args:
            source: a Parquet or CSV file, a folder (with folders inside), a glob, a URL of these, or a list of them; it needs
                no labels.
            target: a folder; or a `.parquet` or `.arrow` file when the source is one file; or a URL of these in an object
                store; or a table, delta:PLACE or iceberg:CATALOG/NAMESPACE.TABLE, to which the rows are added.
            keep: columns of the source, one name or several, that go through as they are, first in the output.
            progress: True for a progress bar, or a function that is called with (rows done, rows in all or None) after every
                block.
            overwrite: replace an existing target, in one rename, once the new one is complete.
            on_error, max_errors: what happens to rows with a value that the columns refuse, or without a finite prediction, and
                how many there may be, as in plan.transform_files: "fail", "null" or "quarantine".
            resume, new_only: which files are done, as in plan.transform_files.
            partition_by, rows_per_file: how the output is divided into files, as in plan.transform_files.

        Returns:
            JobResult: counts and seconds. Of a classifier the files hold `class`, in the label's own type, and
            `probability_<class>` of each class, or of two classes of the second, float32; of several labels
            `probability_<label>` of each; of a regressor `prediction`, or `prediction_<label>` for several numbers. The schema
            metadata holds `featurecols`: the model's fingerprint, the plan's, kind, label, classes and version, as JSON.

        Raises:
            OutputError: the target exists, is being written by another run, or cannot be written; a kept name is taken.
            DataError: the source is not there or cannot be read, or its data does not fit the columns.
            ModelError: the model reads no tables, or its columns still learn.

        >>> import tempfile, featurecols as fc, pyarrow.parquet as pq
        >>> from pathlib import Path
        >>> table = fc.datasets.flights(["origin", "distance"])
        >>> model = fc.models.LinearRegressor([fc.Vocabulary("origin", ["EWR", "JFK", "LGA"])]).train(table, label="distance")
        >>> target = Path(tempfile.mkdtemp()) / "distances.parquet"
        >>> done = model.predict_files(fc.datasets.flights_path(), target, keep=["flight"])
        >>> done.rows, pq.read_schema(target).names
        (60000, ['flight', 'prediction'])
        """
        from featurecols.jobs import job  # loads pyarrow.parquet, which models in memory do without

        transform = Predict(self)
        rows = transform.rows
        return job.run(
            transform,
            source,
            target,
            keep=keep,
            progress=progress,
            overwrite=overwrite,
            row_group_rows=rows,
            on_error=on_error,
            max_errors=max_errors,
            resume=resume,
            new_only=new_only,
            partition_by=partition_by,
            rows_per_file=rows_per_file,
        )


@explain_arguments
def predict_parquet(
    model: FilePredictor,
    source: Paths,
    target: str | os.PathLike[str],
    *,
    keep: str | Sequence[str] = (),
    progress: Progress | bool | None = None,
    overwrite: bool = False,
    on_error: str = "fail",
    max_errors: MaxErrors = None,
    resume: bool = False,
    new_only: bool = False,
    partition_by: str | Sequence[str] = (),
    rows_per_file: int | None = None,
) -> JobResult:
    """Return model.predict_files(source, target, ...); an alias, as fc.transform_parquet is."""
    if not isinstance(model, FilePredictor):
        raise errors.model("predict_parquet", "needs a model first", model, "train one, or give fc.models.load(folder)")
    return model.predict_files(
        source,
        target,
        keep=keep,
        progress=progress,
        overwrite=overwrite,
        on_error=on_error,
        max_errors=max_errors,
        resume=resume,
        new_only=new_only,
        partition_by=partition_by,
        rows_per_file=rows_per_file,
    )


class Predict(BatchTransform):
    """The predictions of a model, as columns."""

    subject: ClassVar[str] = "predict_files"
    alternative: ClassVar[str] = "model.predict(data)"

    def __init__(self, model: FilePredictor) -> None:
        model._open_for_files()
        plan = model._plan
        if plan is None:
            hint = "train it; a Sequential over arrays has predict(x) alone"
            raise errors.model(self.subject, "the model reads no tables", model, hint)
        self.model, self.plan, self._fingerprint = model, plan, model.fingerprint
        self.classes = model._file_classes()
        self.needs = needs_of(plan)
        self.row_bytes = 4 * sum(slot.width or 4 for slot in plan.encoded_slots)
        self.rows = BATCH * min(MAX_BATCHES, max(1, BLOCK_BYTES // (BATCH * max(1, self.row_bytes))))

    def columns(self, data: Rows) -> Columns:
        return self.model._file_columns(data, self.classes)

    @property
    def fingerprint(self) -> str:
        return self._fingerprint

    def dependencies(self) -> dict[str, str]:
        return {"model": self._fingerprint}

    def metadata(self) -> dict[bytes, bytes]:
        about = {
            "fingerprint": self._fingerprint,
            "plan": self.plan.fingerprint,
            "version": __version__,
            "kind": type(self.model).__name__,
            "label": list(self.model.label),
            **({} if self.classes is None else {"classes": self.classes.tolist()}),
        }
        return {b"featurecols": json.dumps(about).encode()}


def class_columns(classes: Array, ids: Array, probabilities: Array) -> Columns:
    """Return the class in its own type, and the probability of each class; of two classes, that of the second."""
    made: Columns = [("class", pa.array(classes.tolist()).take(pa.array(ids)))]
    columns = [
        (f"probability_{name}", pa.array(p)) for name, p in zip(classes, np.ascontiguousarray(probabilities.T), strict=True)
    ]
    return [*made, *(columns[1:] if len(columns) == 2 else columns)]


def label_columns(names: Array, probabilities: Array) -> Columns:
    """Return the probability of each of several labels [n, labels]."""
    columns = np.ascontiguousarray(probabilities.T)
    return [(f"probability_{name}", pa.array(column)) for name, column in zip(names, columns, strict=True)]


def number_columns(found: Array, label: Sequence[str]) -> Columns:
    """Return `prediction`, or `prediction_<label>` of several numbers [n, k]."""
    found = found.reshape(len(found), -1) if len(found) else found.reshape(0, found.shape[1] if found.ndim == 2 else 1)
    columns = [pa.array(column) for column in np.ascontiguousarray(found.T)]
    if len(columns) == 1:
        return [("prediction", columns[0])]
    names = label if len(label) == len(columns) else range(len(columns))
    return [(f"prediction_{name}", column) for name, column in zip(names, columns, strict=True)]


def any_column(found: Array) -> pa.Array:
    """Return one value a row as it is, more as a list of a fixed size."""
    rows = found.reshape(len(found), math.prod(found.shape[1:]))
    return pa.array(np.ascontiguousarray(rows[:, 0])) if rows.shape[1] == 1 else fixed_size_lists(rows)
