"""The handle: everything that a test can do to one store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os import PathLike
from typing import TYPE_CHECKING, Any, Final, Literal, Self, Unpack
from urllib.parse import quote

import msgspec

from ep_mock.control_messages import Job, LoadedPromotion, RecordedRequest, StoreReading
from ep_mock.domain.lifecycle import Status
from ep_mock.handle.aio import AsyncWaits
from ep_mock.handle.arguments import check_keywords, check_word, wrong
from ep_mock.handle.clock import ClockHandle
from ep_mock.handle.connection import Connection, HttpConnection, InProcessConnection
from ep_mock.handle.jobs import WAIT_SECONDS, JobsHandle
from ep_mock.handle.places import AnyJob, AnyPromotion
from ep_mock.handle.promotions import CodesHandle, PromotionsHandle
from ep_mock.handle.report import store_report
from ep_mock.handle.requests import RequestsHandle
from ep_mock.handle.store_client import StoreClient
from ep_mock.handle.typed_arguments import (
    FaultOptions,
    Matcher,
    PlannedJobs,
    PlanOptions,
    RequestQuery,
    ResetSettings,
    StoreSettings,
)
from ep_mock.handle.worker import WorkerHandle
from ep_mock.serving.tls import Verify
from ep_mock.settings import setting_names

if TYPE_CHECKING:
    from starlette.types import ASGIApp


_OF_THE_SERVER: Final = dict.fromkeys(
    setting_names("server"), "it is a setting of the whole server, chosen when that starts"
)
_OF_A_START: Final = {
    name: f"write reset({name}=...), as a store begins with it" for name in setting_names("start")
}
_INSTEAD_OF_FAULT: Final = {
    **{name: f"write match={{{name!r}: ...}}" for name in Matcher.__annotations__},
    "status": "write answer={'status': ...}, or error= with a name such as 'internal'",
    "name": "did you mean 'error'?",
}
_INSTEAD_OF_PLAN: Final = {
    "promotion": "write promotion_id=promotion.id",
    "job": "write job_id=..., the id of a job to come",
}


class _InForce(msgspec.Struct):
    id: str | int


class _Stores(msgspec.Struct):
    stores: list[StoreReading]


class _Loaded(msgspec.Struct):
    promotions: list[LoadedPromotion]


class Handle:
    """Steers one store of a server, embedded in this process or anywhere on the network.

    What it does through the API to arrange things meets no fault and no rate limit, and is not in the
    journal.

    Attributes:
        store: the name of the store.
        promotions, codes, jobs: the content.
        clock, worker: the time, and who works.
        requests: what the code under test has requested.
        aio: the waiting verbs for async tests.
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
        """`client_id` is the name of the store unless given."""
        _check_header("store", store, "the name of a store")
        _check_header("control_token", control_token, "text that a header can have")
        self._connection = connection
        self._client = StoreClient(
            connection, store, client_id or store, client_secret or "any", control_token
        )
        self._control_token = control_token
        self.store = store
        self.promotions = PromotionsHandle(self._client)
        self.codes = CodesHandle(self._client)
        self.jobs = JobsHandle(self._client)
        self.clock = ClockHandle(self._client)
        self.worker = WorkerHandle(self._client)
        self.requests = RequestsHandle(self._client)
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
        """Steer a store of a server that runs at `url`, a container for instance. Nothing is sent yet.

        `verify` says whom to trust at an address that begins with https: True the authorities of the system,
            the path of a PEM file the
        certificates in it alone, an `ssl.SSLContext` whatever it trusts; False checks nothing.

        Raises:
            UsageError: this is no HTTP address, or the file has no certificate.
        """
        connection = HttpConnection(url, verify)
        return cls(
            connection,
            store=store,
            client_id=client_id,
            client_secret=client_secret,
            control_token=control_token,
        )

    @classmethod
    def in_process(cls, app: ASGIApp, *, store: str = "default", control_token: str = "") -> Self:
        """Steer a store of an application in this process, as `ep_mock.create_app` makes it."""
        return cls(InProcessConnection(app), store=store, control_token=control_token)

    def of_store(self, name: str) -> Handle:
        """A handle for another store of the same server."""
        _check_store("of_store", name)
        return Handle(
            self._connection, store=name, client_secret=self.client_secret, control_token=self._control_token
        )

    @property
    def url(self) -> str:
        """The address that the code under test takes for the real service, without a slash at the end."""
        return self._connection.url

    @property
    def client_id(self) -> str:
        """What the code under test logs in with. With `--stores client-id` it chooses the store."""
        return self._client.client_id

    @property
    def client_secret(self) -> str:
        """The secret that goes with the client id."""
        return self._client.client_secret

    @property
    def token(self) -> str:
        """A bearer token for calls to the API, issued by the server, for this store; it is valid for an hour
        of the store's clock.
        """
        return self._client.token

    @property
    def headers(self) -> dict[str, str]:
        """The headers of a call to the API that is for this store."""
        return {"Authorization": f"Bearer {self.token}", "X-EP-Mock-Store": self.store}

    def health(self) -> dict[str, Any]:
        """Status, version and uptime of the server."""
        return self._client.decoded("GET", "/health")

    def reset(self, **changes: Unpack[ResetSettings]) -> None:
        """Put the store back to what it was at its start; `changes` are settings until the next reset:
        `clock="manual"`, `seed="7"`.
        """
        check_keywords("reset", changes, ResetSettings, _OF_THE_SERVER)
        self._client.control("POST", "/reset", changes or None)
        self._client.forget_token()

    def settings(self, **changes: Unpack[StoreSettings]) -> dict[str, Any]:
        """The store's settings, after changing the given ones."""
        check_keywords("settings", changes, StoreSettings, _OF_THE_SERVER | _OF_A_START)
        return (
            self._client.decoded("PATCH", "/settings", changes)
            if changes
            else self._client.decoded("GET", "/settings")
        )

    def wait_for_job(
        self,
        job: AnyJob | None = None,
        status: Status | Sequence[Status] | None = None,
        *,
        promotion: AnyPromotion | None = None,
        timeout: float = WAIT_SECONDS,
        others_advance: bool = False,
    ) -> Job:
        """Wait until a job, the newest one unless said, has a status, or has ended: see `JobsHandle.wait`."""
        __tracebackhide__ = True
        return self.jobs.wait(
            job, status, promotion=promotion, timeout=timeout, others_advance=others_advance
        )

    def wait_for_requests(
        self, *, times: int = 1, timeout: float = WAIT_SECONDS, **chosen: Unpack[RequestQuery]
    ) -> list[RecordedRequest]:
        """Wait until requests have come: see `RequestsHandle.wait`."""
        __tracebackhide__ = True
        return self.requests.wait(times=times, timeout=timeout, **chosen)

    def plan(self, **plan: Unpack[PlanOptions]) -> str:
        """Decide what will happen to the next matching jobs; answers the id of the plan.

        `ep_mock.domain.plans.Plan` tells what each keyword means.
        """
        return self._plan("plan", plan)

    def fail_next_job(
        self, error: str = "job failed", *, after_codes: int | None = None, **jobs: Unpack[PlannedJobs]
    ) -> str:
        """Let the next job fail with an error, after some codes if you like."""
        plan: dict[str, Any] = {"fail": error, **jobs}
        if after_codes is not None:
            plan["after_codes"] = after_codes
        return self._plan("fail_next_job", plan)

    def stall_next_job(
        self,
        status: Literal["pending", "processing", "cancelling"] = "processing",
        **jobs: Unpack[PlannedJobs],
    ) -> str:
        """Let the next job get stuck in a status."""
        check_word("stall_next_job", status, ("pending", "processing", "cancelling"))
        return self._plan("stall_next_job", {"stuck": status, **jobs})

    def plans(self) -> list[dict[str, Any]]:
        """The plans that are still for some jobs."""
        plans: list[dict[str, Any]] = self._client.decoded("GET", "/plans")["plans"]
        return plans

    def delete_plan(self, plan_id: str | None = None) -> None:
        """Take back one plan, or all."""
        self._client.control(
            "DELETE", "/plans" if plan_id is None else f"/plans/{_identity('delete_plan', plan_id)}"
        )

    def fault(self, **fault: Unpack[FaultOptions]) -> str:
        """Decide what will happen to the next matching requests; answers the id of the fault.

        `ep_mock.traffic.faults.Fault` tells what each keyword means.

            mock.fault(error="rate_limited", retry_after=2)
            mock.fault(connection="reset", when="after", match={"operation": "create_job"})
        """
        check_keywords("fault", fault, FaultOptions, _INSTEAD_OF_FAULT)
        return str(self._client.read(_InForce, "POST", "/faults", fault).id)

    def faults(self) -> list[dict[str, Any]]:
        """The faults, with how often each has struck."""
        faults: list[dict[str, Any]] = self._client.decoded("GET", "/faults")["faults"]
        return faults

    def delete_fault(self, fault_id: str | None = None) -> None:
        """Take back one fault, or all."""
        self._client.control(
            "DELETE", "/faults" if fault_id is None else f"/faults/{_identity('delete_fault', fault_id)}"
        )

    def rate_limit(self, requests_per_second: int) -> None:
        """Answer 429 to requests beyond so many a second; 0 takes the limit away. Needs a clock that runs."""
        if isinstance(requests_per_second, bool) or not isinstance(requests_per_second, int):
            raise wrong("rate_limit", "a whole number", requests_per_second)
        self.settings(rate_limit=requests_per_second)

    def load_fixture(self, fixture: Mapping[str, Any] | str | PathLike[str]) -> list[LoadedPromotion]:
        """Add what a fixture describes: a mapping, a file on this machine (JSON or YAML), or the name of a
        shipped one.

        Raises:
            UsageError: the file cannot be read.
            RefusedError: it does not fit; then nothing was added.
        """
        document: object = fixture
        if isinstance(document, str | PathLike):
            from ep_mock.fixtures.files import read_document

            document = read_document(str(document))
        elif not isinstance(document, Mapping):
            hint = "call it once for each" if isinstance(document, list | tuple) else ""
            raise wrong("load_fixture", "a mapping, a file or the name of a shipped fixture", document, hint)
        return msgspec.json.decode(
            self._client.control("POST", "/fixtures", document), type=_Loaded
        ).promotions

    def snapshot(self) -> dict[str, Any]:
        """The whole store as plain data."""
        return self._client.decoded("GET", "/snapshot")

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Go on where a saved store was."""
        saved: object = snapshot
        if not isinstance(saved, Mapping):
            hint = (
                "write restore(json.loads(Path(...).read_text()))"
                if isinstance(saved, str | PathLike)
                else ""
            )
            raise wrong("restore", "what snapshot() has answered", saved, hint)
        self._client.control("PUT", "/snapshot", saved)

    def stores(self) -> list[StoreReading]:
        """The stores of the server."""
        return self._client.read(_Stores, "GET", "/stores").stores

    def delete_store(self, name: str | None = None) -> None:
        """Delete a store, this one unless said; it comes into being again when it is used."""
        if name is not None:
            _check_store("delete_store", name)
        self._client.control("DELETE", f"/stores/{quote(self.store if name is None else name, safe='')}")

    def documents(self) -> dict[str, Any]:
        """The OpenAPI documents of the server, by name: `standard`, `rule`, `control`."""
        return self._client.decoded("GET", "/openapi.json")

    def document(self, name: Literal["standard", "rule", "control"]) -> dict[str, Any]:
        """One OpenAPI document of the server."""
        check_word("document", name, ("standard", "rule", "control"))
        return self._client.decoded("GET", f"/openapi/{name}.json")

    def docs(self) -> str:
        """The page about all operations of the server, in HTML."""
        return self._client.control("GET", "/docs").decode()

    def report(self) -> str:
        """The store's time, the histories of its latest jobs and the latest requests, to be read by
        people.
        """
        return store_report(self.clock, self.jobs, self.requests)

    def close(self) -> None:
        """Let go of the server."""
        self._connection.close()

    def _plan(self, verb: str, plan: Mapping[str, Any]) -> str:
        check_keywords(verb, plan, PlanOptions, _INSTEAD_OF_PLAN)
        return str(self._client.read(_InForce, "POST", "/plans", plan).id)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Handle of the store {self.store!r}>"


def _check_header(name: str, value: object, expected: str) -> None:
    if not isinstance(value, str) or not (value.isascii() and value.isprintable()):
        raise wrong(name, expected, value, "write handle.store" if isinstance(value, Handle) else "")


def _check_store(verb: str, name: object) -> None:
    _check_header(verb, name, "the name of a store")


def _identity(verb: str, given: object) -> str:
    """The id of a plan or fault, as a path has it."""
    if not isinstance(given, str):
        raise wrong(
            verb,
            "an id, as the call that made it has answered",
            given,
            "write its ['id']" if isinstance(given, Mapping) else "",
        )
    return quote(given, safe="")
