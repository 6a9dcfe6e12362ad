"""The README is true: its examples run, its flags exist, its links lead to files."""

from __future__ import annotations

import contextlib
import io
import re

import pytest

from ep_mock.cli.options import flag_of
from ep_mock.settings import settings_fields
from tests.docs.blocks import ROOT, blocks

README = (ROOT / "README.md").read_text(encoding="utf-8")
pytest_plugins = ["pytester"]

PROGRAMS = [block.text for block in blocks("README.md") if block.language == "python"]


def run(program: str) -> str:
    """What a Python program prints."""
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(program, "README.md", "exec"), {"__name__": "__main__"})
    return printed.getvalue()


def test_it_opens_with_the_two_commands() -> None:
    assert blocks("README.md")[0].text.split("\n")[:2] == [
        "make demo    # sets everything up and runs the main job",
        "make test    # sets everything up and passes every check",
    ]


@pytest.mark.parametrize("program", PROGRAMS, ids=range(len(PROGRAMS)))
def test_every_program_runs(program: str) -> None:
    assert run(program)


CLIENT = """
import httpx


class my_client:
    @staticmethod
    def generate(url, promotion, number):
        jobs = f"/v2/promotions/{promotion}/jobs"
        job = {"type": "promotion_job", "job_type": "code_generate", "parameters": {"number_of_codes": number}}
        with httpx.Client(base_url=url, headers={"Authorization": "Bearer any"}) as client:
            while client.post(jobs, json={"data": job}).status_code == 429:
                pass
            while client.get(jobs).json()["data"][0]["status"] != "completed":
                pass


"""


def test_the_pytest_test_passes_with_a_client_that_retries(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    (test,) = (block.text for block in blocks("README.md") if "def test_my_client" in block.text)
    pytester.path.joinpath("test_readme_example.py").write_text(CLIENT + test)
    plugins = ("-p", "ep_mock.pytest_plugin", "-p", "no:cacheprovider")
    pytester.runpytest_subprocess(*plugins).assert_outcomes(passed=1)


def test_the_program_with_an_output_prints_it() -> None:
    program, output = next(
        (first.text, second.text)
        for first, second in zip(blocks("README.md"), blocks("README.md")[1:], strict=False)
        if first.language == "python" and second.language == ""
    )
    assert run(program) == output


def test_every_flag_it_names_exists() -> None:
    known = {way for field in settings_fields() for way in flag_of(field.name).split("/")} | {
        "--help",
        "--rm",
        "--ep-mock-seed",
    }
    assert set(re.findall(r"--[a-z][a-z-]+", README)) <= known


def test_every_link_into_the_repository_leads_to_a_file() -> None:
    targets = re.findall(r"\]\(([^)#]+)", README)
    assert [target for target in targets if "://" not in target and not (ROOT / target).exists()] == []
