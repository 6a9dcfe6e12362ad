"""Connections to a server: over HTTP and in process."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from ep_mock import MockServer, create_app
from ep_mock.errors import UsageError
from ep_mock.handle import Handle, RefusedError, UnreachableError
from ep_mock.transports import VENDOR_HOSTS, httpx_transport
from tests.silent_port import silent_port


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener


def url_of(listener: socket.socket) -> str:
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.mark.parametrize(
    "url",
    [
        "",
        "127.0.0.1:8080",
        "ftp://localhost",
        "http://",
        "http://localhost:port",
        "http://localhost?a=1",
        "http://localhost#a",
    ],
)
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="^url: expected an address such as http://127.0.0.1:8080, got "):
        Handle.connect(url)


def test_an_address_without_a_server_is_an_error() -> None:
    with silent_port() as port:
        url = f"http://127.0.0.1:{port}"
        with pytest.raises(
            UnreachableError,
            match=rf"^ep-mock does not answer at {url} \(.*refused\); is the server running, and is this",
        ):
            Handle.connect(url + "/").health()


def test_another_program_at_the_address_is_an_error(listener: socket.socket) -> None:
    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 8\r\n\r\nnot here")

    thread = threading.Thread(target=answer)
    thread.start()
    with Handle.connect(url_of(listener)) as handle, pytest.raises(RefusedError) as refused:
        handle.health()
    thread.join()
    assert str(refused.value) == "GET /__ep_mock/health was refused with 404: not here"


def test_a_server_that_stops_is_an_error_and_one_that_starts_again_is_found() -> None:
    server = MockServer()
    server.start()
    port = server.port
    with Handle.connect(server.url) as handle:
        handle.promotions.create()
        server.stop()
        with pytest.raises(UnreachableError):
            handle.promotions.list()
        with MockServer(port=port):
            assert handle.promotions.list() == []


def test_a_connection_that_was_idle_for_too_long_is_reopened(listener: socket.socket) -> None:
    answer = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'

    def serve_each_connection_once() -> None:
        for _ in range(2):
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(answer)

    thread = threading.Thread(target=serve_each_connection_once)
    thread.start()
    with Handle.connect(url_of(listener)) as handle:
        assert [handle.health(), handle.health()] == [{"status": "ok"}] * 2
    thread.join()


def test_a_handle_can_be_shared_by_threads() -> None:
    with MockServer(clock="poll") as server, Handle.connect(server.url) as over_http:
        for handle in (over_http, server.handle):
            handle.reset()
            threads = [threading.Thread(target=handle.promotions.create) for _ in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert len(handle.promotions.list()) == 8


def test_a_server_behind_a_path_is_reached(listener: socket.socket) -> None:
    heads: list[bytes] = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            heads.append(connection.recv(65536).partition(b"\r\n")[0])
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")

    thread = threading.Thread(target=answer)
    thread.start()
    with Handle.connect(f"{url_of(listener)}/mock/") as handle:
        assert handle.url == f"{url_of(listener)}/mock"
        handle.health()
    thread.join()
    assert heads == [b"GET /mock/__ep_mock/health HTTP/1.1"]


def test_an_application_is_steered_without_a_server() -> None:
    with Handle.in_process(create_app(clock="poll")) as handle:
        job = handle.jobs.generate(handle.promotions.create(), 3)
        assert handle.wait_for_job(job).status == "completed"
        with pytest.raises(UsageError, match="has no URL; serve it with MockServer to get one"):
            _ = handle.url
    assert handle.jobs.get(job).status == "completed", "a closed handle opens itself again"


def test_short_verbs_work_inside_an_event_loop() -> None:
    async def scenario() -> str:
        with Handle.in_process(create_app(clock="poll")) as handle:
            return handle.wait_for_job(handle.jobs.generate(handle.promotions.create(), 3)).status

    assert asyncio.run(scenario()) == "completed"


def test_a_server_keeps_its_handle_and_shows_its_store() -> None:
    with MockServer(seed="7", clock="manual") as server:
        assert server.handle is server.handle
        assert server.handle.url == server.url
        server.handle.promotions.create()
    assert len(server.handle.promotions.list()) == 1
    server.handle.close()


def test_a_control_plane_that_is_off_or_protected_is_an_error() -> None:
    with pytest.raises(
        RefusedError, match="refused with 404: .*the control plane is off; start ep-mock with --control"
    ):
        Handle.in_process(create_app(control=False)).reset()
    app = create_app(control_token="secret")
    with pytest.raises(RefusedError, match="refused with 401: .*the control plane needs its token"):
        Handle.in_process(app).reset()
    handle = Handle.in_process(app, control_token="secret")
    handle.reset()
    handle.of_store("other").reset()


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="this system does not tell its open files")
def test_handles_and_transports_in_process_that_are_never_closed_leak_no_files() -> None:
    def use(number: int) -> tuple[Handle, httpx.Client]:
        handle = Handle.in_process(app, store=f"store-{number % 5}")
        client = httpx.Client(transport=httpx_transport(app), headers={"Authorization": "Bearer any"})
        assert handle.health()["status"] == "ok"
        assert client.get(f"https://{VENDOR_HOSTS[0]}/v2/promotions").status_code == 200
        return handle, client

    app = create_app()
    kept = [use(0)]
    before = len(os.listdir("/proc/self/fd"))
    kept += [use(number) for number in range(200)]
    assert len(os.listdir("/proc/self/fd")) <= before + 5
