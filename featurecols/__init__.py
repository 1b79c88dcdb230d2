"""Feature columns for tabular machine learning.

Columns declare how raw fields become features. `fit` learns statistics (vocabularies, quantiles, moments) and returns a
plan. The plan turns any table, file or single row into the same float32 matrix.
"""

from typing import TYPE_CHECKING

from featurecols._core import lazy_imports as _lazy
from featurecols._core.version import __version__ as __version__

if TYPE_CHECKING:
    from featurecols import datasets as datasets
    from featurecols import extend as extend
    from featurecols import feature_column as feature_column
    from featurecols import models as models
    from featurecols import tf as tf
    from featurecols._core.argument_defaults import configurable as configurable
    from featurecols._core.arrays import Features as Features
    from featurecols._core.arrays import Ids as Ids
    from featurecols._core.csr import SparseRows as SparseRows
    from featurecols._core.slots import DenseSlot as DenseSlot
    from featurecols._core.slots import IdSlot as IdSlot
    from featurecols._core.slots import Slot as Slot
    from featurecols.analyzers.placeholders import EqualWidth as EqualWidth
    from featurecols.analyzers.placeholders import Mean as Mean
    from featurecols.analyzers.placeholders import Median as Median
    from featurecols.analyzers.placeholders import Quantiles as Quantiles
    from featurecols.analyzers.placeholders import TopTerms as TopTerms
    from featurecols.columns import Bucketized as Bucketized
    from featurecols.columns import Column as Column
    from featurecols.columns import Count as Count
    from featurecols.columns import Crossed as Crossed
    from featurecols.columns import Cyclic as Cyclic
    from featurecols.columns import DatePart as DatePart
    from featurecols.columns import Difference as Difference
    from featurecols.columns import Elapsed as Elapsed
    from featurecols.columns import Embedding as Embedding
    from featurecols.columns import Field as Field
    from featurecols.columns import Hashed as Hashed
    from featurecols.columns import Identity as Identity
    from featurecols.columns import Indicator as Indicator
    from featurecols.columns import Missing as Missing
    from featurecols.columns import NGrams as NGrams
    from featurecols.columns import Numeric as Numeric
    from featurecols.columns import Piecewise as Piecewise
    from featurecols.columns import Prefix as Prefix
    from featurecols.columns import Product as Product
    from featurecols.columns import Ratio as Ratio
    from featurecols.columns import Sequence as Sequence
    from featurecols.columns import Split as Split
    from featurecols.columns import TargetMean as TargetMean
    from featurecols.columns import Tfidf as Tfidf
    from featurecols.columns import Timestamp as Timestamp
    from featurecols.columns import Vocabulary as Vocabulary
    from featurecols.columns import Weighted as Weighted
    from featurecols.columns import Words as Words
    from featurecols.columns.initializers import Constant as Constant
    from featurecols.columns.initializers import TruncatedNormal as TruncatedNormal
    from featurecols.columns.initializers import Uniform as Uniform
    from featurecols.columns.initializers import Zeros as Zeros
    from featurecols.columns.json import columns_from_json as columns_from_json
    from featurecols.columns.json import columns_to_json as columns_to_json
    from featurecols.columns.json import read_columns as read_columns
    from featurecols.columns.json import write_columns as write_columns
    from featurecols.columns.normalizers import Clip as Clip
    from featurecols.columns.normalizers import Log1p as Log1p
    from featurecols.columns.normalizers import MinMax as MinMax
    from featurecols.columns.normalizers import Power as Power
    from featurecols.columns.normalizers import RankGauss as RankGauss
    from featurecols.columns.normalizers import Robust as Robust
    from featurecols.columns.normalizers import SignedLog1p as SignedLog1p
    from featurecols.columns.normalizers import ZScore as ZScore
    from featurecols.data.csv_source import csv as csv
    from featurecols.data.field_types import FieldType as FieldType
    from featurecols.errors import ArgumentError as ArgumentError
    from featurecols.errors import ColumnError as ColumnError
    from featurecols.errors import CoverageWarning as CoverageWarning
    from featurecols.errors import DataError as DataError
    from featurecols.errors import FeatureColumnsError as FeatureColumnsError
    from featurecols.errors import OutputError as OutputError
    from featurecols.errors import PlanError as PlanError
    from featurecols.errors import SavedPlanError as SavedPlanError
    from featurecols.errors import SizeError as SizeError
    from featurecols.jobs.transform_parquet import transform_parquet as transform_parquet
    from featurecols.models.argument_defaults import defaults as defaults
    from featurecols.models.errors import CheckpointError as CheckpointError
    from featurecols.models.errors import ModelError as ModelError
    from featurecols.plan.collect import collect as collect
    from featurecols.plan.collect import finish as finish
    from featurecols.plan.collisions import Collisions as Collisions
    from featurecols.plan.collisions import collisions as collisions
    from featurecols.plan.compile import compile as compile
    from featurecols.plan.difference import PlanDifference as PlanDifference
    from featurecols.plan.difference import carry_tables as carry_tables
    from featurecols.plan.difference import diff as diff
    from featurecols.plan.drift import FieldDrift as FieldDrift
    from featurecols.plan.execution.request import Request as Request
    from featurecols.plan.fit import fit as fit
    from featurecols.plan.fit_state import FitState as FitState
    from featurecols.plan.fit_state import Partial as Partial
    from featurecols.plan.lint import lint as lint
    from featurecols.plan.load import load as load
    from featurecols.plan.plan import Plan as Plan
    from featurecols.plan.report import Report as Report
    from featurecols.plan.statistics import Statistics as Statistics
    from featurecols.plan.suggest import suggest as suggest
    from featurecols.plan.suggestions.suggestions import Suggestion as Suggestion
    from featurecols.plan.suggestions.suggestions import Suggestions as Suggestions

if not TYPE_CHECKING:  # checkers know the names above, and that there are no others
    __getattr__, __dir__ = _lazy.lazy_names(__name__)
