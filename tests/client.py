"""The client of all HTTP tests: in process, without sockets or threads; it checks responses by the documents.

    client = api_client(clock="manual", timings="instant")
    assert client.get("/v2/promotions").status_code == 200

A response that differs from the project's documents, or from the vendor's where available, raises an error
at the request.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from typing import Any, Final

import httpx2
from starlette.types import ASGIApp

from ep_mock.simulation.store import Store
from ep_mock.web.app import Application, create_app
from tests.answers import answer_problems

START: Final = "2024-12-03T23:31:35.962680423Z"
"""The default start of the clocks in tests."""

HOST: Final = "http://ep-mock.test"


class InProcess(httpx2.BaseTransport):
    """Runs an ASGI application to its end in one step; awaiting anything but the request raises an error."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        raw_path, _, query = request.url.raw_path.partition(b"?")
        scope: dict[str, Any] = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": request.method,
            "scheme": request.url.scheme,
            "path": httpx2.URL(path=raw_path.decode("ascii")).path,
            "raw_path": raw_path,
            "query_string": query,
            "root_path": "",
            "headers": [(name.lower(), value) for name, value in request.headers.raw],
            "client": ("127.0.0.1", 50000),
            "server": (request.url.host, request.url.port or 80),
        }
        body = request.read()
        sent: list[MutableMapping[str, Any]] = []

        async def receive() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: MutableMapping[str, Any]) -> None:
            sent.append(message)

        running = self._app(scope, receive, send).__await__()
        try:
            awaited = next(iter(running))
        except StopIteration:
            awaited = None
        if awaited is not None:
            raise RuntimeError(f"the application waits for {awaited!r}")
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return httpx2.Response(sent[0]["status"], headers=sent[0]["headers"], content=content)


class ApiClient(httpx2.Client):
    """An HTTP client of one application, with a bearer token for lenient auth.

    Attributes:
        app: the application; `app.stores` has its stores.
    """

    def __init__(self, app: Application) -> None:
        super().__init__(
            transport=InProcess(app),
            base_url=HOST,
            headers={"Authorization": "Bearer of-a-test"},
            trust_env=False,
        )
        self.app = app

    @property
    def store(self) -> Store:
        """The default store."""
        return self.app.stores.get_or_create("default").store

    def send(self, request: httpx2.Request, **options: Any) -> httpx2.Response:
        """Send, and raise AssertionError if the response differs from the documents."""
        response = super().send(request, **options)
        if problems := answer_problems(
            request.method, request.url.raw_path, response.status_code, response.content
        ):
            listed = "\n  ".join(problems)
            raise AssertionError(
                f"{request.method} {request.url} → {response.status_code} {response.text[:2000]}\n  {listed}"
            )
        return response

    def advance(self, **body: object) -> list[dict[str, Any]]:
        """Advance the clock by `seconds=1`, `to="2025-01-01"`, `next=True` or `idle=True`; the transitions."""
        response = self.post("/__ep_mock/clock/advance", json=body)
        assert response.status_code == 200, response.text
        transitions: list[dict[str, Any]] = response.json()["transitions"]
        return transitions

    def created(self, path: str, body: object) -> dict[str, Any]:
        """POST, expect a 201, and return the `data` of the response."""
        response = self.post(path, json=body)
        assert response.status_code == 201, response.text
        data: dict[str, Any] = response.json()["data"]
        return data

    def pages(self, path: str, limit: int = 100) -> Iterator[dict[str, Any]]:
        """All records of a list, page by page."""
        offset = 0
        while records := self.get(f"{path}?page[limit]={limit}&page[offset]={offset}").json()["data"]:
            yield from records
            offset += limit


def api_client(**settings: Any) -> ApiClient:
    """A client of a new server with a manual clock from `START`, a fixed seed, and these settings."""
    return ApiClient(create_app(**{"clock": "manual", "clock_start": START, "seed": "tests", **settings}))
