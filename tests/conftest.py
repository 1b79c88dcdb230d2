"""Settings for all tests. `pytest --hypothesis-profile=deep` searches for longer, and elsewhere each time."""

import contextlib
import gc
import importlib.util
import os
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

import hypothesis
import pytest

_quiet = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
hypothesis.settings.register_profile("default", max_examples=25, deadline=None, derandomize=True, suppress_health_check=_quiet)
hypothesis.settings.register_profile("deep", max_examples=400, deadline=None, suppress_health_check=_quiet)
hypothesis.settings.load_profile("default")

if os.environ.get("FEATURECOLS_TEST_ALL") != "1":
    collect_ignore = ["integrations"]  # as long as nobody names it: tests/integrations/conftest.py


gc.disable()  # until all tests are collected: they stay, and looking through them again and again takes a third of the time


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--law", default="", help="run the laws whose name contains this, and no other law")


def pytest_configure(config: pytest.Config) -> None:
    """Let tests draw the same values in every process, where no profile is asked for.

    hypothesis also draws numbers and texts that stand in the modules which a process has imported: another worker, or a test
    run alone, would draw others, and each worker of a fresh clone would read all modules of the package once more for them.
    """
    if not config.getoption("--hypothesis-profile", None):
        with contextlib.suppress(ImportError):  # of versions that look for none
            from hypothesis.internal.conjecture import providers

            providers._get_local_constants = lambda: providers._local_constants


@pytest.hookimpl(tryfirst=True)
def pytest_collection(session: pytest.Session) -> None:
    """Compile a part of all files to bytecode, where all tests are run: other workers find it compiled.

    In a fresh clone each of them would compile all files, which takes longer than everything else before the first test.
    """
    worker = getattr(session.config, "workerinput", None)
    if worker is None or session.config.args != session.config.getini("testpaths") or sys.dont_write_bytecode:
        return
    root = session.config.rootpath
    paths = [path for name in ("featurecols", "tests", "benchmarks") for path in (root / name).rglob("*.py")]
    paths = sorted(paths, key=lambda path: -path.stat().st_size)
    for path in paths[int(worker["workerid"].removeprefix("gw")) :: worker["workercount"]]:
        if "integrations" in path.parts:
            continue
        if path.name.startswith("test_"):
            _rewrite_assertions(path, session.config.pluginmanager.rewrite_hook)
        else:
            SourceFileLoader(path.stem, str(path)).get_code(path.stem)


def _compile_usual_kernels(number: int, workers: int) -> None:
    """Compile a part of what `featurecols warm` compiles, all of which tests need: other workers and children find it kept."""
    from featurecols import kernels
    from featurecols.cli.commands.warm import USUAL

    for name, numbers in list(USUAL.items())[number::workers]:
        kernels.compile_variants(name, kernels.lacking(name, numbers))


def _rewrite_assertions(path: Path, loader: Any) -> None:
    """Let pytest keep the bytecode of a test file."""
    spec = loader.find_spec(path.stem, [str(path.parent)])
    module = importlib.util.module_from_spec(spec)
    module.__dict__["__builtins__"] = {}
    with contextlib.suppress(ImportError, NameError):  # of the first import: the module itself is not run here
        loader.exec_module(module)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Let workers begin with the files that have slow tests: near the end, one of these would keep one worker alone busy."""
    if hasattr(config, "workerinput"):
        slow = {item.path for item in items if item.get_closest_marker("slow")}
        items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Do once, before the first test, what would cost every test something."""
    worker = getattr(session.config, "workerinput", None)
    if worker is not None and session.config.args == session.config.getini("testpaths"):
        _compile_usual_kernels(int(worker["workerid"].removeprefix("gw")), worker["workercount"])
    if "tests.reference" in sys.modules:
        from tests import reference

        # of all kinds now: their files decorate tests, which hypothesis refuses while another test runs
        reference.own_kinds()
    gc.enable()
    gc.freeze()  # thousands of collected tests are not looked through again and again
