"""The journal of a store: queries, waits, and assertions that show the nearest requests when they fail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

import msgspec

from ep_mock.control_messages import (
    RecordedRequest,
    RequestCount,
    RequestsCame,
    RequestsFound,
    RequestsMissed,
)
from ep_mock.domain.display import printable
from ep_mock.handle.arguments import check_count, check_keywords, check_seconds, check_whole_number
from ep_mock.handle.errors import RefusedError, RequestAssertionError, why_wait_failed
from ep_mock.handle.jobs import WAIT_FAILED, WAIT_SECONDS
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import RequestQuery

_MOST_SHOWN: Final = 5
_LONGEST_SHOWN: Final = 200
_OUTSIDE_MATCH: Final = ("status", "outcome", "fault", "after", "last")


class RequestsHandle:
    """The journal of a store: requests from the code under test. Calls of handles are not in it.

    The keywords of a query:
        method: The HTTP method.
        path: A pattern: `*` matches any text within a segment, `**` any text.
        operation: The operation, such as `create_job`.
        family: `standard` or `rule`.
        headers, query: Patterns by name; None for a name that must be absent.
        body: JSON that the body must contain.
        body_contains: Text that the body must contain.
        status, outcome, fault: The status of the response, its outcome, and the id of an applied fault.
        after: Only requests with a greater number.
    """

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def all(self, last: int | None = None) -> list[RecordedRequest]:
        """List all requests in the journal, or the last ones, oldest first."""
        if last is not None:
            check_count("requests.all: last", last)
        path = "/requests" if last is None else f"/requests?last={last}"
        return self._client.read(RequestsFound, "GET", path).requests

    def find(self, **query: Unpack[RequestQuery]) -> list[RecordedRequest]:
        """List the matching requests, oldest first."""
        return self._find("requests.find", query).requests

    def count(self, **query: Unpack[RequestQuery]) -> int:
        """Return the number of matching requests."""
        return self._client.read(
            RequestCount, "POST", "/requests/count", _body("requests.count", query)
        ).count

    def wait(
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **query: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """Wait for matching requests. Earlier requests count.

        Args:
            times: Number of requests to wait for.
            timeout: Maximum wait in real seconds, up to 600.

        Raises:
            RequestAssertionError: the time is up. The message shows the nearest requests.
        """
        __tracebackhide__ = True
        check_count("wait_for_requests: times", times)
        check_seconds("wait_for_requests: timeout", timeout)
        body = {**_body("wait_for_requests", query), "count": times, "timeout": timeout}
        try:
            return self._client.read(
                RequestsCame, "POST", "/requests/wait", body, server_timeout=timeout
            ).requests
        except RefusedError as error:
            if error.status != WAIT_FAILED:
                raise
            item = error.errors[0]
        found = msgspec.convert(item["meta"], RequestsMissed)
        raise _failure(f"{why_wait_failed(item)}; expected {_described(query)}", found, query)

    def assert_called(self, times: int | None = None, **query: Unpack[RequestQuery]) -> None:
        """Fail unless requests match: at least one, or exactly `times`.

        Raises:
            RequestAssertionError: the message shows the nearest requests and their differences.
        """
        __tracebackhide__ = True
        if times is not None:
            hint = "write operation='create_job' to name an operation"
            check_whole_number("requests.assert_called: times", times, hint)
        found = self._find("requests.assert_called", query)
        if found.total == times or (times is None and found.total):
            return
        number = "at least one request" if times is None else f"{times} request{'' if times == 1 else 's'}"
        raise _failure(f"expected {number} with {_described(query)}, got {found.total}", found, query)

    def assert_not_called(self, **query: Unpack[RequestQuery]) -> None:
        """Fail if any request matches.

        Raises:
            RequestAssertionError: the message shows the matching requests.
        """
        __tracebackhide__ = True
        found = self._find("requests.assert_not_called", query)
        if found.total:
            raise _failure(f"expected no request with {_described(query)}, got {found.total}", found, query)

    def clear(self) -> None:
        """Delete all requests from the journal."""
        self._client.control("DELETE", "/requests")

    def _find(self, verb: str, query: Mapping[str, Any]) -> RequestsFound:
        return self._client.read(RequestsFound, "POST", "/requests/find", _body(verb, query))


def _body(verb: str, query: Mapping[str, Any]) -> dict[str, Any]:
    """Check a query and write it as the control plane takes it."""
    check_keywords(verb, query, RequestQuery)
    body = {name: query[name] for name in _OUTSIDE_MATCH if name in query}
    match = {name: value for name, value in query.items() if name not in _OUTSIDE_MATCH}
    return {**body, "match": match} if match else body


def _failure(
    first_line: str, found: RequestsFound | RequestsMissed, query: Mapping[str, Any]
) -> RequestAssertionError:
    lines = [first_line]
    if found.requests:
        lines += ["matching requests:", *(f"  {request}" for request in found.requests[-_MOST_SHOWN:])]
    if found.nearest:
        lines.append("nearest requests:")
        for near in found.nearest:
            lines.append(f"  {near.request}")
            lines += [f"    {_difference(name, near.request, query)}" for name in near.differences]
    if not found.requests and not found.nearest:
        lines.append("there were no requests")
    return RequestAssertionError("\n".join(map(printable, lines)))


def _difference(name: str, request: RecordedRequest, query: Mapping[str, Any]) -> str:
    """`status: 401, not 201`. The name of a header or query parameter is `headers.NAME` or `query.NAME`."""
    keyword, _, part = name.partition(".")
    actual, expected = request.value_of(keyword), query[keyword]
    if part:
        lowered = {key.lower() if keyword == "headers" else key: value for key, value in expected.items()}
        actual, expected = actual.get(part), lowered[part]
    return f"{name}: {_shortened(actual)}, not {_shortened(expected)}"


def _shortened(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}..."


def _described(query: Mapping[str, Any]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in query.items()) or "any properties"
