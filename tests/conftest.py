"""Settings for all tests. `pytest --hypothesis-profile=deep` searches for longer, and elsewhere each time."""

import gc
import os
import sys

import hypothesis
import pytest

_quiet = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
hypothesis.settings.register_profile("default", max_examples=25, deadline=None, derandomize=True, suppress_health_check=_quiet)
hypothesis.settings.register_profile("deep", max_examples=400, deadline=None, suppress_health_check=_quiet)
hypothesis.settings.load_profile("default")

if os.environ.get("FEATURECOLS_TEST_ALL") != "1":
    collect_ignore = ["integrations"]  # as long as nobody names it: tests/integrations/conftest.py

gc.disable()  # until all tests are collected: they stay, and looking through them again and again takes a third of the time

MANY = 2000  # tests from which all kernels are needed anyway


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--law", default="", help="run the laws whose name contains this, and no other law")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Do once, before the first test, what would cost every test something."""
    if "tests.reference" in sys.modules:
        from tests import reference

        # of all kinds now: their files decorate tests, which hypothesis refuses while another test runs
        reference.own_kinds()
    worker = getattr(session.config, "workerinput", None)
    if worker is not None and len(session.items) > MANY:
        compile_kernels(int(worker["workerid"].removeprefix("gw")), worker["workercount"])
    gc.enable()
    gc.collect()
    gc.freeze()  # thousands of collected tests are not looked through again and again


def compile_kernels(number: int, workers: int) -> None:
    """Compile every kernel whose turn it is, so that workers find what others have compiled."""
    from featurecols import kernels
    from featurecols.kernels.compiler import Kernel

    found = [k for name in kernels.MODULES for k in vars(getattr(kernels, name)).values() if isinstance(k, Kernel)]
    variants = [(k, key) for k in found for key in k.signatures]
    for k, key in variants[number::workers]:
        k[key]
