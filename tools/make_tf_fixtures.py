"""Make the TensorFlow checkpoints that tests/adapters reads. Runs with TensorFlow 2.15 and numpy 1, not with featurecols.

    python tools/make_tf_fixtures.py            into tests/adapters/data/tf

Everything is drawn from a fixed seed; what TensorFlow itself reads back is stored beside each checkpoint.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import tensorflow as tf

FOLDER = Path(__file__).parent.parent / "tests" / "adapters" / "data" / "tf"
FLOATS = ("float16", "bfloat16", "float32", "float64", "complex64", "complex128")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "bool")


def make_bundle(folder: Path) -> None:
    """One checkpoint of two data files: every dtype, strings, empty and scalar tensors, slices along one and two axes."""
    draw = np.random.RandomState(0)
    named = [(f"all/{d}", tf.cast(draw.randint(0, 2 if d == "bool" else 100, (3, 2)), d), "") for d in (*FLOATS, *INTEGERS)]
    named += [("text", tf.constant([[b"a", b""], [b"\xff\x00", b"x" * 300]]), "")]
    named += [("scalar", tf.constant(7, tf.int64), ""), ("empty", tf.zeros([0, 3]), "")]
    whole = draw.randn(200, 6).astype(np.float32)
    for start, stop in ((0, 67), (67, 134), (134, 200)):
        named.append(("rows", tf.constant(whole[start:stop]), f"200 6 {start},{stop - start}:-"))
    for left, right in ((0, 3), (3, 6)):
        for start, stop in ((0, 100), (100, 200)):
            place = f"200 6 {start},{stop - start}:{left},{right - left}"
            named.append(("tiles", tf.constant(whole[start:stop, left:right]), place))
    parts = [str(folder / "a"), str(folder / "b")]
    for prefix, chosen in zip(parts, (named[:-3], named[-3:]), strict=True):
        names, tensors, places = zip(*chosen, strict=True)
        tensors = list(tensors)
        tf.raw_ops.SaveV2(prefix=prefix, tensor_names=names, shape_and_slices=places, tensors=tensors)
    tf.raw_ops.MergeV2Checkpoints(checkpoint_prefixes=parts, destination_prefix=str(folder / "bundle"))
    reader = tf.train.load_checkpoint(str(folder / "bundle"))
    found = {name: reader.get_tensor(name) for name in reader.get_variable_to_shape_map()}
    found["all/bfloat16"] = found["all/bfloat16"].astype(np.float32)
    texts = [t.hex() for t in found.pop("text").ravel()]
    np.savez_compressed(folder / "bundle.npz", **found)
    (folder / "bundle_text.json").write_text(json.dumps(texts) + "\n")


def main() -> None:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    make_bundle(folder)


if __name__ == "__main__":
    main()
