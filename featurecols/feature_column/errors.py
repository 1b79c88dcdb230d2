"""Errors of the dialect: the classes that TensorFlow raises, each also a FeatureColumnsError.

Where TensorFlow raises ValueError the dialect raises ColumnError or DataError, which are ValueErrors. The errors of
TensorFlow's kernels have classes of the same name here, and are not ValueErrors, as in TensorFlow.
"""

from __future__ import annotations

from pathlib import Path

from featurecols.errors import ColumnError, DataError, FeatureColumnsError, argument, show

__all__ = ["ColumnError", "DataError", "argument"]


class OpError(FeatureColumnsError):
    """Base of what TensorFlow's kernels raise (tf.errors.OpError)."""


class InvalidArgumentError(OpError):
    """A tensor does not fit the operation: wrong shape, an id outside its table, a blank vocabulary line."""


class MisfitError(InvalidArgumentError):
    """Values that do not fit the shape they are put into; a graph of TensorFlow 1 says ValueError instead."""


class FailedPreconditionError(OpError):
    """A table cannot be made as asked: a term occurs twice in a vocabulary file."""


class NotFoundError(OpError, FileNotFoundError):
    """A file is missing when it is first read."""


class DataLossError(OpError):
    """A file or a message is damaged."""


class UnimplementedError(OpError):
    """An operation that does not exist, such as casting strings to numbers."""


class UnpairedWeightsError(DataError):
    """Another number of weights than of ids; a graph of TensorFlow 1 notices some of them in its kernels only."""


class ArgumentTypeError(FeatureColumnsError, TypeError):
    """An argument of a type that cannot work, where TensorFlow raises TypeError."""


class ArgumentAttributeError(FeatureColumnsError, AttributeError):
    """An argument without the attributes that are needed, where TensorFlow raises AttributeError."""


class ArgumentAssertionError(FeatureColumnsError, AssertionError):
    """A shape of None, where TensorFlow asserts."""


class ArgumentIndexError(FeatureColumnsError, IndexError):
    """An empty list of columns, where TensorFlow takes the first."""


class ArgumentOverflowError(FeatureColumnsError, OverflowError):
    """An integer beyond 64 bits."""


class ArgumentNotImplementedError(FeatureColumnsError, NotImplementedError):
    """What TensorFlow does not implement, the dialect does not either."""


def text(subject: str, problem: str, got: object, hint: str) -> str:
    """Return a message in the package's form."""
    return f"{subject}: {problem}, got {show(got)}; {hint}"


def wrong_type(subject: str, problem: str, got: object, hint: str) -> ArgumentTypeError:
    """Return the error of an argument of a type that cannot work (TypeError)."""
    return ArgumentTypeError(text(subject, problem, got, hint))


def no_attribute(subject: str, problem: str, got: object, hint: str) -> ArgumentAttributeError:
    """Return the error of an argument without what is needed (AttributeError)."""
    return ArgumentAttributeError(text(subject, problem, got, hint))


def no_shape(subject: str) -> ArgumentAssertionError:
    """Return the error of a shape of None (AssertionError)."""
    return ArgumentAssertionError(text(subject, "shape must be given", None, "give () for a scalar, (n,) for a vector"))


def no_columns(subject: str) -> ArgumentIndexError:
    """Return the error of an empty list of columns (IndexError)."""
    return ArgumentIndexError(text(subject, "needs at least one categorical column", [], "give the columns that share a table"))


def overflow(subject: str, problem: str, got: object) -> ArgumentOverflowError:
    """Return the error of an integer beyond 64 bits (OverflowError)."""
    return ArgumentOverflowError(text(subject, problem, got, "use an integer that fits 64 bits"))


def not_implemented(subject: str, problem: str, got: object, hint: str) -> ArgumentNotImplementedError:
    """Return the error of what TensorFlow does not implement (NotImplementedError)."""
    return ArgumentNotImplementedError(text(subject, problem, got, hint))


def invalid(subject: str, problem: str, got: object, hint: str) -> InvalidArgumentError:
    """Return the error of a tensor that does not fit the operation."""
    return InvalidArgumentError(text(subject, problem, got, hint))


def misfit(subject: str, problem: str, got: object, hint: str) -> MisfitError:
    """Return the error of values that do not fit the shape they are put into."""
    return MisfitError(text(subject, problem, got, hint))


def unpaired(subject: str, ids: int, weights: int) -> UnpairedWeightsError:
    """Return the error of another number of weights than of ids."""
    hint = "a zero in dense weights does not count as a weight; feed sparse ones"
    return UnpairedWeightsError(subject, f"needs one weight for each of {ids} ids", got=show(weights), hint=hint)


def duplicate_term(subject: str, path: str, got: object) -> FailedPreconditionError:
    """Return the error of a term that a vocabulary has twice."""
    return FailedPreconditionError(text(subject, f"a term occurs twice in {show(path)}", got, "remove one of the lines"))


def no_file(subject: str, path: str) -> NotFoundError:
    """Return the error of a vocabulary file that is missing when it is first read."""
    return NotFoundError(
        text(subject, "vocabulary_file does not exist", Path(path), "write it before the column is first used")
    )


def no_cast(subject: str, got: object) -> UnimplementedError:
    """Return the error of strings where numbers are needed."""
    return UnimplementedError(text(subject, "strings cannot be cast to float32", got, "convert them to numbers first"))


def bad_input(subject: str, key: str, problem: str, got: object, hint: str) -> DataError:
    """Return the error of features that do not fit the column, where TensorFlow raises ValueError."""
    return DataError(subject, problem, field=key, got=show(got), hint=hint)


def damaged_records(path: str, cause: str) -> DataLossError:
    """Return the error of a TFRecord file that cannot be read."""
    return DataLossError(text("TFRecord file", f"cannot be read ({cause})", Path(path), "write the file again"))


def no_checkpoint(subject: str, path: str) -> NotFoundError:
    """Return the error of a checkpoint that is missing when a table is first made of it."""
    return NotFoundError(
        text(subject, "ckpt_to_load_from does not exist", Path(path), "name a model folder or a checkpoint in it")
    )


def too_few_records(subject: str, count: int, size: int) -> FailedPreconditionError:
    """Return the error of a TFRecord file with fewer terms than the column declares."""
    hint = "give a smaller vocabulary_size"
    return FailedPreconditionError(text(subject, f"the vocabulary file has {count} records", size, hint))
