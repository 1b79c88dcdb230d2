"""DenseFeatures: columns as the first layer of a model."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import field
from typing import Any

from featurecols._core.spec import Converted, frozen
from featurecols.columns.base import Column
from featurecols.models.autodiff.variables import Scope
from featurecols.models.estimators.column_scaling import Normalize, check_normalize
from featurecols.models.estimators.tf_columns import AnyColumn, translate_all
from featurecols.models.input.examples import Examples
from featurecols.models.layers.base import Layer
from featurecols.models.layers.inputs import Inputs
from featurecols.plan.graph import Graph


@frozen
class DenseFeatures(Layer):
    """Columns as the first layer: rows of a table in; numbers, embeddings and one-hots out.

    Columns that learn do so in `fit`, from its data. Embedding tables start as the plan's and train.

    Args:
        columns: numbers, indicators and embeddings, of the language or of the TensorFlow dialect.
        normalize: "auto" for numbers without a normalizer to get a ZScore that is learned in `fit`; False to read them as they
            are, as columns of the TensorFlow dialect are, and all that are listed with one.
    """

    columns: Converted[Iterable[AnyColumn], tuple[Column, ...]]
    normalize: Normalize = field(default="auto", kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.columns, (list, tuple)):
            if not all(isinstance(column, Column) for column in self.columns):
                object.__setattr__(self, "normalize", check_normalize("DenseFeatures", self.normalize) and False)
            object.__setattr__(self, "columns", tuple(translate_all(self.columns)))
        super().__post_init__()

    def check(self) -> None:
        super().check()
        check_normalize("DenseFeatures", self.normalize)
        object.__setattr__(self, "columns", Graph(self.columns).columns)

    def _scaled_columns(self) -> tuple[Column, ...]:
        """Return the columns as they are fitted: numbers without a normalizer with one, unless they are to stay."""
        return tuple(column.with_default_normalizer() for column in self.columns) if self.normalize else self.columns

    def forward(self, scope: Scope, x: Examples) -> Any:
        return Inputs().forward(scope, x)
