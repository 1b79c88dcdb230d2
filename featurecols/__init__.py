"""featurecols: feature columns for everyone who works with tables and models.

A column is a value that says what to learn and how to write. A plan is columns plus what was learned. A transform
lets every column write its own slice of one matrix.
"""

from typing import TYPE_CHECKING

from featurecols import lazy as _lazy
from featurecols.version import __version__ as __version__

if TYPE_CHECKING:
    from featurecols import datasets as datasets
    from featurecols import feature_column as feature_column
    from featurecols import models as models
    from featurecols.analyzers.markers import Mean as Mean
    from featurecols.analyzers.markers import Median as Median
    from featurecols.analyzers.markers import Quantiles as Quantiles
    from featurecols.analyzers.markers import TopTerms as TopTerms
    from featurecols.columns import Bucketized as Bucketized
    from featurecols.columns import Column as Column
    from featurecols.columns import Crossed as Crossed
    from featurecols.columns import Embedding as Embedding
    from featurecols.columns import Field as Field
    from featurecols.columns import Hashed as Hashed
    from featurecols.columns import Identity as Identity
    from featurecols.columns import Indicator as Indicator
    from featurecols.columns import Numeric as Numeric
    from featurecols.columns import Sequence as Sequence
    from featurecols.columns import Vocabulary as Vocabulary
    from featurecols.columns import Weighted as Weighted
    from featurecols.declare import columns_from_json as columns_from_json
    from featurecols.declare import columns_to_json as columns_to_json
    from featurecols.errors import ColumnError as ColumnError
    from featurecols.errors import DataError as DataError
    from featurecols.errors import FeatureColumnsError as FeatureColumnsError
    from featurecols.errors import OutputError as OutputError
    from featurecols.errors import PlanError as PlanError
    from featurecols.errors import SavedPlanError as SavedPlanError
    from featurecols.errors import SizeError as SizeError
    from featurecols.features import Features as Features
    from featurecols.features import Slot as Slot
    from featurecols.initializers import Constant as Constant
    from featurecols.initializers import TruncatedNormal as TruncatedNormal
    from featurecols.initializers import Uniform as Uniform
    from featurecols.initializers import Zeros as Zeros
    from featurecols.io.parquet import transform_parquet as transform_parquet
    from featurecols.learn import fit as fit
    from featurecols.normalizers import Clip as Clip
    from featurecols.normalizers import Log1p as Log1p
    from featurecols.normalizers import MinMax as MinMax
    from featurecols.normalizers import ZScore as ZScore
    from featurecols.plan import Plan as Plan
    from featurecols.plan import compile as compile
    from featurecols.plan import load as load
    from featurecols.values import Ids as Ids

__all__ = ["__version__", *_lazy.NAMES]
__getattr__ = _lazy.loader(__name__)


def __dir__() -> list[str]:
    return sorted(__all__)
