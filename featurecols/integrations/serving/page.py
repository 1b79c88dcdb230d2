"""The page of a model: its inputs, a row to try, and what came of it. One file, which loads nothing from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources

CONTENT_TYPE = "text/html; charset=utf-8"


@cache
def html() -> bytes:
    """Return the page; it asks the server that it came from for all that it shows."""
    return resources.files(__package__).joinpath("page.html").read_bytes()


@cache
def headers() -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers of the page: a browser runs its own script alone, and asks its own server alone."""
    page = html()
    script, style = (_digests(page, tag) for tag in (b"script", b"style"))
    policy = f"default-src 'none'; connect-src 'self'; script-src {script}; style-src {style}; style-src-attr 'unsafe-inline'"
    policy += "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return (
        (b"content-security-policy", policy.encode()),
        (b"referrer-policy", b"no-referrer"),
        (b"cache-control", b"no-cache"),
    )


def _digests(page: bytes, tag: bytes) -> str:
    found = re.findall(b"<" + tag + b">(.*?)</" + tag + b">", page, re.DOTALL)
    return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(text).digest()).decode()}'" for text in found)
