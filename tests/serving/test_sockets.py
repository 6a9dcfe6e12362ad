from __future__ import annotations

import errno
import socket
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.errors import UsageError
from ep_mock.serving.sockets import BoundSockets, listen


def refuses(address: tuple[str, int], family: socket.AddressFamily = socket.AF_INET) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as client:
        return client.connect_ex(address) == errno.ECONNREFUSED


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


@pytest.fixture
def has_ipv6() -> None:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")


@pytest.fixture
def two_addresses(monkeypatch: pytest.MonkeyPatch, has_ipv6: None) -> None:
    """`localhost` stands for two addresses, as on most machines but not on all."""
    stream = (socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
    found = [(socket.AF_INET6, *stream, ("::1", 0, 0, 0)), *[(socket.AF_INET, *stream, ("127.0.0.1", 0))] * 2]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)


def test_a_free_port_is_claimed_before_any_server_runs() -> None:
    bound = listen("127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", bound.port)):
        pass
    bound.close()
    assert refuses(("127.0.0.1", bound.port))


def test_a_taken_port_is_one_clear_error(taken_port: int) -> None:
    with pytest.raises(UsageError) as caught:
        listen("127.0.0.1", taken_port)
    assert str(caught.value) == (
        f"port {taken_port} on 127.0.0.1 is already in use; choose another with --port, or 0 for any free one"
    )


def test_a_port_is_free_again_as_soon_as_its_listeners_are_closed() -> None:
    first = listen("127.0.0.1", 0)
    with socket.create_connection(("127.0.0.1", first.port)):
        first.close()
        listen("127.0.0.1", first.port).close()


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        (
            "127.0.0.1",
            65536,
            "port 65536 is not between 0 and 65535; choose another with --port, or 0 for any free one",
        ),
        (
            "127.0.0.1",
            -1,
            "port -1 is not between 0 and 65535; choose another with --port, or 0 for any free one",
        ),
        ("", 0, "the host is empty; choose 127.0.0.1, or 0.0.0.0 for all, with --host"),
        (
            "192.0.2.1",
            0,
            "host 192.0.2.1 is not an address of this machine; choose 127.0.0.1, or 0.0.0.0 for all, with --host",
        ),
    ],
)
def test_an_unusable_address_is_one_clear_error(host: str, port: int, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        listen(host, port)
    assert str(caught.value) == message


def test_an_unknown_name_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_args: object, **_options: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with pytest.raises(UsageError) as caught:
        listen("promotions.test", 0)
    assert str(caught.value) == (
        "host 'promotions.test' cannot be resolved (Name or service not known); choose another with --host"
    )


@pytest.mark.parametrize("host", ["a..b", "a\x00b", "\udcff", "x" * 64 + ".test"])
def test_what_cannot_be_a_name_is_one_clear_error(host: str) -> None:
    with pytest.raises(UsageError) as caught:
        listen(host, 0)
    before, _, after = str(caught.value).partition("cannot be resolved (")
    assert before == f"host {host!r} "
    assert after.endswith("); choose another with --host")


@pytest.mark.parametrize(
    ("number", "message"),
    [
        pytest.param(
            errno.EACCES,
            "port 80 on 127.0.0.1 is reserved for privileged users; choose another with --port, or 0 for any free one",
            marks=pytest.mark.skipif(
                sys.platform == "win32", reason="there it means that the port is in use"
            ),
        ),
        (errno.EMFILE, "cannot listen on port 80 of 127.0.0.1: too many"),
    ],
)
def test_what_the_system_refuses_is_told(monkeypatch: pytest.MonkeyPatch, number: int, message: str) -> None:
    class Refusing(socket.socket):
        def bind(self, _address: Any) -> None:
            raise OSError(number, "too many")

    monkeypatch.setattr(socket, "socket", Refusing)
    with pytest.raises(UsageError) as caught:
        listen("127.0.0.1", 80)
    assert str(caught.value) == message


@pytest.mark.usefixtures("two_addresses")
def test_all_addresses_of_a_name_share_one_port() -> None:
    bound = listen("localhost", 0)
    names = [sock.getsockname() for sock in bound.sockets]
    bound.close()
    assert names == [("::1", bound.port, 0, 0), ("127.0.0.1", bound.port)]
    assert bound.url == f"http://localhost:{bound.port}"


@pytest.mark.usefixtures("two_addresses")
def test_a_port_taken_on_one_address_of_a_name_leaves_none_listening(taken_port: int) -> None:
    with pytest.raises(UsageError, match="already in use"):
        listen("localhost", taken_port)
    assert refuses(("::1", taken_port), socket.AF_INET6)


@pytest.mark.usefixtures("two_addresses")
def test_a_chosen_port_that_is_taken_on_the_next_address_is_chosen_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    attempts: list[tuple[Any, ...]] = []

    class TakenOnce(socket.socket):
        def bind(self, address: Any) -> None:
            attempts.append(address)
            if len(attempts) == 2:
                raise OSError(errno.EADDRINUSE, "in use")
            super().bind(address)

    monkeypatch.setattr(socket, "socket", TakenOnce)
    bound = listen("localhost", 0)
    bound.close()
    assert [address[0] for address in attempts] == ["::1", "127.0.0.1", "::1", "127.0.0.1"]
    assert len(bound.sockets) == 2


def test_an_address_that_the_machine_lacks_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in ("192.0.2.1", "127.0.0.1")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_args, **_options: found)
    bound = listen("half-here", 0)
    names = [sock.getsockname() for sock in bound.sockets]
    bound.close()
    assert names == [("127.0.0.1", bound.port)]


@pytest.mark.usefixtures("has_ipv6")
def test_the_wildcard_of_ipv6_takes_ipv4_too() -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("this machine has no sockets for both")
    bound = listen("::", 0)
    with (
        socket.create_connection(("127.0.0.1", bound.port)),
        socket.create_connection(("::1", bound.port)),
    ):
        pass
    bound.close()


@pytest.mark.parametrize(
    ("host", "url", "client_url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80", "http://127.0.0.1:80"),
        ("localhost", "http://localhost:80", "http://localhost:80"),
        ("::1", "http://[::1]:80", "http://[::1]:80"),
        ("fe80::1%eth0", "http://[fe80::1%25eth0]:80", "http://[fe80::1%25eth0]:80"),
        ("0.0.0.0", "http://0.0.0.0:80", "http://127.0.0.1:80"),
        ("::", "http://[::]:80", "http://[::1]:80"),
    ],
)
def test_urls_name_the_bound_address_and_one_that_clients_can_open(
    host: str, url: str, client_url: str
) -> None:
    bound = BoundSockets([], host, 80)
    assert (bound.url, bound.client_url) == (url, client_url)


@given(st.one_of(st.integers(max_value=-1), st.integers(min_value=65536)))
def test_a_port_out_of_range_is_refused_before_the_host_is_looked_at(port: int) -> None:
    with pytest.raises(UsageError, match=f"port {port} is not between 0 and 65535"):
        listen("", port)
