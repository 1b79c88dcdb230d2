"""`featurecols schema` prints a JSON Schema that takes the specs that train and fit take."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from featurecols.cli.main import main
from tests.cli.commands.test_train import SPEC


def test_the_schema_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    schema = json.loads(capsys.readouterr().out)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator(schema).validate(SPEC)
    Draft202012Validator(schema).validate(SPEC["linear"])
