"""A whole workflow with the vendor's SDK for JavaScript against a real server: what an application that uses
it would meet.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from ep_mock.domain.families import FAMILIES, RULE, Family
from ep_mock.mock_server import MockServer
from ep_mock.operations.exports import COLUMNS

FOLDER: Final = Path(__file__).parent
ENDPOINTS: Final = {family: "RulePromotions" if family is RULE else "Promotions" for family in FAMILIES}
NODE, NPM = shutil.which("node"), shutil.which("npm")

pytestmark = pytest.mark.skipif(NODE is None or NPM is None, reason="node and npm are not on the path")


@pytest.fixture(scope="session")
def node_modules(pytestconfig: pytest.Config) -> Path:
    """Where the SDK is installed: once for each lock file, in pytest's cache."""
    lock = (FOLDER / "package-lock.json").read_bytes()
    place = pytestconfig.cache.mkdir("js-sdk") / hashlib.sha256(lock).hexdigest()[:16]
    if not place.is_dir():
        # Another worker may be doing the same: whoever is ready first wins.
        mine = place.with_name(f"{place.name}.{os.getpid()}")
        mine.mkdir()
        for name in ("package.json", "package-lock.json"):
            shutil.copy(FOLDER / name, mine)
        command = [str(NPM), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"]
        installed = subprocess.run(command, cwd=mine, capture_output=True, text=True, check=False)
        if installed.returncode:
            shutil.rmtree(mine)
            if "CI" in os.environ:
                pytest.fail(f"npm ci failed: {installed.stderr}")
            pytest.skip(f"npm cannot install the SDK: {installed.stderr.strip()[-300:]}")
        try:
            mine.rename(place)
        except OSError:
            shutil.rmtree(mine)
    return place / "node_modules"


def run_workflow(family: Family, node_modules: Path) -> dict[str, Any]:
    with MockServer(
        clock="poll", auth="strict", seed="tests", client_id="a client", client_secret="a secret"
    ) as mock:
        command = [
            str(NODE),
            str(FOLDER / "workflow.cjs"),
            mock.url.removeprefix("http://"),
            ENDPOINTS[family],
        ]
        environment = {**os.environ, "NODE_PATH": str(node_modules)}
        ended = subprocess.run(
            command,
            env=environment,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    seen: dict[str, Any] = json.loads(ended.stdout)
    return seen


def error(status: int | str, title: str, detail: str) -> dict[str, Any]:
    return {"errors": [{"status": status, "title": title, "detail": detail}]}


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_the_sdk_goes_through_the_whole_life_of_a_promotion(family: Family, node_modules: Path) -> None:
    rule = family is RULE
    seen = run_workflow(family, node_modules)
    assert seen == {
        "token": ["access_token", "token_type", "expires_in", "expires", "identifier"],
        "created": [family.promotion_type, "2020-01-01T00:00:00Z"],
        "got": "From JavaScript",
        "updated": "Changed",
        "added": ["a/b c", "twice", "third"] if rule else True,
        "duplicate": error("422", "Duplicate code", "Promotion code already in use"),
        "page": [
            ["twice", "third"],
            {"page": {"limit": 2, "offset": 1, "current": 1, "total": 2}, "results": {"total": 3}},
        ],
        "byCode": 1,
        "pending": "pending",
        "second": error("400", "Too many jobs", "Only 1 pending or processing job is allowed per promotion."),
        "generated": [["pending", "processing", "completed"], {"generated": 50}],
        "exported": [["pending", "processing", "completed"], 53, ",".join(COLUMNS), "a/b c", ""],
        "cancelling": "cancelling",
        "cancelled": [["cancelling", "cancelled"], True],
        "tooLate": error("422", "Unprocessable Entity", family.cancel_refused),
        "completed": 2,
        "sticky": None
        if rule
        else {"errors": [{"title": "Bad Request", "detail": "Could not parse the supplied filter"}]},
        "codes": 53,
        "deletedOne": "{}",
        "deletedById": "{}" if rule else None,
        "deletedMany": "{}",
        "left": ["twice"] if rule else ["twice", "third"],
        "history": None if rule else ["Changed", "From JavaScript"],
        "retried": 1,
        "deleted": "{}",
        "gone": error(404, "Not Found", "promotion not found"),
    }


def test_the_lock_file_names_no_registry() -> None:
    packages = json.loads((FOLDER / "package-lock.json").read_bytes())["packages"]
    assert [name for name, package in packages.items() if "resolved" in package] == []
