"""Servers with a state file, for tests of the file and of the claim on it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ep_mock.domain.families import STANDARD
from tests.bodies import code_generate, new_promotion
from tests.client import ApiClient, api_client


def used_server(state: Path, **settings: Any) -> ApiClient:
    """A server with a job in the middle of its codes in one store, and a plan in another."""
    client = api_client(state=str(state), **settings)
    promotion = client.created("/v2/promotions", {"data": new_promotion(STANDARD)})
    client.created(f"/v2/promotions/{promotion['id']}/jobs", {"data": code_generate(100)})
    client.advance(seconds=0.3)
    client.post("/__ep_mock/plans", json={"stuck": "pending"}, headers={"X-EP-Mock-Store": "other"})
    return client


def snapshots(client: ApiClient) -> dict[str, Any]:
    """All stores of a server, by name."""
    names = [store["name"] for store in client.get("/__ep_mock/stores").json()["stores"]]
    return {
        name: client.get("/__ep_mock/snapshot", headers={"X-EP-Mock-Store": name}).json() for name in names
    }
