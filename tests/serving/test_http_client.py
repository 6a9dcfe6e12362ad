"""The HTTP client that handles, shell verbs, the health check and the demo share. What it keeps open is tested
with the handle.
"""

from __future__ import annotations

import socket
import subprocess
import sys
from contextlib import closing

import pytest

from ep_mock import MockServer
from ep_mock.handle import Handle, UnreachableError
from ep_mock.serving.http_client import CALL_ERRORS, HttpClient, reason_of

NO_HOST = f"http://{'a' * 70}.test"


def test_a_reply_has_status_headers_and_body() -> None:
    with MockServer() as server, closing(HttpClient(f"{server.url}/")) as client:
        assert client.url == server.url
        reply = client.call("GET", "/__ep_mock/health", {}, None, timeout=30)
    assert (reply.status, reply.headers["x-ep-mock"] is None) == (200, False)
    assert b'"ok"' in reply.body


def test_a_host_name_that_cannot_exist_is_an_error_of_the_call() -> None:
    with pytest.raises(CALL_ERRORS) as raised:
        HttpClient(NO_HOST).call("GET", "/", {}, None, timeout=30)
    assert reason_of(raised.value)
    with pytest.raises(UnreachableError, match="does not answer at"):
        Handle.connect(NO_HOST).health()


def test_a_silent_server_is_given_up_after_the_timeout() -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        client = HttpClient(f"http://127.0.0.1:{silent.getsockname()[1]}")
        with pytest.raises(CALL_ERRORS) as raised:
            client.call("GET", "/", {}, None, timeout=0.01)
    assert reason_of(raised.value) == "timed out"


def test_it_loads_no_event_loop() -> None:
    program = "import sys, ep_mock.serving.http_client; sys.exit('asyncio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
