"""Every answer that the vendor's documents type is given here at least once, and fits."""

from __future__ import annotations

from typing import Any

import pytest

from ep_mock.domain.families import FAMILIES, RULE, Family
from ep_mock.operations import usages
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.vendor.documents import VARIABLE, VendorDocument, vendor_documents, vendor_folder

pytestmark = pytest.mark.skipif(
    vendor_folder() is None, reason=f"{VARIABLE} names no folder with the vendor's documents"
)

NOWHERE = "324f2700-8ece-467f-8a71-2bd892e076a3"
UNREADABLE = {"type": 5}


class Everything:
    """Asks one family for everything, in every way that the documents have an answer for. The client checks
    each answer.
    """

    def __init__(self, family: Family) -> None:
        self.client: ApiClient = api_client(auth="strict", codes_limit=10)
        self.collection = f"/v2/{family.collection}"
        self.family = family
        self.seen: list[tuple[str, str, int]] = []
        self.client.headers["Authorization"] = ""
        form = {"grant_type": "client_credentials", "client_id": "a", "client_secret": "b"}
        self.token = self.client.post("/oauth/access_token", data=form).json()["access_token"]

    def ask(self, method: str, path: str, data: Any = None, *, token: bool = True) -> Any:
        headers = {"Authorization": f"Bearer {self.token}"} if token else {}
        body = None if data is None else {"data": data}
        response = self.client.request(method, self.collection + path, json=body, headers=headers)
        self.seen.append((method, self.collection + path.partition("?")[0], response.status_code))
        return response.json() if response.content else None

    def run(self) -> None:
        promotion = "/" + self.ask("POST", "", new_promotion(self.family))["data"]["id"]
        for automatic in (False, True):
            self.ask(
                "POST",
                "",
                new_promotion(self.family, automatic=automatic, name="Another", start="2000-02-01T10:00:00Z"),
            )
        self.ask("POST", "", UNREADABLE)
        self.ask(
            "POST", "", new_promotion(self.family, start="2020-01-01T00:00:00Z", end="2010-01-01T00:00:00Z")
        )
        self.ask("GET", "")
        self.ask("GET", "?page[limit]=1000")
        self.ask("GET", promotion)
        self.ask("GET", "/" + NOWHERE)
        self.ask("PUT", promotion, {"type": self.family.promotion_type, "name": "Renamed"})
        self.ask("PUT", promotion, UNREADABLE)
        self.ask("PUT", promotion, {"type": self.family.promotion_type, "end": "1990-01-01T00:00:00Z"})
        self.ask("GET", promotion + "/history")
        self.codes(promotion)
        self.jobs(promotion)
        self.usages(promotion)
        self.tokenless(promotion)
        self.ask("DELETE", promotion)

    def codes(self, promotion: str) -> None:
        unit = self.family.consume_units[1]
        wanted: list[dict[str, Any]] = [
            {"code": "one"},
            {"code": "two", "uses": 2, "consume_unit": unit, "user": "somebody@example.com"},
        ]
        if self.family is RULE:
            wanted.append(
                {"code": "three", "max_uses_per_shopper": {"max_uses": 1, "includes_guests": True}, "uses": 5}
            )
            wanted.append({"code": "four", "is_for_new_shopper": True})
        body = {"type": "promotion_codes", "codes": wanted}
        self.ask("POST", promotion + "/codes", body)
        self.ask("POST", promotion + "/codes", body)
        self.ask("POST", promotion + "/codes", UNREADABLE)
        self.ask("GET", promotion + "/codes")
        self.ask("DELETE", promotion + "/codes/two")
        self.ask("DELETE", promotion + "/codes/nothing")
        self.ask("DELETE", promotion + "/codes", {"type": "promotion_codes", "codes": [{"code": "nothing"}]})
        self.ask("DELETE", promotion + "/codes", UNREADABLE)
        self.ask("DELETE", f"/{NOWHERE}/codes", {"type": "promotion_codes", "codes": [{"code": "nothing"}]})

    def jobs(self, promotion: str) -> None:
        ids = []
        for data, stop in (
            (code_generate(3), "cancel"),
            (
                code_generate(
                    3,
                    code_length=16,
                    code_prefix="p",
                    max_uses_per_code=0,
                    consume_unit=self.family.consume_units[0],
                ),
                "end",
            ),
            (code_generate(8), "end"),
            (code_generate(1), "begin"),
            (code_export(), "end"),
        ):
            job = f"{promotion}/jobs/{self.ask('POST', promotion + '/jobs', data)['data']['id']}"
            ids.append(job)
            self.ask("POST", promotion + "/jobs", code_generate(1))
            self.ask("GET", promotion + "/jobs")
            if stop != "cancel":
                self.client.advance(next=True)
                self.ask("GET", promotion + "/jobs")
            if stop != "end":
                self.ask("POST", job + "/cancel")
                self.ask("GET", promotion + "/jobs")
            self.client.advance(idle=True)
            self.ask("GET", promotion + "/jobs")
            self.ask("POST", job + "/cancel")
            self.ask("GET", job + "/file")
        self.ask("POST", promotion + "/jobs", code_generate(1000))
        self.ask("POST", promotion + "/jobs", UNREADABLE)
        self.ask("GET", promotion + "/jobs?filter=nonsense")

    def usages(self, promotion: str) -> None:
        store = self.client.store
        subject = store.promotion(self.family, promotion.removeprefix("/"))
        used = usages.record_usage(
            store,
            subject,
            {"code": "one", "order_id": NOWHERE, "customer_id": NOWHERE, "customer_email": "a@b.cd"},
        )
        for path in ("/usages", "/codes/one/usages"):
            self.ask("GET", promotion + path)
            self.ask("GET", f"/{NOWHERE}{path}")
        self.ask("POST", "/usages/anonymize", {"usage_ids": [used.id, NOWHERE]})
        self.ask("POST", "/usages/anonymize", {"usage_ids": [NOWHERE]})
        self.ask("POST", "/usages/anonymize", UNREADABLE)
        self.ask("GET", promotion + "/usages")

    def tokenless(self, promotion: str) -> None:
        below = ("", "/codes", "/codes/one", "/codes/one/usages", "/jobs", "/usages", "/history")
        for path in ("", *(promotion + rest for rest in below)):
            for method in ("GET", "POST", "PUT", "DELETE"):
                self.ask(method, path, token=False)
        self.ask("POST", "/usages/anonymize", token=False)


def typed_answers(document: VendorDocument) -> set[tuple[str, str, int]]:
    """Operation and status of all answers that a document describes."""
    return {
        (method.upper(), template, int(status))
        for template, item in document.raw["paths"].items()
        for method, operation in item.items()
        if method in ("get", "put", "post", "delete")
        for status in operation["responses"]
    }


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_answer_that_the_vendor_types_is_given_and_fits(family: Family) -> None:
    everything = Everything(family)
    everything.run()
    document = next(each for each in vendor_documents() if f"/v2/{family.collection}" in each.raw["paths"])
    seen = {(method, document.template_for(path), status) for method, path, status in everything.seen}
    assert typed_answers(document) - seen == set()
