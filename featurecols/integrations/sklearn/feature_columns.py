"""FeatureColumns: columns as a transformer of scikit-learn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from featurecols import errors
from featurecols._core.arrays import Array
from featurecols.columns.base import Column
from featurecols.data.batch import Source
from featurecols.data.sources import as_source
from featurecols.integrations.sklearn.default_columns import default_columns
from featurecols.integrations.sklearn.nested_parameters import ColumnParameters
from featurecols.integrations.sklearn.tables import Rows, as_rows, as_table, with_label
from featurecols.plan.fit import fit
from featurecols.plan.partial_fit import PartialFit
from featurecols.plan.plan import Plan

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

OUTPUTS = ("dense", "sparse")


class FeatureColumns(ColumnParameters, TransformerMixin, BaseEstimator):
    """Columns as a transformer: what featurecols.fit and plan.transform do, in a Pipeline, a search or a ColumnTransformer.

    Args:
        columns: declared columns; None for every field, numbers with a ZScore (missing ones are the mean) and texts as
            indicators of their 100 most frequent terms; or a Plan, which is used as it is. Fields of an array are x0, x1, ...
        output: "dense" gives float32 [n, width]; "sparse" a csr_matrix with the ids of categorical columns one-hot, numbers
            first, as plan.encode(X).to_scipy() does: bare categorical columns are welcome, and an Embedding is its ids.

    Each column and its arguments are parameters by the column's name, such as `age__normalizer`: see set_params.

    Attributes:
        plan_: the fitted plan, with `explain`, `check`, `save`, ...
        n_features_in_: the fields of X. feature_names_in_: their names, where all have one.

    >>> import pandas as pd, featurecols as fc
    >>> people = pd.DataFrame({"age": [39, 50, 28], "job": ["nurse", "pilot", "nurse"]})
    >>> columns = [fc.Numeric("age", normalizer=fc.MinMax()), fc.Indicator(fc.Vocabulary("job", fc.TopTerms(2)))]
    >>> features = FeatureColumns(columns)
    >>> features.set_output(transform="pandas").fit_transform(people).round(2)
       age  job_indicator=nurse  job_indicator=pilot
    0  0.5                  1.0                  0.0
    1  1.0                  0.0                  1.0
    2  0.0                  1.0                  0.0
    """

    def __init__(self, columns: Sequence[Column] | Plan | None = None, *, output: Literal["dense", "sparse"] = "dense") -> None:
        self.columns = columns
        self.output = output

    def fit(self, X: Rows, y: object = None) -> Self:
        """Learn what the columns need from X [n, fields], a table or an array.

        y is read by columns that learn from a label (TargetMean), where X does not hold the field that they name.
        """
        self._fit(X, y)
        return self

    def fit_transform(self, X: Rows, y: object = None) -> Array | csr_matrix:
        """Learn from X and return its features as training rows: those of `plan_.transform_training`.

        They are what fit and transform give one after the other, but for columns that learned from a label (TargetMean), which
        leave out what the fold of a row taught.
        """
        source = self._fit(X, y)
        if self.output == "dense":
            return self.plan_.transform_training(source)
        return self.plan_.encode_training(source).to_scipy()

    def partial_fit(self, X: Rows, y: object = None) -> Self:
        """Learn from X beside what was learned from earlier calls: the plan is that of all rows in one `fit`.

        After `fit`, which keeps no counts, it begins anew and warns of it.

        Raises:
            PlanError: for columns that need several passes over the data.
            DataError: for rows that cannot be read, which leaves what was learned as it was.
        """
        self._check_output()
        learner = getattr(self, "_learner", None)
        source = self._labelled(X, y, reset=learner is None)
        if learner is None:
            if hasattr(self, "plan_"):
                errors.warn("partial_fit: begins anew, since fit kept no counts of the rows it saw; call partial_fit alone")
            learner = PartialFit(declared(self.columns, source))
        learner.update(source)
        self._learner, self.plan_ = learner, self._checked(learner.plan())
        return self

    def transform(self, X: Rows) -> Array | csr_matrix:
        """Return the features of X: float32 [n, width], dense or sparse as `output` says.

        Raises:
            DataError: for values that the columns refuse, with field and row.
        """
        check_is_fitted(self)
        return self._features(as_rows(self, X, reset=False))

    def get_feature_names_out(self, input_features: Sequence[str] | None = None) -> Array:
        """Return the names of the features, object [width]; input_features must be the names of X where they are given."""
        check_is_fitted(self)
        _check_feature_names_in(self, input_features)
        names = self.plan_.feature_names if self.output == "dense" else self.plan_.encoded_feature_names
        return np.array(names, dtype=object)

    def _labelled(self, X: Rows, y: object, *, reset: bool) -> Source:
        """Return rows to learn from."""
        return as_source(with_label(as_table(self, X, reset=reset), self.columns, y))

    def _fit(self, X: Rows, y: object) -> Source:
        self._check_output()
        source = self._labelled(X, y, reset=True)
        self.plan_, self._learner = self._checked(learn(self.columns, source)), None
        return source

    def _features(self, source: Source) -> Array | csr_matrix:
        if self.output == "dense":
            return self.plan_.transform(source)
        return self.plan_.encode(source).to_scipy()

    def _checked(self, plan: Plan) -> Plan:
        """Return a plan that gives the output; raise PlanError where a column has no place in a matrix."""
        bare = [column.name for column in plan.columns if column.categorical]
        if bare and self.output == "dense":
            hint = 'wrap it in Indicator or Embedding, or give output="sparse"'
            raise errors.plan("FeatureColumns", "a categorical column gives ids, not features", bare[0], hint)
        return plan

    def _check_output(self) -> None:
        if self.output not in OUTPUTS:
            raise ValueError(f'FeatureColumns: output must be "dense" or "sparse", got {self.output!r}')

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = tags.input_tags.string = tags.input_tags.categorical = True
        tags.transformer_tags.preserves_dtype = []  # float32 whatever comes in
        return tags


def learn(columns: Sequence[Column] | Plan | None, source: Source) -> Plan:
    """Return the plan of columns over rows; a Plan is one already, and None is a column for every field."""
    if isinstance(columns, Plan):
        return columns
    return fit(declared(columns, source), source)


def declared(columns: Sequence[Column] | Plan | None, source: Source) -> Sequence[Column]:
    """Return the columns to learn: those of a Plan anew, and one for every field where none are given."""
    if isinstance(columns, Plan):
        return columns.columns
    return default_columns(source) if columns is None else columns
