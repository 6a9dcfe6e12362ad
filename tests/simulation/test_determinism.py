"""One seed, one start of the clock and one sequence of requests give one history, to the byte."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from ep_mock.domain.dates import format_nanos
from ep_mock.domain.families import FAMILIES, Family
from tests.bodies import code_export, code_generate, new_promotion
from tests.client import ApiClient, api_client
from tests.simulation.stores import MS, START

Step = tuple[str, int, int]
SEQUENCE = re.compile(rb',"sequence":\d+')
NAMES = ("summer", "Summer", "autumn")
KINDS = (
    *(
        "generate",
        "export",
        "cancel",
        "poll",
        "codes",
        "file",
        "delete code",
        "advance",
        "next",
        "promotion",
        "delete",
    ),
    *("plan", "by hand", "end", "switch", "fixture"),
)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(KINDS),
        st.integers(0, 5),
        st.integers(1, 9),
    ),
    max_size=25,
)


class Client:
    """Carries out steps over HTTP and keeps every answer, headers included."""

    def __init__(self, **settings: Any) -> None:
        self.http: ApiClient = api_client(**settings)
        self.answers: list[tuple[int, list[tuple[str, str]], bytes]] = []
        self.paths: list[str] = []
        self.types: list[str] = []
        for family in FAMILIES:
            self.add(family)

    def add(self, family: Family) -> None:
        created = self.call("POST", f"/v2/{family.collection}", {"data": new_promotion(family)})
        self.paths.append(f"/v2/{family.collection}/{created['data']['id']}")
        self.types.append(created["data"]["type"])

    def call(self, method: str, path: str, body: object = None) -> Any:
        response = self.http.request(method, path, json=body)
        self.answers.append((response.status_code, response.headers.multi_items(), response.content))
        return response.json() if response.content else None

    def take(self, step: Step) -> None:
        kind, number, size = step
        path = self.paths[number % len(self.paths)]
        if kind in ("cancel", "file"):
            listed = self.call("GET", path + "/jobs").get("data")
            if listed:
                verb = {"cancel": "POST", "file": "GET"}[kind]
                self.call(verb, f"{path}/jobs/{listed[size % len(listed)]['id']}/{kind}")
        elif kind == "delete code":
            listed = self.call("GET", path + "/codes").get("data")
            if listed:
                self.call("DELETE", f"{path}/codes/{listed[size % len(listed)]['code']}")
        elif kind == "generate":
            self.call("POST", path + "/jobs", {"data": code_generate(size, code_prefix="Sale" * (size % 2))})
        elif kind == "export":
            self.call("POST", path + "/jobs", {"data": code_export()})
        elif kind in ("poll", "codes"):
            self.call("GET", path + {"poll": "/jobs", "codes": "/codes"}[kind])
        elif kind == "plan":
            self.call(
                "POST",
                "/__ep_mock/plans",
                {"codes": [NAMES[size % 3]], "timings": "instant,generate_per_code=100ms"},
            )
        elif kind == "by hand":
            self.call(
                "POST",
                path + "/codes",
                {"data": {"type": "promotion_codes", "codes": [{"code": NAMES[size % 3]}]}},
            )
        elif kind == "end":
            end = (START + size * 100 * MS) // MS * MS
            self.call(
                "PUT",
                path,
                {"data": {"type": self.types[number % len(self.paths)], "end": format_nanos(end)}},
            )
        elif kind == "switch":
            self.call(
                "PATCH",
                "/__ep_mock/settings",
                {"unique_codes": size % 2 == 0, "code_case": ("lower", "upper")[size % 3 // 2]},
            )
        elif kind == "fixture":
            described = {
                "family": FAMILIES[size % 2].name,
                "name": "other",
                "codes": [{"code": NAMES[size % 3]}],
                "end": size / 10,
            }
            self.call("POST", "/__ep_mock/fixtures", {"ep_mock_fixture": 1, "promotions": [described]})
        elif kind == "promotion":
            self.add(FAMILIES[size % 2])
        elif kind == "delete":
            self.call("DELETE", path)
        else:
            self.call(
                "POST",
                "/__ep_mock/clock/advance",
                {"next": True} if kind == "next" else {"seconds": size / 32},
            )


@settings(max_examples=max(settings().max_examples // 3, 1))
@given(STEPS, st.sampled_from(["manual", "poll"]), st.sampled_from(["fast", "instant"]))
def test_equal_seeds_and_starts_give_equal_answers(steps: list[Step], clock: str, timings: str) -> None:
    first, second = (Client(clock=clock, timings=timings, codes_limit=12) for _ in range(2))
    for step in steps:
        first.take(step)
        second.take(step)
    assert first.answers == second.answers


@given(
    STEPS,
    st.lists(
        st.tuples(st.integers(0, 25), st.sampled_from(["codes", "jobs", "", "codes?filter=eq(code,summer)"])),
        max_size=12,
    ),
)
def test_looking_in_between_changes_no_answer_but_for_the_count_of_events(
    steps: list[Step], looks: list[tuple[int, str]]
) -> None:
    """Even when codes collide: plans, requests and fixtures use the same few names, and promotions end."""
    plain, watched = (Client(clock="manual", codes_limit=12) for _ in range(2))
    for index, step in enumerate(steps):
        for at, what in looks:
            if at == index:
                for path in watched.paths:
                    watched.http.get(
                        f"{path}/{what}" if what else f"{path.rpartition('/')[0]}?filter=eq(code,summer)"
                    )
        plain.take(step)
        watched.take(step)
    for client in (plain, watched):
        for index in range(len(client.paths)):
            client.take(("codes", index, 1))
    assert uncounted(plain) == uncounted(watched)


def uncounted(client: Client) -> list[tuple[int, list[tuple[str, str]], bytes]]:
    """The responses without sequence numbers, because each poll has one, and without lengths."""
    return [
        (
            status,
            [(name, value) for name, value in headers if name != "content-length"],
            SEQUENCE.sub(b"", body),
        )
        for status, headers, body in client.answers
    ]


@settings(max_examples=max(settings().max_examples // 10, 1))
@given(STEPS)
def test_a_reset_starts_the_same_history_again(steps: list[Step]) -> None:
    client = Client(codes_limit=12)
    for step in steps:
        client.take(step)
    former = list(client.answers)
    assert client.http.post("/__ep_mock/reset").status_code == 204
    client.answers.clear()
    client.paths.clear()
    client.types.clear()
    for family in FAMILIES:
        client.add(family)
    for step in steps:
        client.take(step)
    assert client.answers == former


def test_another_seed_gives_other_ids_and_codes() -> None:
    seen = []
    for seed in ("one", "two"):
        client = Client(seed=seed, timings="instant")
        client.take(("generate", 0, 5))
        seen.append((client.paths, client.call("GET", client.paths[0] + "/codes")["data"]))
    assert set(seen[0][0]).isdisjoint(seen[1][0])
    assert {code["code"] for code in seen[0][1]}.isdisjoint(code["code"] for code in seen[1][1])
