"""The worker of a store."""

from __future__ import annotations

from ep_mock.control_messages import Advanced, WorkerReading
from ep_mock.handle.store_client import StoreClient


class WorkerHandle:
    """Looks at the worker, and stops it from taking up jobs."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def read(self) -> WorkerReading:
        """What it does, and who waits."""
        return self._client.read(WorkerReading, "GET", "/worker")

    def pause(self) -> WorkerReading:
        """Take up no more jobs; what it has in its hands goes on."""
        return self._client.read(WorkerReading, "POST", "/worker/pause")

    def resume(self) -> WorkerReading:
        """Take up jobs again."""
        return self._client.read(WorkerReading, "POST", "/worker/resume")

    def step(self) -> Advanced:
        """Move time to its next event and let just that one happen, also while it is paused."""
        return self._client.read(Advanced, "POST", "/worker/step")
