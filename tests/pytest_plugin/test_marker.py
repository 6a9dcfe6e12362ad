"""The marker: settings and fixtures for the store of a test."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from tests.pytest_plugin.conftest import Run

pytest_plugins = ["pytester"]


def test_it_chooses_settings_of_the_store_for_one_test(run: Run) -> None:
    result = run(
        """
        import pytest

        ids = {}

        @pytest.mark.ep_mock(clock="manual", clock_start="2025-01-31T10:00:00Z", timings="instant", codes_limit=3, seed="7")
        def test_one(ep_mock):
            reading = ep_mock.clock.read()
            assert (reading.mode, reading.now) == ("manual", "2025-01-31T10:00:00.000000000Z")
            settings = ep_mock.settings()
            assert (settings["timings"], settings["codes_limit"]) == ("instant", 3)
            ids["7"] = ep_mock.promotions.create().id

        def test_two(ep_mock):
            assert ep_mock.clock.read().mode == "poll"
            assert ep_mock.settings()["codes_limit"] == 1000
            assert ep_mock.promotions.create().id != ids["7"]

        @pytest.mark.ep_mock(seed="7")
        def test_three(ep_mock):
            assert ep_mock.promotions.create().id == ids["7"]
        """
    )
    result.assert_outcomes(passed=3)


def test_the_nearest_marker_wins_for_each_setting(run: Run) -> None:
    result = run(
        """
        import pytest

        pytestmark = pytest.mark.ep_mock(codes_limit=1, timings="instant", clock="manual")

        @pytest.mark.ep_mock(codes_limit=2, timings="documented")
        class TestAll:
            @pytest.mark.ep_mock(codes_limit=3)
            def test_it(self, ep_mock):
                settings = ep_mock.settings()
                assert (settings["codes_limit"], settings["timings"]) == (3, "documented")
                assert ep_mock.clock.read().mode == "manual"

        @pytest.mark.parametrize(
            "limit", [pytest.param(limit, marks=pytest.mark.ep_mock(codes_limit=limit)) for limit in (4, 5)]
        )
        def test_each(ep_mock, limit):
            assert ep_mock.settings()["codes_limit"] == limit
        """
    )
    result.assert_outcomes(passed=3)


def test_it_loads_fixtures_and_overrides_their_settings(run: Run, pytester: pytest.Pytester) -> None:
    folder = pytester.mkdir("data")
    folder.joinpath("shop.json").write_text(
        '{"ep_mock_fixture": 1, "promotions": [{"family": "rule", "name": "Beside"}]}'
    )
    pytester.path.joinpath("root.yaml").write_text(
        "ep_mock_fixture: 1\npromotions: [{family: rule, name: At the root}]\n"
    )
    result = run(
        """
        import pathlib
        import pytest

        def names(mock):
            return sorted(promotion["name"] for promotion in mock.promotions.list("rule"))

        @pytest.mark.ep_mock(fixtures="data/shop.json")
        def test_a_file_beside_the_test(ep_mock):
            assert names(ep_mock) == ["Beside"]

        LIMIT = {"ep_mock_fixture": 1, "settings": {"codes_limit": 5}}

        @pytest.mark.ep_mock(fixtures=["root.yaml", pathlib.Path("data") / "shop.json", LIMIT])
        def test_several(ep_mock):
            assert names(ep_mock) == ["At the root", "Beside"]
            assert ep_mock.settings()["codes_limit"] == 5

        @pytest.mark.ep_mock(fixtures="./data")
        def test_a_folder(ep_mock):
            assert names(ep_mock) == ["Beside"]

        @pytest.mark.ep_mock(fixtures="full", codes_limit=2000, author="me@example.com")
        def test_a_shipped_one(ep_mock):
            assert ep_mock.promotions.list()
            assert (ep_mock.settings()["codes_limit"], ep_mock.settings()["author"]) == (2000, "me@example.com")

        def test_another_test(ep_mock):
            assert names(ep_mock) == []
        """
    )
    result.assert_outcomes(passed=5)


LIMITS = """
import pytest

BRINGS = {"ep_mock_fixture": 1, "settings": {"codes_limit": 5, "author": "fixture@example.com"}}

def limits(mock):
    settings = mock.settings()
    return settings["codes_limit"], settings["author"], settings["promotions_limit"]

@pytest.fixture(scope="session")
def ep_mock_settings():
    return SETTINGS
"""


def test_it_overrides_the_settings_of_the_session_and_of_fixtures(run: Run) -> None:
    own = {"codes_limit": 7, "promotions_limit": 70, "author": "first@example.com"}
    # The server is already running with other settings. Those of this file come with each reset, as the marker's
    # do.
    result = run(
        f"""
SETTINGS = {{"codes_limit": 8, "promotions_limit": 80, "author": "second@example.com"}}
{LIMITS}
def test_without(ep_mock):
    assert limits(ep_mock) == (8, "second@example.com", 80)

@pytest.mark.ep_mock(codes_limit=3)
def test_a_setting(ep_mock):
    assert limits(ep_mock) == (3, "second@example.com", 80)

@pytest.mark.ep_mock(fixtures=BRINGS)
def test_a_fixture(ep_mock):
    assert limits(ep_mock) == (5, "fixture@example.com", 80)

@pytest.mark.ep_mock(fixtures=BRINGS, codes_limit=3)
def test_both(ep_mock):
    assert limits(ep_mock) == (3, "fixture@example.com", 80)
""",
        test_before=f"SETTINGS = {own}\n{LIMITS}\ndef test_it(ep_mock):\n    assert limits(ep_mock)[0] == 7\n",
    )
    result.assert_outcomes(passed=5)


def test_it_overrides_the_settings_of_a_fixture_of_the_session(run: Run, pytester: pytest.Pytester) -> None:
    brings = '{"ep_mock_fixture": 1, "settings": {"codes_limit": 5, "author": "fixture@example.com"}}'
    pytester.path.joinpath("limits.json").write_text(brings)
    result = run(
        f"""
SETTINGS = {{"codes_limit": 9, "fixtures": ["limits.json"]}}
{LIMITS}
def test_without(ep_mock):
    assert limits(ep_mock) == (5, "fixture@example.com", 1000)

@pytest.mark.ep_mock(codes_limit=3)
def test_a_setting(ep_mock):
    assert limits(ep_mock) == (3, "fixture@example.com", 1000)
"""
    )
    result.assert_outcomes(passed=2)


def test_without_a_fixture_of_ep_mock_it_does_nothing(run: Run) -> None:
    result = run("import pytest\n\n@pytest.mark.ep_mock(colck='manual')\ndef test_it():\n    pass")
    result.assert_outcomes(passed=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("colck='manual'", "@pytest.mark.ep_mock: there is no setting 'colck'; did you mean clock?"),
        (
            "colour=1",
            "@pytest.mark.ep_mock: there is no setting 'colour'; expected one of seed, clock, clock_scale, clock_start, timings, *, fixtures",
        ),
        (
            "'manual'",
            "@pytest.mark.ep_mock: takes keywords only, as in @pytest.mark.ep_mock(clock='manual'), got 'manual'",
        ),
        (
            "clock='manul'",
            "@pytest.mark.ep_mock: clock: expected one of real, scaled, manual, poll, got 'manul'",
        ),
        ("codes_limit='5'", "@pytest.mark.ep_mock: codes_limit: expected int, got '5'"),
        ("seed=7", "@pytest.mark.ep_mock: seed: expected str, got 7"),
        (
            "auth='strict'",
            "@pytest.mark.ep_mock: auth is a setting of the whole server, not of one test; set it in the fixture ep_mock_settings",
        ),
        ("fixtures='champagne'", "fixtures: 'champagne' is no shipped fixture (*"),
        ("fixtures='shop.yaml'", "shop.yaml: there is no such file"),
        (
            "fixtures=[7]",
            "@pytest.mark.ep_mock: fixtures: expected a file, the name of a shipped fixture or a mapping, got 7",
        ),
        (
            "clock_start='soon'",
            "the store refused the settings or fixtures of this test: Bad Request: clock_start: 'soon' is not a date: *",
        ),
        (
            "rate_limit=5",
            "the store refused the settings or fixtures of this test: Bad Request: rate_limit: needs a clock that runs, and this one is poll; *",
        ),
        (
            "fixtures={'ep_mock_fixture': 3}",
            "the store refused the settings or fixtures of this test: const: ep_mock_fixture: *",
        ),
    ],
)
def test_a_mistake_in_it_is_one_clear_message(run: Run, arguments: str, message: str) -> None:
    result = run(f"import pytest\n\n@pytest.mark.ep_mock({arguments})\ndef test_it(ep_mock):\n    pass")
    result.assert_outcomes(errors=1)
    lines = result.stdout.lines
    heading = next(number for number, line in enumerate(lines) if "ERROR at setup of test_it" in line)
    assert fnmatchcase(lines[heading + 1], f"ep-mock: {message}".replace("[", "[[]"))
    assert lines[heading + 2].startswith("===")
