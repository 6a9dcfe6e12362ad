"""The worker of a store."""

from __future__ import annotations

from ep_mock.control_messages import Advanced, WorkerReading
from ep_mock.handle.store_client import StoreClient


class WorkerHandle:
    """Reads, pauses and steps the worker."""

    def __init__(self, client: StoreClient) -> None:
        self._client = client

    def read(self) -> WorkerReading:
        """Return the worker's current job and its queue."""
        return self._client.read(WorkerReading, "GET", "/worker")

    def pause(self) -> WorkerReading:
        """Pick up no more jobs. The current job continues."""
        return self._client.read(WorkerReading, "POST", "/worker/pause")

    def resume(self) -> WorkerReading:
        """Pick up jobs again."""
        return self._client.read(WorkerReading, "POST", "/worker/resume")

    def step(self) -> Advanced:
        """Move time to the worker's next event and run only that event, even while the worker is paused."""
        return self._client.read(Advanced, "POST", "/worker/step")
