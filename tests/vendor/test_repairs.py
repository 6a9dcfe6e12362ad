"""The repairs of the vendor's documents: each is needed, and each suffices."""

from __future__ import annotations

import pytest

from tests.vendor.documents import FILES, VARIABLE, VendorDocument, repaired, vendor_folder
from tests.vendor.repairs import REPAIRS, Repair

pytestmark = pytest.mark.skipif(
    vendor_folder() is None, reason=f"{VARIABLE} names no folder with the vendor's documents"
)


def problems_of(repair: Repair, repairs: list[Repair]) -> list[str] | None:
    evidence = repair.evidence
    document = VendorDocument(repaired(repair.file, repairs))
    return document.problems(evidence.method, evidence.path, evidence.status, evidence.body)


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: repair.place)
def test_without_the_repair_a_published_answer_is_refused(repair: Repair) -> None:
    assert problems_of(repair, [other for other in REPAIRS if other is not repair])


@pytest.mark.parametrize("repair", REPAIRS, ids=lambda repair: repair.place)
def test_with_all_repairs_it_is_taken(repair: Repair) -> None:
    assert problems_of(repair, list(REPAIRS)) == []


@pytest.mark.parametrize("name", FILES)
def test_repaired_documents_still_refuse_what_is_wrong(name: str) -> None:
    document = VendorDocument(repaired(name))
    collection = {
        "promotions-standard.openapi.yaml": "promotions",
        "rule-promotions.openapi.yaml": "rule-promotions",
    }[name]
    path = f"/v2/{collection}/324f2700-8ece-467f-8a71-2bd892e076a3"
    job = b'{"data": {"type": "promotion_job", "id": 5}}'
    assert document.problems("POST", f"{path}/jobs", 201, job)
    assert document.problems("POST", f"{path}/jobs", 202, b"{}")
    assert document.problems("DELETE", path, 204, b"{}")
    assert document.problems("GET", f"{path}/jobs/1/file", 200, b'{"href": null}')
    assert document.problems("GET", "/v2/somewhere", 200, b"{}") is None
