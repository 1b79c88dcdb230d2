"""The estimators that tools/make_tf_fixtures.py trained: folder, columns, features, and the logits that TensorFlow gave."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from featurecols import feature_column as fc

DATA = Path(__file__).parent / "data" / "tf"
LOGITS = dict(np.load(DATA / "logits.npz"))
NAMES = sorted(LOGITS)


def features() -> dict[str, np.ndarray]:
    found = {key: np.array(values) for key, values in json.loads((DATA / "features.json").read_text()).items()}
    return found | {key: found[key].astype(np.float32) for key in ("age", "weight")}


def columns_of(name: str) -> Any:
    """The path of columns.json, or columns made here where TensorFlow has no JSON for them."""
    path = DATA / name / "columns.json"
    if path.exists():
        return path
    colours = [fc.categorical_column_with_vocabulary_list(key, ["red", "green", "blue"]) for key in ("first", "second")]
    share = fc.v1.shared_embedding_columns if name.endswith("v1") else fc.shared_embeddings
    return [fc.numeric_column("hours"), *share(colours, 2)]
