"""ep-mock in a container of its own, for tests with Testcontainers: `with EpMockContainer(clock="manual") as
mock: ...`.

Needs the extra of the same name: `pip install 'ep-mock[testcontainers]'`, and a container engine.
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
"""Where the mock listens inside the container."""

FIXTURES: Final = "/etc/ep-mock/fixtures"
"""Where the image looks for fixtures."""

_POLL_SECONDS = 0.05
_THE_CONTAINERS_OWN = ("host", "port")


class EpMockContainer(DockerContainer):
    """A container of ep-mock, running inside a `with` statement or between `start` and `stop`.

    It takes the settings of `MockServer` by keyword, except for `host` and `port`. `fixtures` may name files
    and folders of this machine; they are copied, so the engine may be on another one. Whatever else a
    container can have (a network, a name) it gets from the methods of `DockerContainer`.

    Args:
        image: another image, such as one with fixtures of its own inside.
        **settings: as in `clock="manual", codes_limit=50`; files other than fixtures are files inside the
            container.

    Raises:
        UsageError: a setting cannot be used.
    """

    def __init__(self, image: str = IMAGE, **settings: Unpack[SettingKeywords]) -> None:
        for name in _THE_CONTAINERS_OWN:
            if name in settings:
                raise UsageError(
                    f"{name}: the container's own cannot be chosen; `url` says where it is reached"
                )
        self.settings = Settings().with_changes(settings)
        self._handles: list[Handle] = []
        super().__init__(image)
        self.with_exposed_ports(PORT)
        self.waiting_for(LogMessageWaitStrategy("listening on http").with_poll_interval(_POLL_SECONDS))
        if "fixtures" in settings:
            settings["fixtures"] = tuple(
                self._inside(path) for name in self.settings.fixtures for path in fixture_paths(name)
            )
        self.with_envs(
            **{ENVIRONMENT_PREFIX + name.upper(): _text(value) for name, value in settings.items()}
        )

    @property
    def url(self) -> str:
        """What a client takes for the address of the real service, without a slash at the end:
        `http://localhost:32768`.
        """
        scheme = "https" if self.settings.tls_certificate else "http"
        return f"{scheme}://{self.get_container_host_ip()}:{self.get_exposed_port(PORT)}"

    def handle(self, store: str = "default", *, verify: Verify = True) -> Handle:
        """What steers a store of the mock, until the container stops: its clock, jobs, plans, faults and
        requests.

        `verify` says whom to trust when the mock serves https; see `Handle.connect`.
        """
        known = self.settings
        handle = Handle.connect(
            self.url,
            store=store,
            client_id=known.client_id,
            client_secret=known.client_secret,
            control_token=known.control_token,
            verify=verify,
        )
        self._handles.append(handle)
        return handle

    def start(self) -> Self:
        """Start the container, and return when the mock accepts requests.

        Raises:
            UsageError: the mock has ended at once; the message has what it said.
            TimeoutError: the mock is not up in time, after two minutes unless Testcontainers is configured
                otherwise.
        """
        try:
            return super().start()
        except RuntimeError as error:
            if self._container is None:
                raise
            said = self._container.logs().decode(errors="replace").strip()
            raise UsageError(f"the mock in the container has ended before it served: {said}") from error

    def stop(self, force: bool = True, delete_volume: bool = True) -> None:
        """Remove the container, if there is one."""
        while self._handles:
            self._handles.pop().close()
        super().stop(force, delete_volume)
        self.get_docker_client().client.close()

    def _inside(self, fixture: str) -> str:
        """A fixture's name inside the container, where a file of this machine is copied to."""
        path = Path(fixture)
        if not path.is_file():
            return fixture
        target = f"{FIXTURES}/{len(self._transferable_specs)}-{path.name}"
        self.with_copy_into_container(path.resolve(), target)
        return target


def _text(value: Any) -> str:
    """A setting's value as environment variables have it."""
    return ",".join(value) if isinstance(value, tuple) else str(value)
