"""Values of settings that are refused before a server starts."""

from __future__ import annotations

import pytest

from ep_mock import Settings, UsageError


@pytest.mark.parametrize("url", ["x", "ftp://x", "http://", "http://[::1", "http://x:99999"])
def test_a_public_url_that_is_no_http_url_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="^public_url: expected a URL such as https://promotions.test, got "):
        Settings(public_url=url)


@pytest.mark.parametrize("url", ["http://x", "https://promotions.test/", "http://[::1]:8080"])
def test_a_public_url_is_kept_without_a_slash_at_its_end(url: str) -> None:
    assert Settings(public_url=url).public_url == url.rstrip("/")
