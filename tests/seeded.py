"""A store with objects of every kind, so that arbitrary requests find all of them."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from ep_mock.domain.families import FAMILIES, Family
from ep_mock.operations import codes, usages
from ep_mock.settings import Settings
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.traffic.faults import Fault
from ep_mock.traffic.matching import RecordedRequest, RequestMatcher
from ep_mock.web.app import Application, create_app
from tests.client import START
from tests.simulation.stores import MS, add_promotion, cancel, export, generate

_SETTINGS: Final[dict[str, Any]] = {"clock": "manual", "clock_start": START, "seed": "tests"}


class Location(NamedTuple):
    """The ids in a path: a promotion, and a job and a code of it if it has any."""

    promotion_id: str
    job_id: str
    code: str


class Seeded(NamedTuple):
    """The objects of one family; the first promotion has codes, usages and ended jobs of both kinds."""

    places: list[Location]
    usage_ids: list[str]


def fill(store: Store) -> None:
    """Fill an empty store with objects of both families.

    These are jobs in all statuses but one, codes of all kinds, usages, an expired promotion and an automatic
    one. The worker is making the codes of a job; others wait. The journal has two requests, and there is a
    fault.
    """
    for family in FAMILIES:
        free = add_promotion(store, family, name="free")
        _add_codes(store, free, f"{family.name}-free")
        for email in ("a@example.com", None):
            request = {
                "code": f"{family.name}-free-limited",
                "customer_id": "c1",
                "customer_email": email,
                "order_id": "o1",
            }
            usages.record_usage(
                store, free, {key: value for key, value in request.items() if value is not None}
            )
        generate(store, free, 3, code_prefix="summer", max_uses_per_code=2)
        store.advance_until_idle()
        export(store, free)
        store.advance_until_idle()
        cancel(store, free, generate(store, free, 2))
        full = add_promotion(store, family, name="full", codes_limit=2)
        for count in (2, 1):
            generate(store, full, count)
            store.advance_until_idle()
        over = add_promotion(store, family, name="over", end="2001-01-01")
        _add_codes(store, over, f"{family.name}-over")
        add_promotion(store, family, name="automatic", automatic=True)
    for family in FAMILIES:
        generate(store, add_promotion(store, family, name="busy"), 100)
        export(store, add_promotion(store, family, name="waiting"))
    store.advance_to(store.now + 300 * MS)
    store.traffic.faults.add(Fault(match=RequestMatcher(path="/nowhere"), error="unavailable"))
    for operation, method in (("list_jobs", "GET"), ("cancel_job", "POST")):
        seen = RecordedRequest(method, b"/v2/promotions/p1/jobs", b"", operation, "standard", b"", b"{}")
        store.traffic.journal.record(seen, store.state.next_sequence(), store.now, 200, "served", True)


def seeded(store: Store, family: Family) -> Seeded:
    """The objects that `fill` has added."""
    places = []
    for promotion in store.state.promotions[family].values():
        own_codes = list(promotion.book.entries) or ["no-such-code"]
        own_jobs = [job.id for job in promotion.jobs] or ["no-such-job"]
        longest = max(len(own_codes), len(own_jobs))
        places += [
            Location(promotion.id, own_jobs[i % len(own_jobs)], own_codes[i % len(own_codes)])
            for i in range(min(longest, 8))
        ]
    return Seeded(places, list(store.state.usages[family]))


def seeded_app(**settings: Any) -> Application:
    """An application with a filled default store and a manual clock."""
    app = create_app(**{**_SETTINGS, **settings})
    refill(app)
    return app


def refill(app: Application) -> None:
    """Reset the default store to its first contents, with the same ids."""
    app.stores.reset("default")
    fill(app.stores.get_or_create("default").store)


def seeded_store() -> Store:
    """The default store of a `seeded_app`: equal seeds give equal ids."""
    store = Store("default", Settings(**_SETTINGS), "tests")
    fill(store)
    return store


def _add_codes(store: Store, promotion: Promotion, prefix: str) -> None:
    per_shopper = {"max_uses": 1}
    of_shopper = (
        {"code": f"{prefix}-shopper", "max_uses_per_shopper": per_shopper}
        if promotion.family.codes_have_ids
        else None
    )
    items = [
        {"code": f"{prefix}-plain"},
        {"code": f"{prefix}-limited", "uses": 5, "consume_unit": promotion.family.consume_units[1]},
        {"code": f"{prefix}-of/user é%", "user": "u1"},
        *([of_shopper] if of_shopper else []),
    ]
    store.settle()
    codes.create_codes(store, promotion, {"codes": items})
