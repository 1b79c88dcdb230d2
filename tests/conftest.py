"""Settings for all tests. `pytest --hypothesis-profile=deep` searches for longer, and elsewhere each time."""

import sys

import hypothesis

_quiet = [hypothesis.HealthCheck.too_slow, hypothesis.HealthCheck.data_too_large]
hypothesis.settings.register_profile("default", max_examples=25, deadline=None, derandomize=True, suppress_health_check=_quiet)
hypothesis.settings.register_profile("deep", max_examples=400, deadline=None, suppress_health_check=_quiet)
hypothesis.settings.load_profile("default")


def pytest_collection_finish() -> None:
    """Collect the references of all kinds now: their files decorate tests, which hypothesis refuses while another test runs."""
    if "tests.reference" in sys.modules:
        from tests import reference

        reference.own_kinds()
