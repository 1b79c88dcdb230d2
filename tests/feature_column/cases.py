"""Cases in the form of tests/golden/README.md: read them, run them with the dialect, list what differs.

The same form serves the golden set and the differential run against TensorFlow.
"""

from __future__ import annotations

import base64
import builtins
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from featurecols import feature_column
from featurecols._core import farmhash

SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
TOLERANCE = 1e-5  # float32 sums in another order


def load(folder: Path) -> list[dict[str, Any]]:
    """All cases of a folder, in the order of its files."""
    names = sorted(path for path in folder.glob("*.json") if path.name != "index.json")
    return [case for path in names for case in json.loads(path.read_text("utf-8"))["cases"]]


def run(case: dict[str, Any], folder: Path) -> dict[str, Any]:
    """What the dialect makes of a case: the fields of its `expect`, or the error and its stage."""
    stage = ["construct"]
    try:
        return OPS[case["op"]](case, Reader(folder), stage)
    except Exception as error:
        return {"error": error_name(error), "stage": stage[0], "message": f"{type(error).__name__}: {error}"}


def error_name(error: Exception) -> str:
    """The first class of the error that TensorFlow users know: Python's own, or one of TensorFlow's kernel errors."""
    for cls in type(error).__mro__:
        if getattr(builtins, cls.__name__, None) is cls or cls.__base__ is feature_column.OpError:
            return cls.__name__
    return type(error).__name__


def differences(expect: dict[str, Any], got: dict[str, Any], op: str) -> list[str]:
    """What differs, empty when all is equal: exact but for floats, which may be off by their summation."""
    if "error" in expect or "error" in got:
        same = expect.get("error") == got.get("error")
        staged = op.endswith("_v1") or expect.get("stage") == got.get("stage")  # a v1 function is layer and call at once
        return [] if same and staged else [f"expected {expect.get('error')} in {expect.get('stage')}, got {_short(got)}"]
    return [text for key in expect for text in _compare(key, expect[key], got.get(key))]


def _short(value: Any) -> str:
    return str(value)[:300]


def _compare(where: str, expect: Any, got: Any) -> list[str]:
    """Dense and sparse tensors by dtype, shape and values; everything else as JSON."""
    if isinstance(expect, dict) and "values" in expect:
        if not isinstance(got, dict) or any(expect.get(k) != got.get(k) for k in ("dtype", "shape", "dense_shape")):
            return [f"{where}: expected {_short(expect)}, got {_short(got)}"]
        found = _compare(f"{where} indices", expect.get("indices"), got.get("indices"))
        return found + _numbers(f"{where} values", expect, got)
    if isinstance(expect, dict) and isinstance(got, dict) and set(expect) == set(got):
        return [text for key in expect for text in _compare(f"{where}.{key}", expect[key], got[key])]
    if isinstance(expect, float) and isinstance(got, float):
        return [] if math.isclose(expect, got, rel_tol=1e-12) else [f"{where}: expected {expect}, got {got}"]
    return [] if expect == got and type(expect) is type(got) else [f"{where}: expected {_short(expect)}, got {_short(got)}"]


def _numbers(where: str, expect: dict[str, Any], got: dict[str, Any]) -> list[str]:
    a, b = expect["values"], got["values"]
    if not expect["dtype"].startswith("float"):
        return [] if a == b else [f"{where}: expected {_short(a)}, got {_short(b)}"]
    x, y = (np.array(flat(v), dtype=np.float64) for v in (a, b))
    scale = max(1.0, float(np.abs(x[np.isfinite(x)]).max(initial=0.0)))
    if x.shape == y.shape and np.allclose(x, y, rtol=TOLERANCE, atol=TOLERANCE * min(scale, 1.0), equal_nan=True):
        return []
    return [f"{where}: expected {_short(a)}, got {_short(b)}"]


def flat(values: Any) -> list[float]:
    if isinstance(values, list):
        return [x for value in values for x in flat(value)]
    return [SPECIAL[values] if isinstance(values, str) else float(values)]


# -- from JSON ----------------------------------------------------------------------------------------------------------


def cell(value: Any) -> Any:
    """One value: bytes from {"b64": ...}."""
    return base64.b64decode(value["b64"]) if isinstance(value, dict) else value


def number(value: Any) -> Any:
    if isinstance(value, list):
        return [number(v) for v in value]
    return SPECIAL.get(value, value) if isinstance(value, str) else value


def array(dtype: str, values: Any, shape: Any) -> np.ndarray[Any, Any]:
    if dtype == "string":
        listed = _cells(values)
        out = np.empty(len(listed), dtype=object)
        out[:] = listed
    else:
        numpy_dtype = np.dtype(dtype)
        out = np.array(flat(values) if numpy_dtype.kind == "f" else _cells(values), dtype=numpy_dtype)
    return out.reshape(shape)


def _cells(values: Any) -> list[Any]:
    return [x for value in values for x in _cells(value)] if isinstance(values, list) else [cell(values)]


def tensor(data: dict[str, Any]) -> Any:
    if data["kind"] == "sparse":
        values = in_order(array(data["dtype"], data["values"], (len(data["values"]),)), data)
        return feature_column.SparseTensor(np.array(data["indices"], np.int64), values, data["dense_shape"])
    return in_order(array(data["dtype"], data["values"], data["shape"]), data)


def in_order(values: np.ndarray[Any, Any], data: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The same numbers in the byte order that the feature asks for."""
    return values.astype(values.dtype.newbyteorder(data["order"])) if "order" in data else values


def features(case: dict[str, Any]) -> dict[str, Any]:
    return {key: tensor(data) for key, data in case.get("features", {}).items()}


def normalizer(spec: Any) -> Any:
    if not isinstance(spec, dict):
        return spec
    if spec["op"] == "floordiv":
        return lambda x: floordiv(x, spec["by"])
    f32 = np.float32
    functions = {
        "affine": lambda x: x * f32(spec["scale"]) + f32(spec["offset"]),
        "standardize": lambda x: (x - f32(spec["mean"])) / f32(spec["std"]),
        "log1p": np.log1p,
        "clip": lambda x: np.clip(x, f32(spec["min"]), f32(spec["max"])),
    }

    def normalize(x: Any) -> Any:
        return functions[spec["op"]](cast(x))

    normalize.__name__ = spec["op"]
    return normalize


def floordiv(x: Any, by: int) -> Any:
    """What x // by does to a tensor: booleans have no division there."""
    if np.asarray(x).dtype.kind in "bOSU":
        raise TypeError("booleans and strings cannot be divided")
    return x // by


def cast(x: Any) -> Any:
    """What tf.cast(x, tf.float32) does."""
    if np.asarray(x).dtype.kind in "OSU":
        raise feature_column.UnimplementedError("Cast string to float is not supported")
    return np.asarray(x, dtype=np.float32)


class Reader:
    """Columns from their JSON form; vocabulary files are relative to the folder of the set."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def column(self, spec: Any, module: Any = feature_column) -> Any:
        if not isinstance(spec, dict) or "type" not in spec:
            return spec
        return getattr(module, spec["type"])(**self.arguments(spec, module))

    def arguments(self, spec: dict[str, Any], module: Any = feature_column) -> dict[str, Any]:
        found = {}
        for name, value in spec.items():
            if name == "embedding_weights":
                found["initializer"] = feature_column.initializers.Constant(np.array(number(value), np.float32))
            elif name != "type":
                found[name] = self._argument(name, value, module)
        return found

    def _argument(self, name: str, value: Any, module: Any) -> Any:
        if isinstance(value, dict) and "np" in value:
            return np.dtype(value["np"]).type(value["value"])
        if name in ("categorical_column", "source_column"):
            return self.column(value, module)
        if name in ("keys", "categorical_columns") and isinstance(value, list):
            return [self.column(key, module) for key in value]
        if name == "dtype" and isinstance(value, str):
            return feature_column.as_dtype(value)
        if name == "normalizer_fn":
            return normalizer(value)
        if name == "vocabulary_file" and value:
            return str(self.folder / value)
        if name == "vocabulary_list" and isinstance(value, list):
            return [cell(v) for v in value]
        return number(value) if name in ("boundaries", "default_value", "max_norm") else value

    def columns(self, case: dict[str, Any], module: Any = feature_column) -> list[Any]:
        return [self.column(spec, module) for spec in case["columns"]]


# -- to JSON ------------------------------------------------------------------------------------------------------------


def data_of(value: Any) -> Any:
    """An array's values as JSON data: NaN and infinities as their names, bytes as text or {"b64": ...}."""
    if isinstance(value, np.ndarray):
        return data_of(value.tolist())
    if isinstance(value, (list, tuple)):
        return [data_of(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, bytes):
        try:
            return value.decode()
        except UnicodeDecodeError:
            return {"b64": base64.b64encode(value).decode()}
    return value


def dense_json(value: np.ndarray[Any, Any]) -> dict[str, Any]:
    dtype = feature_column.as_dtype(value.dtype).name
    return {"dtype": dtype, "shape": list(value.shape), "values": data_of(value)}


def sparse_json(value: Any) -> Any:
    if value is None:
        return None
    found = {"dtype": value.dtype.name, "indices": value.indices.tolist(), "values": data_of(value.values)}
    return found | {"dense_shape": list(value.dense_shape)}


def tensor_json(value: Any) -> dict[str, Any]:
    if isinstance(value, np.ndarray):
        return {"kind": "dense"} | dense_json(value)
    return {"kind": "sparse"} | sparse_json(value)


def config_json(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: config_json(v) for key, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [config_json(v) for v in value]
    return data_of(value)


# -- the ops ------------------------------------------------------------------------------------------------------------


def _construct(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    column = read.column(case["column"])
    found = {"name": column.name}
    if isinstance(column, feature_column.CategoricalColumn):
        found["num_buckets"] = column.num_buckets
    if hasattr(column, "variable_shape"):
        found["variable_shape"] = column.variable_shape.as_list()
    return found


def _sparse_ids(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    column = read.column(case["column"])
    stage[0] = "call"
    ids, weights = feature_column.sparse_tensors(column, features(case))
    return {"name": column.name, "num_buckets": column.num_buckets, "ids": sparse_json(ids), "weights": sparse_json(weights)}


def _dense_features(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "layer"
    layer = feature_column.DenseFeatures(columns)
    stage[0] = "call"
    return {"dense": dense_json(layer(features(case))), "slices": [list(part) for part in layer.slices]}


def _sequence_features(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "layer"
    layer = feature_column.SequenceFeatures(columns)
    stage[0] = "call"
    values, lengths = layer(features(case))
    return {"dense": dense_json(values), "sequence_length": dense_json(lengths)}


def _linear_model(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "layer"
    model = feature_column.LinearModel(columns, case.get("units", 1), case.get("sparse_combiner", "sum"))
    stage[0] = "call"
    weights = {name: number(matrix) for name, matrix in case.get("weights", {}).items()}
    model.set_weights(weights | ({"bias": number(case["bias"])} if "bias" in case else {}))
    return {"dense": dense_json(model(features(case)))}


def _input_layer_v1(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case, feature_column.v1)
    stage[0] = "call"
    return {"dense": dense_json(feature_column.input_layer(features(case), columns))}


def _linear_model_v1(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case, feature_column.v1)
    stage[0] = "call"
    weights = case.get("weights", {})
    variables: dict[Any, Any] = {c: number(weights[c.name]) for c in columns if c.name in weights}
    if "bias" in case:
        variables["bias"] = number(case["bias"])
    units, combiner = case.get("units", 1), case.get("sparse_combiner", "sum")
    made = feature_column.linear_model(features(case), columns, units, combiner, cols_to_vars=variables)
    return {"dense": dense_json(made)}


def _shared_embeddings(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = feature_column.shared_embeddings(**read.arguments(case["shared"]))
    stage[0] = "layer"
    layer = feature_column.DenseFeatures(columns)
    stage[0] = "call"
    values = layer(features(case))
    return {"names": [c.name for c in columns], "variable": list(layer.weights), "dense": dense_json(values)}


def shared_columns(case: dict[str, Any], read: Reader, make: Any) -> list[Any]:
    arguments = read.arguments(case["shared"])
    return make(arguments.pop("categorical_columns"), *case.get("positional", ()), **arguments)  # type: ignore[no-any-return]


def _shared_linear(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = [*shared_columns(case, read, feature_column.shared_embeddings), *read.columns(case)]
    stage[0] = "layer"
    model = feature_column.LinearModel(columns, case["units"])
    stage[0] = "call"
    return {"dense": dense_json(model(features(case)))}


def _shared_v1(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = shared_columns(case, read, feature_column.v1.shared_embedding_columns)
    columns += read.columns(case, feature_column.v1)
    stage[0] = "call"
    variables: dict[Any, Any] = {}
    layer = getattr(feature_column.v1, case["layer"])
    return {"dense": dense_json(layer(features(case), columns, cols_to_vars=variables)), "variables": shapes_json(variables)}


def shapes_json(variables: dict[Any, Any]) -> list[Any]:
    """Names of columns and shapes of their variables, sorted."""
    return sorted([getattr(key, "name", key), [list(value.shape) for value in values]] for key, values in variables.items())


def initializer(signature: str, table: Any) -> Any:
    """A function or object that gives a table, whose arguments are those of the signature."""

    def partition_info(shape: Any, dtype: Any, partition_info: Any) -> Any:
        return table if partition_info is None else None

    class Made:
        def __call__(self, shape: Any, dtype: Any = None, partition_info: Any = None) -> Any:
            return table

    signatures: dict[str, Any] = {
        "dtype": lambda shape, dtype: table,
        "partition_info": partition_info,
        "keywords": lambda shape, dtype=None, **more: None if more else table,
        "object": Made(),
        "class": Made,
        "shape": lambda shape: table,
        "positional": lambda a, b: table,
    }
    return signatures[signature]


def _initializer_v1(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    inner = read.column(case["column"])
    made = initializer(case["signature"], np.array(case["table"], np.float32))
    stage[0] = "call"
    v1, fed = feature_column.v1, features(case)
    if case["layer"] == "shared":
        return {
            "dense": dense_json(
                feature_column.DenseFeatures(feature_column.shared_embeddings([inner], 2, initializer=made))(fed)
            )
        }
    if case["layer"] == "shared_v1":
        return {"dense": dense_json(v1.input_layer(fed, v1.shared_embedding_columns([inner], 2, initializer=made)))}
    return {"dense": dense_json(getattr(v1, case["layer"])(fed, [v1.embedding_column(inner, 2, initializer=made)]))}


def _parse_serialized(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "call"
    spec = feature_column.make_parse_example_spec(columns)
    parsed = feature_column.parse_example([base64.b64decode(text) for text in case["serialized"]], spec)
    return {"features": {key: tensor_json(value) for key, value in parsed.items()}}


def _parse_example_spec(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "call"
    spec = {}
    for key, feature in feature_column.make_parse_example_spec(columns).items():
        fields = {"kind": type(feature).__name__} | feature._asdict()
        spec[key] = config_json(fields | {"dtype": feature.dtype.name})
    return {"spec": spec}


def _parse_example(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "call"
    spec = feature_column.make_parse_example_spec(columns)
    examples = [
        {key: array(data["dtype"], data["values"], (len(data["values"]),)) for key, data in example.items()}
        for example in case["examples"]
    ]
    parsed = feature_column.parse_example(examples, spec)
    return {"features": {key: tensor_json(value) for key, value in parsed.items()}}


def _serialize(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    column = read.column(case["column"])
    stage[0] = "call"
    config = feature_column.serialize_feature_column(column)
    again = feature_column.deserialize_feature_column(json.loads(json.dumps(config_json(config))))
    return {"config": config_json(config), "roundtrip_equal": again == column}


def _serialize_many(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    columns = read.columns(case)
    stage[0] = "call"
    configs = feature_column.serialize_feature_columns(columns)
    again = feature_column.deserialize_feature_columns(json.loads(json.dumps(config_json(configs))))
    equal = [a == b for a, b in zip(again, columns, strict=True)]
    return {"configs": config_json(configs), "roundtrip_equal": equal, "names": [column.name for column in again]}


def _deserialize(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    stage[0] = "call"
    return {"name": feature_column.deserialize_feature_column(case["config"]).name}


def _fingerprint64(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    strings = [cell(s) for s in case["strings"]]
    texts = [s.encode() if isinstance(s, str) else s for s in strings]
    column = feature_column.categorical_column_with_hash_bucket("h", case["hash_bucket_size"])
    fed = np.empty(len(texts), dtype=object)
    fed[:] = texts
    places = np.arange(len(texts), dtype=np.int64)[:, None] * [1, 0]
    ids = feature_column.sparse_tensors(column, {"h": feature_column.SparseTensor(places, fed, (len(texts), 1))}).id_tensor
    return {"fingerprint64": [str(farmhash.fingerprint64(t)) for t in texts], "bucket": ids.values.tolist()}


def _concatenate_context_input(case: dict[str, Any], read: Reader, stage: list[str]) -> dict[str, Any]:
    stage[0] = "call"
    context, sequence = tensor(case["context_input"]), tensor(case["sequence_input"])
    return {"dense": dense_json(feature_column.concatenate_context_input(context, sequence))}


OPS = {
    "concatenate_context_input": _concatenate_context_input,
    "construct": _construct,
    "dense_features": _dense_features,
    "deserialize": _deserialize,
    "fingerprint64": _fingerprint64,
    "initializer_v1": _initializer_v1,
    "input_layer_v1": _input_layer_v1,
    "linear_model": _linear_model,
    "linear_model_v1": _linear_model_v1,
    "parse_example": _parse_example,
    "parse_example_spec": _parse_example_spec,
    "parse_serialized": _parse_serialized,
    "sequence_features": _sequence_features,
    "serialize": _serialize,
    "serialize_many": _serialize_many,
    "shared_embeddings": _shared_embeddings,
    "shared_linear": _shared_linear,
    "shared_v1": _shared_v1,
    "sparse_ids": _sparse_ids,
}
