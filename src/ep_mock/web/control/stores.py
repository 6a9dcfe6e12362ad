"""Handlers of one store as a whole: reset, settings, fixtures, snapshots, and usages of its codes."""

from __future__ import annotations

from ep_mock.control_messages import FixtureLoaded, LoadedPromotion, Usage
from ep_mock.domain import problems
from ep_mock.domain.dates import format_nanos
from ep_mock.errors import UsageError
from ep_mock.fixtures.files import check_request
from ep_mock.operations import usages
from ep_mock.settings import setting_names
from ep_mock.simulation.promotion import Promotion
from ep_mock.simulation.store import Store
from ep_mock.web.control.views import clock_view
from ep_mock.web.request import Request
from ep_mock.web.response import Response, json_response
from ep_mock.web.stores import named_store

_SETTINGS = setting_names("store")


def reset_store(request: Request) -> Response:
    """POST /reset."""
    request.stores.reset(named_store(request.headers), request.validated_body())
    return Response(204)


def get_settings(request: Request) -> Response:
    """GET /settings."""
    return _settings_response(request.store)


def change_settings(request: Request) -> Response:
    """PATCH /settings."""
    request.store.change_settings(request.validated_body())
    return _settings_response(request.store)


def load_fixture(request: Request) -> Response:
    """POST /fixtures."""
    # Imported when needed: a start without fixtures should not pay for them.
    from ep_mock.fixtures.load import load_fixture
    from ep_mock.fixtures.parse import parse_fixture

    store = request.store
    before = {promotion.id for promotion in _promotions(store)}
    try:
        load_fixture(store, parse_fixture(request.validated_body(), "fixture"), check_request)
    except UsageError as error:
        raise problems.bad_request(str(error)) from None
    store.writes += 1
    store.settle()
    added = [
        LoadedPromotion(
            promotion.id,
            promotion.family.name,
            promotion.fields["name"],
            len(store.codes_of(promotion)),
            [job.id for job in promotion.jobs],
        )
        for promotion in _promotions(store)
        if promotion.id not in before
    ]
    return json_response(200, FixtureLoaded(added))


def get_snapshot(request: Request) -> Response:
    """GET /snapshot."""
    from ep_mock.snapshots import save

    return json_response(200, save(request.store))


def restore_snapshot(request: Request) -> Response:
    """PUT /snapshot."""
    try:
        store = request.stores.restore(request.store.state.name, request.validated_body())
    except UsageError as error:
        raise problems.bad_request(str(error)) from None
    return json_response(200, clock_view(store))


def record_usage(request: Request) -> Response:
    """POST /promotions/{promotion_id}/usages."""
    store, promotion_id = request.store, request.parameters[0]
    families = store.state.promotions.values()
    promotion = next((family[promotion_id] for family in families if promotion_id in family), None)
    if promotion is None:
        raise problems.promotion_not_found()
    usage = usages.record_usage(store, promotion, request.validated_body())
    store.writes += 1
    code = store.codes_of(promotion).code_at(usage.code_key)
    record = Usage(
        id=usage.id,
        promotion_id=promotion.id,
        family=promotion.family.name,
        code=usage.code,
        times_used=usage.times_used,
        used_on=format_nanos(usage.used_on),
        uses_left=None if code is None else code.uses,
        order_id=usage.order_id,
        customer_id=usage.customer_id,
        customer_email=usage.customer_email,
        account_id=usage.account_id,
    )
    return json_response(201, record)


def _promotions(store: Store) -> list[Promotion]:
    return [promotion for family in store.state.promotions.values() for promotion in family.values()]


def _settings_response(store: Store) -> Response:
    return json_response(200, {name: getattr(store.settings, name) for name in _SETTINGS})
