"""The client id of the code under test, and its tokens."""

from __future__ import annotations

import pytest

from ep_mock import MockServer
from ep_mock.handle import Handle, RefusedError
from tests.handle.callers import call


def test_a_token_of_the_handle_opens_its_store_under_strict_auth() -> None:
    with MockServer(auth="strict", clock="manual") as server:
        for handle in (server.handle, server.handle.of_store("other")):
            promotion = handle.promotions.create()
            assert call(handle, "GET", promotion.path, headers=handle.headers) == (
                200,
                {"data": dict(promotion)},
            )
            assert call(handle, "GET", promotion.path, headers={"X-EP-Mock-Store": handle.store})[0] == 401
            assert handle.token == handle.token


def test_an_expired_token_is_renewed() -> None:
    with MockServer(auth="strict", clock="manual") as server:
        mock = server.handle
        promotion = mock.promotions.create()
        expired = mock.headers
        mock.clock.advance(7200)
        assert call(mock, "GET", promotion.path, headers=expired)[0] == 401
        assert mock.promotions.get(promotion) == promotion
        assert call(mock, "GET", promotion.path, headers=mock.headers)[0] == 200
        assert mock.headers != expired
        mock.reset()
        assert mock.promotions.list() == []


def test_client_id_and_secret_are_those_of_the_server() -> None:
    with MockServer(auth="strict", client_id="shop", client_secret="a b&c") as server:
        mock = server.handle
        assert (mock.client_id, mock.client_secret) == ("shop", "a b&c")
        assert mock.promotions.list() == []
        with (
            Handle.connect(server.url, client_id="shop", client_secret="wrong") as stranger,
            pytest.raises(RefusedError, match="POST /oauth/access_token was refused with 401"),
        ):
            _ = stranger.token


def test_with_stores_by_client_id_the_client_id_selects_the_store() -> None:
    with MockServer(stores="client-id", clock="manual") as server:
        mock = server.handle.of_store("gw0")
        promotion = mock.promotions.create()
        by_token_alone = {"Authorization": f"Bearer {mock.token}"}
        assert mock.client_id == "gw0"
        assert call(mock, "GET", promotion.path, headers=by_token_alone)[0] == 200
        assert call(mock, "GET", promotion.path)[0] == 404
