"""Error classes: TensorFlow's names, one base, and no ValueError among those of kernels."""

from __future__ import annotations

import pytest

import featurecols
from featurecols import feature_column as fc
from featurecols.feature_column import errors

KERNEL = ["DataLossError", "FailedPreconditionError", "InvalidArgumentError", "NotFoundError", "UnimplementedError"]


@pytest.mark.parametrize("name", KERNEL)
def test_kernel_errors_are_importable_and_no_value_errors(name: str) -> None:
    cls = getattr(fc, name)
    assert issubclass(cls, fc.OpError)
    assert issubclass(cls, featurecols.FeatureColumnsError)
    assert not issubclass(cls, ValueError)


def test_python_errors_are_the_ones_of_tensorflow_and_the_base() -> None:
    made = {
        errors.wrong_type("w", "x", 1, "y"): TypeError,
        errors.no_attribute("w", "x", 1, "y"): AttributeError,
        errors.no_shape("w"): AssertionError,
        errors.no_columns("w"): IndexError,
        errors.overflow("w", "x", 1): OverflowError,
        errors.not_implemented("w", "x", 1, "y"): NotImplementedError,
        errors.argument("w", "x", 1, "y"): ValueError,
        errors.bad_input("w", "k", "x", 1, "y"): ValueError,
        errors.unpaired("w", 2, 3): ValueError,
        errors.misfit("w", "x", 1, "y"): fc.InvalidArgumentError,
    }
    for error, cls in made.items():
        assert isinstance(error, cls)
        assert isinstance(error, featurecols.FeatureColumnsError)


def test_messages_say_who_what_got_and_what_to_do() -> None:
    with pytest.raises(ValueError, match=r"identity day: num_buckets must be at least 1, got 0; count the ids"):
        fc.categorical_column_with_identity("day", 0)
    with pytest.raises(ValueError, match=r"day: needs integers in field 'day', got 'float32'; hash or look up"):
        fc.sparse_tensors(fc.categorical_column_with_identity("day", 7), {"day": [1.5]})
    with pytest.raises(ValueError, match=r"feature is not in the features dict .*'day'; the dict has 'days', 'x'"):
        fc.sparse_tensors(fc.categorical_column_with_identity("day", 7), {"days": [1], "x": [2]})
