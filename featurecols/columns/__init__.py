"""Columns, one file per kind; importing this registers them all."""

from featurecols.columns.arithmetic import Difference as Difference
from featurecols.columns.arithmetic import Product as Product
from featurecols.columns.arithmetic import Ratio as Ratio
from featurecols.columns.base import Column as Column
from featurecols.columns.base import Field as Field
from featurecols.columns.bucketized import Bucketized as Bucketized
from featurecols.columns.crossed import Crossed as Crossed
from featurecols.columns.cyclic import Cyclic as Cyclic
from featurecols.columns.date_part import DatePart as DatePart
from featurecols.columns.elapsed import Elapsed as Elapsed
from featurecols.columns.elapsed import Timestamp as Timestamp
from featurecols.columns.embedding import Embedding as Embedding
from featurecols.columns.gram_fields import NGrams as NGrams
from featurecols.columns.gram_fields import Prefix as Prefix
from featurecols.columns.hashed import Hashed as Hashed
from featurecols.columns.identity import Identity as Identity
from featurecols.columns.indicator import Indicator as Indicator
from featurecols.columns.missing import Missing as Missing
from featurecols.columns.numeric import Numeric as Numeric
from featurecols.columns.piecewise import Piecewise as Piecewise
from featurecols.columns.sequence import Sequence as Sequence
from featurecols.columns.tfidf import Tfidf as Tfidf
from featurecols.columns.token_fields import Split as Split
from featurecols.columns.token_fields import Words as Words
from featurecols.columns.vocabulary import Vocabulary as Vocabulary
from featurecols.columns.weighted import Weighted as Weighted
