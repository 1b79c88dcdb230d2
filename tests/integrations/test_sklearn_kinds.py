"""Every kind of column in FeatureColumns against its plan: the same bits, dense and sparse."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

import featurecols as fc
from featurecols.integrations.sklearn import FeatureColumns
from tests.integrations import cases


@pytest.mark.parametrize("name", cases.names())
def test_the_features_of_a_plan(name: str) -> None:
    case = cases.case(name)
    sparse = FeatureColumns(case.encoder, output="sparse").fit(case.data)
    want = case.encoder.encode(case.data).to_scipy()
    got = sparse.transform(case.data)
    assert (got != want).nnz == 0 or np.isnan(want.data).any()
    np.testing.assert_array_equal(got.data, want.data)
    if want.shape[1] < 100_000:
        assert sparse.get_feature_names_out().tolist() == list(case.encoder.encoded_feature_names)
    if case.plan is None:
        with pytest.raises(fc.PlanError, match=r'gives ids, not features.*output="sparse"'):
            FeatureColumns(case.encoder).fit(case.data)
        return
    dense = pickle.loads(pickle.dumps(FeatureColumns(case.plan).fit(case.data)))
    np.testing.assert_array_equal(dense.transform(case.data).view(np.int32), case.plan.transform(case.data).view(np.int32))
    assert dense.get_feature_names_out().tolist() == list(case.plan.feature_names)


@pytest.mark.parametrize("name", [name for name in cases.names() if name in cases.MADE])
def test_columns_that_learn_in_fit(name: str) -> None:
    case = cases.case(name)
    fitted = FeatureColumns(list(case.columns)).fit(case.data)
    assert fitted.plan_.with_tables(case.encoder.tables) == case.encoder
