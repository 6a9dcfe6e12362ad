from __future__ import annotations

from html.parser import HTMLParser

import pytest

from ep_mock.contract.documents import load_document
from tests.client import api_client

NAMES = ("standard", "rule", "control")


def test_all_documents_come_in_one_object() -> None:
    assert api_client().get("/__ep_mock/openapi.json").json() == {
        name: load_document(name).raw for name in NAMES
    }


@pytest.mark.parametrize("name", NAMES)
def test_each_document_can_be_had_alone(name: str) -> None:
    client = api_client()
    answers = [client.get(f"/__ep_mock/openapi/{path}").json() for path in (name, f"{name}.json")]
    assert answers == [load_document(name).raw] * 2


def test_an_unknown_document_is_not_found() -> None:
    response = api_client().get("/__ep_mock/openapi/other.json")
    expected = "there is no such document; expected one of standard, rule, control"
    assert (response.status_code, response.json()["errors"][0]["detail"]) == (404, expected)


class Page(HTMLParser):
    """The contents of a page: its tags, ids, links and text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag != "meta":
            self.open.append(tag)
        self.ids += [value or "" for name, value in attrs if name == "id"]
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_lists_every_operation_and_loads_nothing() -> None:
    client = api_client()
    response = client.get("/__ep_mock/docs")
    page = Page()
    page.feed(response.text)
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["content-security-policy"] == "default-src 'none'; style-src 'unsafe-inline'"
    assert page.open == []
    assert page.tags & {"script", "img", "link", "iframe"} == set()
    operations = [
        f"{name}-{operation.operation_id}" for name in NAMES for operation in load_document(name).operations
    ]
    assert sorted(page.ids) == sorted([*NAMES, *operations])
    assert "POST" in page.text
    assert "/__ep_mock/jobs/wait" in page.text
    # Each link leads somewhere.
    for link in page.links:
        if link.startswith("#"):
            assert link[1:] in page.ids
        else:
            assert client.get(f"/__ep_mock/{link}").status_code == 200
