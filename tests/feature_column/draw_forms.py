"""More random cases: byte orders, numbers of numpy, indices outside their tensor, version 1's forms, records, Examples.

The cases of draw.py with these fields beside the form of tests/golden/README.md: a feature may have `"order": ">"` (the
other byte order), a number of a column may be `{"np": dtype, "value": number}`, and there are the ops `shared_linear`,
`shared_v1`, `initializer_v1` and `parse_serialized`.
"""

from __future__ import annotations

import base64
import gzip
import struct
from pathlib import Path
from typing import Any

import numpy as np

from tests.feature_column.draw import FEEDS, INTEGERS, KINDS, Draw, Json
from tests.tf.tf_writer import field, masked

FORMS = ("vocabulary_file of records",)  # further kinds of columns, which meet every feed
LONE = ("shared, linear model", "shared, version 1", "initializer", "serialized examples")  # kinds that have no feed
ALL_KINDS = (*KINDS[:-1], *FORMS, *LONE, KINDS[-1])
NUMBERS = ("num_buckets", "hash_bucket_size", "num_oov_buckets", "dimension", "vocabulary_size", "hash_key", "default_value")
WIDTHS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32")
SIGNATURES = ("dtype", "partition_info", "keywords", "object", "class", "shape", "positional")
NAMES = ("user id", "größe", "a.b", "a/b", "-x", "/x", "_a", ">x", "a:b", "ok", "1a")
Cell = tuple[str, str]


def cells() -> list[Cell]:
    """Every kind under every feed; kinds without a feed stand under "examples"."""
    lone = (*LONE, "parse_example")
    return [*((kind, feed) for kind in ALL_KINDS if kind not in lone for feed in FEEDS), *((kind, "examples") for kind in lone)]


class FormDraw(Draw):
    """A Draw of all kinds, whose features and columns come in more forms."""

    def case(self, kind: str, feed: str) -> Json:
        if kind == "shared, linear model":
            return self._shared_linear()
        if kind == "shared, version 1":
            return self._shared_v1()
        if kind == "initializer":
            return self._initializer()
        if kind == "serialized examples":
            return self._serialized()
        case = super().case(kind, feed)
        if kind in FORMS:  # a graph of TensorFlow cannot count records, and reads them when it runs
            case["op"] = {"input_layer_v1": "dense_features", "linear_model_v1": "linear_model"}.get(case["op"], case["op"])
        for name in ("column", "columns", "shared"):
            if name in case and self.chance(0.3):
                case[name] = self._with_numpy(case[name])
        for data in case.get("features", {}).values():
            if data["dtype"] not in ("string", "bool", "int8", "uint8") and self.chance(0.15):
                data["order"] = ">"
        return case

    def categorical(self, kind: str, feed: str, batch: int) -> Json:
        if kind == "vocabulary_file of records":
            return self._records(feed, batch)
        return super().categorical(kind, feed, batch)

    def _sparse_feed(self, feed: str, dtype: str, draw: Any, batch: int, width: int) -> Json:
        data = super()._sparse_feed(feed, dtype, draw, batch, width)
        chance = 0.15 if feed == "sparse rank 3" else 0.03
        if data["indices"] and self.chance(chance):
            place = self.pick(data["indices"])
            place[-1] = place[-1] + self.pick((1, 2, 7)) if self.chance(0.8) else -1
        return data

    def _with_numpy(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._with_numpy(v) for v in value]
        if not isinstance(value, dict):
            return value
        found = {}
        for name, v in value.items():
            number = name in NUMBERS and type(v) is int and not value.get("type", "").endswith("numeric_column")
            fits = [w for w in WIDTHS if number and np.iinfo(w).min <= v <= np.iinfo(w).max]
            found[name] = {"np": self.pick(fits), "value": v} if fits and self.chance(0.6) else self._with_numpy(v)
        return found

    def num_buckets(self, column: Json) -> int:
        if "records" in column.get("vocabulary_file", ""):
            size = next(f["size"] for f in self.files if f["path"] == column["vocabulary_file"])
            return int(column.get("vocabulary_size", size)) + column.get("num_oov_buckets", 0)
        return super().num_buckets(column)

    def _records(self, feed: str, batch: int) -> Json:
        key = self.key()
        file = self.pick([file for file in self.files if "records" in file["path"]])
        column: Json = {"type": "categorical_column_with_vocabulary_file", "key": key, "vocabulary_file": file["path"]}
        if file["damaged"] or self.chance(0.4):
            column["vocabulary_size"] = self.integer(1, file["size"] + 1)
        self.features[key] = self.feed(feed, "string", self.strings([*file["terms"], ""]), batch)
        return self._unseen(column, file["size"])

    # -- version 1 and graphs ---------------------------------------------------------------------------------------------

    def _shared_form(self) -> tuple[Json, int]:
        rows = self.integer(1, 4)
        case = self._shared("rank 1", rows)
        for column in case["shared"]["categorical_columns"]:
            self.features[column["key"]] = self.feed("rank 2", "int64", lambda: self.integer(-1, 9), rows, 2)
        return case["shared"], rows

    def _beside(self, rows: int) -> list[Json]:
        """Columns of all kinds beside shared ones, some of whose names are no scopes."""
        found: list[Json] = []
        for _ in range(self.integer(1, 3)):
            key = self.pick(NAMES)
            if key in self.features:
                continue
            if self.chance(0.4):
                found.append({"type": "numeric_column", "key": key})
                self.features[key] = self._require_dense("float32", (rows, 1), self.weight)
                continue
            inner = {"type": "categorical_column_with_identity", "key": key, "num_buckets": 10}
            self.features[key] = self.feed("rank 2", "int64", lambda: self.integer(-1, 9), rows, 2)
            form = self.pick(("plain", "indicator", "embedding"))
            if form == "embedding":
                inner = {**self.embedding(inner), "use_safe_embedding_lookup": True}
            elif form == "indicator":
                inner = {"type": "indicator_column", "categorical_column": inner}
            found.append(inner)
        return found

    def _shared_linear(self) -> Json:
        shared, rows = self._shared_form()
        columns = self._beside(rows)
        case = {"op": "shared_linear", "shared": shared, "columns": columns, "features": self.features}
        return {**case, "kind": "shared, linear model", "feed": "examples", "units": self.integer(1, 2)}

    def _shared_v1(self) -> Json:
        shared, rows = self._shared_form()
        positional = [shared.pop("dimension"), *([] if self.chance(0.5) else [shared.pop("combiner", "mean")])]
        layer = self.pick(("input_layer", "linear_model"))
        columns = self._beside(rows)
        if layer == "input_layer":
            columns = [_made_dense(column) for column in columns]
        case = {"op": "shared_v1", "layer": layer, "shared": shared, "positional": positional, "columns": columns}
        return {**case, "kind": "shared, version 1", "feed": "examples", "features": self.features}

    def _initializer(self) -> Json:
        key, rows = self.key(), self.integer(1, 4)
        column = {"type": "categorical_column_with_identity", "key": key, "num_buckets": 4, "default_value": 0}
        self.features[key] = self.feed("rank 2", "int64", lambda: self.integer(-1, 5), rows, 2)
        self.features = {"k": self.features[key]}
        case = {"op": "initializer_v1", "column": {**column, "key": "k"}, "table": self.matrix(4, 2)}
        case |= {"signature": self.pick(SIGNATURES), "layer": self.pick(("input_layer", "linear_model", "shared", "shared_v1"))}
        return {**case, "kind": "initializer", "feed": "examples", "features": self.features}

    # -- serialized Examples ----------------------------------------------------------------------------------------------

    def _serialized(self) -> Json:
        case = self._parse_example(self.integer(1, 4))
        data = [self._spoil_bytes(*self._example(example)) for example in case.pop("examples")]
        texts = [base64.b64encode(item).decode() for item in data]
        return {**case, "op": "parse_serialized", "kind": "serialized examples", "serialized": texts}

    def _example(self, example: Json) -> tuple[bytes, set[int]]:
        """A message, and where it may be cut so that whole entries are left."""
        entries = []
        for key, data in example.items():
            entries.append(field(1, field(1, key.encode()) + field(2, self._feature(data))))
        if entries and self.chance(0.1):  # the last of two counts
            entries.append(self.pick(entries))
        data = field(1, b"".join(entries))
        start = len(data) - sum(map(len, entries))
        return data, {*range(start + 1), *(start + sum(map(len, entries[:i])) for i in range(len(entries) + 1))}

    def _feature(self, data: Json) -> bytes:
        values, packed = data["values"], self.chance(0.7)
        if data["dtype"] == "string":
            texts = [base64.b64decode(v["b64"]) if isinstance(v, dict) else v.encode() for v in values]
            return field(1, b"".join(field(1, text) for text in texts))
        if data["dtype"] == "float32":
            floats = [struct.pack("<f", v) for v in values]
            return field(2, field(1, b"".join(floats)) if packed else b"".join(b"\x0d" + v for v in floats))
        varints = [_varint(v % 2**64) for v in values]
        return field(3, field(1, b"".join(varints)) if packed else b"".join(b"\x08" + v for v in varints))

    def _spoil_bytes(self, data: bytes, whole: set[int]) -> bytes:
        """Sometimes a message that is cut short, or one that has a byte more.

        It is not cut between two entries: TensorFlow takes what is left for a message, here it is an error.
        """
        if not self.chance(0.15):
            return data
        if self.chance(0.3):
            return data + bytes([self.integer(0, 127)])
        cuts = [cut for cut in range(len(data)) if cut not in whole]
        return data[: self.pick(cuts)] if cuts else data


def _made_dense(column: Json) -> Json:
    plain = column["type"] == "categorical_column_with_identity"
    return {"type": "indicator_column", "categorical_column": column} if plain else column


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def record(term: bytes) -> bytes:
    """A TFRecord."""
    length = struct.pack("<Q", len(term))
    return length + struct.pack("<I", masked(length)) + term + struct.pack("<I", masked(term))


def record_files(rng: np.random.Generator, folder: Path, count: int) -> list[Json]:
    """Gzipped TFRecord files of terms: whole ones, and some that are cut short or have a wrong checksum."""
    files: list[Json] = []
    for i in range(count):
        draw = Draw(rng, folder, [])
        terms = list(dict.fromkeys(draw.text() for _ in range(draw.integer(1, 6))))
        terms += draw.pick(([], [], [""], ["a\r"], terms[:1]))
        data = b"".join(record(term.encode()) for term in terms)
        damaged = i % 6 == 5
        if damaged:
            cut = draw.integer(1, len(data) - 1)
            data = data[:-cut] if draw.chance(0.5) else data[:cut] + bytes([data[cut] ^ 1]) + data[cut + 1 :]
        path = folder / f"records_{i}.tfrecord.gz"
        path.write_bytes(gzip.compress(data))
        files.append({"path": path.name, "terms": terms, "size": len(terms), "dtype": "string", "damaged": damaged})
    return files


assert set(WIDTHS) < set(INTEGERS)
