"""The image, really built and run: what is in it, whom it runs as, what it writes, how it ends, how fast it
is up.
"""

from __future__ import annotations

import json
import re
import statistics
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from ep_mock import __version__
from tests.container.building import built_image
from tests.container.images import Image

STARTS = 5
MB = 1_000_000

RULE = {
    "type": "rule_promotion",
    "name": "Ten percent",
    "enabled": True,
    "automatic": False,
    "start": "2025-01-01T00:00:00Z",
    "end": "2099-12-31T00:00:00Z",
    "rule_set": {
        "currencies": ["USD"],
        "catalog_ids": [],
        "rules": {"strategy": "cart_total", "operator": "gte", "args": [5000]},
        "actions": [{"strategy": "cart_discount", "args": ["percent", 10]}],
    },
}


@pytest.fixture(scope="module")
def image() -> Iterator[Image]:
    with built_image() as image:
        yield image


def call(method: str, url: str, document: object = None, token: str = "any") -> Any:
    """What a client of the API gets: JSON, else the text."""
    body = None if document is None else json.dumps(document).encode()
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urlopen(Request(url, body, headers, method=method), timeout=30) as answer:
        content = answer.read()
        return (
            json.loads(content)
            if answer.headers["Content-Type"].startswith("application/json")
            else content.decode()
        )


def generate_and_export(url: str) -> None:
    """A job that makes five codes, and one that exports them, with a file whose address the client can
    reach.
    """
    form = b"grant_type=client_credentials&client_id=me&client_secret=mine"
    with urlopen(f"{url}/oauth/access_token", form, timeout=30) as answer:
        token = json.load(answer)["access_token"]
    promotion = call("POST", f"{url}/v2/rule-promotions", {"data": RULE}, token)["data"]
    jobs = f"{url}/v2/rule-promotions/{promotion['id']}/jobs"
    generate = {"type": "promotion_job", "rule_promotion_id": promotion["id"], "job_type": "code_generate"}
    call("POST", jobs, {"data": {**generate, "parameters": {"number_of_codes": 5}}}, token)
    export = call("POST", jobs, {"data": {**generate, "job_type": "code_export"}}, token)["data"]
    statuses = {job["job_type"]: job["status"] for job in call("GET", jobs, None, token)["data"]}
    assert statuses == {"code_generate": "completed", "code_export": "completed"}
    codes = call("GET", f"{url}/v2/rule-promotions/{promotion['id']}/codes", None, token)["data"]
    href = call("GET", f"{jobs}/{export['id']}/file", None, token)["href"]
    assert href.startswith(f"{url}/")
    file = call("GET", href)
    assert len(codes) == 5
    assert all(code["code"] in file for code in codes)


def test_it_says_how_it_is_to_be_run(image: Image) -> None:
    said = image.configuration
    assert (said.user, said.command, said.ports) == ("10001:10001", ["ep-mock", "serve"], ["8080/tcp"])
    assert (said.health_command, said.health_interval) == (["ep-mock", "healthcheck"], 2)
    ours = {name: value for name, value in said.variables.items() if name.startswith("EP_MOCK_")}
    assert ours == {
        "EP_MOCK_HOST": "0.0.0.0",
        "EP_MOCK_PORT": "8080",
        "EP_MOCK_FIXTURES": "/etc/ep-mock/fixtures",
    }
    assert said.labels["org.opencontainers.image.version"] == __version__
    assert said.labels["org.opencontainers.image.title"] == "ep-mock"
    assert said.labels["org.opencontainers.image.licenses"] == "MIT"


def test_a_client_can_work_with_it_and_it_writes_nothing(image: Image) -> None:
    with image.started(variables={"EP_MOCK_TIMINGS": "instant", "EP_MOCK_AUTH": "strict"}) as container:
        line = rf"ep-mock {re.escape(__version__)} \(seed \w+, clock real, timings instant, auth strict\) listening on http://0\.0\.0\.0:\d+\n"
        assert re.fullmatch(line, container.announcement())
        assert container.user() == (10001, 10001)
        code, said = container.health()
        assert (code, said.rpartition(":")[0]) == (0, f"ep-mock {__version__} is up at http://127.0.0.1")
        generate_and_export(container.url)
        with pytest.raises(HTTPError, match="401"):
            call("GET", f"{container.url}/v2/rule-promotions")
        assert container.stopped() == 0
        assert container.errors() == ""
        assert container.written() == set()


def test_a_read_only_root_and_fixtures_from_outside_do_as_well(image: Image, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    fixture = {"ep_mock_fixture": 1, "promotions": [{"family": "rule", "name": "From outside"}]}
    (tmp_path / "mine.json").write_text(json.dumps(fixture))
    mounts = {"/etc/ep-mock/fixtures": str(tmp_path)}
    with image.started(variables={"EP_MOCK_TIMINGS": "instant"}, mounts=mounts, read_only=True) as container:
        assert "listening on" in container.announcement()
        assert [
            promotion["name"] for promotion in call("GET", f"{container.url}/v2/rule-promotions")["data"]
        ] == ["From outside"]
        generate_and_export(container.url)
        assert container.health()[0] == 0
        assert container.stopped() == 0
        assert container.errors() == ""


def test_a_bad_setting_ends_it_with_a_line_and_code_2(image: Image) -> None:
    with image.started(variables={"EP_MOCK_CLOCK": "sundial"}) as container:
        assert container.announcement() == ""
        assert container.stopped() == 2
        assert (
            container.errors()
            == "ep-mock: EP_MOCK_CLOCK: expected one of real, scaled, manual, poll, got 'sundial'\n"
        )


def test_other_arguments_run_another_command(image: Image) -> None:
    with image.started("--version") as container:
        assert container.announcement() == f"ep-mock {__version__}\n"
        assert container.stopped() == 0


def test_its_own_part_has_what_is_needed_to_run_and_nothing_else(image: Image) -> None:
    packages = set(image.output("sh", "-c", "ls /opt/ep-mock/lib/python3*/site-packages").split())
    names = {
        name.partition("-")[0].partition(".")[0].lower()
        for name in packages
        if not name.endswith((".so", "__pycache__"))
    }
    assert {"ep_mock", "uvicorn", "jsonschema_rs", "yaml"} <= names
    assert (
        names
        & {
            "pip",
            "setuptools",
            "wheel",
            "pkg_resources",
            "hatchling",
            "pytest",
            "testcontainers",
            "docker",
            "tests",
        }
        == set()
    )
    unwanted = "-name 'test' -o -name 'tests' -o -name '*.yaml' -path '*/_openapi/*' -o -name pip -o -name gcc -o -name cc"
    assert image.output("find", "/opt/ep-mock", *unwanted.replace("'", "").split()) == ""
    left_over = image.output(
        "sh", "-c", "ls -d /source /pip /wheels /root/.cache 2>/dev/null || true", root=True
    )
    assert left_over == ""


def test_its_user_can_write_to_nothing_but_temporary_folders(image: Image) -> None:
    found = set(image.output("sh", "-c", "find / -xdev ! -type l -writable 2>/dev/null || true").split())
    assert "/tmp" in found
    assert found <= {"/tmp", "/var/tmp", "/run/lock"}


def test_all_that_serving_loads_is_compiled(image: Image) -> None:
    program = (
        "import os, sys\n"
        "from ep_mock.cli import healthcheck, serve\n"
        "from ep_mock.serving import run, uvicorn_server\n"
        "from ep_mock.web.app import create_app\n"
        "create_app(fixtures=('campaign',))\n"
        "import uvicorn.protocols.http.httptools_impl, http.client\n"
        "loaded = {name: module.__cached__ for name, module in sys.modules.items() if getattr(module, '__cached__', None)}\n"
        "print(len(loaded), [name for name, path in loaded.items() if not os.path.exists(path)])\n"
    )
    number, _, missing = image.output("/opt/ep-mock/bin/python", "-c", program).partition(" ")
    assert int(number) > 100
    assert missing == "[]"


def test_it_is_small(image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(
            f"\nimage: {image.size / MB:.0f} MB, of which ep-mock and its packages are {image.own_size / MB:.0f} MB"
        )
    assert image.own_size < 60 * MB
    assert image.size < 250 * MB


def test_it_is_up_soon(image: Image, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = []
    for _ in range(STARTS):
        with image.started() as container:
            assert "listening on" in container.announcement()
            assert call("GET", f"{container.url}/__ep_mock/health")["status"] == "ok"
            seconds.append(perf_counter() - container.begun)
    with capsys.disabled():
        print(
            f"\ncontainer: {statistics.median(seconds) * 1000:.0f} ms from its start to the first healthy answer"
        )
    assert statistics.median(seconds) < 3
