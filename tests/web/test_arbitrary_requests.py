"""Arbitrary requests to every operation: each gets an answer that the documents promise, and one that is
refused changes nothing.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ep_mock.contract.documents import Operation, load_document
from ep_mock.domain.families import FAMILIES
from tests.answers import answer_problems
from tests.asgi import Header, RawAnswer, request
from tests.seeded import Location, refill, seeded, seeded_app, seeded_store
from tests.store_dump import changes, dump

APP = seeded_app(stuck_polls=0)
OPERATIONS = [operation for family in FAMILIES for operation in load_document(family.name).operations]
PLACES: dict[str, list[Location]] = {
    family.name: seeded(seeded_store(), family).places for family in FAMILIES
}

segments = st.binary(min_size=1, max_size=8).map(
    lambda segment: segment.replace(b"/", b"%2F").replace(b"?", b"%3F")
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.sampled_from(["2030-01-01", "5", ""])
)
junk = st.recursive(
    scalars,
    lambda parts: st.lists(parts, max_size=3) | st.dictionaries(st.text(max_size=5), parts, max_size=3),
    max_leaves=5,
)
names = st.sampled_from(
    ["page[offset]", "page[limit]", "page%5Blimit%5D", "filter", "sort", "Expires", "Signature", "%", ""]
) | st.text(max_size=5)
values = st.sampled_from(
    [
        "0",
        "5",
        "100",
        "101",
        "-1",
        "eq(code,x)",
        "eq(status,complete)",
        "gt(code,a)",
        "-code",
        "used_on",
        "%zz",
        "+",
    ]
) | st.text(max_size=9)
queries = st.binary(max_size=30) | st.lists(st.tuples(names, values), max_size=4).map(
    lambda pairs: "&".join(f"{name}={value}" for name, value in pairs).encode(errors="replace")
)
header_values = st.binary(max_size=12) | st.sampled_from(
    [b"application/json", b"multipart/form-data", b"gzip", b"chunked", b"1", b"Bearer x", b"*"]
)
headers: st.SearchStrategy[list[Header]] = st.lists(
    st.tuples(
        st.sampled_from(
            [
                b"content-type",
                b"content-encoding",
                b"content-length",
                b"accept",
                b"host",
                b"origin",
                b"authorization",
                b"x-moltin-language",
                b"te",
            ]
        ),
        header_values,
    ),
    max_size=3,
)


@st.composite
def mutated(draw: st.DrawFn, example: Any) -> Any:
    """A body of the documents with one place changed or gone."""
    copy = json.loads(json.dumps(example))
    node = copy
    while True:
        key = draw(st.sampled_from(list(node) if isinstance(node, dict) else range(len(node))))
        if not node[key] or not isinstance(node[key], (dict, list)) or draw(st.booleans()):
            break
        node = node[key]
    if draw(st.booleans()):
        del node[key]
    else:
        node[key] = draw(junk)
    return copy


def examples(operation: Operation) -> list[Any]:
    body = operation.document.dereference(operation.raw.get("requestBody", {}))
    content = body.get("content", {}).get("application/json", {})
    return [
        operation.document.dereference(example)["value"] for example in content.get("examples", {}).values()
    ]


def bodies(operation: Operation) -> st.SearchStrategy[bytes]:
    anything = st.binary(max_size=40) | junk.map(lambda value: json.dumps(value).encode())
    known = examples(operation)
    if not known:
        return anything
    changed = st.sampled_from(known).flatmap(mutated).map(lambda value: json.dumps(value).encode())
    cut = st.tuples(st.sampled_from(known), st.integers(1, 60)).map(
        lambda pair: json.dumps(pair[0]).encode()[: -pair[1]]
    )
    return st.one_of(changed, changed, anything, cut)


def paths(operation: Operation) -> st.SearchStrategy[bytes]:
    def path(place: dict[str, bytes]) -> bytes:
        parts = operation.path.encode().split(b"/")
        return b"/".join(place[part[1:-1].decode()] if part.startswith(b"{") else part for part in parts)

    known = [
        {name: value.encode() for name, value in place._asdict().items()}
        for place in PLACES[operation.document.name]
    ]
    made_up = st.fixed_dictionaries(dict.fromkeys(("promotion_id", "job_id", "code"), segments))
    return st.one_of(st.sampled_from(known), st.sampled_from(known), made_up).map(path)


def checked(method: str, path: bytes, query: bytes, sent: list[Header], body: bytes) -> RawAnswer:
    """The answer, which is none of ep-mock's own defects and is a documented one."""
    answer = request(APP, method, path, query=query, headers=sent, pieces=[body])
    assert answer.status < 500, answer.body
    kinds = [value for name, value in answer.headers if name == b"content-type"]
    assert kinds == ([] if answer.status == 204 else [b"application/json"])
    assert answer_problems(method, path, answer.status, answer.body) == []
    if answer.status >= 400:
        errors = json.loads(answer.body)["errors"]
        assert errors
        assert all(isinstance(error["title"], str) for error in errors)
    return answer


@pytest.mark.parametrize(
    "operation", OPERATIONS, ids=lambda operation: f"{operation.document.name}-{operation.operation_id}"
)
@given(data=st.data())
@settings(
    max_examples=max(10, settings().max_examples // 4),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
def test_a_request_is_answered_as_documented_and_one_that_is_refused_changes_nothing(
    operation: Operation, data: st.DataObject
) -> None:
    refill(APP)
    store = APP.stores.get_or_create("default").store
    before = dump(store)
    authorized = data.draw(st.sampled_from([True, True, True, False]), "authorized")
    sent = [*data.draw(headers, "headers"), *([(b"authorization", b"Bearer x")] if authorized else [])]
    answer = checked(
        operation.method,
        data.draw(paths(operation), "path"),
        data.draw(queries, "query"),
        sent,
        data.draw(bodies(operation), "body"),
    )
    if answer.status >= 400 or operation.method == "GET":
        assert changes(before, dump(store)) == []


@given(
    st.sampled_from(["GET", "POST", "PUT", "DELETE", "PATCH", "HEAD", "OPTIONS"]),
    st.lists(segments | st.just(b""), max_size=6),
    queries,
    headers,
)
def test_any_path_is_answered(method: str, path: list[bytes], query: bytes, sent: list[Header]) -> None:
    answer = request(APP, method, b"".join(b"/" + segment for segment in path), query=query, headers=sent)
    assert answer.status in (200, 204, 400, 401, 403, 404, 405, 413)


def test_equal_requests_to_equal_stores_leave_them_equal_in_all_that_they_hold() -> None:
    assert changes(dump(seeded_store()), dump(seeded_store())) == []
