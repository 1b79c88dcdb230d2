"""The table of kinds and integrations in docs/integrations.md is what the integrations do."""

from tests.integrations import kinds_table


def test_the_table_is_what_the_integrations_do() -> None:
    assert kinds_table.written() == kinds_table.table(), "python -m tests.integrations.kinds_table writes it"


def test_every_kind_is_in_the_table() -> None:
    assert kinds_table.missing_kinds() == set()
