"""Layers: one small file each. A layer is a declared value; calling one in a scope gives a Value with its backward."""

from typing import TYPE_CHECKING

from featurecols._core.suggestions import module_names as _module_names
from featurecols.models.layers.activation import Activation as Activation
from featurecols.models.layers.base import Layer as Layer
from featurecols.models.layers.batch_norm import BatchNormalization as BatchNormalization
from featurecols.models.layers.dense import Dense as Dense
from featurecols.models.layers.dense_features import DenseFeatures as DenseFeatures
from featurecols.models.layers.dropout import Dropout as Dropout
from featurecols.models.layers.embedding_bag import EmbeddingBag as EmbeddingBag
from featurecols.models.layers.inputs import Inputs as Inputs
from featurecols.models.layers.linear import Linear as Linear
from featurecols.models.layers.regularizers import L1L2 as L1L2
from featurecols.models.layers.regularizers import penalty as penalty
from featurecols.models.layers.sparse_linear import SparseLinear as SparseLinear

__all__ = [
    "L1L2",
    "Activation",
    "BatchNormalization",
    "Dense",
    "DenseFeatures",
    "Dropout",
    "EmbeddingBag",
    "Inputs",
    "Layer",
    "Linear",
    "SparseLinear",
    "penalty",
]

if not TYPE_CHECKING:  # a wrong name is told with the right one; checkers report it themselves
    __getattr__, __dir__ = _module_names(__name__, __all__)
