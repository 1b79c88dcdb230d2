"""Writes ids_golden.json from the reference: `python -m tests.golden_ids`. docs/ids.md says what is in it."""

from __future__ import annotations

import base64
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import featurecols as fc
from featurecols._core.spec import encode
from tests import hashes, reference

PATH = Path(__file__).with_name("ids_golden.json")
TENSORFLOW = Path(__file__).with_name("golden") / "fingerprint64.json"

VALUES: list[Any] = [
    *("", "a", "Oslo", "São Paulo", "東京", "a\0b", "05", "5", " x ", "é", "e\u0301", "🎉"),
    *(b"", b"\x00", b"\xff\xfe", b"5"),
    *(0, 5, -5, 2**31, -(2**63), 2**63 - 1, 2**64 - 1),
    *(True, False, 0.0, -0.0, 5.0, -3.0, 2.0**53 - 1),
    *map(Decimal, ("1.50", "1.5000", "-0.250", "12.00", "-0.00", "0.000000025", "9007199254740993.5", "1E+20")),
]
SEEDS = (0, 1, 42, 2**31, 2**32 - 1)
FOLDS: list[list[Any]] = [
    *([value] for value in ("Oslo", "", 5, 5.0, -3, True, 0.5, -1e300, 2.0**60, None)),
    *(["Oslo", 1], ["Oslo", True], ["Oslo", 0.25], [None, 1], ["東京", "é", -7], [3, None], ["5", 5.0]),
    *([value] for value in (["Oslo"], ["Oslo", "Bern"], ["Oslo", None, ""], [], [0.5, 3.0])),
]
LENGTHS = bytes(range(256)) * 2


def columns() -> list[tuple[Any, list[dict[str, Any]]]]:
    """Columns and rows, each combination of rules at least once."""
    texts = [{"c": t} for t in ("Oslo", "", None, "東京", "a\0b", "05", "x" * 40)]
    pairs = [{"a": a, "b": b} for a, b in (("x", "u"), ("y", "v"), (None, "u"), ("", "w\0"), ("x", None), ("東京", "é"))]
    mixed = [{"a": "x", "n": 5.0}, {"a": "y", "n": -1.0}, {"a": "x", "n": None}, {"a": None, "n": 50.0}]
    lists = [{"s": s, "t": t} for s, t in ((["x", "y"], ["u", "v"]), (["x"], []), (None, ["u"]), (["x", None], ["u", "w"]))]
    bands = fc.Bucketized("n", [0, 10])
    known = fc.Vocabulary("a", ["x"])
    return [
        (fc.Hashed("c", 1000), texts),
        (fc.Hashed("c", 2**31 - 1, seed=7), texts),
        (fc.Hashed("c", 1000, hash="farmhash64"), texts),
        (fc.Hashed("c", 2**40, hash="farmhash64"), texts),
        (fc.Hashed("c", 1000), [{"c": c} for c in (0, 5, -5, 2**53 + 1, None, 2**63 - 1)]),
        (fc.Hashed("c", 1000), [{"c": c} for c in (5.0, -0.0, float("nan"), None)]),
        (fc.Hashed("c", 1000), [{"c": c} for c in (True, False, None)]),
        (fc.Hashed("c", 1000), [{"c": Decimal(c)} for c in ("1.50", "-0.25", "12.00")]),
        (fc.Hashed("c", 1000), [{"c": c} for c in (b"5", b"\xff", None)]),
        (fc.Hashed(fc.Field("c", missing=("?", -999)), 1000), [{"c": c} for c in ("?", "-999", "Oslo", None)]),
        (fc.Hashed(fc.Field("c", missing=("?", -999)), 1000), [{"c": c} for c in (-999, 999, None)]),
        (fc.Hashed("c", 1000), [{"c": c} for c in (["Oslo", "Lima"], [], None, [None, ""])]),
        (fc.Vocabulary("c", ["Oslo", "05"]), texts),
        (fc.Vocabulary("c", ["Oslo", "05"], num_oov_buckets=10, seed=3), texts),
        (fc.Vocabulary("c", ["Oslo", "05"], num_oov_buckets=10, hash="farmhash64"), texts),
        (fc.Vocabulary("c", ["Oslo", "05"], unseen=0), texts),
        (fc.Vocabulary("c", ["Oslo", "05"], unseen=7), texts),
        (fc.Vocabulary("c", [5, -7]), [{"c": c} for c in ("5", "05", "-7", None)]),
        (fc.Identity("c", 4, out_of_range="drop"), [{"c": c} for c in (0, 3, 4, -1, None)]),
        (fc.Identity("c", 4, out_of_range=2), [{"c": c} for c in (0, 3, 4, -1, None)]),
        (fc.Identity("c", 4, out_of_range="keep"), [{"c": c} for c in (0, 3, 4, -7, None, 2**40)]),
        (fc.Bucketized("n", [0, 10]), [{"n": n} for n in (-0.5, -0.0, 0.0, 9.999999999999998, 10.0, 1e300, None)]),
        (fc.Bucketized("n", [0, 10], missing_bucket=1), mixed),
        (fc.Bucketized("n", [0, 10], missing_bucket=3), mixed),
        (fc.Bucketized(fc.Numeric("n", dtype="float32"), [0.1]), [{"n": n} for n in (0.1, 0.09999999999999999, 0.0999)]),
        (
            fc.Bucketized(fc.Numeric("n", shape=(2,), default=float("nan")), [0, 10], missing_bucket=3),
            [{"n": n} for n in ([1.0, 20.0], [None, -1.0])],
        ),
        (fc.Crossed(["a", "b"], 1000), pairs),
        (fc.Crossed(["b", "a"], 1000), pairs),
        (fc.Crossed(["a", "b"], 1000, seed=9, keep_unseen=True), pairs),
        (fc.Crossed(["a", "b"], 1000, hash="farmhash64"), pairs),
        (fc.Crossed(["a", "b"], 1000, hash="farmhash64", seed=9, keep_unseen=True), pairs),
        (fc.Crossed(["a", bands, known], 1000), mixed),
        (fc.Crossed(["a", bands, known], 1000, keep_unseen=True), mixed),
        (fc.Crossed(["a", bands, known], 1000, hash="farmhash64", keep_unseen=True), mixed),
        (fc.Crossed([fc.Crossed(["a", "b"], 50), "a"], 2**31 - 1), pairs),
        (fc.Crossed(["i", "j"], 1000), [{"i": 5, "j": -1}, {"i": None, "j": 0}]),
        (
            fc.Crossed(["i", "j"], 1000, hash="farmhash64"),
            [{"i": Decimal(i), "j": Decimal("-0.01")} for i in ("1.50", "2.00")],
        ),
        (fc.Crossed(["i", "j"], 1000, hash="farmhash64"), [{"i": True, "j": 5.0}, {"i": False, "j": -1.0}]),
        (fc.Crossed(["s", "t"], 1000), lists),
        (fc.Crossed(["s", "t"], 1000, keep_unseen=True), lists),
        (fc.Crossed(["s", "t"], 1000, hash="farmhash64", keep_unseen=True), lists),
        (
            fc.Weighted(fc.Vocabulary("s", ["x", "y"]), "w", default=0.1),
            [{"s": s, "w": w} for s, w in ((["x", "z", "y"], [0.5, 2.0, None]), ([], []), (None, None))],
        ),
    ]


def tensorflow_fingerprints() -> dict[str, str]:
    """Hex of a string: its fingerprint, as TensorFlow 2.15 computed it."""
    found = {}
    for case in json.loads(TENSORFLOW.read_text(encoding="utf-8"))["cases"]:
        for text, value in zip(case["strings"], case["expect"]["fingerprint64"], strict=True):
            data = base64.b64decode(text["b64"]) if isinstance(text, dict) else text.encode()
            found[data.hex()] = value
    return found


def tensorflow_crosses() -> list[dict[str, Any]]:
    """Crosses with the ids that TensorFlow 2.15 gave, typed in: the reference has no part in them."""

    def farm(sources: list[Any], num_buckets: int, **arguments: Any) -> Any:
        return fc.Crossed(sources, num_buckets, hash="farmhash64", **arguments)

    bands, known = fc.Bucketized("n", [0, 10]), fc.Vocabulary("v", ["p", "q", "r"])
    pairs = [{"a": a, "b": b} for a, b in (("x", "u"), ("y", "v"), ("x", "y"), ("", "z"))]
    one = [{"a": "x", "b": "y", "n": 5.0, "v": "zzz", "q": 1}]
    tensorflow: list[tuple[Any, list[Any], list[list[int]]]] = [
        (farm(["a", "b"], 1000), pairs, [[989], [134], [624], [787]]),
        (farm(["b", "a"], 1000), pairs[:2], [[920], [547]]),
        (farm(["a", "b"], 1000, seed=5), one, [[72]]),
        (farm(["a", "b"], 1000, seed=2**64 - 1), one, [[671]]),
        (farm(["i", "j"], 1000), [{"i": -1, "j": 4}, {"i": 3, "j": 5}], [[958], [412]]),
        (farm(["i", "j"], 1000), [{"i": True, "j": 4}, {"i": False, "j": 5}], [[725], [98]]),
        (farm([bands, "a"], 1000), one, [[859]]),
        (farm(["a", bands], 1000), one, [[727]]),
        (farm([known, "a"], 1000, keep_unseen=True), [{"v": "p", "a": "x"}, {"v": "zzz", "a": "x"}], [[43], [932]]),
        (farm([fc.Identity("q", 3), "a"], 100), one, [[59]]),
        (farm(["s", "t"], 1000), [{"s": ["x", "y"], "t": ["u", "v"]}], [[989, 431, 132, 134]]),
        (farm(["s", "n", "b"], 5000), [{"s": ["x", "y"], "n": [1, 2], "b": "q"}], [[3945, 3718, 1754, 4486]]),
    ]
    return [
        {
            "column": encode(column, canonical=True),
            "rows": [{k: write_value(v) for k, v in row.items()} for row in rows],
            "ids": [[str(i) for i in found] for found in ids],
        }
        for column, rows, ids in tensorflow
    ]


SPELLINGS: dict[str, tuple[str, ...]] = {
    "boolean": ("true", "True", "TRUE", "false", "False", "FALSE", "tRUE", "yes", "1", "NA", " True"),
    "integer": ("0", "-0", "3", "-7", "18446744073709551616", "1.0", "2e3", "1.5", "007", "+1", " 1", "1.", "True", "nan"),
    "float": ("0", "3", "1.0", "-0.0", "20.50e1", "1E2", "9007199254740993", "01.0", ".5", "inf", "NA", ""),
    "text": ("True", "1.0", "007", "-0", " x ", "é"),
}


def spelled(name: str, word: str) -> bytes:
    """The canonical bytes of a text in a field of a type, by the words of the page."""
    if name == "boolean" and word in ("true", "True", "TRUE", "false", "False", "FALSE"):
        return b"1" if word.lower() == "true" else b"0"
    if name in ("integer", "float"):
        if re.fullmatch(r"-?(0|[1-9][0-9]*)", word):
            return str(int(word)).encode()
        if re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", word) and float(word).is_integer():
            return str(int(float(word))).encode()
    return word.encode()


def write_value(value: Any) -> Any:
    """A Python value as the page says."""
    if value is None:
        return None
    if isinstance(value, list):
        return [write_value(v) for v in value]
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, bool):
        return {"boolean": value}
    if isinstance(value, int):
        return {"integer": str(value)}
    if isinstance(value, Decimal):
        return {"decimal": str(value)}
    return {"float": repr(value)} if isinstance(value, float) else {"text": value}


def read_value(data: Any) -> Any:
    """What write_value wrote."""
    if data is None:
        return None
    if isinstance(data, list):
        return [read_value(v) for v in data]
    ((kind, value),) = data.items()
    return {"hex": bytes.fromhex, "boolean": bool, "integer": int, "float": float, "decimal": Decimal, "text": str}[kind](value)


def column_case(column: Any, rows: list[dict[str, Any]]) -> dict[str, Any]:
    of = reference.Reference([], rows).of(column)
    found = [of.ids(row) for row in rows]
    case: dict[str, Any] = {
        "column": encode(column, canonical=True),
        "rows": [{k: write_value(v) for k, v in row.items()} for row in rows],
        "ids": [[str(i) for i in f.ids] for f in found],
    }
    if found[0].weights is not None:
        case["weights"] = [f.weights for f in found]
    return case


def golden() -> dict[str, Any]:
    texts = [LENGTHS[:n] for n in range(20)] + [b"Oslo", "東京".encode()]
    farm = [LENGTHS[:n] for n in (*range(70), 127, 128, 129, 191, 192, 193, 300, 512)]
    return {
        "canonical": [{"value": write_value(v), "hex": reference.canonical(v).hex()} for v in VALUES],
        "spellings": [
            {"type": name, "text": word, "hex": spelled(name, word).hex()}
            for name, words in SPELLINGS.items()
            for word in words
        ],
        "murmur3": [{"hex": t.hex(), "seed": s, "hash": hashes.murmur3(t, s)} for t in texts for s in SEEDS],
        "fingerprint64": [
            *({"hex": h, "hash": v, "source": "tensorflow"} for h, v in tensorflow_fingerprints().items()),
            *({"hex": t.hex(), "hash": str(hashes.farmhash64(t))} for t in farm),
        ],
        "combine": [
            {"a": str(a), "b": str(b), "cat": str(hashes.combine(a, b))}
            for a in (0, 1, hashes.CROSS_SEED, 2**64 - 1)
            for b in (0, 1, 2**63, 2**64 - 1)
        ],
        "folds": [
            {"values": [write_value(v) for v in values], "folds": n, "fold": reference.fold_of(values, n)}
            for values in FOLDS
            for n in (5, 1000)
        ],
        "columns": [
            *({**case, "source": "tensorflow"} for case in tensorflow_crosses()),
            *(column_case(column, rows) for column, rows in columns()),
        ],
    }


def text(data: dict[str, Any]) -> str:
    """One vector a line, so that a change can be read."""
    parts = []
    for key, cases in data.items():
        lines = ",\n".join(json.dumps(case, ensure_ascii=False) for case in cases)
        parts.append(f'"{key}": [\n{lines}\n]')
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    PATH.write_text(text(golden()), encoding="utf-8")
