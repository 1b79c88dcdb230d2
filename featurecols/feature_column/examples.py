"""Serialized tf.train.Examples, read as TensorFlow's own parser reads them.

    Example { 1: Features }      Features { 1: repeated entry }      entry { 1: key, 2: Feature }
    Feature { 1: BytesList, 2: FloatList or 3: Int64List }           each list { 1: repeated values, packed or not }

Of two entries with one key the last one counts; of a Feature its first list. Fields of other numbers are passed over.
"""

from __future__ import annotations

import struct

import numpy as np

from featurecols._core.arrays import Array
from featurecols.feature_column import errors
from featurecols.tf.checkpoint.protobuf import Reader, WireError, fields, integer, message

_BYTES, _FLOATS, _INTEGERS = 1, 2, 3


def read_example(data: bytes, row: int) -> dict[bytes, Array]:
    """Return the features of one serialized Example by key: float32, int64, or an object array of bytes.

    A Feature without a list is left out, as a missing one is.

    Args:
        data: the message.
        row: its number among the examples, for errors.

    Raises:
        InvalidArgumentError: bytes that are not an Example.
    """
    try:
        found: dict[bytes, Array] = {}
        for number, features in fields(data):
            if number == 1:
                for _, entry in (field for field in fields(message(features)) if field[0] == 1):
                    key, feature = _read_entry(message(entry))
                    found.pop(key, None)
                    if feature:
                        found[key] = _read_feature(feature)
        return found
    except WireError as error:
        hint = "give the bytes of tf.train.Example.SerializeToString()"
        raise errors.invalid("parse_example", f"example {row} cannot be read ({error})", data, hint) from None


def _read_entry(entry: bytes) -> tuple[bytes, bytes]:
    """Return a key and its Feature, which a writer puts in this order."""
    found = list(fields(entry))
    if [number for number, _ in found[:2]] != [1, 2]:
        raise WireError("an entry without a key and a feature")
    return message(found[0][1]), message(found[1][1])


def _read_feature(feature: bytes) -> Array:
    number, values = next(fields(feature))
    if number == _BYTES:
        texts = [message(value) for n, value in fields(message(values)) if n == 1]
        found = np.empty(len(texts), dtype=object)
        found[:] = texts
        return found
    if number == _FLOATS:
        return _read_floats(message(values))
    if number == _INTEGERS:
        return np.array(_read_integers(message(values)), dtype=np.int64)
    raise WireError(f"a feature of kind {number}")


def _read_floats(values: bytes) -> Array:
    """Return a FloatList, whose values are packed into one field or one in each."""
    packed, single = [], []
    for number, value in fields(values):
        if number == 1:
            if isinstance(value, bytes):
                packed.append(value)
            else:
                single.append(struct.pack("<I", value & 0xFFFFFFFF))
    data = b"".join(packed or single)
    if (packed and single) or len(data) % 4:
        raise WireError("a list of floats that is cut short")
    return np.frombuffer(data, dtype="<f4").astype(np.float32)


def _read_integers(values: bytes) -> list[int]:
    """Return an Int64List, whose values are packed into one field or one in each."""
    found: list[int] = []
    for number, value in fields(values):
        if number == 1 and isinstance(value, bytes):
            reader = Reader(value)
            while not reader.done():
                found.append(integer(reader.varint()))
        elif number == 1:
            found.append(integer(value))
    return found
