"""Rows as the inputs of an ONNX model."""

from __future__ import annotations

import numpy as np
from onnx import ModelProto, TensorProto

from featurecols import errors
from featurecols._core.arrays import Array, Tokens
from featurecols.data.batch import Batch
from featurecols.data.fields.base import FieldView
from featurecols.data.sources import Data, as_source


def onnx_inputs(model: ModelProto, data: Data) -> dict[str, Array]:
    """Return rows as what `InferenceSession.run` takes.

    Args:
        model: of `to_onnx`.
        data: rows, as `plan.transform` takes them. Values without a form in ONNX (bytes that are no UTF-8, integers beyond
            int64) are refused.

    Returns:
        For each field its values [n] (0, "" or NaN where missing), and bool [n] as `<field>_present`.

    Raises:
        DataError: for a field that is not there, and values of another type.
    """
    inputs = {value.name: value.type.tensor_type.elem_type for value in model.graph.input}
    fields = {name: kind for name, kind in inputs.items() if f"{name}_present" in inputs}
    source = as_source(data)
    batch = Batch.concatenate(list(source.batches([(key, "category") for key in fields])))
    found: dict[str, Array] = {}
    for key, kind in fields.items():
        view = batch.field(key)
        if view.depth:
            raise errors.wrong_type(key, key, "a list", "one value a row", "leave the field out of what is written as ONNX")
        found[key], found[f"{key}_present"] = _READ[kind](view)
    return found


def _doubles(view: FieldView) -> tuple[Array, Array]:
    values = view.numbers().values.astype(np.float64, copy=False)
    return values, ~np.isnan(values)


def _integers(view: FieldView) -> tuple[Array, Array]:
    integers = view.integers()
    there = np.ones(len(view), np.bool_) if integers.valid is None else integers.valid.astype(np.bool_)
    large = there & (integers.values > 2**63 - 1) if integers.values.dtype == np.uint64 else np.zeros(1, np.bool_)
    if large.any():
        row = int(large.argmax())
        value = int(integers.values[row])
        raise errors.bad_value(view.key, view.key, row, "an integer is beyond int64", value, "ONNX has int64 inputs")
    return np.where(there, integers.values, 0).astype(np.int64), there


def _booleans(view: FieldView) -> tuple[Array, Array]:
    values, there = _strings(view)
    return values == "1", there


def _strings(view: FieldView) -> tuple[Array, Array]:
    tokens: Tokens = view.tokens()
    texts = tokens.texts
    known = [texts[i] for i in range(len(texts))]
    valid = np.ones(len(known), np.bool_) if texts.valid is None else texts.valid.astype(np.bool_)
    codes = np.arange(len(known)) if tokens.codes is None else np.where(tokens.codes < 0, len(known), tokens.codes)
    words = np.array([*(_word(view.key, word) if there else "" for word, there in zip(known, valid, strict=True)), ""], object)
    return words[codes], np.append(valid, False)[codes]


def _word(key: str, text: bytes) -> str:
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise errors.bad_value(key, key, None, "bytes are not UTF-8", text, "strings of ONNX are text") from None


_READ = {
    TensorProto.DOUBLE: _doubles,
    TensorProto.INT64: _integers,
    TensorProto.BOOL: _booleans,
    TensorProto.STRING: _strings,
}
