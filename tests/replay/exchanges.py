"""The published examples, and how each is replayed: what a store must have been through, the request, and the
answer.

`published/*.json` holds one example a file, as facts: `family`, `settings` of the server, the steps that are
`given`, the `request` and the `answer`. Steps are written as one-key objects, see `Replay`; texts in a
request may name what the steps made, as in `{promotion}`. Where the example tells nothing of the request's
body, the body is ours.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2

from ep_mock.domain.families import Family, family_named
from ep_mock.operations import usages
from tests.bodies import new_promotion
from tests.client import ApiClient, api_client

FOLDER: Final = Path(__file__).parent / "published"


@dataclass(frozen=True)
class Exchange:
    """One published example; `request` is None where nothing can bring that answer about."""

    name: str
    family: Family
    settings: dict[str, Any]
    given: list[dict[str, Any]]
    request: dict[str, Any] | None
    status: int
    body: Any


def exchanges() -> list[Exchange]:
    """All examples, by name."""
    return [_read(path) for path in sorted(FOLDER.glob("*.json"))]


def _read(path: Path) -> Exchange:
    raw = json.loads(path.read_bytes())
    return Exchange(
        name=path.stem,
        family=family_named(raw["family"]),
        settings=raw.get("settings", {}),
        given=raw["given"],
        request=raw["request"],
        status=raw["answer"]["status"],
        body=raw["answer"]["body"],
    )


@dataclass
class Replay:
    """An example under way. `made` has the ids that the steps brought about, the latest of each kind."""

    exchange: Exchange
    client: ApiClient
    made: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, exchange: Exchange) -> Replay:
        """A fresh server that has been through all that is given."""
        replay = cls(exchange, api_client(**exchange.settings))
        for step in exchange.given:
            replay.take(step)
        return replay

    @property
    def path(self) -> str:
        """Of the promotion."""
        return f"/v2/{self.exchange.family.collection}/{self.made['promotion']}"

    def take(self, step: dict[str, Any]) -> None:
        """Take one of the steps: promotion, codes, delete codes, job, until, wait, update, usage, token."""
        (kind, value), *_ = step.items()
        if kind == "promotion":
            for _ in range(step.get("times", 1)):
                self.made["promotion"] = self._posted(
                    f"/v2/{self.exchange.family.collection}", new_promotion(self.exchange.family, **value)
                )
        elif kind == "codes":
            self.client.created(f"{self.path}/codes", {"data": {"type": "promotion_codes", "codes": value}})
        elif kind == "delete codes":
            codes = [{"code": code["code"]} for code in self.client.pages(f"{self.path}/codes")]
            body = {"data": {"type": "promotion_codes", "codes": codes}}
            assert self.client.request("DELETE", f"{self.path}/codes", json=body).status_code == 204
        elif kind == "job":
            self.made["job"] = self._posted(f"{self.path}/jobs", value)
        elif kind == "until":
            while self.client.get(f"{self.path}/jobs").json()["data"][0]["status"] != value:
                assert self.client.advance(next=True), f"the job never becomes {value}"
        elif kind == "wait":
            self.client.advance(seconds=value)
        elif kind == "update":
            assert self.client.put(self.path, json={"data": value}).status_code == 200
        elif kind == "usage":
            store = self.client.store
            self.made["usage"] = usages.record_usage(
                store, store.promotion(self.exchange.family, self.made["promotion"]), value
            ).id
        elif kind == "token":
            form = {"grant_type": value or "implicit", "client_id": "a client", "client_secret": "a secret"}
            token = self.client.post("/oauth/access_token", data=form).json()["access_token"]
            self.client.headers["Authorization"] = f"Bearer {token}" if value else ""
        else:
            raise LookupError(f"{self.exchange.name}: no step {kind!r}")

    def send(self, request: dict[str, Any]) -> httpx2.Response:
        """Send the example's request."""
        method, path = request["method"], self._filled(request["path"])
        if "form" in request:
            return self.client.request(method, path, data=request["form"])
        if "promotion" in request:
            return self.client.request(
                method, path, json={"data": new_promotion(self.exchange.family, **request["promotion"])}
            )
        if "body" in request:
            return self.client.request(
                method, path, json=json.loads(self._filled(json.dumps(request["body"])))
            )
        return self.client.request(method, path)

    def _posted(self, path: str, data: dict[str, Any]) -> str:
        made: str = self.client.created(path, {"data": data})["id"]
        return made

    def _filled(self, text: str) -> str:
        for name, value in self.made.items():
            text = text.replace("{" + name + "}", value)
        return text
