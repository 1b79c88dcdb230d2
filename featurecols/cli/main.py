"""The command line: `featurecols suggest | fit | transform | inspect | check | train | predict | serve | ...`, see --help.

Results go to standard output, as text or with --json as one JSON object; progress and errors to standard error, errors in
one line. Exit status:

    0    done
    1    done, and there is a difference (diff, verify-tf), a finding (lint), or data beyond a limit (check)
    2    the command line, the spec, the data, the plan, the model or the output is wrong: the message says which
    70   a bug in featurecols (FEATURECOLS_DEBUG=1 shows where)
    130  interrupted
    141  the reader of standard output went away, such as head
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Sequence

from featurecols import errors
from featurecols._core.version import __version__
from featurecols.cli.commands import (
    check,
    diff,
    evaluate,
    fit,
    import_tf,
    inspect,
    lint,
    predict,
    quickstart,
    schema,
    serve,
    suggest,
    to_onnx,
    to_sql,
    train,
    transform,
    verify_tf,
    warm,
)

USAGE, BUG, INTERRUPTED, PIPE_CLOSED = 2, 70, 130, 141
COMMANDS = {
    "suggest": suggest,
    "fit": fit,
    "transform": transform,
    "inspect": inspect,
    "check": check,
    "lint": lint,
    "diff": diff,
    "train": train,
    "evaluate": evaluate,
    "predict": predict,
    "serve": serve,
    "to-onnx": to_onnx,
    "to-sql": to_sql,
    "schema": schema,
    "quickstart": quickstart,
    "warm": warm,
    "import-tf": import_tf,
    "verify-tf": verify_tf,
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. A wrong command line ends in SystemExit(2), as argparse does it."""
    arguments = _parser().parse_args(argv)
    as_code = warnings.formatwarning
    warnings.formatwarning = _describe_warning
    try:
        status: int | None = arguments.run(arguments)
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _report_interrupt(arguments)
    except BrokenPipeError:  # the reader has had enough, as in `| head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return PIPE_CLOSED
    except errors.FeatureColumnsError as error:
        _debug()
        return _report(str(error), USAGE)
    except Exception as error:
        if _is_interrupt(error):
            return _report_interrupt(arguments)
        _debug()
        return _report(f"unexpected {type(error).__name__}: {error}; please report it, FEATURECOLS_DEBUG=1 shows where", BUG)
    finally:
        warnings.formatwarning = as_code
    return status or 0


def _report_interrupt(arguments: argparse.Namespace) -> int:
    resumes = arguments.run in (transform.run, predict.run) or (arguments.run is train.run and arguments.model_dir)
    again = "; the same command goes on where it stopped" if resumes else ""
    return _report(f"interrupted{again}", INTERRUPTED)


def _is_interrupt(error: BaseException) -> bool:
    """Return whether an error came up while a KeyboardInterrupt was on its way.

    One that strikes where a Condition of threading takes its lock back becomes "release unlocked lock".
    """
    before = error.__context__
    return before is not None and (isinstance(before, KeyboardInterrupt) or _is_interrupt(before))


def _describe_warning(message: Warning | str, *_: object, **__: object) -> str:
    """Return a warning as one line: which line of the program it comes from says nothing to who runs a command."""
    return f"featurecols: warning: {' '.join(str(message).split())}\n"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="featurecols",
        description="Declared columns become a plan, which turns tables into dense arrays, or a model, which predicts.",
        epilog=(__doc__ or "").partition("Exit status:")[1] + (__doc__ or "").partition("Exit status:")[2],
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


def _report(message: str, code: int) -> int:
    print(f"featurecols: {' '.join(message.split())}", file=sys.stderr)
    return code


def _debug() -> None:
    if os.environ.get("FEATURECOLS_DEBUG"):
        import traceback

        traceback.print_exc()
