"""Errors of settings and files that came with a request, as the client sees them."""

from __future__ import annotations

import re

from ep_mock.domain import problems
from ep_mock.errors import ApiError, UsageError


def refused(error: UsageError) -> ApiError:
    """400: what was asked for cannot be done. Where the message begins with the name of a property, that is the source."""
    source, colon, detail = str(error).partition(": ")
    if colon and re.fullmatch(r"[a-z_]+(\.[a-z_]+)*", source):
        return problems.bad_request(detail, source)
    return problems.bad_request(str(error))
