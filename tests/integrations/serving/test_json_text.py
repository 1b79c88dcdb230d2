"""JSON in and out: what other readers take for granted and this one refuses."""

import json

import pytest

from featurecols.integrations.serving.http_errors import HttpError
from featurecols.integrations.serving.json_text import parse, write

REFUSED = {
    b'{"a": NaN}': "NaN is not a number of JSON",
    b'{"a": -Infinity}': "-Infinity is not a number of JSON",
    b'{"a": 1e999}': "a number is beyond float64, got '1e999'",
    b'{"a": 1, "b": 2, "a": 3}': "an object has the key 'a' twice",
    b'{"a": {"b64": "?"}}': "{\"b64\": ...} holds no base64, got '?'",
    b'{"a": {"b64": 7}}': '{"b64": ...} holds no base64, got 7',
    b'{"a": "\xff"}': "is not UTF-8 at byte 7",
    b"": "is not JSON (Expecting value at character 0)",
    b'{"a": 1} x': "is not JSON (Extra data at character 9)",
    b"[" * 100_000: "nested too deep",
    b'{"a":' * 100_000: "nested too deep",
    b'{"a": ' + b"9" * 5000 + b"}": "an integer has too many digits",
    b"\xef\xbb\xbf{}": "is not JSON",
}


@pytest.mark.parametrize("body", REFUSED, ids=range(len(REFUSED)))
def test_what_is_not_strict_json_is_a_400(body: bytes) -> None:
    with pytest.raises(HttpError) as caught:
        parse(body)
    assert caught.value.status == 400
    assert REFUSED[body] in caught.value.message
    assert len(caught.value.message) < 300


def test_values_are_what_they_say() -> None:
    body = rb'{"a": [1, -2.5, true, null, "\ud83d\ude00"], "b": {"b64": "AP8="}, "c": 123456789012345678901234567890, "d": {}}'
    assert parse(body) == {
        "a": [1, -2.5, True, None, "\U0001f600"],
        "b": b"\x00\xff",
        "c": 123456789012345678901234567890,
        "d": {},
    }
    assert parse(b'{"b64": "YQ==", "x": 1}') == {"b64": "YQ==", "x": 1}


def test_what_is_written_is_ascii_and_never_nan() -> None:
    assert write({"a": ["é", 0.1, True, None]}) == b'{"a":["\\u00e9",0.1,true,null]}'
    assert json.loads(write({"a": "\udc80"})) == {"a": "\udc80"}
    with pytest.raises(ValueError, match="JSON"):
        write([float("nan")])
