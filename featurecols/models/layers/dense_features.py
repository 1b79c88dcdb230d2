"""DenseFeatures: columns as the first layer of a model."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from featurecols._core.spec import Converted, frozen
from featurecols.columns.base import Column
from featurecols.models.autodiff.variables import Scope
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
    """

    columns: Converted[Iterable[AnyColumn], tuple[Column, ...]]

    def __post_init__(self) -> None:
        if isinstance(self.columns, (list, tuple)):
            object.__setattr__(self, "columns", tuple(translate_all(self.columns)))
        super().__post_init__()

    def check(self) -> None:
        super().check()
        Graph(self.columns)

    def forward(self, scope: Scope, x: Examples) -> Any:
        return Inputs().forward(scope, x)
