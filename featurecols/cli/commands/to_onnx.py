"""Write a plan or a model as ONNX: raw named inputs to the matrix, or to predictions.

PATH is a folder that fit or train wrote. Needs the extra: pip install 'featurecols[onnx]'.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from featurecols.cli import options, output

if TYPE_CHECKING:
    from onnx import ModelProto


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of the command."""
    parser.add_argument("path", metavar="PATH", type=Path, help="the folder of a plan or a model")
    parser.add_argument("-o", "--output", metavar="FILE", type=Path, required=True, help="the .onnx file to write")
    parser.add_argument("--overwrite", action="store_true", help="replace FILE")
    options.add_json(parser)


def run(arguments: argparse.Namespace) -> None:
    """Write the file."""
    from featurecols import errors

    target: Path = arguments.output
    if target.exists() and not arguments.overwrite:
        raise errors.OutputError(f"{target}: exists; give --overwrite, or another name")
    found = _model(arguments.path)
    try:
        target.write_bytes(found.SerializeToString())
    except OSError as e:
        raise errors.OutputError(f"{target}: cannot be written ({e.strerror}); give another name") from None
    inputs, outputs = ([value.name for value in values] for values in (found.graph.input, found.graph.output))
    about = {"target": str(target), "inputs": inputs, "outputs": outputs}
    output.print_result(arguments.json, about, f"{target}: inputs {', '.join(inputs)}; outputs {', '.join(outputs)}")


def _model(path: Path) -> ModelProto:
    """Return what a folder holds as ONNX."""
    import featurecols as fc
    from featurecols import errors
    from featurecols.cli.load_model import load_model
    from featurecols.models.estimators.canned import Canned
    from featurecols.models.sequential import Sequential

    if not (path / "model.json").is_file() or (path / "plan.json").is_file():
        return fc.load(path).to_onnx()
    model = load_model(path)
    if not isinstance(model, Canned | Sequential):
        raise errors.plan("to-onnx", "a model of its own cannot be written as ONNX", str(path), "give its plan")
    return model.to_onnx()
