"""ep-mock for Testcontainers: `with EpMockContainer(clock="manual") as mock: ...`.

Needs a container engine and an extra: `pip install 'ep-mock[testcontainers]'`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final, Self, Unpack

from ep_mock import __version__
from ep_mock.errors import UsageError
from ep_mock.fixtures.files import fixture_paths
from ep_mock.handle import Handle
from ep_mock.serving.tls import Verify
from ep_mock.setting_keywords import SettingKeywords
from ep_mock.settings import ENVIRONMENT_PREFIX, Settings

try:
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy
except ImportError as missing:
    raise ImportError(
        "ep_mock.testcontainers needs an extra: pip install 'ep-mock[testcontainers]'"
    ) from missing

IMAGE: Final = f"ghcr.io/ep-mock/ep-mock:{__version__}"
"""The image of this version."""

PORT: Final = 8080
"""The port of the server inside the container."""

FIXTURES: Final = "/etc/ep-mock/fixtures"
"""The folder for fixtures inside the container."""

_POLL_SECONDS = 0.05
_FIXED_SETTINGS = ("host", "port")


class EpMockContainer(DockerContainer):
    """A container of ep-mock, which runs inside a `with` statement or between `start` and `stop`.

    It takes the settings of `MockServer` as keywords, except `host` and `port`. `fixtures` may name files and
    folders of this machine: they are copied into the container, so the engine may run on another machine.
    The methods of `DockerContainer` set everything else, such as a network or a name.

    Args:
        image: another image, such as one that contains fixtures.
        **settings: settings such as `clock="manual", codes_limit=50`. Paths other than fixtures are paths
            inside the container.

    Raises:
        UsageError: a setting is invalid.
    """

    def __init__(self, image: str = IMAGE, **settings: Unpack[SettingKeywords]) -> None:
        for name in _FIXED_SETTINGS:
            if name in settings:
                raise UsageError(f"{name}: is fixed inside a container; use `url` for its address")
        self.settings = Settings().with_changes(settings)
        self._handles: list[Handle] = []
        super().__init__(image)
        self.with_exposed_ports(PORT)
        self.waiting_for(LogMessageWaitStrategy("listening on http").with_poll_interval(_POLL_SECONDS))
        if "fixtures" in settings:
            settings["fixtures"] = tuple(
                self._path_inside(path) for name in self.settings.fixtures for path in fixture_paths(name)
            )
        self.with_envs(
            **{ENVIRONMENT_PREFIX + name.upper(): _text(value) for name, value in settings.items()}
        )

    @property
    def url(self) -> str:
        """The base URL for clients, without a slash at the end: `http://localhost:32768`."""
        scheme = "https" if self.settings.tls_certificate else "http"
        return f"{scheme}://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def handle(self, store: str = "default", *, verify: Verify = True) -> Handle:
        """Return a handle for a store of the server. It is closed when the container stops.

        `verify` says whom to trust when the server uses https; see `Handle.connect`.
        """
        handle = Handle.connect(
            self.url,
            store=store,
            client_id=self.settings.client_id,
            client_secret=self.settings.client_secret,
            control_token=self.settings.control_token,
            verify=verify,
        )
        self._handles.append(handle)
        return handle

    def start(self) -> Self:
        """Start the container, and return when the server accepts requests.

        Raises:
            UsageError: the server ended at once. The message contains its output.
            TimeoutError: the server did not start in time (by default of Testcontainers, two minutes).
        """
        try:
            return super().start()
        except RuntimeError as error:
            if self._container is None:
                raise
            output = self._container.logs().decode(errors="replace").strip()
            raise UsageError(f"ep-mock ended before it accepted requests: {output}") from error

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Remove the container, if there is one."""
        while self._handles:
            self._handles.pop().close()
        super().stop(force, delete_volume)
        self.get_docker_client().client.close()

    def _path_inside(self, fixture: str) -> str:
        """Return a fixture's path inside the container, and copy the file there. Keep other names."""
        path = Path(fixture)
        if not path.is_file():
            return fixture
        target = f"{FIXTURES}/{len(self._transferable_specs)}-{path.name}"
        self.with_copy_into_container(path.resolve(), target)
        return target


def _text(value: Any) -> str:
    """Write a setting's value as in an environment variable."""
    return ",".join(value) if isinstance(value, tuple) else str(value)
