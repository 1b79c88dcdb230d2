"""Fixtures of these tests."""

from tests.integrations.s3_server import bucket as bucket
from tests.integrations.s3_server import s3_server as s3_server
