"""The command line: `featurecols fit | transform | inspect | train | evaluate | predict | quickstart | ...`, see --help.

Results go to standard output, as text or with --json as one JSON object; progress and errors to standard error, errors in
one line. Exit codes:

    0  done
    1  unexpected: a bug of ours (FEATURECOLS_DEBUG=1 shows where)
    2  the command line is wrong
    3  the data does not fit, or cannot be read
    4  the spec, the plan or the model is wrong
    5  the output cannot be written, exists already, or is being written
    6  the result would not fit into memory
    7  verify-tf found a difference
    130  interrupted
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from featurecols import errors
from featurecols.cli.commands import (
    evaluate,
    fit,
    import_tf,
    inspect,
    predict,
    quickstart,
    schema,
    train,
    transform,
    verify_tf,
    warm,
)
from featurecols.models import errors as model_errors
from featurecols.version import __version__

EXIT: dict[type[Exception], int] = {
    errors.DataError: 3,
    errors.ColumnError: 4,
    errors.PlanError: 4,
    errors.SavedPlanError: 4,
    model_errors.ModelError: 4,
    model_errors.CheckpointError: 4,
    errors.OutputError: 5,
    errors.SizeError: 6,
}
COMMANDS = {
    "fit": fit,
    "transform": transform,
    "inspect": inspect,
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "schema": schema,
    "quickstart": quickstart,
    "warm": warm,
    "import-tf": import_tf,
    "verify-tf": verify_tf,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. A wrong command line ends in SystemExit(2), as argparse does it."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        resumes = arguments.run in (transform.run, predict.run) or (arguments.run is train.run and arguments.model_dir)
        again = "; the same command goes on where it stopped" if resumes else ""
        return _failed(f"interrupted{again}", 130)
    except BrokenPipeError:  # the reader has had enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 141
    except errors.FeatureColumnsError as error:
        _debug()
        return _failed(str(error), next((code for kind, code in EXIT.items() if isinstance(error, kind)), 1))
    except Exception as error:
        _debug()
        return _failed(f"unexpected {type(error).__name__}: {error}; please report it, FEATURECOLS_DEBUG=1 shows where", 1)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="featurecols",
        description="Declared columns become a plan, which turns tables into dense arrays, or a model, which predicts.",
        epilog=(__doc__ or "").partition("Exit codes:")[1] + (__doc__ or "").partition("Exit codes:")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"featurecols {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        text = (module.__doc__ or "").strip()
        command = commands.add_parser(
            name, help=text.splitlines()[0], description=text, formatter_class=argparse.RawDescriptionHelpFormatter
        )
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    return parser


def _failed(message: str, code: int) -> int:
    print(f"featurecols: {' '.join(message.split())}", file=sys.stderr)
    return code


def _debug() -> None:
    if os.environ.get("FEATURECOLS_DEBUG"):
        import traceback

        traceback.print_exc()
