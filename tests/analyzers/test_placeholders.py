import pytest

from featurecols._core.spec import decode
from featurecols.analyzers.moments import MeanValue
from featurecols.analyzers.placeholders import Mean, Median, Quantiles, TopTerms
from featurecols.analyzers.quantiles import Boundaries, MedianValue
from featurecols.analyzers.top_terms import TermCounts
from featurecols.errors import ColumnError


@pytest.mark.parametrize(
    ("marker", "source", "gives", "analyzer"),
    [
        (TopTerms(5, min_count=2), "TopTerms(5, min_count=2)", "terms", TermCounts(5, 2)),
        (TopTerms(None), "TopTerms(None)", "terms", TermCounts(None, 1)),
        (Quantiles(4), "Quantiles(4)", "boundaries", Boundaries("float32", n=4)),
        (Mean(), "Mean()", "value", MeanValue("float32")),
        (Median(), "Median()", "value", MedianValue("float32")),
    ],
)
def test_a_marker_is_a_value(marker, source, gives, analyzer):
    assert repr(marker) == source
    assert decode(marker.to_json()) == marker
    assert marker.gives == gives
    assert marker.analyzer("float32") == analyzer
    assert decode(analyzer.to_json()) == analyzer


@pytest.mark.parametrize("n", [0, -1, 2.0, True, "10", 2**31])
def test_top_terms_needs_a_positive_integer(n):
    with pytest.raises(ColumnError, match="TopTerms: n must be a positive integer, got"):
        TopTerms(n)


@pytest.mark.parametrize("min_count", [0, 1.5, None])
def test_top_terms_needs_a_positive_min_count(min_count):
    with pytest.raises(ColumnError, match="TopTerms: min_count must be a positive integer, got"):
        TopTerms(3, min_count=min_count)


@pytest.mark.parametrize("n", [1, 0, 10.0, False, None, 1_000_001])
def test_quantiles_need_two_buckets_or_more(n):
    with pytest.raises(ColumnError, match="Quantiles: n must be an integer from 2 to 1,000,000, got"):
        Quantiles(n)


@pytest.mark.parametrize("make", [MeanValue, MedianValue, lambda d: Boundaries(d, n=2)])
def test_analyzers_know_two_dtypes(make):
    with pytest.raises(ColumnError, match="dtype must be float64 or float32, got 'float16'"):
        make("float16")
