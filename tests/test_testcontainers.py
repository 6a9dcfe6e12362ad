"""ep-mock through the Testcontainers library, with an engine that runs processes for containers."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from testcontainers.core.config import ConnectionMode, testcontainers_config

from ep_mock import __version__
from ep_mock.errors import UsageError
from ep_mock.handle import UnreachableError
from ep_mock.testcontainers import IMAGE, EpMockContainer
from tests.certificates import CERTIFICATE, KEY
from tests.stub_engine import StubEngine


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[StubEngine]:
    with StubEngine() as engine:
        for name, value in engine.variables.items():
            monkeypatch.setenv(name, value)
        # These were read when the library was imported.
        monkeypatch.setattr(testcontainers_config, "ryuk_disabled", True)
        monkeypatch.setattr(testcontainers_config, "connection_mode_override", ConnectionMode.docker_host)
        yield engine


def names(mock: EpMockContainer) -> list[str]:
    """The names of the Rule promotions, as a client of the API sees them."""
    request = Request(f"{mock.url}/v2/rule-promotions", headers={"Authorization": "Bearer any"})
    with urlopen(request) as answer:
        return [promotion["name"] for promotion in json.load(answer)["data"]]


def test_a_container_runs_inside_the_with_statement_with_the_settings_given(engine: StubEngine) -> None:
    with EpMockContainer(
        clock="manual", clock_start="2025-01-31T10:00:00Z", unique_codes=False, codes_limit=7
    ) as mock:
        assert names(mock) == []
        handle = mock.handle()
        assert handle.clock.now == "2025-01-31T10:00:00.000000000Z"
        assert handle.settings()["codes_limit"] == 7
        assert (handle.settings()["unique_codes"], handle.store, mock.handle("other").store) == (
            False,
            "default",
            "other",
        )
    assert engine.removed
    assert engine.created["Image"] == IMAGE == f"ghcr.io/ep-mock/ep-mock:{__version__}"
    assert engine.created["Env"] == [
        "EP_MOCK_CLOCK=manual",
        "EP_MOCK_CLOCK_START=2025-01-31T10:00:00Z",
        "EP_MOCK_UNIQUE_CODES=False",
        "EP_MOCK_CODES_LIMIT=7",
    ]
    assert engine.created["ExposedPorts"] == {"8080/tcp": {}}


def test_a_handle_that_trusts_the_certificate_steers_a_container_with_https(engine: StubEngine) -> None:
    with EpMockContainer(clock="manual", tls_certificate=CERTIFICATE, tls_key=KEY) as mock:
        assert mock.url.startswith("https://")
        assert mock.handle(verify=CERTIFICATE).clock.read().mode == "manual"
        with pytest.raises(UnreachableError, match="is not trusted"):
            mock.handle().clock.read()


def test_fixtures_of_this_machine_are_copied_into_the_container(engine: StubEngine, tmp_path: Path) -> None:
    for number in (1, 2):
        fixture = {"ep_mock_fixture": 1, "promotions": [{"family": "rule", "name": f"Number {number}"}]}
        (tmp_path / f"{number}.json").write_text(json.dumps(fixture))
    with EpMockContainer(
        fixtures=("empty", str(tmp_path), str(tmp_path / "1.json")), control_token="hush"
    ) as mock:
        assert set(names(mock)) == {"Number 1", "Number 2"}
        assert mock.handle().health()["status"] == "ok"
    [fixtures] = [value for value in engine.created["Env"] if value.startswith("EP_MOCK_FIXTURES=")]
    folder = "/etc/ep-mock/fixtures"
    assert fixtures == f"EP_MOCK_FIXTURES=empty,{folder}/0-1.json,{folder}/1-2.json,{folder}/2-1.json"


def test_the_error_for_a_server_that_ends_at_once_contains_its_output(engine: StubEngine) -> None:
    with pytest.raises(UsageError) as error, EpMockContainer(fixtures=("absent.json",)):
        pass
    reason = "ep-mock: absent.json: there is no such file"
    assert str(error.value) == f"ep-mock ended before it accepted requests: {reason}"
    assert engine.removed


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"port": 9000}, "port: is fixed inside a container; use `url` for its address"),
        ({"host": "::"}, "host: is fixed inside a container; use `url` for its address"),
        ({"clock": "fast"}, "clock: expected one of real, scaled, manual, poll, got 'fast'"),
        ({"prot": 1}, "prot: not a setting that can be changed here; did you mean port?"),
    ],
)
def test_an_invalid_setting_is_an_error_before_there_is_a_container(
    settings: dict[str, object], line: str
) -> None:
    with pytest.raises(UsageError) as error:
        EpMockContainer(**settings)  # type: ignore[arg-type]
    assert str(error.value).startswith(line)


def test_without_the_extra_the_import_says_what_to_install() -> None:
    program = "import sys; sys.modules['testcontainers'] = None; import ep_mock.testcontainers"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.endswith(
        "ImportError: ep_mock.testcontainers needs an extra: pip install 'ep-mock[testcontainers]'\n"
    )
