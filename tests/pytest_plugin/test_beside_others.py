"""ep-mock beside libraries that change time, sockets or the way tests run, as docs/pytest.md describes."""

from __future__ import annotations

import sys

import pytest

from tests.pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]

TESTS_IN_FROZEN_TIME = """
import httpx
import pytest
{imports}

@{freeze}
def test_polls_move_the_clock(ep_mock):
    promotion = ep_mock.promotions.create()
    ep_mock.jobs.generate(promotion, 5)
    with httpx.Client(base_url=ep_mock.url, headers=ep_mock.headers) as client:
        statuses = [client.get(f"{promotion.path}/jobs").json()["data"][0]["status"] for _ in range(4)]
    assert statuses == ["pending", "processing", "processing", "completed"]

@{freeze}
def test_a_store_that_is_reset_while_time_is_frozen_begins_then(ep_mock):
    ep_mock.reset(clock="manual")
    assert ep_mock.clock.now == "2031-05-06T07:08:09.000000000Z"
    ep_mock.clock.advance(60)
    assert ep_mock.clock.now == "2031-05-06T07:09:09.000000000Z"

@{freeze}
def test_waits_end(ep_mock):
    ep_mock.jobs.generate(ep_mock.promotions.create(), 5)
    assert ep_mock.wait_for_job().status == "completed"
    with pytest.raises(AssertionError, match="Timed out"):
        ep_mock.wait_for_requests(timeout=0.01)

@pytest.mark.ep_mock(clock="scaled", clock_scale=100)
@{freeze}
def test_a_running_clock_runs_on(ep_mock):
    job = ep_mock.jobs.generate(ep_mock.promotions.create(), 5)
    assert ep_mock.wait_for_job(job, timeout=20).status == "completed"
"""


@pytest.mark.parametrize(
    ("imports", "freeze"),
    [
        pytest.param(
            "from freezegun import freeze_time", 'freeze_time("2031-05-06 07:08:09")', id="freezegun"
        ),
        pytest.param(
            "import time_machine",
            'time_machine.travel("2031-05-06 07:08:09Z", tick=False)',
            id="time-machine",
        ),
    ],
)
def test_a_store_starts_at_the_frozen_time_and_is_not_affected_by_it_later(
    pytester: pytest.Pytester, imports: str, freeze: str
) -> None:
    pytester.makepyfile(
        test_sample=TESTS_IN_FROZEN_TIME.replace("{imports}", imports).replace("{freeze}", freeze)
    )
    # In another process: freezing time reads the attributes of all loaded modules, and some modules of other
    # tests react to that.
    pytester.runpytest_subprocess("-p", "no:cacheprovider", timeout=120).assert_outcomes(passed=4)


TESTS_WITHOUT_SOCKETS = """
import httpx
import pytest
from ep_mock.transports import VENDOR_HOSTS, httpx_transport

def test_over_http(ep_mock):
    with httpx.Client(base_url=ep_mock.url, headers=ep_mock.headers) as client:
        assert client.get(ep_mock.promotions.create().path).status_code == 200

def test_in_process(ep_mock_app, ep_mock):
    promotion = ep_mock.promotions.create()
    job = ep_mock.jobs.generate(promotion, 5)
    with httpx.Client(base_url=f"https://{VENDOR_HOSTS[0]}", headers=ep_mock.headers, transport=httpx_transport(ep_mock_app)) as client:
        assert client.get(promotion.path).status_code == 200
    assert ep_mock.wait_for_job(job).status == "completed"
    with pytest.raises(AssertionError, match="Timed out"):
        ep_mock.wait_for_requests(times=2, timeout=0.01)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="every event loop opens a socket there")
@pytest.mark.parametrize(
    ("options", "outcomes"),
    [
        (["--disable-socket"], {"passed": 1, "failed": 1}),
        (["--disable-socket", "--allow-hosts=127.0.0.1"], {"passed": 2}),
        (["--allow-hosts=127.0.0.1"], {"passed": 2}),
    ],
)
def test_with_sockets_disabled_the_application_in_process_works_and_http_needs_its_host_allowed(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: list[str], outcomes: dict[str, int]
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile(TESTS_WITHOUT_SOCKETS)
    result = pytester.runpytest_subprocess(
        "-p", "pytest_socket", "-p", "ep_mock.pytest_plugin", "-W", "ignore", *options, timeout=120
    )
    assert result.parseoutcomes() == outcomes
    if "failed" in outcomes:
        result.stdout.fnmatch_lines(["E *SocketBlockedError: *"])


ASYNC_TESTS = """
import asyncio
import httpx
import pytest
from ep_mock.transports import VENDOR_HOSTS, httpx_transport

pytestmark = [{marks}]

async def check(mock, client):
    promotion = mock.promotions.create()
    export = {"data": {"type": "promotion_job", "job_type": "code_export"}}
    under_test = asyncio.ensure_future(client.post(f"{promotion.path}/jobs", json=export))
    (request,) = await mock.aio.wait_for_requests(operation="create_job")
    assert (await under_test).status_code == request.status == 201
    assert (await mock.aio.wait_for_job(promotion=promotion)).status == "completed"

async def test_over_http(ep_mock):
    async with httpx.AsyncClient(base_url=ep_mock.url, headers=ep_mock.headers) as client:
        await check(ep_mock, client)

@pytest.mark.parametrize("transport", [httpx_transport, httpx.ASGITransport])
async def test_in_process(ep_mock_app, ep_mock, transport):
    base_url = f"https://{VENDOR_HOSTS[0]}"
    async with httpx.AsyncClient(base_url=base_url, headers=ep_mock.headers, transport=transport(ep_mock_app)) as client:
        await check(ep_mock, client)
"""


@pytest.mark.parametrize(
    ("plugin", "marks", "options"),
    [
        (
            "pytest_asyncio.plugin",
            "pytest.mark.asyncio",
            ("-o", "asyncio_default_fixture_loop_scope=function"),
        ),
        (
            "anyio.pytest_plugin",
            "pytest.mark.anyio, pytest.mark.parametrize('anyio_backend', ['asyncio'])",
            (),
        ),
    ],
)
def test_async_tests_have_waits_that_do_not_block_their_loop(
    run: Run, plugin: str, marks: str, options: tuple[str, ...]
) -> None:
    run(ASYNC_TESTS.replace("{marks}", marks), "-p", plugin, *options, "-Werror").assert_outcomes(passed=3)
