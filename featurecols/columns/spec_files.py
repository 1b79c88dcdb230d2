"""Spec files: plain data from and to JSON, TOML and YAML, chosen by the end of the name. Nothing in them is run."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from featurecols import errors
from featurecols._core.json_layout import lay_out
from featurecols._core.suggestions import not_a_path

YAML = (".yaml", ".yml")
_DATA = (".csv", ".tsv", ".parquet", ".jsonl", ".arrow", ".gz")  # that somebody may give in the place of a spec
_LARGEST = 1_000_000  # values of a spec: a YAML file may name one value again and again


def read_data(path: str | Path) -> Any:
    """Return what a JSON, TOML (.toml) or YAML (.yaml, .yml) file holds, as plain data.

    Raises:
        ColumnError: where the file does not exist or is not of its format.
    """
    if not isinstance(path, (str, Path)):
        raise not_a_path("read_columns", path, "give the path of a JSON, TOML or YAML file; columns_from_json takes data")
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        problem = e.strerror if isinstance(e, OSError) else "not UTF-8"
        data = str(path).lstrip().startswith(("[", "{"))
        hint = "this is JSON, not a path: give json.loads(text)" if data else "give the path of a JSON, TOML or YAML file"
        error = errors.argument("spec" if data else str(path), "cannot be read", problem, hint)
        raise (errors.MissingSpecError(str(error)) if isinstance(e, FileNotFoundError) else error) from None
    suffix = path.suffix.lower()
    name = "TOML" if suffix == ".toml" else "YAML" if suffix in YAML else "JSON"
    try:
        return tomllib.loads(text) if name == "TOML" else _parse_yaml(text) if name == "YAML" else json.loads(text)
    except errors.FeatureColumnsError:
        raise
    except (ValueError, RecursionError) as e:
        hint = "a spec is JSON, TOML or YAML, and stands before the data" if suffix in _DATA else "correct the file"
        raise errors.argument(str(path), f"is not {name}", str(e), hint) from None


def write_data(path: str | Path, data: Mapping[str, Any]) -> None:
    """Write plain data as JSON, TOML or YAML, by the end of the name, over what is there.

    Raises:
        ColumnError: for data that TOML cannot hold (null). OutputError: where the file cannot be written.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix == ".toml":
        text = _toml(data)
    elif suffix in YAML:
        text = _yaml().safe_dump(dict(data), sort_keys=False, allow_unicode=True, width=120)
    else:
        text = lay_out(data) + "\n"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as e:
        raise errors.output(path, f"cannot be written ({e.strerror})", "choose another path") from None
    except UnicodeEncodeError as e:
        raise errors.argument(str(path), "text cannot be written as UTF-8", e.object[e.start], "correct the name") from None


# YAML -----------------------------------------------------------------------------------------------------------------


def _yaml() -> Any:
    try:
        return importlib.import_module("yaml")
    except ImportError:
        hint = 'pip install "featurecols[yaml]", or write the spec as .json or .toml'
        raise errors.argument("spec", "YAML needs PyYAML, which is not installed", None, hint) from None


def _parse_yaml(text: str) -> Any:
    yaml = _yaml()
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as e:
        raise ValueError(" ".join(str(e).split())) from None
    left = [found]
    count = 0
    while left:  # an alias counts as all that it names
        value = left.pop()
        count += 1
        if count > _LARGEST:
            raise ValueError(f"more than {_LARGEST} values once its aliases are written out")
        left += value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return found


# TOML -----------------------------------------------------------------------------------------------------------------


def _toml(data: Mapping[str, Any]) -> str:
    """Return an object as TOML: lists of objects as arrays of tables, what is inside them in line."""
    plain = {k: v for k, v in data.items() if not _is_tables(v)}
    lines = [f"{_toml_key(key)} = {_toml_value(key, value)}" for key, value in plain.items()]
    for key, value in data.items():
        for table in value if key not in plain else ():
            lines += ["", f"[[{_toml_key(key)}]]"]
            lines += [f"{_toml_key(k)} = {_toml_value(f'{key}.{k}', v)}" for k, v in table.items()]
    return "\n".join(lines).lstrip("\n") + "\n"


def _is_tables(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(v, dict) for v in value)


def _toml_key(key: str) -> str:
    return key if re.fullmatch(r"[A-Za-z0-9_-]+", key) else _toml_text(key)


def _toml_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")


def _toml_value(where: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _toml_text(value)
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return str(value)
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, list):
        return f"[{', '.join(_toml_value(where, v) for v in value)}]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_toml_key(k)} = {_toml_value(f'{where}.{k}', v)}" for k, v in value.items()) + "}"
    what = "TOML has no null" if value is None else "TOML cannot hold this number"
    raise errors.argument(where, what, value, "write a .json or .yaml file")
