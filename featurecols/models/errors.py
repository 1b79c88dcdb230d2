"""Every error of the models: one kind per remedy, every message built here, in the form of `featurecols.errors`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from featurecols.errors import DataError, FeatureColumnsError, OutputError, argument, bad_value, output, show
from featurecols.errors import warn as _warn

__all__ = ["CheckpointError", "DataError", "ModelError", "TrainingWarning", "argument", "bad_value", "show"]


class ModelError(FeatureColumnsError, ValueError):
    """A model is put together or called in a way that cannot work: change the model."""


class CheckpointError(FeatureColumnsError, ValueError):
    """A checkpoint or an exported model is damaged, or belongs to another model."""


class MissingCheckpointError(CheckpointError, FileNotFoundError):
    """A checkpoint, or the folder of a model, is not there."""


class TrainingWarning(UserWarning):
    """A training did nothing, or cannot have learned what it was asked to."""


def warn(subject: str, problem: str, hint: str) -> None:
    """Tell the caller of the package's function about something that is not an error."""
    _warn(TrainingWarning(f"{subject}: {problem}; {hint}"))


def model(subject: str, problem: str, got: object, hint: str) -> ModelError:
    return ModelError(f"{subject}: {problem}, got {show(got)}; {hint}")


def no_scope(subject: str) -> ModelError:
    return ModelError(
        f"{subject}: called outside a model, so it has no parameters; call it inside `with variables.scope(training=True):`, "
        "in a model_fn, or put it into a Sequential"
    )


def shape_changed(name: str, have: Sequence[int], want: Sequence[int]) -> ModelError:
    return ModelError(
        f"{name}: the parameter has shape {tuple(have)}, and this call needs {tuple(want)}; "
        "give layers of different shapes different names, and the model the input it was built with"
    )


def unknown(subject: str, problem: str, got: object, known: Iterable[str]) -> ModelError:
    return ModelError(f"{subject}: unknown {problem} {show(got)}; known are {', '.join(known)}")


def labels(subject: str, problem: str, got: object, row: int | None, hint: str) -> DataError:
    return DataError(subject, problem, row=row, got=show(got), hint=hint)


def checkpoint(where: object, problem: str, hint: str, *, missing: bool = False) -> CheckpointError:
    return (MissingCheckpointError if missing else CheckpointError)(f"{where}: {problem}; {hint}")


def not_finite(loss: float, where: str, fault: str, hint: str) -> ModelError:
    return ModelError(f"train: the loss is {loss} {where}: {fault}; {hint}")


def other_model(where: object, difference: str) -> CheckpointError:
    return CheckpointError(f"{where}: {difference}; give the same arguments, or another model_dir")


def other_training(where: object, difference: str) -> CheckpointError:
    hint = "give the same arguments, or another model_dir (warm_start_from= takes the weights over)"
    return CheckpointError(f"{where}: {difference}; {hint}")


def other_columns(where: object, difference: str) -> CheckpointError:
    return CheckpointError(f"{where}: was trained on other columns: {difference}; give the same columns, or another model_dir")


def missing(subject: str, library: str, package: str) -> ModelError:
    return ModelError(f'{subject}: {library} is not installed; pip install "{package}"')


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Make an OSError inside the block, such as a full disk, an OutputError that names the path."""
    try:
        yield
    except OutputError:
        raise
    except OSError as error:
        hint = "free space, or choose another path"
        raise output(path, f"cannot be written ({error.strerror or error})", hint) from error
