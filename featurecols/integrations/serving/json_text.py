"""JSON in and out, strictly: no NaN, no infinities, no key twice, UTF-8 alone. Objects {"b64": text} are bytes."""

from __future__ import annotations

import binascii
import json
import math
from typing import TypeAlias

from featurecols import errors
from featurecols.integrations.serving.http_errors import HttpError

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | bytes | None"
_BASE64 = "b64"
_HINT = "send one JSON object in UTF-8"


class _RefusedError(ValueError):
    """JSON that is read by others, and is not by us."""


def parse(body: bytes) -> Json:
    r"""Return what JSON text says.

    Raises HttpError 400 for text that is not JSON, is not UTF-8 or is nested too deep, a key that an object has twice, NaN and
    infinities, numbers beyond float64, and {"b64": ...} that is not base64.

    >>> parse(b'{"a": [1, 2.5, {"b64": "AAE="}]}')
    {'a': [1, 2.5, b'\x00\x01']}
    """
    try:
        found: Json = _DECODER.decode(body.decode())
        return found
    except UnicodeDecodeError as e:
        raise HttpError(400, f"body: is not UTF-8 at byte {e.start}; {_HINT}") from None
    except RecursionError:
        raise HttpError(400, "body: lists or objects are nested too deep; flatten them") from None
    except json.JSONDecodeError as e:
        raise HttpError(400, f"body: is not JSON ({e.msg} at character {e.pos}); {_HINT}") from None
    except _RefusedError as e:
        raise HttpError(400, f"body: {e}") from None
    except ValueError:  # an integer past Python's limit of digits
        raise HttpError(400, "body: an integer has too many digits; send it as text, or smaller") from None


def write(value: object) -> bytes:
    r"""Return data as JSON text in ASCII; raises ValueError for NaN and infinities.

    >>> write({"predictions": [{"class": "é"}]})
    b'{"predictions":[{"class":"\\u00e9"}]}'
    """
    return _ENCODER.encode(value).encode("ascii")


def _object(pairs: list[tuple[str, Json]]) -> Json:
    """Return the value of a JSON object."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(key for i, (key, _) in enumerate(pairs) if any(key == other for other, _ in pairs[:i]))
        raise _RefusedError(f"an object has the key {errors.show(twice)} twice; send it once")
    return _bytes(found[_BASE64]) if len(found) == 1 and _BASE64 in found else found


def _bytes(text: Json) -> bytes:
    try:
        if isinstance(text, str):
            return binascii.a2b_base64(text.encode("ascii"), strict_mode=True)
    except (ValueError, UnicodeError):
        pass
    raise _RefusedError(f'{{"b64": ...}} holds no base64, got {errors.show(text)}; encode the bytes with base64')


def _constant(text: str) -> float:
    raise _RefusedError(f"{text} is not a number of JSON; send null where a value is missing")


def _number(text: str) -> float:
    found = float(text)
    if math.isinf(found):
        raise _RefusedError(f"a number is beyond float64, got {errors.show(text)}; send a smaller one")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant, parse_float=_number)
_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))
