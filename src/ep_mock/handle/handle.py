"""The handle: everything that a test can do to one store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack
from urllib.parse import quote

from ep_mock.control_messages import (
    FixtureLoaded,
    Job,
    LoadedPromotion,
    RecordedRequest,
    StoreReading,
    Stores,
)
from ep_mock.domain.lifecycle import Status
from ep_mock.handle.aio import AsyncWaits
from ep_mock.handle.arguments import argument_error, check_keywords, check_word
from ep_mock.handle.clock import ClockHandle
from ep_mock.handle.connection import Connection, HttpConnection, InProcessConnection
from ep_mock.handle.jobs import WAIT_SECONDS, JobsHandle
from ep_mock.handle.plans_and_faults import PlansAndFaults
from ep_mock.handle.promotions import CodesHandle, PromotionsHandle
from ep_mock.handle.references import AnyJob, AnyPromotion
from ep_mock.handle.report import store_report
from ep_mock.handle.requests import RequestsHandle
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import RequestQuery
from ep_mock.handle.worker import WorkerHandle
from ep_mock.serving.tls import Verify
from ep_mock.setting_keywords import ResetSettings, StoreSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Handle(PlansAndFaults):
    """Steers one store of a server, embedded in this process or anywhere on the network.

    Its own API calls meet no faults and no rate limit, and are not in the journal.

    Attributes:
        store: the name of the store.
        promotions, codes, jobs: the content of the store.
        clock, worker: its time and its worker.
        requests: the journal of requests from the code under test.
        aio: the waits for async tests.
    """

    def __init__(
        self,
        connection: Connection,
        *,
        store: str = "default",
        client_id: str = "",
        client_secret: str = "",
        control_token: str = "",
    ) -> None:
        """The default for `client_id` is the name of the store."""
        _check_header("store", store, "the name of a store")
        _check_header("control_token", control_token, "text that a header can have")
        client = StoreClient(connection, store, client_id or store, client_secret or "any", control_token)
        super().__init__(client)
        self._connection = connection
        self.store = store
        self.promotions = PromotionsHandle(client)
        self.codes = CodesHandle(client)
        self.jobs = JobsHandle(client)
        self.clock = ClockHandle(client)
        self.worker = WorkerHandle(client)
        self.requests = RequestsHandle(client)
        self.aio = AsyncWaits(self.jobs, self.requests)

    @classmethod
    def connect(
        cls,
        url: str,
        *,
        store: str = "default",
        client_id: str = "",
        client_secret: str = "",
        control_token: str = "",
        verify: Verify = True,
    ) -> Self:
        """Steer a store of a server at `url`, such as a container. Sends nothing yet.

        Args:
            verify: whom to trust when the address begins with https: True for the authorities of the system,
                the path of a PEM file for the certificates in it, an `ssl.SSLContext`, or False for anyone.

        Raises:
            UsageError: the URL is not an HTTP address, or the file has no certificate.
        """
        return cls(
            HttpConnection(url, verify),
            store=store,
            client_id=client_id,
            client_secret=client_secret,
            control_token=control_token,
        )

    @classmethod
    def in_process(cls, app: ASGIApp, *, store: str = "default", control_token: str = "") -> Self:
        """Steer a store of an application in this process, made by `ep_mock.create_app`."""
        return cls(InProcessConnection(app), store=store, control_token=control_token)

    def of_store(self, name: str) -> Handle:
        """Return a handle for another store of the same server."""
        _check_header("of_store", name, "the name of a store")
        return Handle(
            self._connection,
            store=name,
            client_secret=self.client_secret,
            control_token=self._client.control_token,
        )

    @property
    def url(self) -> str:
        """The base URL for the code under test, without a slash at the end."""
        return self._connection.url

    @property
    def client_id(self) -> str:
        """The client id for the code under test. With `--stores client-id` it selects the store."""
        return self._client.client_id

    @property
    def client_secret(self) -> str:
        """The secret for the client id."""
        return self._client.client_secret

    @property
    def token(self) -> str:
        """A bearer token for this store, issued by the server, valid for an hour of its time."""
        return self._client.token

    @property
    def headers(self) -> dict[str, str]:
        """Headers for an API call to this store."""
        return {"Authorization": f"Bearer {self.token}", "X-EP-Mock-Store": self.store}

    def health(self) -> dict[str, Any]:
        """Status, version and uptime of the server."""
        return self._client.decoded("GET", "/health")

    def reset(self, **changes: Unpack[ResetSettings]) -> None:
        """Return the store to its initial content.

        `changes` are settings that hold until the next reset: `clock="manual"`, `seed="7"`.
        """
        check_keywords("reset", changes, ResetSettings)
        self._client.control("POST", "/reset", changes or None)
        self._client.forget_token()

    def settings(self, **changes: Unpack[StoreSettings]) -> dict[str, Any]:
        """Change settings of the store, if any are given, and return all of them."""
        check_keywords("settings", changes, StoreSettings)
        return self._client.decoded("PATCH" if changes else "GET", "/settings", changes or None)

    def wait_for_job(
        self,
        job: AnyJob | None = None,
        status: Status | Sequence[Status] | None = None,
        *,
        promotion: AnyPromotion | None = None,
        timeout: float = WAIT_SECONDS,
        others_advance: bool = False,
    ) -> Job:
        """Wait until a job, by default the newest, has a status or has ended: see `JobsHandle.wait`."""
        __tracebackhide__ = True
        return self.jobs.wait(
            job, status, promotion=promotion, timeout=timeout, others_advance=others_advance
        )

    def wait_for_requests(
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **query: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """Wait for matching requests: see `RequestsHandle.wait`."""
        __tracebackhide__ = True
        return self.requests.wait(times=times, timeout=timeout, **query)

    def load_fixture(self, fixture: Mapping[str, Any] | str | PathLike[str]) -> list[LoadedPromotion]:
        """Add a fixture's content: a mapping, a file on this machine (JSON or YAML), or a shipped fixture.

        Raises:
            UsageError: the file cannot be read.
            RefusedError: the fixture is invalid or does not fit; nothing was added.
        """
        document: object = fixture
        if isinstance(document, str | PathLike):
            from ep_mock.fixtures.files import read_document

            document = read_document(str(document))
        elif not isinstance(document, Mapping):
            hint = "call it once for each" if isinstance(document, list | tuple) else ""
            expected = "a mapping, a file or the name of a shipped fixture"
            raise argument_error("load_fixture", expected, document, hint)
        return self._client.read(FixtureLoaded, "POST", "/fixtures", document).promotions

    def snapshot(self) -> dict[str, Any]:
        """Return the whole store as plain data."""
        return self._client.decoded("GET", "/snapshot")

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Replace the store by a snapshot."""
        saved: object = snapshot
        if not isinstance(saved, Mapping):
            is_path = isinstance(saved, str | PathLike)
            hint = "write restore(json.loads(Path(...).read_text()))" if is_path else ""
            raise argument_error("restore", "data that snapshot() returned", saved, hint)
        self._client.control("PUT", "/snapshot", saved)

    def stores(self) -> list[StoreReading]:
        """List the stores of the server."""
        return self._client.read(Stores, "GET", "/stores").stores

    def delete_store(self, name: str | None = None) -> None:
        """Delete a store, by default this one. The next use creates it again."""
        if name is not None:
            _check_header("delete_store", name, "the name of a store")
        self._client.control("DELETE", f"/stores/{quote(self.store if name is None else name, safe='')}")

    def documents(self) -> dict[str, Any]:
        """Return the OpenAPI documents of the server by name: `standard`, `rule`, `control`."""
        return self._client.decoded("GET", "/openapi.json")

    def document(self, name: Literal["standard", "rule", "control"]) -> dict[str, Any]:
        """Return one OpenAPI document of the server."""
        check_word("document", name, ("standard", "rule", "control"))
        return self._client.decoded("GET", f"/openapi/{name}.json")

    def docs(self) -> str:
        """Return the HTML page about all operations of the server."""
        return self._client.control("GET", "/docs").decode()

    def report(self) -> str:
        """Describe the store for people: its time, the history of its last jobs, the last requests."""
        return store_report(self.clock, self.jobs, self.requests)

    def close(self) -> None:
        """Close the connections to the server."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Handle of the store {self.store!r}>"


def _check_header(argument: str, value: object, expected: str) -> None:
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        hint = "write handle.store" if isinstance(value, Handle) else ""
        raise argument_error(argument, expected, value, hint)
