"""The report of a failed test is what the README and the page about pytest show."""

from __future__ import annotations

import pytest

from tests.docs.blocks import blocks
from tests.docs.console import prints

pytest_plugins = ["pytester"]

FAILING_TEST = """
import urllib.request

import pytest

@pytest.mark.ep_mock(clock_start="2025-01-31T10:00:00Z")
def test_that_fails(ep_mock):
    promotion = ep_mock.promotions.create()
    ep_mock.jobs.generate(promotion, 5, name="nightly")
    address = f"{ep_mock.url}{promotion.path}/jobs"
    urllib.request.urlopen(urllib.request.Request(address, headers=ep_mock.headers)).close()
    ep_mock.wait_for_job()
    assert False
"""


@pytest.mark.parametrize("page", ["README.md", "docs/pytest.md"])
def test_a_page_shows_the_report_of_a_failed_test(
    page: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    pytester.makepyfile(FAILING_TEST)
    plugins = ("-p", "ep_mock.pytest_plugin", "-p", "no:cacheprovider")
    ran = pytester.runpytest_subprocess(*plugins, "--ep-mock-seed=7")
    ran.assert_outcomes(failed=1)
    said = next(block.text for block in blocks(page) if "- ep-mock -" in block.text)
    printed = ran.stdout.str()
    assert prints(f"…{said}…", printed), f"said:\n{said}\nprinted:\n{printed}"
