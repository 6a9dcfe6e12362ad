"""Requests that are refused: what is said of them, and that they change nothing."""

from __future__ import annotations

from typing import Any

from ep_mock.snapshots import save
from tests.client import ApiClient


def refused(
    client: ApiClient, method: str, path: str, body: object = None, *, status: int = 400
) -> list[dict[str, Any]]:
    """The errors with which a request is refused. Raises AssertionError for another status, or when anything
    in the store has changed.
    """
    client.store.settle()
    before = save(client.store)
    response = client.request(method, path, json=body) if body is not None else client.request(method, path)
    assert response.status_code == status, response.text
    # It is an event all the same: requests are counted in the order of all that happens.
    assert save(client.store) == {**before, "sequence": before["sequence"] + 1}
    errors: list[dict[str, Any]] = response.json()["errors"]
    return errors


def titles(errors: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Where the problems are and of what kind."""
    return [(error["source"], error["title"]) for error in errors]
