"""to_keyed_jagged_tensor: literal answers, every kind, and what TorchRec's own embeddings make of it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torchrec.modules.embedding_configs import EmbeddingBagConfig, PoolingType
from torchrec.modules.embedding_modules import EmbeddingBagCollection

import featurecols as fc
from featurecols._core.slots import IdSlot
from featurecols.integrations.torch import as_tensors, to_keyed_jagged_tensor
from tests.integrations import cases


def test_keys_lengths_and_values_are_these() -> None:
    plan = fc.compile([fc.Numeric("x"), fc.Identity("i", 4, out_of_range="keep"), fc.Weighted(fc.Identity("j", 9), "w")])
    features = plan.encode({"x": [1.0, 2, 3], "i": [3, 4, -1], "j": [[5, None, 6], [], [7]], "w": [[0.5, 9, 2], [], [1]]})
    kjt = to_keyed_jagged_tensor(features)
    assert kjt.keys() == ["i", "j_weighted_by_w"]
    assert kjt.lengths().tolist() == [1, 0, 0, 2, 0, 1]
    assert kjt.values().tolist() == [3, 5, 6, 7]
    assert kjt.weights().tolist() == [1.0, 0.5, 2.0, 1.0]
    some = to_keyed_jagged_tensor(as_tensors(features), plan.encoded_slots[:2])
    assert (some.keys(), some.values().tolist(), some.weights_or_none()) == (["i"], [3], None)
    with pytest.raises(fc.PlanError, match=r"tensors need slots.*give slots=plan.encoded_slots"):
        to_keyed_jagged_tensor(as_tensors(features))


@pytest.mark.parametrize("name", cases.names())
def test_every_kind_gives_its_ids(name: str) -> None:
    case = cases.case(name)
    features = case.encoder.encode(case.data)
    slots = [slot for slot in features.slots if isinstance(slot, IdSlot)]
    kjt = to_keyed_jagged_tensor(features)
    assert kjt.keys() == [slot.name for slot in slots]
    if not slots or not len(features):
        return
    for slot in slots:
        ids = features.ids[slot.name].compact()
        there = (ids.values >= 0) & (ids.values < slot.num_buckets)
        rows = np.arange(len(features)) if ids.offsets is None else np.repeat(np.arange(len(features)), np.diff(ids.offsets))
        found = kjt[slot.name]
        np.testing.assert_array_equal(found.values(), ids.values[there])
        np.testing.assert_array_equal(found.lengths(), np.bincount(rows[there], minlength=len(features)))


def test_torchrec_pools_what_the_plan_pools() -> None:
    columns = [fc.Embedding(fc.Hashed("earlier_dests", 40), 4, combiner="sum"), fc.Embedding(fc.Hashed("origin", 9), 4)]
    plan = fc.compile(columns)
    rows = fc.datasets.flights().slice(0, 500)
    names = [column.name for column in columns]
    pooling = [PoolingType.SUM, PoolingType.MEAN]
    tables = [
        EmbeddingBagConfig(
            name=f"t{i}", embedding_dim=4, num_embeddings=len(plan.tables[n]), feature_names=[n], pooling=pooling[i]
        )
        for i, n in enumerate(names)
    ]
    collection = EmbeddingBagCollection(tables=tables)
    with torch.no_grad():
        for i, name in enumerate(names):
            collection.embedding_bags[f"t{i}"].weight.copy_(torch.tensor(plan.tables[name]))
        found = collection(to_keyed_jagged_tensor(plan.encode(rows))).values()
    np.testing.assert_allclose(found, plan.transform(rows), rtol=1e-5, atol=1e-6)
