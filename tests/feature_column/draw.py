"""Random cases in the form of tests/golden/README.md: a kind of column and a kind of feed are given, the rest is drawn.

The differential run needs every kind under every feed, so both are arguments and nothing is left to luck.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

Json = dict[str, Any]
KEYS = ("age", "City", "user id", "größe", "x1", "Z", "tag", "a.b", "job")
LETTERS = "abcdefghijklmnopqrstuvwxyzABCXYZ0123456789 _-./\\\x00éñßжя日本漢🎉"
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
# every feed: how a feature is shaped and what is special about its values
FEEDS = (
    "rank 1",
    "rank 2",
    "padded",
    "sparse",
    "sparse with gaps",
    "rank 3",
    "sparse rank 3",
    "empty batch",
    "no values",
    "narrow integers",
    "extremes",
)
KINDS = (
    "numeric",
    "bucketized",
    "identity",
    "vocabulary_list",
    "vocabulary_list of integers",
    "vocabulary_file",
    "hash_bucket",
    "hash_bucket of integers",
    "crossed",
    "weighted, sparse weights",
    "weighted, dense weights",
    "shared_embeddings",
    "sequence indicator",
    "sequence embedding",
    "sequence numeric",
    "several columns",
    "parse_example",
)


class Draw:
    """One case of a kind under a feed."""

    def __init__(self, rng: np.random.Generator, folder: Path, files: list[Json]) -> None:
        self.rng, self.folder, self.files = rng, folder, files
        self.features: Json = {}

    # -- small draws ----------------------------------------------------------------------------------------------------

    def chance(self, p: float) -> bool:
        return bool(self.rng.random() < p)

    def integer(self, low: int, high: int) -> int:
        """From low to high, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, values: Any) -> Any:
        return values[int(self.rng.integers(len(values)))]

    def key(self) -> str:
        return next(k for k in self.rng.permutation([*KEYS, *(f"k_{i}" for i in range(40))]).tolist() if k not in self.features)

    def text(self) -> str:
        length = self.pick((1, 2, 3, 5, 8, 9, 16, 17, 24, 32, 33, 50, 64, 65, 100, 128, 129, 200))
        return "".join(self.pick(LETTERS) for _ in range(self.integer(1, length)))

    def raw_bytes(self) -> Json | str:
        import base64

        data = bytes(self.rng.integers(0, 256, self.integer(1, 40)).astype(np.uint8).tolist())
        try:
            return data.decode()
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(data).decode()}

    def weight(self) -> Any:
        if self.chance(0.02):
            return "nan"
        return float(np.float32(self.pick((0.0, -1.5, 1.0, 0.25, float(self.rng.normal()), -float(self.rng.random()), 3.0))))

    def matrix(self, rows: int, columns: int) -> list[list[float]]:
        return self.rng.normal(size=(rows, columns)).astype(np.float32).tolist()

    # -- values ---------------------------------------------------------------------------------------------------------

    def strings(self, known: list[Any]) -> Any:
        """A function that draws strings, often ones of `known`."""
        pool = [self.text() for _ in range(6)]
        return lambda: (
            self.pick(known) if known and self.chance(0.6) else self.pick(pool) if self.chance(0.9) else self.raw_bytes()
        )

    def integers(self, known: list[int], dtype: str, extreme: bool) -> Any:
        info = np.iinfo(dtype)
        ends = [int(info.min), int(info.max), int(info.max) - 1, -1, 0]
        inside = [v for v in [*known, *ends] if info.min <= v <= info.max]

        def draw() -> int:
            if self.chance(0.5) and inside:
                return int(self.pick(inside[: len(inside) - (0 if extreme else 5)] or inside))
            if extreme and self.chance(0.5):
                return int(self.rng.integers(info.min, info.max, dtype=dtype, endpoint=True))
            return int(min(max(self.integer(-5, 60), info.min), info.max))

        return draw

    def floats(self, known: list[float], dtype: str) -> Any:
        special = ["nan", "inf", "-inf", 0.0, -0.0, 1e-42, 3.4e38, -1e-7]

        def draw() -> Any:
            if known and self.chance(0.35):
                return float(np.dtype(dtype).type(self.pick(known)))
            if self.chance(0.15):
                return self.pick(special)
            with np.errstate(over="ignore"):
                value = float(np.dtype(dtype).type(self.rng.normal() * self.pick((1, 10, 1e4))))
            return value if np.isfinite(value) else 1.0

        return draw

    # -- feeds ----------------------------------------------------------------------------------------------------------

    def batch(self, feed: str) -> int:
        return 0 if feed == "empty batch" else self.integer(1, 8)

    def feed(self, feed: str, dtype: str, draw: Any, batch: int, width: int | None = None) -> Json:
        """A feature of the given shape; `draw` gives one value."""
        width = width or self.integer(1, 4)
        missing = "" if dtype == "string" else (int(np.array(-1).astype(dtype)) if dtype in INTEGERS else 0.0)
        if feed == "empty batch":
            feed = self.pick(("rank 1", "rank 2", "sparse"))
        if feed in ("narrow integers", "extremes"):
            feed = self.pick(("rank 1", "rank 2", "padded", "sparse", "sparse with gaps"))
        if feed == "no values":
            if self.chance(0.5):
                return self._require_dense(dtype, (batch, width), lambda: missing)
            return self._sparse(dtype, [], draw, (batch, self.pick((0, 1, 3))))
        if feed in ("sparse", "sparse with gaps", "sparse rank 3"):
            return self._sparse_feed(feed, dtype, draw, batch, width)
        shape = {"rank 1": (batch,), "rank 3": (batch, self.pick((1, 1, 2, 3)), width)}.get(feed, (batch, width))
        if feed in ("padded", "rank 3"):
            return self._require_dense(dtype, shape, lambda: missing if self.chance(0.4) else draw())
        return self._require_dense(dtype, shape, draw)

    def _require_dense(self, dtype: str, shape: Any, draw: Any) -> Json:
        def nested(axes: Any) -> Any:
            return [nested(axes[1:]) for _ in range(axes[0])] if axes else draw()

        return {"kind": "dense", "dtype": dtype, "shape": list(shape), "values": nested(shape)}

    def _sparse_feed(self, feed: str, dtype: str, draw: Any, batch: int, width: int) -> Json:
        if feed == "sparse":
            rows = [self.integer(0, width) for _ in range(batch)]
            places = [[i, j] for i, n in enumerate(rows) for j in range(n)]
            return self._sparse(dtype, places, draw, (batch, width if self.chance(0.5) else max(rows, default=0)))
        if feed == "sparse with gaps":
            places = [[i, j] for i in range(batch) for j in range(width + 2) if self.chance(0.5)]
            return self._sparse(dtype, places, draw, (batch, width + 2))
        steps = self.pick((1, 1, 2, 3))
        places = [[i, t, j] for i in range(batch) for t in range(steps) for j in range(width) if self.chance(0.6)]
        return self._sparse(dtype, places, draw, (batch, steps, width))

    def _sparse(self, dtype: str, places: list[list[int]], draw: Any, shape: tuple[int, ...]) -> Json:
        values = [draw() for _ in places]
        return {"kind": "sparse", "dtype": dtype, "indices": places, "values": values, "dense_shape": list(shape)}

    # -- columns --------------------------------------------------------------------------------------------------------

    def numeric(self, feed: str, batch: int, known: list[float] | None = None, vector: bool = False) -> Json:
        key = self.key()
        width = 1 if feed == "rank 1" else self.integer(1, 3)
        shape: Any = width if width > 1 or self.chance(0.5) else [1]
        if not vector and width > 1 and self.chance(0.3):
            shape, width = [2, width], 2 * width
        column: Json = {"type": "numeric_column", "key": key, "shape": shape}
        dtype = self.pick(("float32", "float32", "float64", "int64", "int32", "bool", "float16"))
        if feed == "narrow integers":
            dtype = self.pick(INTEGERS)
        elif feed == "extremes":
            dtype = self.pick(("int64", "uint64", "float64"))
        if dtype == "bool":
            draw: Any = lambda: self.chance(0.5)  # noqa: E731
        elif dtype in INTEGERS:
            draw = self.integers([int(v) for v in known or [] if np.isfinite(v)], dtype, feed == "extremes")
        else:
            draw = self.floats(known or [], dtype)
        if self.chance(0.25) and dtype != "bool":
            column["normalizer_fn"] = self._normalizer(dtype)
        self.features[key] = self._numbers(feed, dtype, draw, batch, width)
        return column

    def _numbers(self, feed: str, dtype: str, draw: Any, batch: int, width: int) -> Json:
        if feed in ("sparse", "sparse with gaps", "sparse rank 3", "no values"):
            return self.feed(feed, dtype, draw, batch, width)  # refused
        if feed == "rank 3":
            shape: tuple[int, ...] = (batch, 1, width) if width == 1 or self.chance(0.7) else (batch, width, 1)
        elif feed == "rank 1" or (width == 1 and self.chance(0.3)):
            shape = (batch,)
        else:
            shape = (batch, width if self.chance(0.97) else width + 1)
        return self._require_dense(dtype, shape, draw)

    def _normalizer(self, dtype: str) -> Json:
        if dtype in INTEGERS:
            return {"op": "floordiv", "by": self.integer(1, 4)}
        return self.pick(
            (
                {"op": "affine", "scale": 2.0, "offset": -0.5},
                {"op": "standardize", "mean": 1.5, "std": 4.0},
                {"op": "clip", "min": -2.0, "max": 2.0},
            )
        )

    def bucketized(self, feed: str, batch: int) -> Json:
        cuts = sorted({float(np.float32(v)) for v in self.rng.normal(size=self.integer(1, 6)) * 8})
        if self.chance(0.3):
            cuts = sorted({*cuts, 0.1, 0.3, 5.0})
        source = self.numeric(feed, batch, cuts, vector=True)
        return {"type": "bucketized_column", "source_column": source, "boundaries": cuts}

    def identity(self, feed: str, batch: int) -> Json:
        key, n = self.key(), self.integer(1, 12)
        column: Json = {"type": "categorical_column_with_identity", "key": key, "num_buckets": n}
        if self.chance(0.5):
            column["default_value"] = self.integer(0, n - 1)
        dtype = self._integer_dtype(feed)
        draw = self.integers(list(range(n)), dtype, feed == "extremes" or self.chance(0.3))
        self.features[key] = self.feed(feed, dtype, draw, batch)
        return column

    def _integer_dtype(self, feed: str) -> str:
        return self.pick(INTEGERS) if feed in ("narrow integers", "extremes") else self.pick(("int64", "int64", "int32"))

    def _unseen(self, column: Json, size: int) -> Json:
        if self.chance(0.35):
            column["num_oov_buckets"] = self.integer(1, 6)
        elif self.chance(0.4):
            column["default_value"] = self.integer(-2, size + 2)
        return column

    def vocabulary_list(self, feed: str, batch: int) -> Json:
        key, terms = self.key(), sorted({self.text() for _ in range(self.integer(1, 8))})
        terms += [""] if self.chance(0.2) else []
        column = {"type": "categorical_column_with_vocabulary_list", "key": key, "vocabulary_list": terms}
        self.features[key] = self.feed(feed, "string", self.strings([*terms, ""]), batch)
        return self._unseen(column, len(terms))

    def vocabulary_integers(self, feed: str, batch: int) -> Json:
        key, terms = self.key(), sorted({self.integer(-20, 60) for _ in range(self.integer(1, 8))})
        column = {"type": "categorical_column_with_vocabulary_list", "key": key, "vocabulary_list": terms}
        dtype = self._integer_dtype(feed)
        self.features[key] = self.feed(feed, dtype, self.integers(terms, dtype, feed == "extremes"), batch)
        return self._unseen(column, len(terms))

    def vocabulary_file(self, feed: str, batch: int) -> Json:
        key, file = self.key(), self.pick([file for file in self.files if "size" not in file])
        column: Json = {"type": "categorical_column_with_vocabulary_file", "key": key, "vocabulary_file": file["path"]}
        if self.chance(0.4):
            column["vocabulary_size"] = self.integer(1, len(file["terms"]))
        if file["dtype"] == "string":
            self.features[key] = self.feed(feed, "string", self.strings([*file["terms"], ""]), batch)
        else:
            column["dtype"] = "int64"
            dtype = self._integer_dtype(feed)
            self.features[key] = self.feed(feed, dtype, self.integers(file["terms"], dtype, feed == "extremes"), batch)
        return self._unseen(column, len(file["terms"]))

    def _buckets(self) -> int:
        return self.pick((1, 2, 5, 10, 1000, 2**31 - 1, 2**31, 2**40, 2**62)) if self.chance(0.2) else self.integer(1, 50)

    def hash_bucket(self, feed: str, batch: int, few: bool = False) -> Json:
        key = self.key()
        size = self.integer(1, 12) if few else self._buckets()
        self.features[key] = self.feed(feed, "string", self.strings([""]), batch)
        return {"type": "categorical_column_with_hash_bucket", "key": key, "hash_bucket_size": size}

    def hash_integers(self, feed: str, batch: int, few: bool = False) -> Json:
        key, dtype = self.key(), self._integer_dtype(feed)
        size = self.integer(1, 12) if few else self._buckets()
        self.features[key] = self.feed(
            feed, dtype, self.integers([7, -3], dtype, feed == "extremes" or self.chance(0.3)), batch
        )
        return {
            "type": "categorical_column_with_hash_bucket",
            "key": key,
            "hash_bucket_size": size,
            "dtype": self.pick(INTEGERS),
        }

    def crossed(self, feed: str, batch: int, few: bool = False, depth: int = 0) -> Json:
        keys: list[Any] = []
        for i in range(self.integer(2, 3 if depth else 4)):
            own = (
                feed if i == 0 or self.chance(0.4) else self.pick(("rank 1", "rank 2", "padded", "sparse", "sparse with gaps"))
            )
            own = "empty batch" if feed == "empty batch" else own
            keys.append(self._leaf(own, batch, depth))
        column: Json = {"type": "crossed_column", "keys": [keys[i] for i in self.rng.permutation(len(keys))]}
        column["hash_bucket_size"] = self.integer(1, 12) if few else self._buckets()
        if self.chance(0.3):
            column["hash_key"] = self.pick((0, 1, 5, -1, 12345, 2**63 - 1, -(2**63), 956888297470))
        return column

    def _leaf(self, feed: str, batch: int, depth: int) -> Any:
        kind = self.pick(("string", "string", "integer", "float", "identity", "vocabulary", "bucketized", "crossed"))
        if kind == "crossed" and depth < 2 and self.chance(0.5):
            return self.crossed(feed, batch, depth=depth + 1)
        if kind == "identity":
            return self.identity(feed, batch)
        if kind == "vocabulary":
            return self.pick((self.vocabulary_list, self.vocabulary_integers, self.vocabulary_file))(feed, batch)
        if kind == "bucketized":
            return self.bucketized("rank 2" if "sparse" in feed or feed == "no values" else feed, batch)
        key = self.key()
        if kind == "integer":
            dtype = self._integer_dtype(feed)
            self.features[key] = self.feed(feed, dtype, self.integers([3, 4], dtype, self.chance(0.5)), batch)
        elif kind == "float":
            dtype = self.pick(("float32", "float64", "bool"))
            draw = (lambda: self.chance(0.5)) if dtype == "bool" else (lambda: float(np.float32(self.rng.normal() * 5)))
            self.features[key] = self.feed(feed, dtype, draw, batch)
        else:
            self.features[key] = self.feed(feed, "string", self.strings([""]), batch)
        return key

    def weighted(self, feed: str, batch: int, dense: bool) -> Json:
        makers = (self.identity, self.vocabulary_list, self.vocabulary_integers, self.vocabulary_file, self._few_hash)
        inner = self.crossed(feed, batch, few=True) if self.chance(0.1) else self.pick(makers)(feed, batch)
        if self.chance(0.1) and feed in ("rank 1", "rank 2", "narrow integers"):
            self.features.clear()
            inner = self.bucketized(feed, batch)
        dtype = self.pick(("float32", "float32", "float32", "int64", "int32"))
        column = {"type": "weighted_categorical_column", "categorical_column": inner, "weight_feature_key": "weights"}
        if dtype != "float32":
            column["dtype"] = dtype
        draw = (lambda: self.integer(-2, 3)) if dtype != "float32" else self.weight
        fed = self.features[inner["key"]] if "key" in inner else None
        self.features["weights"] = self._weights(fed, dtype, draw, dense, batch)
        return column

    def _few_hash(self, feed: str, batch: int) -> Json:
        return self.hash_bucket(feed, batch, few=True)

    def _weights(self, fed: Json | None, dtype: str, draw: Any, dense: bool, batch: int) -> Json:
        """Weights beside the ids: the same positions, or a dense tensor whose zeros will vanish."""
        if fed is None:
            return self.feed("rank 2" if dense else "sparse", dtype, draw, batch)
        never_zero = lambda: draw() or 1  # noqa: E731
        if dense:
            shape = tuple(fed["shape"] if fed["kind"] == "dense" else fed["dense_shape"])
            if fed["kind"] == "dense" and self.chance(0.8):  # as many as there are ids
                missing = "" if fed["dtype"] == "string" else int(np.array(-1).astype(fed["dtype"]))
                flags = iter([v != missing for v in _leaves(fed["values"])])
                return self._require_dense(dtype, shape, lambda: never_zero() if next(flags) else 0)
            return self._require_dense(dtype, shape, draw)
        if fed["kind"] == "sparse":
            return self._sparse(dtype, fed["indices"], draw, tuple(fed["dense_shape"]))
        missing = "" if fed["dtype"] == "string" else int(np.array(-1).astype(fed["dtype"]))
        shape = tuple(fed["shape"]) if len(fed["shape"]) > 1 else (*fed["shape"], 1)
        places = np.argwhere(np.ones(shape, bool)).tolist()
        kept = [p for p, v in zip(places, _leaves(fed["values"]), strict=True) if v != missing]
        kept = kept if self.chance(0.95) else kept[:-1]
        return self._sparse(dtype, kept, draw, shape)

    def categorical(self, kind: str, feed: str, batch: int) -> Json:
        makers: dict[str, Any] = {
            "bucketized": self.bucketized,
            "identity": self.identity,
            "vocabulary_list": self.vocabulary_list,
            "vocabulary_list of integers": self.vocabulary_integers,
            "vocabulary_file": self.vocabulary_file,
            "hash_bucket": self.hash_bucket,
            "hash_bucket of integers": self.hash_integers,
            "crossed": self.crossed,
        }
        if kind.startswith("weighted"):
            return self.weighted(feed, batch, kind.endswith("dense weights"))
        return makers[kind](feed, batch)  # type: ignore[no-any-return]

    def num_buckets(self, column: Json) -> int:
        if column["type"] == "bucketized_column":
            shape = column["source_column"]["shape"]
            return (len(column["boundaries"]) + 1) * (shape if isinstance(shape, int) else int(np.prod(shape)))
        if "categorical_column" in column:
            return self.num_buckets(column["categorical_column"])
        for name in ("num_buckets", "hash_bucket_size"):
            if name in column:
                return int(column[name])
        if "vocabulary_list" in column:
            return len(column["vocabulary_list"]) + column.get("num_oov_buckets", 0)
        size = next(len(f["terms"]) for f in self.files if f["path"] == column["vocabulary_file"])
        return int(column.get("vocabulary_size", size)) + column.get("num_oov_buckets", 0)

    def embedding(self, inner: Json) -> Json:
        dimension = self.integer(1, 4)
        column: Json = {"type": "embedding_column", "categorical_column": inner, "dimension": dimension}
        column["embedding_weights"] = self.matrix(self.num_buckets(inner), dimension)
        if self.chance(0.7):
            column["combiner"] = self.pick(("sum", "mean", "sqrtn"))
        if self.chance(0.25):
            column["max_norm"] = float(np.float32(self.rng.random() * 2 + 0.1))
        if self.chance(0.1):
            column["use_safe_embedding_lookup"] = False
        return column

    # -- cases ----------------------------------------------------------------------------------------------------------

    def case(self, kind: str, feed: str) -> Json:
        batch = self.batch(feed)
        if kind == "parse_example":
            return self._parse_example(batch)
        if kind == "sequence numeric":
            columns = [self._sequence_numeric(feed, batch)]
            return self._named(kind, feed, {"op": "sequence_features", "columns": columns})
        if kind.startswith("sequence"):
            return self._named(kind, feed, {"op": "sequence_features", "columns": [self._sequence(kind, feed, batch)]})
        if kind == "shared_embeddings":
            return self._named(kind, feed, self._shared(feed, batch))
        if kind == "several columns":
            return self._named(kind, feed, self._several(feed, batch))
        if kind == "numeric":
            column = self.numeric(feed, batch)
            op = self.pick(("dense_features", "dense_features", "linear_model", "v1"))
            return self._named(kind, feed, self._consumed(op, [column]))
        column = self.categorical(kind, feed, batch)
        if self.num_buckets(column) > 2**20 or self.chance(0.35):
            return self._named(kind, feed, {"op": "sparse_ids", "column": column})
        op = self.pick(("dense_features", "dense_features", "linear_model", "v1"))
        if op == "v1" and kind.startswith("weighted") and not self._plainly_weighted(column):
            op = "linear_model"
        return self._named(kind, feed, self._consumed(op, [column]))

    def _plainly_weighted(self, column: Json) -> bool:
        """Whether ids and weights are sparse at the same places: what version 1's graph optimizer leaves of the check
        that there are as many of one as of the other depends on the rest of the graph."""
        fed, weights = self.features.get(column["categorical_column"].get("key")), self.features["weights"]
        return fed is not None and fed.get("indices") is not None and fed["indices"] == weights.get("indices")

    def _named(self, kind: str, feed: str, case: Json) -> Json:
        named = {**case, "kind": kind, "feed": feed, "features": self.features}
        if self.chance(0.03) and not case["op"].endswith("_v1") and kind != "shared_embeddings":
            self._spoil()
            named["feed"] = "spoiled"
        return named

    def _spoil(self) -> None:
        """Make the features wrong: one is gone, has another type, or another batch size."""
        key = self.pick(sorted(self.features))
        how = self.pick(("gone", "type", "batch"))
        if how == "gone":
            del self.features[key]
        elif how == "type":
            dtype = self.pick(("string", "int64", "float32", "bool"))
            draw: Any = {"string": self.text, "int64": lambda: 1, "float32": lambda: 1.0, "bool": lambda: True}[dtype]
            self.features[key] = self._require_dense(dtype, [*(self.features[key].get("shape") or [1])[:1], 1], draw)
        else:
            self.features[key] = self._require_dense("int64", (9, 1), lambda: 1)

    def _dense_form(self, column: Json) -> Json:
        if column["type"] == "numeric_column" or (column["type"] == "bucketized_column" and self.chance(0.5)):
            return column
        return {"type": "indicator_column", "categorical_column": column} if self.chance(0.5) else self.embedding(column)

    def _consumed(self, op: str, columns: list[Json]) -> Json:
        """The columns in a layer: as dense ones, or weighted by a linear model."""
        v1 = op == "v1"
        if v1:
            self._rename(columns)
            op = self.pick(("dense_features", "linear_model"))
        if op == "dense_features":
            return {"op": "input_layer_v1" if v1 else op, "columns": [self._dense_form(c) for c in columns]}
        chosen = [c if self.chance(0.8) else self._dense_form(c) for c in columns]
        units = self.pick((1, 1, 2, 3))
        case: Json = {"op": "linear_model_v1" if v1 else op, "columns": chosen, "units": units}
        case["sparse_combiner"] = self.pick(("sum", "mean", "sqrtn"))
        case["bias"] = self.matrix(1, units)[0]
        if len(chosen) == 1:  # names are made by the columns themselves; the runners set weights by name
            case["first_weights"] = self.matrix(self._weight_rows(chosen[0]), units)
        return case

    def _weight_rows(self, column: Json) -> int:
        if column["type"] == "numeric_column":
            shape = column["shape"]
            return shape if isinstance(shape, int) else int(np.prod(shape))
        if column["type"] == "embedding_column":
            return int(column["dimension"])
        return self.num_buckets(column["categorical_column"] if column["type"] == "indicator_column" else column)

    def _rename(self, columns: list[Json]) -> None:
        """Version 1 takes plain names only."""
        names = {key: f"f{i}" for i, key in enumerate(self.features) if not key.isascii() or " " in key}

        def renamed(value: Any) -> Any:
            if isinstance(value, list):
                return [renamed(v) for v in value]
            if isinstance(value, dict) and "type" in value:
                changed = {
                    k: renamed(v) if k in ("keys", "categorical_column", "source_column") else v for k, v in value.items()
                }
                return changed | ({"key": names.get(value["key"], value["key"])} if "key" in value else {})
            return names.get(value, value) if isinstance(value, str) else value

        columns[:] = [renamed(column) for column in columns]
        self.features = {names.get(key, key): value for key, value in self.features.items()}

    def _several(self, feed: str, batch: int) -> Json:
        columns = []
        for _ in range(self.integer(2, 4)):
            own = feed if self.chance(0.5) else self.pick(("rank 1", "rank 2", "padded", "sparse"))
            own = "empty batch" if feed == "empty batch" else own
            kind = self.pick(("numeric", "bucketized", "identity", "vocabulary_list", "vocabulary_file", "crossed"))
            if kind in ("numeric", "bucketized"):
                own = own if "sparse" not in own and own not in ("no values", "padded") else "rank 2"
                columns.append(self.numeric(own, batch) if kind == "numeric" else self.bucketized(own, batch))
            elif kind == "crossed":
                columns.append(self.crossed(own, batch, few=True))
            else:
                columns.append(self.categorical(kind, own, batch))
        return self._consumed(self.pick(("dense_features", "dense_features", "linear_model", "v1")), columns)

    def _shared(self, feed: str, batch: int) -> Json:
        n, dimension = self.integer(1, 8), self.integer(1, 3)
        columns = []
        for _ in range(self.integer(1, 3)):
            key, dtype = self.key(), self._integer_dtype(feed)
            draw = self.integers(list(range(n)), dtype, False)
            self.features[key] = self.feed(feed, dtype, draw, batch)
            columns.append({"type": "categorical_column_with_identity", "key": key, "num_buckets": n, "default_value": 0})
        shared: Json = {"categorical_columns": columns, "dimension": dimension, "embedding_weights": self.matrix(n, dimension)}
        if self.chance(0.6):
            shared["combiner"] = self.pick(("sum", "mean", "sqrtn"))
        if self.chance(0.3):
            shared["shared_embedding_collection_name"] = "one_table"
        if self.chance(0.2):
            shared["max_norm"] = 0.75
        return {"op": "shared_embeddings", "shared": shared}

    def _sequence(self, kind: str, feed: str, batch: int) -> Json:
        makers = (self.identity, self.vocabulary_list, self.vocabulary_integers, self.vocabulary_file, self._few_hash)
        inner = self.pick(makers)(feed, batch)
        inner = inner | {"type": f"sequence_{inner['type']}"}
        if kind == "sequence indicator":
            return {"type": "indicator_column", "categorical_column": inner}
        return self.embedding(inner) | {"use_safe_embedding_lookup": True}

    def _sequence_numeric(self, feed: str, batch: int) -> Json:
        key, width = self.key(), self.integer(1, 3)
        column: Json = {"type": "sequence_numeric_column", "key": key, "shape": width}
        dtype = self.pick(("float32", "float32", "float32", "float64", "int64"))
        if feed in ("narrow integers", "extremes"):
            dtype = self.pick(INTEGERS)
        if dtype in INTEGERS or self.chance(0.5):
            column["default_value"] = self.integer(-3, 3) if dtype in INTEGERS and self.chance(0.9) else -1.5
            column["default_value"] = max(column["default_value"], 0) if dtype.startswith("u") else column["default_value"]
        if dtype not in ("float32", "float64"):
            column["dtype"] = dtype
        draw = self.integers([1, 2], dtype, False) if dtype in INTEGERS else self.floats([], dtype)
        fed = feed if feed in ("sparse", "sparse with gaps", "sparse rank 3", "no values", "rank 3") else "sparse with gaps"
        fed = feed if feed in ("rank 1", "rank 2", "padded") else fed
        self.features[key] = self.feed(fed, dtype, draw, batch, width * self.integer(1, 3) if self.chance(0.8) else None)
        data = self.features[key]
        if data["kind"] == "sparse" and len(data["dense_shape"]) == 2 and self.chance(0.85):  # whole steps
            data["dense_shape"][1] = -(-data["dense_shape"][1] // width) * width
        return column

    def _parse_example(self, batch: int) -> Json:
        columns: list[Json] = []
        names = [self.text() for _ in range(3)]
        columns.append(
            {"type": "numeric_column", "key": "n", "shape": self.integer(1, 2), "default_value": self.pick((None, 2.5))}
        )
        columns.append({"type": "numeric_column", "key": "i", "dtype": "int64", "default_value": self.pick((None, 3))})
        columns.append({"type": "categorical_column_with_vocabulary_list", "key": "v", "vocabulary_list": sorted(set(names))})
        columns.append({"type": "categorical_column_with_identity", "key": "a", "num_buckets": 5})
        columns.append({"type": "crossed_column", "keys": ["x", "y"], "hash_bucket_size": 9})
        columns = [c for c in columns if self.chance(0.7)] or columns[:1]
        makers: Json = {
            "n": lambda: ("float32", [float(np.float32(self.rng.normal())) for _ in range(self.integer(1, 2))]),
            "i": lambda: ("int64", [self.integer(-9, 9)]),
            "v": lambda: ("string", [self.pick(names) for _ in range(self.integer(0, 3))]),
            "a": lambda: ("int64", [self.integer(-1, 6) for _ in range(self.integer(0, 3))]),
            "x": lambda: ("string", [self.text() for _ in range(self.integer(0, 2))]),
            "y": lambda: ("string" if self.chance(0.95) else "int64", []),
        }
        width = next((c["shape"] for c in columns if c.get("key") == "n"), 1)
        examples = []
        for _ in range(max(batch, 1)):
            example = {}
            for key, make in makers.items():
                dtype, values = make()
                if key == "n" and self.chance(0.95):
                    values = [float(np.float32(self.rng.normal())) for _ in range(width)]
                if self.chance(0.9):
                    example[key] = {"dtype": dtype, "values": values}
            examples.append(example)
        return {"op": "parse_example", "kind": "parse_example", "feed": "examples", "columns": columns, "examples": examples}


def _leaves(values: Any) -> list[Any]:
    return [x for value in values for x in _leaves(value)] if isinstance(values, list) else [values]


def vocabulary_files(rng: np.random.Generator, folder: Path, count: int) -> list[Json]:
    """Vocabulary files for the cases: plain, with carriage returns, without a last newline, of integers."""
    files = []
    for i in range(count):
        draw = Draw(rng, folder, [])
        integers = i % 4 == 3
        if integers:
            terms: list[Any] = list(dict.fromkeys(draw.integer(-30, 90) for _ in range(draw.integer(1, 9))))
        else:
            drawn = (draw.text().replace("\n", "_") for _ in range(draw.integer(1, 9)))
            terms = list(dict.fromkeys(t for t in drawn if not t.endswith("\r")))
        newline = draw.pick(("\n", "\n", "\r\n"))
        text = newline.join(map(str, terms)) + (newline if draw.chance(0.7) else "")
        path = folder / f"terms_{i}.txt"
        path.write_bytes(text.encode())
        files.append({"path": path.name, "terms": terms, "dtype": "int64" if integers else "string"})
    return files
