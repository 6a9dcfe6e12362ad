"""Handlers of one store as a whole: starting over, settings, fixtures, snapshots, and what a checkout would
do.
"""

from __future__ import annotations

from typing import Any

from ep_mock import snapshots
from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.errors import UsageError
from ep_mock.fixtures.files import check_request
from ep_mock.operations import usages
from ep_mock.settings import setting_names
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.web.control.clock import clock_record
from ep_mock.web.control.parameters import refused
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response
from ep_mock.web.stores import StoreRegistry, named_store

_SETTINGS = setting_names("store")
_KEPT = ("order_id", "customer_id", "customer_email", "account_id")


class ControlStore:
    """The handlers under `/__ep_mock/` that are about a whole store, named as their operations are."""

    def __init__(self, stores: StoreRegistry) -> None:
        self._stores = stores

    def reset_store(self, request: Request) -> Response:
        """POST /reset."""
        try:
            self._stores.reset(named_store(request.headers), request.validated_body())
        except UsageError as error:
            raise refused(error) from None
        return Response(204)

    def get_settings(self, request: Request) -> Response:
        """GET /settings."""
        return json_response(200, _settings_record(request.store))

    def change_settings(self, request: Request) -> Response:
        """PATCH /settings."""
        try:
            request.store.change_settings(request.validated_body())
        except UsageError as error:
            raise refused(error) from None
        return json_response(200, _settings_record(request.store))

    def load_fixture(self, request: Request) -> Response:
        """POST /fixtures."""
        # Imported when needed: a start without fixtures should not pay for them.
        from ep_mock.fixtures.load import load_fixture
        from ep_mock.fixtures.parse import parse_fixture

        content = request.store.state
        before = {promotion.id for family in content.promotions.values() for promotion in family.values()}
        try:
            load_fixture(request.store, parse_fixture(request.validated_body(), "fixture"), check_request)
        except UsageError as error:
            raise problems.bad_request(str(error)) from None
        request.store.writes += 1
        request.store.settle()
        added = [
            promotion
            for family in content.promotions.values()
            for promotion in family.values()
            if promotion.id not in before
        ]
        return json_response(
            200, {"promotions": [_promotion_record(request.store, promotion) for promotion in added]}
        )

    def get_snapshot(self, request: Request) -> Response:
        """GET /snapshot."""
        return json_response(200, snapshots.save(request.store))

    def restore_snapshot(self, request: Request) -> Response:
        """PUT /snapshot."""
        try:
            store = self._stores.restore(request.store.state.name, request.validated_body())
        except UsageError as error:
            raise problems.bad_request(str(error)) from None
        return json_response(200, clock_record(store))

    def record_usage(self, request: Request) -> Response:
        """POST /promotions/{promotion_id}/usages."""
        store = request.store
        promotion = _promotion(store, request.parameters[0])
        usage = usages.record_usage(store, promotion, request.validated_body())
        store.writes += 1
        record: dict[str, Any] = {
            "id": usage.id,
            "promotion_id": promotion.id,
            "family": promotion.family.name,
            "code": usage.code,
            "times_used": usage.times_used,
            "used_on": format_nanos(usage.used_on),
        }
        code = store.codes_of(promotion).code_at(usage.code_key)
        if code is not None and code.uses is not None:
            record["uses_left"] = code.uses
        record |= {name: getattr(usage, name) for name in _KEPT if getattr(usage, name) is not None}
        return json_response(201, record)


def _promotion(store: Store, promotion_id: str) -> Promotion:
    """The promotion with this id, of whichever family: no id is in both."""
    for family in store.state.promotions.values():
        if promotion_id in family:
            return family[promotion_id]
    raise problems.promotion_not_found()


def _settings_record(store: Store) -> dict[str, Any]:
    return {name: getattr(store.settings, name) for name in _SETTINGS}


def _promotion_record(store: Store, promotion: Promotion) -> dict[str, Any]:
    return {
        "id": promotion.id,
        "family": promotion.family.name,
        "name": promotion.fields["name"],
        "codes": len(store.codes_of(promotion)),
        "jobs": [job.id for job in promotion.jobs],
    }
