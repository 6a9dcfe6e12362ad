"""What was requested of a store: questions to the journal, and assertions that show the nearest requests when
they fail.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Unpack

import msgspec

from ep_mock.control_messages import NearRequest, RecordedRequest
from ep_mock.domain.display import printable
from ep_mock.handle.arguments import check_count, check_keywords, check_seconds, wrong
from ep_mock.handle.errors import RefusedError, RequestAssertionError, why_in_vain
from ep_mock.handle.jobs import WAIT_ENDED, WAIT_SECONDS
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import RequestQuery

_SHOWN: Final = 5
_LONGEST: Final = 200
_INSTEAD: Final = {
    "match": "write what is inside as keywords, as in operation='create_job'",
    "count": "did you mean 'times'?",
    "url": "did you mean 'path'?",
    "last": "take the last of the list that comes",
}
_BESIDE: Final = ("status", "outcome", "fault", "after", "last")


class _Found(msgspec.Struct):
    requests: list[RecordedRequest]
    total: int = 0
    nearest: list[NearRequest] = []


class _Count(msgspec.Struct):
    count: int


class RequestsHandle:
    """The journal of a store: what the code under test has requested. What a handle does itself is not in it.

    Requests are chosen by keywords: `method`, `path` (a pattern: `*` within a segment, `**` for any text),
        `operation` (such as
    `create_job`), `family`, `headers` and `query` (patterns by name; None for one that must not be there),
    `body` (JSON that the body must have in it), `body_contains`; and by what became of them: `status`,
    `outcome`, `fault`, `after` (a number).
    """

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def all(self, last: int | None = None) -> list[RecordedRequest]:
        """Every request that is remembered, or the last ones, oldest first."""
        if last is not None:
            check_count("requests.all: last", last)
        return self._client.read(
            _Found, "GET", "/requests" if last is None else f"/requests?last={last}"
        ).requests

    def find(self, **chosen: Unpack[RequestQuery]) -> list[RecordedRequest]:
        """The requests that match, oldest first."""
        return self._found("requests.find", chosen).requests

    def count(self, **chosen: Unpack[RequestQuery]) -> int:
        """How many requests match."""
        return self._client.read(_Count, "POST", "/requests/count", _query("requests.count", chosen)).count

    def wait(
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **chosen: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """Wait until requests have matched, `times` of them; those that came already count. `timeout` counts
        real seconds, at most 600.

        Raises:
            RequestAssertionError: they did not come in time; with the nearest ones.
        """
        __tracebackhide__ = True
        check_count("wait_for_requests: times", times)
        check_seconds("wait_for_requests: timeout", timeout)
        body = {**_query("wait_for_requests", chosen), "count": times, "timeout": timeout}
        try:
            return self._client.read(_Found, "POST", "/requests/wait", body, patience=timeout).requests
        except RefusedError as error:
            if error.status != WAIT_ENDED:
                raise
            ended = error.errors[0]
        found = msgspec.convert({"requests": [], **ended["meta"]}, _Found)
        raise RequestAssertionError(
            _failure(
                f"{why_in_vain(ended['title'], ended['detail'])}; wanted: {_shown(chosen)}", found, chosen
            )
        )

    def assert_called(self, times: int | None = None, **chosen: Unpack[RequestQuery]) -> None:
        """Fail unless requests match: at least one, or exactly `times`.

        Raises:
            RequestAssertionError: with the nearest requests and in what they differ.
        """
        __tracebackhide__ = True
        if times is not None and (isinstance(times, bool) or not isinstance(times, int)):
            raise wrong(
                "requests.assert_called: times",
                "a whole number",
                times,
                "write operation='create_job' for what is expected",
            )
        found = self._found("requests.assert_called", chosen)
        if found.total == times or (times is None and found.total):
            return
        wanted = "at least one request" if times is None else f"{times} request{'' if times == 1 else 's'}"
        raise RequestAssertionError(
            _failure(f"expected {wanted} with {_shown(chosen)}, got {found.total}", found, chosen)
        )

    def assert_not_called(self, **chosen: Unpack[RequestQuery]) -> None:
        """Fail if a request matches.

        Raises:
            RequestAssertionError: with the requests that do.
        """
        __tracebackhide__ = True
        found = self._found("requests.assert_not_called", chosen)
        if found.total:
            raise RequestAssertionError(
                _failure(f"expected no request with {_shown(chosen)}, got {found.total}", found, chosen)
            )

    def clear(self) -> None:
        """Forget all requests."""
        self._client.control("DELETE", "/requests")

    def _found(self, verb: str, chosen: Mapping[str, Any]) -> _Found:
        return self._client.read(_Found, "POST", "/requests/find", _query(verb, chosen))


def _failure(first: str, found: _Found, chosen: Mapping[str, Any]) -> str:
    lines = [first]
    if found.requests:
        lines += ["matching requests:", *(f"  {request}" for request in found.requests[-_SHOWN:])]
    if found.nearest:
        lines.append("nearest requests:")
        for near in found.nearest:
            lines += [
                f"  {near.request}",
                *(f"    {_difference(name, near.request, chosen)}" for name in near.differences),
            ]
    if not found.requests and not found.nearest:
        lines.append("there were no requests")
    return "\n".join(map(printable, lines))


def _difference(name: str, request: RecordedRequest, chosen: Mapping[str, Any]) -> str:
    """`status: 401, not 201`; of headers and parameters, which come as `headers.NAME`, the one that
    differs.
    """
    place, _, part = name.partition(".")
    wanted = chosen[place]
    if not part:
        return f"{name}: {_short(request.value_of(name))}, not {_short(wanted)}"
    given = {key.lower() if place == "headers" else key: value for key, value in wanted.items()}
    return f"{name}: {_short(request.value_of(place).get(part))}, not {_short(given[part])}"


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


def _query(verb: str, chosen: Mapping[str, Any]) -> dict[str, Any]:
    check_keywords(verb, chosen, RequestQuery, _INSTEAD)
    beside = {key: chosen[key] for key in _BESIDE if key in chosen}
    match = {key: value for key, value in chosen.items() if key not in _BESIDE}
    return {**beside, "match": match} if match else beside


def _shown(chosen: Mapping[str, Any]) -> str:
    return ", ".join(f"{key}={value!r}" for key, value in chosen.items()) or "any properties"
