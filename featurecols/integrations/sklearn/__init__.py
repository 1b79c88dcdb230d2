"""Columns and models as transformers and estimators of scikit-learn, and its preprocessing as columns.

Needs scikit-learn 1.6 or newer: pip install "featurecols[sklearn]".
"""

try:
    import sklearn as _sklearn  # noqa: F401
except ImportError as error:
    raise ImportError('featurecols.integrations.sklearn needs scikit-learn: pip install "featurecols[sklearn]"') from error

from featurecols.integrations.sklearn.feature_columns import FeatureColumns
from featurecols.integrations.sklearn.from_sklearn import from_sklearn
from featurecols.integrations.sklearn.models import (
    DNNClassifier,
    DNNRegressor,
    LinearClassifier,
    LinearRegressor,
    WideDeepClassifier,
    WideDeepRegressor,
)

__all__ = [
    "DNNClassifier",
    "DNNRegressor",
    "FeatureColumns",
    "LinearClassifier",
    "LinearRegressor",
    "WideDeepClassifier",
    "WideDeepRegressor",
    "from_sklearn",
]
