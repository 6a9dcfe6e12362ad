"""A shell whose commands know where the server is, and what there is to see in a store."""

from __future__ import annotations

import os
from typing import Any

from click.testing import CliRunner

from ep_mock.cli import main
from ep_mock.domain.families import RULE, STANDARD
from tests.bodies import new_promotion
from tests.web.control.programs import SocketClient

GIVEN = "00000000-0000-4000-8000-00000000000"
NOW = "2024-12-03 23:31:35.962"


class Shell:
    """A shell whose commands know where the server is."""

    def __init__(self, url: str, **variables: str) -> None:
        self._variables: dict[str, str | None] = {
            name: None for name in os.environ if name.startswith("EP_MOCK_")
        }
        self._variables |= {"EP_MOCK_URL": url, **variables}

    def run(self, *arguments: str, given: str | None = None) -> tuple[int, str]:
        """Exit code and all that is printed."""
        result = CliRunner().invoke(main, arguments, env=self._variables, input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result.exit_code, result.output

    def says(self, *arguments: str, given: str | None = None) -> str:
        """What a command prints that works."""
        code, output = self.run(*arguments, given=given)
        assert code == 0, output
        return output

    def fails(self, *arguments: str, code: int = 1) -> str:
        """The one line that a command prints that does not."""
        ended, output = self.run(*arguments)
        assert (ended, output.count("\n")) == (code, 1), output
        return output.removesuffix("\n")


def words(table: str) -> list[list[str]]:
    """A table without its blanks."""
    return [line.split() for line in table.splitlines()]


def add_job(client: SocketClient, number: int, body: dict[str, Any], **fields: Any) -> str:
    """A job with a known id of a new promotion, whose id is the answer."""
    family = RULE if body["job_type"] == "code_export" else STANDARD
    promotion: str = client("POST", f"/v2/{family.collection}", {"data": new_promotion(family)})[1]["data"][
        "id"
    ]
    client("POST", "/__ep_mock/plans", {"job_id": f"{GIVEN}{number}"})
    assert client("POST", f"/v2/{family.collection}/{promotion}/jobs", {"data": {**body, **fields}})[0] == 201
    return promotion
