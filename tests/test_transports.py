"""Transports that send requests for the vendor's hosts to an application in this process."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import httpx2
import pytest

from ep_mock import create_app
from ep_mock.handle import Handle
from ep_mock.transports import VENDOR_HOSTS, httpx2_transport, httpx_transport
from ep_mock.web.app import Application

HEADERS = {"Authorization": "Bearer any"}
BASE = f"https://{VENDOR_HOSTS[0]}"
LIBRARIES = [
    pytest.param(httpx, httpx_transport, id="httpx"),
    pytest.param(httpx2, httpx2_transport, id="httpx2"),
]


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> Application:
    """An application, while no socket can connect."""

    def refuse(*_: object) -> None:
        raise AssertionError("a socket was to be connected")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return create_app(clock="poll")


@pytest.mark.parametrize(("library", "transport"), LIBRARIES)
def test_code_with_a_hard_wired_host_works_without_a_socket(
    app: Application, library: Any, transport: Any
) -> None:
    promotion = Handle.in_process(app).promotions.create()
    with library.Client(transport=transport(app), headers=HEADERS) as client:
        jobs = f"{BASE}{promotion.path}/jobs"
        created = client.post(jobs, json={"data": {"type": "promotion_job", "job_type": "code_export"}})
        assert created.status_code == 201
        assert [client.get(jobs).json()["data"][0]["status"] for _ in range(3)] == [
            "pending",
            "processing",
            "completed",
        ]
        href = client.get(f"{jobs}/{created.json()['data']['id']}/file").json()["href"]
        assert href.startswith(f"{BASE}/files/default/")
        assert client.get(href).headers["content-type"] == "text/csv; charset=utf-8"
        assert (
            client.get(f"http://{VENDOR_HOSTS[1].upper()}:8080{promotion.path}").json()["data"] == promotion
        )


@pytest.mark.parametrize(("library", "transport"), LIBRARIES)
def test_it_works_for_async_code_too(app: Application, library: Any, transport: Any) -> None:
    promotion = Handle.in_process(app).promotions.create()

    async def scenario() -> None:
        async with library.AsyncClient(transport=transport(app), base_url=BASE, headers=HEADERS) as client:
            assert (await client.get(promotion.path)).json()["data"] == promotion
            deleted = await client.delete(promotion.path)
            assert (deleted.status_code, deleted.content) == (204, b"")

    asyncio.run(scenario())


@pytest.mark.parametrize(("library", "transport"), LIBRARIES)
@pytest.mark.parametrize(
    ("connection", "error"),
    [
        ("reset", "ReadError"),
        ("empty", "RemoteProtocolError"),
        ("garbage", "RemoteProtocolError"),
        ("truncated", "RemoteProtocolError"),
    ],
)
def test_a_broken_connection_is_the_error_that_a_socket_would_give(
    app: Application, library: Any, transport: Any, connection: Any, error: str
) -> None:
    mock = Handle.in_process(app)
    kind = getattr(library, error)

    async def scenario() -> None:
        async with library.AsyncClient(transport=transport(app), base_url=BASE, headers=HEADERS) as client:
            with pytest.raises(kind):
                await client.get("/v2/promotions")

    mock.fault(connection=connection, times=2)
    with (
        library.Client(transport=transport(app), base_url=BASE, headers=HEADERS) as client,
        pytest.raises(kind),
    ):
        client.get("/v2/promotions")
    asyncio.run(scenario())
    assert [request.outcome for request in mock.requests.all()] == ["faulted", "faulted"]


@pytest.mark.parametrize(("library", "transport"), LIBRARIES)
def test_a_delay_delays_the_response(app: Application, library: Any, transport: Any) -> None:
    mock = Handle.in_process(app)
    mock.fault(delay=0.001)
    with library.Client(transport=transport(app), base_url=BASE, headers=HEADERS) as client:
        assert client.get("/v2/promotions").status_code == 200
    assert mock.faults()[0]["strikes"] == 1


@pytest.mark.parametrize(("library", "transport"), LIBRARIES)
def test_other_hosts_fail_unless_there_is_a_transport_for_them(
    app: Application, library: Any, transport: Any
) -> None:
    elsewhere = library.MockTransport(
        lambda request: library.Response(200, text=f"{request.url.host} itself")
    )
    with library.Client(transport=transport(app)) as client, pytest.raises(library.ConnectError) as refused:
        client.get("https://example.com/v2/promotions")
    assert str(refused.value) == (
        "example.com does not lead to ep-mock, only useast.api.elasticpath.com, euwest.api.elasticpath.com; "
        "add it to hosts=, or pass a transport for it as others="
    )
    with library.Client(transport=transport(app, others=elsewhere)) as client:
        assert client.get("https://example.com/").text == "example.com itself"

    async def scenario() -> str:
        async with library.AsyncClient(transport=transport(app, others=elsewhere)) as client:
            text: str = (await client.get("https://example.com/")).text
            return text

    assert asyncio.run(scenario()) == "example.com itself"


@pytest.mark.parametrize(("library", "transport"), LIBRARIES)
def test_hosts_and_store_can_be_chosen(app: Application, library: Any, transport: Any) -> None:
    promotion = Handle.in_process(app, store="other").promotions.create()
    with library.Client(
        transport=transport(app, hosts=["*.shop.test"], store="other"), headers=HEADERS
    ) as client:
        assert client.get(f"https://api.shop.test{promotion.path}").status_code == 200
        assert (
            client.get(
                f"https://api.shop.test{promotion.path}", headers={"X-EP-Mock-Store": "default"}
            ).status_code
            == 404
        )
        with pytest.raises(library.ConnectError):
            client.get(f"{BASE}{promotion.path}")


def test_paths_and_bodies_arrive_as_they_were_sent(app: Application) -> None:
    mock = Handle.in_process(app)
    with httpx.Client(transport=httpx_transport(app), base_url=BASE, headers=HEADERS) as client:
        client.get("/v2/promotions/a%2Fb/codes/ä b?page[limit]=5&x=%20")
        client.post("/v2/promotions", content=iter([b'{"da', b'ta": 1}']))
    first, second = mock.requests.all()
    assert (first.path, first.query, first.operation) == (
        "/v2/promotions/a%2Fb/codes/%C3%A4%20b",
        "page[limit]=5&x=%20",
        None,
    )
    assert (second.body, second.headers["host"]) == ({"data": 1}, VENDOR_HOSTS[0])
