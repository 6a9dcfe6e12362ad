"""The typed errors of the program, as plain data.

`ApiError` is an error response of the API; the web layer renders it as the error document of the real
service. `UsageError` is a mistake in starting, configuring or calling ep-mock; the command line prints it as
one line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


class EpMockError(Exception):
    """Every error that ep-mock raises on purpose."""


class UsageError(EpMockError):
    """A setting, flag, file or call cannot be used. The message names the place and the expected value."""


class ApiError(EpMockError):
    """An error response that the client sees.

    Attributes:
        status: the HTTP status code.
        errors: the items of the document's `errors` array, each with its keys in the published order. An
            item's `status` is a string in some published errors and a number in others.
        headers: extra response headers, such as `Allow` or `Retry-After`.
    """

    def __init__(
        self, status: int, errors: Sequence[Mapping[str, Any]], headers: Mapping[str, str] | None = None
    ) -> None:
        first = errors[0]
        super().__init__(f"{status} {first.get('title', '')}: {first.get('detail', '')}")
        self.status = status
        self.errors = tuple(dict(item) for item in errors)
        self.headers = dict(headers or {})
