"""Runs cases in the form of tests/golden/README.md with real TensorFlow: `python tf_reference.py FOLDER cases.json out.json`.

Needs TensorFlow 2.15 with tf.estimator and nothing of featurecols, since TensorFlow 2.15 needs numpy 1. It is started
by differential_tf.py; out.json gets the `expect` of every case, in order.
"""

import base64
import json
import math
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "-1")

import numpy as np
import tensorflow as tf
from tensorflow.python.feature_column import feature_column_v2, sequence_feature_column
from tensorflow_estimator.python.estimator.canned.linear import LinearModel

tf.get_logger().setLevel("ERROR")
tf.compat.v1.logging.set_verbosity(tf.compat.v1.logging.ERROR)
SPECIAL = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
FOLDER = "."


def cell(value):
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return value.encode() if isinstance(value, str) else value


def number(value):
    if isinstance(value, list):
        return [number(v) for v in value]
    return SPECIAL.get(value, value) if isinstance(value, str) else value


def leaves(values):
    return [x for value in values for x in leaves(value)] if isinstance(values, list) else [values]


def constant(dtype, values, shape, order="="):
    if dtype == "string":
        flat = np.array([cell(v) for v in leaves(values)], dtype=object)
    else:
        flat = np.array([number(v) for v in leaves(values)], dtype=tf.as_dtype(dtype).as_numpy_dtype)
    if order != "=":
        flat = flat.astype(flat.dtype.newbyteorder(order))
    return tf.constant(flat.reshape(shape), dtype=tf.as_dtype(dtype))


def tensor(data):
    if data["kind"] == "dense":
        return constant(data["dtype"], data["values"], data["shape"], data.get("order", "="))
    rank = len(data["dense_shape"])
    values = constant(data["dtype"], data["values"], (len(data["values"]),), data.get("order", "="))
    return tf.SparseTensor(np.array(data["indices"], np.int64).reshape(-1, rank), values, data["dense_shape"])


def normalizer(spec):
    if not isinstance(spec, dict):
        return spec
    if spec["op"] == "floordiv":
        return lambda x: x // spec["by"]
    functions = {
        "affine": lambda x: x * spec["scale"] + spec["offset"],
        "standardize": lambda x: (x - spec["mean"]) / spec["std"],
        "log1p": tf.math.log1p,
        "clip": lambda x: tf.clip_by_value(x, spec["min"], spec["max"]),
    }
    return lambda x: functions[spec["op"]](tf.cast(x, tf.float32))


def column_of(spec, module):
    if not isinstance(spec, dict) or "type" not in spec:
        return spec
    return getattr(module, spec["type"])(**arguments(spec, module))


def arguments(spec, module):
    found = {}
    for name, value in spec.items():
        if isinstance(value, dict) and "np" in value:
            found[name] = np.dtype(value["np"]).type(value["value"])
        elif name == "embedding_weights":
            found["initializer"] = tf.constant_initializer(np.array(number(value), np.float32))
        elif name in ("categorical_column", "source_column"):
            found[name] = column_of(value, module)
        elif name in ("keys", "categorical_columns") and isinstance(value, list):
            found[name] = [column_of(key, module) for key in value]
        elif name == "dtype" and isinstance(value, str):
            found[name] = tf.as_dtype(value)
        elif name == "normalizer_fn":
            found[name] = normalizer(value)
        elif name == "vocabulary_file" and value:
            found[name] = os.path.join(FOLDER, value)
        elif name == "vocabulary_list" and isinstance(value, list):
            found[name] = [v if isinstance(v, str) else cell(v) for v in value]
        elif name in ("boundaries", "default_value", "max_norm"):
            found[name] = number(value)
        elif name != "type":
            found[name] = value
    return found


def data_of(value):
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


def dense_json(value):
    value = np.asarray(value)
    name = "string" if value.dtype.kind in "OSU" else value.dtype.name
    return {"dtype": name, "shape": list(value.shape), "values": data_of(value)}


def sparse_json(value):
    if value is None:
        return None
    values = np.asarray(value.values)
    name = "string" if values.dtype.kind in "OSU" else values.dtype.name
    found = {"dtype": name, "indices": np.asarray(value.indices).tolist(), "values": data_of(values)}
    return {**found, "dense_shape": np.asarray(value.dense_shape).tolist()}


def features_of(case):
    return {key: tensor(data) for key, data in case.get("features", {}).items()}


def sparse_ids(case, stage):
    column = column_of(case["column"], tf.feature_column)
    stage[0] = "call"
    cache = feature_column_v2.FeatureTransformationCache(features_of(case))
    ids, weights = column.get_sparse_tensors(cache, None)
    return {
        "name": column.name,
        "num_buckets": int(column.num_buckets),
        "ids": sparse_json(ids),
        "weights": sparse_json(weights),
    }


def dense_features(case, stage):
    columns = [column_of(spec, tf.feature_column) for spec in case["columns"]]
    stage[0] = "layer"
    layer = tf.keras.layers.DenseFeatures(columns)
    stage[0] = "call"
    dense = layer(features_of(case)).numpy()
    slices, start = [], 0
    for column in sorted(columns, key=lambda c: c.name):
        stop = start + column.variable_shape.num_elements()
        slices.append([column.name, start, stop])
        start = stop
    return {"dense": dense_json(dense), "slices": slices}


def sequence_features(case, stage):
    columns = [column_of(spec, tf.feature_column) for spec in case["columns"]]
    stage[0] = "layer"
    layer = tf.keras.experimental.SequenceFeatures(columns)
    stage[0] = "call"
    dense, lengths = layer(features_of(case))
    return {"dense": dense_json(dense.numpy()), "sequence_length": dense_json(lengths.numpy())}


def linear_model(case, stage):
    columns = [column_of(spec, tf.feature_column) for spec in case["columns"]]
    stage[0] = "layer"
    model = LinearModel(columns, case.get("units", 1), case.get("sparse_combiner", "sum"))
    stage[0] = "call"
    model.layer.build(None)
    weights = case.get("weights", {})
    for column in columns:
        if column.name in weights:
            model.layer._state_manager.get_variable(column, "weights").assign(
                np.array(number(weights[column.name]), np.float32)
            )
    if "bias" in case:
        model.layer.bias.assign(np.array(number(case["bias"]), np.float32))
    return {"dense": dense_json(model(features_of(case)).numpy())}


def in_session(tensor, variables):
    """A graph tensor's value, after variables were initialized and assigned."""
    with tf.compat.v1.Session() as session:
        session.run([tf.compat.v1.global_variables_initializer(), tf.compat.v1.tables_initializer()])
        for variable, value in variables:
            variable.load(np.array(number(value), np.float32), session)
        return session.run(tensor)


def input_layer_v1(case, stage):
    with tf.Graph().as_default():
        columns = [column_of(spec, tf.compat.v1.feature_column) for spec in case["columns"]]
        stage[0] = "call"
        made = tf.compat.v1.feature_column.input_layer(features_of(case), columns)
        return {"dense": dense_json(in_session(made, []))}


def linear_model_v1(case, stage):
    with tf.Graph().as_default():
        columns = [column_of(spec, tf.compat.v1.feature_column) for spec in case["columns"]]
        stage[0] = "call"
        variables = {}
        made = tf.compat.v1.feature_column.linear_model(
            features_of(case),
            columns,
            units=case.get("units", 1),
            sparse_combiner=case.get("sparse_combiner", "sum"),
            cols_to_vars=variables,
        )
        weights = case.get("weights", {})
        given = [(variables[c][0], weights[c.name]) for c in columns if c.name in weights]
        if "bias" in case:
            given.append((variables["bias"][0], case["bias"]))
        return {"dense": dense_json(in_session(made, given))}


def shared_embeddings(case, stage):
    with tf.Graph().as_default():
        columns = tf.feature_column.shared_embeddings(**arguments(case["shared"], tf.feature_column))
        stage[0] = "layer"
        layer = tf.keras.layers.DenseFeatures(columns)
        stage[0] = "call"
        made = layer(features_of(case))
        variables = sorted({v.name.split(":")[0] for v in tf.compat.v1.global_variables()})
        names = [column.name for column in columns]
        return {"names": names, "variable": variables, "dense": dense_json(in_session(made, []))}


def shared_columns(case, make):
    given = arguments(case["shared"], tf.feature_column)
    return make(given.pop("categorical_columns"), *case.get("positional", ()), **given)


def shared_linear(case, stage):
    with tf.Graph().as_default():
        columns = shared_columns(case, tf.feature_column.shared_embeddings)
        columns += [column_of(spec, tf.feature_column) for spec in case["columns"]]
        stage[0] = "layer"
        model = LinearModel(columns, case["units"])
        stage[0] = "call"
        return {"dense": dense_json(in_session(model(features_of(case)), []))}


def shared_v1(case, stage):
    with tf.Graph().as_default():
        v1 = tf.compat.v1.feature_column
        columns = shared_columns(case, v1.shared_embedding_columns)
        columns += [column_of(spec, v1) for spec in case["columns"]]
        stage[0] = "call"
        variables = {}
        made = getattr(v1, case["layer"])(features_of(case), columns, cols_to_vars=variables)
        shapes = sorted([getattr(key, "name", key), [v.shape.as_list() for v in found]] for key, found in variables.items())
        return {"dense": dense_json(in_session(made, [])), "variables": shapes}


def initializer(signature, table):
    def partition_info(shape, dtype, partition_info):
        return tf.constant(table) if partition_info is None else None

    class Made:
        def __call__(self, shape, dtype=None, partition_info=None):
            return tf.constant(table)

    return {
        "dtype": lambda shape, dtype: tf.constant(table),
        "partition_info": partition_info,
        "keywords": lambda shape, dtype=None, **more: None if more else tf.constant(table),
        "object": Made(),
        "class": Made,
        "shape": lambda shape: tf.constant(table),
        "positional": lambda a, b: tf.constant(table),
    }[signature]


def initializer_v1(case, stage):
    with tf.Graph().as_default():
        inner = column_of(case["column"], tf.feature_column)
        made = initializer(case["signature"], np.array(case["table"], np.float32))
        stage[0] = "call"
        v1, fed = tf.compat.v1.feature_column, features_of(case)
        if case["layer"] == "shared":
            columns = tf.feature_column.shared_embeddings([inner], 2, initializer=made)
            dense = tf.keras.layers.DenseFeatures(columns)(fed)
        elif case["layer"] == "shared_v1":
            dense = v1.input_layer(fed, v1.shared_embedding_columns([inner], 2, initializer=made))
        else:
            dense = getattr(v1, case["layer"])(fed, [v1.embedding_column(inner, 2, initializer=made)])
        return {"dense": dense_json(in_session(dense, []))}


def parse_serialized(case, stage):
    columns = [column_of(spec, tf.feature_column) for spec in case["columns"]]
    stage[0] = "call"
    spec = tf.feature_column.make_parse_example_spec(columns)
    return parsed_json([base64.b64decode(text) for text in case["serialized"]], spec)


def parse_example(case, stage):
    columns = [column_of(spec, tf.feature_column) for spec in case["columns"]]
    stage[0] = "call"
    spec = tf.feature_column.make_parse_example_spec(columns)
    serialized = []
    for example in case["examples"]:
        lists = {}
        for key, data in example.items():
            values = [cell(v) if data["dtype"] == "string" else number(v) for v in data["values"]]
            if data["dtype"] == "string":
                lists[key] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
            elif data["dtype"] == "float32":
                lists[key] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
            else:
                lists[key] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
        serialized.append(tf.train.Example(features=tf.train.Features(feature=lists)).SerializeToString())
    return parsed_json(serialized, spec)


def parsed_json(serialized, spec):
    try:
        parsed = tf.io.parse_example(serialized, spec)
    except UnicodeDecodeError as error:  # the text of TensorFlow's error holds bytes of the message
        raise tf.errors.InvalidArgumentError(None, None, str(error)) from None
    found = {}
    for key, value in parsed.items():
        if isinstance(value, tf.SparseTensor):
            found[key] = {"kind": "sparse", **sparse_json(value)}
        else:
            found[key] = {"kind": "dense", **dense_json(value.numpy())}
    return {"features": found}


def construct(case, stage):
    column = column_of(case["column"], tf.feature_column)
    found = {"name": column.name}
    if isinstance(column, feature_column_v2.CategoricalColumn):
        found["num_buckets"] = int(column.num_buckets)
    if hasattr(column, "variable_shape"):
        found["variable_shape"] = column.variable_shape.as_list()
    return found


def concatenate_context_input(case, stage):
    stage[0] = "call"
    made = sequence_feature_column.concatenate_context_input(tensor(case["context_input"]), tensor(case["sequence_input"]))
    return {"dense": dense_json(made.numpy())}


def serialize(case, stage):
    column = column_of(case["column"], tf.feature_column)
    stage[0] = "call"
    config = tf.__internal__.feature_column.serialize_feature_column(column)
    plain = json.loads(json.dumps(config))
    again = tf.__internal__.feature_column.deserialize_feature_column(json.loads(json.dumps(config)))
    return {"config": plain, "roundtrip_equal": bool(again == column)}


OPS = {
    f.__name__: f
    for f in (
        concatenate_context_input,
        construct,
        dense_features,
        initializer_v1,
        input_layer_v1,
        linear_model,
        linear_model_v1,
        parse_example,
        parse_serialized,
        sequence_features,
        serialize,
        shared_embeddings,
        shared_linear,
        shared_v1,
        sparse_ids,
    )
}


def expect_of(case):
    stage = ["construct"]
    try:
        return OPS[case["op"]](case, stage)
    except Exception as error:
        return {"error": type(error).__name__, "stage": stage[0], "message": str(error)[:300]}


def main():
    global FOLDER
    FOLDER, source, target = sys.argv[1:4]
    with open(source, encoding="utf-8") as file:
        cases = json.load(file)
    found, last = [], time.time()
    for number_of, case in enumerate(cases):
        found.append(expect_of(case))
        if time.time() - last > 30:
            print(f"  TensorFlow: {number_of + 1} of {len(cases)}", flush=True)
            last = time.time()
    with open(target, "w", encoding="utf-8") as file:
        json.dump({"tensorflow": tf.__version__, "expect": found}, file)


if __name__ == "__main__":
    main()
