"""Print the JSON Schema of spec files, for editors that complete and check what is typed.

Write it to a file, and name that in the spec: {"$schema": "featurecols.schema.json", "columns": [...]}.
"""

from __future__ import annotations

import argparse
import json


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command: none."""


def run(arguments: argparse.Namespace) -> None:
    """Print the schema."""
    from featurecols.models.estimators.schema import spec_schema

    print(json.dumps(spec_schema(), indent=1))
