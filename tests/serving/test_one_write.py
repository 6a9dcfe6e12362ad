"""A response is written at once: its head together with the first piece of its body."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ep_mock.serving.one_write import OneWriteTransport
from tests.serving.test_connections import http_parser, writes_of

__all__ = ["http_parser"]

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"
PIECES = st.sampled_from([HEAD, b"HTTP/1.1 100 Continue\r\n\r\n", b"{}", b"", b"\x00\xffHTTP/1.1 "])


class Written(asyncio.Transport):
    """Keeps each write."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self.closed = False

    def write(self, data: Any) -> None:
        assert not self.closed
        self.writes.append(bytes(data))

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed


def test_a_head_is_written_with_what_follows_it() -> None:
    wire = Written()
    transport = OneWriteTransport(wire)
    transport.write(HEAD)
    assert wire.writes == []
    transport.write(b"{}")
    assert wire.writes == [HEAD + b"{}"]


def test_an_interim_response_is_written_at_once() -> None:
    wire = Written()
    OneWriteTransport(wire).write(b"HTTP/1.1 100 Continue\r\n\r\n")
    assert wire.writes == [b"HTTP/1.1 100 Continue\r\n\r\n"]


def test_what_is_written_after_the_end_of_the_connection_is_dropped() -> None:
    wire = Written()
    transport = OneWriteTransport(wire)
    wire.close()
    transport.write(HEAD)
    transport.write(b"{}")
    transport.write(HEAD)
    transport.flush()
    assert wire.writes == []


@given(st.lists(st.one_of(PIECES, st.just("flush")), max_size=12))
def test_nothing_is_lost_and_the_order_stays(steps: list[Any]) -> None:
    wire = Written()
    transport = OneWriteTransport(wire)
    for step in steps:
        if step == "flush":
            transport.flush()
        else:
            transport.write(step)
    transport.close()
    assert b"".join(wire.writes) == b"".join(step for step in steps if step != "flush")
    assert wire.closed
    assert transport.is_closing()


@pytest.mark.usefixtures("http_parser")
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_each_response_on_a_connection_is_one_write(method: bytes) -> None:
    request = method + b" / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
    writes = writes_of(request, request)
    assert len(writes) == 2
    assert all(each.startswith(b"HTTP/1.1 200 ") for each in writes)
