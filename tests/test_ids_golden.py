"""docs/ids.md as vectors: the file is what the reference says, and the package gives the same."""

import itertools
import json
from collections import Counter
from pathlib import Path
from typing import Any

import mmh3
import numpy as np
import pytest

import featurecols as fc
from featurecols import kernels
from featurecols._core import farmhash
from featurecols._core.values import canonical
from tests import golden_ids, hashes, reference
from tests.golden_ids import read_value

TEXT = golden_ids.PATH.read_text(encoding="utf-8")
GOLDEN = json.loads(TEXT)


def texts(cases: list[dict[str, Any]]) -> tuple[np.ndarray, np.ndarray]:
    data = [bytes.fromhex(case["hex"]) for case in cases]
    return np.cumsum([0, *map(len, data)], dtype=np.int64), np.frombuffer(b"".join(data), np.uint8)


def test_the_file_is_what_the_reference_writes() -> None:
    assert golden_ids.text(golden_ids.golden()) == TEXT


def test_the_file_covers_every_categorical_kind() -> None:
    kinds = Counter(case["column"]["type"] for case in GOLDEN["columns"])
    assert set(kinds) == {"Hashed.v1", "Vocabulary.v1", "Identity.v1", "Bucketized.v1", "Crossed.v1", "Weighted.v1"}


def test_canonical_bytes() -> None:
    for case in GOLDEN["canonical"]:
        value = read_value(case["value"])
        assert canonical(value, "who", "key").hex() == case["hex"]
        array = np.array([value], np.uint64) if isinstance(value, int) and value >= 2**63 else [value]
        column = fc.Vocabulary("v", [bytes.fromhex(case["hex"])] if not isinstance(value, bool) else [value])
        assert fc.compile([column]).encode({"v": array}).ids["v"].values.tolist() == [0], case


@pytest.mark.parametrize("name", golden_ids.SPELLINGS)
def test_spellings(name: Any, tmp_path: Path) -> None:
    cases = [case for case in GOLDEN["spellings"] if case["type"] == name and case["text"]]
    column = fc.Vocabulary(fc.Field("v", type=name), [bytes.fromhex(h) for h in dict.fromkeys(c["hex"] for c in cases)])
    want = [column.terms.index(bytes.fromhex(case["hex"])) for case in cases]  # type: ignore[union-attr]
    (tmp_path / "v.csv").write_text("v,w\n" + "".join(f"{case['text']},0\n" for case in cases), "utf-8")
    assert fc.compile([column]).encode(tmp_path / "v.csv").ids["v"].values.tolist() == want


def test_murmur3() -> None:
    cases = GOLDEN["murmur3"]
    for seed in {case["seed"] for case in cases}:
        mine = [case for case in cases if case["seed"] == seed]
        want = [case["hash"] for case in mine]
        assert [mmh3.hash(bytes.fromhex(case["hex"]), seed, signed=False) for case in mine] == want
        assert kernels.texts.murmur3(*texts(mine), seed).tolist() == want


def test_fingerprint64() -> None:
    cases = GOLDEN["fingerprint64"]
    want = [int(case["hash"]) for case in cases]
    assert sum(case.get("source") == "tensorflow" for case in cases) > 150
    assert [hashes.farmhash64(bytes.fromhex(case["hex"])) for case in cases] == want
    assert kernels.texts.farmhash64(*texts(cases)).tolist() == want
    assert [farmhash.fingerprint64(bytes.fromhex(case["hex"])) for case in cases] == want


def test_combine() -> None:
    for case in GOLDEN["combine"]:
        assert farmhash.combine(int(case["a"]), int(case["b"])) == int(case["cat"])


@pytest.mark.parametrize("case", GOLDEN["columns"], ids=lambda case: case["column"]["type"])
def test_columns(case: dict[str, Any]) -> None:
    (column,) = fc.columns_from_json([case["column"]])
    rows = [{k: read_value(v) for k, v in row.items()} for row in case["rows"]]
    want = [[int(i) for i in found] for found in case["ids"]]
    oracle = reference.Reference([], rows)
    kind = oracle.of(column)
    assert [kind.ids(row).ids for row in rows] == want

    ids = fc.compile([column]).encode(rows).ids[column.name]
    plain, starts = ids.elements()
    assert [plain.values[a:b].tolist() for a, b in itertools.pairwise(starts)] == want
    if "weights" in case:
        assert plain.weights.tolist() == [w for found in case["weights"] for w in found]

    if kind.num_buckets() <= 10_000 and "weights" not in case:
        one = fc.compile([fc.Indicator(column)])
        for row, found in zip(rows, want, strict=True):
            lit = np.flatnonzero(one.transform_row({k: [] if v is None and k in oracle.lists else v for k, v in row.items()}))
            assert set(lit.tolist()) == {i for i in found if 0 <= i < kind.num_buckets()}
