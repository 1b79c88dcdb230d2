"""Normalizers, by family."""

from featurecols.columns.normalizers.base import Normalizer as Normalizer
from featurecols.columns.normalizers.linear import Clip as Clip
from featurecols.columns.normalizers.linear import MinMax as MinMax
from featurecols.columns.normalizers.linear import Robust as Robust
from featurecols.columns.normalizers.linear import ZScore as ZScore
from featurecols.columns.normalizers.powers import Log1p as Log1p
from featurecols.columns.normalizers.powers import Log1pV1 as Log1pV1
from featurecols.columns.normalizers.powers import Power as Power
from featurecols.columns.normalizers.powers import SignedLog1p as SignedLog1p
from featurecols.columns.normalizers.ranks import RankGauss as RankGauss
